"""Resampling: laws, pandas, and the reference values."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IntervalError
from fsm_session.market.bars import COLUMNS, Bars, with_ends
from fsm_session.market.calendar import Hours, MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.resample import resample
from tests.real_data import needs_shared
from tests.unit.market.strategies import (
    MINUTE,
    MINUTE_NS,
    RECORDED,
    bars_at,
    golden,
    july,
    market,
    ns,
    recorded,
    sparse_bars,
    unhurried,
    utc,
    within,
)

parse = Interval.parse
within_a_day = st.sampled_from(["2m", "5m", "7m", "15m", "1h", "90m", "4h", "12h"]).map(parse)
wider = st.one_of(within_a_day, st.just(parse("1d")))
MARKETS = (
    july(),
    july("all"),
    market("XNYS", "2024-03-07", "2024-03-12", "all"),
    market("CMES", "2024-03-07", "2024-03-12", "all"),
    market("XHKG", "2024-02-06", "2024-02-15"),
    market("24/7", "2024-07-01", "2024-07-05"),
)


@st.composite
def traded(draw: st.DrawFn) -> tuple[Bars, MarketCalendar]:
    """Draw a market and sparse bars in it."""
    calendar = draw(st.sampled_from(MARKETS))
    return draw(sparse_bars(calendar)), calendar


def by_pandas(bars: Bars, interval: Interval, session: TradingSession) -> pd.DataFrame:
    """Resample one session's bars as pandas does."""
    rules = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
    frame = within(bars, session).frame().assign(count=1)
    origin = pd.Timestamp(session.open_ns, tz="UTC")
    bins = frame.resample(interval.pandas, label="left", closed="left", origin=origin)
    made = bins.agg({**rules, "count": "sum"})
    return made[made["count"] > 0]


class TestAgainstPandas:
    """A derived bar (5m from 1m) is left-closed, left-labelled, anchored at the session's
    open."""

    @unhurried
    @given(traded(), within_a_day)
    def test_each_session_alone(
        self, drawn: tuple[Bars, MarketCalendar], interval: Interval
    ) -> None:
        bars, calendar = drawn
        made = resample(bars, interval, calendar)
        parts = [(s, by_pandas(bars, interval, s)) for s in calendar.sessions[1:5]]
        labels = [
            max(stamp.value, session.start_ns) for session, part in parts for stamp in part.index
        ]
        assert made.time.tolist() == labels
        expected = pd.concat([part for _, part in parts])
        for name in (*COLUMNS, "count"):
            assert made.column(name).tolist() == expected[name].tolist()

    @unhurried
    @given(traded())
    def test_one_daily_bar_a_session(self, drawn: tuple[Bars, MarketCalendar]) -> None:
        bars, calendar = drawn
        made = resample(bars, parse("1d"), calendar)
        held = [(s, part) for s in calendar.sessions if len(part := within(bars, s))]
        assert made.time.tolist() == [s.open_ns for s, _ in held]
        assert made.end.tolist() == [s.end_ns for s, _ in held]
        assert made.open.tolist() == [part.open[0] for _, part in held]
        assert made.close.tolist() == [part.close[-1] for _, part in held]
        assert made.high.tolist() == [part.high.max() for _, part in held]
        assert made.low.tolist() == [part.low.min() for _, part in held]
        assert made.volume.tolist() == [part.volume.sum() for _, part in held]


class TestLaws:
    """Derived bars are computed once per session over whole columns, and the clock reveals
    them: still can't look ahead."""

    @unhurried
    @given(traded(), wider)
    def test_nothing_is_lost(self, drawn: tuple[Bars, MarketCalendar], interval: Interval) -> None:
        bars, calendar = drawn
        made = resample(bars, interval, calendar)
        assert made.volume.sum() == bars.volume.sum()
        assert made.count.sum() == len(bars)
        if len(bars):
            assert made.high.max() == bars.high.max()
            assert made.low.min() == bars.low.min()
            assert (made.open[0], made.close[-1]) == (bars.open[0], bars.close[-1])

    @unhurried
    @given(traded(), wider)
    def test_each_is_a_bar_of_its_session(
        self, drawn: tuple[Bars, MarketCalendar], interval: Interval
    ) -> None:
        bars, calendar = drawn
        made = resample(bars, interval, calendar)
        assert made.interval == interval
        assert (np.diff(made.time) > 0).all()
        assert (np.diff(made.end) > 0).all()
        where = calendar.locate(made.time)
        assert (where >= 0).all()
        assert (made.time < made.end).all()
        assert (made.end <= calendar.ends_ns[where]).all()
        assert (made.low <= np.minimum(made.open, made.close)).all()
        assert (made.high >= np.maximum(made.open, made.close)).all()

    @unhurried
    @given(traded(), wider, st.integers(1, 60))
    def test_what_has_ended_is_not_changed_by_what_comes(
        self, drawn: tuple[Bars, MarketCalendar], interval: Interval, length: int
    ) -> None:
        bars, calendar = drawn
        if not len(bars):
            return
        sofar = bars[:length]
        now = sofar.end[-1]
        whole, part = resample(bars, interval, calendar), resample(sofar, interval, calendar)
        ended = int((whole.end <= now).sum())
        assert int((part.end <= now).sum()) == ended
        assert part[:ended].same(whole[:ended])

    @unhurried
    @given(traded(), st.sampled_from([("5m", "15m"), ("15m", "90m"), ("5m", "1d"), ("1h", "4h")]))
    def test_in_two_steps_as_in_one(
        self, drawn: tuple[Bars, MarketCalendar], steps: tuple[str, str]
    ) -> None:
        bars, calendar = drawn
        if calendar.hours == "all" and calendar.name != "24/7":
            return  # a bin cut at the window's start is no longer on the grid
        first, second = map(parse, steps)
        direct = resample(bars, second, calendar)
        assert resample(resample(bars, first, calendar), second, calendar).same(direct)

    @unhurried
    @given(traded(), wider)
    def test_sessions_do_not_meet(
        self, drawn: tuple[Bars, MarketCalendar], interval: Interval
    ) -> None:
        bars, calendar = drawn
        together = resample(bars, interval, calendar)
        alone = [resample(within(bars, s), interval, calendar) for s in calendar.sessions]
        for name in (*COLUMNS, "time", "end", "count"):
            assert together.column(name).tolist() == [
                value for one in alone for value in one.column(name).tolist()
            ]


class TestByHand:
    """At the close, what is unfinished is finished: a half-day's last hour is a short bar."""

    def test_a_half_day_in_hours(self) -> None:
        session = july().session(dt.date(2024, 7, 3))
        times = list(range(session.open_ns, session.close_ns, MINUTE_NS))
        hours = resample(bars_at(times, np.ones((210, 5))), parse("1h"), july())
        labels = [utc(f"2024-07-03 {hour}:30") for hour in (13, 14, 15, 16)]
        assert hours.time.tolist() == labels
        assert hours.end.tolist() == [*labels[1:], utc("2024-07-03 17:00")]
        assert hours.count.tolist() == [60, 60, 60, 30]

    def test_pre_market_bins_count_back_from_the_open(self) -> None:
        times = [utc(f"2024-07-02 {t}") for t in ("08:00", "12:29", "12:30", "13:29", "13:30")]
        hours = resample(bars_at(times, np.ones((5, 5))), parse("1h"), july("all"))
        expected = [utc(f"2024-07-02 {t}:30") for t in ("07", "11", "12", "13")]
        assert hours.time.tolist() == expected
        assert hours.count.tolist() == [1, 1, 2, 1]

    def test_no_bin_reaches_over_midnight_into_the_next_session(self) -> None:
        times = [utc("2024-07-02 03:00"), utc("2024-07-02 05:00")]
        halves = resample(bars_at(times, np.ones((2, 5))), parse("12h"), july("all"))
        assert halves.time.tolist() == [utc("2024-07-02 01:30"), utc("2024-07-02 04:00")]
        assert halves.end.tolist() == [utc("2024-07-02 04:00"), utc("2024-07-02 13:30")]

    def test_outside_the_window_is_dropped(self) -> None:
        times = [utc(f"2024-07-02 {t}") for t in ("13:29", "13:30", "19:59", "20:00")]
        made = resample(bars_at(times, np.ones((4, 5))), parse("1d"), july())
        assert made.count.tolist() == [2]

    def test_a_base_bar_across_the_edge_is_not_seen_before_it_happened(self) -> None:
        times = [utc("2024-07-02 13:33"), utc("2024-07-02 13:43")]
        ones = np.ones(2)
        odd = Bars.base(parse("5m"), times, ones, ones, ones, ones, ones)
        made = resample(odd, parse("15m"), july())
        assert made.time.tolist() == [utc("2024-07-02 13:30")]
        assert made.end.tolist() == [utc("2024-07-02 13:48")]

    def test_ends_not_yet_cut_are_cut_at_the_window(self) -> None:
        ones = np.ones(1)
        late = Bars.base(parse("1h"), [utc("2024-07-03 16:30")], ones, ones, ones, ones, ones)
        made = resample(late, parse("2h"), july())
        assert made.time.tolist() == [utc("2024-07-03 15:30")]
        assert made.end.tolist() == [utc("2024-07-03 17:00")]

    @pytest.mark.parametrize("text", ["5m", "1d"])
    @pytest.mark.parametrize("hours", ["regular", "all"])
    def test_nothing_gives_nothing(self, text: str, hours: Hours) -> None:
        made = resample(Bars.empty(MINUTE), parse(text), july(hours))
        assert len(made) == 0
        assert made.interval == parse(text)
        assert made.same(Bars.empty(parse(text)))
        nowhere = bars_at([utc("2024-07-04 15:00")], np.ones((1, 5)))
        assert len(resample(nowhere, parse(text), july())) == 0

    @pytest.mark.parametrize(("base", "wanted"), [("1m", "30s"), ("1m", "1m"), ("1d", "1h")])
    def test_what_can_not_be_derived(self, base: str, wanted: str) -> None:
        with pytest.raises(IntervalError, match=f"{wanted} can't be made from bars of {base}"):
            resample(Bars.empty(parse(base)), parse(wanted), july())

    def test_no_column_can_be_written(self) -> None:
        bars = with_ends(bars_at([utc("2024-07-02 13:30")], np.ones((1, 5))), july())
        made = resample(bars, parse("5m"), july())
        for name in (*COLUMNS, "time", "end", "count"):
            assert not made.column(name).flags.writeable


@needs_shared
class TestRecorded:
    """Reference values computed with pandas, none of it by this project's code."""

    @pytest.mark.parametrize("text", ["5min", "15min", "1h"])
    @pytest.mark.parametrize("name", RECORDED)
    def test_session_anchored(self, name: str, text: str) -> None:
        frame, sessions = golden(name, "resample")
        expected = frame[(frame["anchor"] == "session") & (frame["rule"] == text)]
        bars, calendar = recorded(name)
        first, last = np.searchsorted(bars.time, [sessions[0].start_ns, sessions[-1].end_ns])
        made = resample(bars[int(first) : int(last)], parse(text), calendar)
        assert len(expected) > 100
        assert made.time.tolist() == ns(expected["timestamp"]).tolist()
        for column in COLUMNS:
            assert made.column(column).tolist() == expected[column].tolist()
        assert made.count.tolist() == expected["bars"].tolist()
        right = ns(expected["timestamp_right"])
        closes = calendar.closes_ns[calendar.locate(made.time)]
        assert made.end.tolist() == np.minimum(right, closes).tolist()
