"""A trading day walked at random: stops, errors, interrupts, requests at any place of its table.

It is walked by what users walk their own with. What only we promise is a promise like theirs.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from fsm_session import TRADING_DAY, BaseWorker
from fsm_session.testing.faults import WORKER, Place
from fsm_session.testing.journey import RunState
from fsm_session.testing.lifecycle_machine import LifecycleMachine
from tests.property.trial import MINUTES, SYMBOLS, Chatty, Looks
from tests.small_market import SESSIONS, bars_of

FRAMES = {
    symbol: pd.concat([bars_of(symbol, date, minutes) for date, minutes in MINUTES.items()])
    for symbol in SYMBOLS
}


class Looker(BaseWorker):
    """A worker that looks, at every step, at all that it can reach; it notes what is too late."""

    def setup(self, context: Any) -> None:
        self.context = context

    def on_step(self, step: Any) -> None:
        watched = self.context.data.universes.values()
        for table in (self.context.data, *watched):
            for symbol in table.values():
                for interval in symbol.intervals:
                    bars = symbol.bars(interval)
                    if len(bars) and bars.end[-1] > step.time_ns:
                        SEEN_TOO_EARLY.append(f"{symbol.symbol} {interval} at {step}")
        LOOKED.append(step.number)

    def on_symbol_added(self, symbol: str) -> None: ...

    def on_symbol_removed(self, symbol: str) -> None: ...


class First(Looker):
    name = "first"


class Second(Looker):
    name = "second"


class Third(Looker):
    name = "third"


LOOKED: list[int] = []
SEEN_TOO_EARLY: list[str] = []


def nothing_is_seen_before_it_has_happened(run: RunState) -> bool:
    """Whatever can be reached ends at the clock."""
    return not SEEN_TOO_EARLY


def a_session_is_forgotten_only_after_it_was_ended(run: RunState) -> bool:
    """Deactivate comes before Teardown."""
    moves = [move.target for move in run.moves]
    return "Teardown" not in moves or "Deactivate" in moves[: moves.index("Teardown")]


def a_session_is_active_from_active_to_deactivate(run: RunState) -> bool:
    """In no other phase, as long as nothing has gone wrong."""
    soundly = not run.fired and not run.failures and run.context.data.active
    return not soundly or run.state in ("Active", "Streaming", "Paused", "Deactivate")


PROMISES = [
    nothing_is_seen_before_it_has_happened,
    a_session_is_forgotten_only_after_it_was_ended,
    a_session_is_active_from_active_to_deactivate,
]


def machine(**parts: Any) -> type[LifecycleMachine]:
    made = LifecycleMachine.of(
        TRADING_DAY,
        workers=[First, Second, Third],
        strategies=[Chatty],
        promises=PROMISES,
        sessions=len(SESSIONS),
        records=True,
        frames=FRAMES,
        streams=("1m", "5m", "1h"),
        **parts,
    )
    own = made.TestCase.settings
    # how long an example takes is the computer's affair, how many there are is ours
    made.TestCase.settings = settings(own, max_examples=max(60, own.max_examples // 2))
    return made


SCANNED, PLAIN = machine(scanners=[Looks]), machine()
TestTradingDayWalk = SCANNED.TestCase
TestTradingDayWalkWithoutScanners = PLAIN.TestCase


def test_one_fault_at_every_place_of_the_lifecycle() -> None:
    """Whatever happens, alone, the run ends in order, and an error is told with its place."""
    missed = SCANNED.let_each_go_wrong()
    # what is reached only after another fault, or where somebody asked for a symbol to go
    assert {place.state for place in missed if place.kind != WORKER} == {"Failed"}
    assert {place.name for place in missed if place.kind == WORKER} == {"on_symbol_removed"}


def test_a_second_interrupt_before_the_first_is_heard_is_an_error() -> None:
    """Ctrl-C is a stop, a second one breaks off: in the undo of a set-up, too."""
    setup, teardown = (Place("first", WORKER, name, "before") for name in ("setup", "teardown"))
    walk: Any = PLAIN()
    walk.begin(sessions=1, threads=False, faults={setup: "interrupt"})
    walk.arm(place=teardown, what="interrupt")
    walk.all_holds()
    walk.teardown()


def test_the_harness_was_everywhere() -> None:
    """A walk that never gets somewhere proves nothing of it."""
    more = settings(SCANNED.TestCase.settings, max_examples=200)
    run_state_machine_as_test(SCANNED, settings=more)
    assert SCANNED.unreached() == set()
    fired = [place for place in SCANNED.places if SCANNED.reached[str(place)]]
    assert {place.state for place in fired} == {place.state for place in SCANNED.places}
    assert {place.kind for place in fired} == {"entry", "activity", "exit", "guard", WORKER}
    assert LOOKED
