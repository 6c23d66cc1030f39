"""What makes a lifecycle sound, as a list of rules, each of which names the place of a fault.

A declaration that breaks one of them fails in the middle of a run, hours later: a row to a
state that does not exist is found by most frameworks only when it is taken.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from fsm_session.errors import Fault
from fsm_session.machine.state import AnyOf, State, name_of

if TYPE_CHECKING:
    from fsm_session.machine.lifecycle import Lifecycle

Found = Iterator[Fault]

#: the driver's name for where it is before the initial state is entered
START = "(start)"


def find_faults(lifecycle: Lifecycle) -> list[Fault]:
    """Give every fault of the declaration, in the order of the rules.

    Reachability is looked at only where the table names no unknown state, since it would
    otherwise repeat the same fault in other words.
    """
    faults = [fault for rule in LOCAL for fault in rule(lifecycle)]
    if not any(ends_are_declared(lifecycle)):
        faults += [fault for rule in GLOBAL for fault in rule(lifecycle)]
    return faults


def has_states(lifecycle: Lifecycle) -> Found:
    """A lifecycle has states, and one of them ends it."""
    if not lifecycle.states:
        yield Fault("declares no state", key="states")
    elif not any(state.final for state in lifecycle.states):
        yield Fault("no state is final, so no run could end", key="states")


def names_are_sound(lifecycle: Lifecycle) -> Found:
    """Names are printable, not empty, and unique."""
    counts = Counter(state.name for state in lifecycle.states)
    for place, state in enumerate(lifecycle.states):
        key = f"states[{place}]"
        if not state.name.strip() or not state.name.isprintable() or state.name == START:
            yield Fault(f"{state.name!r} is no name for a state", key=key)
        if counts[state.name] > 1:
            yield Fault(f"the name {state.name!r} is taken more than once", key=key)


def hooks_are_functions(lifecycle: Lifecycle) -> Found:
    """Hooks are functions: a string would be looked up, and called, only when fired."""
    for state in lifecycle.states:
        for kind, hooks in hooks_by_kind(state).items():
            for place, hook in enumerate(hooks):
                if not callable(hook):
                    yield Fault(
                        f"{hook!r} is no function", key=f"state {state.name!r}.{kind}[{place}]"
                    )


def guards_are_functions(lifecycle: Lifecycle) -> Found:
    """Guards are functions or None."""
    for place, row in enumerate(lifecycle.transitions):
        for guard in guards_of(row.guard):
            if not callable(guard):
                yield Fault(f"the guard {guard!r} is no function", key=f"transitions[{place}]")


def ends_are_declared(lifecycle: Lifecycle) -> Found:
    """Whatever a row, ``initial`` or ``failure`` names is a declared state."""
    names = {state.name for state in lifecycle.states}
    for place, row in enumerate(lifecycle.transitions):
        for side, end in (("from", row.source), ("to", row.target)):
            if end not in names:
                yield Fault(f"leads {side} {end!r}, an unknown state", key=f"transitions[{place}]")
    if lifecycle.initial not in names:
        yield Fault(f"{lifecycle.initial!r} is an unknown state", key="initial")
    if lifecycle.failure is not None and lifecycle.failure not in names:
        yield Fault(f"{lifecycle.failure!r} is an unknown state", key="failure")


def ends_are_final(lifecycle: Lifecycle) -> Found:
    """A final state has no way out and no activity, the failure state is final."""
    for place, row in enumerate(lifecycle.transitions):
        if any(state.final and state.name == row.source for state in lifecycle.states):
            yield Fault(f"leads out of the final state {row.source!r}", key=f"transitions[{place}]")
    for state in lifecycle.states:
        key = f"state {state.name!r}"
        if state.final and (state.activity or state.exit):
            yield Fault("is final, so its activity or exit hooks could never run", key=key)
        if state.final and state.name == lifecycle.initial:
            yield Fault("is final and initial, so nothing could happen", key=key)
        if state.name == lifecycle.failure and not state.final:
            yield Fault("is the failure state, and not final", key=key)


def nothing_gets_stuck(lifecycle: Lifecycle) -> Found:
    """Every state but the final ones has a way out that is always open: its last row."""
    for state in lifecycle.states:
        rows = [row for row in lifecycle.transitions if row.source == state.name]
        if not state.final and not rows:
            yield Fault("has no way out and is not final", key=f"state {state.name!r}")
        elif not state.final and all(row.guard is not None for row in rows):
            yield Fault(
                "every way out is guarded: if all guards say no, the machine is stuck",
                key=f"state {state.name!r}",
            )


def every_row_can_be_taken(lifecycle: Lifecycle) -> Found:
    """No row stands behind an unguarded one, or behind one with the same guard."""
    seen: dict[str, list[object]] = {}
    for place, row in enumerate(lifecycle.transitions):
        before = seen.setdefault(row.source, [])
        key = f"transitions[{place}]"
        if None in before:
            yield Fault(
                f"can never be taken: an unguarded row of {row.source!r} comes first", key=key
            )
        elif row.guard in before:
            yield Fault(
                f"can never be taken: an earlier row of {row.source!r} has the same guard"
                f" {name_of(row.guard)}",
                key=key,
            )
        before.append(row.guard)


def every_state_can_be_reached(lifecycle: Lifecycle) -> Found:
    """From the initial state rows lead to every other; an error leads to the failure state."""
    reached = _closure({lifecycle.initial}, lifecycle, lambda row: (row[0], row[1]))
    for state in lifecycle.states:
        if state.name not in reached | {lifecycle.failure}:
            yield Fault(f"can't be reached from {lifecycle.initial!r}", key=f"state {state.name!r}")


def every_state_can_end(lifecycle: Lifecycle) -> Found:
    """From every state rows lead to a final one."""
    finals = {state.name for state in lifecycle.states if state.final}
    ending = _closure(finals, lifecycle, lambda row: (row[1], row[0]))
    for state in lifecycle.states:
        if state.name not in ending:
            yield Fault("no final state can be reached from it", key=f"state {state.name!r}")


def _closure(
    start: set[str],
    lifecycle: Lifecycle,
    direction: Callable[[tuple[str, str]], tuple[str, str]],
) -> set[str]:
    reached = edge = start
    ways = [direction((row.source, row.target)) for row in lifecycle.transitions]
    while edge:
        edge = {there for here, there in ways if here in edge} - reached
        reached = reached | edge
    return reached


def guards_of(guard: object) -> Iterator[object]:
    """Give a row's guard, one by one where it joins several."""
    if isinstance(guard, AnyOf):
        for each in guard.guards:
            yield from guards_of(each)
    elif guard is not None:
        yield guard


def hooks_by_kind(state: State) -> dict[str, tuple[object, ...]]:
    """Give a state's hooks under the names of their kinds, in the order in which they run."""
    activity = () if state.activity is None else (state.activity,)
    return {"entry": state.entry, "activity": activity, "exit": state.exit}


LOCAL = (
    has_states,
    names_are_sound,
    hooks_are_functions,
    guards_are_functions,
    ends_are_declared,
    ends_are_final,
    nothing_gets_stuck,
    every_row_can_be_taken,
)
GLOBAL = (
    every_state_can_be_reached,
    every_state_can_end,
)
