"""A run that goes wrong: every hook, guard, activity and observer raises, each in its turn."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.machine import Driver, Failure, Lifecycle, Move, State, Transition
from tests.unit.machine.coffee import COFFEE, HOME, ONE_CUP, Kitchen, heat
from tests.unit.machine.strategies import (
    BoundedInbox,
    Event,
    Script,
    answers,
    drive,
    entered,
    expected_log,
    patient,
    scripted_lifecycles,
)

Yes = frozenset[tuple[int, int]]
ERRORS = (ValueError, SystemExit, MemoryError, RecursionError, GeneratorExit, StopIteration)
errors = st.sampled_from(ERRORS).map(lambda kind: kind("boiled dry"))


def broken_off(lifecycle: Lifecycle, log: list[Event], at: int) -> list[Event]:
    """Say what would run, were the event number ``at`` of a good run to raise."""
    event, ran = log[at], log[: at + 1]
    if lifecycle.state(event.phase).final:
        ran += [event] * (event.kind == "entry") + log[at + 1 :]
    assert lifecycle.failure is not None
    if event.phase != lifecycle.failure:
        ran += entered(lifecycle.state(lifecycle.failure))
    return ran


def place_of(event: Event) -> tuple[str, str, str]:
    hook = "" if event.kind == "move" else f"{event.kind}{event.place}"
    return event.phase, event.kind, hook


class TestEveryPlace:
    """DESIGN, row 19: "any but Done, Failed | Failed | a hook, a guard or an activity raised";

    of the exit hooks: they don't run for a phase that was broken off.
    """

    @patient
    @given(scripted_lifecycles(failing=True), answers(), errors, st.data())
    def test_an_error_anywhere_ends_in_the_failure_state_with_its_place(
        self, lifecycle: Lifecycle, yes: Yes, error: BaseException, data: st.DataObject
    ) -> None:
        good = expected_log(lifecycle, yes)
        at = data.draw(st.integers(0, len(good) - 1))
        script = Script(yes, {at: error})
        driver = drive(lifecycle, script)
        assert driver.state == lifecycle.failure
        assert script.log == broken_off(lifecycle, good, at)
        [failure] = driver.failures
        assert failure.error is error
        assert (failure.phase, failure.kind, failure.hook) == place_of(good[at])
        assert [each for each in script.told if isinstance(each, Failure)] == [failure]

    @patient
    @given(scripted_lifecycles(failing=True), answers(), st.data())
    def test_a_second_error_on_the_way_is_one_more_and_the_first_stays_first(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        """DESIGN: "the first error is never lost, errors of the clean-up are added to it"."""
        good = expected_log(lifecycle, yes)
        at = data.draw(st.integers(0, len(good) - 1))
        ran = broken_off(lifecycle, good, at)
        then = data.draw(st.integers(at + 1, len(ran))) if at + 1 < len(ran) else len(ran)
        first, second = ValueError("first"), KeyError("second")
        script = Script(yes, {at: first, then: second})
        driver = drive(lifecycle, script)
        assert driver.state == lifecycle.failure
        fired = [first, second][: 1 + (then < len(ran))]
        assert [failure.error for failure in driver.failures] == fired

    @pytest.mark.parametrize("place", sorted(HOME))
    def test_the_coffee_machine_breaks_and_says_where(self, place: str) -> None:
        error = ValueError("boiled dry")
        kitchen = Kitchen(faults={place: error})
        driver = Driver(COFFEE, kitchen, where=lambda: {"cup": str(kitchen.cups)})
        assert driver.run() == "Broken"
        again = place in ("cool_down", "switch_off")
        tail = [*ONE_CUP[ONE_CUP.index(place) :]] if again else [place]
        assert kitchen.log[len(ONE_CUP[: ONE_CUP.index(place)]) + again :] == [
            *tail,
            *("sound_alarm", "cut_power"),
        ]
        [failure] = driver.failures
        assert (failure.phase, failure.kind, failure.hook) == (*HOME[place], place)
        at = f"{HOME[place][0]}, {place}, cup {failure.where['cup']}"
        assert str(failure) == f"{at}: ValueError: boiled dry"

    @patient
    @given(scripted_lifecycles(), answers(), st.data())
    def test_without_a_failure_state_an_error_just_ends_the_run(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        lifecycle = Lifecycle(
            "frail", lifecycle.states, lifecycle.transitions, lifecycle.initial, None
        )
        good = expected_log(lifecycle, yes)
        at = data.draw(st.integers(0, len(good) - 1))
        script = Script(yes, {at: ValueError("boiled dry")})
        driver = drive(lifecycle, script)
        assert (driver.state, driver.finished) == (good[at].phase, True)
        assert len(driver.failures) == 1

    def test_each_error_of_a_group_stands_by_itself(self) -> None:
        group = BaseExceptionGroup("two", [ValueError("one"), SystemExit("two")])
        driver = Driver(COFFEE, Kitchen(faults={"serve": group}))
        driver.run()
        assert [failure.error for failure in driver.failures] == [*group.exceptions]


class TestFinalStates:
    """State: "its entry hooks clean up, so all of them run even where one raises"."""

    @pytest.mark.parametrize("broken", ["cool_down", "sound_alarm"])
    def test_an_error_that_stays_is_told_once_and_the_others_still_run(self, broken: str) -> None:
        def raise_always(kitchen: Kitchen) -> None:
            raise ValueError(f"no {broken}")

        kitchen = Kitchen(beans=0 if broken == "sound_alarm" else 1, deeds={broken: raise_always})
        driver = Driver(COFFEE, kitchen, inbox=BoundedInbox())
        assert driver.run() == "Broken"
        assert [str(failure.error) for failure in driver.failures] == [f"no {broken}"]
        assert "cut_power" in kitchen.log
        assert ("switch_off" in kitchen.log) is (broken == "cool_down")

    def test_a_good_end_whose_clean_up_raises_is_a_failure(self) -> None:
        kitchen = Kitchen(faults={"switch_off": SystemExit("stuck")})
        driver = Driver(COFFEE, kitchen)
        assert driver.run() == "Broken"
        assert kitchen.log[-5:] == [
            *("cool_down", "switch_off", "switch_off", "sound_alarm", "cut_power")
        ]


class TestObservers:
    """_note: "Put an error on record [...] and tell the observers", whatever they do with it."""

    @pytest.mark.parametrize("kind", [ValueError, SystemExit, MemoryError, KeyboardInterrupt])
    def test_one_that_raises_at_every_failure_takes_no_error_away_and_the_run_ends(
        self, kind: type[BaseException]
    ) -> None:
        def observe(record: Move | Failure) -> None:
            if isinstance(record, Failure):
                raise kind("can't write it down")

        first = ValueError("boiled dry")
        inbox = BoundedInbox()
        inbox.stop()  # so that an interrupt is an error, too
        kitchen = Kitchen(faults={"heat": first}, inbox=inbox)
        driver = Driver(COFFEE, kitchen, inbox=inbox, observers=[observe])
        assert driver.run() == "Broken"
        assert driver.failures[0].error is first
        assert [type(failure.error) for failure in driver.failures[1:]] == [kind]

    def test_an_interrupt_while_a_failure_is_told_does_not_make_it_good_again(self) -> None:
        told = list[Move | Failure]()

        def observe(record: Move | Failure) -> None:
            told.append(record)
            if isinstance(record, Failure) and len(told) == 3:
                raise KeyboardInterrupt

        inbox = BoundedInbox()
        kitchen = Kitchen(faults={"grind": ValueError("stone")}, inbox=inbox)
        driver = Driver(COFFEE, kitchen, inbox=inbox, observers=[observe])
        assert driver.run() == "Broken"
        assert "empty_the_grinder" not in kitchen.log
        moves = [(move.source, move.target) for move in told if isinstance(move, Move)]
        assert moves[-1] == ("Grinding", "Broken")
        assert str(driver.failures[0].error) == "stone"

    @pytest.mark.parametrize("fault", ["grind", "cool_down"])
    def test_a_where_that_raises_hides_no_error_and_the_run_ends(self, fault: str) -> None:
        """DESIGN: "the first error is never lost"."""
        kitchen = Kitchen(faults={fault: ValueError("stone")}, inbox=BoundedInbox())

        def where() -> dict[str, str]:
            if fault not in kitchen.faults:
                raise RuntimeError("the clock is gone")
            return {}

        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox, where=where)
        assert driver.run() == "Broken"
        assert "stone" in [str(failure.error) for failure in driver.failures]


class TestFreed:
    """DESIGN: "Model and Machine refer to each other: break that when the run ends"."""

    def run_and_drop(self, activity: Any) -> tuple[weakref.ref[Any], ...]:
        lifecycle = Lifecycle(
            "short",
            [State("A", entry=[heat], activity=activity), State("B", final=True, entry=[heat])],
            [Transition("A", "B", callable), Transition("A", "B")],
            failure="B",
        )
        context = Kitchen()
        driver = Driver(lifecycle, context)
        driver.run()
        return weakref.ref(driver), weakref.ref(context), weakref.ref(driver.inbox)

    def test_a_run_that_went_well_is_freed_when_dropped_without_the_garbage_collector(self) -> None:
        gc.disable()
        try:
            assert [ref() for ref in self.run_and_drop(heat)] == [None, None, None]
        finally:
            gc.enable()

    def test_a_run_that_failed_is_freed_by_the_garbage_collector(self) -> None:
        refs = self.run_and_drop(lambda context: [][1])
        gc.collect()
        assert [ref() for ref in refs] == [None, None, None]
