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
from fsm_session.session.reveal import Reveal
from fsm_session.session.symbol_data import SymbolSessionData

SHOWN = ("time", *COLUMNS)


class Bar:
    """A bar that has just happened: ``symbol``, ``interval``, its columns, its indicators.

    ``bar["sma_20"]`` is the newest value of an indicator of its symbol, ``bar.time`` the bar's
    start in the exchange's zone, ``bar.time_ns`` the same as int64 nanoseconds UTC.
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
        """Give an indicator's value at this bar; NaN where it is not defined yet."""
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
        self._reveal = reveal
        self._values: dict[str, list[float]] = {}
        days = [
            (place, _within(each, interval))
            for place, each in enumerate(data.values())
            for interval in sorted(intervals) or (each.base_interval,)
            if interval in each.intervals
        ]
        lengths = [len(bars) for _, bars in days]
        rows = _joined([reveal.rows_of(bars.end) for _, bars in days])
        places = np.repeat(np.array([place for place, _ in days], np.int64), lengths)
        # stable: of one symbol the shorter bar comes first
        order = np.lexsort((places, rows))
        self._where = (rows[order], places[order])
        self._ends = np.searchsorted(rows[order], np.arange(reveal.rows), side="right").tolist()
        columns = [_joined([bars.column(name) for _, bars in days])[order] for name in SHOWN]
        kinds = np.repeat(np.array([bars.interval for _, bars in days], object), lengths)
        names = reveal.symbols[places[order]].tolist()
        lists = (kinds[order].tolist(), *(column.tolist() for column in columns))
        self._bars = list(zip(names, *lists, strict=True))

    def at(self, row: int) -> Iterator[Bar]:
        """Give the bars that happened at a row of the reveal, in the order of their symbols."""
        for place in range(self._ends[row - 1], self._ends[row]):
            yield Bar(self, place, *self._bars[place])

    def values(self, name: str) -> list[float]:
        """Give an indicator's newest value at each bar of the feed."""
        values = self._values.get(name)
        if values is None:
            values = self._values[name] = self._reveal.latest(name)[self._where].tolist()
        return values


def _within(data: SymbolSessionData, interval: Interval) -> Bars:
    """Give the bars that happen in the session: a week may end after it."""
    bars = data.whole_day(interval)
    return bars[: int(np.searchsorted(bars.end, data.session.end_ns, side="right"))]


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
