"""What LifecycleMachine is tried on: workers and lifecycles, sound ones and broken ones.

Each broken one has one thing wrong with it, which its name or its docstring says.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from fsm_session import STATES, TRADING_DAY, BaseWorker, Lifecycle, State, Transition
from fsm_session.machine import Receipt
from fsm_session.testing.journey import RunState
from tests.unit.machine.coffee import COFFEE, Kitchen, brew, close_valve, open_valve, serve


class Tape(BaseWorker):
    """A sound worker, which has something to close."""

    name = "tape"

    def __init__(self) -> None:
        self.open: list[Any] = []

    def setup(self, context: Any) -> None:
        self.open.append(context.clock)

    def teardown(self) -> None:
        self.open.clear()


class Second(Tape):
    name = "second"

    def on_symbol_added(self, symbol: str) -> None:
        self.open.append(symbol)


class PromotesCCC:
    pre_session = True
    every = "30m"
    universe = {"symbols": ["BBB", "CCC"], "streams": ["5m"]}

    def scan(self, view: Any) -> list[str]:
        return ["CCC"]


def order(kitchen: Kitchen) -> Receipt:
    return kitchen.inbox.submit("order")


def pass_by(context: Any) -> None:
    """Do nothing."""


AUCTION = State("Auction", entry=[pass_by], activity=pass_by, exit=[pass_by])


def state_of(name: str) -> State:
    return TRADING_DAY.state(name)


def ask_again(kitchen: Any) -> bool:
    """There is more to do, whatever anybody asks for."""
    return True


def stop_requested(context: Any) -> bool:
    return bool(context.inbox.stop_requested)


ENDLESS = Lifecycle(
    "Endless",
    [State("Polling", activity=pass_by), State("Off", final=True), State("Broken", final=True)],
    [Transition("Polling", "Off", stop_requested), Transition("Polling", "Polling")],
    failure="Broken",
)
DEAF = Lifecycle(
    "Deaf",
    ENDLESS.states,
    [Transition("Polling", "Polling", ask_again), Transition("Polling", "Off")],
    failure="Broken",
)


class OnceOnly(Tape):
    """Its teardown is not safe twice."""

    def teardown(self) -> None:
        self.open.pop()


class Forgetful(Tape):
    """It is not ready for a teardown before its set-up is through."""

    def setup(self, context: Any) -> None:
        self.log = ["begun"]

    def teardown(self) -> None:
        del self.log[:]


class Unlucky(Tape):
    """It can't take the third step of a session."""

    def on_step(self, step: Any) -> None:
        if step.number == 3:
            raise IndexError("no third bar")


def tell_quietly(context: Any) -> None:
    """Take an error of a worker for none."""
    with suppress(BaseException):
        context.workers.tell("on_session_start")


class Starts(Tape):
    def on_session_start(self) -> None: ...


def tear_down_only_the_last(context: Any) -> None:
    for worker in context.workers.up[-1:]:
        worker.teardown()
        context.workers.up.remove(worker)


def set_up_again(context: Any) -> None:
    context.workers.setup(context)


def says_maybe(context: Any) -> Any:
    return "maybe"


def without(name: str, *hooks: str, **more: Any) -> State:
    """Give a state of TRADING_DAY without some of its entry hooks."""
    state = state_of(name)
    entry = [each for each in state.entry if each.__name__ not in hooks]
    return State(name, entry, state.activity, state.exit, state.final, **more)


MAYBE = Lifecycle(
    "Maybe",
    STATES,
    [Transition("Validate", "Done", says_maybe), *TRADING_DAY.transitions],
    failure="Failed",
)
SWALLOWS = TRADING_DAY.replace(
    "Active", State("Active", [state_of("Active").entry[0], tell_quietly])
)
NO_LAST_ONE = TRADING_DAY.replace("Done", without("Done", "tear_down_workers"))
NO_FAILED_ONE = TRADING_DAY.replace("Failed", without("Failed", "tear_down_workers"))
KEEPS_DATA = TRADING_DAY.replace("Teardown", without("Teardown", "clear_session_data"))
KEEPS_UP = TRADING_DAY.replace("Teardown", without("Teardown", "tear_down_workers"))
TWICE_UP = TRADING_DAY.insert(State("Again", entry=[set_up_again]), after="Active")
HALF_DOWN = TRADING_DAY.insert(State("Half", entry=[tear_down_only_the_last]), after="Active")


class Valve(Kitchen):
    """A kitchen that knows whether its valve is open."""

    is_open = False


def opens(kitchen: Any) -> None:
    kitchen.is_open = True


def closes(kitchen: Any) -> None:
    kitchen.is_open = False


def the_valve_is_shut(run: RunState) -> bool:
    """It is open while coffee is brewed, and at no other time."""
    return run.state == "Brewing" or not run.context.is_open


def at_the_end_it_is_shut(run: RunState) -> None:
    assert not (run.finished and run.context.is_open), "water runs out"


def coffee_with(*states: State) -> Lifecycle:
    lifecycle = COFFEE
    for state in states:
        lifecycle = lifecycle.replace(state.name, state)
    return lifecycle


def answer_twice(kitchen: Any) -> None:
    for request in kitchen.inbox.take():
        request.receipt.done()
        request.receipt.refuse("no cup is left")


def answer_never(kitchen: Any) -> None:
    kitchen.inbox.take()


def begin_again(kitchen: Kitchen) -> None:
    kitchen.log.append("begun")
    raise_at = kitchen.log.count("begun")
    if raise_at > 1:
        raise RuntimeError("was begun already")


LEAKY = coffee_with(State("Brewing", [opens, open_valve], brew, [closes, close_valve]))
CAREFUL = coffee_with(
    State("Brewing", [opens, open_valve], brew, [closes, close_valve]),
    State("Serving", [closes, serve]),
    State("Off", [closes], final=True),
    State("Broken", [closes], final=True),
)
