"""A name that is written wrong is one fault, at its place, and not three more in other words."""

from __future__ import annotations

import pytest
from attrs import evolve

from fsm_session.errors import DeclarationError
from fsm_session.machine import Lifecycle, State, Transition

A, B, END = State("A"), State("B"), State("End", final=True)
ROWS = (Transition("A", "B"), Transition("B", "End"))


def faults(**changes: object) -> list[str | None]:
    whole: dict[str, object] = {"states": (A, B, END), "transitions": ROWS, **changes}
    with pytest.raises(DeclarationError) as caught:
        Lifecycle("L", **whole)  # type: ignore[arg-type]
    return [each.key for each in caught.value.faults]


class TestMisspelt:
    """Reachability is looked at only where the table names no unknown state."""

    def test_an_end_of_a_row(self) -> None:
        assert faults(transitions=(ROWS[0], evolve(ROWS[1], target="Ende"))) == ["transitions[1]"]
        wrong = (ROWS[0], evolve(ROWS[1], source="b"), ROWS[1])
        assert faults(transitions=wrong) == ["transitions[1]"]

    def test_the_initial_state(self) -> None:
        assert faults(initial="a") == ["initial"]

    def test_the_failure_state(self) -> None:
        assert faults(failure="Ends") == ["failure"]
