"""One bar as plain Python values, for strategies that think one bar at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fsm_session.market.bars import Bars, Floats
from fsm_session.market.interval import Interval
from fsm_session.session.data import SymbolTable
from fsm_session.session.reveal import Counts, Reveal, column_of, newest_at
from fsm_session.session.symbol_data import SymbolSessionData


class Bar:
    """A bar that has just happened: ``symbol``, ``interval``, its columns, its indicators.

    ``bar["sma_20"]`` is the newest value of an indicator of its symbol when the bar ended,
    ``bar.time`` the bar's start in the exchange's zone, ``bar.time_ns`` the same as int64
    nanoseconds UTC. Prices and volume are plain floats.
    """

    # a place in the day's lists: so many are made, and of each so little is looked at
    __slots__ = ("_feed", "_place")

    def __init__(self, feed: BarFeed, place: int) -> None:
        self._feed = feed
        self._place = place

    def __getitem__(self, name: str) -> float:
        """Give an indicator's newest value when this bar ended; NaN where there is none yet."""
        try:
            return self._feed.values[name][self._place]
        except KeyError:
            return self._feed.lay(name)[self._place]

    def __repr__(self) -> str:
        """Show the bar: ``<Bar BKNG 2024-07-03 09:30 1m close 3921.4>``."""
        return f"<Bar {self.symbol} {self.time:%Y-%m-%d %H:%M} {self.interval} close {self.close}>"

    @property
    def symbol(self) -> str:
        """The symbol's name."""
        return self._feed.symbol[self._place]

    @property
    def interval(self) -> Interval:
        """How long the bar is."""
        return self._feed.interval[self._place]

    @property
    def time(self) -> pd.Timestamp:
        """The bar's start, in the exchange's zone."""
        return pd.Timestamp(self.time_ns, unit="ns", tz=self._feed.zone)

    @property
    def time_ns(self) -> int:
        """The bar's start, int64 nanoseconds UTC."""
        return self._feed.time_ns[self._place]

    @property
    def open(self) -> float:
        """The first price."""
        return self._feed.open[self._place]

    @property
    def high(self) -> float:
        """The highest price."""
        return self._feed.high[self._place]

    @property
    def low(self) -> float:
        """The lowest price."""
        return self._feed.low[self._place]

    @property
    def close(self) -> float:
        """The last price."""
        return self._feed.close[self._place]

    @property
    def volume(self) -> float:
        """How much was traded."""
        return self._feed.volume[self._place]


class BarFeed:
    """The day's bars in the order in which they happen: by instant, symbol, length.

    ``intervals``: bars of which are given; () for each symbol's base bars. A column becomes a
    list in one go, when it is first asked for. ``ends``: how many bars have happened by each row
    of the ``reveal``.
    """

    def __init__(
        self, data: SymbolTable, reveal: Reveal, intervals: Sequence[Interval] = ()
    ) -> None:
        self.zone = data.session.zone
        self.reveal = reveal
        self.values: dict[str, list[float]] = {}
        self._days = list(_days(data, reveal, intervals))
        rows = [each.shown.rows for each in self._days]
        # stable: the days are in the order of symbols, and of one the shorter bar comes first
        self._order = np.argsort(_joined(rows), kind="stable") if len(rows) > 1 else slice(None)
        self.ends: list[int] = sum(
            (each.shown.count for each in self._days), np.zeros(reveal.rows, np.int64)
        ).tolist()

    def at_this_step(self) -> Iterator[Bar]:
        """Give the bars that have just happened, in their order."""
        row = self.reveal.row
        return map(Bar, repeat(self), range(self.ends[row - 1], self.ends[row]))

    @cached_property
    def symbol(self) -> list[str]:
        """The symbol of each bar."""
        return self._repeated([each.data.symbol for each in self._days])

    @cached_property
    def interval(self) -> list[Interval]:
        """The interval of each bar."""
        return self._repeated([each.bars.interval for each in self._days])

    @cached_property
    def time_ns(self) -> list[int]:
        """The start of each bar."""
        return self._column("time")

    @cached_property
    def open(self) -> list[float]:
        """The open of each bar."""
        return self._column("open")

    @cached_property
    def high(self) -> list[float]:
        """The high of each bar."""
        return self._column("high")

    @cached_property
    def low(self) -> list[float]:
        """The low of each bar."""
        return self._column("low")

    @cached_property
    def close(self) -> list[float]:
        """The close of each bar."""
        return self._column("close")

    @cached_property
    def volume(self) -> list[float]:
        """The volume of each bar."""
        return self._column("volume")

    def lay(self, name: str) -> list[float]:
        """Lay an indicator's newest value at the end of each bar; UnknownNameError."""
        values = self.values[name] = self._in_order([each.newest(name) for each in self._days])
        return values

    def _column(self, name: str) -> list[Any]:
        return self._in_order([each.bars.column(name) for each in self._days])

    def _in_order(self, parts: list[npt.NDArray[Any]]) -> list[Any]:
        """Put a column of each day into the order of the feed."""
        ordered: list[Any] = _joined(parts)[self._order].tolist()
        return ordered

    def _repeated(self, labels: list[Any]) -> list[Any]:
        """Give a label of each day to all of its bars, in the order of the feed."""
        held = np.empty(len(labels), object)
        held[:] = labels
        return self._in_order([np.repeat(held, [len(each.bars) for each in self._days])])


class _Shown:
    """Which of a symbol's bars a day shows, and when: the same for all who share their times.

    ``part``: those that happen in the session after the symbol came. ``count``: how many of them
    have happened at each row, ``rows``: the row at which each does. ``apart``: no two end together.
    """

    def __init__(self, bars: Bars, seen: Counts) -> None:
        self.part = slice(int(seen[0]), int(seen[-1]))
        self.count = seen - seen[0]
        new = np.diff(self.count, prepend=0)
        # narrow numbers are sorted by their digits
        kind = np.uint16 if len(new) <= 2**16 else np.int64
        self.rows = np.repeat(np.arange(len(new), dtype=kind), new)
        ends = bars.end[self.part]
        self.apart = bool((ends[1:] > ends[:-1]).all())


class _Day:
    """The bars of a symbol and interval that happen in the session after the symbol came."""

    def __init__(self, data: SymbolSessionData, interval: Interval, shown: _Shown) -> None:
        self.data, self.shown = data, shown
        self._columns = data.intervals[interval].columns
        self.bars = self._columns[shown.part]

    def newest(self, name: str) -> Floats:
        """Give an indicator's newest value at the end of each bar."""
        if name not in self.data.historical:
            columns, values = column_of(self.data, name, None)
            # mostly its own value; not where two bars end together
            if columns is self._columns and self.shown.apart:
                return values[self.shown.part]
        return newest_at(self.data, name, None, self.bars.end)


def _days(data: SymbolTable, reveal: Reveal, intervals: Sequence[Interval]) -> Iterator[_Day]:
    known = {interval for each in data.values() for interval in each.intervals}
    tables = {interval: reveal.by_steps(interval) for interval in known}
    found: dict[tuple[Interval, int, int], _Shown] = {}
    for place, each in enumerate(data.values()):
        for interval in sorted(intervals) or (each.base_interval,):
            if interval in each.intervals:
                bars = each.intervals[interval].columns
                alike = (interval, id(bars.end), each.since_ns)
                if alike not in found:
                    found[alike] = _Shown(bars, tables[interval][:, place])
                yield _Day(each, interval, found[alike])


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)
