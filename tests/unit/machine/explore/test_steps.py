"""The steps from a configuration, held to lists of them that were written out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import Effect
from fsm_session.machine.explore import Subject
from fsm_session.machine.explore.steps import NOT_BEGUN, Step
from tests.unit.machine.explore.small import (
    DONE,
    HEEDS,
    SET_UP,
    SWALLOWS,
    TEAR_DOWN,
    WORK,
    at,
    goes_on,
    machine_steps,
    marked,
    met,
    stopped,
    subject,
)


class TestAHook:
    """A hook may raise before it has done what it is marked with, or after that."""

    @pytest.mark.parametrize(
        ("marks", "so", "ran", "raised"),
        [
            ((), {}, {"runs": {}}, {"raises": {}}),
            ((Effect.RETIRES,), {"kept": "data"}, {"runs": {"kept": "nothing"}},
             {"raises": {}, "raises after it ran": {"kept": "nothing"}}),
            ((Effect.RETIRES,), {}, {"runs": {}}, {"raises": {}}),
            ((Effect.RETIRES, SWALLOWS), {"kept": "data"}, {"runs": {"kept": "nothing"}}, {}),
            ((Effect.RETIRES, HEEDS), {"kept": "data", "stop": "heeded"}, {"runs": {}},
             {"raises": {}}),
            ((Effect.VALIDATES,), {},
             {"all is met": {"validation": "met"}, "something is unmet": {"validation": "unmet"}},
             {"raises": {"validation": "broken off"},
              "raises after it ran, all is met": {"validation": "met"},
              "raises after it ran, something is unmet": {"validation": "unmet"}}),
            ((Effect.VALIDATES, HEEDS), {"stop": "heeded"}, {"runs": {}}, {"raises": {}}),
            ((Effect.RAISES_UNMET,), {"validation": "unmet"}, {},
             {"raises what was found unmet": {}}),
            ((Effect.RAISES_UNMET,), {"validation": "met"}, {"runs": {}}, {"raises": {}}),
            ((Effect.TAKES_REQUESTS,), {"request": "waiting"},
             {"takes the request": {"request": "taken"}, "leaves it": {}},
             {"raises": {}, "raises after it ran, takes the request": {"request": "taken"}}),
        ],
    )  # fmt: skip
    def test_goes_on_or_breaks_off_its_state(
        self, marks: tuple[Effect, ...], so: Any, ran: dict[str, Any], raised: dict[str, Any]
    ) -> None:
        here = at(WORK, **so)
        through = here._replace(place="move 0 of Work")
        for failure, end in ((None, "end of Work"), ("Failed", "fail")):
            broken = here._replace(place=end, failed=True)
            assert machine_steps(subject(*marks, failure=failure), here) == [
                *((told, through._replace(**left)) for told, left in ran.items()),
                *((told, broken._replace(**left)) for told, left in raised.items()),
            ]

    def test_that_takes_steps_is_where_workers_that_are_up_raise(self) -> None:
        here = at(WORK, "up", "down", "up")
        failed = here._replace(place="end of Work", failed=True)
        plain = [("runs", here._replace(place="move 0 of Work")), ("raises", failed)]
        assert machine_steps(subject(Effect.TAKES_STEPS, workers=3), here) == [
            ("worker 1 raises in a step", failed._replace(workers=("failed", "down", "up"))),
            ("worker 3 raises in a step", failed._replace(workers=("up", "down", "failed"))),
            *plain,
        ]
        assert machine_steps(subject(Effect.LOADS, workers=3), here)[0][0] == "runs"
        assert machine_steps(subject(Effect.TAKES_STEPS, SWALLOWS, workers=3), here) == plain[:1]
        stopped = here._replace(stop="heeded")
        told = [told for told, _ in machine_steps(subject(Effect.TAKES_STEPS, HEEDS), stopped)]
        assert told == ["runs", "raises"]

    @pytest.mark.parametrize("failure", [None, "Failed", "Done"])
    def test_of_a_final_state_is_tried_twice_and_then_passed_by(self, failure: str | None) -> None:
        """Go on in a final state with a second try, then the next; then to the failure state."""
        here = at(DONE, kept="data")
        small = subject(Effect.RETIRES, failure=failure)
        again = here._replace(failed=True, second_try=True)
        passed = again._replace(
            place="fail" if failure == "Failed" else "end of Done", second_try=False
        )
        ran = here._replace(place="end of Done", kept="nothing")
        assert machine_steps(small, here) == [
            ("runs", ran),
            ("raises", again),
            ("raises after it ran", again._replace(kept="nothing")),
        ]
        # what keeps a hook from its work at the first try does not at the second
        assert machine_steps(small, again) == [
            ("runs", passed._replace(kept="nothing")),
            ("raises after it ran", passed._replace(kept="nothing")),
        ]

    def test_of_a_final_state_leads_on_to_the_next(self) -> None:
        small = subject(second=marked(TEAR_DOWN))
        again = at(DONE, second_try=True, failed=True)
        there = at("entry 1 of Done", worker=2, failed=True)
        assert machine_steps(small, again) == [("runs", there), ("raises after it ran", there)]


class TestGuardsAndMoves:
    """One step is one guard's answer, or one move."""

    @pytest.mark.parametrize(
        ("guard", "so", "says"),
        [
            (goes_on, {}, "yes no raises"), (goes_on, {"stop": "heeded"}, "no raises"),
            (met, {}, "yes raises"), (met, {"validation": "unmet"}, "no raises"),
            (stopped, {}, "no raises"), (stopped, {"stop": "heeded"}, "yes raises"),
        ],
    )  # fmt: skip
    def test_a_guard_says_what_it_may_or_raises(self, guard: Any, so: Any, says: str) -> None:
        here = at("guard 0.0 of Work", **so)
        ends = {"yes": "move 0 of Work", "no": "move 1 of Work", "raises": "end of Work"}
        assert machine_steps(subject(guard=guard), here) == [
            (each, here._replace(place=ends[each], failed=each == "raises"))
            for each in says.split()
        ]

    def test_a_move_is_told_which_may_raise(self) -> None:
        told = "and who is told of it raises"
        assert machine_steps(subject(), at("begin")) == [
            ("", at(WORK)),
            (told, at("end of Work", failed=True)),
        ]
        failed = at("fail", failed=True)
        assert machine_steps(subject(failure="Failed"), at("begin"))[1] == (told, failed)

    def test_into_a_final_state_a_move_goes_on_all_the_same(self) -> None:
        told = "and who is told of it raises"
        here = at("move 0 of Work")
        assert machine_steps(subject(failure="Failed"), here) == [
            ("", at(DONE)),
            (told, at(DONE, failed=True)),
        ]
        assert machine_steps(subject(TEAR_DOWN), here)[0] == ("", at(DONE, worker=2))

    def test_into_a_final_state_without_hooks_a_move_ends_the_run(self) -> None:
        states = [State("Work"), State("Done", final=True), State("Failed", final=True)]
        rows = [Transition("Work", "Done")]
        bare = Subject(Lifecycle("bare", states, rows, failure="Failed"), 2)
        assert [there for _, there in machine_steps(bare, at("move 0 of Work"))] == [
            at("end of Done"),
            at("fail", failed=True),
        ]
        assert machine_steps(bare, at("fail", failed=True))[0][1] == at(
            "end of Failed", failed=True
        )

    @pytest.mark.parametrize("kind", ["end", "stuck"])
    def test_from_an_end_there_is_none(self, kind: str) -> None:
        place = {"end": "end of Done", "stuck": "stuck in Work"}[kind]
        assert [*subject(Effect.ANSWERS_ALL).steps(at(place))] == []


class TestFromOutside:
    """What comes from outside may come before any other step: a stop, or a request."""

    def test_it_comes_last(self) -> None:
        answers = subject(Effect.ANSWERS_ALL)
        for place, request in ((WORK, "waiting"), ("begin", "waiting"), (DONE, "late")):
            here = at(place)
            outside = [*answers.steps(here)][-2:]
            left: Any = {"request": request}
            assert outside == [
                Step("a stop is requested", here._replace(stop="requested")),
                Step("a request is left", here._replace(**left)),
            ]

    def test_it_comes_once(self) -> None:
        both = at(WORK, stop="requested", request="taken")
        answers = subject(Effect.ANSWERS_ALL)
        assert machine_steps(answers, both) == [*answers.steps(both)]

    def test_a_request_comes_only_where_one_is_looked_at(self) -> None:
        last = [*subject(Effect.LOADS).steps(at(WORK))][-1]
        assert last == Step("a stop is requested", at(WORK, stop="requested"))


class TestAStop:
    """A stop is heeded where a move is decided on, and no hook is begun in what it leads out of."""

    def test_is_heeded_by_the_decision(self) -> None:
        here = at("guard 0.0 of Work", stop="requested")
        steps = machine_steps(subject(guard=stopped), here)
        assert steps == [
            ("yes", at("move 0 of Work", stop="heeded")),
            ("raises", at("end of Work", stop="heeded", failed=True)),
        ]
        first = [*subject(Effect.ANSWERS_ALL, guard=stopped).steps(here)][-1]
        assert first == Step("a request is left", here._replace(request="waiting"))
        later = at("move 0 of Work", stop="requested")
        assert {there.stop for _, there in machine_steps(subject(guard=stopped), later)} == {
            "requested"
        }

    def test_leads_past_hooks_that_are_not_begun(self) -> None:
        small = subject(guard=stopped, exits=[marked()])
        told = "is not begun: a stop is requested"
        assert told == NOT_BEGUN
        for stop in ("requested", "heeded"):
            here = at(WORK, stop=stop)
            broken_off = here._replace(place="guard 0.0 of Work, broken off")
            assert machine_steps(small, here) == [(told, broken_off)]
            # a move is decided on there, and past the exit hooks
            assert machine_steps(small, broken_off) == [
                ("yes", at("move 0 of Work", stop="heeded")),
                ("raises", at("end of Work", stop="heeded", failed=True)),
            ]
        assert machine_steps(small, at(WORK))[0] == ("runs", at("guard 0.0 of Work"))

    def test_does_not_break_off_what_has_begun(self) -> None:
        small = subject(SET_UP, guard=stopped)
        begun = at(WORK, "up", "down", worker=1, stop="requested")
        assert machine_steps(small, begun)[0][0] == "worker 2 is set up"
