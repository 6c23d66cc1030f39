"""Every configuration that can be reached, each with a shortest way to it, and what follows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from attrs import frozen

from fsm_session.machine.explore.configuration import Configuration
from fsm_session.machine.explore.places import Place
from fsm_session.machine.explore.steps import Subject


@frozen(eq=False)
class Way:
    """A step from one configuration, by its number, to another."""

    source: int
    told: str
    target: int


@frozen(eq=False)
class Graph:
    """Configurations in the order in which breadth-first search comes to them; the first begins.

    ``ways`` has the steps from each, ``came_by`` the one by which it was first reached.
    """

    subject: Subject
    configurations: list[Configuration]
    ways: list[list[Way]]
    came_by: list[Way | None]

    def place(self, number: int) -> Place:
        """Give the place of a configuration."""
        return self.subject.places[self.configurations[number].place]

    def way_to(self, number: int) -> tuple[Way, ...]:
        """Give a shortest way from the beginning to a configuration."""
        way: list[Way] = []
        while (step := self.came_by[number]) is not None:
            way.append(step)
            number = step.source
        return tuple(reversed(way))

    @property
    def depth(self) -> int:
        """How many steps the configuration is away that is farthest from the beginning."""
        return len(self.way_to(len(self.configurations) - 1))

    def way_back_to(self, number: int, within: set[int]) -> tuple[Way, ...]:
        """Give a shortest way from a configuration to itself; empty where there is none."""
        came_by: dict[int, Way] = {}
        edge = deque([number])
        while edge and number not in came_by:
            for way in self.ways[edge.popleft()]:
                if way.target in within and way.target not in came_by:
                    came_by[way.target] = way
                    edge.append(way.target)
        return tuple(_backwards(number, came_by))[::-1]


def _backwards(number: int, came_by: dict[int, Way]) -> Iterator[Way]:
    at = number
    while at in came_by:
        yield came_by[at]
        at = came_by[at].source
        if at == number:
            return


def visit(subject: Subject, begun: Callable[[Graph], object] | None = None) -> Graph:
    """Visit every configuration that can be reached, breadth first.

    ``begun`` is given the graph before it grows.
    """
    beginning = subject.beginning
    numbers = {beginning: 0}
    graph = Graph(subject, [beginning], [], [None])
    if begun is not None:
        begun(graph)
    for here in graph.configurations:  # which grows meanwhile
        source = len(graph.ways)
        graph.ways.append([])
        for told, there in subject.steps(here):
            target = numbers.setdefault(there, len(numbers))
            way = Way(source, told, target)
            graph.ways[source].append(way)
            if target == len(graph.configurations):
                graph.configurations.append(there)
                graph.came_by.append(way)
    return graph


def endless(graph: Graph) -> set[int]:
    """Find the configurations with a stop requested from which a run need not end.

    Those from which every step leads only to an end are taken away, until none is left that
    could be: what remains can go on for ever. A stop stays, so no other comes in between.
    """
    left = {n for n, here in enumerate(graph.configurations) if here.stop != "none"}
    open_ways = {number: len(graph.ways[number]) for number in left}
    sources: dict[int, list[int]] = {number: [] for number in left}
    for number in left:
        for way in graph.ways[number]:
            sources[way.target].append(number)
    ending = deque(number for number in left if not open_ways[number])
    while ending:
        number = ending.popleft()
        left.discard(number)
        for source in sources[number]:
            open_ways[source] -= 1
            if not open_ways[source]:
                ending.append(source)
    return left
