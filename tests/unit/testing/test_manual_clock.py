"""ManualClock: a TimeManager that is moved by hand, and never goes back within a session."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session import BaseWorker
from fsm_session.errors import CalendarError, ClockError, IntervalError, WorkerHungError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData
from fsm_session.testing.manual_clock import ManualClock
from fsm_session.workers.worker import Budget, WorkerGroup

XNYS = MarketCalendar.load("XNYS", dt.date(2024, 6, 24), dt.date(2024, 7, 20))
ALWAYS = MarketCalendar.load("24/7", dt.date(2024, 6, 24), dt.date(2024, 7, 20))
FUTURES = MarketCalendar.load("CMES", dt.date(2024, 6, 24), dt.date(2024, 7, 20))
SECONDS = st.integers(0, 10**6) | st.sampled_from([0.25, 0.5, 1e-3, 1e-9])


def told(clock: ManualClock) -> str:
    return clock.get_current_time().isoformat()


class TestWhereItStands:
    """It IS a TimeManager over a calendar and a date (defaults: XNYS, 2024-07-05)."""

    def test_it_begins_at_the_open_of_an_ordinary_day(self) -> None:
        clock = ManualClock()
        assert isinstance(clock, TimeManager)
        assert told(clock) == "2024-07-05T09:30:00-04:00"
        assert clock.monotonic() == 0
        assert not clock.session.early_close

    @pytest.mark.parametrize(("date", "open_at", "close_at"), [
        ("2024-07-03", "2024-07-03T09:30:00-04:00", "2024-07-03T13:00:00-04:00"),  # a half-day
        ("2024-07-04", "2024-07-05T09:30:00-04:00", "2024-07-05T16:00:00-04:00"),  # a holiday
        ("2024-11-04", "2024-11-04T09:30:00-05:00", "2024-11-04T16:00:00-05:00"),  # in winter
    ])  # fmt: skip
    def test_any_date_has_its_session(self, date: str, open_at: str, close_at: str) -> None:
        for given_date in (date, dt.date.fromisoformat(date)):
            clock = ManualClock(given_date)
            assert told(clock) == open_at
            assert clock.session.close.isoformat() == close_at

    def test_the_run_ends_with_the_next_session_or_when_it_is_told(self) -> None:
        clock = ManualClock("2024-07-03")
        clock.enter_next_session()
        assert told(clock) == "2024-07-05T09:30:00-04:00"
        assert clock.is_last_session
        assert ManualClock("2024-07-03", end="2024-07-03").is_last_session
        long = ManualClock("2024-07-03", end="2024-09-03")
        assert long.get_next_trading_date(dt.date(2024, 8, 30)) == dt.date(2024, 9, 3)

    def test_a_calendar_that_is_loaded_serves_as_well(self) -> None:
        assert ManualClock("2024-07-06", ALWAYS).session.date == dt.date(2024, 7, 6)

    @pytest.mark.parametrize(("arguments", "error"), [
        (("2024-07-05", "NYSE2"), CalendarError),
        (("2030-07-05", XNYS), CalendarError),
        (("fifth of July",), ClockError),
    ])  # fmt: skip
    def test_what_makes_no_sense_is_refused(self, arguments: Any, error: type[Exception]) -> None:
        with pytest.raises(error):
            ManualClock(*arguments)


class TestMovingIt:
    """advance("5m") / advance(seconds), advance_to("10:30"), sleep(seconds)."""

    @pytest.mark.parametrize(("by", "then"), [
        ("5m", "2024-07-05T09:35:00-04:00"), ("30s", "2024-07-05T09:30:30-04:00"),
        ("1h", "2024-07-05T10:30:00-04:00"), (90, "2024-07-05T09:31:30-04:00"),
        (0.25, "2024-07-05T09:30:00.250000-04:00"), (0, "2024-07-05T09:30:00-04:00"),
    ])  # fmt: skip
    def test_advance(self, by: Any, then: str) -> None:
        clock = ManualClock("2024-07-05", XNYS)
        clock.advance(by)
        assert told(clock) == then

    @pytest.mark.parametrize(("date", "calendar", "time", "then"), [
        ("2024-07-05", XNYS, "10:30", "2024-07-05T10:30:00-04:00"),
        ("2024-07-05", XNYS, "15:59:59.5", "2024-07-05T15:59:59.500000-04:00"),
        ("2024-07-05", XNYS, dt.time(20, 0), "2024-07-05T20:00:00-04:00"),
        ("2024-07-06", ALWAYS, "23:00", "2024-07-06T23:00:00+00:00"),
        # the session of the 2nd begins at 17:00 of the 1st, and ends at 16:00
        ("2024-07-02", FUTURES, "18:00", "2024-07-01T18:00:00-05:00"),
        ("2024-07-02", FUTURES, "10:30", "2024-07-02T10:30:00-05:00"),
        ("2024-07-05", XNYS, pd.Timestamp("2024-07-05 14:00", tz="UTC"),
         "2024-07-05T10:00:00-04:00"),
    ])  # fmt: skip
    def test_advance_to(self, date: str, calendar: MarketCalendar, time: Any, then: str) -> None:
        clock = ManualClock(date, calendar)
        clock.advance_to(time)
        assert told(clock) == then

    @pytest.mark.parametrize(("move", "error"), [
        (lambda clock: clock.advance(-1), ClockError),
        (lambda clock: clock.advance(float("nan")), ClockError),
        (lambda clock: clock.advance(float("inf")), ClockError),
        (lambda clock: clock.advance("soon"), IntervalError),
        (lambda clock: clock.sleep(-1), ClockError),
        (lambda clock: clock.advance_to("09:59"), ClockError),
        (lambda clock: clock.advance_to("noon"), ClockError),
        (lambda clock: clock.advance_to(dt.time(11, tzinfo=dt.UTC)), ClockError),
        (lambda clock: clock.advance_to(pd.Timestamp("2024-07-05 11:00")), ClockError),
        (lambda clock: clock.set_backtest_time(0), ClockError),
    ])  # fmt: skip
    def test_it_never_goes_back_and_a_refusal_changes_nothing(
        self, move: Any, error: type[Exception]
    ) -> None:
        clock = ManualClock("2024-07-05", XNYS)
        clock.advance_to("10:00")
        with pytest.raises(error):
            move(clock)
        assert told(clock) == "2024-07-05T10:00:00-04:00"
        assert clock.monotonic() == 1800


class TestMonotonic:
    """monotonic(): seconds, never back, whatever session is entered."""

    @given(st.lists(SECONDS, max_size=8))
    @settings(deadline=None)
    def test_it_is_the_sum_of_what_the_clock_went_on(self, steps: list[float]) -> None:
        clock = ManualClock("2024-07-05", XNYS)
        for seconds in steps:
            clock.sleep(seconds)
        expected_ns = sum(round(seconds * 10**9) for seconds in steps)
        assert clock.monotonic() * 10**9 == pytest.approx(expected_ns, abs=1)
        assert clock.now_ns - clock.session.start_ns == expected_ns

    @given(st.lists(SECONDS | st.sampled_from(["next", "again"]), max_size=12))
    @settings(deadline=None)
    def test_it_never_goes_back(self, moves: list[Any]) -> None:
        clock, seen = ManualClock("2024-07-01", XNYS, end="2024-07-19"), [0.0]
        for move in moves:
            if move == "next" and not clock.is_last_session:
                clock.enter_next_session()
            elif move == "again":
                clock.enter_session()
            elif not isinstance(move, str):
                before = clock.monotonic()
                clock.advance(move)
                assert clock.monotonic() - before == pytest.approx(move, abs=1e-6)
            seen.append(clock.monotonic())
        assert seen == sorted(seen)

    def test_a_night_is_a_night(self) -> None:
        clock = ManualClock("2024-07-02", XNYS)
        clock.advance_to("16:00")
        clock.enter_next_session()
        assert clock.monotonic() == 24 * 3600  # from open to open


class TestWhatItIsFor:
    """Tests of workers, scanners and strategies; deadlines are tested without sleeping."""

    @pytest.mark.parametrize(("seconds", "late"), [(9.9, False), (10.1, True)])
    def test_a_deadline_passes_without_waiting(self, seconds: float, late: bool) -> None:
        clock = ManualClock("2024-07-05", XNYS)

        class Slow(BaseWorker):
            name = "slow"

            def setup(self, context: Any) -> None:
                clock.sleep(seconds)

        group = WorkerGroup([Slow()], Budget(10, clock.monotonic))
        if late:
            with pytest.raises(WorkerHungError, match=r"took 10\.1 seconds for setup"):
                group.setup(None)
        else:
            group.setup(None)

    def test_session_data_takes_it_for_the_clock_of_a_run(self) -> None:
        clock = ManualClock("2024-07-03", XNYS)
        data = SessionData(clock)
        assert data.session.label == "2024-07-03"
        assert data.clock is clock
