"""How a promise is broken, whole: the shortest way there, and what is so there."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from attrs import evolve

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import Effect, effect
from fsm_session.machine.explore import Violation, explore
from fsm_session.machine.explore.search import ENDS, NO_DEAD_END

STEP = "No step is taken with a worker that is not up."
SESSION = "No step is taken in a session that is not active."
AN_ERROR = "A run that ends in the failure state has an error to show."


@effect(Effect.RETIRES)
def retire(_: Any) -> None:
    """Let go of what was kept."""


@effect(Effect.TAKES_STEPS)
def step(_: Any) -> None:
    """Let the workers take steps."""


def more(_: Any) -> bool:
    """There is more to do."""
    return False


def small(*ways: tuple[str, Callable[[Any], bool] | None], failure: str | None = None) -> Lifecycle:
    """Make a lifecycle of one state that works, and of ways out of it."""
    states = [State("Work", entry=[retire], activity=step), State("Done", final=True)]
    if failure:
        states.append(State(failure, final=True))
    rows = [Transition("Work", target, guard) for target, guard in ways]
    return Lifecycle("small", states, rows, failure=failure)


LOOPS = small(("Work", more), ("Done", None))


class TestWhatIsBroken:
    """Give the first configuration that breaks each promise: none is nearer to the beginning."""

    def test_is_told_from_the_beginning(self) -> None:
        found = explore(small(("Done", None)), 1)
        way = ("(start) -> Work", "Work: retire runs")
        facts = "Work: step is about to be run"
        assert found.violations == (Violation(STEP, way, facts), Violation(SESSION, way, facts))
        assert not found.holds
        assert found.broken(STEP) == found.violations[0]
        assert found.broken(ENDS) is None

    def test_is_not_told_where_it_holds(self) -> None:
        # without workers none of them is down
        assert [each.promise for each in explore(small(("Done", None)), 0).violations] == [SESSION]

    def test_is_looked_at_where_a_run_ends(self) -> None:
        found = explore(small(("Failed", more), ("Done", None), failure="Failed"), 0)
        assert found.broken(AN_ERROR) == Violation(
            AN_ERROR,
            ("(start) -> Work", "Work: retire runs", "Work: step runs", "Work: more says yes",
             "Work -> Failed"),
            "Failed: the run has ended",
        )  # fmt: skip


class TestWhatDoesNotEnd:
    """Once a stop is requested the run ends, whatever hooks and guards do."""

    def test_is_told_with_the_steps_that_come_again_and_again(self) -> None:
        bare = [State("Work"), State("Done", final=True)]
        found = explore(evolve(LOOPS, states=bare), 0)
        # the first move after a stop is decided on is the first that comes again
        assert found.violations == (
            Violation(
                ENDS,
                ("(start) -> Work", "a stop is requested", "Work: more says yes"),
                "about to move from Work to Work, a stop was requested before the last move",
                ("Work -> Work", "Work: more says yes"),
            ),
        )
        assert found.rows == LOOPS.transitions


class TestADeadEnd:
    """From every configuration but an end there is a way on."""

    def test_is_told(self) -> None:
        stuck = copy.copy(LOOPS)  # no lifecycle that is built can lack its last row
        object.__setattr__(stuck, "transitions", (Transition("Work", "Done", more),))
        assert explore(stuck, 0).broken(NO_DEAD_END) == Violation(
            NO_DEAD_END,
            ("(start) -> Work", "Work: retire runs", "Work: step runs", "Work: more says no"),
            "Work: no row can be taken",
        )
