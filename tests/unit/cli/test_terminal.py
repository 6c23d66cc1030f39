"""What is shown: nothing that a terminal would obey, and a bar where there is a terminal."""

from __future__ import annotations

import os
import pty
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fsm_session import terminal
from fsm_session.coordinator import Progress
from fsm_session.session_result import SessionResult
from fsm_session.terminal.progress import whereabouts
from tests.unit.cli.folder import begin, ended, write_config, write_data


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
        assert done <= task["completed"] <= done + 1
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
        assert task == {"total": None, "description": "Validate"}


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


def _on_a_terminal(folder: Path, *options: str) -> tuple[int, str, str]:
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
    process = begin("run", path, *options, folder=folder, stderr=theirs)
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
