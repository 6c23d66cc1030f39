"""From a market's schedule to the frozen sessions that a run needs.

What is asked for is whole years around the dates that are needed, with a margin on both sides
that finds the neighbours; what is kept is the sessions that were asked for, and those around them
that make their weeks and months whole.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from functools import lru_cache

import numpy as np
import pandas as pd

from fsm_session.errors import CalendarError
from fsm_session.market.calendar import (
    Hours,
    MarketCalendar,
    TradingSession,
    midnight_ns,
    period_bounds,
)
from fsm_session.market.interval import MONTH, WEEK, Interval
from fsm_session.market.schedule import NOT_A_TIME, Instants, Schedule, known_dates, schedule

# a month and a half, and the longest closures: weeks (Athens 2015) or months (New York 1914)
_MARGINS = (46, 91, 271)


@lru_cache(maxsize=16)
def load_sessions(
    name: str, first: dt.date, last: dt.date, hours: Hours, before: int
) -> MarketCalendar:
    """Do the work of :meth:`MarketCalendar.load`."""
    if first > last:
        raise CalendarError(f"the dates are reversed: {first} is after {last}")
    if hours not in ("regular", "all"):
        raise CalendarError(f"hours are 'regular' or 'all', not {hours!r}")
    source = _schedule(name, first, last, before)
    dates = source.dates
    start = bisect_left(dates, first)
    if before > start:
        raise CalendarError(f"{name} knows {start} sessions before {first}, not {before}")
    begin, known_from = _reach_back(dates, first, before)
    # the outermost one lacks the neighbour that bounds its window, unless none is known at all
    stop = len(dates) - (dates[-1] > _whole_periods(last)[1])
    kept = _sessions(source, hours, begin, stop)
    if not kept:
        raise CalendarError(f"{name} has no session near {first}")
    return MarketCalendar(
        source.name, source.zone, hours, kept, first=known_from, last=max(last, kept[-1].date)
    )


def _schedule(name: str, first: dt.date, last: dt.date, before: int) -> Schedule:
    """Find the schedule wide enough, or say in words why it can't be had."""
    try:
        return _wide_enough(name, first, last, before)
    except CalendarError:
        raise
    except Exception as error:
        # one country's rules may be broken by a release of pandas, as those of ASEX by 3.1
        words = f"{type(error).__name__}: {str(error)[:200]}"
        raise CalendarError(f"exchange_calendars can't build {name}: {words}") from error


def _wide_enough(name: str, first: dt.date, last: dt.date, before: int) -> Schedule:
    """Find the schedule with one session more ahead, and two more behind, if it has them."""
    for margin in _MARGINS:
        source = _within_bounds(name, first, last, 2 * before + margin, margin)
        dates = source.dates
        begin, _ = _reach_back(dates, first, before)
        if begin and len(dates) - bisect_right(dates, _whole_periods(last)[1]) >= 2:
            break
    return source


def _reach_back(dates: list[dt.date], first: dt.date, before: int) -> tuple[int, dt.date]:
    """Give the place of the first session to keep, and the date from which all are known.

    That is where week and month begin of the earliest that is needed; place 0 is where what is
    known begins, or not enough of it has been built.
    """
    start = bisect_left(dates, first)
    earliest = min([first, *dates[max(start - before, 0) : start]])
    whole = _whole_periods(earliest)[0]
    begin = bisect_left(dates, whole)
    return begin, whole if begin else min([first, *dates[:1]])


def _whole_periods(date: dt.date) -> tuple[dt.date, dt.date]:
    """Give the first and the last of the dates in the week and in the month of a date."""
    bounds = [period_bounds(np.array(date, "M8[D]"), Interval(s)) for s in (WEEK, MONTH)]
    begins, stops = zip(*bounds, strict=True)
    return min(begins).item(), (max(stops) - np.timedelta64(1, "D")).item()


def _within_bounds(name: str, first: dt.date, last: dt.date, ahead: int, behind: int) -> Schedule:
    try:
        # whole years: they cost no more to find out, and serve other runs too
        start = (first - dt.timedelta(ahead)).replace(month=1, day=1)
        return schedule(name, start, (last + dt.timedelta(behind)).replace(month=12, day=31))
    except (ValueError, OverflowError):
        low, high = known_dates(name)
    if first < low or last > high:
        raise CalendarError(f"{name} knows the dates from {low} to {high}, not {first} to {last}")
    start = max(low, first - min(dt.timedelta(ahead), first - low))
    return schedule(name, start, min(high, last + min(dt.timedelta(behind), high - last)))


def _sessions(source: Schedule, hours: Hours, begin: int, stop: int) -> tuple[TradingSession, ...]:
    starts, ends = windows(source, hours)
    instants = (
        source.opens_ns,
        source.closes_ns,
        source.break_starts_ns,
        source.break_ends_ns,
        starts,
        ends,
    )
    rows = zip(
        source.dates[begin:stop],
        source.early[begin:stop].tolist(),
        *(column[begin:stop].tolist() for column in instants),
        strict=True,
    )
    return tuple(
        TradingSession(
            date=date,
            open_ns=open_ns,
            close_ns=close_ns,
            early_close=early,
            zone=source.zone,
            break_start_ns=_instant(break_start),
            break_end_ns=_instant(break_end),
            start_ns=start,
            end_ns=end,
        )
        for date, early, open_ns, close_ns, break_start, break_end, start, end in rows
    )


def _instant(nanos: int) -> int | None:
    return None if nanos == NOT_A_TIME else nanos


def windows(source: Schedule, hours: Hours) -> tuple[Instants, Instants]:
    """Give start and end of each session's window: open and close, or wider for all hours.

    The local day, cut where the neighbours trade; an open on the evening before comes first.
    """
    opens, closes = source.opens_ns, source.closes_ns
    if hours == "regular":
        return opens, closes
    days = pd.DatetimeIndex(source.days.view("M8[D]"))
    midnights = midnight_ns(days, source.zone)
    following = midnight_ns(days + pd.Timedelta(days=1), source.zone)
    starts, ends = np.minimum(opens, midnights), np.maximum(closes, following)
    starts[1:] = np.maximum(starts[1:], closes[:-1])
    ends[:-1] = np.minimum(ends[:-1], opens[1:])
    return starts, ends
