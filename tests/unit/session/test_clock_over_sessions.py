"""The clock from session to session: where each begins, which follow, and where it ends."""

from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given, settings

from fsm_session.errors import ClockError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.session.clock import TimeManager

CALENDAR = MarketCalendar.load("XNYS", dt.date(2024, 7, 1), dt.date(2024, 7, 31))
HOLIDAY = dt.date(2024, 7, 4)
#: by hand: the weekdays of July 2024 but the holiday
DAYS = [
    day
    for day in (dt.date(2024, 7, number) for number in range(1, 32))
    if day.weekday() < 5 and day != HOLIDAY
]
days = st.sampled_from(DAYS)


def opening_ns(day: dt.date) -> int:
    """Half past nine in New York, which is four hours behind UTC in July."""
    midnight = dt.datetime.combine(day, dt.time(), dt.UTC)
    return int((midnight + dt.timedelta(hours=13, minutes=30)).timestamp()) * 10**9


class TestSessions:
    """The simulated clock of a run over the sessions from start to end."""

    @given(days, days)
    @settings(deadline=None)
    def test_it_goes_from_open_to_open_to_the_last(self, one: dt.date, two: dt.date) -> None:
        start, end = sorted((one, two))
        left = [day for day in DAYS if start <= day <= end]
        clock = TimeManager(CALENDAR, start, end)
        while left:
            assert clock.session.date == left[0]
            assert clock.now_ns == opening_ns(left[0])
            assert [each.date for each in clock.sessions] == left
            assert clock.is_last_session == (len(left) == 1)
            clock.set_backtest_time(clock.now_ns + 1)
            del left[0]
            if left:
                clock.enter_next_session()
        with pytest.raises(ClockError, match="last session"):
            clock.enter_next_session()
        assert clock.session.date == end

    @given(days, days)
    @settings(deadline=None)
    def test_it_begins_where_it_is_told_to(self, one: dt.date, two: dt.date) -> None:
        """Begin the run with the session of a date: those before it are done already."""
        start, day = sorted((one, two))
        clock = TimeManager(CALENDAR, start, DAYS[-1])
        clock.begin_at(day)
        assert (clock.session.date, clock.now_ns) == (day, opening_ns(day))
        clock.set_backtest_time(clock.now_ns + 5)
        clock.enter_session()
        assert clock.now_ns == opening_ns(day)

    @given(days)
    @settings(deadline=None)
    def test_the_date_that_follows(self, day: dt.date) -> None:
        clock = TimeManager(CALENDAR, DAYS[0], DAYS[-1])
        following = [each for each in DAYS if each > day]
        if following:
            assert clock.get_next_trading_date(day) == following[0]
        assert clock.get_first_trading_date(day) == day

    def test_behind_the_last_that_is_known_comes_none(self) -> None:
        clock = TimeManager(CALENDAR, DAYS[0], DAYS[-1])
        last = clock.calendar.sessions[-1].date
        assert clock.get_next_trading_date(last) is None

    def test_a_run_to_the_last_that_is_known_ends_there(self) -> None:
        last = CALENDAR.sessions[-1].date
        clock = TimeManager(CALENDAR, last, last)
        assert clock.is_last_session
        with pytest.raises(ClockError, match="last session"):
            clock.enter_next_session()


class TestNow:
    """``now_ns`` is int64 nanoseconds UTC; time only grows."""

    @pytest.mark.parametrize("ahead", [0, 1, 999, 10**9])
    def test_the_time_is_what_it_was_set_to_in_the_exchanges_zone(self, ahead: int) -> None:
        clock = TimeManager(CALENDAR, DAYS[0], DAYS[-1])
        clock.set_backtest_time(clock.now_ns + ahead)
        expected = pd.Timestamp("2024-07-01 09:30", tz="America/New_York") + pd.Timedelta(ahead)
        assert clock.get_current_time() == expected
        assert str(clock.get_current_time().tz) == "America/New_York"
        with pytest.raises(ClockError, match="can't go back"):
            clock.set_backtest_time(expected - pd.Timedelta(1))
        clock.set_backtest_time(expected)
        assert clock.now_ns == opening_ns(DAYS[0]) + ahead
