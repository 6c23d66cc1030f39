"""The oracle: says what a lifecycle does, call by call, under a script of faults.

It reads names from the declaration (states, hooks, rows, guards) and shares no code with what
runs them. A script says what happens at which call of a run, the calls being numbered as they
come. Here is how a machine goes on, stops and fails; what a trading day does in its hooks is
said in :mod:`tests.faults.enumeration_day`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import define, evolve, frozen

from fsm_session.machine import Lifecycle, State
from fsm_session.machine.state import name_of

#: phase, kind (entry, activity, exit, guard, or who was called), name, number of the session
Event = tuple[str, str, str, int]
#: the number of a call, from 0 -> what happens there, one of FAULTS
Script = Mapping[int, str]
#: number, complete, symbols, steps, scans
Session = tuple[int, bool, tuple[str, ...], int, int]

#: what is thrown: instead of the call's work, or once it has done its work
THROWN = ("error", "exit", "interrupt")
LATE = tuple(f"late {each}" for each in THROWN)
#: what is asked for; then the call goes on
ASKED = ("stop", "add", "remove")
FAULTS = (*THROWN, *LATE, *ASKED)


@frozen
class Error:
    """One error: the class it arrives as, the call it comes from, its worker, its place."""

    what: str
    call: int
    worker: str = ""
    phase: str = ""
    kind: str = ""
    hook: str = ""

    @property
    def interrupts(self) -> bool:
        return self.what == "KeyboardInterrupt"


@frozen
class Outcome:
    """All that is compared of a run: ``trace`` has its calls, ``fired`` those where a fault was.

    ``answers`` gives, by the call at which something was asked, the status, and the reason of a
    refusal. ``data`` is what is left to be looked at: session, symbols,
    steps, finished, and whether it refuses what is still written into it.
    """

    trace: tuple[Event, ...]
    fired: tuple[int, ...]
    moves: tuple[tuple[str | None, str, str], ...]
    state: str
    outcome: str
    raised: str
    errors: tuple[Error, ...]
    unclean: tuple[str, ...]
    answers: tuple[tuple[int, str, str], ...]
    sessions: tuple[Session, ...]
    data: tuple[int, tuple[str, ...], int, bool, bool]


@define(eq=False)
class Thrown(Exception):  # noqa: N818 - it is what a call throws, not an error of the model
    """What a call throws: one error, or several that were met on the way."""

    errors: tuple[Error, ...]

    @property
    def interrupts(self) -> bool:
        return any(error.interrupts for error in self.errors)


class Machine:
    """One predicted run; ``deeds`` and ``guards`` say by name what hooks do and guards answer."""

    deeds: Mapping[str, Callable[[], object]]
    guards: Mapping[str, Callable[[], bool]]

    def __init__(self, lifecycle: Lifecycle, script: Script) -> None:
        self.lifecycle, self.script = lifecycle, script
        self.states = {state.name: state for state in lifecycle.states}
        self.state = ""
        self.session = 1
        self.trace: list[Event] = []
        self.fired: list[int] = []
        self.moves: list[tuple[str | None, str, str]] = []
        self.place = ("", "", "")
        self.failures: list[Error] = []
        self.stop = self.broken_off = False

    def run(self) -> None:
        """Make rounds; what one throws leads to the failure state in the next."""
        errors: list[Error] = []
        while errors or not self.over:
            self.failures += errors
            errors = []
            try:
                self.round()
            except Thrown as thrown:
                errors = self.unless_stop(thrown)

    @property
    def over(self) -> bool:
        failure = self.lifecycle.failure
        return self.state == failure if self.failures else self.is_final(self.state)

    def is_final(self, state: str) -> bool:
        return bool(state) and self.states[state].final

    def round(self) -> None:
        """Activity, decision, move; or the way to the failure state, past all exit hooks."""
        if self.failures:
            self.enter(str(self.lifecycle.failure), "error")
        elif not self.state:
            self.enter(self.lifecycle.initial, "")
        else:
            self.go_on(self.states[self.state])

    def go_on(self, state: State) -> None:
        if state.activity is not None and not self.broken_off:
            self.call("activity", name_of(state.activity))
        target, guard = self.decide()
        for hook in state.exit:
            # a phase that was broken off is not ended
            if not self.broken_off:
                self.call("exit", name_of(hook))
        self.enter(target, guard)

    def decide(self) -> tuple[str, str]:
        for row in self.lifecycle.transitions:
            if row.source == self.state:
                guard = name_of(row.guard)
                if row.guard is None or self.call("guard", guard):
                    return row.target, guard
        raise AssertionError(self.state)

    def enter(self, target: str, guard: str) -> None:
        self.moves.append((self.state or None, target, guard))
        self.state, self.broken_off = target, False
        for hook in self.states[target].entry:
            if self.is_final(target):
                self.clean_up(name_of(hook))
            elif self.stop and self.heeds_stop(target):
                self.broken_off = True  # no new work begins
            else:
                self.call("entry", name_of(hook))

    def heeds_stop(self, state: str) -> bool:
        """Whether the first way out is that of a stop, and of nothing else; Teardown ends whole."""
        guards = [row.guard for row in self.lifecycle.transitions if row.source == state]
        return name_of(guards[0]) == "stop_requested" and state != "Teardown"

    def clean_up(self, hook: str) -> None:
        """Run a final state's hook, once more where it threw: the next one runs all the same."""
        tries = 0
        while tries < 2:
            try:
                self.call("entry", hook)
                return
            except Thrown as thrown:
                errors = self.unless_stop(thrown)
                self.failures += errors
                tries += bool(errors)  # an interrupt that is a stop is no failed try

    def unless_stop(self, thrown: Thrown) -> list[Error]:
        """Take the first interrupt for a stop; give what is an error, with its place."""
        phase, kind, hook = self.place
        errors = []
        for error in thrown.errors:
            if error.interrupts and not self.stop:
                self.stop = self.broken_off = True
            else:
                errors.append(evolve(error, phase=phase, kind=kind, hook=hook))
        return errors

    def call(self, kind: str, name: str) -> bool:
        """Call what was declared: what the script says of it, its work, what comes late."""
        self.place = (self.state, kind, name)
        call = self.reach(kind, name)
        if kind == "guard":
            return self.guards[name]()
        if name in self.deeds:
            self.deeds[name]()
        if self.script.get(call) in LATE:
            raise self.thrown(call, "BoomError")
        return True

    def reach(self, kind: str, name: str, boom: str = "BoomError") -> int:
        """Note a call and let happen what the script says; ``boom``: what an error arrives as."""
        call = len(self.trace)
        self.trace.append((self.state, kind, name, self.session))
        fault = self.script.get(call)
        if fault in THROWN:
            raise self.thrown(call, boom)
        if fault in ASKED:
            self.fired.append(call)
            self.ask(call, fault)
        return call

    def thrown(self, call: int, boom: str) -> Thrown:
        self.fired.append(call)
        classes = {"error": boom, "exit": "SystemExit", "interrupt": "KeyboardInterrupt"}
        return Thrown((Error(classes[self.script[call].removeprefix("late ")], call),))

    def ask(self, call: int, what: str) -> None:
        """Ask for something at a call: ``stop``, or what the day has."""
        raise NotImplementedError
