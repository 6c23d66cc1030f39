"""Whatever way is explored, the driver and the group of workers can be made to go it.

The other half of ``tests/property/test_refinement.py``: there real runs are found among what is
explored, here what is explored is found to be real.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

from attrs import define, evolve, field
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from fsm_session import TRADING_DAY
from fsm_session.machine import Driver, Failure, Lifecycle, Move, State, Transition
from fsm_session.machine.checks import guards_of
from fsm_session.machine.effects import ANSWER, EFFECTS, Effect, answer_of
from fsm_session.machine.explore import Configuration, Subject
from fsm_session.machine.explore.configuration import is_up
from fsm_session.machine.explore.places import BROKEN_OFF, Place
from fsm_session.machine.explore.promises import workers_are_down_before_they_are_set_up
from fsm_session.machine.explore.steps import NOT_BEGUN, REQUEST_COMES, STOP_COMES, Step
from fsm_session.machine.state import AnyOf
from fsm_session.workers.worker import BaseWorker, Budget, WorkerGroup
from tests.unit.machine.explore.strategies import marked_lifecycles

LONGEST = 400
#: the steps in which nothing is run
UNSEEN = (STOP_COMES, REQUEST_COMES, NOT_BEGUN)
SEEN: Counter[str] = Counter()


#: evenly, as what Hypothesis draws by itself is not
RANDOM = st.integers(0, 2**32).map(Random)
#: a way on which everything goes wrong at once does not lead far
RARELY = {"raises": 0.05, "a": 0.05, "worker": 0.5, "something": 0.1}


def _kind(told: str) -> str:
    return "raises" if "raises" in told else told.split(" ")[0]


class WalkError(Exception):
    """What a walk has raised."""


@define(eq=False)
class Walk:
    """A way through the configurations, step by step, and a real run that is made to go it."""

    subject: Subject
    way: list[tuple[str, Step]]
    group: WorkerGroup = field(init=False)
    driver: Driver = field(init=False)
    wrong: list[str] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        names = range(self.subject.workers)
        self.group = WorkerGroup([Walker(self, number) for number in names], Budget(60))
        lifecycle = self.real(self.subject.lifecycle)
        self.driver = Driver(lifecycle, None, observers=[self.hear])

    def step(self, *places: str) -> str:
        """Make the next step, which has to be at one of these places; give what it tells."""
        self.let_come()  # before the first step there is nothing that could
        if not self.way or self.way[0][0] not in places:
            self.wrong.append(f"{places} is run, not {self.way[:1]}")
            raise WalkError("has left the way")
        told = self.way.pop(0)[1].told
        SEEN[re.sub(r"worker \d", "worker", told)] += 1
        self.let_come()
        return told

    def let_come(self) -> None:
        """Let come from outside what comes now, and pass by what is not begun for it."""
        while self.way and self.way[0][1].told in UNSEEN:
            told = self.way.pop(0)[1].told
            SEEN[told] += 1
            inbox = self.driver.inbox
            if told == STOP_COMES:
                inbox.stop()
            elif told == REQUEST_COMES:
                inbox.submit("something")

    def hear(self, record: Move | Failure) -> None:
        if isinstance(record, Move):
            moves = [each for each in self.subject.places.values() if each.kind == "move"]
            told = self.step(*(each.name for each in moves if each.target == record.target))
            self.raise_if(told)

    def raise_if(self, told: str) -> None:
        if "raises" in told:
            raise WalkError(told)

    def real(self, lifecycle: Lifecycle) -> Lifecycle:
        """Put a function that goes the way in the place of each hook and guard."""
        return evolve(
            lifecycle,
            states=[self.real_state(state) for state in lifecycle.states],
            transitions=[*self.real_rows(lifecycle)],
        )

    def real_state(self, state: State) -> State:
        hook, name = self.hook, state.name
        exits = [
            [each for each in self.subject.places if each.endswith(f".{n} of {name}")
             and each.startswith("exit ")]
            for n in range(len(state.exit))
        ]  # fmt: skip
        return evolve(
            state,
            entry=[hook(f"entry {n} of {name}") for n in range(len(state.entry))],
            activity=state.activity and hook(f"activity of {name}"),
            exit=[hook(*names) for names in exits],
        )

    def real_rows(self, lifecycle: Lifecycle) -> Iterator[Transition]:
        for number, row in enumerate(lifecycle.transitions):
            guards = [
                self.guard(f"guard {number}.{at} of {row.source}", guard)
                for at, guard in enumerate(guards_of(row.guard))
            ]
            joined = AnyOf(tuple(guards)) if isinstance(row.guard, AnyOf) else None
            yield evolve(row, guard=joined or next(iter(guards), None))

    def guard(self, name: str, declared: object) -> Callable[[Any], bool]:
        def ask(_: Any) -> bool:
            told = self.step(name, name + BROKEN_OFF)
            self.raise_if(told)
            return told == "yes"

        setattr(ask, ANSWER, answer_of(declared))
        return ask

    def hook(self, *names: str) -> Callable[[Any], None]:
        made = partial(self.run, names)
        setattr(made, EFFECTS, self.subject.places[names[0]].effects)
        return made

    def run(self, names: tuple[str, ...], _: Any) -> None:
        """Run a hook, with the real group of workers where the way has it do so."""
        place = self.subject.places[names[0]]
        on_workers = {Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS} & {*place.effects}
        if on_workers and self.next_is_with_workers():
            try:
                self.work(place)
            except BaseException:
                if Effect.SWALLOWS not in place.effects:
                    self.step(*names)
                    raise
        self.raise_if(self.step(*names))

    def next_is_with_workers(self) -> bool:
        told = [step.told for _, step in self.way]
        first = next(each for each in told if each not in UNSEEN)
        return first.startswith("worker")

    def work(self, place: Place) -> None:
        if Effect.SETS_UP_WORKERS in place.effects:
            self.group.setup(None)
        else:
            self.group.teardown()


class Walker(BaseWorker):
    """A worker that does as the way says."""

    def __init__(self, walk: Walk, number: int) -> None:
        self.walk = walk
        self.number = number
        self.name = f"worker {number + 1}"

    def setup(self, context: Any) -> None:
        self.go("is set up")

    def teardown(self) -> None:
        self.go("is torn down")

    def go(self, well: str) -> None:
        told = self.walk.step(*self.walk.subject.places)
        if not told.startswith(self.name):
            self.walk.wrong.append(f"{self.name} {well}, not: {told}")
        if told != f"{self.name} {well}":
            raise WalkError(told)


def choose_a_way(subject: Subject, random: Random) -> tuple[list[tuple[str, Step]], Configuration]:
    """Choose one step after the other, until the end; give up on what is longer than any."""
    here = subject.beginning
    way: list[tuple[str, Step]] = []
    while steps := [*subject.steps(here)]:
        assume(len(way) < LONGEST)
        place = subject.places[here.place]
        if Effect.SETS_UP_WORKERS in place.effects and not here.raised:
            # the group keeps no promise to whom sets up what is up
            assume(workers_are_down_before_they_are_set_up(here, place))
        [step] = random.choices(steps, [RARELY.get(_kind(each.told), 1) for each in steps])
        way.append((here.place, step))
        here = step.to
    return way, here


def go(lifecycle: Lifecycle, workers: int, random: Random) -> None:
    subject = Subject(lifecycle, workers)
    way, end = choose_a_way(subject, random)
    walk = Walk(subject, [*way])
    walk.driver.run()
    assert walk.wrong == []
    assert walk.way == []
    assert end.place == f"end of {walk.driver.state}"
    assert bool(walk.driver.failures) == end.failed
    assert [each in walk.group.up for each in walk.group.workers] == [*map(is_up, end.workers)]
    unclean = [number for number, each in enumerate(end.workers) if each == "unclean"]
    assert sorted({*walk.group.unclean}) == [f"worker {number + 1}" for number in unclean]
    SEEN.update({f"end {end.failed}": 1, "again": sum(step.to.second_try for _, step in way)})


class TestWhateverWayIsExplored:
    """Semantics exactly those of the driver and the group of workers."""

    @given(random=RANDOM, workers=st.integers(0, 3))
    @settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])
    def test_of_our_lifecycle(self, random: Random, workers: int) -> None:
        go(TRADING_DAY, workers, random)

    @given(
        lifecycle=marked_lifecycles(),
        random=RANDOM,
        workers=st.integers(0, 2),
    )
    @settings(max_examples=150, deadline=None, suppress_health_check=[*HealthCheck])
    def test_of_random_lifecycles(self, lifecycle: Lifecycle, random: Random, workers: int) -> None:
        go(lifecycle, workers, random)

    def test_of_every_kind(self) -> None:
        worker = ("worker is set up", "worker raises in its set-up", "worker is torn down")
        kinds = (*worker, STOP_COMES, REQUEST_COMES, "yes", "no", "runs", "raises", "", "again")
        assert {kind for kind in (*kinds, "end True", "end False") if not SEEN[kind]} == set()
