"""Hypothesis strategies: markets as they are, not as one would like them to be.

A day of bars is a course of a few episodes: trading, standing still, minutes without a trade, a
halt, a jump, a long stretch. Each is one draw of a few small numbers, so that what is left when
Hypothesis has shrunk an example is an episode or two. Whatever is drawn is valid: a source takes
it, a configuration of it can be run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import pandas as pd
from hypothesis import strategies as st

from fsm_session.market.bars import Bars
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.quality import expected_starts
from fsm_session.testing.courses import LEVELS_CENTS, courses, places, played
from fsm_session.testing.days import SESSIONS, session_on
from fsm_session.testing.lifecycles import lifecycles

__all__ = [
    "bars",
    "calendar_names",
    "calendars",
    "configurations",
    "frames",
    "lifecycles",
    "markets",
    "sessions",
]

#: with half-days, with a lunch break, opening on the evening before, without any close
CALENDARS = ("XNYS", "24/7", "XHKG", "XLON", "CMES", "24/5")

_FIRST, _LAST = dt.date(2024, 6, 24), dt.date(2024, 7, 12)


def calendar_names() -> st.SearchStrategy[str]:
    """Draw the name of a calendar: the simplest is XNYS; "24/7" is among them."""
    return st.sampled_from(CALENDARS)


def calendars() -> st.SearchStrategy[MarketCalendar]:
    """Draw a calendar of three weeks around 2024-07-03, a half-day in New York."""
    return calendar_names().map(_calendar)


def sessions(calendar: str | None = None) -> st.SearchStrategy[TradingSession]:
    """Draw a session of three weeks, of the calendar or any; the simplest is a New York one."""
    names = calendar_names() if calendar is None else st.just(calendar)
    return names.flatmap(lambda name: st.sampled_from(_calendar(name).between(_FIRST, _LAST)))


@st.composite
def bars(
    draw: st.DrawFn,
    session: TradingSession | None = None,
    interval: str | Interval = "1m",
    min_bars: int = 0,
    max_bars: int = 60,
) -> Bars:
    """Draw from ``min_bars`` to ``max_bars`` bars of one symbol in one session, as they come.

    They may begin late and stop early, lie at either end of the day, have gaps, halts, minutes
    without volume, prices that stand still, jumps by up to ten times; prices from a cent to
    hundreds of thousands. ``session``: drawn from XNYS, half-days too, where not given.
    ``interval``: shorter than a day. The simplest bars stand still at 100.00, one a minute from
    the open on.

    Raises ValueError where the session has no room for ``min_bars`` of the interval.
    """
    length = Interval.parse(interval) if isinstance(interval, str) else interval
    day = session or draw(sessions("XNYS"))
    starts = expected_starts(day, length)
    if not 0 <= min_bars <= min(max_bars, len(starts)) or not length.within_a_day:
        told = f"of {length} a session on {day.label} has {len(starts)} bars"
        raise ValueError(f"{told}: there can't be from {min_bars} to {max_bars}")
    course = draw(courses(min_bars, min(max_bars, len(starts))))
    open_, high, low, close, volume = played(course, draw(st.sampled_from(LEVELS_CENTS)))
    begins = draw(st.just(0) | st.integers(0, len(starts)) | st.just(len(starts)))
    time = starts[places(course, len(starts), begins)]
    return Bars.base(length, time, open_, high, low, close, volume, session_ends=day.end_ns)


def frames(
    session: TradingSession | None = None, interval: str | Interval = "1m", **sizes: int
) -> st.SearchStrategy[pd.DataFrame]:
    """Draw what :func:`bars` does as a frame, indexed by UTC time, as sources take it."""
    return bars(session, interval, **sizes).map(Bars.frame)


@st.composite
def markets(
    draw: st.DrawFn,
    symbols: Sequence[str] = ("AAA", "BBB"),
    sessions: Sequence[str | TradingSession] = SESSIONS,
    max_bars: int = 12,
    interval: str | Interval = "1m",
) -> dict[str, pd.DataFrame]:
    """Draw a market: symbol -> frame of up to ``max_bars`` bars in each of the sessions.

    ``sessions``: dates of XNYS, or sessions. A symbol may come late, stop early or be missing
    for a day; each has a bar in one of the sessions at least, so that a source knows of it. The
    days without any bar at all are not the first. The simplest market: one bar in the first.
    """
    days = [session_on(day) if isinstance(day, str) else day for day in sessions]
    market = {}
    for number, symbol in enumerate(symbols):
        # the first symbol is there from the first day on, of the others one day is sure
        sure = 0 if not number else draw(st.integers(0, len(days) - 1))
        drawn = [
            draw(bars(day, interval, min_bars=int(place == sure), max_bars=most))
            for place, day in enumerate(days)
            if (most := max_bars if place == sure or draw(st.integers(0, 2)) else 0) or not place
        ]
        market[symbol] = pd.concat([each.frame() for each in drawn]).rename_axis("timestamp")
    return market


@st.composite
def configurations(
    draw: st.DrawFn, symbols: Sequence[str] = ("AAA", "BBB"), dates: Sequence[str] = SESSIONS
) -> dict[str, Any]:
    """Draw tables for ``SessionConfig.from_dict`` that can be run over any market of these.

    ``dates``: the sessions of which there are bars. Streams, history, indicators, hours, what
    becomes of incomplete bars and missing symbols, and threads are drawn; strategies, scanners
    and the source are yours to add. The simplest: the first session, bars of one minute.
    """
    first, last = sorted(draw(st.tuples(*[st.integers(0, len(dates) - 1)] * 2)))
    derived = draw(st.lists(st.sampled_from(("5m", "15m", "1h", "1d")), unique=True, max_size=2))
    named = draw(st.lists(st.sampled_from(list(symbols)), unique=True, min_size=1))
    back = draw(st.integers(0, 2))
    history = [{"trailing_days": back, "intervals": ["1m"]}]
    return {
        "backtest": {"start": dates[first], "end": dates[last]},
        "data": {
            "symbols": named,
            "streams": ["1m", *derived],
            "missing": "skip",
            "hours": draw(st.sampled_from(("regular", "all"))),
            "incomplete": draw(st.sampled_from(("keep", "drop"))),
            "history": history if back else [],
            "indicators": draw(_indicators(["1m", *derived])),
        },
        "workers": {"threads": draw(st.booleans())},
    }


def _indicators(intervals: Sequence[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw wishes for indicators that don't ask for history: it may not be there."""
    one = st.fixed_dictionaries(
        {
            "function": st.sampled_from(("SMA", "RSI", "EMA", "MAX")),
            "interval": st.sampled_from([each for each in intervals if each != "1d"]),
            "parameters": st.fixed_dictionaries({"timeperiod": st.integers(2, 5)}),
            "warm_up": st.just(False),
        }
    )
    named = st.lists(one, max_size=2)
    return named.map(lambda some: [{"name": f"ind_{n}", **each} for n, each in enumerate(some)])


@lru_cache
def _calendar(name: str) -> MarketCalendar:
    return MarketCalendar.load(name, _FIRST, _LAST)
