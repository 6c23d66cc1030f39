"""Any function of a lifecycle made able to go wrong, from the lifecycle's own declaration.

Each hook, guard and activity is wrapped, and each method of a worker; a phase or a hook that is
added is reached without a word here. What is armed happens once, before or after the function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Literal, get_args

from attrs import define, evolve, field, frozen

from fsm_session.machine import Lifecycle, State
from fsm_session.machine.checks import hooks_by_kind
from fsm_session.machine.state import name_of

When = Literal["before", "after"]
#: an Exception, a SystemExit, a KeyboardInterrupt, or nothing but somebody asking for a stop
What = Literal["error", "exit", "interrupt", "stop"]
WHENS: tuple[When, ...] = get_args(When)
WHATS: tuple[What, ...] = get_args(What)
#: the kind of a place that is a worker's method, not a lifecycle's function
WORKER = "worker"


class InjectedError(Exception):
    """What is raised where a test lets something go wrong."""


@frozen
class Place:
    """Where something can happen: before or after a function of a state, or of a worker.

    ``kind`` is entry, exit, activity or guard; or worker, and ``state`` then the worker's name.
    """

    state: str
    kind: str
    name: str
    when: When = "before"

    def __str__(self) -> str:
        """Write it as it is said: ``before load_history (entry of Load)``."""
        return f"{self.when} {self.name} ({self.kind} of {self.state})"


@frozen
class Thrown:
    """What was raised where; ``number`` makes each unlike any other, whatever it passes through."""

    what: What
    place: Place
    number: int

    def __str__(self) -> str:
        """Write it as the error says it: ``an error before load_history (entry of Load) [2]``."""
        said = {"exit": "a SystemExit", "interrupt": "an interrupt"}.get(self.what, "an error")
        return f"{said} {self.place} [{self.number}]"


@define
class Saboteur:
    """Lets things happen at places: ``armed`` maps a place to what to do there, once.

    ``fired`` are the places where something did happen, ``calls`` all that was called, as
    (state, kind, name), both in order.
    """

    armed: dict[Place, Callable[[], None]] = field(factory=dict)
    fired: list[Place] = field(factory=list)
    calls: list[tuple[str, str, str]] = field(factory=list)

    def at(self, place: Place) -> None:
        """Do what is armed at a place, if anything is."""
        act = self.armed.pop(place, None)
        if act is not None:
            self.fired.append(place)
            act()

    def wrap(self, state: str, kind: str, function: Callable[[Any], Any]) -> Any:
        """Wrap a function of a lifecycle, under its name."""
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
        """Give the same lifecycle with every hook, guard and activity wrapped."""
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
    """Give every place of a lifecycle where something can happen."""
    return [Place(*each, when) for each in _functions(lifecycle) for when in WHENS]


def _functions(lifecycle: Lifecycle) -> Iterator[tuple[str, str, str]]:
    for state in lifecycle.states:
        for kind, hooks in hooks_by_kind(state).items():
            for hook in hooks:
                yield state.name, kind, name_of(hook)  # type: ignore[arg-type]
    for row in lifecycle.transitions:
        if row.guard:
            yield row.source, "guard", name_of(row.guard)
