"""Indicators that depend on earlier sessions only: one number, or one a slot of the day.

A 20-day average volume, last month's high, the volume that 10:17 usually has: nothing of today
enters, so they are computed once, before the session, and stand all day.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, fields, frozen

from fsm_session.errors import Fault
from fsm_session.market.bars import Bars, Floats, Times, sealed, take
from fsm_session.market.calendar import MarketCalendar, TradingSession, midnight_ns
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval
from fsm_session.market.quality import expected_starts, slots
from fsm_session.market.resample import resample
from fsm_session.market.span import HalfDays, Span

Statistic = Literal["mean", "max", "min"]
Column = Literal["open", "high", "low", "close", "volume"]

_DAILY = Interval.parse("1d")
_Mask = npt.NDArray[np.bool_]


@frozen
class HistoricalSpec:
    """The wish for one: what it is called, which statistic of which column, over which sessions.

    ``interval`` 1d: one number, of one daily value a session. Shorter: a profile, a number for
    each slot of the day. ``half_days``: whether sessions that close early are covered.
    ``absent``: whether a session or slot without a bar is left out, or counts as zero.
    """

    # the same rule as any other indicator's
    name: str = field(validator=fields(IndicatorSpec).name.validator)
    function: Statistic
    column: Column
    over: Span
    interval: Interval = _DAILY
    half_days: HalfDays = "count"
    absent: Literal["skip", "zero"] = "skip"

    def __str__(self) -> str:
        """Name it for a message: ``adv_20 (mean of volume over 20d)``."""
        return f"{self.name} ({self.function} of {self.column} over {self.over})"


def faults_of(spec: HistoricalSpec) -> Iterator[Fault]:
    """Say what makes no sense of a wish's fields together; a fault's key is the field's name."""
    if spec.absent == "zero" and spec.column != "volume":
        yield Fault(f'"zero" makes sense of volume only: no {spec.column} is zero', key="absent")
    if spec.interval.spans_sessions:
        yield Fault(f"must be at most 1d, not {spec.interval}", key="interval")


@frozen(eq=False)
class Historical:
    """The answer to a wish, for one symbol and session; its arrays are read-only.

    ``values``: float64 (1,), or (n_slots,) for a profile, one for each of today's slots from open
    to close; NaN where no session that it covers had a bar. ``starts`` and ``ends``, as long:
    int64 nanoseconds UTC of the slots, or the session's open and close. ``sessions``: how many of
    the covered sessions had a bar at all.
    """

    spec: HistoricalSpec
    values: Floats
    starts: Times
    ends: Times
    sessions: int

    @property
    def is_profile(self) -> bool:
        """Whether there is a value for each slot of the day, not one for the day."""
        return not self.spec.interval.is_daily

    def at(self, instants: Times) -> Floats:
        """Give the value in force at each instant, (n,) int64 nanoseconds UTC: float64 (n,).

        Of a profile, that of the slot that has ended last; NaN before the first has.
        """
        if not self.is_profile:
            return np.full(len(instants), self.values[0])
        ended = np.searchsorted(self.ends, instants, side="right")
        return np.where(ended > 0, self.values[ended - 1], np.nan)


def compute_historical(
    spec: HistoricalSpec, bars: Bars, session: TradingSession, calendar: MarketCalendar
) -> Historical:
    """Compute an indicator for ``session`` from base bars of its history, oldest first.

    Only bars of the sessions that it covers, all before ``session``, have any influence. One
    number: a daily value a session, of all bars in its window, labelled by its open. A profile:
    bars of regular hours, side by side that start at the same time of the exchange's day, on
    whatever side of a change of clocks; a session whose slots fall between today's is left out.

    Raises CalendarError where ``calendar`` is not loaded as far back, and IntervalError where the
    interval can't be derived from that of ``bars``.
    """
    grid = _grid(spec.over, spec.half_days, spec.interval, session, calendar)
    held = grid.cut(bars)
    made = held if held.interval == spec.interval else resample(held, spec.interval, calendar)
    row = grid.rows(made.time)
    slot = (made.time - grid.opens[row]) // spec.interval.ns + grid.shifts[row]
    kept = (slot >= 0) & (slot < len(grid.starts))
    table = np.full(grid.expected.shape, np.nan)
    if spec.absent == "zero":
        table[grid.expected] = 0.0
    table[row[kept], slot[kept]] = made.column(spec.column)[kept]
    values = sealed(_STATISTICS[spec.function](table))
    return Historical(spec, values, grid.starts, grid.ends, len(np.unique(row)))


def _mean(table: Floats) -> Floats:
    counted = np.count_nonzero(~np.isnan(table), axis=0)
    mean = np.full(table.shape[1], np.nan)
    np.divide(np.nansum(table, axis=0), counted, out=mean, where=counted > 0)
    return mean


def _max(table: Floats) -> Floats:
    largest: Floats = np.fmax.reduce(table, axis=0, initial=np.nan)
    return largest


def _min(table: Floats) -> Floats:
    smallest: Floats = np.fmin.reduce(table, axis=0, initial=np.nan)
    return smallest


#: of (n_sessions, n_slots), NaN where there was no bar, to (n_slots,)
_STATISTICS: Mapping[Statistic, Callable[[Floats], Floats]] = {
    "mean": _mean,
    "max": _max,
    "min": _min,
}


@frozen(eq=False)
class _Grid:
    """The covered sessions as rows, today's slots as columns.

    Bars of a row start in [firsts, lasts), of a session that opened at ``opens``: (n_rows,)
    int64 nanoseconds UTC. ``shifts`` is how many slots later than today that was, by the
    exchange's clock; beyond the last where its slots fall between today's. ``expected``: bool
    (n_rows, n_slots), where a complete row has a bar.
    """

    firsts: Times
    lasts: Times
    opens: Times
    shifts: Times
    starts: Times
    ends: Times
    expected: _Mask

    def rows(self, time: Times) -> Times:
        """Give the row of each time; all of them must lie within the bounds of one."""
        return np.searchsorted(self.firsts, time, side="right") - 1

    def cut(self, bars: Bars) -> Bars:
        """Cut out the bars that lie within the bounds of a row."""
        if not len(self.firsts):
            return bars[:0]
        start, stop = np.searchsorted(bars.time, (self.firsts[0], self.lasts[-1])).tolist()
        part = bars[start:stop]
        within = part.time < self.lasts[self.rows(part.time)]
        return part if within.all() else take(part, within)


@lru_cache(maxsize=64)
def _grid(
    over: Span,
    half_days: HalfDays,
    interval: Interval,
    session: TradingSession,
    calendar: MarketCalendar,
) -> _Grid:
    """Lay out what does not depend on the symbol, once for all of them."""
    covered = over.sessions(calendar, session, half_days)
    starts, ends, _ = slots(session, interval)
    opens = _column(covered, "open_ns")
    shifts = _shifts(covered, session, interval)
    bounds = ("start_ns", "end_ns") if interval.is_daily else ("open_ns", "close_ns")
    firsts, lasts = (_column(covered, name) for name in bounds)
    expected = np.zeros((len(covered), len(starts)), bool)
    for row, each in enumerate(covered):
        places = (expected_starts(each, interval) - each.open_ns) // interval.ns + shifts[row]
        expected[row, places[(places >= 0) & (places < len(starts))]] = True
    return _Grid(firsts, lasts, opens, shifts, starts, ends, sealed(expected))


def _column(sessions: tuple[TradingSession, ...], name: str) -> Times:
    return sealed(np.array([getattr(each, name) for each in sessions], np.int64))


def _shifts(
    covered: tuple[TradingSession, ...], session: TradingSession, interval: Interval
) -> Times:
    """Count the slots from today's open to each session's, both as times of their day."""
    if interval.is_daily:
        return sealed(np.zeros(len(covered), np.int64))
    *opens, today = _times_of_day((*covered, session))
    shifts, rest = np.divmod(np.array(opens, np.int64) - today, interval.ns)
    beyond = (session.close_ns - session.open_ns) // interval.ns + 1
    return sealed(np.where(rest == 0, shifts, beyond))


def _times_of_day(sessions: tuple[TradingSession, ...]) -> Times:
    """Give how late each session opens by the exchange's clock: nanoseconds from its midnight."""
    zone = sessions[0].zone
    opens = pd.DatetimeIndex(_column(sessions, "open_ns"), tz="UTC").tz_convert(zone)
    dates = pd.DatetimeIndex([each.date for each in sessions])
    opened: Times = opens.tz_localize(None).as_unit("ns").asi8 - midnight_ns(dates, "UTC")
    return opened
