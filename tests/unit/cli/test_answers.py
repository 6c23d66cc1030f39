"""What a program is answered with: one document, whatever happens, of a form that stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.unit.cli.folder import begin, command, ended, sessions, write_config, write_data
from tests.unit.security.hostile import NAMES

#: the keys, said here a second time: programs rely on them
DOCUMENT = ["format", "command", "status", "result", "files", "errors"]
ERROR = [
    *("error", "message", "file", "key", "symbol", "time"),
    *("phase", "hook", "worker", "session", "hint"),
]
RUN = ["format", "name", "calendar", "outcome", "sessions", "errors", "unclean"]
SESSION = [
    *("date", "complete", "symbols", "left_out", "steps", "bars", "quality"),
    *("signals", "scans", "changes", "disabled"),
]
CHECK = ["name", "calendar", "sessions", "symbols", "universes", "not_imported"]
SYMBOL = [
    *("base", "from_ticks", "derived", "events", "recorded"),
    *("history_sessions", "indicators", "left_out"),
]
VERIFY = [
    *("lifecycle", "workers", "configurations", "ways", "depth", "states", "rows"),
    *("holds", "promises", "not_asked"),
]
PROMISE = ["promise", "holds", "way", "facts", "again"]
DIAGRAM = ["lifecycle", "up_to_date", "differences"]

PARTS = """\
import os, sys

class Talker:
    def on_bars(self, view):
        print("from a strategy")
        sys.stdout.write("without end")

class Late:
    def on_bar(self, bar):
        if bar.time.hour == 11:
            raise ZeroDivisionError("half \\ud800 of it \\x1b[31m \\x9b31m \\u202e é")
"""
#: nothing heeds a stop: the guard may say no for ever
ODD = """\
from fsm_session.machine import Lifecycle, State, Transition

def sometimes(context):
    return False

ODD = Lifecycle(
    "Odd",
    [State("A"), State("B"), State("End", final=True)],
    [Transition("A", "End", sometimes), Transition("A", "B"), Transition("B", "A")],
)
"""


#: sends itself what Ctrl-C sends, twice where it is to be broken off
STOPPING = """\
import os, signal

class Stops:
    def on_bars(self, view):
        os.kill(os.getpid(), signal.SIGINT)
        if {failing}:
            os.kill(os.getpid(), signal.SIGINT)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder of our own, with sound data and parts."""
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    (tmp_path / "json_parts.py").write_text(PARTS)
    return tmp_path


def using(folder: Path, part: str) -> Path:
    use = f'[[strategies]]\nuse = "json_parts:{part}"\n[source]'
    return write_config(folder, ("[source]", use))


def document(result: Result) -> dict[str, Any]:
    """Read the one document that there is; it says what the command left with."""
    found: dict[str, Any] = json.loads(result.stdout)
    assert list(found) == DOCUMENT
    assert (found["format"], found["status"]) == (1, result.exit_code)
    assert result.stdout.isascii()
    for error in found["errors"]:
        assert list(error) == ERROR
        assert error["error"] and error["message"] and error["hint"]
    return found


class TestRun:
    """ "For `run` the document is what run.json holds plus the paths written"."""

    def test_it_is_the_record_and_the_paths(self, folder: Path) -> None:
        result = command("run", write_config(folder), "--out", "out", "--json")
        found = document(result)
        assert (found["command"], found["errors"], result.stderr) == ("run", [], "")
        assert list(found["result"]) == RUN
        assert [list(each) for each in found["result"]["sessions"]] == [SESSION] * 3
        assert found["result"] == json.loads((folder / "out/run.json").read_bytes())
        there = (each for each in folder.rglob("out/**/*") if each.is_file())
        written = sorted(str(each.relative_to(folder)) for each in there)
        assert sorted(found["files"]) == written
        assert len(written) == 3 + len(sessions(folder / "out"))

    def test_without_a_folder_it_says_as_much(self, folder: Path) -> None:
        path = write_config(folder)
        with_folder = document(command("run", path, "--out", "out", "--json"))
        without = document(command("run", path, "--json", "--quiet"))
        assert without["result"] == with_folder["result"]
        assert without["files"] == []

    def test_what_a_strategy_prints_is_kept_out_of_it(self, folder: Path) -> None:
        process = begin("run", using(folder, "Talker"), "--json", folder=folder)
        status, out, err = ended(process)
        assert (status, json.loads(out)["status"]) == (0, 0)
        assert err.count("from a strategy") == err.count("without end") == 990

    def test_a_run_that_failed(self, folder: Path) -> None:
        result = command("run", using(folder, "Late"), "--out", "out", "--json")
        found = document(result)
        assert (found["status"], result.stderr) == (1, "")
        assert found["result"] == json.loads((folder / "out/run.json").read_bytes())
        (error,) = found["errors"]
        assert (error["error"], error["symbol"]) == ("PartError", "AAA")
        assert (error["phase"], error["hook"]) == ("Streaming", "stream_the_tape")
        assert (error["session"], error["worker"]) == ("2024-07-02", "StrategyManager")
        assert error["time"] == "2024-07-02T11:01:00-04:00"  # seen at its end
        assert "half \ud800 of it \x1b[31m \x9b31m \u202e é" in error["message"]
        assert "on_error" in error["hint"]

    def test_faults_are_all_there_each_with_its_place(self, folder: Path) -> None:
        names = ", ".join(f'"S{number:03}"' for number in range(200))
        result = command("run", write_config(folder, ('"AAA", "BBB"', names)), "--json")
        errors = document(result)["errors"]
        assert result.exit_code == 2
        assert {each["symbol"] for each in errors} == {f"S{number:03}" for number in range(200)}
        assert {each["key"] for each in errors} == {"data.symbols"}
        assert {Path(each["file"]).name for each in errors} == {"week.toml"}

    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
    def test_a_document_whatever_the_names_are(self, folder: Path, name: str) -> None:
        quoted = json.dumps(name)
        path = write_config(folder, ('"two stocks"', quoted), ('"BBB"', f'"BBB", {quoted}'))
        found = document(command("run", path, "--json"))
        assert found["status"] == 2

    def test_names_that_are_allowed_are_given_back(self, folder: Path) -> None:
        found = document(
            command("run", write_config(folder, ("two stocks", "Zürich 日本")), "--json")
        )
        assert found["result"]["name"] == "Zürich 日本"

    def test_demo(self, folder: Path) -> None:
        found = document(command("demo", "--out", "demo", "--json"))
        assert found["result"] == json.loads((folder / "demo/run.json").read_bytes())
        assert "demo/demo.toml" in found["files"]


class TestWrongCalls:
    """ "Exactly one JSON document on stdout (result, or the errors ...), exit status as ever"."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["run", "--json"],
            ["run", "--json", "none.toml"],
            ["run", "--nothing", "--json"],
            ["check", "a", "b", "--json"],
            ["verify", "--workers", "99", "--json"],
            ["diagram", "nowhere_at_all:X", "--json"],
            ["nothing", "--json"],
            ["new", "--json"],
        ],
    )
    def test_it_says_what_is_wrong(self, folder: Path, arguments: list[str]) -> None:
        result = command(*arguments)
        found = document(result)
        assert (result.exit_code, result.stderr) == (2, "")
        assert found["result"] is None
        assert len(found["errors"]) == 1

    def test_a_value_of_that_name_is_none(self, folder: Path) -> None:
        assert command("run", write_config(folder), "--out", "--json").exit_code == 0
        assert (folder / "--json/run.json").is_file()


class TestOthers:
    """ "For check the requirements; for verify what was visited, proved or the counterexample"."""

    def test_check(self, folder: Path) -> None:
        found = document(command("check", write_config(folder), "--json"))["result"]
        assert list(found) == CHECK
        assert [each["date"] for each in found["sessions"]] == [
            "2024-07-02", "2024-07-03", "2024-07-05",
        ]  # fmt: skip
        assert found["sessions"][1] == {
            "date": "2024-07-03",
            "open": "2024-07-03T13:30:00Z",
            "close": "2024-07-03T17:00:00Z",
            "early_close": True,
        }
        assert list(found["symbols"]) == ["AAA", "BBB"]
        assert list(found["symbols"]["AAA"]) == SYMBOL
        assert (found["symbols"]["AAA"]["base"], found["symbols"]["AAA"]["derived"]) == (
            "1m",
            ["5m"],
        )
        assert found["symbols"]["BBB"]["indicators"] == ["sma_20"]

    def test_verify_that_holds(self, folder: Path) -> None:
        found = document(command("verify", "--workers", "1", "--json"))["result"]
        assert list(found) == VERIFY
        assert found["holds"] is True
        assert {tuple(each) for each in found["promises"]} == {tuple(PROMISE)}
        assert all(each["holds"] and not each["way"] for each in found["promises"])
        assert {"from": "Validate", "to": "Load", "guard": "requirements_met"} in found["rows"]

    def test_verify_with_a_counterexample(self, folder: Path) -> None:
        (folder / "json_lives.py").write_text(ODD)
        result = command("verify", "json_lives:ODD", "--workers", "1", "--json")
        found = document(result)
        assert result.exit_code == 1
        broken = [each for each in found["result"]["promises"] if not each["holds"]]
        (ends,) = [each for each in broken if "a stop is requested" in each["promise"]]
        assert ends["way"] and ends["again"] and ends["facts"]
        assert found["errors"] == []

    def test_diagram(self, folder: Path) -> None:
        pytest.importorskip("pygraphviz")
        written = document(command("diagram", "--out", "d", "--json"))
        assert list(written["result"]) == DIAGRAM
        assert sorted(written["files"]) == sorted(str(e) for e in Path("d").iterdir())
        assert document(command("diagram", "--out", "d", "--check", "--json"))["status"] == 0
        Path("d/trading_day.mmd").write_text("other")
        found = document(command("diagram", "--out", "d", "--check", "--json"))
        assert (found["status"], found["result"]["up_to_date"]) == (1, False)
        assert "other" in found["result"]["differences"][0]

    def test_new(self, folder: Path) -> None:
        found = document(command("new", "mine", "--json"))
        assert sorted(found["files"]) == sorted(str(e) for e in Path("mine").iterdir())
        again = document(command("new", "mine", "--json"))
        assert {each["file"] for each in again["errors"]} == set(found["files"])


class TestInterrupted:
    """ "130 interrupted", whatever was under way."""

    def test_it_is_said_and_told(self, folder: Path) -> None:
        # Ctrl-C, as it comes out of whatever is imported
        (folder / "interrupting.py").write_text("raise KeyboardInterrupt")
        said = command("verify", "interrupting:X")
        assert (said.exit_code, said.stdout) == (130, "")
        wrong, hint = said.stderr.splitlines()
        assert wrong == "error: interrupted"
        assert hint.startswith("hint: --resume goes on")
        told = command("verify", "interrupting:X", "--json")
        (error,) = document(told)["errors"]
        assert (told.exit_code, told.stderr) == (130, "")
        assert (error["error"], error["message"]) == ("KeyboardInterrupt", "interrupted")

    @pytest.mark.parametrize("failing", [False, True])
    def test_a_stop_by_a_signal_has_its_document(self, folder: Path, failing: bool) -> None:
        (folder / "stopping.py").write_text(STOPPING.format(failing=failing))
        use = ("[source]", '[[strategies]]\nuse = "stopping:Stops"\n[source]')
        process = begin("run", write_config(folder, use), "--json", folder=folder)
        status, out, err = ended(process)
        found = json.loads(out)
        assert (status, found["status"]) == (130, 130)
        assert err == "stopping after this step; again to break off\n"
        assert found["result"]["outcome"] == ("failed" if failing else "stopped")
        assert [each["error"] for each in found["errors"]] == ["KeyboardInterrupt"] * failing


class TestQuiet:
    """ "`--quiet` says nothing unless something is wrong"."""

    @pytest.mark.parametrize(
        "arguments",
        [
            ["demo", "--out", "demo"],
            ["run", "week.toml"],
            ["check", "week.toml"],
            ["verify", "--workers", "0"],
            ["new", "mine"],
        ],
        ids=lambda arguments: arguments[0],
    )
    def test_nothing_where_nothing_is(self, folder: Path, arguments: list[str]) -> None:
        write_config(folder)
        result = command(*arguments, "-q")
        assert (result.exit_code, result.output) == (0, "")

    def test_what_is_wrong_all_the_same(self, folder: Path) -> None:
        assert "missing" in command("diagram", "--check", "--out", "none", "-q").stderr
        failed = command("run", using(folder, "Late"), "-q")
        assert failed.stdout == ""
        assert failed.stderr.startswith("error: the run failed in Streaming")
