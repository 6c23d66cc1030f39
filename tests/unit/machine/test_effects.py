"""Marks of what hooks do and guards say: read back as they were made, and nothing else changed."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import (
    Answer,
    Effect,
    answer_of,
    effect,
    effects_in,
    effects_of,
    holds_when_requirements_met,
    holds_when_stop_requested,
    never_once_stop_requested,
)

BOTH = {Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS}
marks = st.lists(st.sampled_from(Effect), max_size=4, unique=True).filter(
    lambda found: not {*found} >= BOTH
)


class TestHooks:
    """A mark changes nothing of the function but one attribute, and nothing of a run."""

    @given(marks)
    def test_a_hook_is_itself_and_has_its_effects_in_order(self, found: list[Effect]) -> None:
        def hook(context: list[str]) -> None:
            context.append("ran")

        assert effects_of(hook) == ()
        assert effect(*found)(hook) is hook
        assert effects_of(hook) == tuple(found)
        context: list[str] = []
        hook(context)
        assert context == ["ran"]

    def test_one_that_sets_up_and_tears_down_is_two(self) -> None:
        with pytest.raises(ValueError, match="two hooks"):
            effect(Effect.LOADS, *BOTH)
        with pytest.raises(ValueError, match="two hooks"):
            effect(*BOTH)

    def test_all_of_a_lifecycle(self) -> None:
        def marked(each: Effect) -> object:
            @effect(each)
            def hook(context: object) -> None: ...

            return hook

        loads, ends, steps = map(marked, (Effect.LOADS, Effect.ENDS_SESSION, Effect.TAKES_STEPS))
        day = Lifecycle(
            "Day",
            (State("A", [loads], steps, [ends]), State("End", final=True)),  # type: ignore[list-item, arg-type]
            (Transition("A", "End"),),
        )
        assert effects_in(day) == {Effect.LOADS, Effect.ENDS_SESSION, Effect.TAKES_STEPS}


class TestGuards:
    """What a guard says."""

    def test_a_guard_is_itself_and_says_what_it_is_marked_with(self) -> None:
        marked = {
            holds_when_stop_requested: Answer.STOP_REQUESTED,
            never_once_stop_requested: Answer.NOT_AFTER_STOP,
            holds_when_requirements_met: Answer.REQUIREMENTS_MET,
        }
        for mark, answer in marked.items():

            def guard(context: object) -> bool:
                return True

            assert answer_of(guard) is Answer.FREE
            assert mark(guard) is guard
            assert answer_of(guard) is answer
            assert effects_of(guard) == ()
