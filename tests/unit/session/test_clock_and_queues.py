"""The one truth about time, and the tape of instants merged from the queues."""

from __future__ import annotations

import datetime as dt

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from fsm_session.errors import ClockError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.session.clock import TimeManager
from fsm_session.session.queues import merge

JULY = (dt.date(2024, 7, 1), dt.date(2024, 7, 31))
CALENDAR = MarketCalendar.load("XNYS", *JULY)


def clock(start: int = 3, end: int = 6) -> TimeManager:
    return TimeManager(CALENDAR, dt.date(2024, 7, start), dt.date(2024, 7, end))


class TestTheClock:
    """``set_backtest_time(t)``: never backwards within a session."""

    @given(st.lists(st.integers(0, 10**6), max_size=20))
    @settings(max_examples=50, deadline=None)
    def test_it_never_goes_back(self, jumps: list[int]) -> None:
        time = clock()
        opens = time.now_ns
        for jump in jumps:
            before = time.now_ns
            if opens + jump < before:
                with pytest.raises(ClockError, match="can't go back"):
                    time.set_backtest_time(opens + jump)
                assert time.now_ns == before
            else:
                time.set_backtest_time(opens + jump)
                assert time.now_ns == opens + jump

    def test_who_wants_to_go_back_is_told_from_where_to_where(self) -> None:
        time = clock()
        time.set_backtest_time(pd.Timestamp("2024-07-03 14:30:00", tz="UTC"))
        with pytest.raises(ClockError) as raised:
            time.set_backtest_time(pd.Timestamp("2024-07-03 10:00", tz="America/New_York"))
        told = ("2024-07-03T14:30:00+00:00", "2024-07-03T14:00:00+00:00")
        assert str(raised.value) == f"the clock stands at {told[0]} and can't go back to {told[1]}"

    def test_a_timestamp_needs_a_zone(self) -> None:
        time = clock()
        with pytest.raises(ClockError, match="no time zone"):
            time.set_backtest_time(pd.Timestamp("2024-07-03 10:00"))
        time.set_backtest_time(pd.Timestamp("2024-07-03 10:00", tz="America/New_York"))
        assert time.get_current_time().isoformat() == "2024-07-03T10:00:00-04:00"

    def test_a_half_day_a_holiday_and_a_weekend(self) -> None:
        time = clock(3, 6)
        assert time.get_trading_session(dt.date(2024, 7, 3)).early_close
        assert time.get_next_trading_date(dt.date(2024, 7, 3)) == dt.date(2024, 7, 5)
        assert time.get_first_trading_date(dt.date(2024, 7, 4)) == dt.date(2024, 7, 5)
        assert time.get_first_trading_date(dt.date(2024, 7, 5)) == dt.date(2024, 7, 5)
        assert not time.is_last_session
        time.enter_next_session()
        assert time.session.label == "2024-07-05"
        assert time.is_last_session
        with pytest.raises(ClockError, match="2024-07-05 is the last session"):
            time.enter_next_session()


@given(st.lists(st.sets(st.integers(-(2**60), 2**60), max_size=30), max_size=6))
@settings(max_examples=100, deadline=None)
def test_an_instant_is_on_the_tape_once_whoever_has_it(times: list[set[int]]) -> None:
    """A step is one instant: everything that happens at the same time."""
    found = merge(np.array(sorted(each), np.int64) for each in [*times, *times[:2]])
    assert found.dtype == np.int64
    assert found.tolist() == sorted(set[int]().union(*times))
