"""Weekly and monthly bars: pandas, causality, what the calendar says of them, and by hand."""

from __future__ import annotations

import datetime as dt
import itertools

import numpy as np
import pandas as pd
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fsm_session.errors import IntervalError
from fsm_session.market.bars import COLUMNS, PRICES, Bars, take, with_ends
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.resample import Incomplete, resample
from tests.real_data import needs_shared
from tests.unit.market.strategies import (
    bars_at,
    july,
    market,
    recorded,
    sparse_bars,
    unhurried,
    utc,
)

DAY, WEEK, MONTH = map(Interval.parse, ("1d", "1w", "1mo"))
long = st.sampled_from([WEEK, MONTH])
Drawn = tuple[Bars, list[TradingSession], MarketCalendar]
# New Year, a half-day and a holiday, the golden weeks, no Sunday ever, every day
MARKETS = (
    market("XNYS", "2023-12-18", "2024-01-31"),
    market("XNYS", "2024-06-24", "2024-07-12", "all"),
    market("XTKS", "2024-04-22", "2024-05-10"),
    market("XHKG", "2024-01-29", "2024-02-20", "all"),
    market("CMES", "2024-03-04", "2024-03-31", "all"),
    market("24/7", "2024-01-29", "2024-03-03"),
)


def daily_bars(sessions: list[TradingSession], ticks: object) -> Bars:
    """Make daily bars as a run has them: labelled by the open."""
    minutes = bars_at([s.open_ns for s in sessions], ticks)
    columns = (minutes.column(name) for name in COLUMNS)
    ends = np.array([s.close_ns for s in sessions], np.int64)
    return evolve(Bars.base(DAY, minutes.time, *columns), end=ends)


@st.composite
def traded(draw: st.DrawFn, gaps: int = 60) -> Drawn:
    """Draw a market, a run of its sessions that lacks some, and a daily bar of each."""
    calendar = draw(st.sampled_from(MARKETS))
    known = calendar.sessions
    start, count = draw(st.integers(0, len(known) - 1)), draw(st.integers(0, 70))
    run = range(start, min(start + count, len(known)))
    lacking = draw(st.sets(st.integers(start, start + 69), max_size=gaps))
    sessions = [known[place] for place in run if place not in lacking]
    ticks = draw(arrays(np.int64, (len(sessions), 5), elements=st.integers(1, 10_000)))
    return daily_bars(sessions, ticks), sessions, calendar


def period(date: dt.date, interval: Interval) -> tuple[int, ...]:
    """Name the ISO week or the month of a date."""
    return tuple(date.isocalendar()[:2]) if interval == WEEK else (date.year, date.month)


def dates_of(date: dt.date, interval: Interval) -> list[dt.date]:
    """Give all dates, trading days or not, of the ISO week or month of a date."""
    days = (date + dt.timedelta(step) for step in range(-40, 40))
    return [day for day in days if period(day, interval) == period(date, interval)]


def known_sessions(
    one: TradingSession, interval: Interval, calendar: MarketCalendar
) -> list[TradingSession]:
    """Give all sessions that a calendar knows in the week or month of one, in plain Python."""
    return [s for s in calendar.sessions if period(s.date, interval) == period(one.date, interval)]


class TestAgainstPandas:
    """A period is an ISO week (Monday to Sunday) or a calendar month of the sessions' dates."""

    @unhurried
    @given(traded(), long)
    def test_values_and_counts(self, drawn: Drawn, interval: Interval) -> None:
        bars, sessions, calendar = drawn
        made = resample(bars, interval, calendar)
        frame = bars.frame().assign(count=1)
        frame.index = pd.DatetimeIndex([s.date for s in sessions])
        rule = "W-SUN" if interval == WEEK else "MS"
        rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        expected = frame.resample(rule).agg({**rules, "count": "sum"})
        expected = expected[expected["count"] > 0]
        assert made.interval == interval
        for name in (*COLUMNS, "count"):
            assert made.column(name).tolist() == expected[name].tolist()

    @unhurried
    @given(traded(), long)
    def test_called_by_the_open_of_the_periods_first_session_by_the_calendar(
        self, drawn: Drawn, interval: Interval
    ) -> None:
        bars, sessions, calendar = drawn
        made = resample(bars, interval, calendar)
        groups = itertools.groupby(sessions, lambda s: period(s.date, interval))
        heads = [next(group) for _, group in groups]
        firsts = [known_sessions(head, interval, calendar)[0] for head in heads]
        assert made.time.tolist() == [first.open_ns for first in firsts]


class TestCausality:
    """The running week's bar is not finished before its last session has ended."""

    @unhurried
    @given(traded(), long)
    def test_the_end_is_that_of_the_calendars_last_session_or_later(
        self, drawn: Drawn, interval: Interval
    ) -> None:
        bars, _, calendar = drawn
        made = resample(bars, interval, calendar)
        assert (np.diff(made.end) > 0).all()
        for time, end in zip(made.time.tolist(), made.end.tolist(), strict=True):
            first = next(s for s in calendar.sessions if s.open_ns == time)
            last = known_sessions(first, interval, calendar)[-1]
            if dates_of(first.date, interval)[-1] <= calendar.last:
                assert end == last.end_ns
            else:
                assert end >= max(last.end_ns, utc(f"{dates_of(first.date, interval)[-1]} 12:00"))

    @unhurried
    @given(traded(), long, st.integers(0, 70))
    def test_what_has_ended_is_not_changed_by_what_comes(
        self, drawn: Drawn, interval: Interval, length: int
    ) -> None:
        bars, _, calendar = drawn
        for incomplete in ("keep", "drop"):
            whole = resample(bars, interval, calendar, incomplete)
            part = resample(bars[:length], interval, calendar, incomplete)
            now = bars.end[length] - 1 if length < len(bars) else np.iinfo(np.int64).max
            ended = int((whole.end <= now).sum())
            assert int((part.end <= now).sum()) == ended
            assert part[:ended].same(whole[:ended])

    @unhurried
    @given(traded(), long, st.data())
    def test_where_the_calendar_ends_within_a_period_its_dates_have_to_end(
        self, drawn: Drawn, interval: Interval, data: st.DataObject
    ) -> None:
        bars, sessions, calendar = drawn
        count = data.draw(st.integers(1, len(calendar.sessions)))
        known = calendar.sessions[:count]
        shorter = MarketCalendar(calendar.name, calendar.zone, calendar.hours, known)
        kept = take(bars, np.array([s.date <= known[-1].date for s in sessions], bool))
        for time, end in zip(*_times(resample(kept, interval, shorter)), strict=True):
            first = next(s for s in known if s.open_ns == time)
            final = known_sessions(first, interval, shorter)[-1]
            stop = dates_of(first.date, interval)[-1]
            after = pd.Timestamp(stop + dt.timedelta(1), tz=calendar.zone).value
            assert end == (final.end_ns if stop <= known[-1].date else after)
            assert end >= known_sessions(first, interval, calendar)[-1].end_ns


def _times(bars: Bars) -> tuple[list[int], list[int]]:
    return bars.time.tolist(), bars.end.tolist()


class TestFromWithinADay:
    """Weeks and months are made from daily bars, or from bars within a day by making days
    first."""

    @unhurried
    @given(st.sampled_from(MARKETS).flatmap(lambda m: st.tuples(sparse_bars(m), st.just(m))), long)
    def test_as_from_the_days_that_they_make(
        self, drawn: tuple[Bars, MarketCalendar], interval: Interval
    ) -> None:
        bars, calendar = drawn
        made = resample(bars, interval, calendar)
        assert made.same(resample(resample(bars, DAY, calendar), interval, calendar))
        assert made.count.sum() == len(bars)
        assert made.volume.sum() == bars.volume.sum()

    @pytest.mark.parametrize("base", ["1w", "1mo"])
    @pytest.mark.parametrize("wanted", ["1d", "1w", "1mo"])
    def test_nothing_is_made_from_weeks_or_months(self, base: str, wanted: str) -> None:
        with pytest.raises(IntervalError, match=f"{wanted} can't be made from bars of {base}"):
            resample(Bars.empty(Interval.parse(base)), Interval.parse(wanted), july())

    @pytest.mark.parametrize("base", ["1m", "1d"])
    @pytest.mark.parametrize("wanted", [WEEK, MONTH])
    @pytest.mark.parametrize("incomplete", ["keep", "drop"])
    def test_nothing_gives_nothing(
        self, base: str, wanted: Interval, incomplete: Incomplete
    ) -> None:
        made = resample(Bars.empty(Interval.parse(base)), wanted, july(), incomplete)
        assert made.same(Bars.empty(wanted))


class TestDrop:
    """With "drop", a week or month is kept where every session of it by the calendar has a full
    day."""

    @unhurried
    @given(traded(gaps=3), long)
    def test_a_daily_bar_for_each_session(self, drawn: Drawn, interval: Interval) -> None:
        bars, sessions, calendar = drawn
        kept = resample(bars, interval, calendar)
        full = []
        for time in kept.time.tolist():
            first = next(s for s in calendar.sessions if s.open_ns == time)
            dates = dates_of(first.date, interval)
            known = calendar.first <= dates[0] and dates[-1] <= calendar.last
            full.append(known and set(known_sessions(first, interval, calendar)) <= {*sessions})
        assert resample(bars, interval, calendar, "drop").same(take(kept, np.array(full, bool)))

    def test_of_minutes_each_day_must_be_full(self) -> None:
        calendar = july()
        week = calendar.between(dt.date(2024, 7, 1), dt.date(2024, 7, 5))
        times = [t for s in week for t in range(s.open_ns, s.close_ns, 300 * 10**9)]
        for lacking in (None, 0, 77, 78, len(times) - 1):
            present = [t for place, t in enumerate(times) if place != lacking]
            ones = [np.ones(len(present))] * 5
            bars = Bars.base(Interval.parse("5m"), present, *ones)
            made = resample(bars, WEEK, calendar, "drop")
            assert made.count.tolist() == ([3 * 78 + 42] if lacking is None else [])
            assert len(resample(bars, MONTH, calendar, "drop")) == 0

    @pytest.mark.parametrize(("first", "last"), [(1, 4), (0, 3)])
    def test_a_week_of_which_a_part_may_be_unknown_is_not_full(self, first: int, last: int) -> None:
        week = july().between(dt.date(2024, 7, 8), dt.date(2024, 7, 14))[first : last + 1]
        calendar = MarketCalendar("XNYS", july().zone, "regular", week)
        bars = daily_bars(list(week), np.ones((len(week), 5)))
        assert resample(bars, WEEK, calendar).count.tolist() == [len(week)]
        assert len(resample(bars, WEEK, calendar, "drop")) == 0


class TestByHand:
    """The bar's label is the open of the period's first session by the calendar, its end the
    end of the window of its last."""

    def test_a_week_with_a_holiday(self) -> None:
        calendar = july()
        dates = ["2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08"]
        sessions = [calendar.session(dt.date.fromisoformat(date)) for date in dates]
        bars = daily_bars(sessions, [[4, 6, 8, 9, 10], [5, 5, 5, 5, 1], [2, 3, 9, 4, 7], [1] * 5])
        made = resample(bars, WEEK, calendar)
        # Monday the 1st has no bar, and gives its name all the same
        assert made.time.tolist() == [utc("2024-07-01 13:30"), utc("2024-07-08 13:30")]
        assert made.end.tolist() == [utc("2024-07-05 20:00"), utc("2024-07-12 20:00")]
        assert made.count.tolist() == [3, 1]
        assert made.volume.tolist() == [18.0, 1.0]
        first = [made.column(name)[0] for name in PRICES]
        assert first == [0.06, 0.09, 0.02, bars.close[2]]
        month = resample(bars, MONTH, calendar)
        assert month.time.tolist() == [utc("2024-07-01 13:30")]
        assert month.end.tolist() == [utc("2024-07-31 20:00")]

    def test_a_week_over_the_new_year(self) -> None:
        calendar = market("XNYS", "2024-12-30", "2025-01-03")
        week = list(calendar.between(dt.date(2024, 12, 30), dt.date(2025, 1, 3)))
        bars = daily_bars(week, np.ones((4, 5)))
        assert resample(bars, WEEK, calendar).count.tolist() == [4]
        assert resample(bars, MONTH, calendar).count.tolist() == [2, 2]

    def test_all_hours_end_with_the_window_of_the_last_day(self) -> None:
        calendar = july("all")
        bars = daily_bars([calendar.session(dt.date(2024, 7, 3))], np.ones((1, 5)))
        assert resample(bars, WEEK, calendar).end.tolist() == [utc("2024-07-06 04:00")]
        assert resample(bars, MONTH, calendar).end.tolist() == [utc("2024-08-01 04:00")]

    def test_a_holiday_at_the_end_of_a_month(self) -> None:
        # Good Friday 2024 was the 29th of March, the last weekday of the month
        calendar = market("XNYS", "2024-03-25", "2024-03-28")
        bars = daily_bars([calendar.session(dt.date(2024, 3, 25))], np.ones((1, 5)))
        assert resample(bars, MONTH, calendar).end.tolist() == [utc("2024-03-28 20:00")]
        assert resample(bars, WEEK, calendar).end.tolist() == [utc("2024-03-28 20:00")]

    def test_where_exchange_calendars_knows_no_more(self) -> None:
        calendar = market("XHKG", "2049-12-01", "2049-12-10")
        bars = daily_bars([calendar.session(dt.date(2049, 12, 30))], np.ones((1, 5)))
        # Sunday the 2nd of January ends in Hong Kong; of December all is known
        assert resample(bars, WEEK, calendar).end.tolist() == [utc("2050-01-02 16:00")]
        assert resample(bars, MONTH, calendar).end.tolist() == [utc("2049-12-31 04:00")]

    @pytest.mark.parametrize("stamp", ["2024-07-03", "2024-07-03 04:00", "2024-07-03 13:30"])
    @pytest.mark.parametrize("interval", [WEEK, MONTH])
    def test_however_a_daily_bar_is_stamped(self, stamp: str, interval: Interval) -> None:
        for calendar in (july(), july("all")):
            bars = evolve(bars_at([utc(stamp)], np.ones((1, 5))), interval=DAY)
            made = resample(bars, interval, calendar)
            assert made.time.tolist() == [utc("2024-07-01 13:30")]

    def test_no_column_can_be_written(self) -> None:
        bars = daily_bars([july().session(dt.date(2024, 7, 3))], np.ones((1, 5)))
        for made in (resample(bars, WEEK, july()), resample(bars, MONTH, july())):
            for name in (*COLUMNS, "time", "end", "count"):
                assert not made.column(name).flags.writeable

    @pytest.mark.parametrize("interval", [WEEK, MONTH])
    def test_their_ends_are_found_again(self, interval: Interval) -> None:
        for calendar in MARKETS:
            bars = daily_bars(list(calendar.sessions), np.ones((len(calendar.sessions), 5)))
            made = resample(bars, interval, calendar)
            assert with_ends(evolve(made, end=made.time), calendar).same(made)


@needs_shared
class TestRecorded:
    """Recorded minutes, summed up by pandas over the dates of New York."""

    @pytest.mark.parametrize("interval", [WEEK, MONTH])
    @pytest.mark.parametrize("name", ["market_prices/MSFT_1m_2024", "pyalgotrade/SPY_1m_201101"])
    def test_against_pandas(self, name: str, interval: Interval) -> None:
        bars, calendar = recorded(name)
        bars = take(bars, calendar.locate(bars.time) >= 0)
        made = resample(bars, interval, calendar)
        frame = bars.frame(calendar.zone)
        frame.index = pd.DatetimeIndex(frame.index).tz_localize(None).normalize()
        bins = frame.resample("W-SUN" if interval == WEEK else "MS")
        rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        expected = bins.agg(rules).dropna()
        assert len(expected)
        for column in COLUMNS:
            assert made.column(column).tolist() == expected[column].tolist()
