"""The commands where nothing is wrong, or only during the run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fsm_session import __version__
from tests.real_data import SHARED, needs_shared
from tests.unit.cli.folder import (
    begin,
    command,
    ended,
    expect_nothing_half_written,
    lines_about,
    sessions,
    write_config,
    write_data,
)

LIFECYCLES = """\
from fsm_session.machine import Lifecycle, State, Transition

COFFEE = Lifecycle(
    "Coffee", [State("Grind"), State("Served", final=True)], [Transition("Grind", "Served")]
)
NOT_ONE = 7
"""
UNSOUND = """\
from fsm_session.machine import Lifecycle, State
COFFEE = Lifecycle("Coffee", [State("Grind"), State("Grind")], [])
"""
AT_ELEVEN = """\
class Late:
    def on_bars(self, view):
        if view.time.hour == 11:
            raise ZeroDivisionError("one line\\nand another \\x1b[31m")

class Leaver:
    def on_bars(self, view):
        raise SystemExit(0)

class Careless:
    def setup(self, access):
        raise OSError("no [bold]file[/bold]")
    def on_bars(self, view):
        pass
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder of our own, with sound data."""
    monkeypatch.chdir(tmp_path)
    write_data(tmp_path)
    return tmp_path


class TestRun:
    """ "`fsm-session run CONFIG --out DIR` writes" what section 8 says; 0 done."""

    def test_it_writes_a_file_a_session_and_shows_a_row_each(self, folder: Path) -> None:
        result = command("run", write_config(folder), "--out", "out")
        assert (result.exit_code, result.stderr) == (0, "")
        rows = {
            line.split()[0]: line.split() for line in result.stdout.splitlines() if line.strip()
        }
        assert rows["2024-07-02"][1:6] == ["2", "390", "780", "0", "0"]
        assert rows["2024-07-03"][1:6] == ["2", "210", "420", "0", "0"]
        assert rows["2024-07-03"][6] == "100.0%"
        assert rows["2024-07-03"][7:] == ["closes", "13:00"]
        assert rows["all"][1:] == ["990", "1,980", "0", "0"]
        assert "completed: 3 of 3 sessions" in result.stdout
        assert len(sessions(folder / "out")) == 3
        for path in (folder / "out").rglob("*.json*"):
            assert str(path.relative_to(folder / "out")) in result.stdout
        expect_nothing_half_written(folder)

    def test_without_a_folder_nothing_is_written(self, folder: Path) -> None:
        path = write_config(folder)
        before = sorted(folder.rglob("*"))
        result = command("run", path)
        assert result.exit_code == 0
        assert "nothing was written" in result.stdout
        assert sorted(folder.rglob("*")) == before

    def test_an_earlier_run_is_overwritten_only_if_asked(self, folder: Path) -> None:
        path = write_config(folder)
        assert command("run", path, "--out", "out").exit_code == 0
        spoilt = folder / "out/sessions/2024-07-02.json"
        whole = spoilt.read_bytes()
        spoilt.write_bytes(b"spoilt")
        refused = command("run", path, "--out", "out")
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert lines_about(refused, "out", "earlier run")
        assert spoilt.read_bytes() == b"spoilt"
        assert command("run", path, "--out", "out", "--overwrite").exit_code == 0
        assert spoilt.read_bytes() == whole

    def test_quiet_says_nothing(self, folder: Path) -> None:
        result = command("run", write_config(folder), "--quiet")
        assert (result.exit_code, result.output) == (0, "")

    def test_many_sessions_are_summed_up(self, folder: Path) -> None:
        source = ('kind = "csv"\npath = "{symbol}_1m.csv"', 'kind = "simulated"\ninterval = "5m"')
        streams = ('"1m", "5m"', '"5m"')
        dates = (("2024-07-02", "2024-06-03"), ("2024-07-05", "2024-06-28"))
        path = write_config(folder, source, streams, ('interval = "1m"', 'interval = "5m"'), *dates)
        result = command("run", path, "--out", "out")
        assert "completed: 19 of 19 sessions" in result.stdout
        rows = [line.split() for line in result.stdout.splitlines() if " to 06-" in line]
        # the market is closed on 2024-06-19; a session has 78 steps, two bars each
        assert [row[:4] for row in rows] == [
            ["2024-06-03", "to", "06-07", "5"],
            ["2024-06-10", "to", "06-14", "5"],
            ["2024-06-17", "to", "06-21", "4"],
            ["2024-06-24", "to", "06-28", "5"],
        ]
        assert [row[5:7] for row in rows] == [["390", "780"]] * 2 + [["312", "624"], ["390", "780"]]
        assert "sessions/ (19 files)" in result.stdout

    def test_a_name_is_not_read_as_markup(self, folder: Path) -> None:
        path = write_config(folder, ("two stocks", "[red]two[/red] :smile:"))
        result = command("run", path)
        assert "[red]two[/red] :smile:" in result.stdout
        assert "\x1b" not in result.output

    def test_what_stdout_can_not_encode_is_escaped(self, folder: Path) -> None:
        path = write_config(folder, ("two stocks", "Zürich 日本"))
        code = "sys.stdout.reconfigure(encoding='ascii'); main()"
        status, out, err = ended(begin("run", path, folder=folder, code=code))
        assert (status, err) == (0, "")
        assert "Z\\xfcrich" in out

    def test_as_a_module(self, folder: Path) -> None:
        code = "import runpy; runpy.run_module('fsm_session', run_name='__main__')"
        status, out, err = ended(begin("--version", folder=folder, code=code))
        assert (status, out.split()[-1], err) == (0, __version__, "")

    @needs_shared
    def test_real_bars(self, folder: Path) -> None:
        pattern = f"'{SHARED / 'data/blaizard'}/{{symbol}}_1m.parquet'"
        path = write_config(
            folder,
            ("2024-07-02", "2024-03-21"), ("2024-07-05", "2024-03-26"),
            ('"AAA", "BBB"', '"BKNG", "CPAY"'), ('"csv"', '"parquet"'),
            ('"{symbol}_1m.csv"', pattern), ("[data]", '[data]\nmissing = "skip"'),
        )  # fmt: skip
        needs = command("check", path)
        assert needs.exit_code == 0
        assert "2024-03-21 2024-03-22" in " ".join(needs.stdout.split())
        result = command("run", path)
        assert result.stdout.count("without CPAY") == 2
        assert "completed: 4 of 4 sessions" in result.stdout


class TestFailure:
    """ "1 the run failed"; "each with phase, worker, session and time"."""

    def test_it_says_where_and_leaves_whole_records(self, folder: Path) -> None:
        (folder / "late.py").write_text(AT_ELEVEN)
        use = ("[source]", '[[strategies]]\nuse = "late:Late"\n[source]')
        result = command("run", write_config(folder, use), "--out", "out")
        assert result.exit_code == 1
        place = ("Streaming", "stream_the_tape", "worker StrategyManager", "session 2024-07-02")
        assert lines_about(result, *place, "time 2024-07-02T11:00:00-04:00")
        assert "'Late' raised" in result.stderr
        assert "and another \\x1b[31m" in result.stderr
        assert "records: out/run.json" in result.stderr
        record = json.loads((folder / "out/run.json").read_bytes())
        assert record["outcome"] == "failed"
        expect_nothing_half_written(folder)

    def test_markup_in_an_error_is_shown_as_it_is(self, folder: Path) -> None:
        (folder / "careless.py").write_text(AT_ELEVEN)
        use = ("[source]", '[[strategies]]\nuse = "careless:Careless"\n[source]')
        result = command("run", write_config(folder, use))
        assert result.exit_code == 1
        assert lines_about(result, "InitThreads", "set_up_workers", "session 2024-07-02")
        assert "no [bold]file[/bold]" in result.stderr

    def test_an_exit_of_the_strategy_is_a_failure(self, folder: Path) -> None:
        (folder / "leavers.py").write_text(AT_ELEVEN)
        use = ("[source]", '[[strategies]]\nuse = "leavers:Leaver"\n[source]')
        result = command("run", write_config(folder, use))
        assert result.exit_code == 1
        assert "SystemExit: 0" in result.stderr

    def test_what_nobody_expected_is_told_in_a_line(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def break_down(*_: object) -> None:
            raise LookupError("out of the blue")

        monkeypatch.setattr("fsm_session.coordinator.SessionCoordinator.run", break_down)
        result = command("run", write_config(folder))
        assert result.exit_code == 1
        assert lines_about(result, "LookupError: out of the blue")

    @pytest.mark.parametrize("place", ["before", "after", "nowhere"])
    def test_tracebacks_only_if_asked_for(self, folder: Path, place: str) -> None:
        before = ["--debug"] if place == "before" else []
        after = ["--debug"] if place == "after" else []
        process = begin(*before, "run", "none.toml", *after, folder=folder)
        status, _, err = ended(process)
        assert status == 2
        assert ("Traceback" in err) == (place != "nowhere")
        assert err.splitlines()[-2:] == [
            "error: none.toml: can't be read: No such file or directory",
            "hint: give the path of a configuration; fsm-session new DIR writes one to begin with",
        ]


class TestCall:
    """ "2 the call ... is wrong"."""

    @pytest.mark.parametrize(
        "arguments", [["nothing"], ["run"], ["run", "a", "b"], ["check", "--out", "x"], []]
    )
    def test_a_wrong_call(self, arguments: list[str]) -> None:
        assert command(*arguments).exit_code == 2

    @pytest.mark.parametrize("name", ["demo", "run", "check", "diagram"])
    def test_help_names_every_command(self, name: str) -> None:
        assert name in command("--help").output
        assert command(name, "-h").exit_code == 0


class TestCheck:
    """ "`check` (Validate alone)"."""

    def test_it_says_what_the_run_would_need(self, folder: Path) -> None:
        result = command("check", write_config(folder))
        assert (result.exit_code, result.stderr) == (0, "")
        words = " ".join(result.stdout.split())
        assert "AAA BBB 1m 5m - -" in words
        assert "sessions 3: 2024-07-02 to 2024-07-05 half-days 2024-07-03" in words
        assert "indicators sma_20" in words

    def test_it_runs_and_writes_nothing(self, folder: Path) -> None:
        path = write_config(folder)
        before = sorted(folder.rglob("*"))
        assert command("check", path).exit_code == 0
        assert sorted(folder.rglob("*")) == before


class TestDiagram:
    """ "`diagram` (write, or `--check` that what is checked in is what the code says)"."""

    def test_a_lifecycle_of_the_current_folder_written_and_checked(self, folder: Path) -> None:
        pytest.importorskip("pygraphviz")
        (folder / "coffee_machines.py").write_text(LIFECYCLES)
        written = command("diagram", "coffee_machines:COFFEE")
        assert written.exit_code == 0
        for name in written.stdout.split():
            assert (folder / name).is_file()
        assert command("diagram", "coffee_machines:COFFEE", "--check").exit_code == 0
        page = folder / "diagrams/coffee.rst"
        page.write_text(page.read_text().replace("Grind", "Grunt"))
        checked = command("diagram", "coffee_machines:COFFEE", "--check")
        assert checked.exit_code == 1
        assert "Grunt" in checked.stderr
        assert "Grunt" in page.read_text()

    def test_hooks_hidden_and_ways_that_stand_out(self, folder: Path) -> None:
        pytest.importorskip("pygraphviz")
        wanted = ("--hide-hooks", "--highlight", "Load", "--highlight", "Load -> Done")
        assert command("diagram", *wanted).exit_code == 0
        dot = (folder / "diagrams/trading_day.dot").read_text()
        assert "fill_queues" not in dot and dot.count("#9a6700") == 2
        assert command("diagram", "--check", *wanted).exit_code == 0
        assert command("diagram", "--check").exit_code == 1
        refused = command("diagram", "--highlight", "Laod")
        assert refused.exit_code == 2 and lines_about(refused, "Laod")

    def test_what_is_missing_is_out_of_date(self, folder: Path) -> None:
        result = command("diagram", "--check", "--out", "none")
        assert result.exit_code == 1
        assert "trading_day.svg" in result.stderr
        assert not (folder / "none").exists()

    @pytest.mark.parametrize(
        ("use", "told"),
        [
            ("nowhere_at_all:X", "nowhere_at_all"),
            ("os:NOTHING", "NOTHING"),
            ("os", "package.module:NAME"),
            ("brewers:NOT_ONE", "int"),
        ],
    )
    def test_what_is_no_lifecycle(self, folder: Path, use: str, told: str) -> None:
        (folder / "brewers.py").write_text(LIFECYCLES)
        result = command("diagram", use)
        assert result.exit_code == 2
        assert lines_about(result, told)

    def test_one_that_is_declared_wrongly(self, folder: Path) -> None:
        (folder / "unsound_brewers.py").write_text(UNSOUND)
        result = command("diagram", "unsound_brewers:COFFEE")
        assert result.exit_code == 2
        assert lines_about(result, "Grind")
