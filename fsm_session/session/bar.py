"""One bar as plain Python values, for strategies that think one bar at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from fsm_session.market.bars import COLUMNS
from fsm_session.market.interval import Interval
from fsm_session.session.data import SessionData
from fsm_session.session.reveal import Reveal


class Bar:
    """A base bar that has just happened: ``symbol``, its columns as floats, its indicators.

    ``bar["sma_20"]`` is the newest value of an indicator of its symbol, ``bar.time`` the bar's
    start in the exchange's zone, ``bar.time_ns`` the same as int64 nanoseconds UTC.
    """

    __slots__ = ("_feed", "_place", "close", "high", "low", "open", "symbol", "time_ns", "volume")

    def __init__(
        self,
        feed: BarFeed,
        place: int,
        symbol: str,
        time_ns: int,
        open: float,
        high: float,
        low: float,
        close: float,
        volume: float,
    ) -> None:
        self.symbol = symbol
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
        """Show the bar: ``<Bar BKNG 2024-07-03 09:30 close 3921.4>``."""
        return f"<Bar {self.symbol} {self.time:%Y-%m-%d %H:%M} close {self.close}>"

    @property
    def time(self) -> pd.Timestamp:
        """The bar's start, in the exchange's zone."""
        return pd.Timestamp(self.time_ns, unit="ns", tz=self._feed.zone)


class BarFeed:
    """The day's base bars in the order in which they happen: by instant, then by symbol.

    Taken from the tables of a :class:`Reveal` in one go, as lists; per bar one object is made.
    """

    def __init__(self, data: SessionData, reveal: Reveal) -> None:
        self.zone = data.session.zone
        self._reveal = reveal
        fresh = np.zeros((reveal.steps + 2, len(data)), bool)
        for place, each in enumerate(data.values()):
            fresh[:, place] = reveal.fresh(each.base_interval)[:, place]
        self._where = np.nonzero(fresh)
        self._ends = np.cumsum(fresh.sum(axis=1)).tolist()
        self._values: dict[str, list[float]] = {}
        names = reveal.symbols[self._where[1]].tolist()
        times = self._times(data)
        columns = [reveal.latest(name)[self._where].tolist() for name in COLUMNS]
        self._rows: list[tuple[Any, ...]] = list(zip(names, times, *columns, strict=True))

    def at(self, row: int) -> Iterator[Bar]:
        """Give the bars that happened at a row of the reveal, in the order of their symbols."""
        for place in range(self._ends[row - 1], self._ends[row]):
            yield Bar(self, place, *self._rows[place])

    def values(self, name: str) -> list[float]:
        """Give an indicator's newest value at each bar of the feed."""
        values = self._values.get(name)
        if values is None:
            values = self._values[name] = self._reveal.latest(name)[self._where].tolist()
        return values

    def _times(self, data: SessionData) -> list[int]:
        """Give each bar's start: the reveal's tables hold what a bar says, not when it began."""
        table = np.zeros((self._reveal.steps + 2, len(data)), np.int64)
        for place, each in enumerate(data.values()):
            starts = each.intervals[each.base_interval].columns.time
            counts = self._visible(each.base_interval)[:, place]
            if len(starts):
                table[:, place] = starts[counts - 1]
        times: list[int] = table[self._where].tolist()
        return times

    def _visible(self, interval: Interval) -> Any:
        return self._reveal.visible(interval)
