"""`fsm-session report`, and the report at the end of a run."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from fsm_session import TRADING_DAY, State
from fsm_session.testing import run_days
from tests.unit.cli.folder import command, write_config, write_data


@pytest.fixture
def week(tmp_path: Path) -> Path:
    """A configuration and its data."""
    write_data(tmp_path)
    return write_config(tmp_path)


class TestAtTheEnd:
    """ "At the end of every run, unless told not to." """

    def test_a_run_writes_it_and_says_so(self, week: Path) -> None:
        out = week.parent / "out"
        ran = command("run", week, "--out", out)
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert "report.html" in ran.stdout
        assert (out / "report.html").read_bytes().startswith(b"<!DOCTYPE html>")

    def test_not_where_it_is_not_wanted(self, week: Path) -> None:
        out = week.parent / "out"
        ran = command("run", week, "--out", out, "--no-report")
        assert ran.exit_code == 0
        assert "report" not in ran.stdout
        assert not (out / "report.html").exists()

    def test_nor_where_there_is_no_folder(self, week: Path) -> None:
        before = {*week.parent.rglob("*")}
        assert command("run", week).exit_code == 0
        assert {*week.parent.rglob("*")} == before

    def test_of_a_run_that_failed(self, tmp_path: Path) -> None:
        write_data(tmp_path)
        (tmp_path / "breaks.py").write_text(
            "class Breaks:\n    def on_bar(self, bar):\n        raise ValueError('no <more>')\n"
        )
        week = write_config(tmp_path)
        week.write_text(week.read_text() + '\n[[strategies]]\nuse = "breaks:Breaks"\n')
        ran = command("run", week, "--out", tmp_path / "out")
        assert ran.exit_code == 1
        text = (tmp_path / "out" / "report.html").read_text()
        assert "Failed in Streaming" in text
        assert "no &lt;more&gt;" in text


class TestWhereThereCanBeNone:
    """ "An error in making it is a line on stderr and exit status stays the run's." """

    def test_without_the_extra_a_line_says_which(
        self, week: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(sys.modules, "bokeh.resources", None)
        for name in ("page", "plot"):
            monkeypatch.delitem(sys.modules, f"fsm_session.report.{name}", raising=False)
        out = week.parent / "out"
        ran = command("run", week, "--out", out)
        assert ran.exit_code == 0
        (line,) = ran.stderr.splitlines()
        assert line.startswith("no report: ")
        assert "pip install 'fsm-session[report]'" in line
        assert json.loads((out / "run.json").read_bytes())["outcome"] == "completed"
        asked = command("report", out)
        assert asked.exit_code == 2
        assert "pip install 'fsm-session[report]'" in asked.stderr

    def test_a_folder_that_can_not_be_written_to(self, week: Path) -> None:
        out = week.parent / "out"
        (out / "report.html").mkdir(parents=True)
        (out / "report.html" / "kept").touch()
        ran = command("run", week, "--out", out)
        (line,) = ran.stderr.splitlines()
        assert ran.exit_code == 0
        assert line.startswith("no report: ")
        assert "report.html can't be written" in line


class TestTheCommand:
    """ "`fsm-session report DIR [--out FILE] [--open]`." """

    def test_it_names_the_file(self, week: Path) -> None:
        out = week.parent / "out"
        command("run", week, "--out", out)
        at_the_end = (out / "report.html").read_bytes()
        (out / "report.html").unlink()
        told = command("report", out)
        assert told.exit_code == 0
        assert told.stdout == f"{out / 'report.html'}\n"
        assert (out / "report.html").read_bytes() == at_the_end
        elsewhere = week.parent / "elsewhere" / "it.html"
        assert command("report", out, "--out", elsewhere).exit_code == 0
        assert elsewhere.read_bytes() == at_the_end

    def test_it_is_opened_where_that_is_asked_for(
        self, week: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[str] = []
        monkeypatch.setattr("click.launch", opened.append)
        out = week.parent / "out"
        command("run", week, "--out", out, "--no-report")
        assert command("report", out, "--open").exit_code == 0
        assert opened == [(out / "report.html").as_uri()]

    def test_what_is_wrong_is_said(self, tmp_path: Path) -> None:
        told = command("report", tmp_path)
        assert told.exit_code == 2
        assert "holds no run" in told.stderr

    def test_it_is_drawn_on_the_lifecycle_that_ran(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        module = "from fsm_session import TRADING_DAY, State\n"
        module += "MY_DAY = TRADING_DAY.insert(State('Auction'), after='Active')\n"
        (tmp_path / "reported_day.py").write_text(module)
        monkeypatch.chdir(tmp_path)
        own = TRADING_DAY.insert(State("Auction"), after="Active")
        run_days(lifecycle=own, out=tmp_path / "out")
        named = ("--lifecycle", "reported_day:MY_DAY")
        for options, is_there in ((named, True), ((), False)):
            assert command("report", "out", *options).exit_code == 0
            page = (tmp_path / "out" / "report.html").read_text()
            assert ("not at hand" not in page) is is_there
        told = command("report", "out", "--lifecycle", "reported_day:NONE")
        assert told.exit_code == 2
        assert "reported_day:NONE" in told.stderr
