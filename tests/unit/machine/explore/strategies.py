"""Random lifecycles whose hooks and guards are marked at random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from fsm_session.machine import Lifecycle, State, Transition, any_of
from fsm_session.machine.effects import (
    Effect,
    effect,
    holds_when_requirements_met,
    holds_when_stop_requested,
    never_once_stop_requested,
)
from fsm_session.machine.state import name_of
from tests.unit.machine.strategies import scripted_lifecycles

MARKS_OF_GUARDS = (
    holds_when_stop_requested,
    never_once_stop_requested,
    holds_when_requirements_met,
    lambda guard: guard,
)
WORK = [each for each in Effect if each not in (Effect.HEEDS_STOP, Effect.SWALLOWS)]
ON_WORKERS = {Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS}

#: what a hook may be marked with: little of it, some of it heeding a stop, some of it quiet
EFFECTS = st.tuples(
    st.lists(st.sampled_from(WORK), max_size=2, unique=True).filter(
        lambda some: not ON_WORKERS.issubset(some)
    ),
    st.sampled_from([[], [], [], [Effect.HEEDS_STOP], [Effect.SWALLOWS]]),
).map(lambda both: (*both[0], *both[1]))


def a_function(like: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Make a function of the same name, to be marked."""

    def function(context: Any) -> Any:
        return like(context)

    function.__name__ = name_of(like)
    return function


@st.composite
def marked_lifecycles(draw: st.DrawFn) -> Lifecycle:
    """Draw a sound lifecycle, its hooks and guards marked at random."""
    lifecycle = draw(scripted_lifecycles())

    def marked(hook: Callable[[Any], Any]) -> Callable[[Any], Any]:
        return effect(*draw(EFFECTS))(a_function(hook))

    def state(each: State) -> State:
        activity = each.activity and marked(each.activity)
        entry, exits = [*map(marked, each.entry)], [*map(marked, each.exit)]
        return evolve(each, entry=entry, activity=activity, exit=exits)

    def guard(each: Callable[[Any], Any]) -> Callable[[Any], Any]:
        mark: Any = draw(st.sampled_from(MARKS_OF_GUARDS))
        made = mark(a_function(each))
        return any_of(made, a_function(each)) if draw(st.booleans()) else made

    def row(each: Transition) -> Transition:
        return each if each.guard is None else evolve(each, guard=guard(each.guard))

    return evolve(
        lifecycle,
        states=[*map(state, lifecycle.states)],
        transitions=[*map(row, lifecycle.transitions)],
    )
