"""What a run will need: found out once, listed whole, before anything is registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import (
    FramesSource,
    ParquetSource,
    RunFailedError,
    SessionConfig,
    SessionCoordinator,
)
from fsm_session.errors import Fault, RequirementsError
from fsm_session.market.interval import Interval
from fsm_session.session.requirements import Requirements
from tests.small_market import SESSIONS, ZONE, bars_of, market, wishes
from tests.unit.session.days import bars, derived, same, span

MINUTES = {date: [0, 1, 2, 3, 4, 59] for date in SESSIONS}
ONE, FIVE, HOUR, DAY = map(Interval.parse, ("1m", "5m", "1h", "1d"))


def looks_ahead(close: Any) -> Any:
    """Tomorrow's price: what no indicator may know."""
    return np.append(close[1:], np.nan)


def spoils(close: Any) -> Any:
    close[:] = 0
    return close


def check(config: SessionConfig, source: Any) -> Requirements:
    return SessionCoordinator(config, source=source).check()


def unmet(config: SessionConfig, source: Any) -> tuple[Fault, ...]:
    """Run it, see that nothing was registered, and give what was unmet."""
    coordinator = SessionCoordinator(config, source=source)
    with pytest.raises(RunFailedError) as caught:
        coordinator.run()
    run: Any = caught.value.run
    assert [each.target for each in run.moves] == ["Validate", "Failed"]
    assert len(run.data) == 0
    assert run.sessions == ()
    (error,) = caught.value.exceptions
    assert isinstance(error, RequirementsError)
    faults = error.faults
    assert all(str(fault) in str(error) for fault in faults)
    return faults


def from_file(folder: Path, data: str) -> SessionConfig:
    path = folder / "week.toml"
    path.write_text(
        f"[backtest]\nstart = {SESSIONS[0]}\nend = {SESSIONS[2]}\n[data]\n{data}\n", "utf-8"
    )
    return SessionConfig.from_toml(path)


class TestTheBase:
    """The largest base there is that equals or gives each interval that is wanted."""

    @pytest.mark.parametrize(
        ("present", "streams", "base", "others"),
        [
            ([ONE, FIVE], ["5m"], FIVE, []),
            ([ONE, FIVE], ["5m", "1h"], FIVE, [HOUR]),
            ([ONE, FIVE], ["1m", "5m"], ONE, [FIVE]),
            ([ONE, FIVE], ["1d"], FIVE, [DAY]),
            ([ONE, DAY], ["1d"], DAY, []),
            ([ONE, DAY], ["5m", "1d"], ONE, [FIVE, DAY]),
        ],
    )
    def test_the_choice(
        self, present: list[Interval], streams: list[str], base: Interval, others: list[Interval]
    ) -> None:
        frames = {
            ("AAA", each.label): bars([pd.Timestamp(f"{day} 09:30", tz=ZONE) for day in SESSIONS])
            for each in present
        }
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[2], data={"streams": streams})
        plan = check(config, FramesSource(frames)).plans["AAA"]
        assert plan.base == base
        assert list(plan.derived) == others

    def test_the_derived_bars_come_from_it(self) -> None:
        starts = span(f"{SESSIONS[0]} 09:30", f"{SESSIONS[0]} 15:59", "1min", ZONE)
        minutes, other = bars(starts), bars(starts[::5], seed=9)
        source = FramesSource({("AAA", "1m"): minutes, ("AAA", "5m"): other})
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0], data={"streams": ["5m", "1h"]})
        data = SessionCoordinator(config, source=source).run().data["AAA"]
        assert same(data.today("5m"), other)
        assert same(data.today("1h"), derived(other, f"{SESSIONS[0]} 09:30", "1h", ZONE))

    def test_none_names_file_key_symbol_and_what_is_needed(self, tmp_path: Path) -> None:
        frame = bars([pd.Timestamp(f"{day} 09:30", tz=ZONE) for day in SESSIONS])
        config = from_file(tmp_path, 'symbols = ["AAA"]\nstreams = ["1m", "5m", "15m"]')
        (fault,) = unmet(config, FramesSource({("AAA", "5m"): frame}))
        assert fault.file == str(tmp_path / "week.toml")
        assert fault.key == "data.streams"
        assert fault.symbol == "AAA"
        assert fault.message.startswith("1m can't be derived from 5m")
        assert "needs bars of 1m" in fault.message


class TestWhatIsMissing:
    """Data present in the source for every symbol and session, and history long enough."""

    def test_symbols_and_dates_are_named_with_file_and_key(self, tmp_path: Path) -> None:
        source = market({"AAA": MINUTES, "BBB": {SESSIONS[1]: [0]}})
        config = from_file(tmp_path, 'symbols = ["AAA", "BBB", "CCC"]\nstreams = ["1m"]')
        faults = unmet(config, source)
        assert [each.symbol for each in faults] == ["BBB", "CCC"]
        assert {each.file for each in faults} == {str(tmp_path / "week.toml")}
        assert {each.key for each in faults} == {"data.symbols"}
        assert "2024-07-02, 2024-07-05" in faults[0].message
        assert SESSIONS[1] not in faults[0].message
        assert '"skip"' in faults[0].message

    def test_history_is_told_apart(self) -> None:
        data = {"history": [{"trailing_days": 2, "intervals": ["1m"]}]}
        config = wishes(["AAA"], SESSIONS[1], SESSIONS[2], data=data)
        (fault,) = unmet(config, market({"AAA": MINUTES}))
        assert "history" in fault.message
        assert "2024-07-01" in fault.message
        assert fault.symbol == "AAA"

    @pytest.mark.parametrize("minutes", [[0], []])
    def test_skip_leaves_a_symbol_out_of_what_it_lacks(self, minutes: list[int]) -> None:
        source = market({"AAA": MINUTES, "BBB": {SESSIONS[0]: [0], SESSIONS[2]: minutes}})
        config = wishes(["AAA", "BBB"], SESSIONS[0], SESSIONS[2], data={"missing": "skip"})
        run = SessionCoordinator(config, source=source).run()
        last = () if minutes else ("BBB",)
        assert [each.left_out for each in run.sessions] == [(), ("BBB",), last]

    def test_a_span_without_a_session(self) -> None:
        config = wishes(["AAA"], "2024-07-04", "2024-07-04")
        faults = unmet(config, market({"AAA": MINUTES}))
        assert any(each.key == "backtest" and "no session" in each.message for each in faults)

    def test_bars_on_a_holiday_are_refused_with_their_date(self) -> None:
        holiday = bars_of("AAA", "2024-07-04", [0, 1, 2])
        days = [bars_of("AAA", date, [0, 1]) for date in SESSIONS]
        frame = pd.concat([*days, holiday]).sort_index()
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[2])
        (fault,) = unmet(config, FramesSource({"AAA": frame}, interval="1m"))
        assert (fault.symbol, fault.time) == ("AAA", "2024-07-04")
        assert fault.message.startswith("3 bars outside every session")

    def test_bars_outside_the_run_are_nobodys_business(self) -> None:
        frame = pd.concat(
            [bars_of("AAA", "2024-06-22", [0]), *(bars_of("AAA", d, [0]) for d in SESSIONS)]
        )
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[2])
        assert not check(config, FramesSource({"AAA": frame}, interval="1m")).unmet


class TestHistory:
    """Rules per interval and symbol: the longest that names an interval, or what gives it."""

    rules = (
        {"trailing_days": 1, "intervals": ["1m"]},
        {"trailing_days": 2, "intervals": ["1h"], "symbols": ["BBB"]},
    )

    def test_days_by_symbol_and_interval(self) -> None:
        config = wishes(["AAA", "BBB"], SESSIONS[2], SESSIONS[2], data={"history": [*self.rules]})
        source = market({"AAA": MINUTES, "BBB": MINUTES})
        run = SessionCoordinator(config, source=source).run()
        days = {
            symbol: {str(key): count for key, count in data.history_sessions.items()}
            for symbol, data in run.data.items()
        }
        assert days["AAA"] == {"1m": 1, "5m": 1, "1h": 1}
        assert days["BBB"] == {"1m": 1, "5m": 1, "1h": 2}
        assert len(run.data["AAA"].history("1m")) == 6
        assert len(run.data["BBB"].history("1h")) == 2
        assert len(run.data["BBB"].bars("1h")) == 3

    def test_an_interval_that_only_history_names_is_there_too(self) -> None:
        data = {"streams": ["1m"], "history": [{"trailing_days": 1, "intervals": ["15m"]}]}
        config = wishes(["AAA"], SESSIONS[1], SESSIONS[1], data=data)
        run = SessionCoordinator(config, source=market({"AAA": MINUTES})).run()
        assert len(run.data["AAA"].history("15m")) == 2
        assert len(run.data["AAA"].history("1m")) == 0


class TestEverythingAtOnce:
    """Every unmet requirement is listed, not just the first."""

    def test_indicators_strategies_and_symbols(self) -> None:
        here = "tests.unit.session.test_requirements"
        indicators = [
            {"name": "ahead", "function": f"{here}:looks_ahead", "interval": "1m"},
            {"name": "spoils", "function": f"{here}:spoils", "interval": "1m"},
            {"name": "typo", "function": "SMMA", "interval": "1m"},
            {"name": "fine", "function": "SMA", "interval": "1m", "warm_up": False},
        ]
        config = wishes(
            ["AAA", "BBB", "CCC"],
            SESSIONS[0],
            SESSIONS[2],
            data={"indicators": indicators},
            strategies=[{"use": f"{here}:Nothing"}],
        )
        faults = unmet(config, market({"AAA": MINUTES, "BBB": {SESSIONS[0]: [0]}}))
        assert [each.key for each in faults] == [
            "strategies[0].use", "data.indicators[0]", "data.indicators[1]",
            "data.indicators[2]", "data.symbols", "data.symbols",
        ]  # fmt: skip
        assert "ahead" in faults[1].message
        assert "writes" in faults[2].message
        assert "SMA" in faults[3].message
        assert [each.symbol for each in faults[4:]] == ["BBB", "CCC"]

    def test_a_file_of_many_symbols_that_can_not_be_read_is_told_once(self, tmp_path: Path) -> None:
        folders = [tmp_path / f"date={date}" for date in SESSIONS]
        for folder, date in zip(folders, SESSIONS, strict=True):
            folder.mkdir()
            day = [bars_of(name, date, [0, 1]).assign(symbol=name) for name in ("AAA", "BBB")]
            pd.concat(day).to_parquet(folder / "bars.parquet")
        broken = folders[1] / "bars.parquet"
        broken.write_text("bad")
        config = wishes(["AAA", "BBB", "CCC"], SESSIONS[0], SESSIONS[2])
        faults = unmet(config, ParquetSource(tmp_path))
        assert [(each.file, each.symbol) for each in faults] == [(str(broken), "")]
