"""Configurations counted by hand, on a lifecycle so small that it can be done."""

from __future__ import annotations

import pytest

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.effects import Effect
from fsm_session.machine.explore import Configuration, Graph, Subject, explore, search, visit
from fsm_session.machine.explore.graph import Way, endless
from fsm_session.machine.explore.promises import PROMISES
from tests.unit.machine.explore.small import goes_on, marked, met

PLAIN = Lifecycle("plain", [State("Work"), State("Done", final=True)], [Transition("Work", "Done")])
RAISES = "and who is told of it raises"


class TestVisit:
    """Visit every configuration that can be reached, breadth first."""

    def test_of_two_states(self) -> None:
        at, stop = Configuration("move 0 of Work", ()), "a stop is requested"
        begin, stopped = at._replace(place="begin"), at._replace(stop="requested")
        broken, done = (
            at._replace(place="end of Work", failed=True),
            at._replace(place="end of Done"),
        )
        graph = visit(Subject(PLAIN, 0))
        assert graph.configurations == [
            begin,
            at, broken, begin._replace(stop="requested"),
            done, done._replace(failed=True), stopped,
            broken._replace(stop="requested"),
            done._replace(stop="heeded"), done._replace(stop="heeded", failed=True),
        ]  # fmt: skip
        ways = [[(way.source, way.told, way.target) for way in each] for each in graph.ways]
        assert ways == [
            [(0, "", 1), (0, RAISES, 2), (0, stop, 3)],
            [(1, "", 4), (1, RAISES, 5), (1, stop, 6)],
            [],
            [(3, "", 6), (3, RAISES, 7)],
            [],
            [],
            [(6, "", 8), (6, RAISES, 9)],
            [],
            [],
            [],
        ]
        came_by = [way and way.source for way in graph.came_by]
        assert came_by == [None, 0, 0, 0, 1, 1, 1, 3, 6, 6]
        assert [way.told for way in graph.way_to(9)] == ["", stop, RAISES]
        assert graph.depth == 3
        assert endless(graph) == set()

    def test_begins_with_a_graph_that_grows_meanwhile(self) -> None:
        given: list[tuple[Graph, list[Configuration]]] = []

        def begun(graph: Graph) -> None:
            given.append((graph, [*graph.configurations]))

        graph = visit(Subject(PLAIN, 0), begun)
        assert given == [(graph, [Configuration("begin", ())])]
        explore(PLAIN, 0, begun)
        assert len(given[1][0].configurations) == 10

    @pytest.mark.parametrize(
        ("workers", "configurations", "ways"),
        # each worker is down from the beginning to the end: there are no more for it
        [(0, 10, 10), (3, 10, 10)],
    )
    def test_is_counted(self, workers: int, configurations: int, ways: int) -> None:
        found = explore(PLAIN, workers)
        assert (found.lifecycle, found.workers) == ("plain", workers)
        assert (found.configurations, found.ways, found.depth) == (configurations, ways, 3)
        assert found.states == ("Work", "Done")
        assert found.rows == PLAIN.transitions
        assert found.promises == (search.ENDS, search.NO_DEAD_END, search.ALL_TAKEN)
        assert (found.violations, found.holds) == ((), True)
        assert len({*found.promises, *found.not_asked}) == len(PROMISES) + 3
        for said in (*found.promises, *found.not_asked):
            assert said[:1].isupper(), said
            assert said.endswith("."), said


def a_graph(*ways: tuple[int, ...]) -> Graph:
    """Make a graph by hand: to which others each configuration leads, a stop requested in all."""
    subject = Subject(PLAIN, 0)
    steps = [[Way(source, "", target) for target in each] for source, each in enumerate(ways)]
    configurations = [Configuration(f"{n}", (), stop="requested") for n in range(len(ways))]
    return Graph(subject, configurations, steps, [None, *(Way(n, "", n + 1) for n in range(9))])


class TestGraph:
    """A shortest way from a configuration to itself; empty where there is none."""

    def test_is_as_deep_as_its_last_is_far(self) -> None:
        assert [a_graph(*[()] * size).depth for size in (1, 2, 5)] == [0, 1, 4]

    def test_has_the_shortest_way_back_within_some(self) -> None:
        #  0 -> 1 -> 2 -> 0, and 0 -> 3 -> 0, and 4, which has none
        graph = a_graph((1, 3), (2,), (0,), (0, 4), ())
        back = [way.target for way in graph.way_back_to(0, {0, 1, 2, 3})]
        assert back == [3, 0]
        assert [way.target for way in graph.way_back_to(0, {0, 1, 2})] == [1, 2, 0]
        assert [way.target for way in graph.way_back_to(2, {0, 1, 2, 3})] == [0, 1, 2]
        assert graph.way_back_to(0, {0, 1, 3, 4}) == graph.way_back_to(0, {0, 3})
        assert graph.way_back_to(0, {0, 1, 4}) == ()
        assert graph.way_back_to(4, {0, 1, 2, 3, 4}) == ()

    def test_is_endless_where_it_need_not_end(self) -> None:
        assert endless(a_graph((1, 3), (2,), (0,), (0, 4), ())) == {0, 1, 2, 3}
        assert endless(a_graph((1,), (2,), (1,), ())) == {0, 1, 2}
        assert endless(a_graph((1, 2), (2,), (3,), ())) == set()
        assert endless(a_graph((0,))) == {0}


class TestWhatIsNeverTaken:
    """Every state is entered, and every row taken, by some run."""

    def test_a_row_on_whose_way_out_it_always_raises_is_not(self) -> None:
        validate, say = marked(Effect.VALIDATES), marked(Effect.RAISES_UNMET)
        states = [
            State("Work", entry=[validate], exit=[say]),
            State("Good", final=True),
            State("Bad", final=True),
        ]
        rows = [Transition("Work", "Good", met), Transition("Work", "Bad")]
        found = explore(Lifecycle("validates", states, rows), 0)
        assert found.states == ("Work", "Good")
        assert found.rows == (rows[0],)
        violation = found.broken(search.ALL_TAKEN)
        assert violation is not None
        assert violation.way == ()
        assert violation.facts == "Bad is never entered; Work -> Bad is never taken"

    def test_is_told_with_its_guard(self) -> None:
        # where nothing validates, nothing is found unmet, and the first guard says yes
        states = [State("Work"), State("Good", final=True)]
        rows = [Transition("Work", "Good", each) for each in (met, goes_on, None)]
        violation = explore(Lifecycle("asks", states, rows), 0).broken(search.ALL_TAKEN)
        assert violation is not None
        assert violation.facts == (
            "Work -> Good (goes_on) is never taken; Work -> Good is never taken"
        )
