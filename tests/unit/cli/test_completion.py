"""Completion as the shells ask for it: the script that is printed, run by a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.folder import PACKAGES, command

#: the command, as it is installed
COMMAND = f"""\
#!{sys.executable}
import sys
sys.path.insert(0, {str(PACKAGES)!r})
from fsm_session.cli import main
main(prog_name="fsm-session")
"""
ASK = """\
eval "$(cat .script)"
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { echo "by the shell: $2"; }
_fsm_session_completion fsm-session
printf '%%s\\n' "${COMPREPLY[@]}"
"""


def offered(words: str, folder: Path) -> list[str]:
    """Ask a bash what it would offer behind some words, the last of them not complete."""
    script = command("completion", "bash")
    assert script.exit_code == 0
    (folder / ".script").write_text(script.stdout)
    installed = folder / ".bin/fsm-session"
    installed.parent.mkdir()
    installed.write_text(COMMAND)
    installed.chmod(0o755)
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK % words],
        cwd=folder, env={**os.environ, "PATH": f"{installed.parent}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.split("\n")[:-1]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files and folders of all kinds."""
    for name in ("week.toml", "weeks.toml", "other.txt", "inner/week.toml", ".hidden.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "west").mkdir()
    return tmp_path


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
class TestBash:
    """ "Shell completion if the CLI library gives it"."""

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("fsm-session ver", ["verify"]),
            ("fsm-session run we", ["week.toml", "weeks.toml", "west/"]),
            ("fsm-session run inner/", ["inner/week.toml"]),
            ("fsm-session check oth", ["by the shell: default", ""]),
            ("fsm-session run week.toml --res", ["--resume"]),
            ("fsm-session run week.toml --out w", ["by the shell: dirnames", ""]),
            ("fsm-session verify fsm", ["fsm_session.states:TRADING_DAY"]),
            ("fsm-session diagram --o", ["--out"]),
            ("fsm-session new in", ["by the shell: dirnames", ""]),
            ("fsm-session completion z", ["zsh"]),
            ("fsm-session run none/x", ["by the shell: default", ""]),
        ],
    )
    def test_it_offers(self, folder: Path, words: str, expected: list[str]) -> None:
        assert offered(words, folder) == expected

    def test_what_would_have_to_be_quoted_is_left_to_the_shell(self, folder: Path) -> None:
        (folder / "week 2.toml").touch()
        assert offered("fsm-session run week", folder) == ["by the shell: default", ""]


class TestScripts:
    """Each of the three shells has a script, which is one."""

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_it_is_printed(self, shell: str) -> None:
        result = command("completion", shell)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "_FSM_SESSION_COMPLETE" in result.stdout
        assert "fsm-session" in result.stdout

    @pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
    def test_its_shell_can_read_it(self, shell: str, tmp_path: Path) -> None:
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell}")
        script = tmp_path / "script"
        script.write_text(command("completion", shell).stdout)
        done = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (0, "")

    def test_another_shell_is_a_wrong_call(self) -> None:
        assert command("completion", "cmd.exe").exit_code == 2
