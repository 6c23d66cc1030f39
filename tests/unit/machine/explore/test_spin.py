"""SPIN is asked the same questions: it has a search of its own, over a text made independently."""

from __future__ import annotations

from collections import Counter

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm_session import TRADING_DAY
from fsm_session.machine import Lifecycle
from fsm_session.machine.explore import Exploration, explore, search, to_promela
from fsm_session.machine.explore.promises import PROMISES
from tests.unit.machine.explore.defects import DEFECTS, Defect
from tests.unit.machine.explore.spin import SpinVerdict, needs_spin, run_spin
from tests.unit.machine.explore.strategies import marked_lifecycles

pytestmark = needs_spin

SEEN: Counter[str] = Counter()


def ours(lifecycle: Lifecycle, explored: Exploration) -> SpinVerdict:
    """Put our answer as SPIN puts its own."""
    broken = {each.promise for each in explored.violations}
    rows = [any(row is each for each in explored.rows) for row in lifecycle.transitions]
    return SpinVerdict(
        frozenset(number for number, each in enumerate(PROMISES, 1) if each.said in broken),
        search.NO_DEAD_END in broken,
        search.ENDS in broken,
        frozenset(number for number, taken in enumerate(rows) if taken),
        explored.configurations,
    )


def agree(lifecycle: Lifecycle, workers: int) -> SpinVerdict:
    explored = explore(lifecycle, workers)
    found = run_spin(to_promela(lifecycle, workers))
    # at a dead end SPIN lets the world outside go on
    states = explored.configurations if found.dead_end else found.states
    assert evolve(found, states=states) == ours(lifecycle, explored)
    return found


class TestSameVerdicts:
    """Same verdicts on our lifecycle, on ten seeded defects, and on random lifecycles; the same
    rows taken, and as many states stored as there are configurations."""

    @pytest.mark.parametrize("workers", [0, 1, 4])
    def test_of_our_lifecycle(self, workers: int) -> None:
        found = agree(TRADING_DAY, workers)
        assert not (found.broken or found.dead_end or found.endless)
        assert len(found.rows) == len(TRADING_DAY.transitions)

    @pytest.mark.parametrize("defect", DEFECTS, ids=lambda each: each.told.replace(" ", "-"))
    def test_of_each_defect_which_is_found(self, defect: Defect) -> None:
        found = agree(defect.lifecycle, 2)
        if defect.breaks == search.ENDS:
            assert found.endless
        elif defect.breaks == search.NO_DEAD_END:
            assert found.dead_end
        elif defect.breaks == search.ALL_TAKEN:
            assert len(found.rows) < len(defect.lifecycle.transitions)
        else:
            assert [each.said for each in PROMISES].index(defect.breaks) + 1 in found.broken

    @given(lifecycle=marked_lifecycles(), workers=st.integers(0, 2))
    @settings(
        max_examples=12, deadline=None, suppress_health_check=[*HealthCheck], derandomize=True
    )
    def test_of_random_lifecycles(self, lifecycle: Lifecycle, workers: int) -> None:
        found = agree(lifecycle, workers)
        broken = bool(found.broken or found.endless)
        SEEN.update({"broken": broken, "sound": not broken, "endless": found.endless})
        SEEN.update({"a row is never taken": len(found.rows) < len(lifecycle.transitions)})

    def test_which_were_of_every_kind(self) -> None:
        assert SEEN["broken"]
        assert SEEN["sound"]
        assert SEEN["endless"]
