"""What sources of stored files share: bars of one place, ticks and quotes of others beside it."""

from __future__ import annotations

import hashlib
from functools import cached_property

from fsm_session.errors import ConfigError, Fault
from fsm_session.market.bars import Bars, Times
from fsm_session.market.interval import Interval
from fsm_session.sources.event_files import EventFiles
from fsm_session.sources.held_events import HeldEvents
from fsm_session.sources.source import Source, WholeSource


class StoredSource(HeldEvents):
    """The bars of a source, ``""`` being the name of one that has none, and events of files.

    Raises ConfigError where there are neither.
    """

    _events: EventFiles

    def __init__(self, bars: Source, events: EventFiles) -> None:
        self._bars, self._events = bars, events
        if not self.name:
            raise ConfigError(Fault("missing: where the files are", key="source.path"))

    @property
    def name(self) -> str:
        """The patterns, or the folder."""
        return " and ".join(filter(None, (self._bars.name, *self._events.patterns)))

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the intervals it holds bars of, shortest first; () for an unknown symbol."""
        return self._bars.intervals(symbol)

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns)."""
        return self._bars.times(symbol, interval, start_ns, end_ns)

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns)."""
        return self._bars.bars(symbol, interval, start_ns, end_ns)

    def whole(self, symbol: str, interval: Interval) -> Bars | None:
        """Give all bars of an interval, of files that are held whole; None of any other."""
        bars = self._bars
        return bars.whole(symbol, interval) if isinstance(bars, WholeSource) else None

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._digest

    # once: a file that is touched halfway doesn't change what was read before
    @cached_property
    def _digest(self) -> str:
        bars, beside = self._bars.digest(), self._events.digest()
        return hashlib.sha256(f"{bars} {beside}".encode()).hexdigest() if beside else bars
