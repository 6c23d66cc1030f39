"""Each thing a configuration may not say, with its exact key; and all of them at once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from fsm_session.config import (
    BacktestConfig,
    DataConfig,
    SessionConfig,
    WorkersConfig,
    symbol_fault,
)
from fsm_session.errors import ConfigError, IndicatorError
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval


def small(**tables: Any) -> dict[str, Any]:
    """Make the least tables there can be, with some put in or over them."""
    base: dict[str, Any] = {
        "backtest": {"start": "2024-07-01", "end": "2024-07-05"},
        "data": {"symbols": ["BKNG"], "streams": ["1m"]},
    }
    return {**base, **{k: {**base.get(k, {}), **v} if k in base else v for k, v in tables.items()}}


def faults(tables: object) -> dict[str, str]:
    """Read what must be refused: the message of each fault by its key."""
    with pytest.raises(ConfigError) as refused:
        SessionConfig.from_dict(tables)  # type: ignore[arg-type]
    return {fault.key: fault.message for fault in refused.value.faults}


class TestRefusals:
    """DESIGN.md 7: "all errors come at once. Unknown keys are errors"."""

    @pytest.mark.parametrize(
        ("tables", "key", "said"),
        [
            (small(sorce={}), "sorce", "did you mean 'source'?"),
            (small(data={"stream": []}), "data.stream", "did you mean 'streams'?"),
            (small(workers={"zzz": 1}), "workers.zzz", "known: deadline, threads"),
            (small(file="x"), "file", "unknown key"),
            ({"backtest": small()["backtest"]}, "data", "missing"),
            (small() | {"data": {"symbols": ["A"]}}, "data.streams", "missing"),
            (small(mode="live"), "mode", "come later"),
            (small(mode="paper"), "mode", '"backtest" or "live"'),
            (small(name=""), "name", "printable"),
            (small(name=5), "name", "a text, not 5"),
            (small(calendar=""), "calendar", "empty"),
            (small(backtest={"speed": 60}), "backtest.speed", "comes later"),
            (small(backtest={"speed": -1}), "backtest.speed", "0 (as fast as it goes) or above"),
            (small(backtest={"speed": True}), "backtest.speed", "a finite number, not True"),
            (small(backtest={"speed": "0"}), "backtest.speed", "a finite number, not '0'"),
            (small(backtest={"start": "July"}), "backtest.start", "2024-07-01, not 'July'"),
            (small(backtest={"end": 20240705}), "backtest.end", "2024-07-01, not 20240705"),
            (
                small(backtest={"end": dt.datetime(2024, 7, 5, 9, 30)}),
                "backtest.end",
                "a date such as 2024-07-01",
            ),
            (small(backtest={"start": "2024-07-06"}), "backtest.start", "reversed"),
            (small() | {"backtest": 5}, "backtest", "a table, not 5"),
            (small(data={"symbols": []}), "data.symbols", "empty"),
            (small(data={"symbols": "BKNG"}), "data.symbols", "a list [...], not 'BKNG'"),
            (small(data={"symbols": ["A", "B", "A"]}), "data.symbols[2]", "already at [0]"),
            (small(data={"symbols": ["A", "../B"]}), "data.symbols[1]", "no path"),
            (small(data={"streams": []}), "data.streams", "empty"),
            (small(data={"streams": ["1h", "5m", "60m"]}), "data.streams[2]", "1h is already"),
            (small(data={"streams": ["quotes", "ticks"]}), "data.streams", "name an interval too"),
            (small(data={"streams": ["1m", "ticks", "ticks"]}), "data.streams[2]", "already"),
            (small(data={"quotes": "from_bars"}), "data.quotes", '"quotes" is not in streams'),
            (small(data={"streams": ["1m", "quotes"], "quotes": "bars"}), "data.quotes", "from_b"),
            (small(data={"streams": [5]}), "data.streams[0]", "5m"),
            (small(data={"hours": "some"}), "data.hours", '"regular" or "all", not \'some\''),
            (small(data={"missing": True}), "data.missing", '"error" or "skip", not True'),
            (small(workers={"deadline": 0}), "workers.deadline", "above 0"),
            (small(workers={"deadline": float("nan")}), "workers.deadline", "finite"),
            (small(workers={"deadline": 10**400}), "workers.deadline", "finite"),
            (small(workers={"threads": 1}), "workers.threads", "true or false, not 1"),
        ],
    )
    def test_one_fault(self, tables: object, key: str, said: str) -> None:
        found = faults(tables)
        assert list(found) == [key]
        assert said in found[key]

    @pytest.mark.parametrize(
        ("history", "key", "said"),
        [
            ({"trailing_days": -1}, "trailing_days", "0 or above, not -1"),
            ({"trailing_days": 1.5}, "trailing_days", "a whole number, not 1.5"),
            ({"trailing_days": True}, "trailing_days", "a whole number, not True"),
            ({"intervals": []}, "intervals", "empty"),
            ({"intervals": ["1m", "60s"]}, "intervals[1]", "already at [0]"),
            ({"symbols": "most"}, "symbols", "\"all\", not 'most'"),
            ({"symbols": ["BKGN"]}, "symbols[0]", "did you mean 'BKNG'?"),
            ({"symbols": []}, "symbols", "empty"),
        ],
    )
    def test_history(self, history: dict[str, Any], key: str, said: str) -> None:
        table = {"trailing_days": 3, "intervals": ["1m"], **history}
        found = faults(small(data={"history": [table]}))
        assert list(found) == [f"data.history[0].{key}"]
        assert said in found[f"data.history[0].{key}"]

    @pytest.mark.parametrize("name", ["time", "open", "high", "low", "close", "volume"])
    def test_an_indicator_named_as_a_column(self, name: str) -> None:
        spec = {"name": name, "function": "SMA", "interval": "1m"}
        found = faults(small(data={"indicators": [spec]}))
        assert list(found) == ["data.indicators[0].name"]
        assert "name of a column" in found["data.indicators[0].name"]

    def test_indicators(self) -> None:
        spec = {"name": "a", "function": "SMA", "interval": "1m"}
        found = faults(small(data={"indicators": [spec, spec]}))
        assert found == {
            "data.indicators[1].name": "'a' is already the name of [0]: give each one of its own"
        }
        dotted, unsaid = {**spec, "name": "a.b"}, {**spec, "function": " "}
        found = faults(small(data={"indicators": [dotted, unsaid, {**spec, "timeperiod": 3}]}))
        assert list(found) == [
            "data.indicators[0]",
            "data.indicators[1].function",
            "data.indicators[2].timeperiod",
        ]

    @pytest.mark.parametrize(
        ("source", "key", "said"),
        [
            ({"kind": "sql"}, "kind", "'sql' comes later"),
            ({"kind": "alpaca"}, "kind", "'alpaca' comes later"),
            ({"kind": "parqet", "path": "x"}, "kind", "did you mean 'parquet'?"),
            ({"kind": "parquet"}, "path", "missing"),
            ({"kind": "csv", "path": " "}, "path", "missing"),
            ({"kind": "csv", "path": "a\0b"}, "path", "must be a path"),
            ({"kind": "simulated", "path": "x"}, "path", "leave it out"),
            ({"kind": "simulated", "interval": "5x"}, "interval", "5x"),
            ({"kind": "simulated", "parameters": [1]}, "parameters", "a table"),
            ({"path": "x"}, "kind", "missing"),
        ],
    )
    def test_source(self, source: dict[str, Any], key: str, said: str) -> None:
        found = faults(small(source=source))
        assert list(found) == [f"source.{key}"]
        assert said in found[f"source.{key}"]

    @pytest.mark.parametrize(
        ("scanner", "key", "said"),
        [
            ({"every": None}, "every", "never runs"),
            ({"every": None, "pre_session": False}, "every", "never runs"),
            ({"every": "1d"}, "every", "shorter than a day"),
            ({"between": ["10:30", "09:35"]}, "between", "not 10:30:00 to 09:35:00"),
            ({"between": ["10:30", "10:30"]}, "between", "from earlier to later"),
            ({"between": ["10:30"]}, "between", "a list of 2"),
            ({"between": ["10:30", "25:00"]}, "between[1]", "a time of day"),
            ({"between": ["10:30", "11:00+02:00"]}, "between[1]", "without a zone"),
            (
                {"between": ["10:30", "11:00"], "every": None, "pre_session": True},
                "between",
                "every",
            ),
            ({"use": "Gap"}, "use", "package.module:Name"),
            ({"use": "a.b:Gap()"}, "use", "package.module:Name"),
            ({"use": "a..b:Gap"}, "use", "package.module:Name"),
            ({"name": ""}, "name", "printable name"),
            ({"parameters": {"a": {"b": [1, float("inf")]}}}, "parameters.a.b[1]", "finite"),
            ({"parameters": {"a": {1, 2}}}, "parameters.a", "a list or a table"),
            ({"parameters": {"a": {1: 2}}}, "parameters.a", "a text as the key, not 1"),
        ],
    )
    def test_scanner(self, scanner: dict[str, Any], key: str, said: str) -> None:
        found = faults(small(scanners=[{"use": "my:Gap", "every": "5m", **scanner}]))
        assert list(found) == [f"scanners[0].{key}"]
        assert said in found[f"scanners[0].{key}"]

    def test_names_of_scanners_and_strategies_are_their_own(self) -> None:
        scan = {"use": "my:Gap", "every": "5m"}
        found = faults(small(scanners=[scan, scan], strategies=[{"use": "a:B"}, {"use": "c:B"}]))
        assert list(found) == ["scanners[1].name", "strategies[1].name"]

    def test_all_at_once(self) -> None:
        tables = small(
            mode="live",
            sped=1,
            backtest={"start": "2025-01-01"},
            data={"symbols": ["A", "A"], "streams": ["5x", "ticks"], "hours": 3},
            source={"kind": "sql"},
            scanners=[{"use": "my:Gap"}],
            workers={"deadline": -1},
        )
        assert set(faults(tables)) == {
            "mode",
            "sped",
            "backtest.start",
            "data.symbols[1]",
            "data.streams[0]",
            "data.hours",
            "source.kind",
            "scanners[0].every",
            "workers.deadline",
        }

    def test_what_holds_for_several_fields_is_asked_of_the_sound_ones(self) -> None:
        tables = small(
            backtest={"start": "2024-07-05", "end": "2024-07-01", "speed": "fast"},
            data={"symbols": ["A", "B/C", "A"], "streams": ["5m", "x", "5m"]},
            scanners=[
                {"use": "a:B", "every": 5},
                {"use": "a:B", "between": ["11:00", "10:00"], "pre_session": "yes"},
            ],
        )
        assert set(faults(tables)) == {
            "backtest.start",
            "backtest.speed",
            "data.symbols[1]",
            "data.symbols[2]",
            "data.streams[1]",
            "data.streams[2]",
            "scanners[0].every",
            "scanners[1].between",
            "scanners[1].pre_session",
        }

    def test_no_table_at_all(self) -> None:
        assert faults(["backtest"]) == {"": "expected a table, not ['backtest']"}

    def test_python_is_held_to_the_same(self) -> None:
        with pytest.raises(ConfigError) as refused:
            SessionConfig(
                mode="live",
                backtest=BacktestConfig(dt.date(2024, 7, 5), dt.date(2024, 7, 1), speed=60),
                data=DataConfig(symbols=("A", "A"), streams=()),
                workers=WorkersConfig(deadline=0),
                source=5,  # type: ignore[arg-type]
            )
        assert {fault.key for fault in refused.value.faults} == {
            "mode",
            "backtest.start",
            "backtest.speed",
            "data.symbols[1]",
            "data.streams",
            "workers.deadline",
            "source",
        }

    def test_each_says_where_and_what(self) -> None:
        with pytest.raises(ConfigError, match=r"^data\.streams\[0\]: '5x'.*5m.*$"):
            SessionConfig.from_dict(small(data={"streams": ["5x"]}))


class TestSymbols:
    """A symbol becomes part of a file's name, so it must not be able to leave the folder."""

    @pytest.mark.parametrize("symbol", ["BKNG", "BRK.B", "ES=F", "^VIX", "a" * 64, "日経", "A B"])
    def test_taken(self, symbol: str) -> None:
        assert symbol_fault(symbol) == ""

    @pytest.mark.parametrize(
        "symbol",
        ["", ".", "..", "a/b", "a\\b", "../x", " A", "A ", "A\n", "A\0", "a" * 65, "\u202eA"],
    )
    def test_refused(self, symbol: str) -> None:
        assert symbol_fault(symbol)
        assert list(faults(small(data={"symbols": [symbol]}))) == ["data.symbols[0]"]


def test_an_indicator_is_refused_by_its_own_class() -> None:
    with pytest.raises(IndicatorError):
        IndicatorSpec("a.b", "SMA", Interval(60))
