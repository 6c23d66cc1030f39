"""The steps in which workers are set up and torn down, held to lists written out by hand."""

from __future__ import annotations

from typing import Any

from fsm_session.machine.effects import Effect
from fsm_session.machine.explore import Configuration
from tests.unit.machine.explore.small import (
    DONE,
    HEEDS,
    SET_UP,
    SWALLOWS,
    TEAR_DOWN,
    WORK,
    at,
    machine_steps,
    subject,
)


class TestSetUp:
    """Sets up every worker, in order; if one fails, it and those before come down."""

    def test_goes_from_worker_to_worker(self) -> None:
        small = subject(SET_UP)
        fails: dict[str, Any] = {"worker": 2, "raised": True}
        first, second = at(WORK), at(WORK, "up", "down", worker=1)
        third = at(WORK, "up", "up", worker=2)
        assert machine_steps(small, first) == [
            ("raises", at("end of Work", failed=True)),
            ("worker 1 is set up", second),
            ("worker 1 raises in its set-up", at(WORK, "failed", "down", **fails)),
        ]
        assert machine_steps(small, second) == [
            ("worker 2 is set up", third),
            ("worker 2 raises in its set-up", at(WORK, "up", "failed", **fails)),
        ]
        assert machine_steps(small, third) == [
            ("runs", at("move 0 of Work", "up", "up")),
            ("raises", at("end of Work", "up", "up", failed=True)),
        ]

    def test_is_undone_in_reverse_and_raises(self) -> None:
        small = subject(SET_UP)
        assert machine_steps(small, at(WORK, "up", "failed", worker=2, raised=True)) == [
            ("worker 2 is torn down", at(WORK, "up", "down", worker=1, raised=True)),
            ("worker 2 does not come down in good order, and is unclean",
             at(WORK, "up", "unclean", worker=1, raised=True)),
        ]  # fmt: skip
        assert machine_steps(small, at(WORK, "up", "unclean", worker=1, raised=True)) == [
            ("worker 1 is torn down", at(WORK, "down", "unclean", raised=True)),
            ("worker 1 does not come down in good order, and is unclean",
             at(WORK, "unclean", "unclean", raised=True)),
        ]  # fmt: skip
        assert machine_steps(small, at(WORK, "down", "unclean", raised=True)) == [
            ("raises what went wrong with the workers",
             at("end of Work", "down", "unclean", failed=True)),
        ]  # fmt: skip

    def test_that_swallows_raises_nothing_but_does_its_other_work(self) -> None:
        small = subject(SET_UP, Effect.LOADS, SWALLOWS, HEEDS)
        told = [told for told, _ in machine_steps(small, at(WORK))]
        assert told == ["worker 1 is set up", "worker 1 raises in its set-up"]
        # it has begun before the stop, and so ends its work
        undone = at(WORK, raised=True, stop="requested")
        assert machine_steps(small, undone) == [
            ("runs", at("move 0 of Work", stop="requested", loaded=True, ever_loaded=True))
        ]

    def test_that_heeds_a_stop_is_not_begun_after_it(self) -> None:
        small = subject(SET_UP, HEEDS)
        stopped = at(WORK, stop="heeded")
        assert [told for told, _ in machine_steps(small, stopped)] == ["runs", "raises"]
        begun = [told for told, _ in machine_steps(small, stopped._replace(worker=1))]
        assert begun == ["worker 2 is set up", "worker 2 raises in its set-up"]

    def test_raises_before_its_work_at_the_first_try_only(self) -> None:
        again = at(DONE, second_try=True, failed=True)
        told = [told for told, _ in machine_steps(subject(SET_UP), again)]
        assert told == ["worker 1 is set up", "worker 1 raises in its set-up"]
        without_any = machine_steps(subject(SET_UP, workers=0), Configuration(WORK, ()))
        assert [told for told, _ in without_any] == ["runs", "raises"]


class TestTeardown:
    """Tears down the workers that are up, in reverse, past those that fail."""

    def test_goes_from_worker_to_worker(self) -> None:
        small = subject(TEAR_DOWN)
        both = at(WORK, "up", "failed", worker=2)
        assert machine_steps(small, both) == [
            ("raises", at("end of Work", "up", "failed", failed=True)),
            ("worker 2 is torn down", at(WORK, "up", "down", worker=1)),
            ("worker 2 does not come down in good order, and is unclean",
             at(WORK, "up", "unclean", worker=1, raised=True)),
        ]  # fmt: skip
        assert machine_steps(small, at(WORK, "up", "down", worker=1)) == [
            ("worker 1 is torn down", at(WORK)),
            ("worker 1 does not come down in good order, and is unclean",
             at(WORK, "unclean", "down", raised=True)),
        ]  # fmt: skip
        assert machine_steps(small, at(WORK)) == [
            ("runs", at("move 0 of Work")),
            ("raises", at("end of Work", failed=True)),
        ]
        assert [told for told, _ in machine_steps(small, at(WORK, "up", "down", worker=2))] == [
            "raises", "worker 1 is torn down",
            "worker 1 does not come down in good order, and is unclean",
        ]  # fmt: skip

    def test_says_in_the_end_what_went_wrong(self) -> None:
        unclean = at(WORK, "unclean", "down", raised=True)
        told = "raises what went wrong with the workers"
        broken = at("end of Work", "unclean", "down", failed=True)
        assert machine_steps(subject(TEAR_DOWN), unclean) == [(told, broken)]
        through = at("move 0 of Work", "unclean", "down")
        assert machine_steps(subject(TEAR_DOWN, SWALLOWS), unclean) == [("runs", through)]

    def test_that_has_begun_before_a_stop_does_its_other_work_too(self) -> None:
        small = subject(TEAR_DOWN, Effect.FORGETS, HEEDS, workers=1)
        assert machine_steps(small, at(WORK, "down", stop="requested"))[0] == (
            "runs", at("move 0 of Work", "down", stop="requested", kept="empty")
        )  # fmt: skip

    def test_raises_before_its_work_at_the_first_try_only(self) -> None:
        up = at(DONE, "up", "up", worker=2)
        small, first = subject(TEAR_DOWN), "worker 2 is torn down"
        assert [told for told, _ in machine_steps(small, up)][:2] == ["raises", first]
        assert machine_steps(small, up._replace(second_try=True, failed=True))[0][0] == first
        assert machine_steps(subject(TEAR_DOWN, SWALLOWS), up)[0][0] == first

    def test_in_a_final_state_begins_again_with_who_is_still_up(self) -> None:
        unclean = at(DONE, "down", "unclean", raised=True)
        again = at(DONE, "down", "unclean", worker=2, failed=True, second_try=True)
        told = "raises what went wrong with the workers"
        assert machine_steps(subject(TEAR_DOWN), unclean) == [(told, again)]
