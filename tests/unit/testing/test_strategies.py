"""What is drawn is valid, is as markets are, and shrinks to what can be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from fsm_session import FramesSource, Lifecycle, SessionConfig, SessionCoordinator
from fsm_session.market.bars import COLUMNS, Bars
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.sources import columns_from_frame
from fsm_session.testing import SESSIONS, run_days, small_market, strategies
from fsm_session.testing.days import session_on

some = settings(max_examples=40, deadline=None)
alike = settings(
    max_examples=300,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate, Phase.shrink],
)
intervals = st.sampled_from(["1s", "1m", "5m", "1h"])
Market = dict[str, pd.DataFrame]


def smallest(drawn: st.SearchStrategy[Any], is_so: Callable[[Any], Any]) -> Any:
    return find(drawn, lambda example: bool(is_so(example)), settings=alike)


class TestValid:
    """Whatever is drawn is valid: a source takes it, a configuration of it can be run."""

    @some
    @given(st.data(), intervals, strategies.sessions())
    def test_a_source_takes_bars_as_they_are(
        self, data: st.DataObject, interval: str, session: TradingSession
    ) -> None:
        bars = data.draw(strategies.bars(session, interval))
        # the library's own edge is the judge
        taken = columns_from_frame(bars.frame(), Interval.parse(interval), "AAA")
        for name in COLUMNS:
            np.testing.assert_array_equal(taken.column(name), bars.column(name))
        assert ((bars.time >= session.open_ns) & (bars.time < session.close_ns)).all()
        assert (bars.end <= session.close_ns).all()
        assert ((bars.time - session.open_ns) % Interval.parse(interval).ns == 0).all()

    @some
    @given(st.data(), st.integers(0, 30), st.integers(0, 30))
    def test_as_many_bars_as_asked_for(self, data: st.DataObject, one: int, other: int) -> None:
        least, most = sorted((one, other))
        assert least <= len(data.draw(strategies.bars(min_bars=least, max_bars=most))) <= most

    def test_more_than_a_session_has_room_for_is_an_error(self) -> None:
        half_day = session_on("2024-07-03")
        assert len(smallest(strategies.bars(half_day, min_bars=210, max_bars=210), lambda _: True))
        with pytest.raises(ValueError, match="1m a session on 2024-07-03 has 210 bars"):
            smallest(strategies.bars(half_day, min_bars=211, max_bars=300), lambda _: True)

    @some
    @given(strategies.markets(), st.integers(1, 3))
    def test_markets_can_be_run(self, market: Market, days: int) -> None:
        source = FramesSource(market, "1m")
        assert all(source.intervals(symbol) for symbol in market)
        run = run_days(frames=market, days=1)
        assert run.sessions[0].date == SESSIONS[0]
        assert "AAA" in run.sessions[0].symbols

    @some
    @given(strategies.configurations(), strategies.markets())
    def test_configurations_can_be_run_over_markets(
        self, tables: dict[str, Any], market: Market
    ) -> None:
        config = SessionConfig.from_dict(tables)
        run = SessionCoordinator(config, source=FramesSource(market, "1m")).run()
        assert run.outcome == "completed"
        assert run.sessions[0].date == tables["backtest"]["start"]

    @some
    @given(strategies.calendars(), strategies.lifecycles())
    def test_calendars_and_lifecycles(self, calendar: MarketCalendar, lifecycle: Lifecycle) -> None:
        assert calendar.is_session(pd.Timestamp("2024-07-03").date())
        assert isinstance(lifecycle, Lifecycle)


class TestAsMarketsAre:
    """Markets as they are, not as one would like them to be: each kind comes up by itself."""

    KINDS: dict[str, Callable[[Any], Any]] = {
        "none": lambda b: not len(b),
        "one": lambda b: len(b) == 1,
        "many": lambda b: len(b) >= 50,
        "a gap": lambda b: (np.diff(b.time) == 120 * 10**9).any(),
        "a halt": lambda b: (np.diff(b.time) > 600 * 10**9).any(),
        "half a day": lambda b: len(b) and f"{b.frame().index[0]:%m-%d}" == "07-03",
        "no volume": lambda b: (b.volume == 0).any(),
        "never any volume": lambda b: len(b) > 2 and not b.volume.any(),
        "standing still": lambda b: len(b) > 5 and np.ptp(b.close) == 0,
        "a jump": lambda b: len(b) > 1 and (b.open[1:] >= 2 * b.close[:-1]).any(),
        "a fall": lambda b: len(b) > 1 and (b.open[1:] * 2 <= b.close[:-1]).any(),
        "late": lambda b: len(b) and b.time[0] % (24 * 3600 * 10**9) > 14 * 3600 * 10**9,
        "to the close": lambda b: len(b) and b.end[-1] % (3600 * 10**9) == 0,
        "cheap": lambda b: len(b) and b.low.min() < 0.1,
        "dear": lambda b: len(b) and b.high.max() > 1e5,
    }  # fmt: skip

    def test_all_kinds_of_bars_come_up(self) -> None:
        seen: Counter[str] = Counter()

        @settings(alike, max_examples=400)
        @given(strategies.bars())
        def look(bars: Bars) -> None:
            seen.update(kind for kind, is_so in self.KINDS.items() if is_so(bars))

        look()
        assert [kind for kind in self.KINDS if seen[kind] < 2] == []

    def test_all_kinds_of_markets_come_up(self) -> None:
        seen: Counter[str] = Counter()

        @settings(alike, max_examples=150)
        @given(strategies.markets())
        def look(market: Market) -> None:
            days = {
                symbol: {f"{stamp:%F}" for stamp in frame.index} for symbol, frame in market.items()
            }
            seen["BBB comes on a later day"] += SESSIONS[0] not in days["BBB"]
            seen["BBB stops early"] += SESSIONS[2] not in days["BBB"]
            seen["an empty day"] += SESSIONS[1] not in days["AAA"] | days["BBB"]
            first = {symbol: frame.index[0] for symbol, frame in market.items()}
            seen["BBB comes late"] += first["BBB"].date() == first["AAA"].date() and (
                first["BBB"] > first["AAA"]
            )

        look()
        # each is common enough for a check of some thirty examples to meet it
        assert min(seen.values()) >= 10
        assert len(seen) == 4

    def test_sessions_have_half_days_breaks_and_no_close(self) -> None:
        for kind in (
            lambda each: each.early_close,
            lambda each: each.break_start_ns is not None,
            lambda each: each.close_ns - each.open_ns == 24 * 3600 * 10**9,
        ):
            assert smallest(strategies.sessions(), kind)


class TestShrinking:
    """What is left when Hypothesis has shrunk an example is an episode or two."""

    def test_the_simplest(self) -> None:
        nothing = smallest(strategies.bars(), lambda _: True)
        assert len(nothing) == 0
        one = smallest(strategies.bars(), lambda bars: len(bars) > 0).frame("America/New_York")
        assert one.to_numpy().tolist() == [[100.0, 100.0, 100.0, 100.0, 100.0]]
        assert f"{one.index[0]:%H:%M}" == "09:30"

    def test_a_jump_is_two_bars(self) -> None:
        found = smallest(
            strategies.bars(), lambda bars: len(bars) > 1 and bars.close[-1] >= 2 * bars.close[0]
        )
        assert len(found) <= 3

    def test_a_market_is_a_bar_a_symbol(self) -> None:
        market = smallest(strategies.markets(), lambda _: True)
        assert [len(frame) for frame in market.values()] == [1, 1]

    def test_a_configuration_is_one_session_of_one_symbol(self) -> None:
        tables = smallest(strategies.configurations(), lambda _: True)
        assert tables["backtest"] == {"start": SESSIONS[0], "end": SESSIONS[0]}
        assert tables["data"]["streams"] == ["1m"]
        assert tables["data"]["symbols"] == ["AAA"]

    def test_what_is_drawn_differs_from_the_small_market(self) -> None:
        """A harness that always draws the same proves nothing."""
        seen = set()

        @settings(alike, max_examples=50)
        @given(strategies.markets())
        def look(market: Market) -> None:
            seen.add(repr([frame.to_numpy().tolist() for frame in market.values()]))

        look()
        assert len(seen) > 30
        assert repr([f.to_numpy().tolist() for f in small_market().values()]) not in seen
