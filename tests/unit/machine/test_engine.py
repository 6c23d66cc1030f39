"""What moves the state: that it moves, makes its calls in order, and lets everything through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

import pytest
from transitions import MachineError

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.engine import Engine

TURNSTILE = Lifecycle(
    "turnstile",
    [State("Locked"), State("Open"), State("Away", final=True), State("Stuck", final=True)],
    [
        *(Transition("Locked", "Open", callable), Transition("Locked", "Away")),
        *(Transition("Open", "Open", callable), Transition("Open", "Locked")),
    ],
    failure="Stuck",
)


class Calls:
    """What was called, in which state; ``faults`` says what to raise where."""

    def __init__(self, **faults: BaseException) -> None:
        self.faults = faults
        self.log: list[tuple[str, str]] = []
        self.engine = Engine(TURNSTILE, self._two("in"), self._two("out"))
        self.engine.fire(Engine.BEGIN)

    def _two(self, way: str) -> Callable[[State], list[Callable[[], None]]]:
        def of(state: State) -> list[Callable[[], None]]:
            return [partial(self._happen, f"{way}_{state.name}_{n}") for n in (1, 2)]

        return of

    def _happen(self, name: str) -> None:
        self.log.append((name, self.engine.state))
        if name in self.faults:
            raise self.faults.pop(name)

    def go(self, target: str) -> None:
        """Take the row to a target; the calls of what was before are forgotten."""
        self.log.clear()
        rows = self.engine.rows[self.engine.state]
        self.engine.fire(next(trigger for row, trigger in rows if row.target == target))


def test_out_of_the_one_then_into_the_other_each_in_its_order() -> None:
    """Engine.fire: "way out, change of state, way in"."""
    calls = Calls()
    assert calls.log == [("in_Locked_1", "Locked"), ("in_Locked_2", "Locked")]
    calls.go("Open")
    assert calls.log == [
        ("out_Locked_1", "Locked"), ("out_Locked_2", "Locked"),
        ("in_Open_1", "Open"), ("in_Open_2", "Open"),
    ]  # fmt: skip
    calls.go("Open")  # out and in again
    assert [name for name, _ in calls.log] == ["out_Open_1", "out_Open_2", "in_Open_1", "in_Open_2"]
    calls.log.clear()
    calls.engine.fire(Engine.FAIL)
    assert calls.engine.state == "Stuck"
    assert calls.log[-1] == ("in_Stuck_2", "Stuck")


@pytest.mark.parametrize("kind", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize(
    ("at", "state"), [("out_Locked_2", "Locked"), ("in_Open_1", "Open"), ("in_Open_2", "Open")]
)
def test_what_is_raised_comes_out_as_it_is_and_nothing_is_called_after_it(
    at: str, state: str, kind: type[BaseException]
) -> None:
    """Engine.fire: "Lets through what is raised"."""
    error = kind("jammed")
    calls = Calls(**{at: error})
    with pytest.raises(kind) as caught:
        calls.go("Open")
    assert caught.value is error
    assert calls.engine.state == state
    assert calls.log[-1] == (at, state)


def test_a_trigger_without_a_row_from_here_is_refused_and_changes_nothing() -> None:
    calls = Calls()
    trigger = calls.engine.rows["Open"][0][1]
    calls.log.clear()
    for wrong in (trigger, Engine.BEGIN):
        with pytest.raises(MachineError, match="Can't trigger event"):
            calls.engine.fire(wrong)
    assert (calls.engine.state, calls.log) == ("Locked", [])


def test_a_move_writes_nothing_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    calls = Calls()
    with caplog.at_level(logging.DEBUG):
        calls.go("Open")
    assert caplog.records == []
