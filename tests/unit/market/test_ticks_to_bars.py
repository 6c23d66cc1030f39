"""Bars from trades, against pandas and against reference values made without this code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IntervalError
from fsm_session.market.bars import COLUMNS, Bars
from fsm_session.market.calendar import Hours, MarketCalendar
from fsm_session.market.events import Ticks
from fsm_session.market.interval import Interval
from fsm_session.market.resample import resample
from fsm_session.market.ticks_to_bars import bars_from_ticks
from tests.real_data import SHARED, needs_shared
from tests.unit.market.strategies import (
    MINUTE,
    MINUTE_NS,
    intervals,
    july,
    market,
    ns,
    unhurried,
    utc,
)

SECOND_NS = 10**9
Trade = tuple[str, float, float]
#: the columns of the bars, as pandas calls what they are
HOW = {"first": "open", "max": "high", "min": "low", "last": "close", "volume": "volume"}
CALENDARS = (july(), july("all"), market("XTKS", "2024-07-01", "2024-07-05", "all"))


@st.composite
def trades(draw: st.DrawFn, calendar: MarketCalendar) -> Ticks:
    """Draw trades in and around the sessions of a week: runs of them, and at the very edges."""
    first, last = calendar.starts_ns[0] - 2 * MINUTE_NS, calendar.ends_ns[-1] + 2 * MINUTE_NS
    edges = np.r_[calendar.starts_ns, calendar.ends_ns, calendar.opens_ns].tolist()
    anywhere = st.integers(int(first), int(last))
    near = st.builds(
        lambda edge, off: edge + off,
        st.sampled_from(edges),
        st.sampled_from([-1, 0, 1, SECOND_NS, MINUTE_NS, MINUTE_NS - 1, -MINUTE_NS]),
    )
    held = draw(st.lists(anywhere | near, max_size=20))
    run = draw(anywhere | near)
    held += [run + draw(st.integers(0, 300)) * SECOND_NS for _ in range(draw(st.integers(0, 20)))]
    numbers = st.lists(st.integers(1, 10_000), min_size=len(held), max_size=len(held))
    # whole sizes: their sum is the same in whatever order it is taken
    return Ticks.of(
        sorted(held), price=np.array(draw(numbers)) / 100, size=np.array(draw(numbers)) - 1
    )


weeks = st.sampled_from(CALENDARS).flatmap(lambda c: st.tuples(st.just(c), trades(c)))
within_a_day = intervals.filter(lambda interval: interval.within_a_day)


def by_pandas(ticks: Ticks, interval: Interval, calendar: MarketCalendar) -> pd.DataFrame:
    """Group the trades of each session's window by pandas, anchored at the session's open."""
    trades, step = ticks.frame(), pd.Timedelta(seconds=interval.seconds)
    parts = []
    for session in calendar.sessions:
        start, end = (pd.Timestamp(ns, tz="UTC") for ns in (session.start_ns, session.end_ns))
        part = trades[(trades.index >= start) & (trades.index < end)]
        if len(part):
            anchor = session.open.tz_convert("UTC")
            edges = [anchor + (stamp - anchor) // step * step for stamp in part.index]
            grouped = part.groupby(pd.DatetimeIndex(edges))
            made = grouped["price"].agg(["first", "max", "min", "last"])
            made["volume"] = grouped["size"].sum()
            made["start"] = [max(edge, start) for edge in made.index]
            made["end"] = [min(edge + step, end) for edge in made.index]
            parts.append(made)
    return pd.concat(parts) if parts else pd.DataFrame(columns=[*HOW, "start", "end"])


def ns_of(stamps: Any) -> list[int]:
    return [pd.Timestamp(stamp).value for stamp in stamps]


class TestAgainstPandas:
    """Bins are left-closed, labelled by their left edge and anchored at the session's open (those
    before the open too), and cut at both ends of the session's window."""

    @unhurried
    @given(weeks, within_a_day)
    def test_any_interval_of_any_trades(
        self, week: tuple[MarketCalendar, Ticks], interval: Interval
    ) -> None:
        calendar, ticks = week
        bars = bars_from_ticks(ticks, interval, calendar)
        wanted = by_pandas(ticks, interval, calendar)
        assert bars.interval == interval
        assert bars.time.tolist() == ns_of(wanted["start"])
        assert bars.end.tolist() == ns_of(wanted["end"])
        for pandas, name in HOW.items():
            assert bars.column(name).tolist() == wanted[pandas].tolist()
        assert bars.count.tolist() == [1] * len(wanted)

    @unhurried
    @given(weeks, st.sampled_from([(1, 5), (1, 60), (60, 300), (60, 3600), (900, 3600)]))
    def test_longer_bars_are_those_of_shorter_ones(
        self, week: tuple[MarketCalendar, Ticks], seconds: tuple[int, int]
    ) -> None:
        """A law: the way through shorter bars leads to the same place."""
        calendar, ticks = week
        short, long = map(Interval, seconds)
        through = resample(bars_from_ticks(ticks, short, calendar), long, calendar)
        straight = bars_from_ticks(ticks, long, calendar)
        for name in ("time", "end", *COLUMNS):
            assert straight.column(name).tolist() == through.column(name).tolist()


class TestByHand:
    """Open is the first price, high the largest, low the smallest, close the last, in the order of
    events; volume is the sum of the sizes."""

    def made(
        self, *trades: tuple[str, float, float], hours: Hours = "regular"
    ) -> list[list[float]]:
        times, prices, sizes = zip(*trades, strict=True)
        ticks = Ticks.of([utc(f"2024-07-03 {t}") for t in times], price=prices, size=sizes)
        bars = bars_from_ticks(ticks, MINUTE, july(hours))
        midnight = utc("2024-07-03")
        starts = ((bars.time - midnight) / MINUTE_NS).tolist()
        return [list(bar) for bar in zip(starts, *(bars.column(n) for n in COLUMNS), strict=True)]

    def test_an_instant_belongs_to_the_minute_it_begins(self) -> None:
        before, at = ("13:30:59.999999999", 10.0, 1.0), ("13:31:00", 11.0, 2.0)
        assert self.made(before, at) == [[810, 10, 10, 10, 10, 1], [811, 11, 11, 11, 11, 2]]

    def test_of_one_instant_the_order_of_events_tells_first_and_last(self) -> None:
        prices = (12.0, 15.0, 9.0, 11.0)
        assert self.made(*(("13:30", price, 5.0) for price in prices)) == [[810, 12, 15, 9, 11, 20]]

    def test_a_trade_of_size_0_has_a_price_all_the_same(self) -> None:
        assert self.made(("13:30", 10.0, 0.0), ("13:30", 9.0, 3.0), ("13:30", 12.0, 0.0)) == [
            [810, 10, 12, 9, 12, 3]
        ]
        assert self.made(("13:32", 10.0, 0.0)) == [[812, 10, 10, 10, 10, 0]]

    def test_trades_outside_every_window_are_left_out(self) -> None:
        outside = [("13:29:59", 8.0, 1.0), ("13:30", 10.0, 1.0), ("17:00", 12.0, 1.0)]
        assert self.made(*outside) == [[810, 10, 10, 10, 10, 1]]
        assert len(self.made(*outside, hours="all")) == 3

    def test_none(self) -> None:
        bars = bars_from_ticks(Ticks.empty(), MINUTE, july())
        assert bars.same(Bars.empty(MINUTE))
        holiday = Ticks.of([utc("2024-07-04 15:00")], price=[1], size=[1])
        assert bars_from_ticks(holiday, MINUTE, july()).same(bars)

    def test_a_window_cuts_the_bins_at_its_ends(self) -> None:
        """Hours are anchored at 09:30, and midnight, where all hours begin, is none of theirs."""
        days = ("2024-07-02 04:10", "2024-07-02 04:30", "2024-07-03 03:59", "2024-07-03 04:10")
        ticks = Ticks.of(list(map(utc, days)), price=[1, 2, 3, 4], size=[1, 1, 1, 1])
        bars = bars_from_ticks(ticks, Interval(3600), july("all"))
        # the last two are of one hour, and of two sessions
        starts = ["2024-07-02 04:00", "2024-07-02 04:30", "2024-07-03 03:30", "2024-07-03 04:00"]
        ends = ["2024-07-02 04:30", "2024-07-02 05:30", "2024-07-03 04:00", "2024-07-03 04:30"]
        assert bars.time.tolist() == list(map(utc, starts))
        assert bars.end.tolist() == list(map(utc, ends))

    @pytest.mark.parametrize("text", ["1d", "1w", "1mo"])
    def test_a_day_or_more(self, text: str) -> None:
        with pytest.raises(IntervalError, match=f"bars of {text} can't be made from ticks"):
            bars_from_ticks(Ticks.empty(), Interval.parse(text), july())

    def test_nothing_can_be_written(self) -> None:
        bars = bars_from_ticks(
            Ticks.of([utc("2024-07-03 14:00")], price=[1], size=[1]), MINUTE, july()
        )
        for name in ("time", "end", *COLUMNS, "count"):
            with pytest.raises(ValueError, match="read-only"):
                bars.column(name)[:] = 1
        assert {bars.column(n).dtype for n in COLUMNS} == {np.dtype("float64")}
        assert {bars.column(n).dtype for n in ("time", "end", "count")} == {np.dtype("int64")}


@needs_shared
class TestRecorded:
    """golden/README.md: "1m bars of all hours from every trade except suspicious or corrected
    ones". All of them lie in the windows of XNYS's sessions: none is missing."""

    def trades(self) -> pd.DataFrame:
        frame = pd.read_parquet(SHARED / "data" / "highfrequency" / "XXX_ticks.parquet")
        return frame[frame["correction"] == 0]

    def bars(self, interval: Interval, hours: Hours) -> Bars:
        trades = self.trades()
        ticks = Ticks.of(ns(trades["timestamp"]), price=trades["price"], size=trades["size"])
        return bars_from_ticks(ticks, interval, market("XNYS", "2018-01-02", "2018-01-03", hours))

    def test_minutes(self) -> None:
        wanted = pd.read_parquet(SHARED / "golden" / "highfrequency" / "XXX_ticks_to_1m.parquet")
        bars = self.bars(MINUTE, "all")
        assert len(bars) == 955
        assert bars.time.tolist() == ns(wanted["timestamp"]).tolist()
        assert bars.end.tolist() == (ns(wanted["timestamp"]) + MINUTE_NS).tolist()
        for name in COLUMNS:
            assert bars.column(name).tolist() == wanted[name].tolist()

    @pytest.mark.parametrize("rule", ["1s", "5s", "5min", "1h"])
    def test_regular_hours_by_resample(self, rule: str) -> None:
        trades = self.trades().set_index("timestamp")
        parts = []
        for day in ("2018-01-02", "2018-01-03"):
            start = pd.Timestamp(f"{day} 14:30", tz="UTC")
            part = trades[(trades.index >= start) & (trades.index < start + pd.Timedelta("6.5h"))]
            bins = part.resample(rule, label="left", closed="left", origin=start)
            made = bins["price"].ohlc().assign(volume=bins["size"].sum())
            parts.append(made.dropna())
        wanted = pd.concat(parts)
        bars = self.bars(Interval.parse(rule), "regular")
        assert bars.frame().index.tolist() == wanted.index.tolist()
        for name in COLUMNS:
            assert bars.column(name).tolist() == wanted[name].tolist()
