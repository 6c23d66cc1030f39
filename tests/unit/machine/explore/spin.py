"""Runs SPIN on the Promela of a lifecycle, and reads what it says; our answers it does not know."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from attrs import frozen

#: nothing left out that could be: what is only written, statements that could be merged
TRANSLATE = ("spin", "-o1", "-o2", "-o3", "-a")
#: not optimised: compiling takes longer than searching. Every state is to be counted, and to
#: stand still at an end is no cycle
COMPILE = ("gcc", "-O0", "-w", "-DNOREDUCE", "-DNOSTUTTER", "-o", "pan", "pan.c")
HANGS_SECONDS = 120

needs_spin = pytest.mark.skipif(
    not (shutil.which("spin") and shutil.which("gcc")),
    reason="no spin and gcc here: apt-get install spin gcc",
)


@frozen
class SpinVerdict:
    """What SPIN found: the numbers of the promises that are broken, and the rest as it is named.

    ``rows`` are the numbers of the rows that it took, ``states`` how many states it stored.
    """

    broken: frozenset[int]
    dead_end: bool
    endless: bool
    rows: frozenset[int]
    states: int


def run_spin(text: str) -> SpinVerdict:
    """Make a verifier of a model, and run it: for promises and dead ends, then for cycles."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "model.pml").write_text(text)
        _output(folder, *TRANSLATE, "model.pml")
        _output(folder, *COMPILE)
        # -c0: do not stop at the first error; -A -E: neither promises nor dead ends this time
        safe = _output(folder, "./pan", "-c0", "-w20", "-m200000")
        lively = _output(folder, "./pan", "-a", "-A", "-E", "-w20", "-m200000")
    for output in (safe, lively):
        assert "max search depth too small" not in output
        assert "errors: " in output, output
    return SpinVerdict(
        frozenset(int(each) for each in re.findall(r"assertion violated .*\|\|\((\d+)==0\)", safe)),
        "invalid end state" in _errors(safe),
        "acceptance cycle" in _errors(lively),
        frozenset(_rows(text, safe)),
        int(_found(r"(\d+) states, stored", safe)),
    )


def _output(folder: str, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=HANGS_SECONDS, check=False
    )
    assert command[0] == "./pan" or done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _found(pattern: str, output: str) -> str:
    match = re.search(pattern, output)
    assert match is not None, output
    return match[1]


def _errors(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if line.startswith("pan:"))


def _rows(text: str, output: str) -> list[int]:
    """Number the rows whose error is reached: each move may raise, once it is taken."""
    unreached = {int(line) for line in re.findall(r"model\.pml:(\d+), state", output)}
    taken, row = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if label := re.match(r"\w+:( /\*.*?(?:, row (\d+))? \*/)?", line):
            row = label[2]
        elif row is not None and "failed = true" in line:
            if number not in unreached:
                taken.append(int(row))
            row = None
    return taken
