"""A lifecycle as a value: how one is made from another, and how two are told apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DeclarationError
from fsm_session.machine import Driver, Lifecycle, State, Transition, any_of
from tests.unit.machine.coffee import (
    COFFEE,
    STATES,
    TABLE,
    Kitchen,
    has_beans,
    heat,
    stop_requested,
)
from tests.unit.machine.strategies import patient, scripted_lifecycles


def froth(kitchen: Kitchen) -> None:
    kitchen.happen("froth")


FROTHING = State("Frothing", entry=[froth])


def rows(lifecycle: Lifecycle) -> list[tuple[str, str, object]]:
    return [(row.source, row.target, row.guard) for row in lifecycle.transitions]


class TestValue:
    """DESIGN: "A lifecycle is a value"."""

    def test_it_can_not_be_written_to(self) -> None:
        with pytest.raises(FrozenInstanceError):
            COFFEE.name = "tea"  # type: ignore[misc]

    def test_it_equals_one_declared_alike_and_hashes_alike(self) -> None:
        again = Lifecycle("coffee", list(STATES), iter(TABLE), "Warming", "Broken")
        assert again == COFFEE
        assert hash(again) == hash(COFFEE)

    def test_the_first_state_is_the_initial_one_unless_another_is_named(self) -> None:
        assert COFFEE.initial == "Warming"
        assert evolve(COFFEE, initial="").initial == "Warming"

    @patient
    @given(scripted_lifecycles())
    def test_every_row_is_a_way_out_of_its_source_and_of_no_other_state(
        self, lifecycle: Lifecycle
    ) -> None:
        ways = [lifecycle.ways_out(state.name) for state in lifecycle.states]
        assert sorted(map(len, ways)) == sorted(
            sum(row.source == state.name for row in lifecycle.transitions)
            for state in lifecycle.states
        )
        for state, out in zip(lifecycle.states, ways, strict=True):
            assert lifecycle.state(state.name) is state
            assert [*out] == [r for r in lifecycle.transitions if r.source == state.name]

    def test_a_state_that_is_not_there_is_named(self) -> None:
        with pytest.raises(KeyError, match="coffee has no state 'Tea'"):
            COFFEE.state("Tea")


class TestInsert:
    """DESIGN: "A user makes another from it: `TRADING_DAY.insert(AUCTION, after="Active")`"."""

    def test_the_main_way_out_leads_through_the_new_state(self) -> None:
        made = COFFEE.insert(FROTHING, after="Brewing")
        before, after = TABLE[:5], TABLE[6:]
        between = [("Brewing", "Frothing", None), ("Frothing", "Serving", None)]
        plain = [(row.source, row.target, row.guard) for row in (*before, *after)]
        assert rows(made) == plain[:5] + between + plain[5:]
        names = [state.name for state in made.states]
        assert names == ["Warming", "Grinding", "Brewing", "Frothing", "Serving", "Off", "Broken"]

    def test_further_ways_out_are_tried_before_its_own_way_on(self) -> None:
        stop = Transition("Frothing", "Off", stop_requested)
        made = COFFEE.insert(FROTHING, after="Brewing", transitions=(stop,))
        on = [(row.target, row.guard) for row in made.ways_out("Frothing")]
        assert on == [("Off", stop_requested), ("Serving", None)]

    def test_what_it_was_made_from_is_as_it_was(self) -> None:
        digest = COFFEE.digest()
        COFFEE.insert(FROTHING, after="Brewing")
        assert COFFEE.digest() == digest
        assert COFFEE.transitions == TABLE

    def test_the_machine_froths(self) -> None:
        kitchen = Kitchen()
        drive_kitchen(COFFEE.insert(FROTHING, after="Brewing"), kitchen)
        at = kitchen.log.index("froth")
        assert kitchen.log[at - 1 : at + 2] == ["close_valve", "froth", "serve"]

    @patient
    @given(scripted_lifecycles(), st.data())
    def test_wherever_a_state_is_put_the_rows_of_all_others_are_as_they_were(
        self, lifecycle: Lifecycle, data: st.DataObject
    ) -> None:
        going = [state.name for state in lifecycle.states if not state.final]
        after = data.draw(st.sampled_from(going))
        made = lifecycle.insert(State("a new one, inserted"), after=after)
        for state in lifecycle.states:
            expected = lifecycle.ways_out(state.name)
            if state.name == after:
                last = evolve(expected[-1], target="a new one, inserted")
                [on] = made.ways_out("a new one, inserted")
                assert (on.target, on.guard) == (expected[-1].target, None)
                expected = (*expected[:-1], last)
            assert made.ways_out(state.name) == expected

    @pytest.mark.parametrize(
        ("state", "after", "more"),
        [
            (State("Grinding"), "Brewing", ()),
            (State("Tea", final=True), "Brewing", ()),
            (State("Tea"), "Off", ()),
            (State("Tea"), "Brewing", (Transition("Tea", "Milk", has_beans),)),
            (State("Tea"), "Brewing", (Transition("Tea", "Off"),)),
        ],
    )
    def test_what_is_unsound_is_refused_as_in_a_declaration(
        self, state: State, after: str, more: tuple[Transition, ...]
    ) -> None:
        """DESIGN: "and gets the same checks"."""
        with pytest.raises(DeclarationError):
            COFFEE.insert(state, after=after, transitions=more)

    def test_behind_a_state_that_is_not_there(self) -> None:
        with pytest.raises(KeyError, match="no state 'Tea'"):
            COFFEE.insert(FROTHING, after="Tea")


class TestReplace:
    """DESIGN: "`.replace("PreScan", MY_PRESCAN)`, and gets the same checks, diagrams and tests"."""

    @patient
    @given(scripted_lifecycles(), st.data())
    def test_with_another_name_all_that_names_it_follows_and_back_it_is_the_same(
        self, lifecycle: Lifecycle, data: st.DataObject
    ) -> None:
        old = data.draw(st.sampled_from(lifecycle.states))
        made = lifecycle.replace(old.name, evolve(old, name="quite another"))
        assert old.name not in {state.name for state in made.states}
        assert old.name not in {end for row in made.transitions for end in (row.source, row.target)}
        assert (made.initial == "quite another") is (lifecycle.initial == old.name)
        assert (made.failure == "quite another") is (lifecycle.failure == old.name)
        assert made.replace("quite another", old) == lifecycle

    def test_a_replaced_state_runs_its_own_hooks(self) -> None:
        kitchen = Kitchen()
        drive_kitchen(COFFEE.replace("Brewing", FROTHING), kitchen)
        assert "froth" in kitchen.log
        assert "brew" not in kitchen.log

    @pytest.mark.parametrize(
        "state",
        [State("Grinding"), State("Brewing", final=True), State(" ")],
    )
    def test_what_is_unsound_is_refused_as_in_a_declaration(self, state: State) -> None:
        with pytest.raises(DeclarationError):
            COFFEE.replace("Brewing", state)

    def test_a_state_that_is_not_there(self) -> None:
        with pytest.raises(KeyError, match="no state 'Tea'"):
            COFFEE.replace("Tea", FROTHING)


def drive_kitchen(lifecycle: Lifecycle, kitchen: Kitchen) -> None:
    kitchen.orders = 0
    Driver(lifecycle, kitchen, inbox=kitchen.inbox).run()


def renamed(function: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    def other(context: object) -> None: ...

    other.__name__ = f"not {getattr(function, '__name__', '')}"
    return other


CHANGES: dict[str, Callable[[State], State]] = {
    "one more entry hook": lambda s: evolve(s, entry=[*s.entry, heat]),
    "one more exit hook": lambda s: evolve(s, exit=[*s.exit, heat]),
    "another activity": lambda s: evolve(s, activity=renamed(s.activity)),
    "other entry hooks": lambda s: evolve(s, entry=[*map(renamed, s.entry), heat]),
    "another name": lambda s: evolve(s, name=s.name + "!"),
}


class TestDigest:
    """Lifecycle.digest: "a SHA-256 in hex of all that is declared, [...] by their names"."""

    def test_it_is_a_sha_256_in_hex_the_same_every_time(self) -> None:
        assert len(bytes.fromhex(COFFEE.digest())) == 32
        assert COFFEE.digest() == Lifecycle("coffee", STATES, TABLE, failure="Broken").digest()

    @patient
    @given(scripted_lifecycles(), st.sampled_from(sorted(CHANGES)), st.data())
    def test_a_state_that_differs_in_anything_that_runs(
        self, lifecycle: Lifecycle, change: str, data: st.DataObject
    ) -> None:
        going = [state for state in lifecycle.states if not state.final]
        state = data.draw(st.sampled_from(going))
        made = lifecycle.replace(state.name, CHANGES[change](state))
        assert made.digest() != lifecycle.digest()

    @patient
    @given(scripted_lifecycles(), st.data())
    def test_a_row_that_differs(self, lifecycle: Lifecycle, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(lifecycle.transitions) - 1))
        row = lifecycle.transitions[place]
        if row.guard is None:
            targets = sorted({state.name for state in lifecycle.states} - {row.source, row.target})
            changed = [evolve(row, target=target) for target in targets[:1]]
        else:
            changed = [evolve(row, guard=renamed(row.guard))]
            changed += [evolve(row, guard=any_of(row.guard, has_beans))]
        for other in changed:
            table = [*lifecycle.transitions]
            table[place] = other
            try:
                made = evolve(lifecycle, transitions=table)
            except DeclarationError:
                continue  # the row was the only way to a state
            assert made.digest() != lifecycle.digest()

    def test_the_order_of_rows_and_of_hooks_and_where_a_run_begins_and_fails(self) -> None:
        swapped = (*TABLE[:6], TABLE[7], TABLE[6], TABLE[8])
        others = [
            evolve(COFFEE, name="tea"),
            evolve(COFFEE, failure=None),
            evolve(COFFEE, failure="Off"),
            evolve(COFFEE, transitions=swapped),
            evolve(COFFEE, states=STATES[::-1]),
            COFFEE.replace("Off", evolve(STATES[4], entry=STATES[4].entry[::-1])),
        ]
        assert len({each.digest() for each in [COFFEE, *others]}) == len(others) + 1

    def test_where_it_begins(self) -> None:
        ring = [State("A"), State("B"), State("End", final=True)]
        table = [Transition("A", "End", has_beans), Transition("A", "B"), Transition("B", "A")]
        first, second = (Lifecycle("ring", ring, table, initial=name) for name in "AB")
        assert first.digest() != second.digest()

    def test_no_failure_state_is_not_one_that_is_called_none(self) -> None:
        states = [State("A"), State("End", final=True), State("None", final=True)]
        table = [Transition("A", "None", has_beans), Transition("A", "End")]
        without = Lifecycle("x", states, table)
        assert without.digest() != evolve(without, failure="None").digest()

    def test_a_name_is_not_the_beginning_of_the_next(self) -> None:
        states = [State("b c"), State("c"), State("End", final=True)]
        table = [
            *(Transition("b c", "End", has_beans), Transition("b c", "c")),
            *(Transition("c", "End", has_beans), Transition("c", "b c")),
        ]
        one = Lifecycle("a", states, table, initial="b c")
        assert one.digest() != Lifecycle("a b", states, table, initial="c").digest()

    def test_of_a_name_that_no_file_could_hold(self) -> None:
        assert evolve(COFFEE, name="\ud800").digest() != evolve(COFFEE, name="\ud801").digest()
