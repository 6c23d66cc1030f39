"""The reveal: for every step, how many bars of each symbol have happened, as tables.

Columns are computed once a session; the clock reveals them. Row 0 of a table is the session
before its first step, row k the instant after step k, the last row the close, where what is
unfinished is finished. A column of a table is a symbol, in the order of their names; in the rows
before it came it stands as it was then, so that nothing of what it brought along is fresh.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fsm_session.errors import UnknownNameError
from fsm_session.market.bars import COLUMNS, Bars, Floats, Times, sealed
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.session.data import SymbolTable
from fsm_session.session.newest_events import NewestEvents, NewestField
from fsm_session.session.symbol_data import SymbolSessionData, as_interval

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: the kind of events that a field is of
EVENT_OF: Mapping[str, EventKind] = {
    **dict.fromkeys(Ticks.FIELDS, "ticks"),
    **dict.fromkeys(Quotes.FIELDS, "quotes"),
}


class Reveal:
    """The tables of one session, made when first asked for, and the ``row`` that is now.

    ``instants``: (n_steps,) int64 nanoseconds UTC, ascending. ``symbols``: (n_symbols,) text.
    ``row``: how many of the steps have been taken when it is laid, and ``now_ns``, where that is
    later than the last of them, what its row shows; what is fresh at a step has still come since
    the step before: at ``fresh_row``, 0 where a step shows no new row. ``latest`` has, by name
    and interval, the rows of the tables that were laid.
    """

    def __init__(self, data: SymbolTable, instants: Times, row: int = 0, now_ns: int = 0) -> None:
        self._data = data
        self.instants = instants
        self.row = self.fresh_row = row
        self.names = tuple(data)
        self.symbols = sealed(np.array(self.names, dtype=object))
        session = data.session
        self._steps = np.concatenate(([session.start_ns], instants, [session.end_ns]))
        self._shown = self._steps
        if now_ns > self._steps[row]:
            self._shown = self._steps.copy()
            self._shown[row] = now_ns
        self._visible: dict[Interval, Counts] = {}
        self._fresh: dict[Interval, Flags] = {}
        self.latest: dict[tuple[str, str | Interval | None], list[Floats] | NewestField] = {}
        self._events: dict[EventKind, NewestEvents] = {}
        self._quality: Floats | None = None
        self._any_fresh: dict[tuple[Interval, ...], list[bool]] = {}

    @property
    def steps(self) -> int:
        """How many steps the session has, the closing one not counted."""
        return len(self.instants)

    @property
    def rows(self) -> int:
        """How many rows a table has."""
        return len(self._steps)

    def fresh(self, interval: str | Interval) -> Flags:
        """Tell which symbols have a new bar of the interval: bool (n_rows, n_symbols)."""
        key = as_interval(interval)
        table = self._fresh.get(key)
        if table is None:
            visible = self.visible(key)
            table = np.zeros(visible.shape, bool)
            np.not_equal(visible[1:], self.by_steps(key)[:-1], out=table[1:])
            self._fresh[key] = sealed(table)
        return table

    def any_fresh(self, intervals: tuple[Interval, ...]) -> list[bool]:
        """Tell at which rows any symbol has a new bar of any of the intervals."""
        rows = self._any_fresh.get(intervals)
        if rows is None:
            tables = [self.fresh(interval).any(axis=1) for interval in intervals]
            rows = self._any_fresh[intervals] = np.logical_or.reduce(tables).tolist()
        return rows

    @cached_property
    def anything_fresh(self) -> list[bool]:
        """Tell at which rows any symbol has a new bar of any interval."""
        intervals = {key for each in self._all() for key in each.intervals}
        return self.any_fresh(tuple(sorted(intervals))) if intervals else [False] * self.rows

    def visible(self, interval: Interval) -> Counts:
        """Count the bars that have happened: int64 (n_rows, n_symbols), history included."""
        table = self._visible.get(interval)
        if table is None:
            table = self._visible[interval] = self._counts(interval, self._shown)
        return table

    def by_steps(self, interval: Interval) -> Counts:
        """Count the bars as each row's step left them, whatever has been shown since."""
        if self._shown is self._steps:
            return self.visible(interval)
        return self._counts(interval, self._steps)

    def lay_latest(self, name: str, interval: str | Interval | None) -> list[Floats] | NewestField:
        """Lay the rows of a table one by one: asked at every step, so kept as they are."""
        kind = EVENT_OF.get(name)
        rows = self.latest[name, interval] = (
            NewestField(self._newest_events(kind), name)
            if kind
            else list(self._table(name, interval))
        )
        return rows

    def _table(self, name: str, interval: str | Interval | None = None) -> Floats:
        """Give the newest value of a column or an indicator: float64 (n_rows, n_symbols).

        A column is taken from the base bars where no interval is named, an indicator from the
        bars of its own; of a profile it is the value of the slot that has just ended. NaN where
        there is none yet. Raises UnknownNameError.
        """
        key = None if interval is None else as_interval(interval)
        if any(name in each.historical for each in self._data.values()):
            rows = [newest_at(each, name, key, self._bounds_of(each)) for each in self._all()]
            return self._stood_up(rows, np.float64)
        columns = [column_of(each, name, key) for each in self._all()]
        intervals = [bars.interval for bars, _ in columns]
        counts = [self.visible(each) for each in dict.fromkeys(intervals)]
        if len(counts) > 1:  # not all symbols have the same base
            of_each = [self.visible(each)[:, n] for n, each in enumerate(intervals)]
            counts = [np.stack(of_each, axis=1)]
        if not counts:
            return self._stood_up([], np.float64)
        return sealed(_newest(counts[0], [values for _, values in columns]))

    def _newest_events(self, kind: EventKind) -> NewestEvents:
        """Give what follows the newest ticks or quotes; UnknownNameError where there are none."""
        if kind not in self._events:
            self._events[kind] = NewestEvents(self._data, kind)
        return self._events[kind]

    def quality(self) -> Floats:
        """Give the day's quality so far, in percent: float64 (n_rows, n_symbols)."""
        if self._quality is None:
            rows = [each.day_score.percent_at(self._bounds_of(each)) for each in self._all()]
            self._quality = self._stood_up(rows, np.float64)
        return self._quality

    def closing_bars(self) -> bool:
        """Tell whether the close finishes a bar of any symbol and interval."""
        ends = {
            (id(held.columns.end), each.since_ns): held.columns.end
            for each in self._all()
            for held in each.intervals.values()
        }
        # since the last step, whatever a scan was shown after it
        before_ns, close_ns = self._steps[-2:].tolist()
        return any(
            times.searchsorted(max(before_ns, since_ns), "right")
            < times.searchsorted(close_ns, "right")
            for (_, since_ns), times in ends.items()
        )

    def _all(self) -> Iterable[SymbolSessionData]:
        return self._data.values()

    def _bounds_of(self, data: SymbolSessionData) -> Times:
        """Give the instant that each row shows of a symbol: none before it came."""
        return np.maximum(self._shown, data.since_ns)

    def _counts(self, interval: Interval, bounds: Times) -> Counts:
        """Count the bars of each symbol at each instant, once for those that share their times."""
        found: dict[tuple[int, int], Counts] = {}
        rows = []
        for each in self._all():
            held = each.intervals.get(interval)
            key = (id(held and held.columns.end), each.since_ns)
            if key not in found:
                ends = held.columns.end if held else bounds[:0]
                since = np.maximum(bounds, each.since_ns)
                found[key] = np.searchsorted(ends, since, side="right")
            rows.append(found[key])
        return self._stood_up(rows, np.int64)

    def _stood_up(self, rows: list[npt.NDArray[Any]], dtype: type[Any]) -> npt.NDArray[Any]:
        """Stand the symbols' rows up as columns, so that an instant is contiguous."""
        if not rows:
            return sealed(np.empty((self.rows, 0), dtype))
        return sealed(np.ascontiguousarray(np.stack(rows, axis=1), dtype))


def _newest(counts: Counts, columns: list[Floats]) -> Floats:
    """Take from each column the value before its count: float64 (n_rows, n_symbols)."""
    first, last = np.maximum(counts[0] - 1, 0), counts[-1]
    bounds = zip(columns, first.tolist(), last.tolist(), strict=True)
    flat = np.concatenate((*(values[a:b] for values, a, b in bounds), [np.nan]))
    lengths = np.maximum(last - first, 0)
    places = counts + (np.cumsum(lengths) - lengths - first - 1)
    places[counts == 0] = len(flat) - 1
    newest: Floats = flat.take(places)
    return newest


def newest_at(
    data: SymbolSessionData, name: str, interval: Interval | None, instants: Times
) -> Floats:
    """Give the newest value of a symbol's column or indicator at each instant: float64 (n,).

    ``instants``: int64 nanoseconds UTC. NaN where there was none yet. Raises UnknownNameError.
    """
    if name in data.historical:
        return data.historical[name].at(instants)
    bars, values = column_of(data, name, interval)
    count = np.searchsorted(bars.end, instants, side="right")
    if not len(bars):
        return np.full(len(count), np.nan)
    newest = values.take(count - 1)
    newest[count == 0] = np.nan
    return newest


def column_of(data: SymbolSessionData, name: str, interval: Interval | None) -> tuple[Bars, Floats]:
    """Give a column or an indicator whole, and the bars that it has a value for each of."""
    if name in COLUMNS:
        key = interval or data.base_interval
        if key not in data.intervals:
            raise UnknownNameError(f"{data.symbol} has no bars of {key}")
        bars = data.intervals[key].columns
        return bars, bars.column(name)
    found, output = data.find_indicator(name)
    return data.intervals[found.indicator.spec.interval].columns, found.values[output]
