"""TRADING_DAY with every hook, guard and activity wrapped, so that any of them can go wrong.

The wrappers are made from the lifecycle's own declaration: a phase that is added, or a hook, is
walked without a word here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Literal

from attrs import define, evolve, field, frozen

from fsm_session.machine import Lifecycle, State
from fsm_session.machine.state import name_of

When = Literal["before", "after"]


@frozen
class Place:
    """A place in the lifecycle where something can happen: before or after a function is run."""

    state: str
    kind: str
    name: str
    when: When = "before"


@define
class Saboteur:
    """Lets things happen at places: ``armed`` maps a place to what to do there, once."""

    armed: dict[Place, Callable[[], None]] = field(factory=dict)
    fired: list[Place] = field(factory=list)
    calls: list[tuple[str, str, str]] = field(factory=list)

    def at(self, place: Place) -> None:
        act = self.armed.pop(place, None)
        if act is not None:
            self.fired.append(place)
            act()

    def wrap(self, state: str, kind: str, function: Callable[[Any], Any]) -> Any:
        name = name_of(function)

        @wraps(function)
        def wrapped(context: Any) -> Any:
            self.calls.append((state, kind, name))
            self.at(Place(state, kind, name))
            answer = function(context)
            self.at(Place(state, kind, name, "after"))
            return answer

        # AnyOf has its name from a property, which wraps() can't copy
        wrapped.__name__ = name
        return wrapped

    def instrument(self, lifecycle: Lifecycle) -> Lifecycle:
        return evolve(
            lifecycle,
            states=[self._state(state) for state in lifecycle.states],
            transitions=[
                row
                if row.guard is None
                else evolve(row, guard=self.wrap(row.source, "guard", row.guard))
                for row in lifecycle.transitions
            ],
        )

    def _state(self, state: State) -> State:
        activity = state.activity
        return evolve(
            state,
            entry=[self.wrap(state.name, "entry", hook) for hook in state.entry],
            exit=[self.wrap(state.name, "exit", hook) for hook in state.exit],
            activity=activity and self.wrap(state.name, "activity", activity),
        )


def places(lifecycle: Lifecycle) -> list[Place]:
    """Every place of a lifecycle where something can happen."""
    found: list[tuple[str, str, str]] = []
    for state in lifecycle.states:
        found += [(state.name, "entry", name_of(hook)) for hook in state.entry]
        found += [(state.name, "activity", name_of(state.activity))] if state.activity else []
        found += [(state.name, "exit", name_of(hook)) for hook in state.exit]
    found += [
        (row.source, "guard", name_of(row.guard)) for row in lifecycle.transitions if row.guard
    ]
    return [Place(*each, when) for each in found for when in ("before", "after")]
