"""A run that goes well: which row is taken, what runs and in which order, what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import GuardError, IllegalMoveError
from fsm_session.machine import Driver, Guard, Lifecycle, Move, State, Transition
from tests.unit.machine.coffee import COFFEE, ONE_CUP, Kitchen
from tests.unit.machine.strategies import (
    BoundedInbox,
    Script,
    answers,
    drive,
    expected_log,
    patient,
    scripted_lifecycles,
)

Yes = frozenset[tuple[int, int]]


def kitchen_at(state: str, **more: Any) -> tuple[Driver, Kitchen]:
    """Run the coffee machine by hand until it is in a state."""
    kitchen = Kitchen(**more)
    driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
    driver.begin()
    while driver.state != state:
        driver.advance()
    return driver, kitchen


class TestOrder:
    """DESIGN: "An *entry* hook runs on the way in, an *activity* while the state lasts, an *exit*

    hook on the way out", and of the table: "guard (tried in this order; the first that holds)".
    """

    def test_one_cup_of_coffee(self) -> None:
        kitchen = Kitchen()
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert driver.run() == driver.state == "Off"
        assert kitchen.log == [*ONE_CUP]
        assert (driver.failures, driver.finished) == ([], True)

    @patient
    @given(scripted_lifecycles(), answers())
    def test_a_run_is_what_the_table_says(self, lifecycle: Lifecycle, yes: Yes) -> None:
        script = Script(yes)
        driver = drive(lifecycle, script)
        assert script.log == expected_log(lifecycle, yes)
        assert driver.failures == []
        assert driver.state == script.log[-1].phase

    @patient
    @given(scripted_lifecycles(), answers())
    def test_by_hand_it_goes_the_same_way(self, lifecycle: Lifecycle, yes: Yes) -> None:
        script = Script(yes)
        driver = Driver(lifecycle, script, observers=[script.observe])
        assert (driver.state, driver.finished) == ("(start)", False)
        driver.begin()
        while not driver.finished:
            driver.advance()
        assert script.log == expected_log(lifecycle, yes)

    @patient
    @given(scripted_lifecycles(), answers())
    def test_every_move_is_told_numbered_and_joined_to_the_one_before(
        self, lifecycle: Lifecycle, yes: Yes
    ) -> None:
        """Driver: "``observers`` are told every Move and Failure as it happens"."""
        script, other = Script(yes), list[Any]()
        places = iter(range(1000))
        driver = Driver(
            lifecycle,
            script,
            observers=[script.observe, other.append],
            where=lambda: {"n": str(next(places))},
        )
        driver.run()
        moves = [move for move in script.told if isinstance(move, Move)]
        assert moves == other == script.told
        assert [move.number for move in moves] == [*range(1, len(moves) + 1)]
        assert [move.where["n"] for move in moves] == [str(n) for n in range(len(moves))]
        targets = [move.target for move in moves]
        assert [move.source for move in moves] == [None, *targets[:-1]]
        assert targets == [event.phase for event in script.log if event.kind == "move"]
        table = {(r.source, r.target, getattr(r.guard, "__name__", "")) for r in
                 lifecycle.transitions}  # fmt: skip
        assert {(m.source, m.target, m.guard) for m in moves[1:]} <= table


class TestDecide:
    """Driver: "Say which row would be taken now: the first whose guard holds. Changes nothing"."""

    @patient
    @given(scripted_lifecycles(), answers())
    def test_it_names_the_row_that_is_taken_and_runs_nothing_but_guards(
        self, lifecycle: Lifecycle, yes: Yes
    ) -> None:
        script = Script(yes)
        driver = Driver(lifecycle, script, observers=[script.observe])
        driver.begin()
        while not driver.finished:
            before, told, state = len(script.log), len(script.told), driver.state
            row = driver.decide()
            assert driver.decide() is row
            assert {event.kind for event in script.log[before:]} <= {"guard"}
            assert (driver.state, len(script.told)) == (state, told)
            assert driver.why_not(row.target) == ""
            driver.move_to(row.target)
            last = script.told[-1]
            assert isinstance(last, Move)
            assert (last.source, last.target) == (row.source, row.target)

    @pytest.mark.parametrize("answer", [None, 0, 1, "yes", [], [True], object()])
    def test_an_answer_that_is_no_bool_is_an_error_of_the_guard(self, answer: Any) -> None:
        """DESIGN: "A guard must return a bool; a truthy other value [...] ours is an error"."""
        lifecycle = Lifecycle(
            "asks",
            [State("A"), State("B", final=True)],
            [Transition("A", "B", lambda _: answer), Transition("A", "B")],
        )
        driver = Driver(lifecycle, None)
        driver.begin()
        with pytest.raises(GuardError, match="answers True or False"):
            driver.decide()
        assert driver.run() == "A"
        [failure] = driver.failures
        assert (failure.phase, failure.kind, failure.hook) == ("A", "guard", "<lambda>")
        assert isinstance(failure.error, GuardError)

    def test_asked_by_a_hook_it_leaves_the_place_of_the_hooks_own_error_alone(self) -> None:
        drivers: list[Driver] = []

        def look_ahead(kitchen: Kitchen) -> None:
            drivers[0].decide()
            raise ValueError("spilt")

        kitchen = Kitchen(deeds={"serve": look_ahead})
        drivers.append(Driver(COFFEE, kitchen, inbox=kitchen.inbox))
        drivers[0].run()
        [failure] = drivers[0].failures
        assert (failure.phase, failure.kind, failure.hook) == ("Serving", "entry", "serve")


def refused(driver: Driver, act: Callable[[], object]) -> str:
    """Check that a request is refused and has changed nothing; give the reason."""
    kitchen: Kitchen = driver.context
    before = (driver.state, [*kitchen.log], kitchen.cups, [*driver.failures])
    with pytest.raises(IllegalMoveError) as caught:
        act()
    log = [each for each in kitchen.log[len(before[1]) :] if each not in GUARDS]
    assert (driver.state, before[1] + log, kitchen.cups, [*driver.failures]) == before
    return str(caught.value)


GUARDS = {"stop_requested", "has_beans", "another_order"}


def saying(answer: bool, name: str) -> Guard:
    """Make a guard of a name that always says the same."""

    def guard(_: object) -> bool:
        return answer

    guard.__name__ = name
    return guard


def at_a(rows: list[Transition]) -> Driver:
    """Stand in A with these ways out, tried before the one to B."""
    states = [State("A"), State("B"), State("End", final=True)]
    rows = [*rows, Transition("A", "B"), Transition("B", "End")]
    driver = Driver(Lifecycle("many ways", states, rows), None)
    driver.begin()
    return driver


class TestIllegalMoves:
    """move_to: "Raises IllegalMoveError, which says why, and has then changed nothing"."""

    def test_a_row_that_is_not_there(self) -> None:
        driver, _ = kitchen_at("Grinding")
        reason = refused(driver, lambda: driver.move_to("Serving"))
        assert reason == "no row of the table leads from Grinding to Serving"
        assert "Tea" in refused(driver, lambda: driver.move_to("Tea"))

    def test_a_guard_that_says_no(self) -> None:
        driver, _ = kitchen_at("Grinding", beans=0)
        reason = refused(driver, lambda: driver.move_to("Brewing"))
        assert reason == "from Grinding to Brewing: the guard has_beans says no"

    def test_every_guard_that_says_no_is_named(self) -> None:
        for names, told in (
            (["early", "late"], "guards early and late say"),
            (["early", "late", "dark"], "guards early, late and dark say"),
        ):
            driver = at_a([Transition("A", "End", saying(False, name)) for name in names])
            assert driver.why_not("End") == f"from A to End: the {told} no"

    def test_an_earlier_row_that_holds(self) -> None:
        driver, _ = kitchen_at("Grinding")
        reason = refused(driver, lambda: driver.move_to("Broken"))
        tried = "the row to Brewing (has_beans) is tried first, and holds"
        assert reason == f"from Grinding to Broken: {tried}"

    def test_one_of_two_guards_that_holds_is_no_no(self) -> None:
        rows = [Transition("A", "B", saying(True, "light"))]
        rows += [Transition("A", "End", saying(True, "warm"))]
        rows += [Transition("A", "End", saying(False, "late"))]
        tried = "the row to B (light) is tried first, and holds"
        assert at_a(rows).why_not("End") == f"from A to End: {tried}"

    @patient
    @given(scripted_lifecycles(), answers(), st.integers(0, 5), st.data())
    def test_nothing_but_the_decided_row_can_be_taken(
        self, lifecycle: Lifecycle, yes: Yes, moves: int, data: st.DataObject
    ) -> None:
        script = Script(yes)
        driver = Driver(lifecycle, script, observers=[script.observe])
        driver.begin()
        while not driver.finished and moves:
            driver.advance()
            moves -= 1
        target = data.draw(st.sampled_from([state.name for state in lifecycle.states]))
        told, state = [*script.told], driver.state
        if driver.finished or driver.decide().target != target:
            with pytest.raises(IllegalMoveError) as caught:
                driver.move_to(target)
            assert str(caught.value) == driver.why_not(target) != ""
            assert (script.told, driver.state) == (told, state)
        else:
            driver.move_to(target)
            assert (driver.state, len(script.told)) == (target, len(told) + 1)

    def test_what_a_guard_says_between_two_questions_takes_it_nowhere_else(self) -> None:
        """Driver.move_to: "Make the move to ``target`` now, if that is the one [decided] on"."""
        says = iter([False, True, True, True])
        lifecycle = Lifecycle(
            "wavers",
            [State("A"), State("B"), State("End", final=True)],
            [
                *(Transition("A", "End", lambda _: next(says)), Transition("A", "B")),
                Transition("B", "End"),
            ],
        )
        driver = Driver(lifecycle, None)
        driver.begin()
        try:
            driver.move_to("B")
        except IllegalMoveError:
            assert driver.state == "A"
        else:
            assert driver.state == "B"

    def test_a_guard_that_has_changed_its_mind_is_told(self) -> None:
        # no as it is decided, yes as it is asked what was wrong
        says = iter([False, True])
        driver = at_a([Transition("A", "End", lambda _: next(says))])
        with pytest.raises(IllegalMoveError) as raised:
            driver.move_to("End")
        assert (str(raised.value), driver.state) == ("End: a guard has changed its mind", "A")

    def test_who_may_not_move_it_asks_no_guard(self) -> None:
        driver, kitchen = kitchen_at("Grinding")
        kitchen.inbox.own()
        before = [*kitchen.log]

        def meddle() -> None:
            refused(driver, lambda: driver.move_to("Brewing"))

        thread = threading.Thread(target=meddle)
        thread.start()
        thread.join()
        assert kitchen.log == before

    def test_from_another_thread(self) -> None:
        driver, kitchen = kitchen_at("Grinding")
        kitchen.inbox.own()
        reasons = list[str]()

        def meddle() -> None:
            reasons.append(refused(driver, lambda: driver.move_to("Brewing")))
            reasons.append(refused(driver, driver.advance))
            reasons.append(refused(driver, driver.begin))

        thread = threading.Thread(target=meddle)
        thread.start()
        thread.join()
        assert len(reasons) == 3
        assert all("another thread runs this machine" in reason for reason in reasons)

    @pytest.mark.parametrize("act", ["run", "step"])
    def test_a_run_of_another_thread_is_not_taken_over(self, act: str) -> None:
        """DESIGN: "One thread owns the machine"."""
        driver, kitchen = kitchen_at("Grinding")
        kitchen.inbox.own()
        outcomes = list[str]()

        def meddle() -> None:
            try:
                outcomes.append(str(getattr(driver, act)()))
            except IllegalMoveError as error:
                outcomes.append(str(error))

        thread = threading.Thread(target=meddle)
        thread.start()
        thread.join()
        assert outcomes == ["another thread runs this machine; leave a request instead"]
        assert driver.state == "Grinding"

    @pytest.mark.parametrize("place", sorted({*ONE_CUP}))
    @pytest.mark.parametrize("act", ["advance", "begin", "run", "step", "move_to"])
    def test_from_within_whatever_runs(self, place: str, act: str) -> None:
        """FAULTS 31: a "re-entrant trigger from a hook" is refused in all phases."""
        drivers, reasons = list[Driver](), list[str]()

        def meddle(kitchen: Kitchen) -> None:
            if not reasons:
                driver = drivers[0]
                reasons.append("let through")
                arguments = ["Off", "Grinding", "Brewing", "Serving"] if act == "move_to" else [""]
                for argument in arguments:
                    call = getattr(driver, act)
                    reasons.append(
                        refused(driver, lambda: call(argument) if argument else call())  # noqa: B023
                    )

        kitchen = Kitchen(deeds={place: meddle}, inbox=BoundedInbox())
        drivers.append(Driver(COFFEE, kitchen, inbox=kitchen.inbox))
        assert drivers[0].run() == "Off"
        assert drivers[0].failures == []
        assert len(reasons) == (5 if act == "move_to" else 2)
        assert "let through" not in reasons[1:]

    def test_before_the_beginning(self) -> None:
        kitchen = Kitchen()
        driver = Driver(COFFEE, kitchen)
        for act in (driver.advance, driver.decide, lambda: driver.move_to("Warming")):
            refused(driver, act)

    def test_a_second_beginning(self) -> None:
        driver, _ = kitchen_at("Grinding")
        assert "begun already" in refused(driver, driver.begin)

    def test_after_the_end(self) -> None:
        driver, _ = kitchen_at("Serving")
        assert driver.run() == "Off"
        for act in (driver.advance, driver.begin, lambda: driver.move_to("Warming")):
            refused(driver, act)
        assert driver.run() == "Off"

    def test_after_an_end_in_the_middle_of_a_lifecycle_without_a_failure_state(self) -> None:
        lifecycle = Lifecycle("frail", [*COFFEE.states], [*COFFEE.transitions], failure=None)
        kitchen = Kitchen(faults={"brew": ValueError("boiled dry")})
        driver = Driver(lifecycle, kitchen, inbox=kitchen.inbox)
        assert (driver.run(), driver.finished) == ("Brewing", True)
        for act in (driver.advance, driver.begin, lambda: driver.move_to("Serving")):
            refused(driver, act)
