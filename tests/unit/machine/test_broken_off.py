"""What a stop, a Ctrl-C or an error breaks off, in a few states made by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from fsm_session.errors import IllegalMoveError
from fsm_session.machine import Driver, Failure, Lifecycle, Move, State, Transition
from fsm_session.machine.effects import (
    Effect,
    effect,
    heeds_stop,
    holds_when_stop_requested,
    never_once_stop_requested,
)

Act = Callable[[], object]


class Noted:
    """A driver over states whose hooks note that they ran; ``acts`` says what some do then."""

    def __init__(self, **acts: Act) -> None:
        self.ran: list[str] = []
        self.acts = acts
        self.told: list[Move | Failure] = []
        self.driver: Driver

    def hook(self, name: str, *effects: Effect) -> Any:
        @effect(*effects)
        def run(context: object) -> None:
            self.ran.append(name)
            self.acts.get(name, lambda: None)()

        return run

    def hear(self, record: Move | Failure) -> None:
        self.told.append(record)
        if isinstance(record, Move):
            self.acts.get(f"to {record.target}", lambda: None)()

    def run(self, *states: State, rows: Sequence[Transition]) -> list[BaseException]:
        """Run the states and a final End, or Broken after an error; give the errors."""
        ends = (State("End", final=True), State("Broken", final=True))
        lifecycle = Lifecycle("L", (*states, *ends), tuple(rows), failure="Broken")
        self.driver = Driver(lifecycle, self, observers=[self.hear])
        self.driver.run()
        return [each.error for each in self.driver.failures]


def raising(*errors: BaseException) -> Act:
    left = [*errors]

    def act() -> None:
        if left:
            raise left.pop(0)

    return act


@holds_when_stop_requested
def stopped(noted: Noted) -> bool:
    return noted.driver.inbox.stop_requested


@never_once_stop_requested
def no_more(noted: Noted) -> bool:
    return not noted.driver.inbox.stop_requested


STOP, ON = Transition("A", "End", stopped), Transition("A", "B")
REST = Transition("B", "End")


class TestAStopOnTheWayIn:
    """Such a state begins no further entry hook once a stop is requested, and what is skipped is
    not ended by its exit hooks either. One that cleans up does so whole.
    """

    @pytest.mark.parametrize(
        ("first", "effects", "heeds"),
        [
            (STOP, (), True),
            (STOP, (Effect.LOADS,), True),
            (STOP, (Effect.FORGETS,), False),
            (STOP, (Effect.TEARS_DOWN_WORKERS,), False),
            (Transition("A", "End", no_more), (), False),
        ],
    )
    def test_which_hooks_run(
        self, first: Transition, effects: tuple[Effect, ...], heeds: bool
    ) -> None:
        noted = Noted(one=lambda: noted.driver.inbox.stop())
        a = State("A", [noted.hook("one"), noted.hook("two", *effects)], exit=[noted.hook("out")])
        assert noted.run(a, State("B"), rows=(first, ON, REST)) == []
        assert noted.ran == (["one"] if heeds else ["one", "two", "out"])

    def test_where_none_is_requested_all_do(self) -> None:
        noted = Noted()
        a = State("A", [noted.hook("one"), noted.hook("two")], exit=[noted.hook("out")])
        noted.run(a, State("B"), rows=(STOP, ON, REST))
        assert noted.ran == ["one", "two", "out"]

    def test_only_a_states_own_first_row_counts(self) -> None:
        rows = (Transition("B", "End", stopped), REST, Transition("A", "B", no_more), STOP, ON)
        found = Lifecycle("L", (State("A"), State("B"), State("End", final=True)), rows, "A")
        assert [heeds_stop(name, found) for name in ("A", "B", "End")] == [False, True, False]


class TestACtrlC:
    """A KeyboardInterrupt is a stop; one after that an error."""

    def test_what_it_breaks_off_is_not_ended_and_the_next_state_is_whole(self) -> None:
        noted = Noted(a=raising(KeyboardInterrupt()))
        a = State("A", (), noted.hook("a"), [noted.hook("out of a")])
        b = State("B", [noted.hook("into b")], noted.hook("b"), [noted.hook("out of b")])
        assert noted.run(a, b, rows=(ON, REST)) == []
        assert noted.ran == ["a", "into b", "b", "out of b"]
        assert noted.driver.inbox.stop_requested

    def test_among_errors_it_is_a_stop_and_they_are_errors(self) -> None:
        one, two, pressed = ValueError("one"), OSError("two"), KeyboardInterrupt()
        noted = Noted(
            a=raising(BaseExceptionGroup("", [one, BaseExceptionGroup("", [pressed, two])]))
        )
        assert noted.run(State("A", (), noted.hook("a")), State("B"), rows=(ON, REST)) == [one, two]
        assert (noted.driver.state, noted.driver.inbox.stop_requested) == ("Broken", True)

    def test_alone_in_a_group_it_is_nothing_else(self) -> None:
        noted = Noted(a=raising(BaseExceptionGroup("", [KeyboardInterrupt()])))
        assert noted.run(State("A", (), noted.hook("a")), State("B"), rows=(ON, REST)) == []
        assert noted.driver.state == "End"

    def test_while_a_move_is_told_it_is_told_again_and_the_second_is_an_error(self) -> None:
        second = KeyboardInterrupt("second")
        noted = Noted(**{"to A": raising(KeyboardInterrupt()), "to B": raising(second)})
        assert noted.run(State("A"), State("B"), rows=(ON, REST)) == [second]
        moves = [each.target for each in noted.told if isinstance(each, Move)]
        assert moves == ["A", "A", "B", "Broken"]


class TestReentrant:
    """Raises IllegalMoveError where something is under way: a hook leaves a request instead."""

    @pytest.mark.parametrize("place", ["to B", "into b", "b"])
    @pytest.mark.parametrize("method", ["advance", "begin", "step", "run"])
    def test_whoever_is_called_by_it_can_not_move_it(self, place: str, method: str) -> None:
        noted = Noted()
        noted.acts[place] = lambda: getattr(noted.driver, method)()
        b = State("B", [noted.hook("into b")], noted.hook("b"))
        [error] = noted.run(State("A"), b, rows=(ON, REST))
        assert isinstance(error, IllegalMoveError)
        moves = [each.target for each in noted.told if isinstance(each, Move)]
        assert moves == ["A", "B", "Broken"]
