"""Faults of the disk, for journal and export: full, failing, torn; at every write, sync and rename.

Where the operations are is found out by a run without a fault: one more of them has its row by
itself. They fail at the narrowest place there is, below the library's own files.
"""

from __future__ import annotations

import errno
import io
import os
import resource
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, Any

from fsm_session.errors import ExportError, FsmSessionError, JournalError
from fsm_session.machine import journal
from fsm_session.states import TRADING_DAY
from tests.faults.cells import Cell, clean_run
from tests.faults.outcome import Expected, Told
from tests.faults.places import Call, Place, Spot
from tests.faults.stage import Stage

OPERATIONS = ("open", "write", "fsync", "replace", "truncate")
#: given how to do an operation in full and, of a write, with half of it
Failing = Callable[[Callable[[], Any], Callable[[], Any]], Any]


def no_space() -> OSError:
    """Make what a full disk answers."""
    return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fails(_whole: Callable[[], Any], _half: Callable[[], Any]) -> Any:
    """Do nothing, and fail."""
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def torn(_whole: Callable[[], Any], half: Callable[[], Any]) -> Any:
    """Write half of it, and be full."""
    half()
    raise no_space()


def short(_whole: Callable[[], Any], half: Callable[[], Any]) -> Any:
    """Write half of it, and say so."""
    return half()


class Disk:
    """Stands between a run and the files of its folder; fails where it is told to."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.failing: dict[Spot, Failing] = {}
        #: from the first failing write on, nothing can be written any more
        self.full = False
        for module in (io, journal):  # pathlib's open, and the journal's
            stage.patches.setattr(module, "open", self._opener(open), raising=False)
        for name in ("fsync", "replace"):
            stage.patches.setattr(os, name, self._over(name, getattr(os, name)))

    def does(
        self, operation: str, whole: Callable[[], Any], half: Callable[[], Any] = lambda: None
    ) -> Any:
        """Let an operation happen, or fail."""
        visit = self._stage.visit(Call("disk", operation))
        failing = self.failing.get(Spot(Call("disk", operation), "during", visit))
        if failing is not None:
            self._stage.fire(f"{operation}-{visit}")
        elif self.full and operation == "write" and self._stage.fired:
            raise no_space()
        return whole() if failing is None else failing(whole, half)

    def _over(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *arguments: self.does(name, lambda: function(*arguments))

    def _opener(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def opens(path: Any, mode: str = "r", *rest: Any, **named: Any) -> Any:
            def opened() -> Any:
                return function(path, mode, *rest, **named)

            if "r" in mode or not Path(str(path)).is_relative_to(self._stage.out):
                return opened()
            return _File(self.does("open", opened), self)

        return opens


class _File:
    """A file on such a disk."""

    def __init__(self, file: IO[bytes], disk: Disk) -> None:
        self._file, self._disk = file, disk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> Any:
        half = content[: len(content) // 2]
        write = self._file.write
        return self._disk.does("write", lambda: write(content), lambda: write(half))

    def truncate(self, size: int) -> Any:
        return self._disk.does("truncate", lambda: self._file.truncate(size))


def watch(stage: Stage) -> Disk:
    """Put a disk under a run that works, and counts."""
    return Disk(stage)


def operations(*names: str) -> Iterator[tuple[Spot, Place | None]]:
    """Give every operation of a run without a fault, and the hook that it is made by, if any."""
    trace = clean_run(TRADING_DAY, None, watch).trace
    for name in names:
        for visit, place in enumerate(trace[Call("disk", name)], 1):
            yield Spot(Call("disk", name), "during", visit), place


def cell(spot: Spot, place: Place | None, what: str, failing: Failing, *, full: bool) -> Cell:
    """Make a cell of an operation that fails."""

    def arm(stage: Stage) -> None:
        disk = watch(stage)
        disk.failing[spot], disk.full = failing, full

    name = f"{place.state if place else 'move'}-{spot}-{what}"
    if str(spot.where) == "disk-open" and spot.visit == 1:
        return Cell(name, arm, Expected(refused=JournalError))
    phase, hook = (place.state, place.name) if place else ("", "")
    told = Told(FsmSessionError, phase, hook, mine=False, says=("can't be written",))
    return Cell(name, arm, Expected((told,), more=True, disk=True))


def failing_operations() -> Iterator[Cell]:
    """Any operation fails once, with an input/output error."""
    for spot, place in operations(*OPERATIONS):
        yield cell(spot, place, "fails", fails, full=False)


def full_disk() -> Iterator[Cell]:
    """The disk is full: half of a write is taken, and none from then on."""
    for spot, place in operations("write"):
        yield cell(spot, place, "torn", torn, full=False)
        yield cell(spot, place, "full", torn, full=True)


def short_writes() -> Iterator[Cell]:
    """Half of a write is taken, and no error told: of the journal's, which are not buffered."""
    exports = ("write_session_export", "write_run_export")
    for spot, place in operations("write"):
        if place is None or place.name not in exports:
            yield cell(spot, place, "short", short, full=False)


def size_limits() -> Iterator[Cell]:
    """A real limit on the size of files, set by the kernel, that tears what goes beyond it."""
    for size in (0, 1, 500, 2000, 5000, 8000):
        told = Told(FsmSessionError, mine=False, says=("can't be written",))
        expected = Expected((told,), more=True, disk=True)
        yield Cell(f"files-limited-to-{size}", partial(_limit, size), expected)


def _limit(size: int, stage: Stage) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    stage.closing.callback(resource.setrlimit, resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    stage.fire(f"limit of {size}")


def _file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def _folder(path: Path) -> None:
    path.mkdir(parents=True)


def _read_only(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o500)


def obstacles() -> Iterator[Cell]:
    """What is to be written can't be: something else is in its place, or a folder is read-only."""
    told = Told(ExportError, mine=False, says=("can't be",))
    fails = Expected((told,), more=True, disk=True)
    ways: list[tuple[str, Callable[[Path], None], Expected]] = [
        ("", _file, Expected(refused=JournalError)),
        ("journal.jsonl", _folder, Expected(refused=JournalError)),
        ("sessions/2024-07-02.json", _folder, Expected(refused=ExportError)),
        ("sessions", _file, fails),
        ("run.json", _folder, fails),
    ]
    if os.geteuid() != 0:  # to root nothing is read-only
        ways += [("", _read_only, Expected(refused=JournalError)), ("sessions", _read_only, fails)]
    for name, make, expected in ways:
        what = make.__name__.strip("_")
        yield Cell(f"{name or 'out'}-is-a-{what}", partial(_in_the_way, name, make), expected)


def _in_the_way(name: str, make: Callable[[Path], None], stage: Stage) -> None:
    make(stage.out / name)
    stage.obstacle = name
    stage.fire(f"{name} is in the way")


KINDS = (failing_operations, full_disk, short_writes, size_limits, obstacles)


def cells() -> Iterator[Cell]:
    """Give every cell of the disk."""
    for kind in KINDS:
        yield from kind()
