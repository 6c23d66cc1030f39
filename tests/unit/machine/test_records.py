"""What is told of a run: each move and each error with its place, and nothing left out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm_session.machine import Driver, Failure, Lifecycle, Move, State, Transition, any_of


class TestFailure:
    """One error and its place: phase, kind of hook, the hook's name, and the context's word."""

    def test_written(self) -> None:
        """``Load, load_history, session 2024-07-03: ...``"""
        error = ValueError("odd")
        where = {"session": "2024-07-03", "time": ""}
        whole = Failure(error, "Load", "entry", "load_history", where)
        assert str(whole) == "Load, load_history, session 2024-07-03: ValueError: odd"
        assert str(Failure(error, "Load")) == "Load: ValueError: odd"

    def test_the_worker_where_the_error_names_one(self) -> None:
        error = ValueError("odd")
        assert Failure(error, "Load").worker == ""
        error.worker = "alpha"  # type: ignore[attr-defined]
        assert Failure(error, "Load").worker == "alpha"

    def test_what_is_not_said_is_nothing(self) -> None:
        error = ValueError("odd")
        assert Failure(error, "Load") == Failure(error, "Load", "", "", {})
        assert Move(1, None, "A", "") == Move(1, None, "A", "", {})
        assert State("A") == State("A", (), None, (), False, "")


def breaking(error: BaseException) -> Lifecycle:
    """Declare a lifecycle whose only hook raises."""

    def fall(context: object) -> None:
        raise error

    states = (State("A", [fall]), State("End", final=True), State("Broken", final=True))
    return Lifecycle("L", states, (Transition("A", "End"),), failure="Broken")


class TestNoted:
    """Put an error on record, each of a group by itself, and tell the observers."""

    def test_a_where_that_raises_is_one_error_more(self) -> None:
        first, second = ValueError("first"), OSError("where")
        calls = [0]

        def where() -> dict[str, str]:
            calls[0] += 1
            if calls[0] == 2:  # not of the first move
                raise second
            return {"bar": "7"}

        driver = Driver(breaking(first), None, where=where)
        driver.run()
        assert [each.error for each in driver.failures] == [first, second]
        assert [(each.phase, each.hook, each.where) for each in driver.failures] == [
            ("A", "fall", {}),
            ("A", "fall", {}),
        ]

    def test_an_error_that_says_its_phase_is_of_that(self) -> None:
        error = ValueError("odd")
        error.phase = "Elsewhere"  # type: ignore[attr-defined]
        driver = Driver(breaking(error), None, where=lambda: {"bar": "7"})
        driver.run()
        assert driver.failures == [Failure(error, "Elsewhere", "entry", "fall", {"bar": "7"})]

    def test_an_observer_that_raises_is_on_record_where_it_was_told(self) -> None:
        error, second = ValueError("odd"), OSError("deaf")
        told: list[Failure] = []

        def observe(record: Move | Failure) -> None:
            if isinstance(record, Failure):
                told.append(record)
                raise second

        driver = Driver(breaking(error), None, observers=[observe], where=lambda: {"bar": "7"})
        driver.run()
        assert driver.state == "Broken"
        assert driver.failures == [
            Failure(error, "A", "entry", "fall", {"bar": "7"}),
            Failure(second, "A", "observer", "", {"bar": "7"}),
        ]
        assert told == driver.failures[:1]

    def test_the_moves_say_which_guard_let_them(self) -> None:
        moves: list[Move] = []

        def hear(record: Move | Failure) -> None:
            if isinstance(record, Move):
                moves.append(record)

        Driver(breaking(ValueError()), None, observers=[hear]).run()
        assert moves == [Move(1, None, "A", ""), Move(2, "A", "Broken", "error")]


@pytest.mark.parametrize("says", [True, False])
def test_joined_guards_are_asked_about_the_context(says: bool) -> None:
    asked: list[object] = []

    def guard(number: int) -> Callable[[Any], bool]:
        def ask(context: object) -> bool:
            asked.append((number, context))
            return says and number == 2

        return ask

    context = object()
    assert any_of(guard(1), guard(2), guard(3))(context) is says
    assert asked == [(number, context) for number in ((1, 2) if says else (1, 2, 3))]
