"""The mutator itself, on a tiny module of which it is known by hand what survives which tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutation.mutants import mutants_of

ROOT = Path(__file__).parents[2]

TINY = '''
"""Tiny."""

LIMIT = 2


def twice(number: int) -> int:
    """Double what is not too much."""
    if number > LIMIT:
        raise ValueError(f"{number} is more than {LIMIT}")
    return number * 2


def down(number: int) -> int:
    while number > 5:
        number -= 1
    return number


def unused() -> bool:
    return True
'''

WEAK = """
from tiny import down, twice

def test_nothing():
    assert twice(0) == 0

def test_down():
    assert down(7) == 5
"""

STRONG = WEAK + '''
import pytest

from tiny import LIMIT, unused

def test_twice():
    assert (LIMIT, twice(1), twice(2)) == (2, 2, 4)
    with pytest.raises(ValueError):
        twice(3)

def test_below():
    assert [down(4), down(5), down(6)] == [4, 5, 5]
    assert unused() is True
'''  # fmt: skip

ALL = [
    "(module): 2 -> 3",
    "twice: if number > LIMIT: -> if True:",
    "twice: if number > LIMIT: -> if False:",
    "twice: number > LIMIT -> number >= LIMIT",
    "twice: number > LIMIT -> number <= LIMIT",
    "twice: without raise ValueError(f'{number} is more than {LIMIT}')",
    "twice: return number * 2 -> return None",
    "twice: number * 2 -> number // 2",
    "twice: 2 -> 3",
    "down: while number > 5: -> while False:",
    "down: number > 5 -> number >= 5",
    "down: number > 5 -> number <= 5",
    "down: 5 -> 6",
    "down: without number -= 1",
    "down: number -= 1 -> number += 1",
    "down: 1 -> 2",
    "down: return number -> return None",
    "unused: True -> False",
]
#: of twice(0) == 0 and down(7) == 5
UNNOTICED = [
    "(module): 2 -> 3",
    "twice: if number > LIMIT: -> if False:",
    "twice: number > LIMIT -> number >= LIMIT",
    "twice: without raise ValueError(f'{number} is more than {LIMIT}')",
    "twice: number * 2 -> number // 2",
    "twice: 2 -> 3",
    "down: 1 -> 2",
    "unused: True -> False (no test calls it)",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.py").write_text(TINY)
    (tmp_path / "test_weak.py").write_text(WEAK)
    (tmp_path / "test_strong.py").write_text(STRONG)
    return tmp_path


def mutated(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    """Run the command in a folder; give its exit code and what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutation", "tiny.py", *arguments],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def test_what_is_changed_of_a_tiny_module(folder: Path) -> None:
    found = [str(each).partition("tiny.py, ")[2] for each in mutants_of(folder / "tiny.py")]
    assert sorted(found) == sorted(ALL)


def test_who_survives_weak_tests_and_who_strong_ones(folder: Path) -> None:
    code, lines = mutated(folder, "--judges", "test_weak.py", "--log", "verdicts")
    survived = [line.partition("tiny.py, ")[2] for line in lines if line.startswith("SURVIVED")]
    assert sorted(survived) == sorted(UNNOTICED)
    assert f"tiny.py: {len(ALL) - len(UNNOTICED)} of {len(ALL)}" in lines
    assert code == 1
    # of what was noticed already nothing is tried again
    code, lines = mutated(folder, "--judges", "test_strong.py", "--log", "verdicts")
    survived = [line for line in lines if line.startswith("SURVIVED")]
    assert (code, survived) == (0, [])
    assert f"tiny.py: {len(ALL)} of {len(ALL)}" in lines
    verdicts = (folder / "verdicts").read_text().splitlines()
    assert len(verdicts) == len(ALL) + len(UNNOTICED)


def test_how_things_stand(folder: Path) -> None:
    def cells(*more: str) -> list[str]:
        code, lines = mutated(folder, "--stands", "--log", "verdicts", *more)
        assert code == 0
        rows = "\n".join(lines).split("   * - ")[1:]
        assert rows[0].split("\n     - ")[:3] == ["where", "changes", "noticed"]
        return [line.strip() for line in rows[1].split("\n     - ")[1:]]

    mutated(folder, "--judges", "test_weak.py", "--log", "verdicts", "--only", "tiny.py, down")
    tried = sum(each.startswith("down") for each in ALL)
    alive = [each for each in UNNOTICED if each.startswith("down")]
    untried = str(len(ALL) - tried)
    share = f"{(tried - len(alive)) / tried:.1%}"
    noticed = str(tried - len(alive))
    assert 0 < len(alive) < tried < len(ALL)
    assert cells() == [str(len(ALL)), noticed, "0", str(len(alive)), untried, share]
    (folder / "tests").mkdir()
    (folder / "tests" / "mutation.rst").write_text(f"    tiny.py, {alive[0]}\n")
    same = sum(f"{each}" == alive[0] for each in alive)
    found = [str(len(ALL)), noticed, str(same), str(len(alive) - same), untried, share]
    assert cells() == found


def test_tests_that_fail_with_nothing_changed_judge_nothing(folder: Path) -> None:
    (folder / "test_weak.py").write_text(WEAK.replace("== 5", "== 6"))
    code, lines = mutated(folder, "--judges", "test_weak.py")
    assert code == 3
    assert any("test_weak.py::test_down" in line for line in lines)
