"""A cell of the table: a fault at a place, and what it has to lead to; and how one is played.

What a run without any fault comes through (how often each place is visited, which calls are made
in which phase) is found out by running one: the cells are made of it, and of the declaration.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
from attrs import field, frozen

from fsm_session.errors import WorkerError
from fsm_session.machine import Lifecycle
from fsm_session.states import TRADING_DAY
from tests.faults.outcome import Ending, Expected, Told, violations
from tests.faults.parts import RUN
from tests.faults.places import Call, Moment, Place, Spot, Where
from tests.faults.stage import BoomError, Options, Stage

Arm = Callable[[Stage], None]
Deed = Callable[[Stage], None]


@frozen(eq=False)
class Cell:
    """One fault at one place. ``arm`` lays it, before the run; ``options`` are the run's.

    ``also`` checks what only this kind of fault promises, after all else.
    """

    name: str
    arm: Arm
    expected: Expected = field(factory=Expected)
    options: Options = field(factory=Options)
    also: Callable[[Ending], list[str]] = lambda _: []

    def __str__(self) -> str:
        """Name it: the fault's place first, then the fault."""
        return self.name


#: thousands of runs sync a dozen times each: where there is a file system in memory, there
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
#: how often each cell's fault has happened, by the cell's name
FIRED: Counter[str] = Counter()


@contextmanager
def staged(options: Options) -> Iterator[Stage]:
    """Set a stage in a folder of its own, and clear it away."""
    with (
        tempfile.TemporaryDirectory(dir=MEMORY) as folder,
        pytest.MonkeyPatch.context() as patches,
        ExitStack() as closing,
    ):
        yield Stage(Path(folder), options, patches, closing)


def play(cell: Cell) -> list[str]:
    """Play a cell; give every promise that was broken."""
    clean = clean_run(TRADING_DAY).sessions
    with staged(cell.options) as stage:
        cell.arm(stage)
        stage.run()
        FIRED[cell.name] += len(stage.fired)
        broken = [] if stage.fired else ["it never happened"]
        if cell.expected.refused is not None:
            return broken + refused(stage, cell.expected.refused)
        ending = Ending(stage, cell.expected, clean)
        return broken + violations(ending) + cell.also(ending)


def refused(stage: Stage, error: type[BaseException]) -> list[str]:
    """Check a run that was refused before anything was done: nothing is begun, nobody waits."""
    late = stage.coordinator.add_symbol("EEE")
    checks = {
        f"it raised {stage.raised!r}": type(stage.raised) is error,
        f"it is in {stage.driver.state}": stage.driver.state in ("(start)", "Failed"),
        f"set up were {stage.begun}": not stage.begun,
        f"waiting are {stage.receipts}": all(each.status != "waiting" for each in stage.receipts),
        f"a late request is {late}": late.status == "refused",
        f"left are {stage.threads_left}, {stage.files_left}": not stage.threads_left
        and not stage.files_left,
    }
    return [told for told, holds in checks.items() if not holds]


@frozen(eq=False)
class CleanRun:
    """What a run without a fault comes through, and the bytes that its sessions leave."""

    visits: dict[Where, int]
    trace: dict[Call, list[Place | None]]
    sessions: dict[str, bytes]

    def visits_of(self, place: Place) -> list[int]:
        """Give the first visit to a place and, where there are more, the last."""
        return sorted({1, self.visits.get(place, 1)})


@cache
def clean_run(
    lifecycle: Lifecycle, options: Options | None = None, arm: Arm = lambda _: None
) -> CleanRun:
    """Run a lifecycle without a fault, and hold that to the promises too."""
    with staged(options or Options(lifecycle=lifecycle)) as stage:
        arm(stage)
        stage.run()
        files = {date: stage.out / "sessions" / f"{date}.json" for date in RUN}
        sessions = {date: path.read_bytes() for date, path in files.items() if path.exists()}
        broken = violations(Ending(stage, Expected(), sessions))
        assert not broken, "\n".join(broken)
        return CleanRun(dict(stage.visits), dict(stage.trace), sessions)


#: what has failed before Failed is entered, where a fault is to happen there
EARLIER = Told(WorkerError, "Streaming", "stream_the_tape", "alpha")


def throwing(make: Callable[[str], BaseException], spot: Spot) -> Deed:
    """Throw an error that says where: of a hook's two tries the same error is told only once."""
    return lambda stage: stage.throw(make(str(spot)))


def at(spot: Spot, deed: Deed) -> Arm:
    """Let a deed be done at a spot."""

    def arm(stage: Stage) -> None:
        stage.deeds[spot] = lambda: deed(stage)

    return arm


def both(*arms: Arm) -> Arm:
    """Arm several."""

    def arm(stage: Stage) -> None:
        for each in arms:
            each(stage)

    return arm


def reaching(lifecycle: Lifecycle, place: Place, arm: Arm) -> tuple[Arm, tuple[Told, ...]]:
    """See to it that a place is reached: to where errors lead, by an earlier error.

    Gives what to arm, and the errors that come of that already.
    """
    if place.state != lifecycle.failure:
        return arm, ()
    return both(at(Spot(Call("alpha", "on_step")), _fail_earlier), arm), (EARLIER,)


def _fail_earlier(stage: Stage) -> None:
    stage.throw(BoomError("an earlier error"))


def spots(lifecycle: Lifecycle, place: Place, *moments: Moment) -> list[Spot]:
    """Give the spots at a place: at its first visit, and at its last."""
    visits = clean_run(lifecycle).visits_of(place)
    return [Spot(place, moment, visit) for moment in moments for visit in visits]
