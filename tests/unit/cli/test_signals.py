"""Ctrl-C and SIGTERM, really sent to a real process."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fsm_session.cli import main
from tests.unit.cli.folder import (
    CONFIG,
    SECONDS,
    begin,
    ended,
    expect_nothing_half_written,
    sessions,
    write_config,
    write_data,
)

PARTS = """\
import pathlib, time

class Slow:
    \"\"\"Says when it has begun, then takes its time over every step.\"\"\"
    def on_bars(self, view):
        pathlib.Path("begun").touch()
        time.sleep(0.01)

class Stuck:
    \"\"\"Stays in one step.\"\"\"
    def on_bars(self, view):
        pathlib.Path("begun").touch()
        time.sleep(60)
"""


@contextmanager
def _running(folder: Path, strategy: str, extra: str = "") -> Iterator[subprocess.Popen[str]]:
    """Begin a run, and wait until the strategy has been shown a bar."""
    (folder / "parts.py").write_text(PARTS)
    write_data(folder)
    write_config(folder, text=f'{CONFIG}{extra}\n[[strategies]]\nuse = "parts:{strategy}"\n')
    process = begin("run", "week.toml", "--out", "out", folder=folder)
    try:
        _wait_for(folder / "begun")
        yield process
    finally:
        process.kill()
        process.communicate()


def _wait_for(path: Path) -> None:
    until = time.monotonic() + SECONDS
    while not path.exists():
        assert time.monotonic() < until
        time.sleep(0.02)


def _record(folder: Path) -> Any:
    return json.loads((folder / "out/run.json").read_bytes())


class TestStop:
    """ "130 interrupted (cleanly: Deactivate, Done)."""

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    @pytest.mark.parametrize("threads", ["", "[workers]\nthreads = true\n"])
    def test_the_first_signal_ends_the_run_in_good_order(
        self, tmp_path: Path, number: int, status: int, threads: str
    ) -> None:
        with _running(tmp_path, "Slow", threads) as process:
            process.send_signal(number)
            left, out, err = ended(process)
        assert (left, err) == (
            status,
            "stopping after this step; again to break off\n",
        )
        assert "stopped: 0 of 3 sessions" in out
        record = _record(tmp_path)
        assert (record["outcome"], record["errors"]) == ("stopped", [])
        (session,) = sessions(tmp_path / "out").values()
        assert json.loads(session)["complete"] is False
        moves = (tmp_path / "out/journal.jsonl").read_text()
        assert '"to":"Deactivate"' in moves
        assert moves.count('"to":"Done"') == 1
        expect_nothing_half_written(tmp_path)

    @pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_the_second_breaks_it_off_and_it_still_cleans_up(
        self, tmp_path: Path, number: int, status: int
    ) -> None:
        with _running(tmp_path, "Stuck") as process:
            process.send_signal(number)
            assert process.stderr is not None
            assert process.stderr.readline().startswith("stopping after this step")
            process.send_signal(number)
            left, _, err = ended(process)
        assert left == status
        assert "Streaming" in err
        assert "Traceback" not in err
        record = _record(tmp_path)
        assert record["outcome"] == "failed"
        assert [each["error"] for each in record["errors"]] == ["KeyboardInterrupt"]
        expect_nothing_half_written(tmp_path)

    def test_what_was_ignored_stays_ignored(self, tmp_path: Path) -> None:
        (tmp_path / "parts.py").write_text(
            PARTS + "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        )
        write_data(tmp_path)
        one_day = ("2024-07-05", "2024-07-02")
        use = ("[source]", '[[strategies]]\nuse = "parts:Slow"\n[source]')
        write_config(tmp_path, one_day, use)
        process = begin("run", "week.toml", folder=tmp_path)
        _wait_for(tmp_path / "begun")
        process.send_signal(signal.SIGINT)
        status, out, err = ended(process)
        assert (status, err) == (0, "")
        assert "completed: 1 of 1 sessions" in out

    def test_afterwards_the_handlers_are_as_before(self, tmp_path: Path) -> None:
        before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
        with pytest.raises(SystemExit) as left:
            main(["demo", "--out", str(tmp_path / "out")])
        assert left.value.code == 0
        assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
