"""One bar as plain Python values, for strategies that think one bar at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fsm_session.market.bars import COLUMNS, Bars
from fsm_session.market.interval import Interval
from fsm_session.session.data import SymbolTable
from fsm_session.session.reveal import Reveal, newest_at
from fsm_session.session.symbol_data import SymbolSessionData

SHOWN = ("time", *COLUMNS)


class Bar:
    """A bar that has just happened: ``symbol``, ``interval``, its columns, its indicators.

    ``bar["sma_20"]`` is the newest value of an indicator of its symbol when the bar ended,
    ``bar.time`` the bar's start in the exchange's zone, ``bar.time_ns`` the same as int64
    nanoseconds UTC.
    """

    __slots__ = ("_feed", "_place", "interval", "symbol", "time_ns", *COLUMNS)

    def __init__(
        self,
        feed: BarFeed,
        place: int,
        symbol: str,
        interval: Interval,
        time_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        self.symbol = symbol
        self.interval = interval
        self.time_ns = time_ns
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self._place = place
        self._feed = feed

    def __getitem__(self, name: str) -> float:
        """Give an indicator's newest value when this bar ended; NaN where there is none yet."""
        return self._feed.values(name)[self._place]

    def __repr__(self) -> str:
        """Show the bar: ``<Bar BKNG 2024-07-03 09:30 1m close 3921.4>``."""
        return f"<Bar {self.symbol} {self.time:%Y-%m-%d %H:%M} {self.interval} close {self.close}>"

    @property
    def time(self) -> pd.Timestamp:
        """The bar's start, in the exchange's zone."""
        return pd.Timestamp(self.time_ns, unit="ns", tz=self._feed.zone)


class BarFeed:
    """The day's bars in the order in which they happen: by instant, symbol, length.

    ``intervals``: bars of which are given; () for each symbol's base bars. Columns become lists
    in one go; per bar one object is made.
    """

    def __init__(
        self, data: SymbolTable, reveal: Reveal, intervals: Sequence[Interval] = ()
    ) -> None:
        self.zone = data.session.zone
        self._values: dict[str, list[float]] = {}
        self._days = [
            (each, _to_come(each, interval))
            for each in data.values()
            for interval in sorted(intervals) or (each.base_interval,)
            if interval in each.intervals
        ]
        rows = _joined([reveal.rows_of(bars.end) for _, bars in self._days])
        # stable: the days are in the order of symbols, and of one the shorter bar comes first
        self._order = np.argsort(rows, kind="stable")
        ends = np.searchsorted(rows[self._order], np.arange(reveal.rows), side="right")
        self._ends = ends.tolist()
        columns = [[bars.column(name) for _, bars in self._days] for name in SHOWN]
        names = self._repeated([each.symbol for each, _ in self._days])
        kinds = self._repeated([bars.interval for _, bars in self._days])
        self._bars = list(zip(names, kinds, *map(self._in_order, columns), strict=True))

    def at(self, row: int) -> Iterator[Bar]:
        """Give the bars that happened at a row of the reveal, in the order of their symbols."""
        for place in range(self._ends[row - 1], self._ends[row]):
            yield Bar(self, place, *self._bars[place])

    def values(self, name: str) -> list[float]:
        """Give an indicator's newest value at the end of each bar of the feed."""
        values = self._values.get(name)
        if values is None:
            parts = [newest_at(each, name, None, bars.end) for each, bars in self._days]
            values = self._values[name] = self._in_order(parts)
        return values

    def _in_order(self, parts: list[npt.NDArray[Any]]) -> list[Any]:
        """Put a column of each day into the order of the feed."""
        ordered: list[Any] = _joined(parts)[self._order].tolist()
        return ordered

    def _repeated(self, labels: list[Any]) -> list[Any]:
        """Give a label of each day to all of its bars, in the order of the feed."""
        held = np.empty(len(labels), object)
        held[:] = labels
        return self._in_order([np.repeat(held, [len(bars) for _, bars in self._days])])


def _to_come(data: SymbolSessionData, interval: Interval) -> Bars:
    """Give the bars that happen in the session after a symbol came: a week may end after it."""
    bars = data.whole_day(interval)
    first, last = np.searchsorted(bars.end, (data.since_ns, data.session.end_ns), side="right")
    return bars[int(first) : int(last)]


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
