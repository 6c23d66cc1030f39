"""Spans: spellings, and the sessions they cover, by pandas' dates and by hand."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import CalendarError, ConfigError, IntervalError
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.span import HalfDays, Span, Unit
from tests.unit.market.strategies import market, unhurried

FIRST, LAST = dt.date(2023, 1, 1), dt.date(2024, 12, 31)
LOADED = market("XNYS", str(FIRST), str(LAST))
# no more than these years, whatever is loaded around them
YEARS = MarketCalendar("XNYS", LOADED.zone, "regular", LOADED.between(FIRST, LAST), FIRST, LAST)
DATES = pd.DatetimeIndex([each.date for each in YEARS.sessions])
# the half-days of New York in those years, as its own site lists them
HALF_DAYS = pd.DatetimeIndex(["2023-07-03", "2023-11-24", "2024-07-03", "2024-11-29", "2024-12-24"])

spans = st.builds(Span, st.integers(1, 9999), st.sampled_from(get_args(Unit)))
halves = st.sampled_from(get_args(HalfDays))
#: far enough from the calendar's first date for every span that is drawn beside them
sessions = st.sampled_from(YEARS.sessions[250:])


def covered(text: str, date: str, half_days: HalfDays = "count") -> list[str]:
    session = YEARS.session(dt.date.fromisoformat(date))
    return [s.label for s in Span.parse(text).sessions(YEARS, session, half_days)]


def before_date(session: TradingSession) -> pd.DatetimeIndex:
    return DATES[: DATES.get_loc(pd.Timestamp(session.date))]


def dates(found: tuple[TradingSession, ...]) -> list[dt.date]:
    return [session.date for session in found]


class TestSpelling:
    """`10d`, `4w`, `3mo` and the spellings day(s), week(s), wk, month(s), mon."""

    @given(spans)
    def test_the_label_reads_back(self, span: Span) -> None:
        assert Span.parse(span.label) == span
        assert Span.parse(str(span)) == span
        assert hash(Span.parse(span.label)) == hash(span)

    @pytest.mark.parametrize(
        ("spellings", "unit"),
        [
            ("d day days D Days", "d"),
            ("w wk wks week weeks W", "w"),
            ("mo mon month months MO Month", "mo"),
        ],
    )
    def test_and_the_like(self, spellings: str, unit: Unit) -> None:
        for spelling in spellings.split():
            assert Span.parse(f"12{spelling}") == Span(12, unit)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("3m", "3mo for months"),
            ("3M", "3mo for months"),
            ("1h", "no unit 'h'"),
            ("5y", "no unit 'y'"),
            ("0d", "1 to 9999"),
            ("10000d", "1 to 9999"),
            ("d", "whole number"),
            ("1.5w", "whole number"),
            ("-5d", "whole number"),
            ("5 d", "whole number"),
            ("\u0665d", "whole number"),
            ("", "whole number"),
            ("5", "whole number"),
        ],
    )
    def test_what_is_wrong_is_refused_with_what_would_be_right(self, text: str, hint: str) -> None:
        with pytest.raises(IntervalError, match=hint) as error:
            Span.parse(text)
        assert repr(text) in str(error.value)
        assert isinstance(error.value, ConfigError)

    @given(st.text(max_size=6))
    def test_any_other_text_is_an_interval_error(self, text: str) -> None:
        try:
            span = Span.parse(text)
        except IntervalError:
            return
        assert 1 <= span.number <= 9999

    @pytest.mark.parametrize(
        ("number", "unit"), [(0, "d"), (10_000, "d"), (True, "d"), (1.0, "w"), (1, "h"), (1, [])]
    )
    def test_nor_is_one_made_of_anything_else(self, number: int, unit: Unit) -> None:
        with pytest.raises(IntervalError):
            Span(number, unit)


class TestDays:
    """Nd" = the last N sessions; with "skip": the last N that are no early closes."""

    @unhurried
    @given(sessions, st.integers(1, 200), halves)
    def test_the_last_sessions(
        self, session: TradingSession, number: int, half_days: HalfDays
    ) -> None:
        before = before_date(session)
        if half_days == "skip":
            before = before.difference(HALF_DAYS)
        found = Span(number, "d").sessions(YEARS, session, half_days)
        assert dates(found) == [stamp.date() for stamp in before[-number:]]

    def test_by_hand(self) -> None:
        assert covered("3d", "2024-07-08") == ["2024-07-02", "2024-07-03", "2024-07-05"]
        assert covered("3d", "2024-07-08", "skip") == ["2024-07-01", "2024-07-02", "2024-07-05"]
        # the half-day itself looks back as any other day
        assert covered("1d", "2024-07-03", "skip") == ["2024-07-02"]


class TestWeeksAndMonths:
    """Nw" = sessions with date >= session.date - N*7 days; "Nmo" = date >= session.date minus N
    calendar months, the end of the month clipped."""

    @unhurried
    @given(sessions, st.integers(1, 40), halves)
    def test_weeks(self, session: TradingSession, number: int, half_days: HalfDays) -> None:
        self._check(session, Span(number, "w"), pd.DateOffset(weeks=number), half_days)

    @unhurried
    @given(sessions, st.integers(1, 11), halves)
    def test_months(self, session: TradingSession, number: int, half_days: HalfDays) -> None:
        self._check(session, Span(number, "mo"), pd.DateOffset(months=number), half_days)

    def _check(
        self, session: TradingSession, span: Span, offset: pd.DateOffset, half_days: HalfDays
    ) -> None:
        today = pd.Timestamp(session.date)
        inside = before_date(session)
        inside = inside[inside >= today - offset]
        if half_days == "skip":
            inside = inside.difference(HALF_DAYS)
        found = span.sessions(YEARS, session, half_days)
        assert dates(found) == [stamp.date() for stamp in inside]

    def test_by_hand(self) -> None:
        week = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05"]
        assert covered("1w", "2024-07-08") == week
        assert covered("1w", "2024-07-08", "skip") == [week[0], week[1], week[3]]
        # a month before 2024-03-29 is 2024-02-29, and so it is before 2024-07-31 to 2024-06-30
        assert covered("1mo", "2024-03-28")[0] == "2024-02-28"
        assert covered("1mo", "2024-07-31")[0] == "2024-07-01"
        assert covered("2mo", "2024-04-30")[0] == "2024-02-29"

    def test_a_week_may_cover_no_session(self) -> None:
        # Golden Week and what lies around it: ten days
        tokyo = market("XTKS", "2019-04-01", "2019-05-10")
        session = tokyo.session(dt.date(2019, 5, 7))
        assert Span(1, "w").sessions(tokyo, session) == ()
        assert len(Span(2, "w").sessions(tokyo, session)) == 4


class TestReach:
    """CalendarError if the loaded calendar does not reach far enough back to know."""

    @unhurried
    @given(st.sampled_from(YEARS.sessions), spans, halves)
    def test_covered_or_refused(
        self, session: TradingSession, span: Span, half_days: HalfDays
    ) -> None:
        before = before_date(session)
        if half_days == "skip":
            before = before.difference(HALF_DAYS)
        today, start = pd.Timestamp(session.date), pd.Timestamp(FIRST)
        # beyond two years there is nothing, nor does pandas reach back as far as spans do
        number = min(span.number, 200)
        known = {
            "d": len(before) >= span.number,
            "w": today - pd.DateOffset(weeks=number) >= start,
            "mo": today - pd.DateOffset(months=number) >= start,
        }
        if known[span.unit]:
            assert set(dates(span.sessions(YEARS, session, half_days))) <= set(before.date)
        else:
            with pytest.raises(CalendarError, match=f"{span} before {session.label}.*2023-01-01"):
                span.sessions(YEARS, session, half_days)

    def test_dates_without_a_session_are_known_too(self) -> None:
        # the calendar begins on a Sunday and a holiday
        session = YEARS.session(dt.date(2023, 1, 9))
        found = Span(1, "w").sessions(YEARS, session)
        assert [s.label for s in found] == ["2023-01-03", "2023-01-04", "2023-01-05", "2023-01-06"]
        with pytest.raises(CalendarError):
            Span(2, "w").sessions(YEARS, session)
        february = YEARS.session(dt.date(2023, 2, 1))
        assert len(Span(1, "mo").sessions(YEARS, february)) == 20

    def test_before_the_year_one(self) -> None:
        first = YEARS.sessions[0]
        ancient = TradingSession(dt.date(300, 1, 1), 0, 1, False, first.zone)
        for unit in ("w", "mo"):
            with pytest.raises(CalendarError):
                Span(9999, unit).sessions(YEARS, ancient)
