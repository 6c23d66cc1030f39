"""From exchange_calendars' schedule to frozen sessions: the only place that asks it.

What is built is whole years around the dates that are needed, with a margin on both sides that
finds the neighbours; what is kept is the sessions that were asked for, and those around them that
make their weeks and months whole.
"""

from __future__ import annotations

import datetime as dt
import difflib
import warnings
from bisect import bisect_left, bisect_right
from typing import Any

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

# a month and a half, and the longest closures: weeks (Athens 2015) or months (New York 1914)
_MARGINS = (46, 91, 271)
_NOT_A_TIME = np.iinfo(np.int64).min


def load_sessions(
    name: str, first: dt.date, last: dt.date, hours: Hours, before: int
) -> MarketCalendar:
    """Do the work of :meth:`MarketCalendar.load`."""
    if first > last:
        raise CalendarError(f"the dates are reversed: {first} is after {last}")
    if hours not in ("regular", "all"):
        raise CalendarError(f"hours are 'regular' or 'all', not {hours!r}")
    official = _official_name(name)
    source = _schedule(official, first, last, before)
    sessions = _sessions(source, hours)
    dates = [session.date for session in sessions]
    start = bisect_left(dates, first)
    if before > start:
        raise CalendarError(f"{name} knows {start} sessions before {first}, not {before}")
    begin, known_from = _reach_back(dates, first, before)
    # the outermost one lacks the neighbour that bounds its window, unless none is known at all
    stop = len(sessions) - (dates[-1] > _whole_periods(last)[1])
    kept = sessions[begin:stop]
    if not kept:
        raise CalendarError(f"{name} has no session near {first}")
    return MarketCalendar(
        official, source.tz.key, hours, kept, first=known_from, last=max(last, kept[-1].date)
    )


def _official_name(name: str) -> str:
    import exchange_calendars as xc

    names = xc.get_calendar_names(include_aliases=True)
    if name not in names:
        near = difflib.get_close_matches(str(name).upper(), names) or ["XNYS", "XLON", "24/7"]
        raise CalendarError(f"there is no calendar {name!r}; near it: {', '.join(near)}")
    return str(xc.resolve_alias(name))


def _schedule(name: str, first: dt.date, last: dt.date, before: int) -> Any:
    """Build the calendar wide enough, or say in words why it can't be."""
    try:
        return _wide_enough(name, first, last, before)
    except CalendarError:
        raise
    except Exception as error:
        # one country's rules may be broken by a release of pandas, as those of ASEX by 3.1
        words = f"{type(error).__name__}: {str(error)[:200]}"
        raise CalendarError(f"exchange_calendars can't build {name}: {words}") from error


def _wide_enough(name: str, first: dt.date, last: dt.date, before: int) -> Any:
    """Build the calendar with one session more ahead, and two more behind, if it has them."""
    for margin in _MARGINS:
        source = _within_bounds(name, first, last, 2 * before + margin, margin)
        dates = [stamp.date() for stamp in source.sessions]
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


def _within_bounds(name: str, first: dt.date, last: dt.date, ahead: int, behind: int) -> Any:
    try:
        # whole years: it costs no more to build, and exchange_calendars keeps the last one built
        start = (first - dt.timedelta(ahead)).replace(month=1, day=1)
        return _build(name, start, (last + dt.timedelta(behind)).replace(month=12, day=31))
    except (ValueError, OverflowError):
        low, high = _bounds(name)
    if first < low or last > high:
        raise CalendarError(f"{name} knows the dates from {low} to {high}, not {first} to {last}")
    start = max(low, first - min(dt.timedelta(ahead), first - low))
    return _build(name, start, min(high, last + min(dt.timedelta(behind), high - last)))


def _build(name: str, start: dt.date | None = None, end: dt.date | None = None) -> Any:
    """Build a calendar between two dates, or between its own; ValueError beyond what it knows."""
    import exchange_calendars as xc

    dates = {key: pd.Timestamp(day) for key, day in (("start", start), ("end", end)) if day}
    with warnings.catch_warnings():
        # exchange_calendars 4.13 calls what pandas 3.1 has deprecated, seen as pandas' own call
        warnings.simplefilter("ignore", DeprecationWarning)
        return xc.get_calendar(name, side="left", **dates)


def _bounds(name: str) -> tuple[dt.date, dt.date]:
    """Give the dates for which holidays are recorded; a century or more around where unbounded."""
    known = _build(name)
    low, high = known.bound_min(), known.bound_max()
    return (
        low.date() if low is not None else dt.date(1800, 1, 1),
        high.date() if high is not None else dt.date(2200, 1, 1),
    )


def _sessions(source: Any, hours: Hours) -> tuple[TradingSession, ...]:
    early = frozenset(source.early_closes)
    starts, ends = windows(source, hours)
    rows = zip(
        source.sessions,
        source.opens_nanos.tolist(),
        source.closes_nanos.tolist(),
        source.break_starts_nanos.tolist(),
        source.break_ends_nanos.tolist(),
        starts.tolist(),
        ends.tolist(),
        strict=True,
    )
    return tuple(
        TradingSession(
            date=stamp.date(),
            open_ns=open_ns,
            close_ns=close_ns,
            early_close=stamp in early,
            zone=source.tz.key,
            break_start_ns=_instant(break_start),
            break_end_ns=_instant(break_end),
            start_ns=start,
            end_ns=end,
        )
        for stamp, open_ns, close_ns, break_start, break_end, start, end in rows
    )


def _instant(nanos: int) -> int | None:
    return None if nanos == _NOT_A_TIME else nanos


def windows(source: Any, hours: Hours) -> tuple[Any, Any]:
    """Give start and end of each session's window: open and close, or wider for all hours.

    The local day, cut where the neighbours trade; an open on the evening before comes first.
    """
    opens, closes = source.opens_nanos, source.closes_nanos
    if hours == "regular":
        return opens, closes
    midnights = midnight_ns(source.sessions, source.tz.key)
    following = midnight_ns(source.sessions + pd.Timedelta(days=1), source.tz.key)
    starts, ends = np.minimum(opens, midnights), np.maximum(closes, following)
    starts[1:] = np.maximum(starts[1:], closes[:-1])
    ends[:-1] = np.minimum(ends[:-1], opens[1:])
    return starts, ends
