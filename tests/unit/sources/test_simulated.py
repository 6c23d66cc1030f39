"""The made-up market: a pure function of (seed, symbol, session), and one that could be real."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session.errors import CalendarError, ConfigError
from fsm_session.market.bars import COLUMNS, PRICES, Bars
from fsm_session.market.interval import Interval
from fsm_session.sources import SimulatedSource, columns_from_frame
from tests.unit.sources.markets import MINUTE, ns

WEEK = (ns("2024-07-01"), ns("2024-07-06"))
ONE = SimulatedSource()
FIRST_BARS = [[448.9, 448.92, 448.84, 448.86, 10273.0], [448.85, 448.88, 448.6, 448.67, 11813.0]]

# each source loads its calendar once, and that takes a while
few = settings(deadline=None, max_examples=10)
SOURCES = {interval: SimulatedSource(interval=interval) for interval in ("5s", "1m", "1h", "1d")}


def day(source: SimulatedSource, date: str, symbol: str = "AZO") -> Bars:
    return source.bars(symbol, source.interval, ns(date), ns(f"{date} 23:59"))


class TestPure:
    """DESIGN.md 1: "days can be run in any order [..] and give the same bytes"."""

    @few
    @given(st.permutations(["2024-07-01", "2024-07-03", "2024-07-05", "2025-01-10"]))
    def test_the_order_of_days_plays_no_part(self, dates: list[str]) -> None:
        fresh = SimulatedSource()
        for date in dates:
            assert day(fresh, date).same(day(ONE, date))

    @few
    @given(st.integers(0, 99), st.text(max_size=5), st.integers(0, 99), st.text(max_size=5))
    def test_each_seed_and_symbol_has_its_own(self, a: int, one: str, b: int, two: str) -> None:
        first, second = (
            day(SimulatedSource(seed=seed, interval="1h"), "2024-07-01", symbol)
            for seed, symbol in ((a, one), (b, two))
        )
        assert first.same(second) == ((a, one) == (b, two))

    def test_each_day_has_its_own(self) -> None:
        assert not np.array_equal(day(ONE, "2024-07-01").close, day(ONE, "2024-07-02").close)

    def test_missing_bars_change_no_other(self) -> None:
        whole, some = (
            SimulatedSource(missing_percent=percent).bars("AZO", MINUTE, *WEEK)
            for percent in (0, 25)
        )
        there = np.isin(whole.time, some.time)
        assert 0.70 < there.mean() < 0.80
        for name in COLUMNS:
            np.testing.assert_array_equal(whole.column(name)[there], some.column(name))
        assert not len(SimulatedSource(missing_percent=100).bars("AZO", MINUTE, *WEEK))

    def test_the_numbers_themselves_stay(self) -> None:
        """Written down once: a new version of a library must not change them."""
        first = day(ONE, "2024-07-03")[:2].frame().to_numpy().tolist()
        assert first == FIRST_BARS

    def test_the_digest_says_all_parameters(self) -> None:
        others: list[dict[str, Any]] = [
            {},
            {"calendar": "XLON"},
            {"interval": "5m"},
            {"seed": 1},
            {"missing_percent": 1},
            {"symbols": ["A"]},
            {"symbols": ["A", "B"]},
        ]
        assert len({SimulatedSource(**other).digest() for other in others}) == len(others)
        one, two = (SimulatedSource(symbols=names).digest() for names in (["A", "B"], ["B", "A"]))
        assert one == two


class TestSessions:
    """DESIGN.md 5: "expected from the calendar (390, or 210 on a 13:00 half-day)"."""

    @pytest.mark.parametrize(
        ("date", "bars", "start"),
        [
            ("2024-07-02", 390, "13:30"),
            ("2024-07-03", 210, "13:30"),
            ("2024-07-04", 0, ""),
            ("2024-07-06", 0, ""),
            ("2024-01-10", 390, "14:30"),
        ],
    )
    def test_days(self, date: str, bars: int, start: str) -> None:
        time = day(ONE, date).time
        wanted = [ns(f"{date} {start}") + n * 60_000_000_000 for n in range(bars)]
        assert time.tolist() == wanted

    @pytest.mark.parametrize(("interval", "bars"), [("1d", 1), ("1h", 4), ("5s", 2520)])
    def test_intervals(self, interval: str, bars: int) -> None:
        assert len(day(SimulatedSource(interval=interval), "2024-07-03")) == bars

    def test_another_calendar(self) -> None:
        assert len(day(SimulatedSource("24/7"), "2024-07-06")) == 1439
        # 09:00 to 11:30 and 12:30 to 15:00 in Tokyo
        assert len(day(SimulatedSource("XTKS"), "2024-07-03")) == 300

    def test_no_calendar(self) -> None:
        with pytest.raises(CalendarError, match="XNYC"):
            day(SimulatedSource("XNYC"), "2024-07-03")

    def test_a_window_that_ends_before_it_begins(self) -> None:
        assert not len(ONE.bars("AZO", MINUTE, WEEK[1], WEEK[0]))


class TestCouldBeReal:
    """Bars that pass every check of the edge, and have the habits of a market."""

    @settings(deadline=None)
    @given(
        st.text(max_size=6),
        st.integers(),
        st.sampled_from(sorted(SOURCES)),
        st.sampled_from(["2024-07-03", "2024-11-04", "2025-01-10"]),
    )
    def test_the_edge_takes_it(self, symbol: str, seed: int, interval: str, date: str) -> None:
        source = SOURCES[interval]
        source.seed = seed
        bars = day(source, date, symbol)
        assert columns_from_frame(bars.frame(), Interval.parse(interval), symbol).same(bars)
        for name in PRICES:
            column = bars.column(name)
            np.testing.assert_array_equal(column, np.round(column, 2))
        np.testing.assert_array_equal(bars.volume, np.floor(bars.volume))

    def test_most_is_traded_at_the_ends(self) -> None:
        volumes = np.mean([day(ONE, "2024-07-02", str(n)).volume for n in range(20)], axis=0)
        ends, middle = np.r_[volumes[:30], volumes[-30:]].mean(), volumes[180:210].mean()
        assert ends > 2 * middle

    def test_it_gaps_overnight_more_than_within(self) -> None:
        whole = ONE.bars("AZO", MINUTE, ns("2024-03-01"), ns("2024-06-01"))
        jumps = np.abs(whole.open[1:] / whole.close[:-1] - 1)
        overnight = np.diff(whole.time) > 60_000_000_000
        assert jumps[overnight].mean() > 10 * jumps[~overnight].mean()
        assert jumps[overnight].max() < 0.2


class TestRefused:
    """DESIGN.md 7: "all errors come at once"."""

    def test_parameters(self) -> None:
        with pytest.raises(ConfigError) as refused:
            SimulatedSource(seed=True, missing_percent=float("nan"), symbols="AZO")
        keys = [fault.key for fault in refused.value.faults]
        assert keys == ["seed", "missing_percent", "symbols"]
