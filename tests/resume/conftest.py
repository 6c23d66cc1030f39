"""The process that makes runs in children: one for all tests of this folder."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import cattrs
import orjson
import pytest
from attrs import define, frozen

from tests.resume.disk import Point

ROOT = Path(__file__).parent.parent.parent


@frozen
class Broken:
    """How one child ended: with which signal, or how the run says; what was in the folder then."""

    signal: int
    ended: str
    struck: bool
    ops: list[str]
    folder: dict[str, str]

    @property
    def records(self) -> dict[str, str]:
        """Everything but the journal."""
        return {name: each for name, each in self.folder.items() if name != "journal.jsonl"}

    @property
    def journal(self) -> str:
        return self.folder.get("journal.jsonl", "")


#: lets one child after the other run on a new folder, each up to a point or to the end
Runs: TypeAlias = Callable[[Sequence[Point | None]], list[Broken]]


@define
class _Server:
    process: subprocess.Popen[bytes]

    def __call__(self, points: Sequence[Point | None]) -> list[Broken]:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(orjson.dumps(cattrs.unstructure(list(points))) + b"\n")
        self.process.stdin.flush()
        answer: Any = orjson.loads(self.process.stdout.readline())
        return [Broken(**each) for each in answer]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    command = [sys.executable, "-m", "tests.resume.run", str(tmp_path_factory.mktemp("runs"))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        yield _Server(process)
        assert process.stdin
        process.stdin.close()


@pytest.fixture(scope="session")
def unbroken(runs: Runs) -> Broken:
    """The run that nothing breaks off."""
    [whole] = runs([None])
    assert whole.ended == "completed"
    return whole
