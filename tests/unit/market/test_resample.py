"""Resampling: laws, pandas, and the reference values."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IntervalError
from fsm_session.market.bars import COLUMNS, Bars, take, with_ends
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
    traded_in,
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
Drawn = tuple[Bars, MarketCalendar]


@st.composite
def traded(draw: st.DrawFn) -> Drawn:
    """Draw a market and sparse bars in it."""
    calendar = draw(st.sampled_from(MARKETS))
    return draw(sparse_bars(calendar)), calendar


def flat(text: str, times: list[int]) -> Bars:
    """Make bars of an interval that say nothing but when they are."""
    ones = np.ones(len(times))
    return Bars.base(parse(text), times, ones, ones, ones, ones, ones)


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
    def test_each_session_alone(self, drawn: Drawn, interval: Interval) -> None:
        bars, calendar = drawn
        made = resample(bars, interval, calendar)
        parts = [(s, by_pandas(bars, interval, s)) for s in traded_in(calendar)]
        labels = [
            max(stamp.value, session.start_ns) for session, part in parts for stamp in part.index
        ]
        assert made.time.tolist() == labels
        expected = pd.concat([part for _, part in parts])
        for name in (*COLUMNS, "count"):
            assert made.column(name).tolist() == expected[name].tolist()

    @unhurried
    @given(traded())
    def test_one_daily_bar_a_session(self, drawn: Drawn) -> None:
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
    def test_nothing_is_lost(self, drawn: Drawn, interval: Interval) -> None:
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
    def test_each_is_a_bar_of_its_session(self, drawn: Drawn, interval: Interval) -> None:
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
        self, drawn: Drawn, interval: Interval, length: int
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
    def test_in_two_steps_as_in_one(self, drawn: Drawn, steps: tuple[str, str]) -> None:
        bars, calendar = drawn
        if calendar.hours == "all" and calendar.name != "24/7":
            return  # a bin cut at the window's start is no longer on the grid
        first, second = map(parse, steps)
        direct = resample(bars, second, calendar)
        assert resample(resample(bars, first, calendar), second, calendar).same(direct)

    @unhurried
    @given(traded(), wider)
    def test_sessions_do_not_meet(self, drawn: Drawn, interval: Interval) -> None:
        bars, calendar = drawn
        together = resample(bars, interval, calendar)
        alone = [resample(within(bars, s), interval, calendar) for s in calendar.sessions]
        for name in (*COLUMNS, "time", "end", "count"):
            assert together.column(name).tolist() == [
                value for one in alone for value in one.column(name).tolist()
            ]


@st.composite
def nearly_complete(draw: st.DrawFn) -> tuple[Bars, Interval, MarketCalendar]:
    """Draw a market, some of its sessions with few bars missing, and a longer interval."""
    calendar = draw(st.sampled_from([*MARKETS, market("XTKS", "2024-07-01", "2024-07-05", "all")]))
    base = parse(draw(st.sampled_from(["5m", "15m", "30m", "1h", "7m"])))
    # a bar need not begin with its slot
    late = draw(st.sampled_from([0, 0, MINUTE_NS]))
    times: list[int] = []
    for session in draw(st.sets(st.sampled_from(traded_in(calendar)), min_size=1, max_size=3)):
        ahead = (session.open_ns - session.start_ns) // base.ns
        slots = range(session.open_ns - ahead * base.ns + late, session.end_ns, base.ns)
        missing = draw(st.sets(st.integers(0, len(slots) - 1), max_size=4))
        times += [time for place, time in enumerate(slots) if place not in missing]
    bars = flat(base.label, sorted(times))
    longer = Interval(min(base.seconds * draw(st.sampled_from([2, 3, 4, 12, 999])), 86_400))
    return with_ends(bars, calendar), longer, calendar


def is_full(
    times: list[int], base: Interval, start: int, end: int, session: TradingSession
) -> bool:
    """Tell by going from slot to slot whether [start, end) of a session lacks no bar."""
    open_, close = session.open_ns, session.close_ns
    slots = [(s, min(s + base.ns, close)) for s in range(open_, close, base.ns)]
    if session.break_start_ns is not None and session.break_end_ns is not None:
        lunch = (session.break_start_ns, session.break_end_ns)
        slots = [(s, e) for s, e in slots if not (lunch[0] <= s and e <= lunch[1])]
    expected = [(s, e) for s, e in slots if start <= s < end]
    if not expected:
        first = open_ + (start - open_) // base.ns * base.ns
        expected = [(s, s + base.ns) for s in range(first, end, base.ns)]
    return all(any(s <= time < e for time in times) for s, e in expected)


class TestDrop:
    """With "keep" a derived bar is made from what is there; "drop" keeps only bars made from a
    full set of base bars: every slot in which a bar is to be expected has one."""

    @unhurried
    @given(nearly_complete())
    def test_bin_by_bin(self, drawn: tuple[Bars, Interval, MarketCalendar]) -> None:
        bars, interval, calendar = drawn
        kept = resample(bars, interval, calendar)
        full = []
        for label in kept.time.tolist():
            session = calendar.sessions[int(calendar.locate(np.array([label]))[0])]
            start, end = session.start_ns, session.end_ns
            if not interval.is_daily:
                edge = label - (label - session.open_ns) % interval.ns
                start, end = max(edge, start), min(edge + interval.ns, end)
            times = within(bars, session).time.tolist()
            full.append(is_full(times, bars.interval, start, end, session))
        assert resample(bars, interval, calendar, "drop").same(take(kept, np.array(full, bool)))

    @pytest.mark.parametrize(
        ("name", "lacking", "labels"),
        [
            # the half-day's last hour has half an hour
            ("XNYS", "", "13:30 14:30 15:30 16:30"),
            ("XNYS", "16:30", "13:30 14:30 15:30"),
            ("XNYS", "13:30 16:00", "14:30 16:30"),
            # lunch is from 02:30 to 03:30: of two hours the other half is enough
            ("XTKS", "", "00:00 01:00 02:00 03:00 04:00 05:00"),
            ("XTKS", "02:30 03:00", "00:00 01:00 02:00 03:00 04:00 05:00"),
            ("XTKS", "02:00 05:30", "00:00 01:00 03:00 04:00"),
        ],
    )
    def test_hours_of_halves(self, name: str, lacking: str, labels: str) -> None:
        calendar = market(name, "2024-07-01", "2024-07-05")
        session = calendar.session(dt.date(2024, 7, 3))
        out = [utc(f"2024-07-03 {time}") for time in lacking.split()]
        grid = range(session.open_ns, session.close_ns, 30 * MINUTE_NS)
        times = [time for time in grid if time not in out]
        bars = flat("30m", times)
        made = resample(bars, parse("1h"), calendar, "drop")
        assert made.time.tolist() == [utc(f"2024-07-03 {label}") for label in labels.split()]
        whole = resample(bars, parse("1d"), calendar, "drop")
        assert len(whole) == (set(out) <= {utc("2024-07-03 02:30"), utc("2024-07-03 03:00")})

    def test_outside_regular_hours_each_slot_of_the_bin(self) -> None:
        # at 07:30 and 08:30 UTC the market is closed, at 19:30 it closes within the hour
        times = [utc(f"2024-07-02 {t}") for t in ("07:30", "08:00", "08:30", "19:30", "20:30")]
        made = resample(flat("30m", times), parse("1h"), july("all"), "drop")
        assert made.time.tolist() == [utc("2024-07-02 07:30"), utc("2024-07-02 19:30")]

    def test_two_bars_in_a_slot_fill_no_other(self) -> None:
        bars = flat("5m", [utc("2024-07-02 13:30"), utc("2024-07-02 13:33")])
        assert len(resample(bars, parse("10m"), july(), "drop")) == 0

    def test_what_trades_after_the_close_fills_no_slot_that_the_close_cuts(self) -> None:
        for time, count in (("19:45", 1), ("20:05", 0)):
            bars = flat("1h", [utc(f"2024-07-02 {time}")])
            assert len(resample(bars, parse("2h"), july("all"), "drop")) == count

    def test_no_third_way(self) -> None:
        with pytest.raises(IntervalError, match="'keep' or 'drop', not 'Drop'"):
            resample(Bars.empty(MINUTE), parse("5m"), july(), "Drop")  # type: ignore[arg-type]


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
        made = resample(flat("5m", times), parse("15m"), july())
        assert made.time.tolist() == [utc("2024-07-02 13:30")]
        assert made.end.tolist() == [utc("2024-07-02 13:48")]

    def test_ends_not_yet_cut_are_cut_at_the_window(self) -> None:
        made = resample(flat("1h", [utc("2024-07-03 16:30")]), parse("2h"), july())
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
