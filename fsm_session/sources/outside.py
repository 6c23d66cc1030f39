"""A source that somebody else wrote: what it gives is held to the rules at the edge, like a file.

Behind the edge nothing is checked again, and one NaN would silently spoil every indicator. Ours
check what they read when they read it; of anybody else's, or a subclass of ours, who knows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import Bars, Times
from fsm_session.market.events import EventKind, Events, Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import columns_from_frame
from fsm_session.sources.event_columns import quotes_from_frame, ticks_from_frame
from fsm_session.sources.source import EventSource, Source, WholeSource

Given = TypeVar("Given", Bars, Ticks, Quotes)


def checked(source: Source) -> Source:
    """Give the source itself where it is one of ours, else one that checks what it gives."""
    if type(source).__module__.startswith("fsm_session.sources."):
        return source
    holds_whole, has_events = isinstance(source, WholeSource), isinstance(source, EventSource)
    return _KINDS[holds_whole, has_events](source)


class OutsideSource:
    """Checks the bars of a source; DataError, naming source, symbol and time, of what is wrong."""

    def __init__(self, source: Any) -> None:
        self._source = source

    @property
    def name(self) -> str:
        """What the source calls itself."""
        return str(self._source.name)

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the intervals it holds bars of."""
        return tuple(self._source.intervals(symbol))

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns): as many as it says, in their order."""
        times = np.asarray(self._source.times(symbol, interval, start_ns, end_ns), np.int64)
        if (times[1:] <= times[:-1]).any():
            raise DataError(Fault("gives times that are out of order", self.name, symbol=symbol))
        return times[np.searchsorted(times, start_ns) : np.searchsorted(times, end_ns)]

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns)."""
        given = self._source.bars(symbol, interval, start_ns, end_ns)
        return _cut(self._bars(given, symbol, interval), start_ns, end_ns)

    def digest(self) -> str:
        """Give its digest."""
        return str(self._source.digest())

    def _bars(self, given: object, symbol: str, interval: Interval) -> Bars:
        bars = self._of(Bars, given, symbol)
        return self._read(
            bars, lambda: columns_from_frame(bars.frame(), interval, symbol, self.name)
        )

    def _of(self, kind: type[Given], given: object, symbol: str) -> Given:
        if not isinstance(given, kind):
            told = f"gives {type(given).__name__} where {kind.__name__} are expected"
            raise DataError(Fault(told, self.name, symbol=symbol))
        return given

    def _read(self, given: Given, read: Callable[[], Given]) -> Given:
        """Read what was given once more, as if it came from a frame."""
        lengths = {len(given.column(name)) for name in ("time", *_numbers(given))}
        if len(lengths) > 1:
            raise DataError(Fault(f"gives columns of different lengths: {lengths}", self.name))
        return read()


class _WholeSource(OutsideSource):
    """One that holds tables whole, and gives them."""

    def whole(self, symbol: str, interval: Interval) -> Bars | None:
        """Give all bars of an interval; None where it doesn't hold them."""
        given = self._source.whole(symbol, interval)
        return None if given is None else self._bars(given, symbol, interval)


class _EventSource(OutsideSource):
    """One that has ticks and quotes beside bars."""

    def events(self, symbol: str) -> tuple[EventKind, ...]:
        """Give the kinds of events it holds of a symbol."""
        kinds: tuple[EventKind, ...] = tuple(self._source.events(symbol))
        return kinds

    def ticks(self, symbol: str, start_ns: int, end_ns: int) -> Ticks:
        """Give the trades in [start_ns, end_ns)."""
        given = self._of(Ticks, self._source.ticks(symbol, start_ns, end_ns), symbol)
        read = self._read(given, lambda: ticks_from_frame(given.frame(), symbol, self.name))
        return _cut(read, start_ns, end_ns)

    def quotes(self, symbol: str, start_ns: int, end_ns: int) -> Quotes:
        """Give the quotes in [start_ns, end_ns)."""
        given = self._of(Quotes, self._source.quotes(symbol, start_ns, end_ns), symbol)
        read = self._read(given, lambda: quotes_from_frame(given.frame(), symbol, self.name))
        return _cut(read, start_ns, end_ns)


class _WholeEventSource(_WholeSource, _EventSource):
    """Both."""


#: by whether a source holds tables whole, and whether it has events
_KINDS: dict[tuple[bool, bool], type[OutsideSource]] = {
    (False, False): OutsideSource,
    (True, False): _WholeSource,
    (False, True): _EventSource,
    (True, True): _WholeEventSource,
}


def _numbers(given: Bars | Events) -> tuple[str, ...]:
    """Name the columns of numbers."""
    return given.FIELDS if isinstance(given, Events) else ("open", "high", "low", "close", "volume")


def _cut(given: Given, start_ns: int, end_ns: int) -> Given:
    first, last = np.searchsorted(given.time, (start_ns, end_ns))
    return given[first:last]
