"""The values a lifecycle is declared with."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import GuardError
from fsm_session.machine import Driver, Guard, Lifecycle, State, Transition, any_of
from fsm_session.machine.state import name_of, summary_of
from tests.unit.machine.coffee import has_beans, heat, stop_requested
from tests.unit.machine.strategies import patient


def guard_saying(answer: Any, asked: list[Any]) -> Guard:
    def guard(context: Any) -> bool:
        asked.append(answer)
        return answer  # type: ignore[no-any-return]

    return guard


class TestAnyOf:
    """AnyOf: "A guard that holds where one of its guards does; they are tried in order"."""

    @patient
    @given(st.lists(st.booleans(), min_size=1, max_size=5))
    def test_it_is_the_or_of_its_guards(self, answers: list[bool]) -> None:
        asked: list[bool] = []
        joined = any_of(*(guard_saying(answer, asked) for answer in answers))
        assert joined(None) is (True in answers)
        assert asked == answers[: answers.index(True) + 1 if True in answers else None]

    def test_it_is_named_and_explained_by_its_guards(self) -> None:
        joined = any_of(stop_requested, has_beans)
        assert name_of(joined) == "stop_requested or has_beans"
        explained = "Somebody pressed the button. Or: There are beans for a cup."
        assert summary_of(joined) == explained

    def test_two_of_the_same_guards_are_equal(self) -> None:
        assert any_of(stop_requested, has_beans) == any_of(stop_requested, has_beans)
        assert any_of(stop_requested, has_beans) != any_of(has_beans, stop_requested)

    @patient
    @given(st.sampled_from(["no", 1, 0, None, [], [0]]), st.lists(st.just(False), max_size=2))
    def test_an_answer_that_is_no_bool_is_an_error_behind_an_any_of_too(
        self, answer: object, before: list[bool]
    ) -> None:
        """DESIGN: "A guard must return a bool; [...] other value [...] ours is an error"."""
        joined = any_of(*(guard_saying(each, []) for each in [*before, answer]))
        lifecycle = Lifecycle(
            "asks",
            [State("A"), State("B", final=True)],
            [Transition("A", "B", joined), Transition("A", "B")],
        )
        driver = Driver(lifecycle, None)
        driver.begin()
        with pytest.raises(GuardError):
            driver.decide()


class TestNames:
    """name_of: "Name a hook or a guard as the docs, the journal and the errors do"."""

    def test_a_function_has_its_name_anything_else_that_of_its_class(self) -> None:
        assert name_of(heat) == "heat"
        assert name_of(partial(heat)) == "partial"
        assert name_of(None) == ""

    def test_a_summary_is_the_first_paragraph_on_one_line(self) -> None:
        def hook(context: object) -> None:
            """Do this
            and that.

            At length.
            """

        assert summary_of(hook) == "Do this and that."
        assert summary_of(heat) == summary_of(None) == ""


class TestFrozen:
    """The module: "Everything here is a frozen value"."""

    @pytest.mark.parametrize(
        ("value", "name"),
        [(State("A"), "name"), (Transition("A", "B"), "target"), (any_of(has_beans), "guards")],
    )
    def test_nothing_can_be_written(self, value: object, name: str) -> None:
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, "other")

    def test_hooks_are_kept_as_they_were_given_not_as_the_list_is_later(self) -> None:
        hooks = [heat]
        state = State("A", entry=hooks, exit=hooks)
        hooks.append(heat)
        assert state.entry == state.exit == (heat,)


class TestWhereAStateIsDeclared:
    """State: the module "it is declared in [...], found by itself and of no meaning otherwise"."""

    def test_it_is_that_of_the_author(self) -> None:
        assert State("A").module == __name__

    def test_who_has_no_name_is_nobody(self) -> None:
        scope: dict[str, Any] = {"State": State, "__builtins__": {}}
        exec("state = State('A')", scope)
        assert scope["state"].module == ""

    def test_it_is_of_no_meaning(self) -> None:
        assert State("A") == State("A", module="elsewhere")
        assert "module" not in repr(State("A"))

    def test_it_has_no_place_among_the_others(self) -> None:
        with pytest.raises(TypeError):
            State("A", (), None, (), False, "", "elsewhere")  # type: ignore[call-arg]
