"""The places of a lifecycle, out of its declaration, and the wrappers that let things happen there.

Nothing here knows which phases there are: one that is added, or a hook, has its places by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from types import FrameType
from typing import Any, Literal, Protocol

from attrs import evolve, frozen

from fsm_session.machine import Lifecycle, State
from fsm_session.machine.state import Hook, name_of

Moment = Literal["before", "during", "after"]
MOMENTS: tuple[Moment, ...] = ("before", "during", "after")


@frozen
class Place:
    """A function of a lifecycle; ``position`` is its place among its like: first, 2, last."""

    state: str
    kind: str
    name: str
    position: str = "only"

    def __str__(self) -> str:
        """Name it as the cells do: ``Load-entry-first-put_the_clock_at_the_open``."""
        return f"{self.state}-{self.kind}-{self.position}-{self.name}".replace(" ", "_")


@frozen
class Call:
    """A method of a worker, a strategy, a scanner, a source, or an operation on a file."""

    owner: str
    method: str

    def __str__(self) -> str:
        """Name it as the cells do: ``alpha-setup``."""
        return f"{self.owner}-{self.method}"


Where = Place | Call


@frozen
class Spot:
    """The instant at which something happens: before, during or after the n-th visit to a place."""

    where: Where
    moment: Moment = "before"
    visit: int = 1

    def __str__(self) -> str:
        """Name it as the cells do; the first visit is not named."""
        return f"{self.where}-{self.moment}{f'-{self.visit}' if self.visit > 1 else ''}"


class Watcher(Protocol):
    """Who is told of every function of a lifecycle as it is run."""

    def enter(self, place: Place) -> None:
        """Be told that a function is about to run."""

    def at(self, where: Where, moment: Moment) -> None:
        """Let happen what is to happen at this spot."""

    def due_during(self, where: Where) -> bool:
        """Tell whether something is to happen while this visit lasts."""

    def leave(self, place: Place, answer: Any) -> Any:
        """Be told that a function has come to its end; give what it is to have answered."""


def places(lifecycle: Lifecycle) -> list[Place]:
    """Give every place of a lifecycle: hooks, activities and guards, state by state."""
    return [place for state in lifecycle.states for place in _places_of(lifecycle, state)]


def _places_of(lifecycle: Lifecycle, state: State) -> Iterator[Place]:
    guards = [row.guard for row in lifecycle.ways_out(state.name) if row.guard is not None]
    activities = [state.activity] if state.activity else []
    kinds: dict[str, Sequence[Any]] = {
        "entry": state.entry, "activity": activities, "guard": guards, "exit": state.exit,
    }  # fmt: skip
    for kind, functions in kinds.items():
        for position, function in zip(_positions(len(functions)), functions, strict=True):
            yield Place(state.name, kind, name_of(function), position)


def _positions(count: int) -> list[str]:
    if count == 1:
        return ["only"]
    return [{1: "first", count: "last"}.get(n, str(n)) for n in range(1, count + 1)]


def watched(lifecycle: Lifecycle, watcher: Watcher) -> Lifecycle:
    """Give the same lifecycle with every function wrapped."""
    by_name = {(each.state, each.kind, each.name): each for each in places(lifecycle)}

    def wrap(state: str, kind: str, function: Callable[[Any], Any]) -> Any:
        return _wrapped(by_name[state, kind, name_of(function)], function, watcher)

    def state_of(state: State) -> State:
        def hooks(kind: str, declared: Sequence[Hook]) -> list[Hook]:
            return [wrap(state.name, kind, hook) for hook in declared]

        activity = state.activity and wrap(state.name, "activity", state.activity)
        return evolve(
            state,
            entry=hooks("entry", state.entry),
            activity=activity,
            exit=hooks("exit", state.exit),
        )

    return evolve(
        lifecycle,
        states=[state_of(each) for each in lifecycle.states],
        transitions=[
            row if row.guard is None else evolve(row, guard=wrap(row.source, "guard", row.guard))
            for row in lifecycle.transitions
        ],
    )


def _wrapped(place: Place, function: Callable[[Any], Any], watcher: Watcher) -> Any:
    @wraps(function)
    def wrapper(context: Any) -> Any:
        watcher.enter(place)
        watcher.at(place, "before")
        with_deed = watcher.due_during(place)
        answer = _interrupted(place, function, context, watcher) if with_deed else function(context)
        answer = watcher.leave(place, answer)
        watcher.at(place, "after")
        return answer

    # a guard that joins several has its name from a property, which wraps() can't copy
    wrapper.__name__ = place.name
    return wrapper


def _interrupted(
    place: Place, function: Callable[[Any], Any], context: Any, watcher: Watcher
) -> Any:
    """Let something happen as soon as the first thing that the function does has been done."""

    def seen(frame: FrameType, event: str, arg: object) -> None:
        if event == "return":
            sys.setprofile(before)
            watcher.at(place, "during")

    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        return function(context)
    finally:
        sys.setprofile(before)
