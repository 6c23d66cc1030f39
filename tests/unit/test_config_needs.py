"""What is asked of symbols beside streams: how it is written, refused, and what comes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fsm_session import FramesSource, RunFailedError, SessionConfig, SessionCoordinator
from fsm_session.config import NeedsConfig, ScannerConfig, UniverseConfig
from fsm_session.errors import ConfigError, Fault, RequirementsError
from fsm_session.market.historical import HistoricalSpec
from fsm_session.market.interval import Interval
from fsm_session.market.span import Span
from tests.small_market import SESSIONS, ZONE, market, wishes
from tests.unit.session.days import bars
from tests.unit.test_config_refusals import faults, small

MINUTES = [0, 1, 2]
ADV = {"name": "adv", "function": "mean", "column": "volume", "over": "20d"}
SCAN = {"use": "my:Gap", "pre_session": True}
FILE = """
# what is watched
AAA       # the first
BRK.B

  CCC
# DDD
日経
"""


def universe(**table: Any) -> dict[str, Any]:
    """Make tables with a universe, of which some keys are given; None leaves one out."""
    made = {"symbols": ["AAA", "BBB"], "streams": ["1d"], **table}
    kept = {key: value for key, value in made.items() if value is not None}
    return small(scanners=[{**SCAN, "universe": kept}])


class TestReading:
    """TOML or the same attrs classes in Python"""

    def test_all_keys(self) -> None:
        tables = small(
            data={"incomplete": "drop", "historical": [
                {**ADV, "over": "3mo", "interval": "5m", "half_days": "skip", "absent": "zero"}
            ]},
            scanners=[{**SCAN, "on_error": "disable", "universe": {
                "symbols": ["AAA"], "streams": ["1d"], "incomplete": "drop", "missing": "error",
                "history": [{"trailing_days": 2, "intervals": ["1d"], "symbols": ["AAA"]}],
                "historical": [ADV],
                "indicators": [{"name": "sma", "function": "SMA", "interval": "1d",
                                "warm_up": False}],
            }}],
            strategies=[{"use": "my:Cross", "intervals": ["1m"], "on_error": "disable"}],
        )  # fmt: skip
        config = SessionConfig.from_dict(tables)
        (spec,) = config.data.historical
        volume: Any = ("adv", "mean", "volume", Span(3, "mo"), Interval(300), "skip", "zero")
        assert spec == HistoricalSpec(*volume)
        (scanner,), (strategy,) = config.scanners, config.strategies
        assert isinstance(scanner.universe, UniverseConfig)
        assert config.universes() == {"Gap": scanner.universe}
        assert scanner.universe.indicators[0].warm_up is False
        assert (scanner.on_error, strategy.on_error) == ("disable", "disable")
        assert strategy.intervals == (Interval(60),)
        again = SessionConfig.from_dict(json.loads(json.dumps(config.to_dict())))
        assert again == config
        assert again.digest() == config.digest()

    def test_defaults(self) -> None:
        config = SessionConfig.from_dict(universe())
        watched = config.scanners[0].universe
        assert isinstance(watched, UniverseConfig)
        for needs in (config.data, watched):
            assert isinstance(needs, NeedsConfig)
            assert (needs.incomplete, needs.historical, needs.history) == ("keep", (), ())
        assert (config.data.missing, watched.missing) == ("error", "skip")
        assert ScannerConfig("a:B", pre_session=True).universe is None
        spec = HistoricalSpec("adv", "mean", "volume", Span(20, "d"))
        assert (spec.interval.label, spec.half_days, spec.absent) == ("1d", "count", "skip")


class TestRefusals:
    """An error names the file, the key and what would be right, and all errors come at once."""

    @pytest.mark.parametrize(
        ("change", "key", "said"),
        [
            ({"function": "median"}, "function", '"mean" or "max" or "min", not \'median\''),
            ({"column": "vwap"}, "column", "not 'vwap'"),
            ({"over": "3m"}, "over", "3mo for months"),
            ({"over": 20}, "over", "a text, not 20"),
            ({"over": "0d"}, "over", "1 to 9999"),
            ({"interval": "1w"}, "interval", "at most 1d, not 1w"),
            ({"half_days": True}, "half_days", '"count" or "skip", not True'),
            ({"absent": "zero", "column": "close"}, "absent", "no close is zero"),
            ({"absent": 0}, "absent", '"skip" or "zero", not 0'),
            ({"name": "close"}, "name", "name of a column"),
            ({"name": "a.b"}, "", "no dots"),
            ({"name": "sma"}, "name", "'sma' is the name of an indicator already"),
            ({"symbols": []}, "symbols", "unknown key"),
        ],
    )
    @pytest.mark.parametrize("place", ["data", "scanners[0].universe"])
    def test_historical(self, place: str, change: dict[str, Any], key: str, said: str) -> None:
        sma = {"name": "sma", "function": "SMA", "interval": "1d"}
        asked = {"historical": [ADV | change], "indicators": [sma]}
        found = faults(small(data=asked) if place == "data" else universe(**asked))
        assert list(found) == [f"{place}.historical[0]{'.' if key else ''}{key}"]
        assert said in "".join(found.values())

    @pytest.mark.parametrize(
        ("tables", "key", "said"),
        [
            (small(data={"incomplete": "some"}), "data.incomplete", '"keep" or "drop"'),
            (small(data={"historical": [ADV, ADV]}), "data.historical[1].name", "'adv' is already"),
            (small(scanners=[{**SCAN, "on_error": "skip"}]), "scanners[0].on_error", "disable"),
            (small(strategies=[{"use": "a:B", "on_error": 1}]), "strategies[0].on_error", "fail"),
            (
                small(strategies=[{"use": "a:B", "intervals": ["1m", "60s"]}]),
                "strategies[0].intervals[1]",
                "1m is already at [0]",
            ),
            (
                small(strategies=[{"use": "a:C"}, {"use": "a:B", "intervals": ["5m"]}]),
                "strategies[1].intervals[0]",
                "no bars of 5m are asked for in [data], only 1m",
            ),
            (small(strategies=[{"use": "a:B", "intervals": "1m"}]), "strategies[0].intervals",
             "a list [...]"),
            (universe(symbols=None), "scanners[0].universe.symbols", "missing"),
            (universe(symbols=[]), "scanners[0].universe.symbols", "empty"),
            (universe(symbols=""), "scanners[0].universe.symbols", "empty"),
            (universe(symbols=5), "scanners[0].universe.symbols", "not 5"),
            (universe(symbols=["A", "b/c"]), "scanners[0].universe.symbols[1]", "no path"),
            (universe(symbols=["A", "B", "A"]), "scanners[0].universe.symbols[2]", "already"),
            (universe(streams=None), "scanners[0].universe.streams", "missing"),
            (universe(streams=[]), "scanners[0].universe.streams", "empty"),
            (universe(hours="all"), "scanners[0].universe.hours", "unknown key"),
            (universe(missing="leave"), "scanners[0].universe.missing", '"error" or "skip"'),
            (universe(incomplete=True), "scanners[0].universe.incomplete", '"keep" or "drop"'),
            (
                universe(history=[{"trailing_days": 1, "intervals": ["1d"], "symbols": ["BBC"]}]),
                "scanners[0].universe.history[0].symbols[0]",
                "did you mean 'BBB'?",
            ),
        ],
    )  # fmt: skip
    def test_one_fault(self, tables: dict[str, Any], key: str, said: str) -> None:
        found = faults(tables)
        assert list(found) == [key]
        assert said in found[key]


class TestUniverseFiles:
    """``symbols``: a list, or a file with a symbol a line (``#`` begins a comment), relative to
    the configuration's folder; a SessionConfig holds what the file says."""

    def refused(self, folder: Path, name: str, **more: Any) -> tuple[Fault, ...]:
        with pytest.raises(ConfigError) as caught:
            SessionConfig.from_dict(universe(symbols=name, **more), folder)
        return caught.value.faults

    @pytest.mark.parametrize("head", ["", "\ufeff"])
    def test_it_is_the_same_as_the_list(self, head: str, tmp_path: Path) -> None:
        (tmp_path / "lists").mkdir()
        text = head + FILE.replace("\n", "\r\n" if head else "\n")
        (tmp_path / "lists" / "wide.txt").write_bytes(text.encode())
        toml = tmp_path / "week.toml"
        toml.write_text(
            '[backtest]\nstart = 2024-07-01\nend = 2024-07-05\n[data]\nsymbols = ["BKNG"]\n'
            'streams = ["1m"]\n[[scanners]]\nuse = "my:Gap"\npre_session = true\n'
            '[scanners.universe]\nsymbols = "lists/wide.txt"\nstreams = ["1d"]\n'
        )
        config = SessionConfig.from_toml(toml)
        assert config == SessionConfig.from_dict(universe(symbols="lists/wide.txt"), tmp_path)
        named = SessionConfig.from_dict(universe(symbols=["AAA", "BRK.B", "CCC", "日経"]))
        assert config == named
        assert config.digest() == named.digest()
        assert config.universes()["Gap"].symbols == ("AAA", "BRK.B", "CCC", "日経")

    def test_what_is_wrong_is_named_by_its_line(self, tmp_path: Path) -> None:
        path = tmp_path / "wide.txt"
        path.write_text("AAA\n../b  # a path\n\nCCC\nAAA\n" + "x" * 65)
        found = self.refused(tmp_path, "wide.txt")
        assert {each.file for each in found} == {str(path)}
        assert [each.key for each in found] == [
            f"scanners[0].universe.symbols: line {number}" for number in (2, 5, 6)
        ]
        told = [each.message for each in found]
        assert "no path" in told[0] and "line 1 already" in told[1] and "64" in told[2]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (None, "can't be read: No such file or directory"),
            (b"", "no symbol in it"),
            (b"# AAA\n\n", "no symbol in it"),
            (b"AAA\n\xff", "can't be read: 'utf-8'"),
        ],
    )
    def test_no_file_or_nothing_in_it(
        self, content: bytes | None, said: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "wide.txt"
        if content is not None:
            path.write_bytes(content)
        (fault,) = self.refused(tmp_path, "wide.txt")
        assert (fault.file, fault.key) == (str(path), "scanners[0].universe.symbols")
        assert said in fault.message

    def test_rules_of_history_are_held_to_it(self, tmp_path: Path) -> None:
        (tmp_path / "wide.txt").write_text("AAA\nBBB\n")
        rule = {"trailing_days": 1, "intervals": ["1d"], "symbols": ["AAA", "BBC"]}
        (fault,) = self.refused(tmp_path, "wide.txt", history=[rule])
        assert fault.key == "scanners[0].universe.history[0].symbols[1]"
        assert "did you mean 'BBB'?" in fault.message


class TestTheBase:
    """the largest present one from which everything asked for derives; sub-minute only from
    seconds, minutes from minutes or seconds, days from days, minutes or seconds; weeks and months
    from days"""

    @pytest.mark.parametrize(
        ("present", "streams", "profile", "base"),
        [
            (["1s", "1m"], ["30s"], "1d", "1s"),
            (["1s", "1m"], ["1m"], "1d", "1m"),
            (["1s", "1m", "5m"], ["5s", "5m"], "1d", "1s"),
            (["1s", "5m"], ["1m"], "1d", "1s"),
            (["1m", "5m", "1d"], ["15m", "1h"], "1d", "5m"),
            # a profile has to be given by the base too
            (["1m", "5m"], ["5m"], "1m", "1m"),
            (["1m", "5m"], ["5m"], "15m", "5m"),
            (["1m", "1d"], ["1d"], "1h", "1m"),
            (["1m", "1d"], ["1d"], "1d", "1d"),
            (["5s", "1h"], ["1d"], "1d", "1h"),
            (["1m", "1d"], ["1w", "1mo"], "1d", "1d"),
            (["1m", "1w"], ["1w"], "1d", "1m"),
        ],
    )
    def test_of_a_run(
        self, present: list[str], streams: list[str], profile: str, base: str
    ) -> None:
        # whole weeks and months are read for their bars
        opens = [f"{date} 09:30" for date in ("2024-07-01", *SESSIONS)]
        frame = bars([pd.Timestamp(each, tz=ZONE) for each in opens])
        data = {"streams": streams, "historical": [{**ADV, "over": "1d", "interval": profile}]}
        config = wishes(["AAA"], SESSIONS[2], SESSIONS[2], data=data)
        source = FramesSource({("AAA", each): frame for each in present})
        held = SessionCoordinator(config, source=source).run().data["AAA"]
        assert held.base_interval.label == base
        # the base is there, and what is asked for; a profile's interval is not kept
        assert {each.label for each in held.intervals} == {base, *streams}

    @pytest.mark.parametrize(
        ("present", "streams", "profile", "lacking", "needed"),
        [
            (["1m"], ["30s", "5m"], "1d", "30s", "30s"),
            (["5m", "1d"], ["5m"], "1m", "1m", "1m"),
            (["2m", "5m"], ["2m", "5m"], "1d", "2m, 5m", "1m"),
            (["1d"], ["1d", "1w"], "30m", "30m", "30m"),
        ],
    )
    def test_unmet(
        self, present: list[str], streams: list[str], profile: str, lacking: str, needed: str
    ) -> None:
        frame = bars([pd.Timestamp(f"{date} 09:30", tz=ZONE) for date in SESSIONS])
        data = {"streams": streams, "historical": [{**ADV, "over": "1d", "interval": profile}]}
        config = wishes(["AAA"], SESSIONS[1], SESSIONS[2], data=data)
        source = FramesSource({("AAA", each): frame for each in present})
        with pytest.raises(RequirementsError) as caught:
            SessionCoordinator(config, source=source).check()
        (fault,) = caught.value.faults
        assert (fault.key, fault.symbol) == ("data.streams", "AAA")
        assert fault.message.startswith(lacking) and "can't be derived from" in fault.message
        assert f"needs bars of {needed}" in fault.message


class TestUnmetUniverses:
    """missing="error" refuses at Validate naming symbol and key"""

    def test_symbols_that_nobody_knows(self) -> None:
        source = market({"AAA": dict.fromkeys(SESSIONS, MINUTES), "LATE": {SESSIONS[2]: MINUTES}})
        table = {"symbols": ["AAA", "ZZZ", "LATE"], "streams": ["1d"], "missing": "error"}
        scanner = {"use": f"{__name__}:Looks", "pre_session": True, "universe": table}
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[2], scanners=[scanner])
        with pytest.raises(RunFailedError) as caught:
            SessionCoordinator(config, source=source).run()
        (error,) = caught.value.exceptions
        assert isinstance(error, RequirementsError)
        assert [(each.symbol, each.key) for each in error.faults] == [
            ("ZZZ", "scanners[0].universe.symbols"), ("LATE", "scanners[0].universe.symbols")
        ]  # fmt: skip
        assert 'missing = "skip" in [scanners[0].universe]' in error.faults[1].message


class Looks:
    """A scanner that finds nothing."""

    def scan(self, view: Any) -> None: ...
