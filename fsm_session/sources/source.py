"""What every source of market data answers, whatever it is made of."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from fsm_session.market.bars import Bars, Times
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.interval import Interval


@runtime_checkable
class Source(Protocol):
    """Base bars by symbol, interval and window: checked, oldest first, the same every time.

    All but ``name`` raise DataError, with every fault of the symbol at once. A source is a
    snapshot: it answers as it did when first asked, however often.
    """

    @property
    def name(self) -> str:
        """What to call it in a message: a path, for one made of files."""

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the intervals it holds bars of, shortest first; () for an unknown symbol."""

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns), ascending nanoseconds UTC.

        DataError for an interval not among ``intervals(symbol)``.
        """

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns).

        Each ends at its start + interval: who knows the sessions cuts it there. DataError for
        an interval not among ``intervals(symbol)``.
        """

    def digest(self) -> str:
        """Give a SHA-256, in hex, that changes when what it holds does."""


@runtime_checkable
class WholeSource(Protocol):
    """What a source may answer beside: all bars of a symbol, if it holds them anyway."""

    def whole(self, symbol: str, interval: Interval) -> Bars | None:
        """Give all bars that ``bars`` gives windows of; None where it doesn't hold them."""


@runtime_checkable
class EventSource(Protocol):
    """Ticks (trades) and quotes by symbol and window: what a source may answer beside its bars.

    Checked, in the order of events, the same every time. All raise DataError, with every fault
    of the symbol at once.
    """

    def events(self, symbol: str) -> tuple[EventKind, ...]:
        """Give the kinds of events it holds of a symbol; () for an unknown one."""

    def ticks(self, symbol: str, start_ns: int, end_ns: int) -> Ticks:
        """Give the trades in [start_ns, end_ns), nanoseconds UTC: views, read-only.

        DataError where it holds no trades of the symbol, in whichever window.
        """

    def quotes(self, symbol: str, start_ns: int, end_ns: int) -> Quotes:
        """Give the quotes in [start_ns, end_ns), nanoseconds UTC: views, read-only.

        DataError where it holds no quotes of the symbol, in whichever window.
        """
