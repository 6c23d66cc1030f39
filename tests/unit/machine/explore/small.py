"""Lifecycles of two states, of which each hook is marked the same, and where a run is in one."""

from __future__ import annotations

from typing import Any

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import (
    Effect,
    effect,
    holds_when_requirements_met,
    holds_when_stop_requested,
    never_once_stop_requested,
)
from fsm_session.machine.explore import Configuration, Subject
from fsm_session.machine.explore.steps import REQUEST_COMES, STOP_COMES

SET_UP, TEAR_DOWN, SWALLOWS, HEEDS = (
    Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS, Effect.SWALLOWS, Effect.HEEDS_STOP,
)  # fmt: skip
Told = list[tuple[str, Configuration]]


def marked(*marks: Effect) -> Any:
    @effect(*marks)
    def hook(_: Any) -> None:
        """Do something."""

    return hook


def subject(
    *marks: Effect, guard: Any = None, failure: str | None = None, second: Any = None,
    exits: Any = (), workers: int = 2,
) -> Subject:  # fmt: skip
    """Make a lifecycle of which Work and Done, which ends it, each begin with a marked hook."""
    hooks = [marked(*marks), *([second] if second else [])]
    states = [State("Work", entry=hooks, exit=exits), State("Done", entry=hooks, final=True)]
    rows = [Transition("Work", "Done", guard)] if guard else []
    if failure not in (None, "Done"):
        states.append(State(str(failure), entry=hooks, final=True))
    rows += [Transition("Work", "Done")]
    return Subject(Lifecycle("small", states, rows, failure=failure), workers)


WORK, DONE = "entry 0 of Work", "entry 0 of Done"


def at(place: str, *workers: Any, **changed: Any) -> Configuration:
    return Configuration(place, workers or ("down", "down"), **changed)


def machine_steps(of: Subject, here: Configuration) -> Told:
    """Give the steps that do not come from outside."""
    steps = [(told, there) for told, there in of.steps(here)]
    return [step for step in steps if step[0] not in (STOP_COMES, REQUEST_COMES)]


@holds_when_stop_requested
def stopped(_: Any) -> bool:
    """A stop is requested."""
    return True


@never_once_stop_requested
def goes_on(_: Any) -> bool:
    """There is more to do, and no stop."""
    return True


@holds_when_requirements_met
def met(_: Any) -> bool:
    """All is met."""
    return True
