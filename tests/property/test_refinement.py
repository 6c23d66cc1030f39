"""The marks are not lies: real runs are paths through the configurations that were explored."""

from __future__ import annotations

from collections import Counter
from functools import partial, wraps
from typing import Any
from unittest.mock import patch

import hypothesis.strategies as st
import pytest
from attrs import evolve, frozen
from hypothesis import HealthCheck, given, settings

from fsm_session import TRADING_DAY, SessionCoordinator
from fsm_session.errors import Fault
from fsm_session.machine import Lifecycle
from fsm_session.machine.effects import Effect, effect
from fsm_session.machine.explore import Graph, Subject, explore, visit
from fsm_session.machine.state import Hook, name_of
from fsm_session.workers.worker import BaseWorker
from tests.property.instrumented import Place
from tests.property.trial import PLACES, SMALL, Trial
from tests.property.watching import Follower, Watch, watch
from tests.small_market import SESSIONS, wishes

METHODS = ("setup", "on_step", "on_session_end", "teardown")
#: no interrupts: they are not among the steps that are explored
WHAT = ("error", "exit", "stop", "request")
#: the three of the library that a trial has besides its own three
WORKERS = 6
SEEN: Counter[str] = Counter()
ROWS: Counter[tuple[str, str]] = Counter()
VISITED: set[int] = set()

#: the hooks of which a plain run shows what they are marked with
SHOWN = (
    "load_history",
    "retire_the_previous_session",
    "set_up_workers",
    "mark_the_session_active",
    "stream_the_tape",
    "add_and_remove_symbols",
    "answer_what_was_asked",
    "mark_the_session_inactive",
    "commit_to_the_journal",
    "clear_session_data",
    "tear_down_workers",
)

#: what exploration says can be taken and no real run here takes, each with the reason
NOT_SEEN: dict[str, str] = {}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return visit(Subject(TRADING_DAY, WORKERS))


def new_trial(graph: Graph, **options: Any) -> tuple[Trial, Follower]:
    with patch("tests.property.trial.Saboteur", Watch):
        trial = Trial(**options)
    assert isinstance(trial.saboteur, Watch)
    assert len(trial.context.workers.workers) == graph.subject.workers
    return trial, watch(trial.coordinator, trial.saboteur, graph, lambda: trial.steps)


def arm(trial: Trial, follower: Follower, place: Place, what: str) -> None:
    if what == "request":
        trial.saboteur.armed[place] = lambda: ask(trial, follower)
    else:
        trial.arm(place, what)


def ask(trial: Trial, follower: Follower) -> None:
    """Leave a request, unless one is still to be answered: one stands for all that wait."""
    if all(each.status != "waiting" for each in trial.receipts):
        trial.receipts.append(trial.coordinator.add_symbol("CCC"))
        follower.asked = True


def finish(trial: Trial, follower: Follower) -> None:
    """Let a run come to its end, and see that it never left what was explored."""
    while not trial.driver.finished:
        trial.driver.step()
    follower.end()
    assert follower.lost == ""
    VISITED.update(follower.been)
    note(trial.coordinator)
    trial.finish()
    SEEN.update(f"{place.kind} of {place.state}" for place in trial.saboteur.fired)
    SEEN.update({"followed": follower.seen, "worker failed": bool(trial.fired)})


def note(coordinator: SessionCoordinator) -> None:
    moves = coordinator._records.moves
    ROWS.update((move.source or "", move.target) for move in moves if move.guard != "error")
    SEEN.update(move.target for move in moves)


class Counted(BaseWorker):
    """A worker that counts its steps."""

    name = "counted"

    def __init__(self) -> None:
        self.steps = 0

    def on_step(self, step: Any) -> None:
        self.steps += 1


def asks(coordinator: SessionCoordinator, follower: Follower) -> None:
    coordinator.add_symbol("BBB")
    follower.asked = True


@frozen
class Lie:
    """A hook of a state marked with something else than what it does."""

    state: str
    kind: str
    name: str
    effects: tuple[Effect, ...]

    @property
    def told(self) -> str:
        return "-".join(each.name for each in self.effects) or "nothing"

    def lifecycle(self) -> Lifecycle:
        def told_wrongly(hook: Hook) -> Hook:
            if name_of(hook) != self.name:
                return hook
            return effect(*self.effects)(wraps(hook)(lambda context: hook(context)))

        state = TRADING_DAY.state(self.state)
        activity = state.activity and told_wrongly(state.activity)
        entry, exits = map(told_wrongly, state.entry), map(told_wrongly, state.exit)
        changed = evolve(state, entry=entry, activity=activity, exit=exits)
        return TRADING_DAY.replace(self.state, changed)


#: each mark left out where a plain run shows what it is about, and some that say too much
LIES = [
    *(
        Lie(place.state, place.kind, place.name, ())
        for place in PLACES
        if place.when == "before" and place.name in SHOWN and place.state not in ("Done", "Failed")
    ),
    Lie("Load", "entry", "fill_queues", (Effect.FORGETS,)),
    Lie("Active", "entry", "tell_workers_the_session_began", (Effect.TEARS_DOWN_WORKERS,)),
    Lie("Deactivate", "entry", "write_session_export", (Effect.COMMITS_SESSION,)),
]


class TestRealRunsArePaths:
    """The sequence of (state, workers' statuses, stop requested, ...) as observed of a real run is
    a path in the graph."""

    @given(
        plan=st.dictionaries(st.sampled_from(PLACES), st.sampled_from(WHAT), max_size=4),
        workers=st.sets(st.tuples(st.integers(0, 2), st.sampled_from(METHODS)), max_size=2),
        scanner=st.booleans(),
        sessions=st.integers(1, 3),
    )
    @settings(max_examples=60, deadline=None, suppress_health_check=[*HealthCheck])
    def test_whatever_goes_wrong(
        self,
        graph: Graph,
        plan: dict[Place, str],
        workers: set[tuple[int, str]],
        scanner: bool,
        sessions: int,
    ) -> None:
        trial, follower = new_trial(graph, scanner=scanner, sessions=sessions)
        for place, what in plan.items():
            arm(trial, follower, place, what)
        for number, method in workers:
            trial.workers[number].armed.add(method)
        finish(trial, follower)

    @pytest.mark.parametrize("what", ["error", "stop", "request"])
    def test_one_thing_at_every_place(self, graph: Graph, what: str) -> None:
        for place in PLACES:
            trial, follower = new_trial(graph)
            arm(trial, follower, place, what)
            if place.state == "Failed":
                trial.arm(Place("Load", "entry", "load_history", "after"), "error")
            finish(trial, follower)

    def test_what_validation_finds_unmet(self, graph: Graph) -> None:
        trial, follower = new_trial(graph)
        validate = Place("Validate", "entry", "validate_requirements", "after")

        def find_unmet() -> None:
            found = trial.context.requirements
            trial.context.requirements = evolve(found, unmet=(Fault("is not there"),))
            trial.fired += 1

        trial.saboteur.armed[validate] = find_unmet
        finish(trial, follower)

    def test_they_cover_what_can_be_taken(self, graph: Graph) -> None:
        explored = explore(TRADING_DAY, 1)
        assert {state for state in explored.states if not SEEN[state]} == set()
        missed = {
            f"{r.source} -> {r.target}" for r in explored.rows if not ROWS[r.source, r.target]
        }
        assert missed == {*NOT_SEEN}
        assert {f"{place.kind} of {place.state}" for place in PLACES} <= {*SEEN}
        assert SEEN["worker failed"]
        assert SEEN["followed"] > 10_000
        assert len(VISITED) > 200


class TestALieIsFound:
    """The marks are not lies: where one is, a plain run leaves what is explored."""

    def run(self, lifecycle: Lifecycle) -> Follower:
        """Run two sessions of our lifecycle through what is explored of another."""
        saboteur, worker = Watch(), Counted()
        coordinator = SessionCoordinator(
            wishes(["AAA"], SESSIONS[0], SESSIONS[1], data={"missing": "skip"}),
            source=SMALL,
            workers=[worker],
            lifecycle=saboteur.instrument(TRADING_DAY),
        )
        graph = visit(Subject(lifecycle, 4))
        follower = watch(coordinator, saboteur, graph, lambda: worker.steps)
        streaming = Place("Streaming", "activity", "stream_the_tape")
        saboteur.armed[streaming] = partial(asks, coordinator, follower)
        coordinator.run()
        follower.end()
        return follower

    def test_but_none_in_the_truth(self) -> None:
        assert self.run(TRADING_DAY).lost == ""

    @pytest.mark.parametrize("lie", LIES, ids=lambda each: f"{each.state}-{each.name}-{each.told}")
    def test_of_each_mark(self, lie: Lie) -> None:
        assert self.run(lie.lifecycle()).lost
