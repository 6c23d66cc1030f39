"""What is shown: nothing that a terminal would obey, and a bar where there is a terminal."""

from __future__ import annotations

import logging
import os
import pty
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fsm_session import terminal
from fsm_session.coordinator import Progress
from fsm_session.session_result import SessionResult
from fsm_session.terminal.progress import whereabouts
from tests.unit.cli.folder import begin, command, ended, write_config, write_data


class TestShown:
    """ "Write what can't be printed, and a terminal might obey, as its escape"."""

    @given(st.text())
    def test_all_of_it_can_be_printed(self, text: str) -> None:
        assert terminal.shown(text).isprintable()

    @given(st.text().filter(str.isprintable))
    def test_what_can_be_printed_is_left_as_it_is(self, text: str) -> None:
        assert terminal.shown(text) == text

    def test_escapes_are_readable(self) -> None:
        assert terminal.shown("a\x1b[31m\n\u202e\ud800") == "a\\x1b[31m\\n\\u202e\\ud800"


class TestWhereabouts:
    """The bar is as long as the run has sessions, and fills with the steps of each."""

    @given(st.integers(1, 40), st.data())
    def test_it_is_within_its_session(self, sessions: int, data: st.DataObject) -> None:
        done = data.draw(st.integers(0, sessions - 1))
        steps = data.draw(st.integers(0, 400))
        step = data.draw(st.integers(0, steps))
        results = [_result(number) for number in range(done)]
        # the coordinator's own count of sessions plays no part in it
        at = Progress("Streaming", f"day {done}", 0, sessions, step, steps)
        task = whereabouts(at, results)
        assert task["total"] == sessions
        assert task["completed"] == pytest.approx(done + (step / steps if steps else 0))
        assert f"day {done}  {done + 1}/{sessions}" in task["description"]

    @given(st.integers(1, 40), st.sampled_from(["Deactivate", "Teardown", "Done"]), st.booleans())
    def test_a_session_counts_once_and_only_if_complete(
        self, sessions: int, phase: str, complete: bool
    ) -> None:
        last = sessions - 1
        results = [*map(_result, range(last)), _result(last, complete=complete)]
        task = whereabouts(Progress(phase, f"day {last}", 0, sessions, 390, 390), results)
        assert task["completed"] == last + complete
        assert f"day {last}  {sessions}/{sessions}" in task["description"]

    def test_before_the_sessions_are_known_there_is_no_length(self) -> None:
        task = whereabouts(Progress("Validate", "2024-07-03", 0, 0, 0, 0), [])
        assert task == {"total": None, "description": "Validate", "short": "Validate"}

    def test_meanwhile_it_says_how_much_has_been_looked_at(self) -> None:
        task = whereabouts(Progress("Validate", "2024-07-03", 0, 0, 12, 5000), [])
        assert task["description"] == "Validate 12/5,000 symbols"
        kept = [_result(number) for number in range(3)]
        reading = whereabouts(Progress("(start)", "day 0", 0, 0, 0, 9), kept)
        assert reading["description"] == "reading what is finished: 3 sessions"

    @given(st.integers(0, 30), st.integers(1, 400), st.data())
    def test_steps_of_a_session_are_those_taken_over_what_has_passed(
        self, done: int, steps: int, data: st.DataObject
    ) -> None:
        step = data.draw(st.integers(1, steps))
        results = [evolve(_result(number), steps=steps) for number in range(done)]
        task = whereabouts(Progress("Streaming", "now", 0, done + 1, step, steps), results)
        # all sessions alike: each has as many
        assert task["steps_each"] == pytest.approx(steps)


def _result(number: int, *, complete: bool = True) -> SessionResult:
    return SessionResult(f"day {number}", complete, (), (), 0, 0, 100.0, (), ())


class TestBar:
    """Progress is for a person: on stderr where that is a terminal, nowhere else."""

    def test_it_is_shown_on_a_terminal_and_stdout_stays_clean(self, tmp_path: Path) -> None:
        status, out, shown = _on_a_terminal(tmp_path)
        assert status == 0
        assert "3/3  Done" in shown
        assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")
        assert "\x1b" not in out
        assert "completed: 3 of 3 sessions" in out

    def test_what_a_strategy_prints_goes_where_it_sent_it(self, tmp_path: Path) -> None:
        status, out, shown = _on_a_terminal(tmp_path)
        assert status == 0
        assert out.count("from a strategy") == 3
        assert "from a strategy" not in shown

    def test_quiet(self, tmp_path: Path) -> None:
        assert _on_a_terminal(tmp_path, "--quiet")[2] == ""

    def test_a_terminal_that_can_only_write(self, tmp_path: Path) -> None:
        assert _on_a_terminal(tmp_path, env={"TERM": "dumb"})[2] == ""

    def test_no_colour_where_none_is_wanted(self, tmp_path: Path) -> None:
        refused = ("--out", "talkers.py")  # which is a file
        plain = _on_a_terminal(tmp_path, *refused, env={"NO_COLOR": "1"})[2]
        coloured = _on_a_terminal(tmp_path, *refused)[2]
        assert "\x1b[31m" in coloured
        assert "\x1b[31m" not in plain
        assert "error: talkers.py" in plain

    @pytest.mark.parametrize("columns", [20, 40, 80, 200])
    def test_it_stays_on_its_line(self, tmp_path: Path, columns: int) -> None:
        _, _, shown = _on_a_terminal(tmp_path, env={"COLUMNS": str(columns)})
        drawn = re.split(r"[\r\n]|\x1b\[[0-9]*[AK]", shown)
        plain = [re.sub(r"\x1b\[[?0-9;]*[a-zA-Z]", "", each) for each in drawn]
        assert max(map(len, plain)) <= columns
        # and whole on it: which session, which phase, how long
        assert re.search(r"3/3 +Done +\d:\d\d:\d\d\s*$", [e for e in plain if e.strip()][-1])
        # one line, drawn anew: it never breaks but at the end
        assert shown.count("\n") <= 1

    def test_the_log_is_above_it_a_line_a_phase(self, tmp_path: Path) -> None:
        status, out, shown = _on_a_terminal(tmp_path, "-v")
        assert (status, "INFO" in out) == (0, False)
        lines = re.findall(r"INFO +(2024-07-0\d: \w+)", shown)
        assert lines[:2] == ["2024-07-02: Validate", "2024-07-02: Load"]
        assert lines[-1] == "2024-07-05: Done"
        assert len(lines) == len(set(lines)) == 19


class TestPatience:
    """What ends at once needs no line that says how far it has come."""

    @pytest.mark.parametrize("seconds", [0.0, 1.5])
    def test_a_line_for_what_takes_its_time(self, tmp_path: Path, seconds: float) -> None:
        code = (
            "import time\nfrom fsm_session import terminal\n"
            f"with terminal.waiting(lambda: 'so far'): time.sleep({seconds})"
        )
        status, out, shown = _on_a_terminal(tmp_path, code=code)
        assert (status, out) == (0, "")
        assert ("so far" in shown) == bool(seconds)
        assert shown.count("\n") == 0 or seconds


class TestLog:
    """`--verbose` sends the log to stderr, in a form that no terminal obeys."""

    def test_where_stderr_is_no_terminal(self, tmp_path: Path) -> None:
        write_data(tmp_path)
        process = begin("run", write_config(tmp_path), "-v", folder=tmp_path)
        status, _, err = ended(process)
        assert status == 0
        assert [line.split(" ", 1)[1] for line in err.splitlines()][:2] == [
            "INFO    2024-07-02: Validate",
            "INFO    2024-07-02: Load",
        ]

    def test_what_a_terminal_would_obey_is_escaped(self, tmp_path: Path) -> None:
        (tmp_path / "hostile.py").write_text(
            "class Broken:\n"
            "    on_error = 'disable'\n"
            "    def on_bars(self, view): raise OSError('\\x1b]0;mine\\x07\\n[red]x')\n"
        )
        write_data(tmp_path)
        use = ("[source]", '[[strategies]]\nuse = "hostile:Broken"\n[source]')
        result = command("run", write_config(tmp_path, use), "-v")
        assert result.exit_code == 0
        warned = [line for line in result.stderr.splitlines() if "WARNING" in line]
        assert len(warned) == 3
        assert all("\\x1b]0;mine\\x07\\n[red]x" in line for line in warned)
        assert "\x1b" not in result.output

    def test_afterwards_nobody_listens(self, tmp_path: Path) -> None:
        log = logging.getLogger("fsm_session")
        before = (log.level, [*log.handlers])
        write_data(tmp_path)
        assert "INFO" in command("run", write_config(tmp_path), "-vv").stderr
        assert (log.level, log.handlers) == before
        assert command("run", write_config(tmp_path)).stderr == ""


def _on_a_terminal(
    folder: Path, *options: str, env: Mapping[str, str] | None = None, code: str = "main()"
) -> tuple[int, str, str]:
    """Run with stderr on a terminal; give status, stdout, and what the terminal was sent."""
    (folder / "talkers.py").write_text(
        "class Talker:\n"
        "    def setup(self, access): print('from a strategy')\n"
        "    def on_bars(self, view): pass\n"
    )
    write_data(folder)
    use = ("[source]", '[[strategies]]\nuse = "talkers:Talker"\n[source]')
    path = write_config(folder, use)
    ours, theirs = pty.openpty()
    sent = bytearray()
    reader = threading.Thread(target=_read_all, args=(ours, sent))
    reader.start()
    process = begin("run", path, *options, folder=folder, stderr=theirs, code=code, env=env or {})
    os.close(theirs)
    status, out, _ = ended(process)
    reader.join()
    os.close(ours)
    return status, out, sent.decode()


def _read_all(terminal: int, sent: bytearray) -> None:
    try:
        while content := os.read(terminal, 4096):
            sent += content
    except OSError:  # how a terminal says that its other end is closed
        return
