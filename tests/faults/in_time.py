"""Clocks that jump: the wall's, the one that deadlines are measured by, and the simulated one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

from fsm_session.errors import ClockError
from fsm_session.machine import Lifecycle
from tests.faults.cells import Arm, Cell, at
from tests.faults.in_hooks import cell, told_of
from tests.faults.places import Place, Spot, places
from tests.faults.stage import Stage

A_DAY_SECONDS = 86_400
JUMPS = {"back": -A_DAY_SECONDS, "forward": A_DAY_SECONDS}


def first_places(lifecycle: Lifecycle) -> Iterator[Place]:
    """Give the first place of each phase."""
    seen: set[str] = set()
    for place in places(lifecycle):
        if place.state not in seen:
            seen.add(place.state)
            yield place


def _jump_of_the_wall(seconds: int, stage: Stage) -> None:
    real = time.time_ns
    stage.patches.setattr(time, "time_ns", lambda: real() + seconds * 10**9)


def _jump_of_deadlines(seconds: int, stage: Stage) -> None:
    budget = stage.context.workers.budget
    real = budget.monotonic
    budget.monotonic = lambda: real() + seconds


def jumps(lifecycle: Lifecycle) -> Iterator[Cell]:
    """The wall's clock jumps, or the machine sleeps for a day: no result changes."""
    ways: dict[str, Callable[[int, Stage], None]] = {
        "wall": _jump_of_the_wall,
        "monotonic": _jump_of_deadlines,
    }
    for place in first_places(lifecycle):
        for clock, jump in ways.items():
            for direction, seconds in JUMPS.items():
                spot, deed = Spot(place), partial(jump, seconds)
                if (clock, direction) != ("monotonic", "back"):  # that is what it never does
                    yield cell(lifecycle, spot, f"{clock}_{direction}", at(spot, deed), ())


def backwards(lifecycle: Lifecycle) -> Iterator[Cell]:
    """The simulated clock is told to go back, in any hook: ClockError, and Failed."""
    for place in places(lifecycle):
        spot, told = Spot(place), told_of(place, ClockError, mine=False)
        yield cell(lifecycle, spot, "clock_goes_back", _back_at(spot), told)


def _back_at(spot: Spot) -> Arm:
    def deed(stage: Stage) -> None:
        clock = stage.context.clock
        clock.set_backtest_time(clock.now_ns - 1)

    return at(spot, deed)


KINDS = (jumps, backwards)


def cells(lifecycle: Lifecycle) -> Iterator[Cell]:
    """Give every cell of the clocks."""
    for kind in KINDS:
        yield from kind(lifecycle)
