"""What each mark does to a configuration, held to what the mark says, case by case."""

from __future__ import annotations

from typing import Any

import pytest

from fsm_session.machine.effects import Answer, Effect
from fsm_session.machine.explore import Configuration
from fsm_session.machine.explore.work import (
    ANSWERING,
    Done,
    answers,
    does_its_work,
    has_begun,
    work_of,
)

HERE = Configuration("hook", ("down", "up"))
#: everything as far from the beginning as it can be
FULL = Configuration(
    "hook", ("up", "failed"), request="taken", validation="unmet", session="active",
    committed=True, loaded=True, kept="data", ever_loaded=True, failed=True,
)  # fmt: skip


def done(here: Configuration, **changed: Any) -> list[Done]:
    return [Done("", here._replace(**changed))]


class TestWork:
    """A mark says what a hook does."""

    @pytest.mark.parametrize(
        ("effect", "here", "changed"),
        [
            (Effect.LOADS, HERE, {"loaded": True, "ever_loaded": True}),
            (Effect.LOADS, FULL, {"session": "none", "committed": False}),
            (Effect.RETIRES, HERE, {}),
            (Effect.RETIRES, FULL, {"kept": "nothing"}),
            (Effect.FORGETS, HERE, {"kept": "empty"}),
            (Effect.FORGETS, FULL, {"loaded": False, "session": "none", "committed": False}),
            (Effect.FORGETS, FULL._replace(loaded=False),
             {"kept": "empty", "session": "none", "committed": False}),
            (Effect.FORGETS, HERE._replace(loaded=True), {"kept": "data", "loaded": False}),
            (Effect.BEGINS_SESSION, HERE, {"session": "active"}),
            (Effect.ENDS_SESSION, FULL, {"session": "ended"}),
            (Effect.ENDS_SESSION, HERE, {}),
            (Effect.ENDS_SESSION, HERE._replace(session="ended"), {}),
            (Effect.COMMITS_SESSION, HERE, {"committed": True}),
            (Effect.FINISHES_SESSION, HERE, {}),
            (Effect.FINISHES_SESSION, HERE._replace(session="active"), {"committed": True}),
            (Effect.FINISHES_SESSION, HERE._replace(session="ended"), {"committed": True}),
            (Effect.TAKES_REQUESTS, HERE, {}),
            (Effect.TAKES_REQUESTS, FULL, {}),
            (Effect.ANSWERS_TAKEN, FULL, {"request": "none"}),
            (Effect.ANSWERS_TAKEN, HERE._replace(request="waiting"), {}),
            (Effect.ANSWERS_TAKEN, HERE._replace(request="late"), {}),
            (Effect.ANSWERS_ALL, HERE._replace(request="waiting"), {"request": "none"}),
            (Effect.ANSWERS_ALL, HERE._replace(request="late"), {"request": "none"}),
            (Effect.ANSWERS_ALL, FULL, {"request": "none"}),
            (Effect.TAKES_STEPS, FULL, {}),
            (Effect.SETS_UP_WORKERS, FULL, {}),
        ],
    )  # fmt: skip
    def test_that_can_come_out_in_one_way(
        self, effect: Effect, here: Configuration, changed: dict[str, Any]
    ) -> None:
        assert work_of((effect,), here) == done(here, **changed)

    def test_of_a_validation_comes_out_in_two(self) -> None:
        met, unmet = HERE._replace(validation="met"), HERE._replace(validation="unmet")
        two = [Done("all is met", met), Done("something is unmet", unmet)]
        assert work_of((Effect.VALIDATES,), HERE) == two

    @pytest.mark.parametrize("request_", ["waiting", "late"])
    def test_of_who_takes_requests_too(self, request_: Any) -> None:
        here = HERE._replace(request=request_)
        two = [Done("takes the request", here._replace(request="taken")), Done("leaves it", here)]
        assert work_of((Effect.TAKES_REQUESTS,), here) == two

    def test_is_done_in_the_order_of_the_marks(self) -> None:
        here = HERE._replace(request="waiting")
        effects = (Effect.VALIDATES, Effect.TAKES_REQUESTS, Effect.ANSWERS_TAKEN, Effect.LOADS)
        loaded: dict[str, Any] = {"loaded": True, "ever_loaded": True}
        found: list[tuple[str, Any]] = [("all is met", "met"), ("something is unmet", "unmet")]
        taken: list[tuple[str, Any]] = [("takes the request", "none"), ("leaves it", "waiting")]
        assert work_of(effects, here) == [
            Done(f"{first}, {then}", here._replace(validation=one, request=other, **loaded))
            for first, one in found
            for then, other in taken
        ]
        assert work_of((Effect.ANSWERS_TAKEN, Effect.TAKES_REQUESTS), here)[0].left == (
            here._replace(request="taken")
        )

    def test_is_none_where_nothing_is_marked_and_where_a_stop_is_heeded(self) -> None:
        stopped = HERE._replace(stop="requested")
        assert work_of((), HERE) == done(HERE)
        assert work_of((Effect.LOADS, Effect.HEEDS_STOP), stopped) == done(stopped)
        loaded = {"loaded": True, "ever_loaded": True}
        assert work_of((Effect.LOADS, Effect.HEEDS_STOP), HERE) == done(HERE, **loaded)
        assert work_of((Effect.LOADS,), stopped) == done(stopped, **loaded)

    def test_that_looks_at_requests_is_known(self) -> None:
        about = {each for each in Effect if "request" in each.value and "stop" not in each.value}
        assert about == ANSWERING


SET_UP, TEAR_DOWN = (Effect.SETS_UP_WORKERS,), (Effect.TEARS_DOWN_WORKERS,)


class TestBegun:
    """A hook that is in the midst of its work ends it, after a stop too."""

    @pytest.mark.parametrize(
        ("effects", "worker", "raised", "begun"),
        [
            (SET_UP, 0, False, False), (SET_UP, 0, True, True), (SET_UP, 1, False, True),
            (SET_UP, 2, False, True), (SET_UP, 1, True, True),
            (TEAR_DOWN, 2, False, False), (TEAR_DOWN, 1, False, True), (TEAR_DOWN, 0, True, True),
            (TEAR_DOWN, 2, True, False),
            ((Effect.LOADS,), 0, False, False), ((Effect.LOADS,), 1, True, False),
            ((), 0, False, False),
        ],
    )  # fmt: skip
    def test_is_who_has_come_to_some_worker(
        self, effects: tuple[Effect, ...], worker: int, raised: bool, begun: bool
    ) -> None:
        here = HERE._replace(worker=worker, raised=raised)
        heeds = (*effects, Effect.HEEDS_STOP)
        assert has_begun(effects, here) is begun
        assert does_its_work(heeds, here)
        for stop in ("requested", "heeded"):
            assert does_its_work(heeds, here._replace(stop=stop)) is begun
            assert does_its_work(effects, here._replace(stop=stop))


class TestAnswers:
    """What a guard may say, by its mark."""

    @pytest.mark.parametrize(
        ("answer", "may"),
        [
            # no stop, a stop that is requested, one that was heeded
            (Answer.FREE, [(True, False)] * 3),
            (Answer.STOP_REQUESTED, [(False,), (True,), (True,)]),
            (Answer.NOT_AFTER_STOP, [(True, False), (False,), (False,)]),
            (Answer.REQUIREMENTS_MET, [(True,)] * 3),
        ],
    )
    def test_before_and_after_a_stop(self, answer: Answer, may: list[tuple[bool, ...]]) -> None:
        stops: list[Any] = ["none", "requested", "heeded"]
        assert [answers(answer, HERE._replace(stop=each)) for each in stops] == may

    def test_by_what_was_found(self) -> None:
        found: list[Any] = ["none", "broken off", "met", "unmet"]
        may = [answers(Answer.REQUIREMENTS_MET, HERE._replace(validation=each)) for each in found]
        assert may == [(True,), (True,), (True,), (False,)]
