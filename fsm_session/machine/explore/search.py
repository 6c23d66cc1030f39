"""Explores a lifecycle: visits every configuration, and says which promises hold in all of them.

Where one does not, there is a shortest way to a configuration that breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import frozen

from fsm_session.machine.explore.graph import Graph, Way, endless, visit
from fsm_session.machine.explore.promises import PROMISES, Promise
from fsm_session.machine.explore.steps import Subject
from fsm_session.machine.explore.told_steps import facts_of, step_of
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import Transition, name_of

#: the promises that are not about single configurations
ENDS = "Once a stop is requested the run ends, whatever hooks and guards do."
NO_DEAD_END = "From every configuration but an end there is a way on."
ALL_TAKEN = "Every state is entered, and every row taken, by some run."


@frozen
class Violation:
    """A promise that does not hold, the shortest way to where it is broken, and what is so there.

    ``again``: the steps that can then be taken again and again, of a run that need not end.
    """

    promise: str
    way: tuple[str, ...]
    facts: str
    again: tuple[str, ...] = ()


@frozen
class Exploration:
    """What was visited of a lifecycle, and what came of it.

    ``promises`` are those that were asked for, ``not_asked`` those that the marks on the
    lifecycle's hooks say nothing of. ``ways`` counts the steps between configurations,
    ``depth`` those to the farthest.
    """

    lifecycle: str
    workers: int
    configurations: int
    ways: int
    depth: int
    states: tuple[str, ...]
    rows: tuple[Transition, ...]
    promises: tuple[str, ...]
    violations: tuple[Violation, ...]
    not_asked: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether every promise does."""
        return not self.violations

    def broken(self, promise: str) -> Violation | None:
        """Give how a promise is broken; None where it is not."""
        return next((each for each in self.violations if each.promise == promise), None)


def explore(
    lifecycle: Lifecycle, workers: int = 4, begun: Callable[[Graph], object] | None = None
) -> Exploration:
    """Visit every configuration of a lifecycle with so many workers; check every promise.

    ``begun`` is given the graph before anything is visited: it grows meanwhile.
    """
    graph = visit(Subject(lifecycle, workers), begun)
    asked = [each for each in PROMISES if each.is_asked_of(lifecycle)]
    return Exploration(
        lifecycle.name,
        workers,
        len(graph.configurations),
        sum(map(len, graph.ways)),
        graph.depth,
        tuple(_entered(graph)),
        tuple(_taken(graph)),
        (*(each.said for each in asked), ENDS, NO_DEAD_END, ALL_TAKEN),
        (*_unsafe(graph, asked), *_endless(graph), *_dead_ends(graph), *_never(graph)),
        tuple(each.said for each in PROMISES if each not in asked),
    )


#: what ``fsm-session verify`` runs
verify = explore


def _unsafe(graph: Graph, asked: list[Promise]) -> Iterator[Violation]:
    """Give the first configuration that breaks each promise: none is nearer to the beginning."""
    left = dict.fromkeys(asked)
    for number, here in enumerate(graph.configurations):
        place = graph.place(number)
        if place.effects or place.kind == "end":
            for promise in [each for each in left if each.is_due(place, here)]:
                if not promise.holds(here, place):
                    del left[promise]
                    yield _violation(graph, promise.said, number)


def _endless(graph: Graph) -> Iterator[Violation]:
    left = endless(graph)
    for number in sorted(left):
        if again := graph.way_back_to(number, left):
            yield _violation(graph, ENDS, number, again)
            return


def _dead_ends(graph: Graph) -> Iterator[Violation]:
    for number, ways in enumerate(graph.ways):
        if not ways and graph.place(number).kind != "end":
            yield _violation(graph, NO_DEAD_END, number)
            return


def _never(graph: Graph) -> Iterator[Violation]:
    """Say which states and rows no run takes; there is no way to them, that is the fault."""
    lifecycle, entered, taken = graph.subject.lifecycle, _entered(graph), _taken(graph)
    states = [state.name for state in lifecycle.states if state.name not in entered]
    rows = [row for row in lifecycle.transitions if not _among(row, taken)]
    never = [f"{name} is never entered" for name in states]
    if never := [*never, *(f"{_row(row)} is never taken" for row in rows)]:
        yield Violation(ALL_TAKEN, (), "; ".join(never))


def _row(row: Transition) -> str:
    guard = f" ({name_of(row.guard)})" if row.guard else ""
    return f"{row.source} -> {row.target}{guard}"


def _entered(graph: Graph) -> list[str]:
    """Name the states that some run enters, in the order of the declaration."""
    places = {here.place for here in graph.configurations}
    targets = {graph.subject.places[name].target for name in places}
    return [each.name for each in graph.subject.lifecycle.states if each.name in targets]


def _taken(graph: Graph) -> list[Transition]:
    """Give the rows that some run takes, in the order of the table."""
    names = {here.place for here in graph.configurations}
    places = [graph.subject.places[name] for name in names]
    taken = [place.row for place in places if place.kind == "move" and place.row is not None]
    return [row for row in graph.subject.lifecycle.transitions if _among(row, taken)]


def _among(row: Transition, rows: list[Transition]) -> bool:
    """Tell whether it is one of these rows, and not only equal to one."""
    return any(row is each for each in rows)


def _violation(graph: Graph, promise: str, number: int, again: tuple[Way, ...] = ()) -> Violation:
    facts = facts_of(graph.place(number), graph.configurations[number])
    ways = [_told(graph, way) for way in graph.way_to(number)]
    return Violation(promise, tuple(ways), facts, tuple(_told(graph, way) for way in again))


def _told(graph: Graph, way: Way) -> str:
    return step_of(graph.place(way.source), way.told)
