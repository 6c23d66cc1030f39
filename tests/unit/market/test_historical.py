"""Historical indicators: against pandas, session by session, and by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from attrs import evolve, field, frozen
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fsm_session.errors import CalendarError, IndicatorError, IntervalError
from fsm_session.market.bars import Bars, concat, take, with_ends
from fsm_session.market.calendar import Hours, MarketCalendar, TradingSession
from fsm_session.market.historical import (
    Column,
    Historical,
    HistoricalSpec,
    Statistic,
    compute_historical,
    faults_of,
)
from fsm_session.market.interval import Interval
from fsm_session.market.resample import resample
from fsm_session.market.span import HalfDays, Span
from tests.real_data import needs_shared
from tests.unit.market.strategies import (
    MINUTE,
    MINUTE_NS,
    bars_at,
    market,
    recorded,
    unhurried,
)

parse = Interval.parse
WAYS: Any = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
#: clocks change, on a weekend each; a half-day; lunch breaks; an open on the evening before
STRETCHES: tuple[tuple[str, str, str, Hours], ...] = (
    ("XNYS", "2024-03-06", "2024-03-13", "regular"),
    ("XNYS", "2024-06-27", "2024-07-08", "all"),
    ("XLON", "2024-03-26", "2024-04-04", "all"),
    ("XHKG", "2024-02-06", "2024-02-16", "regular"),
    ("CMES", "2024-03-06", "2024-03-13", "regular"),
)
# loaded here, for drawing is to be quick
MARKETS = {market(*each): each[1:3] for each in STRETCHES}
JULY = market("XNYS", "2024-06-03", "2024-07-31")


def on(date: str, calendar: MarketCalendar = JULY) -> TradingSession:
    return calendar.session(dt.date.fromisoformat(date))


def wish(
    function: Statistic = "mean",
    column: Column = "volume",
    over: str = "3d",
    interval: str = "1d",
    **more: Any,
) -> HistoricalSpec:
    return HistoricalSpec("it", function, column, Span.parse(over), parse(interval), **more)


wishes = st.builds(
    wish,
    st.sampled_from(get_args(Statistic)),
    st.sampled_from(get_args(Column)),
    st.sampled_from(["1d", "2d", "3d", "1w"]),
    st.sampled_from(["1d", "1m", "5m", "7m", "30m", "1h", "1d"]),
    half_days=st.sampled_from(get_args(HalfDays)),
    absent=st.sampled_from(["skip", "zero"]),
)


@frozen
class Case:
    spec: HistoricalSpec
    bars: Bars
    today: TradingSession
    calendar: MarketCalendar = field(repr=False)

    @property
    def covered(self) -> tuple[TradingSession, ...]:
        return self.spec.over.sessions(self.calendar, self.today, self.spec.half_days)

    def compute(self) -> Historical:
        return compute_historical(self.spec, self.bars, self.today, self.calendar)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Give some bars of some sessions, often at the same minutes, today's and later ones too."""
    calendar = draw(st.sampled_from(tuple(MARKETS)))
    inside = calendar.between(*map(dt.date.fromisoformat, MARKETS[calendar]))
    minutes = draw(st.lists(st.integers(-90, 1400), max_size=12))
    minutes += [-60, -1, 0, 1, 29, 30, 60, 149, 150, 209, 210, 389, 390, 500]
    times = {
        time
        for session in draw(st.sets(st.sampled_from(inside), min_size=3))
        for minute in draw(st.sets(st.sampled_from(minutes), min_size=2))
        if session.start_ns <= (time := session.open_ns + minute * MINUTE_NS) < session.end_ns
    }
    ticks = draw(arrays(np.int64, (len(times), 5), elements=st.integers(1, 9_999)))
    bars = with_ends(bars_at(sorted(times), ticks), calendar)
    return Case(draw(wishes), bars, draw(st.sampled_from(inside[3:])), calendar)


def by_pandas(case: Case) -> pd.Series[float]:
    """Compute it session by session, and put side by side what the local clock says is."""
    rows = []
    for session in case.covered:
        row = values_by_pandas(case, session)
        if case.spec.absent == "zero":
            expected = clock(slots_by_pandas(case.spec, session), session, case.spec)
            row = row.reindex(row.index.union(expected), fill_value=0.0)
        rows.append(row)
    values: pd.Series[float] = getattr(pd.concat(rows, axis=1), case.spec.function)(axis=1)
    today = clock(slots_by_pandas(case.spec, case.today, lunch=True), case.today, case.spec)
    return values.reindex(today)


def values_by_pandas(case: Case, session: TradingSession) -> pd.Series[float]:
    daily = case.spec.interval.is_daily
    bounds = (session.start_ns, session.end_ns) if daily else (session.open_ns, session.close_ns)
    begin, end = (pd.Timestamp(bound, tz="UTC") for bound in bounds)
    frame = case.bars.frame(session.zone)
    frame = frame[(frame.index >= begin) & (frame.index < end)]
    times = clock(pd.DatetimeIndex(frame.index), session, case.spec)
    column = case.spec.column
    values: pd.Series[float] = frame[column].groupby(times).agg(WAYS[column])
    return values


def slots_by_pandas(
    spec: HistoricalSpec, session: TradingSession, lunch: bool = False
) -> pd.DatetimeIndex:
    step = pd.Timedelta(seconds=spec.interval.seconds)
    starts = pd.date_range(session.open, session.close, freq=step, inclusive="left")
    if session.break_start_ns is None or session.break_end_ns is None or lunch:
        return starts
    noon, one = pd.to_datetime([session.break_start_ns, session.break_end_ns], utc=True)
    return starts[(starts < noon) | (starts + step > one)]


def clock(
    times: pd.DatetimeIndex, session: TradingSession, spec: HistoricalSpec
) -> pd.TimedeltaIndex:
    """Give the time of day at which the slot of each time starts; none for a whole day."""
    if spec.interval.is_daily:
        return pd.TimedeltaIndex(np.zeros(len(times), "m8[ns]"))
    step = pd.Timedelta(seconds=spec.interval.seconds)
    starts = session.open + (times - session.open) // step * step
    return starts.tz_localize(None) - pd.Timestamp(session.date)


class TestAgainstPandas:
    """Per covered session one daily value of the column, or its slots, aligned by time of day of
    the exchange's clock; then mean, max or min over sessions."""

    @unhurried
    @given(cases())
    def test_every_value(self, case: Case) -> None:
        found = case.compute()
        np.testing.assert_allclose(found.values, by_pandas(case), rtol=1e-12)
        assert found.sessions == sum(len(values_by_pandas(case, s)) > 0 for s in case.covered)
        starts = slots_by_pandas(case.spec, case.today, lunch=True).as_unit("ns").asi8.tolist()
        assert found.starts.tolist() == starts
        assert found.ends.tolist() == [*starts[1:], case.today.close_ns]
        assert found.is_profile is not case.spec.interval.is_daily
        assert not any(a.flags.writeable for a in (found.values, found.starts, found.ends))

    @needs_shared
    @pytest.mark.parametrize("interval", ["1d", "1m"])
    def test_a_recorded_market(self, interval: str) -> None:
        bars, calendar = recorded("market_prices/MSFT_1m_2024")
        today = on(str(bars.frame().index[-1])[:10], calendar)
        case = Case(wish(over="5d", interval=interval), bars, today, calendar)
        np.testing.assert_allclose(case.compute().values, by_pandas(case), rtol=1e-12)


class TestCausal:
    """Only bars of the covered sessions, all before `session`, may influence the result."""

    @unhurried
    @given(cases(), st.randoms(use_true_random=False))
    def test_all_other_bars_change_nothing(self, case: Case, random: Any) -> None:
        assert all(session.date < case.today.date for session in case.covered)
        bars, inside = case.bars, np.zeros(len(case.bars), bool)
        for session in case.covered:
            inside |= (bars.time >= session.start_ns) & (bars.time < session.end_ns)
        kept = inside | np.array([random.random() < 0.5 for _ in inside], bool)
        other = np.where(inside, bars.volume, bars.volume * 2 + 1)
        found = case.compute()
        for changed in (take(bars, inside), take(bars, kept), evolve(bars, volume=other)):
            again = evolve(case, bars=changed).compute()
            assert np.array_equal(again.values, found.values, equal_nan=True)
            assert again.sessions == found.sessions


class TestBases:
    """Base bars of any interval equal to spec.interval or from which it derives."""

    @unhurried
    @given(cases(), st.sampled_from(["5m", "30m", "1h", "1d"]))
    def test_the_same_from_longer_ones(self, case: Case, text: str) -> None:
        base, wanted, bars = parse(text), case.spec.interval, case.bars
        # what trades after a half-day's close would be in a bar that starts before it
        regular = np.zeros(len(bars), bool)
        for session in case.calendar.sessions:
            regular |= (bars.time >= session.open_ns) & (bars.time < session.close_ns)
        case = evolve(case, bars=take(bars, regular))
        longer = evolve(case, bars=resample(case.bars, base, case.calendar))
        if base == wanted or wanted.derives_from(base):
            found, again = case.compute(), longer.compute()
            assert np.allclose(again.values, found.values, rtol=1e-12, equal_nan=True)
        else:
            with pytest.raises(IntervalError, match=f"{wanted} can't be made from"):
                longer.compute()

    def test_a_calendar_that_does_not_reach_back(self) -> None:
        with pytest.raises(CalendarError, match="99d before 2024-07-08"):
            compute_historical(wish(over="99d"), Bars.empty(MINUTE), on("2024-07-08"), JULY)


def minutes(date: str, volumes: dict[str, float], calendar: MarketCalendar = JULY) -> Bars:
    """Make bars of one price from the volumes of some minutes, in New York's time."""
    times = [pd.Timestamp(f"{date} {clock}", tz=calendar.zone).value for clock in volumes]
    ones = np.ones(len(times))
    bars = Bars.base(MINUTE, times, ones, ones, ones, ones, list(volumes.values()))
    return with_ends(bars, calendar)


class TestByHand:
    """A half-day contributes only its slots; absent="zero": a slot within ITS regular hours."""

    def test_a_half_day_knows_nothing_of_its_afternoon(self) -> None:
        bars = concat(
            minutes("2024-07-02", {"09:30": 10, "12:59": 20, "13:00": 30, "15:59": 40}),
            minutes("2024-07-03", {"09:30": 30, "12:00": 1}),
        )
        spec = wish(over="2d", interval="1m")
        skipped = {0: 20, 150: 1, 209: 20, 210: 30, 389: 40, 1: np.nan}
        zero = {**skipped, 150: 0.5, 209: 10, 1: 0}
        for each, wanted in ((spec, skipped), (evolve(spec, absent="zero"), zero)):
            found = compute_historical(each, bars, on("2024-07-05"), JULY)
            np.testing.assert_equal(found.values[list(wanted)], list(wanted.values()))

    def test_a_half_day_today(self) -> None:
        clocks = {"09:30": 1.0, "12:29": 2.0, "12:45": 4.0, "13:15": 8.0, "15:59": 16.0}
        spec, bars = wish(over="1d", interval="1h"), minutes("2024-07-02", clocks)
        found = compute_historical(spec, bars, on("2024-07-03"), JULY)
        np.testing.assert_equal(found.values, [1, np.nan, 2, 12])
        assert found.ends[-1] == on("2024-07-03").close_ns

    @pytest.mark.parametrize(("absent", "mean"), [("skip", 30), ("zero", 15)])
    def test_days_without_a_bar(self, absent: str, mean: float) -> None:
        bars = minutes("2024-07-02", {"09:30": 10, "10:00": 20})
        spec = wish(over="2d", absent=absent)
        found = compute_historical(spec, bars, on("2024-07-05"), JULY)
        assert (found.values.tolist(), found.sessions) == ([mean], 1)

    @pytest.mark.parametrize("interval", ["1m", "1d"])
    def test_where_nothing_is_there_is_nothing(self, interval: str) -> None:
        tokyo = market("XTKS", "2019-04-01", "2019-05-10")
        # the week before has no session
        empty = (tokyo, on("2019-05-07", tokyo), "zero")
        for calendar, today, absent in ((JULY, on("2024-07-05"), "skip"), empty):
            spec = wish("max", over="1w", interval=interval, absent=absent)
            found = compute_historical(spec, Bars.empty(MINUTE), today, calendar)
            assert np.isnan(found.values).all() and found.sessions == 0

    @pytest.mark.parametrize(
        ("late", "interval", "values"),
        [
            (0, "15m", [*[np.nan] * 3, 5, 6, *[0] * 8, 7, *[np.nan] * 12]),
            (1, "15m", [5, 6, *[0] * 8, 7, *[np.nan] * 12]),
            # hours that begin at 10:15 are none of those that begin at 09:30
            (0, "1h", [np.nan] * 7),
        ],
    )
    def test_an_open_at_10_15(self, late: int, interval: str, values: list[float]) -> None:
        days = [on("2024-07-03"), on("2024-07-05")]
        days[late] = evolve(days[late], open_ns=days[late].open_ns + 45 * MINUTE_NS)
        calendar = MarketCalendar("XNYS", JULY.zone, "regular", tuple(days))
        bars = minutes("2024-07-03", {"09:30": 9, "10:15": 5, "10:30": 6, "12:59": 7})
        spec = wish(over="1d", interval=interval, absent="zero")
        found = compute_historical(spec, bars, days[1], calendar)
        np.testing.assert_equal(found.values, np.array(values, float))
        assert found.sessions == 1


class TestAt:
    """The value in force at each instant: that of the slot that has ended last at or before it."""

    @unhurried
    @given(cases(), st.lists(st.integers(-5, 1500), max_size=20))
    def test_the_slot_that_has_ended_last(self, case: Case, some: list[int]) -> None:
        found = case.compute()
        instants = case.today.open_ns + np.array(some, np.int64) * MINUTE_NS
        if found.is_profile:
            expected = pd.Series(found.values, found.ends).reindex(instants, method="ffill")
        else:
            expected = pd.Series(found.values[0], instants)
        np.testing.assert_equal(found.at(instants), expected.to_numpy())


class TestWish:
    """Zero is sensible for volume only; the interval is not longer than a day."""

    @pytest.mark.parametrize("name", ["", " a", "a ", "a.b"])
    def test_names_are_as_of_any_indicator(self, name: str) -> None:
        with pytest.raises(IndicatorError, match="can't name an indicator"):
            HistoricalSpec(name, "mean", "volume", Span(20, "d"))

    def test_what_is_left_out_is_one_number_over_all_sessions(self) -> None:
        spec = HistoricalSpec("adv", "mean", "volume", Span(20, "d"))
        assert (spec.interval, spec.half_days, spec.absent) == (parse("1d"), "count", "skip")
        assert str(spec) == "adv (mean of volume over 20d)"

    @given(wishes, st.sampled_from(["1w", "1mo", None]))
    def test_faults(self, spec: HistoricalSpec, long: str | None) -> None:
        spec = evolve(spec, interval=parse(long)) if long else spec
        wrong = {"absent"} if spec.absent == "zero" and spec.column != "volume" else set()
        wrong |= {"interval"} if long else set()
        assert {fault.key for fault in faults_of(spec)} == wrong
