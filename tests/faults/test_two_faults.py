"""All lifecycles of up to two faults, each held to the trace that the oracle predicts for it."""

from __future__ import annotations

import gc
import itertools
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import pytest
from attrs import define, field

from fsm_session import TRADING_DAY
from tests.faults.enumeration import Rig, difference, scripts
from tests.faults.enumeration_day import predict
from tests.faults.enumeration_seeds import SEEDS, Seed
from tests.faults.enumeration_workers import WORKERS
from tests.faults.model import FAULTS, Outcome, Script
from tests.unheard import unheard

#: of the pairs of these every one is run, of a request with a stop behind it one in four, of the
#: other kinds one in so many; all of them, some 250,000, where the environment says so
ALL = ("error", "interrupt", "stop")
PAIRS = {**dict.fromkeys(itertools.product(ALL, ALL), 1), ("add", "stop"): 4}
ONE_IN = 83
WHOLE = bool(os.environ.get("FSM_SESSION_ALL_PAIRS"))


@define
class Tally:
    """What a series of runs came to; kept outside of the code under test."""

    runs: int = 0
    fired: int = 0
    differences: list[str] = field(factory=list)
    not_fired: list[Script] = field(factory=list)
    ends: Counter[str] = field(factory=Counter)
    phases: Counter[str] = field(factory=Counter)
    #: (phase or method of a worker, fault)
    cells: Counter[tuple[str, str]] = field(factory=Counter)

    def compare(self, rig: Rig, script: Script, predicted: Outcome) -> None:
        """Run a script, and compare what came of it when it is over."""
        found = rig.run(script)
        self.runs += 1
        self.fired += len(rig.fired)
        if told := difference(script, predicted, found):
            self.differences.append(told)
        if sorted(rig.fired) != sorted(script):
            self.not_fired.append(script)
        self.ends[found.outcome] += 1
        self.phases.update(target for _, target, _ in found.moves)
        for call in rig.fired:
            phase, kind, method, _ = found.trace[call]
            self.cells[phase, script[call]] += 1
            self.cells[method if kind in WORKERS else kind, script[call]] += 1


def at_most(kinds: Sequence[str], wanted: Callable[[str, str], bool]) -> Iterator[Script]:
    """Give every script of at most two faults; ``wanted`` chooses among the pairs of kinds.

    The calls are those of the predicted run before them: a fault changes what comes after it.
    """
    yield {}
    for first in scripts(predict(TRADING_DAY, {}).trace, kinds):
        yield first
        [(call, kind)] = first.items()
        for second in scripts(predict(TRADING_DAY, first).trace, FAULTS, after=call):
            if wanted(kind, *second.values()):
                yield {**first, **second}


def predicted(chosen: Iterable[Script]) -> Iterator[tuple[Script, Outcome]]:
    """Give the predictions, but for scripts of which one fault keeps the other from coming."""
    for script in chosen:
        outcome = predict(TRADING_DAY, script)
        if len(outcome.fired) == len(script):
            yield script, outcome


@pytest.fixture(scope="module", autouse=True)
def _quiet_log() -> Iterator[None]:
    with unheard():
        yield


@pytest.fixture(scope="module")
def tally() -> Tally:
    rig, found, others = Rig(), Tally(), itertools.count()

    def wanted(first: str, then: str) -> bool:
        return WHOLE or next(others) % PAIRS.get((first, then), ONE_IN) == 0

    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(50_000)
    for script, outcome in predicted(at_most(FAULTS, wanted)):
        found.compare(rig, script, outcome)
    gc.set_threshold(*threshold)
    gc.unfreeze()
    return found


class TestEveryLifecycleOfTwoFaults:
    """All lifecycles of up to two faults with four workers; the oracle is a small model that
    predicts the whole trace, end state, answers and data. Every injected fault counts that it
    fired, every phase that it was reached, and zero is a failure."""

    def test_each_does_what_the_model_says(self, tally: Tally) -> None:
        assert tally.differences[:10] == []
        assert tally.runs >= 25_000

    def test_every_injected_fault_fired(self, tally: Tally) -> None:
        assert tally.not_fired == []
        assert tally.fired > tally.runs

    def test_every_phase_was_reached_and_met_every_fault(self, tally: Tally) -> None:
        states = {state.name for state in TRADING_DAY.states}
        assert {*tally.phases} == states
        assert {cell for cell in _cells(states) if not tally.cells[cell]} == set()

    def test_every_method_of_a_worker_and_every_kind_of_hook_met_every_fault(
        self, tally: Tally
    ) -> None:
        hooks = ("entry", "activity", "exit", "guard", "first", "second", "scanner")
        methods = ("setup", "on_session_start", "on_step", "on_session_end", "teardown")
        symbols = ("on_symbol_added", "on_symbol_removed")
        wanted = {
            (name, fault)
            for name, fault in _cells({*hooks, *methods, *symbols})
            if name in ("entry", "activity", "exit") or not fault.startswith("late")
        }
        assert {cell for cell in wanted if not tally.cells[cell]} == set()

    def test_every_end_was_come_to(self, tally: Tally) -> None:
        assert {*tally.ends} == {"completed", "stopped", "failed"}


def _cells(names: set[str]) -> set[tuple[str, str]]:
    return set(itertools.product(names, FAULTS))


class TestSeededBugs:
    """It finds every bug that is put in, within the runs of one fault, or of two."""

    @pytest.mark.parametrize("seed", [pytest.param(each, id=each.name) for each in SEEDS])
    def test_it_is_found(self, seed: Seed, monkeypatch: pytest.MonkeyPatch) -> None:
        rig = Rig(seed.plant(monkeypatch))
        chosen = at_most(seed.kinds[:1], lambda *kinds: kinds == seed.kinds)
        assert any(
            difference(script, outcome, rig.run(script)) for script, outcome in predicted(chosen)
        )
