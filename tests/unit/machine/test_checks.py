"""Each rule of a sound lifecycle, broken by itself and together with others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DeclarationError
from fsm_session.machine import Driver, Lifecycle, State, Transition, any_of
from tests.unit.machine.coffee import STATES, TABLE, has_beans, stop_requested
from tests.unit.machine.strategies import patient

#: a fault's key and a piece of its message
Expected = tuple[str, str]
Wrong: Any = "os.system"


@define
class Draft:
    """The coffee machine before it is built, with places that can be asked for at the end."""

    states: list[State] = field(factory=lambda: [*STATES])
    rows: list[Transition] = field(factory=lambda: [*TABLE])
    initial: str = "Warming"
    failure: str | None = "Broken"

    def build(self) -> Lifecycle:
        """Build it, faults and all."""
        return Lifecycle("coffee", self.states, self.rows, self.initial, self.failure)

    def add(self, state: State, *ways_out: Transition, reached: bool = True) -> State:
        """Add a state, with a row that leads to it and rows that lead out of it."""
        self.states.append(state)
        if reached:
            self.rows.insert(0, Transition("Grinding", state.name, lambda kitchen: False))
        self.rows += ways_out
        return state

    def row(self, row: Transition, *, first: bool = False) -> Callable[[], str]:
        """Add a row; give what will say its key once all is added."""
        self.rows.insert(0 if first else len(self.rows), row)
        return lambda: f"transitions[{next(n for n, r in enumerate(self.rows) if r is row)}]"

    def place(self, state: State) -> Callable[[], str]:
        """Give what will say a state's key by its place."""
        return lambda: f"states[{next(n for n, s in enumerate(self.states) if s is state)}]"


Key = Callable[[], str]
Defect = Callable[[Draft], list[tuple[Key, str]]]


def misnamed(name: str) -> Defect:
    def defect(draft: Draft) -> list[tuple[Key, str]]:
        state = draft.add(State(name), Transition(name, "Off"))
        return [(draft.place(state), f"{name!r} is no name for a state")]

    return defect


def twins(draft: Draft) -> list[tuple[Key, str]]:
    first = draft.add(State("Twin"), Transition("Twin", "Off"))
    second = draft.add(State("Twin", summary="another"), reached=False)
    message = "the name 'Twin' is taken more than once"
    return [(draft.place(first), message), (draft.place(second), message)]


def bad_hook(kind: str, place: int, hooks: Any) -> Defect:
    def defect(draft: Draft) -> list[tuple[Key, str]]:
        name = f"Wrong{kind}"
        draft.add(State(name, **{kind: hooks}), Transition(name, "Off"))
        return [(lambda: f"state {name!r}.{kind}[{place}]", "'os.system' is no function")]

    return defect


def bad_guard(draft: Draft) -> list[tuple[Key, str]]:
    key = draft.row(Transition("Serving", "Off", Wrong), first=True)
    return [(key, "the guard 'os.system' is no function")]


def unknown_source(draft: Draft) -> list[tuple[Key, str]]:
    return [(draft.row(Transition("Nowhere", "Off")), "leads from 'Nowhere', an unknown state")]


def unknown_target(draft: Draft) -> list[tuple[Key, str]]:
    row = Transition("Serving", "Anywhere", lambda kitchen: False)
    return [(draft.row(row, first=True), "leads to 'Anywhere', an unknown state")]


def unknown_initial(draft: Draft) -> list[tuple[Key, str]]:
    draft.initial = "Asleep"
    return [(lambda: "initial", "'Asleep' is an unknown state")]


def unknown_failure(draft: Draft) -> list[tuple[Key, str]]:
    draft.failure = "Exploded"
    return [(lambda: "failure", "'Exploded' is an unknown state")]


def way_out_of_a_final(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("End", final=True))
    key = draft.row(Transition("End", "Warming"))
    return [(key, "leads out of the final state 'End'")]


def busy_final(kind: str, hooks: Any) -> Defect:
    def defect(draft: Draft) -> list[tuple[Key, str]]:
        name = f"Busy{kind}"
        draft.add(State(name, final=True, **{kind: hooks}))
        return [(lambda: f"state {name!r}", "could never run")]

    return defect


def final_initial(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Both", final=True), reached=False)
    draft.initial = "Both"
    return [(lambda: "state 'Both'", "is final and initial")]


def failure_not_final(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Weak"), Transition("Weak", "Off"), reached=False)
    draft.failure = "Weak"
    return [(lambda: "state 'Weak'", "is the failure state, and not final")]


def dead_end(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Stuck"))
    return [
        (lambda: "state 'Stuck'", "has no way out and is not final"),
        (lambda: "state 'Stuck'", "no final state can be reached from it"),
    ]


def all_guarded(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Maybe"), Transition("Maybe", "Off", has_beans))
    return [(lambda: "state 'Maybe'", "every way out is guarded")]


def behind_an_unguarded(draft: Draft) -> list[tuple[Key, str]]:
    key = draft.row(Transition("Warming", "Serving", has_beans))
    return [(key, "can never be taken: an unguarded row of 'Warming' comes first")]


def behind_itself(draft: Draft) -> list[tuple[Key, str]]:
    first = Transition("Brewing", "Off", any_of(stop_requested, has_beans))
    draft.row(first, first=True)
    again = Transition("Brewing", "Broken", any_of(stop_requested, has_beans))
    draft.rows.insert(draft.rows.index(first) + 1, again)
    key = lambda: f"transitions[{draft.rows.index(again)}]"  # noqa: E731
    return [(key, "has the same guard stop_requested or has_beans")]


def unreachable(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Island"), Transition("Island", "Off"), reached=False)
    return [(lambda: "state 'Island'", "can't be reached from")]


def trap(draft: Draft) -> list[tuple[Key, str]]:
    draft.add(State("Left"), Transition("Left", "Right"))
    draft.add(State("Right"), Transition("Right", "Left"), reached=False)
    message = "no final state can be reached from it"
    return [(lambda: "state 'Left'", message), (lambda: "state 'Right'", message)]


ALONE: dict[str, Defect] = {
    **{f"named {name!r}": misnamed(name) for name in ("", "  ", "a\nb", "\x00", "(start)")},
    "twins": twins,
    "entry": bad_hook("entry", 1, [has_beans, Wrong]),
    "activity": bad_hook("activity", 0, Wrong),
    "exit": bad_hook("exit", 0, [Wrong]),
    **{f.__name__: f for f in (bad_guard, unknown_source, unknown_target, unknown_failure)},
    **{f.__name__: f for f in (way_out_of_a_final, failure_not_final, all_guarded, dead_end)},
    "final with an activity": busy_final("activity", has_beans),
    "final with an exit": busy_final("exit", [has_beans]),
    **{f.__name__: f for f in (behind_an_unguarded, behind_itself, unreachable, trap)},
}
#: these take the way to all other states away, and so bring faults of reachability with them
UPSETTING = {"unknown_initial": unknown_initial, "final_initial": final_initial}
#: a row, initial or failure that names an unknown state silences the rules of reachability
UNKNOWN = {"unknown_source", "unknown_target", "unknown_initial", "unknown_failure"}
REACHABILITY = ("can't be reached", "no final state can be reached")


def found_in(draft: Draft) -> list[Expected]:
    with pytest.raises(DeclarationError) as caught:
        draft.build()
    return [(fault.key, fault.message) for fault in caught.value.faults]


class TestEachRule:
    """DESIGN: "A lifecycle is a value. `Lifecycle(states, transitions, ...)` is checked when built:

    names unique, every end declared, every state reachable, no state but the final ones without a
    way out, an unguarded last row for every non-final state, no row behind an unguarded one".
    """

    def test_the_coffee_machine_is_sound(self) -> None:
        assert Draft().build().initial == "Warming"

    @pytest.mark.parametrize("name", ALONE)
    def test_a_defect_is_found_at_its_place_and_nothing_else_is(self, name: str) -> None:
        draft = Draft()
        expected = [(key(), message) for key, message in ALONE[name](draft)]
        found = found_in(draft)
        assert [key for key, _ in found] == [key for key, _ in expected]
        assert all(message in said for (_, said), (_, message) in zip(found, expected, strict=True))

    @pytest.mark.parametrize("name", UPSETTING)
    def test_a_wrong_beginning_is_found(self, name: str) -> None:
        draft = Draft()
        [(key, message)] = UPSETTING[name](draft)
        assert any(k == key() and message in said for k, said in found_in(draft))

    def test_no_state_at_all(self) -> None:
        assert ("states", "declares no state") in found_in(Draft([], [], "", None))

    def test_no_final_state(self) -> None:
        draft = Draft([State("A")], [Transition("A", "A")], "A", None)
        assert ("states", "no state is final, so no run could end") in found_in(draft)

    @pytest.mark.parametrize("name", ["*", "="])
    def test_a_name_that_the_engine_takes_for_a_wildcard_is_a_name_like_any_other(
        self, name: str
    ) -> None:
        lifecycle = Lifecycle(
            "wild",
            [State("A"), State(name), State("End", final=True)],
            [Transition("A", name), Transition(name, "End")],
        )
        driver = Driver(lifecycle, None)
        assert (driver.run(), driver.failures) == ("End", [])


class TestAllAtOnce:
    """Lifecycle: "What is wrong is said all at once, each fault with its place"."""

    @patient
    @given(st.sets(st.sampled_from([*ALONE, *UPSETTING]), min_size=2, max_size=6))
    def test_every_defect_of_any_set_is_found(self, names: set[str]) -> None:
        draft = Draft()
        if {"unknown_failure", "failure_not_final"} <= names:
            names.remove("failure_not_final")
        if {"unknown_initial", "final_initial"} <= names:
            names.remove("final_initial")
        makers = {**ALONE, **UPSETTING}
        made = [each for name in sorted(names) for each in makers[name](draft)]
        if names & UNKNOWN:  # find_faults: "Reachability is looked at only where ..."
            made = [each for each in made if not each[1].startswith(REACHABILITY)]
        found = found_in(draft)
        missed = [
            (key(), message)
            for key, message in made
            if not any(k == key() and message in said for k, said in found)
        ]
        assert not missed

    def test_the_error_says_each_place_before_its_fault(self) -> None:
        draft = Draft()
        bad_guard(draft)
        bad_hook("exit", 0, [Wrong])(draft)
        with pytest.raises(DeclarationError) as caught:
            draft.build()
        assert str(caught.value).splitlines() == [
            "state 'Wrongexit'.exit[0]: 'os.system' is no function",
            "transitions[1]: the guard 'os.system' is no function",
        ]


class TestFunctionsNeverStrings:
    """DESIGN: "Hooks and guards are functions, never strings"."""

    def test_a_string_among_joined_guards_is_found(self) -> None:
        draft = Draft()
        key = draft.row(Transition("Serving", "Off", any_of(has_beans, Wrong)), first=True)
        assert [k for k, said in found_in(draft) if "'os.system'" in said] == [key()]
