"""Going on with a run: what is kept, what is refused, and how it is asked for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from click.testing import CliRunner

from fsm_session import TRADING_DAY, RunFailedError, SessionCoordinator, Signal, State
from fsm_session.cli import main
from fsm_session.errors import ConfigError, ExportError, JournalError, ResumeError
from fsm_session.machine.journal import read_journal, replay
from tests.small_market import SESSIONS, market, wishes

MINUTES = {date: [0, 1, 5] for date in SESSIONS}
SOURCE = market({"AAA": MINUTES, "BBB": MINUTES})


class Says:
    """Says what a record can hold: an odd reason, a quantity, and nothing about some bars."""

    def on_bars(self, view: Any) -> Any:
        return [Signal("AAA", "buy", "ünïcode \u2028", 0.1), Signal("AAA", "note")]


class Finds:
    every = "1h"

    def scan(self, view: Any) -> list[str]:
        return ["BBB", "NONE"]


class Raises:
    """Raises at the first step of a session, and is taken out of it."""

    on_error = "disable"

    def on_bar(self, bar: Any) -> None:
        raise ValueError("no idea")


def coordinator(out: Path | None, **options: Any) -> SessionCoordinator:
    tables = options.pop("tables", {})
    config = wishes(["AAA"], SESSIONS[0], options.pop("end", SESSIONS[-1]), **tables)
    given = {"source": SOURCE, "strategies": [Says(), Raises()], "scanners": [Finds]}
    return SessionCoordinator(config, out=out, **{**given, **options})


def broken_off(out: Path, session: int = 1, **options: Any) -> None:
    """Run, and stop amid a session."""

    class Stops:
        name = "stops"

        def setup(self, context: Any) -> None:
            self.context = context

        def on_step(self, step: Any) -> None:
            if self.context.clock.session.label == SESSIONS[session]:
                self.context.stop()

        def on_session_end(self) -> None: ...

        def teardown(self) -> None: ...

    run = coordinator(out, workers=[Stops()], **options).run()
    assert run.outcome == "stopped"


class Idle:
    """A worker of the same name that does nothing: for the run that goes on."""

    name = "stops"

    def setup(self, context: Any) -> None: ...

    def on_step(self, step: Any) -> None: ...

    def on_session_end(self) -> None: ...

    def teardown(self) -> None: ...


def records(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.json"))}


class TestGoingOn:
    """Finished sessions are kept, the broken one is done again."""

    @pytest.mark.parametrize("session", [0, 1, 2])
    @pytest.mark.parametrize("summary_only", [False, True])
    def test_after_a_stop(self, session: int, summary_only: bool, tmp_path: Path) -> None:
        options = {"summary_only": summary_only}
        whole = coordinator(tmp_path / "whole", **options).run()
        broken_off(tmp_path / "broken", session, **options)
        resumed = coordinator(tmp_path / "broken", workers=[Idle()], resume=True, **options)
        run = resumed.run()
        assert run.outcome == "completed"
        assert records(tmp_path / "broken") == records(tmp_path / "whole")
        loaded = {each.where["session"] for each in run.moves if each.target == "Load"}
        assert loaded == {*SESSIONS[session:]}
        assert [each.counts() for each in run.sessions] == [
            each.counts() for each in whole.sessions
        ]
        if not summary_only:
            assert run.sessions == whole.sessions
        assert list(run.data) == list(whole.data)

    def test_what_was_kept_says_what_was_said_in_it(self, tmp_path: Path) -> None:
        whole = coordinator(None).run()
        broken_off(tmp_path, 2)
        kept = coordinator(tmp_path, workers=[Idle()], resume=True).run().sessions[0]
        # two at each of three bars, and at the close, which finishes the bars of 5m and 1h
        assert len(kept.signals) == 8
        assert kept.scans[0].refused == {"NONE": whole.sessions[0].scans[0].refused["NONE"]}
        assert [each.symbol for each in kept.changes] == ["BBB"]
        assert [each.name for each in kept.disabled] == ["Raises"]
        assert evolve(kept, sha256="") == whole.sessions[0]

    def test_a_run_that_failed(self, tmp_path: Path) -> None:
        class Moody:
            """Fails once, and never again."""

            failed = False

            def on_bars(self, view: Any) -> None:
                if view.session.label == SESSIONS[1] and not Moody.failed:
                    Moody.failed = True
                    raise OSError("the line was cut")

        whole = coordinator(tmp_path / "whole", strategies=[Moody])
        Moody.failed = True
        whole.run()
        Moody.failed = False
        with pytest.raises(RunFailedError):
            coordinator(tmp_path / "failed", strategies=[Moody]).run()
        assert coordinator(tmp_path / "failed", strategies=[Moody], resume=True).run().errors == ()
        assert records(tmp_path / "failed") == records(tmp_path / "whole")

    def test_a_run_that_has_ended_does_its_last_session_again(self, tmp_path: Path) -> None:
        """After the last session, its data is there to be looked at."""
        coordinator(tmp_path).run()
        before = records(tmp_path)
        again = coordinator(tmp_path, resume=True).run()
        assert records(tmp_path) == before
        assert again.outcome == "completed"
        assert len(again.sessions) == 3
        assert len(again.data["AAA"].today("1m")) == 3

    def test_where_there_is_nothing_it_begins(self, tmp_path: Path) -> None:
        assert coordinator(tmp_path / "new", resume=True).run().outcome == "completed"

    def test_the_journal_tells_of_both(self, tmp_path: Path) -> None:
        broken_off(tmp_path)
        first = (tmp_path / "journal.jsonl").read_bytes()
        coordinator(tmp_path, workers=[Idle()], resume=True).run()
        assert (tmp_path / "journal.jsonl").read_bytes().startswith(first)
        read = read_journal(tmp_path / "journal.jsonl")
        [told] = [each for each in read.records if each["kind"] == "resume"]
        assert told["kept"] == [SESSIONS[0]]
        assert told["torn"] is False
        assert replay(TRADING_DAY, read.records) == "Done"
        assert [each["kind"] for each in read.records].count("end") == 2


AUCTION = State("Auction", entry=[lambda context: None])
CHANGES: list[tuple[dict[str, Any], list[str]]] = [
    ({"end": SESSIONS[1]}, ["config backtest.end"]),
    ({"tables": {"data": {"streams": ["1m"]}}}, ["config data.streams"]),
    ({"tables": {"name": "other", "workers": {"deadline": 3}}},
     ["config name", "config workers.deadline"]),
    ({"tables": {"data": {"history": [{"trailing_days": 0, "intervals": ["1m"]}]}}},
     ["config data.history", "config data.history[0].intervals", "config data.history[0].symbols",
      "config data.history[0].trailing_days"]),
    ({"lifecycle": TRADING_DAY.insert(AUCTION, after="Active")},
     ["lifecycle state Auction", "lifecycle ways out of Active", "lifecycle ways out of Auction"]),
    ({"lifecycle": evolve(TRADING_DAY, states=[
        evolve(each, exit=()) if each.name == "Load" else each for each in TRADING_DAY.states])},
     ["lifecycle state Load"]),
    ({"strategies": [Says()]}, ["given strategies"]),
    ({"scanners": []}, ["given scanners"]),
    ({"workers": [Idle()]}, ["given workers"]),
    ({"summary_only": True}, ["given summary_only"]),
]  # fmt: skip


class TestRefusing:
    """Refuses a changed configuration or lifecycle by saying what changed."""

    @pytest.mark.parametrize(("change", "keys"), CHANGES, ids=[",".join(k) for _, k in CHANGES])
    def test_it_says_what_has_changed(
        self, change: dict[str, Any], keys: list[str], tmp_path: Path
    ) -> None:
        coordinator(tmp_path).run()
        everything = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        with pytest.raises(ResumeError) as caught:
            coordinator(tmp_path, resume=True, **change).run()
        assert sorted(each.key for each in caught.value.faults) == keys
        assert {each.file for each in caught.value.faults} == {str(tmp_path / "journal.jsonl")}
        assert {path: path.read_bytes() for path in everything} == everything

    def test_changed_data(self, tmp_path: Path) -> None:
        broken_off(tmp_path)
        other = market({"AAA": {**MINUTES, SESSIONS[2]: [0, 1, 6]}, "BBB": MINUTES})
        before = records(tmp_path)
        with pytest.raises(RunFailedError) as caught:
            coordinator(tmp_path, workers=[Idle()], source=other, resume=True).run()
        (error,) = caught.value.exceptions
        assert isinstance(error, ResumeError)
        assert [each.key for each in error.faults] == ["data"]
        assert records(tmp_path) == before

    def test_another_version_of_the_library(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        coordinator(tmp_path).run()
        monkeypatch.setattr("fsm_session.resume.__version__", "99.0")
        with pytest.raises(ResumeError, match=r"this is 99\.0"):
            coordinator(tmp_path, resume=True).run()

    def test_records_without_a_journal(self, tmp_path: Path) -> None:
        coordinator(tmp_path).run()
        (tmp_path / "journal.jsonl").unlink()
        with pytest.raises(ExportError, match="3 sessions of an earlier run"):
            coordinator(tmp_path, resume=True).run()

    def test_a_journal_that_another_process_writes(self, tmp_path: Path) -> None:
        class Second:
            name = "second"

            def setup(self, context: Any) -> None:
                with pytest.raises(JournalError, match="another process"):
                    coordinator(tmp_path, resume=True).run()

            def on_step(self, step: Any) -> None: ...

            def on_session_end(self) -> None: ...

            def teardown(self) -> None: ...

        coordinator(tmp_path, workers=[Second()]).run()

    def test_what_makes_no_sense(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="resume keeps what overwrite replaces"):
            coordinator(tmp_path, resume=True, overwrite=True)
        with pytest.raises(ConfigError, match="say which"):
            coordinator(None, resume=True)


TOML = """
name = "{name}"
[backtest]
start = 2024-07-01
end = 2024-07-05
[data]
symbols = ["AAA"]
streams = ["1m", "5m"]
[source]
kind = "simulated"
"""


class TestTheCommand:
    """fsm-session run --resume"""

    def test_it_goes_on_and_says_what_has_changed(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        config, out = tmp_path / "week.toml", tmp_path / "out"
        config.write_text(TOML.format(name="week"))
        command = ["run", str(config), "--out", str(out), "--resume"]
        assert CliRunner().invoke(main, command).exit_code == 0
        first = records(out)
        (out / "sessions" / "2024-07-05.json").unlink()
        with caplog.at_level(logging.INFO, "fsm_session"):
            again = CliRunner().invoke(main, command)
        assert again.exit_code == 0
        assert "4 of 4 sessions" in again.output
        assert records(out) == first
        assert {each.message for each in caplog.records if "Load" in each.message} == {
            "2024-07-05: Load"
        }
        config.write_text(TOML.format(name="other"))
        refused = CliRunner().invoke(main, command)
        assert refused.exit_code == 2
        assert "config name" in refused.output
        assert "Traceback" not in refused.output
        assert records(out) == first

    def test_changed_files(self, tmp_path: Path) -> None:
        both = CliRunner().invoke(main, ["run", "x.toml", "--resume", "--overwrite"])
        assert both.exit_code == 2
