"""A lifecycle is a value: states and one table of moves, checked when it is built.

Who holds a Lifecycle holds a sound one. There is no state that can't be reached or left, no
row that can never be taken, no state whose rows might all say no. What is wrong is said all
at once, each fault with its place in the declaration.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from attrs import evolve, field, frozen

from fsm_session.errors import DeclarationError
from fsm_session.machine.checks import find_faults
from fsm_session.machine.state import State, Transition, name_of


def _states(states: Iterable[State]) -> tuple[State, ...]:
    return tuple(states)


def _rows(rows: Iterable[Transition]) -> tuple[Transition, ...]:
    return tuple(rows)


@frozen
class Lifecycle:
    """States and the table of moves between them.

    ``transitions`` are tried in order; the first of a state's rows whose guard holds is taken.
    ``initial`` is the first state where it is not named. ``failure`` names the final state into
    which an error leads from any other (None: there is no such state, errors just end the run).

    Raises :class:`~fsm_session.errors.DeclarationError` with every fault found.
    """

    name: str
    states: tuple[State, ...] = field(converter=_states)
    transitions: tuple[Transition, ...] = field(converter=_rows)
    initial: str = ""
    failure: str | None = None

    def __attrs_post_init__(self) -> None:
        """Fill in the initial state, then refuse whatever is unsound."""
        if not self.initial and self.states:
            object.__setattr__(self, "initial", self.states[0].name)
        if faults := find_faults(self):
            raise DeclarationError(faults)

    def state(self, name: str) -> State:
        """Give the state of that name. Raises KeyError where there is none."""
        for state in self.states:
            if state.name == name:
                return state
        raise KeyError(f"{self.name} has no state {name!r}")

    def ways_out(self, name: str) -> tuple[Transition, ...]:
        """Give the rows of a state, in the order in which they are tried."""
        return tuple(row for row in self.transitions if row.source == name)

    def insert(
        self, state: State, *, after: str, transitions: tuple[Transition, ...] = ()
    ) -> Lifecycle:
        """Put a state on the main way out of another, between it and where that way led.

        The main way is the unguarded row. ``transitions`` are further, guarded rows of the new
        state (a stop, say), tried before its own way on.
        """
        self.state(after)
        main = self.ways_out(after)[-1:]
        place = [each.name for each in self.states].index(after) + 1
        on = tuple(Transition(state.name, row.target) for row in main)
        return evolve(
            self,
            states=(*self.states[:place], state, *self.states[place:]),
            transitions=tuple(
                new
                for row in self.transitions
                for new in (
                    (evolve(row, target=state.name), *transitions, *on) if row in main else (row,)
                )
            ),
        )

    def replace(self, name: str, state: State) -> Lifecycle:
        """Put another state in the place of one; the rows follow where its name differs."""
        self.state(name)

        def renamed(end: str) -> str:
            return state.name if end == name else end

        return evolve(
            self,
            states=tuple(state if each.name == name else each for each in self.states),
            transitions=tuple(
                evolve(row, source=renamed(row.source), target=renamed(row.target))
                for row in self.transitions
            ),
            initial=renamed(self.initial),
            failure=None if self.failure is None else renamed(self.failure),
        )

    def digest(self) -> str:
        """Give a SHA-256 in hex of all that is declared, hooks and guards by their names."""
        states = [
            (state.name, state.final, [*map(name_of, hooks)])
            for state in self.states
            for hooks in (state.entry, [state.activity], state.exit)
        ]
        rows = [(row.source, row.target, name_of(row.guard)) for row in self.transitions]
        # ascii() quotes everything, so that no name runs into the next
        declared = ascii((self.name, self.initial, self.failure, states, rows))
        return hashlib.sha256(declared.encode()).hexdigest()
