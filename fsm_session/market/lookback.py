"""How many sessions of history hold so many bars: asked of the calendar, before any is read.

An indicator says how many bars warm it up; what a source is asked for is sessions. How many
bars a session holds differs, with half-days, lunch breaks, weeks and months.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import lru_cache

import numpy as np

from fsm_session.errors import CalendarError
from fsm_session.market.bars import Times, sealed
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.quality import expected_starts


def sessions_for_bars(
    calendar: MarketCalendar, session: TradingSession, interval: Interval, bars: int
) -> int:
    """Count the sessions before ``session`` that hold ``bars`` complete bars: no more than needed.

    Slots at the close and of half-days count as bars, those within a lunch break do not. Of
    weeks and months those count that have ended before ``session``'s own begins, with all their
    sessions; the sessions of its own come on top. 0 for no bars. Raises CalendarError where
    ``calendar`` does not know ``session`` or is not loaded as far back.
    """
    if bars <= 0:
        return 0
    count = _by_periods if interval.spans_sessions else _by_sessions
    place = bisect_right(calendar.opens_ns, calendar.session(session.date).open_ns) - 1
    needed = count(calendar, place, interval, bars)
    if needed is None:
        known = f"{calendar.name}, loaded from {calendar.first} on, does not reach back as far"
        raise CalendarError(f"{bars} bars of {interval} before {session.label}: {known}")
    return needed


def _by_sessions(calendar: MarketCalendar, place: int, interval: Interval, bars: int) -> int | None:
    held = _held_before(calendar, interval)
    first = bisect_right(held, int(held[place]) - bars) - 1
    return place - first if first >= 0 else None


def _by_periods(calendar: MarketCalendar, place: int, interval: Interval, bars: int) -> int | None:
    begins = _begins(calendar, interval)
    own = int(calendar.periods(interval).first[place])
    first = bisect_left(begins, own) - bars
    return place - int(begins[first]) if first >= 0 else None


# asked for every symbol and session of a run, of a few intervals
@lru_cache(maxsize=32)
def _held_before(calendar: MarketCalendar, interval: Interval) -> Times:
    """Count the bars of all sessions before each, int64 (n_sessions,), strictly ascending."""
    held: dict[tuple[int | None, ...], int] = {}
    counts = [0]
    for session in calendar.sessions[:-1]:
        shape = _shape(session)
        if shape not in held:
            held[shape] = len(expected_starts(session, interval))
        counts.append(held[shape])
    return sealed(np.cumsum(counts, dtype=np.int64))


def _shape(session: TradingSession) -> tuple[int | None, ...]:
    """Tell sessions apart by what decides how many bars they hold: few shapes make up years."""
    times = (session.close_ns, session.break_start_ns, session.break_end_ns)
    return tuple(None if time is None else time - session.open_ns for time in times)


@lru_cache(maxsize=32)
def _begins(calendar: MarketCalendar, interval: Interval) -> Times:
    """Give the places of the sessions with which the whole weeks or months begin, ascending."""
    periods = calendar.periods(interval)
    return sealed(np.unique(periods.first[periods.whole]))
