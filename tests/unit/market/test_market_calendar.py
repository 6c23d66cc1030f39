"""The calendar against exchange_calendars, recorded sessions, and cases by hand."""

from __future__ import annotations

import datetime as dt
import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session.errors import CalendarError
from fsm_session.market.calendar import Hours, MarketCalendar
from fsm_session.market.calendar_load import windows
from fsm_session.market.interval import Interval
from fsm_session.market.schedule import NOT_A_TIME, Schedule
from tests.real_data import SHARED, needs_shared
from tests.unit.market.strategies import RECORDED, july, market, unhurried, utc

HOUR = 3_600_000_000_000
YEAR = ("2024-01-01", "2024-12-31")
NAMES = ("XNYS", "XLON", "XHKG", "XTKS", "CMES", "24/7", "24/5")


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@cache
def official(name: str) -> Any:
    import exchange_calendars as xc

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return xc.get_calendar(name, start="2023-11-01", end="2025-02-28", side="left")


class TestAgainstExchangeCalendars:
    """The calendar: any exchange_calendars name, "24/7" too."""

    @pytest.mark.parametrize("name", NAMES)
    def test_a_year_of_sessions(self, name: str) -> None:
        ours = market(name, *YEAR).between(*map(day, YEAR))
        theirs = official(name).schedule.loc[YEAR[0] : YEAR[1]]
        assert [s.date for s in ours] == [stamp.date() for stamp in theirs.index]
        for field, column in (("open_ns", "open"), ("close_ns", "close")):
            expected = theirs[column].dt.as_unit("ns").astype("int64").tolist()
            assert [getattr(s, field) for s in ours] == expected
        breaks = [stamp.value if stamp is not pd.NaT else None for stamp in theirs["break_start"]]
        assert [s.break_start_ns for s in ours] == breaks
        early = {stamp.date() for stamp in official(name).early_closes}
        assert {s.date for s in ours if s.early_close} == early & {s.date for s in ours}

    @unhurried
    @given(st.sampled_from(NAMES), st.dates(day("2024-01-01"), day("2024-12-31")))
    def test_questions_about_any_date(self, name: str, date: dt.date) -> None:
        ours, theirs = market(name, *YEAR), official(name)
        stamp = pd.Timestamp(date)
        assert ours.is_session(date) is theirs.is_session(stamp)
        assert ours.first_session(date).date == theirs.date_to_session(stamp, "next").date()
        following = ours.next_session(date)
        tomorrow = stamp + pd.Timedelta(days=1)
        assert following
        assert following.date == theirs.date_to_session(tomorrow, "next").date()

    @unhurried
    @given(
        st.sampled_from(NAMES), st.dates(day("2024-02-01"), day("2024-12-31")), st.integers(0, 9)
    )
    def test_the_sessions_before(self, name: str, date: dt.date, count: int) -> None:
        stamps = official(name).sessions
        expected = [stamp.date() for stamp in stamps[stamps < pd.Timestamp(date)]][-count or 9999 :]
        assert [s.date for s in market(name, *YEAR).before(date, count)] == expected

    # each example builds a calendar
    @settings(deadline=None, max_examples=40)
    @given(
        st.sampled_from(NAMES),
        st.dates(day("2024-01-15"), day("2024-12-15")),
        st.integers(0, 30),
        st.integers(0, 12),
    )
    def test_a_load_holds_what_was_asked_for(
        self, name: str, first: dt.date, days: int, before: int
    ) -> None:
        last = first + dt.timedelta(days)
        ours = MarketCalendar.load(name, first, last, "all", before)
        stamps = [stamp.date() for stamp in official(name).sessions]
        between = [date for date in stamps if first <= date <= last]
        assert [s.date for s in ours.between(first, last)] == between
        earlier = [date for date in stamps if date < first]
        assert [s.date for s in ours.before(first, before)] == earlier[len(earlier) - before :]
        assert ours.next_session(last) is not None

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("last", ["2024-07-02", "2024-07-05", "2024-07-07"])
    def test_a_session_is_the_same_however_much_is_loaded(self, name: str, last: str) -> None:
        whole = market(name, "2024-05-01", "2024-08-31", "all")
        ours = MarketCalendar.load(name, day("2024-07-01"), day(last), "all", before=2)
        assert all(whole.session(s.date) == s for s in ours.sessions)


class TestPeriods:
    """A session's week (Monday to Sunday) and month: what is loaded holds them whole."""

    # each example builds a calendar
    @settings(deadline=None, max_examples=15)
    @given(
        st.sampled_from(NAMES),
        st.dates(day("2024-02-15"), day("2024-12-31")),
        st.integers(0, 30),
        st.integers(0, 12),
    )
    def test_of_all_that_was_asked_for(
        self, name: str, first: dt.date, days: int, before: int
    ) -> None:
        last = min(first + dt.timedelta(days), day("2024-12-31"))
        ours = MarketCalendar.load(name, first, last, "regular", before)
        dates = [stamp.date() for stamp in official(name).sessions]
        asked = [*ours.before(first, before), *ours.between(first, last)]
        for rule, text in (("W-SUN", "1w"), ("M", "1mo")):
            for session in asked:
                whole = pd.Period(session.date, rule)
                within = [d for d in dates if whole.start_time.date() <= d <= whole.end_time.date()]
                found = ours.first_of_period(session, Interval.parse(text))
                assert found.date == within[0]
                assert [s.date for s in ours.between(within[0], within[-1])] == within
            periods = ours.periods(Interval.parse(text))
            places = [ours.sessions.index(session) for session in asked]
            assert periods.whole[places].all()

    def test_of_a_day_and_less_the_session_is_the_first(self) -> None:
        third = july().session(day("2024-07-03"))
        for text in ("1s", "1h", "1d"):
            assert july().first_of_period(third, Interval.parse(text)) is third

    def test_by_hand(self) -> None:
        calendar = market("XNYS", "2024-08-30", "2024-09-06")
        friday = calendar.session(day("2024-09-06"))
        # Labor Day is the first Monday of September
        for text, label in (("1w", "2024-09-03"), ("1mo", "2024-09-03")):
            assert calendar.first_of_period(friday, Interval.parse(text)).label == label
        august = calendar.session(day("2024-08-30"))
        for text, label in (("1w", "2024-08-26"), ("1mo", "2024-08-01")):
            assert calendar.first_of_period(august, Interval.parse(text)).label == label

    @pytest.mark.parametrize(("text", "first"), [("1w", "2024-07-02"), ("1mo", "2024-07-02")])
    def test_what_may_have_begun_earlier_is_not_guessed(self, text: str, first: str) -> None:
        known = july().between(day(first), day("2024-07-05"))
        calendar = MarketCalendar("XNYS", july().zone, "regular", known)
        with pytest.raises(CalendarError, match="2024-07-01 is outside"):
            calendar.first_of_period(known[-1], Interval.parse(text))
        # whoever knows that the 1st was a holiday has to say so
        told = MarketCalendar("XNYS", july().zone, "regular", known, first=day("2024-07-01"))
        assert told.first_of_period(known[-1], Interval.parse(text)) == known[0]

    def test_columns_are_read_only(self) -> None:
        for text in ("1h", "1d", "1w", "1mo"):
            periods = july().periods(Interval.parse(text))
            for name in ("first", "last", "ends_ns", "whole"):
                assert len(getattr(periods, name)) == len(july().sessions)
                assert not getattr(periods, name).flags.writeable


class TestByHand:
    """`get_trading_session(date)` (open, close, early close), `get_next_trading_date(date)`
    (exclusive), `get_first_trading_date(date)` (inclusive)."""

    def test_a_half_day(self) -> None:
        session = july().session(day("2024-07-03"))
        assert session.early_close
        assert session.open_ns == utc("2024-07-03 13:30")
        assert session.close_ns == utc("2024-07-03 17:00")
        assert str(session.close) == "2024-07-03 13:00:00-04:00"
        assert session.label == "2024-07-03"
        assert not july().session(day("2024-07-02")).early_close

    def test_a_holiday(self) -> None:
        calendar = july()
        fourth = day("2024-07-04")
        assert not calendar.is_session(fourth)
        assert calendar.first_session(fourth).date == day("2024-07-05")
        following = calendar.next_session(day("2024-07-03"))
        assert following
        assert following.date == day("2024-07-05")
        assert [s.label for s in calendar.before(fourth, 2)] == ["2024-07-02", "2024-07-03"]
        with pytest.raises(CalendarError, match=r"no session on 2024-07-04.*07-03 and 2024-07-05"):
            calendar.session(fourth)

    def test_the_clocks_change(self) -> None:
        calendar = market("XNYS", "2024-03-08", "2024-03-11")
        assert calendar.session(day("2024-03-08")).open_ns == utc("2024-03-08 14:30")
        assert calendar.session(day("2024-03-11")).open_ns == utc("2024-03-11 13:30")

    def test_it_never_closes(self) -> None:
        calendar = market("24/7", "2024-07-01", "2024-07-07")
        assert len(calendar.between(day("2024-07-01"), day("2024-07-07"))) == 7
        assert (calendar.ends_ns[:-1] == calendar.starts_ns[1:]).all()

    def test_it_opens_the_evening_before(self) -> None:
        session = market("CMES", "2024-03-11", "2024-03-12").session(day("2024-03-11"))
        assert str(session.open) == "2024-03-10 17:00:00-05:00"
        assert str(session.close) == "2024-03-11 17:00:00-05:00"

    def test_it_breaks_for_lunch(self) -> None:
        session = market("XHKG", "2024-07-02", "2024-07-02").session(day("2024-07-02"))
        assert session.break_start_ns == utc("2024-07-02 04:00")
        assert session.break_end_ns == utc("2024-07-02 05:00")

    def test_an_alias_is_a_name(self) -> None:
        assert market("NYSE", "2024-07-01", "2024-07-05").name == "XNYS"

    @needs_shared
    @pytest.mark.parametrize("name", RECORDED)
    def test_recorded_sessions(self, name: str) -> None:
        rows = pd.read_csv(SHARED / "golden" / f"{name}_sessions.csv")
        dates = rows["session"].tolist()
        calendar = market("XNYS", dates[0], dates[-1])
        sessions = calendar.between(day(dates[0]), day(dates[-1]))
        assert [s.label for s in sessions] == dates
        assert [s.open_ns for s in sessions] == [pd.Timestamp(t).value for t in rows["open_utc"]]
        assert [s.close_ns for s in sessions] == [pd.Timestamp(t).value for t in rows["close_utc"]]


class TestWindows:
    """`hours = "regular"` (default) takes bars that start in [open, close); `"all"` takes all."""

    @pytest.mark.parametrize("name", NAMES)
    def test_regular_hours(self, name: str) -> None:
        calendar = market(name, *YEAR)
        assert (calendar.starts_ns == calendar.opens_ns).all()
        assert (calendar.ends_ns == calendar.closes_ns).all()

    @pytest.mark.parametrize("name", NAMES)
    def test_all_hours_hold_the_regular_ones_and_never_overlap(self, name: str) -> None:
        calendar = market(name, *YEAR, "all")
        assert (calendar.starts_ns <= calendar.opens_ns).all()
        assert (calendar.closes_ns <= calendar.ends_ns).all()
        assert (calendar.ends_ns[:-1] <= calendar.starts_ns[1:]).all()

    def test_all_hours_by_hand(self) -> None:
        session = july("all").session(day("2024-07-03"))
        assert (session.start_ns, session.end_ns) == (
            utc("2024-07-03 04:00"),
            utc("2024-07-04 04:00"),
        )
        friday = market("CMES", "2024-03-08", "2024-03-08", "all").session(day("2024-03-08"))
        assert friday.start_ns == utc("2024-03-07 23:00")
        assert friday.end_ns == utc("2024-03-09 06:00")

    def test_a_session_beyond_midnight_is_not_cut(self) -> None:
        hours = np.array([10, 26, 34, 50]) * HOUR
        late = Schedule(
            name="LATE",
            zone="UTC",
            days=np.arange(2),
            opens_ns=hours[::2],
            closes_ns=hours[1::2],
            break_starts_ns=np.full(2, NOT_A_TIME),
            break_ends_ns=np.full(2, NOT_A_TIME),
            early=np.zeros(2, bool),
        )
        starts, ends = windows(late, "all")
        assert starts.tolist() == [0, 26 * HOUR]
        assert ends.tolist() == [26 * HOUR, 50 * HOUR]

    @unhurried
    @given(
        st.sampled_from(NAMES),
        st.sampled_from(["regular", "all"]),
        st.lists(st.integers(utc("2023-12-25"), utc("2025-01-10")), max_size=20),
    )
    def test_locate(self, name: str, hours: Hours, times: list[int]) -> None:
        calendar = market(name, *YEAR, hours)
        edges = [edge + step for edge in calendar.ends_ns[:3].tolist() for step in (-1, 0, 1)]
        asked = np.array(times + edges, np.int64)
        expected = [
            next((i for i, s in enumerate(calendar.sessions) if s.start_ns <= t < s.end_ns), -1)
            for t in asked.tolist()
        ]
        assert calendar.locate(asked).tolist() == expected

    @pytest.mark.parametrize("name", NAMES)
    @pytest.mark.parametrize("hours", ["regular", "all"])
    def test_locate_days_by_midnight_and_by_open(self, name: str, hours: Hours) -> None:
        calendar = market(name, *YEAR, hours)
        expected = list(range(len(calendar.sessions)))
        dates = pd.DatetimeIndex([s.date for s in calendar.sessions])
        for zone in ("UTC", calendar.zone):
            midnights = dates.tz_localize(zone).as_unit("ns").asi8
            assert calendar.locate_days(midnights).tolist() == expected
        assert calendar.locate_days(calendar.opens_ns).tolist() == expected

    def test_columns_are_parallel_and_read_only(self) -> None:
        calendar = july("all")
        for name in ("opens_ns", "closes_ns", "starts_ns", "ends_ns"):
            column = getattr(calendar, name)
            assert column.tolist() == [getattr(s, f"{name[:-4]}_ns") for s in calendar.sessions]
            with pytest.raises(ValueError, match="read-only"):
                column[0] = 0


class TestRefusals:
    """Raises CalendarError: no such calendar, dates reversed or unknown to it."""

    @pytest.mark.parametrize(
        ("name", "first", "last", "before", "words"),
        [
            ("NYS", "2024-07-01", "2024-07-05", 0, "no calendar 'NYS'.*NYSE"),
            ("", "2024-07-01", "2024-07-05", 0, "no calendar ''"),
            ("XNYS", "2024-07-05", "2024-07-01", 0, "reversed"),
            ("XHKG", "2051-01-04", "2051-01-05", 0, "XHKG knows the dates from .* to 2049-12-31"),
            ("XNYS", "0001-01-01", "0001-02-01", 0, "knows the dates"),
            ("XNYS", "9999-12-01", "9999-12-31", 0, "knows the dates"),
            ("XHKG", "1960-01-05", "1960-01-06", 50, "2 sessions before 1960-01-05, not 50"),
        ],
    )
    def test_in_words(self, name: str, first: str, last: str, before: int, words: str) -> None:
        with pytest.raises(CalendarError, match=words):
            MarketCalendar.load(name, day(first), day(last), before=before)

    def test_the_last_recorded_session_has_none_behind(self) -> None:
        calendar = MarketCalendar.load("XHKG", day("2049-12-30"), day("2049-12-31"))
        assert calendar.next_session(day("2049-12-31")) is None
        assert calendar.sessions[-1].date == day("2049-12-31")

    @pytest.mark.parametrize("question", ["session", "is_session", "first_session", "next_session"])
    def test_what_is_not_loaded_is_not_guessed(self, question: str) -> None:
        with pytest.raises(CalendarError, match="outside"):
            getattr(july(), question)(day("2019-07-01"))

    def test_too_few_before(self) -> None:
        with pytest.raises(CalendarError, match="known sessions before"):
            july().before(day("2024-07-03"), 500)

    def test_a_session_is_named_by_a_date(self) -> None:
        assert july().is_session(pd.Timestamp("2024-07-03"))
        for instant in (pd.Timestamp("2024-07-03 10:00"), pd.Timestamp("2024-07-03", tz="UTC")):
            with pytest.raises(CalendarError, match="an instant"):
                july().is_session(instant)
