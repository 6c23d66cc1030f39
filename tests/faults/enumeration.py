"""The harness: real trading days under a script of faults, each held to what the oracle says.

Nothing of the library is replaced. Every hook, guard, activity and every method of the user's
parts goes through one counter, which lets happen what the script has for that call. What came of
a run is compared when it is over, outside of the code under test, whose own ``except`` would
swallow an assertion.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, cast

from attrs import evolve, fields

from fsm_session import TRADING_DAY, SessionConfig, SessionCoordinator
from fsm_session.coordinator import Run
from fsm_session.errors import (
    RunFailedError,
    RunInterruptedError,
    StaleSessionError,
    UnknownNameError,
)
from fsm_session.machine import Failure, Lifecycle, Receipt, State
from fsm_session.machine.state import name_of
from fsm_session.session.data import SessionData
from tests.faults.enumeration_day import INSTANTS
from tests.faults.enumeration_workers import WORKERS
from tests.faults.model import ASKED, LATE, THROWN, Error, Event, Outcome, Script, Session
from tests.small_market import SESSIONS, market, wishes

NUMBERS = {dt.date.fromisoformat(date): number for number, date in enumerate(SESSIONS, 1)}
MARKET = market(
    {symbol: {SESSIONS[number - 1]: [each - 1 for each in days[symbol]]
              for number, days in INSTANTS.items()}
     for symbol in ("AAA", "BBB")}
)  # fmt: skip
#: named here, not handed over: so it is read once for all runs
LOOKS = {"use": f"{__name__}:Looks", "pre_session": True, "every": "270m"}
DATA = {"streams": ["1m", "1h"]}
WISHES, IN_THREADS = (
    wishes(["AAA"], SESSIONS[0], SESSIONS[1], data=DATA, scanners=[LOOKS],
           workers={"threads": threads, "deadline": 10.0})
    for threads in (False, True)
)  # fmt: skip
#: a run comes to less than half of that; what goes round in circles is thrown out of it
MOST_CALLS = 600


class BoomError(Exception):
    """What is thrown at the lifecycle."""


class EndlessError(BaseException):
    """A run that does not end."""


THROWS = {"error": BoomError, "exit": SystemExit, "interrupt": KeyboardInterrupt}


class Rig:
    """Runs trading days. What is the same for all of them is made once."""

    def __init__(self, lifecycle: Lifecycle = TRADING_DAY, config: SessionConfig = WISHES) -> None:
        self.config = config
        self.lifecycle = evolve(
            lifecycle,
            states=[self._state(state) for state in lifecycle.states],
            transitions=[
                row if row.guard is None else evolve(row, guard=self._wrap("guard", row.guard))
                for row in lifecycle.transitions
            ],
        )
        self.workers = [Recorder(name, self) for name in WORKERS]
        self.script: Script = {}
        self.trace: list[Event] = []
        self.fired: list[int] = []
        self.receipts: list[tuple[int, Receipt]] = []

    def _state(self, state: State) -> State:
        return evolve(
            state,
            entry=[self._wrap("entry", hook) for hook in state.entry],
            exit=[self._wrap("exit", hook) for hook in state.exit],
            activity=state.activity and self._wrap("activity", state.activity),
        )

    def _wrap(self, kind: str, function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        name = name_of(function)

        def wrapped(context: Any) -> Any:
            call = self.reach(kind, name)
            answer = function(context)
            if self.script.get(call) in LATE:
                self.throw(call)
            return answer

        wrapped.__name__ = name
        vars(wrapped).update(getattr(function, "__dict__", {}))  # its marks
        return wrapped

    def reach(self, kind: str, name: str) -> int:
        """Note a call, and let happen what the script has for it."""
        call = len(self.trace)
        self.trace.append((self.driver.state, kind, name, self.session))
        if call > MOST_CALLS:
            raise EndlessError(f"point {call}")
        fault = self.script.get(call)
        if fault in THROWN:
            self.throw(call)
        if fault in ASKED:
            self.fired.append(call)
            self.receipts.append((call, ASKS[fault](self.coordinator)))
        return call

    def throw(self, call: int) -> None:
        self.fired.append(call)
        raise THROWS[self.script[call].removeprefix("late ")](f"point {call}")

    @property
    def session(self) -> int:
        return NUMBERS[self.coordinator.context.clock.session.date]

    def prepare(self, script: Script) -> SessionCoordinator:
        """Make what is to run under a script."""
        First.rig = self
        self.script, self.trace, self.fired, self.receipts = script, [], [], []
        self.coordinator = SessionCoordinator(
            self.config,
            source=MARKET,
            strategies=[First, Second],
            workers=self.workers,
            lifecycle=self.lifecycle,
        )
        self.driver = self.coordinator._driver
        return self.coordinator

    def run(self, script: Script) -> Outcome:
        """Run the sessions under a script; give what came of it."""
        self.prepare(script)
        run, raised = self._run()
        data, sessions = run.data, map(_session, run.sessions)
        return Outcome(
            tuple(self.trace),
            tuple(self.fired),
            tuple((each.source, each.target, each.guard) for each in run.moves),
            self.driver.state,
            run.outcome,
            raised,
            tuple(map(_error, run.errors)),
            run.unclean,
            tuple(sorted(_answer(*each) for each in self.receipts)),
            tuple(sessions),
            (NUMBERS[data.session.date], tuple(data), data.steps, data.finished, _shut(data)),
        )

    def _run(self) -> tuple[Run, str]:
        try:
            return self.coordinator.run(), ""
        except (RunFailedError, RunInterruptedError) as failed:
            return cast(Run, failed.run), type(failed).__name__
        except BaseException as error:  # whatever else comes out is compared, too
            return self.coordinator._result(), repr(error)


ASKS: Mapping[str, Callable[[SessionCoordinator], Receipt]] = {
    "stop": lambda coordinator: coordinator.stop(),
    "add": lambda coordinator: coordinator.add_symbol("BBB"),
    "remove": lambda coordinator: coordinator.remove_symbol("AAA"),
}


class Recorder:
    """A worker whose every method is a call."""

    def __init__(self, name: str, rig: Rig) -> None:
        self.name = name
        self.reach = rig.reach

    def setup(self, context: Any) -> None:
        self.reach(self.name, "setup")

    def on_session_start(self) -> None:
        self.reach(self.name, "on_session_start")

    def on_step(self, step: Any) -> None:
        self.reach(self.name, "on_step")

    def on_symbol_added(self, symbol: str) -> None:
        self.reach(self.name, "on_symbol_added")

    def on_symbol_removed(self, symbol: str) -> None:
        self.reach(self.name, "on_symbol_removed")

    def on_session_end(self) -> None:
        self.reach(self.name, "on_session_end")

    def teardown(self) -> None:
        self.reach(self.name, "teardown")


class First:
    """A strategy whose every method is a call, of the rig that runs."""

    rig: ClassVar[Rig]

    def setup(self, context: Any) -> None:
        self.rig.reach("first", "setup")

    def on_bars(self, view: Any) -> None:
        self.rig.reach("first", "on_bars")

    def teardown(self) -> None:
        self.rig.reach("first", "teardown")


class Second:
    """A strategy that has a teardown, to be called whatever the first one's does."""

    def on_bars(self, view: Any) -> None: ...

    def teardown(self) -> None:
        First.rig.reach("second", "teardown")


class Looks:
    """A scanner, before the session and at 14:00, if that is a time of it."""

    def setup(self, context: Any) -> None:
        First.rig.reach("scanner", "setup")

    def scan(self, view: Any) -> None:
        First.rig.reach("scanner", "scan")

    def teardown(self) -> None:
        First.rig.reach("scanner", "teardown")


def scripts(trace: Sequence[Event], kinds: Sequence[str], after: int = -1) -> Iterator[Script]:
    """Give every script of one fault of these kinds at the calls of a run behind ``after``."""
    for call in range(after + 1, len(trace)):
        declared = trace[call][1] in ("entry", "activity", "exit")
        yield from ({call: kind} for kind in kinds if declared or kind not in LATE)


def difference(script: Script, predicted: Outcome, found: Outcome) -> str:
    """Say what is the first thing that came otherwise than predicted; "" where nothing did."""
    if predicted == found:
        return ""
    for each in fields(Outcome):
        says, did = getattr(predicted, each.name), getattr(found, each.name)
        if says != did and isinstance(says, tuple):
            at = next((n for n, pair in enumerate(zip(says, did)) if pair[0] != pair[1]), None)  # noqa: B905
            at = min(len(says), len(did)) if at is None else at
            says, did = says[at : at + 2], did[at : at + 2]
            return f"{dict(script)}: {each.name} from {at}: {says} predicted, {did} found"
        if says != did:
            return f"{dict(script)}: {each.name}: {says!r} predicted, {did!r} found"
    raise AssertionError(script)


def _shut(data: SessionData) -> bool:
    try:
        data.remove("none")
    except StaleSessionError:
        return True
    except UnknownNameError:
        return False
    raise AssertionError


def _session(result: Any) -> Session:
    number, scans = NUMBERS[dt.date.fromisoformat(result.date)], len(result.scans)
    return number, result.complete, result.symbols, result.steps, scans


def _error(failure: Failure) -> Error:
    told = re.search(r"point (\d+)", str(failure.error))
    call = int(told[1]) if told else -1
    what = type(failure.error).__name__
    return Error(what, call, failure.worker, failure.phase, failure.kind, failure.hook)


def _answer(call: int, receipt: Receipt) -> tuple[int, str, str]:
    return call, receipt.status, receipt.reason if receipt.status == "refused" else ""
