"""Watches real runs of a trading day, and follows them through the configurations explored.

What a run shows of itself before each hook and guard (workers, stop, requests, data, session) is
compared with what a configuration says. A run is followed as the set of all configurations it
may be in; when that is empty, the run has left what was explored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from attrs import define, field

from fsm_session import SessionCoordinator
from fsm_session.machine import Lifecycle
from fsm_session.machine.effects import Effect
from fsm_session.machine.explore import Configuration, Graph
from fsm_session.machine.explore.places import BROKEN_OFF
from fsm_session.machine.explore.places import Place as ExploredPlace
from fsm_session.machine.explore.steps import NOT_BEGUN, REQUEST_COMES
from fsm_session.machine.explore.told_steps import OUTSIDE
from fsm_session.machine.state import name_of
from tests.property.instrumented import Place, Saboteur


class Facts(NamedTuple):
    """What a run and a configuration can both be asked."""

    workers: tuple[str, ...]
    stop: bool
    waiting: bool
    taken: bool
    failed: bool
    unmet: bool
    begun: bool
    active: bool | None
    committed: bool
    loaded: bool
    kept: str


def facts_of_run(coordinator: SessionCoordinator, final: bool) -> Facts:
    """Ask a run."""
    context, driver = coordinator.context, coordinator._driver
    data, kept, group = context.data, coordinator._kept, context.workers
    return Facts(
        tuple(
            "up" if each in group.up else "unclean" if each.name in group.unclean else "down"
            for each in group.workers
        ),
        context.inbox.stop_requested,
        context.inbox.waiting > 0,
        bool(context.requests._in_hand),
        bool(driver.failures),
        bool(context.requirements.unmet),
        data.began,
        # a final state shuts the data, whichever way the session was
        None if final else data.active,
        data.began and context.records.has(data.session.label),
        any(len(symbol.read) for symbol in data.values()),
        "nothing" if kept is None else "data" if len(kept) else "empty",
    )


def facts_of(here: Configuration, final: bool) -> Facts:
    """Ask a configuration."""
    return Facts(
        tuple("up" if each == "failed" else each for each in here.workers),
        here.stop != "none",
        here.request in ("waiting", "late"),
        here.request == "taken",
        here.failed,
        here.validation == "unmet",
        here.session != "none",
        None if final else here.session == "active",
        here.committed,
        here.loaded,
        here.kept,
    )


@define(eq=False)
class Watch(Saboteur):
    """A saboteur that tells a follower of every hook and guard before it is run."""

    follower: Follower | None = None

    def at(self, place: Place) -> None:
        if self.follower is not None and place.when == "before":
            self.follower.see(place)
        super().at(place)


@define(eq=False)
class Follower:
    """Follows one run through a graph; ``lost`` says where it left it, "" while it has not.

    ``asked`` is to be set where a request is left: no other comes from outside.
    """

    graph: Graph
    coordinator: SessionCoordinator
    steps: Callable[[], int]
    lost: str = ""
    seen: int = 0
    asked: bool = False
    may_be: set[int] = field(factory=lambda: {0})
    been: set[int] = field(factory=set)
    _last: ExploredPlace | None = None
    _last_names: frozenset[str] = frozenset()
    _steps_before: int = 0
    _stop_before: bool = False

    def see(self, place: Place) -> None:
        """Go on to the place where the run is now."""
        names = names_of(self.graph.subject.lifecycle, place)
        explored = self.graph.subject.places[min(names)]
        self._judge_steps()
        self._follow(names, facts_of_run(self.coordinator, explored.final), explored.final)
        self._last, self._last_names = explored, names
        self._stop_before = self.coordinator.context.inbox.stop_requested

    def end(self) -> None:
        """Go on to the end of the run."""
        self._judge_steps()
        name = f"end of {self.coordinator._driver.state}"
        self._follow(frozenset({name}), facts_of_run(self.coordinator, True), True)

    def _judge_steps(self) -> None:
        """See that steps were taken by nothing but what is marked so, and after no stop."""
        taken, self._steps_before = self.steps() - self._steps_before, self.steps()
        effects = self._last.effects if self._last is not None else ()
        heeded = self._stop_before and Effect.HEEDS_STOP in effects
        if taken and (Effect.TAKES_STEPS not in effects or heeded) and not self.lost:
            self.lost = f"steps were taken by {self._last and self._last.function_name}"

    def _follow(self, names: frozenset[str], facts: Facts, final: bool) -> None:
        """Find the configurations in which the run may be, having passed nothing that is seen."""
        if self.lost:
            return
        again = names == self._last_names
        found, passed = set(), {*self.may_be}
        edge = [*self.may_be]
        while edge:
            number = edge.pop()
            here = self.graph.configurations[number]
            there = here.place in names and again == here.second_try
            if there and _begins(here, self.graph) and facts_of(here, final) == facts:
                found.add(number)
            new = {*self._unseen(number, names)} - passed
            passed |= new
            edge += new
        self.seen += 1
        if not found:
            before = [self.graph.configurations[each] for each in [*self.may_be][:3]]
            self.lost = f"at {min(names)}: {facts} does not follow {before}"
        self.may_be, self.asked = found, False
        self.been |= found

    def _unseen(self, number: int, names: frozenset[str]) -> Iterator[int]:
        """Give where a configuration leads without anything being run that would be seen."""
        here = self.graph.configurations[number]
        place = self.graph.place(number)
        passing = here.place in self._last_names or place.kind == "move"
        # a stop that came within a hook comes before the next, which it keeps from being begun
        stands = here.place in names or bool(place.on_stop)
        for way in self.graph.ways[number]:
            if way.told == REQUEST_COMES and not self.asked:
                continue
            if passing or way.told == NOT_BEGUN or (stands and way.told in OUTSIDE):
                yield way.target


def _begins(here: Configuration, graph: Graph) -> bool:
    """Tell whether the hook there is still to begin: no worker has had its turn."""
    place = graph.subject.places[here.place]
    first = graph.subject.workers if Effect.TEARS_DOWN_WORKERS in place.effects else 0
    return here.worker == first and not here.raised


def names_of(lifecycle: Lifecycle, place: Place) -> frozenset[str]:
    """Name the explored places at which a run is that is about to run something.

    An exit hook stands there once for each row, a joined guard is several.
    """
    state = lifecycle.state(place.state)
    rows = [(n, row) for n, row in enumerate(lifecycle.transitions) if row.source == state.name]
    hooks = {"entry": state.entry, "exit": state.exit}.get(place.kind, ())
    numbers = [number for number, hook in enumerate(hooks) if name_of(hook) == place.name]
    found: Iterable[str] = {
        "entry": [f"entry {number} of {state.name}" for number in numbers],
        "activity": [f"activity of {state.name}"],
        "exit": [f"exit {row}.{number} of {state.name}" for row, _ in rows for number in numbers],
        "guard": [
            f"guard {number}.{at} of {state.name}{how}"
            for number, row in rows
            if name_of(row.guard) == place.name
            for at in range(len(getattr(row.guard, "guards", (row.guard,))))
            for how in ("", BROKEN_OFF)
        ],
    }[place.kind]
    return frozenset(found)


def watch(
    coordinator: SessionCoordinator, saboteur: Watch, graph: Graph, steps: Callable[[], int]
) -> Follower:
    """Begin to follow a run; ``steps`` counts the steps that its workers have taken."""
    saboteur.follower = Follower(graph, coordinator, steps)
    return saboteur.follower
