"""A lifecycle as places, one for each thing that a driver does, and where each leads.

This is the driver's order of work, written down: a state's entry hooks, its activity, the
guards of its rows, the exit hooks for the row that is taken, the move. A move is a place too:
observers are told of it, and one may raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias

from attrs import evolve, field, frozen

from fsm_session.machine.checks import START, guards_of
from fsm_session.machine.effects import Answer, Effect, answer_of, effects_of, heeds_stop
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import State, Transition, name_of

#: ``stuck``: no row is left to be taken, which a sound lifecycle has nowhere
Kind: TypeAlias = Literal["move", "entry", "activity", "guard", "exit", "end", "stuck"]
#: the names of the places where a run begins, and where an error leads on to the failure state
BEGIN, FAIL = "begin", "fail"
#: what tells the guard of a state whose entry was broken off from the same guard otherwise
BROKEN_OFF = ", broken off"


@frozen(eq=False)
class Place:
    """One place: its name, the state it is in, what is run there, which place comes ``then``.

    A guard's ``then`` is where its yes leads, ``otherwise`` its no. An entry hook is not begun once
    a stop is requested where that leads elsewhere: to ``on_stop``. ``decides``: here the state's
    next move begins to be decided on. ``final``: it is within a final state, where whatever is
    raised, what follows is done all the same. ``failure``: it is the end of the failure state. A
    move's ``target`` is the state it leads to, its ``row`` the table's, None where there is none.
    """

    name: str
    kind: Kind
    state: str
    function: Callable[..., Any] | None = None
    then: str = ""
    otherwise: str = ""
    on_stop: str = ""
    decides: bool = False
    final: bool = False
    failure: bool = False
    target: str = ""
    row: Transition | None = None
    effects: tuple[Effect, ...] = field(init=False)
    answer: Answer = field(init=False)

    @effects.default
    def _effects(self) -> tuple[Effect, ...]:
        return effects_of(self.function)

    @answer.default
    def _answer(self) -> Answer:
        return answer_of(self.function)

    @property
    def function_name(self) -> str:
        """The name of what is run here."""
        return name_of(self.function)


def places_of(lifecycle: Lifecycle) -> dict[str, Place]:
    """Lay out the places of a lifecycle, by their names, in the order of its declaration."""
    places = [*_moves_without_a_row(lifecycle)]
    for state in lifecycle.states:
        rows = _rows_of(state, lifecycle)
        before, ways = [*_inside(state, rows, lifecycle)], [*_guards(state, rows)]
        if rows:
            first = _first_of_decision(state, rows)
            ways += [place for way in rows for place in _way_out(state, *way, lifecycle)]
            ways = [evolve(place, decides=place.name == first) for place in ways]
        places += [*before, *ways]
        if heeds_stop(state.name, lifecycle):
            places.append(_broken_off(state, rows))
        failure = state.name == lifecycle.failure
        end = Place(f"end of {state.name}", "end", state.name, final=state.final, failure=failure)
        places.append(end)
        places.append(Place(f"stuck in {state.name}", "stuck", state.name))
    return {place.name: place for place in places}


#: a row with its number in the table
Row: TypeAlias = tuple[int, Transition]


def _rows_of(state: State, lifecycle: Lifecycle) -> list[Row]:
    rows = enumerate(lifecycle.transitions)
    return [(number, row) for number, row in rows if row.source == state.name]


def _broken_off(state: State, rows: list[Row]) -> Place:
    """Lay out the way of a stop past the exit hooks, where an entry hook was not begun."""
    (number, row), *_ = rows
    name, move = f"guard {number}.0 of {state.name}{BROKEN_OFF}", f"move {number} of {state.name}"
    return Place(name, "guard", state.name, row.guard, move, decides=True)


def _moves_without_a_row(lifecycle: Lifecycle) -> Iterator[Place]:
    initial, failure = lifecycle.initial, lifecycle.failure
    yield Place(BEGIN, "move", START, then=_way_in(initial, lifecycle), target=initial)
    if failure is not None:
        yield Place(FAIL, "move", "(error)", then=_way_in(failure, lifecycle), target=failure)


def _way_in(name: str, lifecycle: Lifecycle) -> str:
    """Name the place where a state begins."""
    state = lifecycle.state(name)
    if state.entry:
        return f"entry 0 of {name}"
    return _after_entry(state, _rows_of(state, lifecycle))


def _after_entry(state: State, rows: list[Row]) -> str:
    if state.activity is not None:
        return f"activity of {state.name}"
    return f"end of {state.name}" if state.final else _first_of_decision(state, rows)


def _first_of_decision(state: State, rows: list[Row]) -> str:
    if not rows:
        return f"stuck in {state.name}"
    (number, row), *_ = rows
    return f"guard {number}.0 of {state.name}" if row.guard else _way_of(state, number)


def _way_of(state: State, number: int) -> str:
    """Name the place where the way out by a row begins, once it is decided on."""
    return f"{'exit' if state.exit else 'move'} {number}{'.0' * bool(state.exit)} of {state.name}"


def _inside(state: State, rows: list[Row], lifecycle: Lifecycle) -> Iterator[Place]:
    """Lay out the entry hooks and the activity."""
    after, heeds = _after_entry(state, rows), heeds_stop(state.name, lifecycle)
    on_stop = _first_of_decision(state, rows) + BROKEN_OFF if heeds else ""
    names = [f"entry {n} of {state.name}" for n in range(len(state.entry))]
    for hook, name, then in zip(state.entry, names, [*names[1:], after], strict=False):
        yield Place(name, "entry", state.name, hook, then, on_stop=on_stop, final=state.final)
    if state.activity is not None:
        then = _first_of_decision(state, rows)
        yield Place(f"activity of {state.name}", "activity", state.name, state.activity, then)


def _guards(state: State, rows: list[Row]) -> Iterator[Place]:
    """Lay out the guards in the order in which they are asked, joined ones one by one."""
    for at, (number, row) in enumerate(rows):
        otherwise = _first_of_decision(state, rows[at + 1 :])
        guards: list[Any] = [*guards_of(row.guard)]
        names = [f"guard {number}.{n} of {state.name}" for n in range(len(guards))]
        for guard, name, no in zip(guards, names, [*names[1:], otherwise], strict=False):
            yield Place(name, "guard", state.name, guard, _way_of(state, number), no)


def _way_out(state: State, number: int, row: Transition, lifecycle: Lifecycle) -> Iterator[Place]:
    """Lay out the exit hooks for a row that was decided on, and its move."""
    move = f"move {number} of {state.name}"
    names = [f"exit {number}.{n} of {state.name}" for n in range(len(state.exit))]
    for hook, name, then in zip(state.exit, names, [*names[1:], move], strict=False):
        yield Place(name, "exit", state.name, hook, then, row=row)
    way_in = _way_in(row.target, lifecycle)
    yield Place(move, "move", state.name, None, way_in, target=row.target, row=row)
