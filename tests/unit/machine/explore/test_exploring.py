"""Our lifecycle explored: what holds, what breaks, and how that is told."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings

from fsm_session import TRADING_DAY
from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import Effect, effect, holds_when_stop_requested
from fsm_session.machine.explore import Subject, explore, lines_of, search, verify, visit
from fsm_session.machine.explore.promises import PROMISES
from fsm_session.terminal.verification import show_exploration
from tests.lifecycle_strategies import lifecycles
from tests.unit.machine.explore.defects import DEFECTS, Defect, without

EXPLORED = explore(TRADING_DAY, 2)


class TestOurLifecycle:
    """Visits every reachable configuration of a lifecycle with its workers and requests, and
    checks: safety, liveness, no dead ends, no state or row that can never be taken."""

    def test_keeps_every_promise_with_four_workers(self) -> None:
        found = explore(TRADING_DAY)
        assert found.holds, lines_of(found)
        assert found.promises == (
            *(each.said for each in PROMISES), search.ENDS, search.NO_DEAD_END, search.ALL_TAKEN
        )  # fmt: skip
        assert not found.not_asked
        assert found.states == tuple(state.name for state in TRADING_DAY.states)
        assert found.rows == TRADING_DAY.transitions
        assert (found.workers, found.configurations > 10_000, found.depth > 60) == (4, True, True)

    def test_is_visited_with_workers_in_every_state(self) -> None:
        graph = visit(Subject(TRADING_DAY, 2))
        seen = {status for here in graph.configurations for status in here.workers}
        assert seen == {"down", "up", "failed", "unclean"}
        for name in ("stop", "request", "validation", "session", "kept", "failed", "second_try"):
            assert len({getattr(here, name) for here in graph.configurations}) > 1, name

    def test_every_promise_is_due_somewhere(self) -> None:
        graph = visit(Subject(TRADING_DAY, 2))
        for promise in PROMISES:
            places = [graph.place(number) for number in range(len(graph.configurations))]
            pairs = zip(places, graph.configurations, strict=True)
            assert any(promise.is_due(*pair) for pair in pairs), promise.said

    def test_no_way_is_shorter_than_the_one_that_is_kept(self) -> None:
        graph = visit(Subject(TRADING_DAY, 1))
        lengths = [len(graph.way_to(number)) for number in range(len(graph.configurations))]
        assert lengths[0] == 0
        for number, ways in enumerate(graph.ways):
            assert all(lengths[way.target] <= lengths[number] + 1 for way in ways)


class TestEachDefect:
    """Ten seeded defects (each must be found)."""

    def test_there_is_one_for_every_promise(self) -> None:
        assert {each.breaks for each in DEFECTS} == {*EXPLORED.promises}

    @pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: each.told.replace(" ", "-"))
    def test_is_found_and_told(self, defect: Defect) -> None:
        found = explore(defect.lifecycle, 2)
        violation = found.broken(defect.breaks)
        assert violation is not None
        assert not found.holds
        lines = lines_of(found)
        assert f'TradingDay does NOT hold: "{defect.breaks}"' in lines
        assert f"holds: {defect.breaks}" not in lines
        assert any(violation.facts in line for line in lines)
        assert (violation.again != ()) == (defect.breaks == search.ENDS)
        if defect.breaks != search.ALL_TAKEN:
            assert violation.way[0] == "(start) -> Validate"


def test_a_counterexample_is_read_as_a_story() -> None:
    found = explore(without("Failed", "tear_down_workers"), 1)
    lines = lines_of(found)
    first = lines.index(
        'TradingDay does NOT hold: "At the end every worker that was set up has been torn down."'
    )
    assert lines[first + 1 : first + 15] == [
        "   1. (start) -> Validate",
        "   2. Validate: validate_requirements: all is met",
        "   3. Validate: stop_requested says no",
        "   4. Validate: requirements_met says yes",
        "   5. Validate -> Load",
        "   6. Load: put_the_clock_at_the_open, 7 more, watch_universes run",
        "   7. Load: stop_requested says no",
        "   8. Load: retire_the_previous_session runs",
        "   9. Load -> InitThreads",
        "  10. InitThreads: set_up_workers: worker 1 is set up",
        "  11. InitThreads: set_up_workers raises",
        "  12. (error) -> Failed",
        "  13. Failed: list_unmet_requirements, 3 more, write_run_export run",
        "  ==> Failed: the run has ended, workers up, data loaded, an error on record",
    ]


def test_what_holds_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show_exploration(verify(TRADING_DAY, 1))
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "TradingDay, with 1 worker"
    assert sum(line.startswith("holds: ") for line in printed) == len(PROMISES) + 3
    assert not any("NOT" in line for line in printed)


def test_names_can_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    evil = evolve(TRADING_DAY, name="\x1b[31mday")
    show_exploration(explore(evil, 0))
    assert "\x1b" not in capsys.readouterr().out


class TestALifecycleWithoutMarks:
    """A lifecycle without any mark is still explored: states, rows, dead ends, liveness."""

    @given(lifecycle=lifecycles())
    @settings(max_examples=25, deadline=None)
    def test_whatever_it_is(self, lifecycle: Lifecycle) -> None:
        found = explore(lifecycle)
        assert found.broken(search.NO_DEAD_END) is None
        assert search.ENDS in found.promises
        fails = lifecycle.failure is not None
        assert len(found.not_asked) == len(PROMISES) - 2 * fails
        assert found.broken(search.ALL_TAKEN) is None  # what is free may say anything
        loops = _has_a_loop(lifecycle)
        assert (found.broken(search.ENDS) is not None) == loops

    def test_that_is_sound_needs_nothing_else(self) -> None:
        states = [State("Work"), State("Done", final=True)]
        found = explore(Lifecycle("plain", states, [Transition("Work", "Done")]))
        assert found.holds
        assert found.configurations == 10  # three places, told or not, a stop before each or none

    def test_that_loops_is_told_to_look_for_a_stop(self) -> None:
        def more(_: object) -> bool:
            """There is more to do."""
            return False

        @holds_when_stop_requested
        def asked(_: object) -> bool:
            """A stop is requested."""
            return False

        states = [State("Work"), State("Done", final=True)]
        rows = [Transition("Work", "Work", more), Transition("Work", "Done")]
        deaf = Lifecycle("deaf", states, rows)
        violation = explore(deaf).broken(search.ENDS)
        assert violation is not None
        assert sorted(violation.again) == ["Work -> Work", "Work: more says yes"]
        assert explore(evolve(deaf, transitions=[Transition("Work", "Done", asked), *rows])).holds


def _has_a_loop(lifecycle: Lifecycle) -> bool:
    """Take away states from which nothing leads on, until nothing more can be taken away."""
    left = {state.name for state in lifecycle.states}
    rows = [(row.source, row.target) for row in lifecycle.transitions]
    while ended := left - {source for source, target in rows if target in left}:
        left -= ended
    return bool(left)


class TestAMark:
    """A mark changes nothing of the function but one attribute."""

    def test_leaves_the_function_what_it_was(self) -> None:
        def hook(context: list[str]) -> None:
            """Do something."""
            context.append("done")

        before = (hook.__name__, hook.__doc__, hook.__module__, hook.__qualname__, hook.__code__)
        marked = effect(Effect.LOADS)(hook)
        assert marked is hook
        after = (hook.__name__, hook.__doc__, hook.__module__, hook.__qualname__, hook.__code__)
        assert after == before

    def test_for_both_ways_of_workers_is_refused(self) -> None:
        with pytest.raises(ValueError, match="two hooks"):
            effect(Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS)
