"""A trading day walked at random: stops, errors, interrupts, requests at any place of its table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.property.instrumented import Place
from tests.property.trial import PLACES, SYMBOLS, WHAT, Trial

METHODS = ("setup", "on_step", "on_session_end", "teardown")
STATES = {place.state for place in PLACES}
REACHED: Counter[str] = Counter()


def reach(trial: Trial) -> None:
    """Count what a trial came through: a harness that never gets there proves nothing."""
    REACHED.update(move.target for move in trial.coordinator._records.moves)
    REACHED.update(f"{place.kind} of {place.state}" for place in trial.saboteur.fired)
    REACHED.update({"worker failed": bool(trial.fired), "stopped": trial.asked_to_stop})


class TradingDayWalk(RuleBasedStateMachine):
    """A stateful test that walks the machine with random outcomes of hooks, guards, stops and
    errors, and checks after every step what must hold (see :class:`Trial`)."""

    @initialize(
        sessions=st.integers(1, 3),
        scanner=st.booleans(),
        threads=st.sampled_from([False, False, False, True]),
    )
    def begin(self, sessions: int, scanner: bool, threads: bool) -> None:
        self.trial = Trial(sessions=sessions, scanner=scanner, threads=threads)

    @property
    def running(self) -> bool:
        return not self.trial.driver.finished

    @precondition(lambda self: self.running)
    @rule(steps=st.integers(1, 6))
    def go_on(self, steps: int) -> None:
        for _ in range(steps):
            if self.running:
                self.trial.step()

    @precondition(lambda self: self.running)
    @rule(place=st.sampled_from(PLACES), what=st.sampled_from(WHAT))
    def arm(self, place: Place, what: str) -> None:
        self.trial.arm(place, what)

    @precondition(lambda self: self.running)
    @rule(number=st.integers(0, 2), method=st.sampled_from(METHODS))
    def arm_worker(self, number: int, method: str) -> None:
        self.trial.workers[number].armed.add(method)

    @rule(symbol=st.sampled_from((*SYMBOLS, "NONE")), add=st.booleans())
    def ask_for_a_symbol(self, symbol: str, add: bool) -> None:
        coordinator = self.trial.coordinator
        ask = coordinator.add_symbol if add else coordinator.remove_symbol
        self.trial.receipts.append(ask(symbol))
        self.trial.removals += not add

    @invariant()
    def all_holds(self) -> None:
        if hasattr(self, "trial") and self.running:
            self.trial.check()

    def teardown(self) -> None:
        """Nothing more goes wrong; it must come to its end, and what holds then must hold."""
        if hasattr(self, "trial"):
            self.trial.saboteur.armed.clear()
            for worker in self.trial.workers:
                worker.armed.clear()
            self.trial.finish()
            reach(self.trial)


TradingDayWalk.TestCase.settings = settings(
    max_examples=40,
    stateful_step_count=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestTradingDayWalk = TradingDayWalk.TestCase


@given(
    plan=st.dictionaries(st.sampled_from(PLACES), st.sampled_from(WHAT), min_size=1, max_size=3),
    workers=st.sets(st.tuples(st.integers(0, 2), st.sampled_from(METHODS)), max_size=2),
    scanner=st.booleans(),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_planned_to_go_wrong_the_run_ends_in_order(
    plan: dict[Place, str], workers: set[tuple[int, str]], scanner: bool
) -> None:
    trial = Trial(scanner=scanner)
    for place, what in plan.items():
        trial.arm(place, what)
    for number, method in workers:
        trial.workers[number].armed.add(method)
    trial.finish()
    reach(trial)


def one_fault() -> Iterator[tuple[Place, str]]:
    for place in PLACES:
        if place.state != "Failed":  # reached only after another fault, see above
            yield from ((place, what) for what in WHAT)


@pytest.mark.parametrize(
    ("place", "what"),
    [pytest.param(*each, id=f"{each[0].state}-{each[0].name}-{each[0].when}-{each[1]}")
     for each in one_fault()],
)  # fmt: skip
def test_one_fault_at_every_place_of_the_lifecycle(place: Place, what: str) -> None:
    trial = Trial()
    trial.arm(place, what)
    run = trial.finish()
    assert trial.saboteur.fired == [place]
    if what in ("error", "exit"):
        assert run.errors[0].phase == place.state
        assert run.errors[0].hook == place.name
    reach(trial)


def test_the_harness_was_everywhere() -> None:
    assert {state for state in STATES if not REACHED[state]} == set()
    fired = {each for each in REACHED if " of " in each}
    assert fired >= {f"{place.kind} of {place.state}" for place in PLACES}
    assert REACHED["stopped"]
    assert REACHED["worker failed"]
