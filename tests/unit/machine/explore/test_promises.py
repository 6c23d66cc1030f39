"""Each promise, held to its own sentence: where it is looked at, of whom, and what breaks it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import Effect, effect
from fsm_session.machine.explore import Configuration, promises
from fsm_session.machine.explore.places import Place
from fsm_session.machine.explore.promises import PROMISES, Promise

BY_NAME: dict[str, Promise] = {each.holds.__name__: each for each in PROMISES}
LOADS, SETS_UP, BEGINS, STEPS = (
    Effect.LOADS, Effect.SETS_UP_WORKERS, Effect.BEGINS_SESSION, Effect.TAKES_STEPS,
)  # fmt: skip
REQUESTS = {Effect.TAKES_REQUESTS, Effect.ANSWERS_TAKEN, Effect.ANSWERS_ALL}
#: all that one hook can be marked with
MARKS = [each for each in Effect if each is not Effect.TEARS_DOWN_WORKERS]
#: before hooks with which marks each is looked at
BEFORE: dict[str, set[Effect]] = {
    "validation_runs_once": {Effect.VALIDATES},
    "sessions_end_before_they_are_forgotten": {Effect.FORGETS},
    "nothing_is_loaded_over_a_session": {LOADS},
    "nothing_is_loaded_under_a_worker": {LOADS},
    "workers_are_down_before_they_are_set_up": {SETS_UP},
    "workers_are_up_at_a_step": {STEPS},
    "sessions_are_active_at_a_step": {STEPS},
    "requests_are_for_active_sessions": {Effect.TAKES_REQUESTS},
    "sessions_are_committed_once": {Effect.COMMITS_SESSION},
    "no_work_begins_after_a_stop": {LOADS, SETS_UP, BEGINS, STEPS},
}
#: the others are looked at where a run ends, if these marks are there, or a failure state
AT_AN_END: dict[str, set[Effect]] = {
    "workers_come_down": {SETS_UP},
    "data_stays": {LOADS},
    "requests_are_answered": REQUESTS,
    "errors_end_in_the_failure_state": set(),
    "the_failure_state_means_an_error": set(),
}


def ends(place: str = "") -> Place:
    return Place("end", "end", "Done", failure=place == "failure")


def hook(*marks: Effect) -> Place:
    @effect(*marks)
    def work(_: Any) -> None:
        """Work."""

    return Place("hook", "entry", "Work", work)


def lifecycle(*marks: Effect, failure: str | None = None) -> Lifecycle:
    states = [State("Work", activity=hook(*marks).function), State("Done", final=True)]
    rows = [Transition("Work", "Done")]
    if failure:
        states.append(State(failure, final=True))
    return Lifecycle("small", states, rows, failure=failure)


def test_there_are_no_others_and_they_come_in_this_order() -> None:
    assert [*BY_NAME] == [*BEFORE, *AT_AN_END]


@pytest.mark.parametrize("name", [*BEFORE, *AT_AN_END])
class TestWhere:
    """A promise is looked at where it could be broken: before a hook that is marked with some
    effect does its work, or at an end. Where no hook is marked with what it is about, it is not
    asked for."""

    def test_it_is_looked_at(self, name: str) -> None:
        here = Configuration("hook", ("down",))
        for mark in Effect:
            due = BY_NAME[name].is_due(hook(mark), here)
            assert due is (mark in BEFORE.get(name, ()))
            assert not BY_NAME[name].is_due(hook(mark), here._replace(raised=True))
        assert BY_NAME[name].is_due(ends(), here) is (name in AT_AN_END)

    def test_it_is_not_looked_at_where_a_stop_is_heeded(self, name: str) -> None:
        here = Configuration("hook", ("down",), stop="requested")
        for mark in BEFORE.get(name, ()):
            assert BY_NAME[name].is_due(hook(mark), here)
            assert not BY_NAME[name].is_due(hook(mark, Effect.HEEDS_STOP), here)

    def test_it_is_asked_for(self, name: str) -> None:
        about = {**BEFORE, **AT_AN_END}[name]
        promise = BY_NAME[name]
        for mark in Effect:
            assert promise.is_asked_of(lifecycle(mark)) is (mark in about)
            with_failure = lifecycle(mark, failure="Failed")
            assert promise.is_asked_of(with_failure) is (mark in about or not about)
        assert promise.is_asked_of(lifecycle(*MARKS)) is bool(about)


UP, DOWN, MIXED = ("up", "up"), ("down", "down"), ("down", "up")
HALF, DIRTY = ("failed", "down"), ("unclean", "down")


@pytest.mark.parametrize(
    ("holds", "kept", "broken"),
    [
        (promises.validation_runs_once, [{}],
         [{"validation": each} for each in ("broken off", "met", "unmet")]),
        (promises.sessions_end_before_they_are_forgotten, [{"session": "ended"}],
         [{}, {"session": "active"}]),
        (promises.nothing_is_loaded_over_a_session, [{}],
         [{"session": "active"}, {"session": "ended"}]),
        (promises.nothing_is_loaded_under_a_worker, [{}, {"workers": DIRTY}],
         [{"workers": UP}, {"workers": MIXED}, {"workers": HALF}]),
        (promises.workers_are_down_before_they_are_set_up,
         [{}, {"workers": MIXED}, {"workers": MIXED, "worker": 2}, {"worker": 1}],
         [{"workers": UP}, {"workers": MIXED, "worker": 1}, {"workers": DIRTY}]),
        (promises.workers_are_up_at_a_step, [{"workers": UP}, {"workers": ()}],
         [{}, {"workers": MIXED}, {"workers": HALF}, {"workers": DIRTY}]),
        (promises.sessions_are_active_at_a_step, [{"session": "active"}],
         [{}, {"session": "ended"}]),
        (promises.requests_are_for_active_sessions, [{"session": "active"}],
         [{}, {"session": "ended"}]),
        (promises.sessions_are_committed_once, [{"session": "ended"}],
         [{}, {"session": "active"}, {"session": "ended", "committed": True}]),
        (promises.no_work_begins_after_a_stop, [{}, {"stop": "requested"}], [{"stop": "heeded"}]),
        (promises.workers_come_down, [{}, {"workers": DIRTY}],
         [{"workers": UP}, {"workers": MIXED}, {"workers": HALF}]),
        (promises.data_stays,
         [{}, {"ever_loaded": True, "loaded": True}, {"ever_loaded": True, "kept": "data"},
          {"kept": "empty"}],
         [{"ever_loaded": True}, {"ever_loaded": True, "kept": "empty"},
          {"ever_loaded": True, "kept": "empty", "loaded": True}]),
        (promises.requests_are_answered, [{}, {"request": "late"}],
         [{"request": "waiting"}, {"request": "taken"}]),
    ],
)  # fmt: skip
def test_each_holds_as_its_sentence_says(
    holds: Callable[..., bool], kept: list[dict[str, Any]], broken: list[dict[str, Any]]
) -> None:
    here = Configuration("hook", DOWN)  # type: ignore[arg-type]
    for place in (hook(), ends()):
        assert [holds(here._replace(**each), place) for each in kept] == [True] * len(kept)
        assert [holds(here._replace(**each), place) for each in broken] == [False] * len(broken)


class TestTheFailureState:
    """An error, or a worker that is unclean, ends in the failure state. A run that ends in the
    failure state has an error to show."""

    @pytest.mark.parametrize(
        ("workers", "failed", "wrong"),
        [(DOWN, False, False), (DOWN, True, True), (DIRTY, False, True), (DIRTY, True, True)],
    )
    def test_is_where_an_error_ends(self, workers: Any, failed: bool, wrong: bool) -> None:
        here = Configuration("end", workers, failed=failed)
        assert promises.errors_end_in_the_failure_state(here, ends("failure"))
        assert promises.errors_end_in_the_failure_state(here, ends()) is not wrong

    def test_has_an_error_to_show(self) -> None:
        here = Configuration("end", ())
        assert promises.the_failure_state_means_an_error(here, ends())
        assert not promises.the_failure_state_means_an_error(here, ends("failure"))
        assert promises.the_failure_state_means_an_error(
            here._replace(failed=True), ends("failure")
        )
