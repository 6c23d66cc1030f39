"""What can go on for ever after a stop, and the shortest way round, on lifecycles at random."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm_session.machine import Lifecycle
from fsm_session.machine.explore import Subject, explore, search, visit
from fsm_session.machine.explore.graph import Graph, endless
from fsm_session.machine.explore.search import ENDS
from tests.unit.machine.explore.defects import DEFECTS
from tests.unit.machine.explore.strategies import marked_lifecycles

SEEN: Counter[bool] = Counter()
ENDLESS = next(each.lifecycle for each in DEFECTS if each.breaks == ENDS)


def targets(graph: Graph, number: int, within: set[int]) -> set[int]:
    return {way.target for way in graph.ways[number]} & within


def going_on(graph: Graph) -> set[int]:
    """Find them the slow way: take away who has no step to one that is left, again and again."""
    left = {n for n, here in enumerate(graph.configurations) if here.stop != "none"}
    while gone := {number for number in left if not targets(graph, number, left)}:
        left -= gone
    return left


def distance(graph: Graph, number: int, within: set[int]) -> int | None:
    """Count the steps from a configuration back to itself, wave by wave."""
    wave, seen, steps = targets(graph, number, within), set[int](), 1
    while wave and number not in wave:
        seen |= wave
        wave = {there for here in wave for there in targets(graph, here, within)} - seen
        steps += 1
    return steps if wave else None


def check(lifecycle: Lifecycle, workers: int) -> None:
    graph = visit(Subject(lifecycle, workers))
    left = endless(graph)
    assert left == going_on(graph)
    SEEN[bool(left)] += 1
    for number in sorted(left)[:20]:
        way = graph.way_back_to(number, left)
        assert len(way) == (distance(graph, number, left) or 0)
        for at, step in enumerate(way):
            assert step.source == (way[at - 1].target if at else number)
            assert step in graph.ways[step.source]
            assert step.target in left
        assert not way or way[-1].target == number


class TestEndless:
    """Those from which every step leads only to an end are taken away, until none is left that
    could be: what remains can go on for ever."""

    @given(lifecycle=marked_lifecycles(), workers=st.integers(0, 1))
    @settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
    def test_of_random_lifecycles(self, lifecycle: Lifecycle, workers: int) -> None:
        check(lifecycle, workers)

    def test_of_one_that_never_ends(self) -> None:
        check(ENDLESS, 0)

    def test_the_nearest_is_told_in_whatever_order_they_are_found(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told = explore(ENDLESS, workers=1).violations
        assert [each.promise for each in told] == [ENDS]

        def from_the_back(graph: Graph) -> dict[int, None]:
            return dict.fromkeys(sorted(endless(graph), reverse=True))

        monkeypatch.setattr(search, "endless", from_the_back)
        assert explore(ENDLESS, workers=1).violations == told

    def test_of_every_kind(self) -> None:
        assert SEEN[True]
        assert SEEN[False]
