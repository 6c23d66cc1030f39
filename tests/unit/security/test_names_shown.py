"""Names from configurations and from the user's parts: refused by their keys, or shown as names."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from fsm_session import TRADING_DAY, Found, Run, RunFailedError, SessionCoordinator, Signal, State
from fsm_session.config import SessionConfig
from fsm_session.errors import ConfigError
from fsm_session.machine import Lifecycle, Transition
from fsm_session.machine.journal import read_journal
from tests.small_market import market
from tests.small_market import wishes as small
from tests.unit.cli.folder import command
from tests.unit.security.hostile import (
    KEYS,
    NAMES,
    SOUND,
    is_name,
    is_symbol,
    only_shown,
    untouched,
    wishes,
    written,
)

DATE = "2024-07-02"
SMALL = market({symbol: {DATE: [0, 1, 2]} for symbol in ("AAA", "BBB")})
#: nobody reads a line of 5,000 characters
READ = 1200


def tables(names: Mapping[str, str], folder: Path) -> Path:
    path = folder / "week.toml"
    path.write_text(wishes(names), "utf-8")
    return path


def told_whole(text: str) -> bool:
    """Tell whether each line is an error that names the file, or a hint behind one."""
    lines = text.splitlines()
    wrong = [line for line in lines if line.startswith("error: ")]
    hints = [line for line in lines if line.startswith("hint: ")]
    return len(wrong) + len(hints) == len(lines) and all("week.toml" in line for line in wrong)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
class TestConfiguration:
    """ "What is refused must be refused with the library's own error naming file, key and symbol;
    what is allowed must be escaped everywhere it is shown."
    """

    def test_each_key_refuses_what_can_be_no_name_all_at_once(
        self, name: str, tmp_path: Path
    ) -> None:
        # a place to import from is more than a name
        places = {"data.indicators[0].function": f"{name}:f"}
        path = tables({**dict.fromkeys(KEYS, name), **places}, tmp_path)
        with pytest.raises(ConfigError) as refused, untouched(tmp_path):
            SessionConfig.from_toml(path)
        if name == NAMES["half a character"]:  # TOML has no such escape
            assert str(refused.value).startswith(f"{path}: is not TOML")
            return
        told = {fault.key: fault for fault in refused.value.faults}
        expected = {key for key, sound in KEYS.items() if not sound(name)}
        # of a faulty indicator there is no telling what else is wrong
        assert told.keys() | {"data.indicators[0].function"} == expected
        assert {fault.file for fault in told.values()} == {str(path)}

    def test_check_says_so_and_is_obeyed_by_no_terminal(self, name: str, tmp_path: Path) -> None:
        result = command("check", tables(dict.fromkeys(KEYS, name), tmp_path))
        assert (result.exit_code, result.stdout) == (2, "")
        assert only_shown(result.stderr)
        assert told_whole(result.stderr)
        assert max(map(len, result.stderr.splitlines())) < READ

    def test_what_is_allowed_is_a_name_to_the_end(self, name: str, tmp_path: Path) -> None:
        taken = {key: name for key, sound in KEYS.items() if sound(name)}
        if "data.historical[0]" in taken:  # its name is to be its own
            taken["data.historical[0]"] += "2"
        out = tmp_path / "out"
        path = tables(taken, tmp_path)
        with untouched(tmp_path, out):
            result = command("run", path, "--out", out)
            checked = command("check", path)
        assert (result.exit_code, checked.exit_code) == (0, 0), result.output
        assert only_shown(result.output) and only_shown(checked.output)
        names = {**SOUND, **taken}
        record = json.loads((out / "sessions/2024-07-03.json").read_bytes())
        traded = record["symbols"]["AAA"]
        # the scanner promotes what it is shown
        watched = names["scanners[0].universe.symbols[0]"]
        assert record["symbols"].keys() == {"AAA", names["data.symbols[1]"], watched}
        assert list(traded["indicators"]) == [names["data.indicators[0]"]]
        assert list(traded["historical"]) == [names["data.historical[0]"]]
        assert [each["scanner"] for each in record["scans"]] == [names["scanners[0].name"]]
        assert list(record["universes"]) == [names["scanners[0].name"]]
        assert json.loads((out / "run.json").read_bytes())["name"] == names["name"]
        assert sorted(str(each.relative_to(out)) for each in out.rglob("*")) == [
            *("journal.jsonl", "report.html", "run.json", "sessions", "sessions/2024-07-03.json")
        ]

    @pytest.mark.parametrize("key", ["calendar", "source.path", "source.parameters", "a key"])
    def test_what_is_no_name_is_refused_by_who_looks_it_up(
        self, name: str, key: str, tmp_path: Path
    ) -> None:
        quoted = json.dumps(name)
        added = {
            "calendar": ("[backtest]", f"calendar = {quoted}\n[backtest]"),
            "source.path": ('kind = "simulated"', f'kind = "csv"\npath = {quoted}'),
            "source.parameters": ('"1h"\n[[sc', f'"1h"\nparameters = {{ {quoted} = 1 }}\n[[sc'),
            "a key": ("[backtest]", f"{quoted} = 1\n[backtest]"),
        }
        text = wishes({})
        assert added[key][0] in text
        path = tmp_path / "week.toml"
        path.write_text(text.replace(*added[key], 1), "utf-8")
        result = command("check", path)
        assert (result.exit_code, result.stdout) == (2, "")
        assert only_shown(result.stderr)
        assert told_whole(result.stderr)
        assert max(map(len, result.stderr.splitlines())) < READ


class Speaker:
    """A strategy and a scanner that says a name wherever something can be said."""

    universe = {"symbols": ["BBB"], "streams": ["1m"]}

    def __init__(self, said: str) -> None:
        self.said = self.name = said

    def on_bars(self, view: Any) -> Any:
        return [Signal(symbol, self.said, self.said) for symbol in view.symbols]

    def scan(self, view: Any) -> Any:
        return [Found(self.said, self.said, {self.said: 1.0})]


class Broken:
    """A worker of that name, which says it again when it fails."""

    def __init__(self, name: str) -> None:
        self.name = name

    def setup(self, context: Any) -> None:
        raise type(self.name, (Exception,), {})(self.name) if "\0" not in self.name else OSError

    def on_step(self, step: Any) -> None: ...

    def on_session_end(self) -> None: ...

    def teardown(self) -> None: ...


def named(name: str, answer: Any = None) -> Callable[[Any], Any]:
    def function(_: Any) -> Any:
        return answer

    function.__name__ = name
    return function


def crowded(name: str) -> Lifecycle:
    """Make a day with a state, a hook and a guard of that name: the guard is asked, and holds."""
    state = State(name if is_name(name) else "Auction", entry=[named(name)])
    day = TRADING_DAY.insert(state, after="Active")
    at = next(n for n, row in enumerate(day.transitions) if row.source == state.name)
    asked = Transition(state.name, "Streaming", named(name, answer=True))
    rows = (*day.transitions[:at], asked, *day.transitions[at:])
    return evolve(day, name=name, transitions=rows)


def run(folder: Path, **parts: Any) -> Run:
    config = small(["AAA"], DATE, DATE)
    return SessionCoordinator(config, source=SMALL, out=folder / "out", **parts).run()


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
class TestParts:
    """ "Names ... are escaped wherever they are shown (... JSON ...) and never become a path."
    What comes from Python may be anything at all, and stands in records as it is.
    """

    def test_what_parts_say(self, name: str, tmp_path: Path) -> None:
        speaker = Speaker(name)
        if not is_name(name):
            speaker.name = "speaker"
        with untouched(tmp_path, tmp_path / "out"):
            run(tmp_path, strategies=[speaker], scanners=[speaker])
        record = json.loads((tmp_path / f"out/sessions/{DATE}.json").read_bytes())
        said = record["signals"][0]
        assert (said["strategy"], said["action"]) == (speaker.name, written(name))
        assert said["reason"] == written(name)
        (scan,) = record["scans"]
        expected = {"symbol": written(name), "reason": written(name)}
        assert scan["found"] == [{**expected, "figures": {written(name): 1.0}}]
        # none of them is a symbol that there is
        assert list(scan["refused"]) == [written(name)]
        assert ("holds no data" in scan["refused"][written(name)]) == is_symbol(name)
        assert list(record["symbols"]) == ["AAA"]

    def test_names_of_parts_are_held_to_the_same_rule(self, name: str, tmp_path: Path) -> None:
        config = small(["AAA"], DATE, DATE)
        coordinator = SessionCoordinator(config, source=SMALL, strategies=[Speaker(name)])
        told = [fault.key for fault in coordinator.context._parts.faults]
        assert told == ([] if is_name(name) else ["strategies[0].name"])

    def test_names_of_states_hooks_and_guards(self, name: str, tmp_path: Path) -> None:
        done = run(tmp_path, lifecycle=crowded(name))
        assert done.outcome == "completed"
        moves = read_journal(tmp_path / "out/journal.jsonl").records
        assert written(name) in [each.get("guard") for each in moves]

    def test_a_worker_that_fails(self, name: str, tmp_path: Path) -> None:
        with pytest.raises(RunFailedError) as failed:
            run(tmp_path, workers=[Broken(name)])
        assert len(failed.value.exceptions) == 1
        record = json.loads((tmp_path / "out/run.json").read_bytes())
        assert [each["worker"] for each in record["errors"]] == [written(name)]
        errors = [
            each["worker"]
            for each in read_journal(tmp_path / "out/journal.jsonl").records
            if each["kind"] == "error"
        ]
        assert errors == [written(name)]
