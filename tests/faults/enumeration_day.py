"""What a trading day does in its hooks: scans, tape, requests, records; a part of the oracle.

The day is that of :mod:`tests.faults.enumeration`: two sessions, one configured symbol and one
that can be added, a scanner that looks before the session and once within the first, two
strategies, four workers.
"""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from fsm_session.machine import Lifecycle
from tests.faults.enumeration_workers import Workers
from tests.faults.model import Outcome, Script, Session, Thrown

#: session -> symbol -> minutes after the open at which one of its bars ends; AAA is configured.
#: Each symbol has a coarser bar that nothing but the close finishes.
INSTANTS: dict[int, dict[str, tuple[int, ...]]] = {
    1: {"AAA": (1, 2), "BBB": (1, 301)},
    2: {"AAA": (1,), "BBB": (101,)},
}
CLOSES = {1: 390, 2: 210}
#: the minute of the scan within a session; the second is over before it
SCANS = {1: 270}
OPEN, NEVER = 0, 10**9
PLAIN = ("BoomError", "WorkerError", "PartError")


@define(eq=False)
class Data:
    """A session's data."""

    session: int
    symbols: set[str] = field(factory=set)
    began: bool = False
    finished: bool = False
    steps: int = 0
    scans: int = 0
    shut: bool = False


@define(eq=False)
class Request:
    """A symbol to come or to go; ``verdict`` is what carrying it out came to."""

    call: int
    kind: str
    verdict: str | None = None
    answer: tuple[str, str] = ("waiting", "")

    def say(self, status: str, reason: str = "") -> None:
        if self.answer[0] == "waiting":
            self.answer = (status, reason)


class TradingDay(Workers):
    """A predicted run of the sessions."""

    def __init__(self, lifecycle: Lifecycle, script: Script) -> None:
        super().__init__(lifecycle, script)
        self.now = OPEN
        self.data, self.kept = Data(1), list[Data]()
        self.pausing = False
        self.requests: list[Request] = []
        self.waiting: list[Request] = []
        self.in_hand: list[Request] = []
        self.held_back = 0
        self.stops: list[int] = []
        self.committed: list[Session] = []
        self.guards = {
            "stop_requested": lambda: self.stop,
            "requirements_met": lambda: True,
            "pre_session_scans_configured": lambda: True,
            "pause_due": lambda: self.pausing and not self.stop,
            "stop_requested or last_session": lambda: self.stop or self.session == len(CLOSES),
        }
        self.deeds = {
            "put_the_clock_at_the_open": lambda: setattr(self, "now", OPEN),
            "register_symbols": lambda: self.data.symbols.add("AAA"),
            "retire_the_previous_session": self.kept.clear,
            "set_up_workers": self.begin_with_workers,
            "run_pre_session_scans": self.look_before,
            "mark_the_session_active": lambda: setattr(self.data, "began", True),
            "tell_workers_the_session_began": lambda: self.tell("on_session_start"),
            "stream_the_tape": self.stream,
            "finish_what_is_unfinished": self.finish,
            "run_due_scans": self.pause,
            "add_and_remove_symbols": self.carry_out,
            "answer_what_was_asked": self.answer,
            "tell_workers_the_session_ended": lambda: self.tell("on_session_end"),
            "commit_to_the_journal": self.commit,
            "clear_session_data": self.forget,
            "tear_down_workers": self.tear_down,
            "shut_the_session_data": lambda: setattr(self.data, "shut", True),
            "refuse_late_requests": lambda: self.refuse("the session is over"),
            "advance_the_clock": self.next_session,
            "answer_pending_requests": lambda: self.refuse("the run is over"),
            "finish_the_session_export": self.commit_what_began,
        }

    # scans, and the tape

    def begin_with_workers(self) -> None:
        self.paused_at, self.paused_at_step = -1, -1
        self.set_up()
        self.scan_due = SCANS.get(self.session, NEVER)

    def step(self) -> None:
        self.data.steps += 1
        self.of("StrategyManager", "first", "on_bars")
        self.tell("on_step")

    def scan(self) -> None:
        self.reach("scanner", "scan", "PartError")
        self.data.scans += 1

    def look_before(self) -> None:
        self.scan()
        self.end_the_scanner()

    def end_the_scanner(self) -> None:
        """Tear it down after its last scan, once, but for an interrupt that breaks that off."""
        mine = self.parts["ScannerManager"]
        if mine and self.scan_due == NEVER:
            try:
                self.reach("scanner", "teardown", "PartError")
            except Thrown as thrown:
                if not thrown.interrupts:
                    mine.clear()
                raise
            mine.clear()

    def stream(self) -> None:
        self.pausing = False
        while not self.stop:
            coming = self.coming()
            if self.must_pause():
                self.pausing = True
                return
            if coming != NEVER and coming <= self.scan_due:
                self.now = coming
                self.step()
            elif self.scan_due != NEVER:
                self.now = self.scan_due
            else:
                return

    def must_pause(self) -> bool:
        """Once an instant, and not at the close."""
        due = bool(self.waiting) or self.scan_due <= self.now
        return due and self.now not in (self.paused_at, CLOSES[self.session])

    def coming(self) -> int:
        bars = INSTANTS[self.session]
        instants = (each for symbol in self.data.symbols for each in bars[symbol])
        return min((each for each in instants if each > self.now), default=NEVER)

    def finish(self) -> None:
        if self.pausing or self.stop:
            return
        self.now = CLOSES[self.session]
        if self.data.symbols:
            self.step()
        self.data.finished = True

    # requests

    def ask(self, call: int, what: str) -> None:
        if what == "stop":
            self.stop = True
            self.stops.append(call)
        else:
            self.requests.append(Request(call, what))
            self.waiting.append(self.requests[-1])

    def pause(self) -> None:
        """What waits at a pause without a step before it waits for the one after."""
        if self.data.steps == self.paused_at_step:
            self.held_back = len(self.waiting)
        self.paused_at, self.paused_at_step = self.now, self.data.steps
        if self.scan_due <= self.now:
            self.scan_due = NEVER
            self.scan()
        self.end_the_scanner()

    def carry_out(self) -> None:
        self.in_hand, self.waiting = self.waiting[self.held_back :], self.waiting[: self.held_back]
        self.held_back = 0
        deeds: dict[str, Callable[[], str]] = {"add": self.add, "remove": self.remove}
        for request in self.in_hand:
            try:
                request.verdict = deeds[request.kind]()
            except Thrown:
                request.say("failed")
                raise

    def add(self) -> str:
        if "BBB" in self.data.symbols:
            return "BBB is registered already"
        self.data.symbols.add("BBB")
        self.tell("on_symbol_added")
        return ""

    def remove(self) -> str:
        if "AAA" not in self.data.symbols:
            return "AAA is not registered"
        self.data.symbols.remove("AAA")
        self.tell("on_symbol_removed")
        return ""

    def answer(self) -> None:
        for request in self.in_hand:
            if request.verdict is not None:
                request.say("refused" if request.verdict else "done", request.verdict)

    def refuse(self, reason: str) -> None:
        self.answer()
        for request in (*self.in_hand, *self.waiting):
            request.say("refused", reason)
        self.in_hand, self.waiting = [], []

    # the session, and what is on record

    def forget(self) -> None:
        self.data.shut = True
        self.kept[:] = [self.data]
        self.data = Data(self.session)

    def next_session(self) -> None:
        self.session += 1
        self.data.session, self.now = self.session, OPEN

    def commit(self) -> None:
        complete = self.data.finished and not self.failures
        symbols = tuple(sorted(self.data.symbols))
        record = (self.session, complete, symbols, self.data.steps, self.data.scans)
        self.committed.append(record)

    def commit_what_began(self) -> None:
        if self.data.began and self.session not in [each[0] for each in self.committed]:
            self.commit()

    def outcome(self) -> Outcome:
        """Close what is open, and give all that is compared."""
        for request in self.requests:
            request.say("refused", f"the run has ended: {self.state}")
        answers = [(each.call, *each.answer) for each in self.requests]
        answers += [(call, "done", "") for call in self.stops]
        whole = sum(each[1] for each in self.committed) == len(CLOSES)
        plain = all(each.what in PLAIN for each in self.failures)
        raised = "RunFailedError" if plain else "RunInterruptedError"
        [data] = self.kept or [self.data]
        return Outcome(
            tuple(self.trace),
            tuple(self.fired),
            tuple(self.moves),
            self.state,
            "failed" if self.failures else ("completed" if whole else "stopped"),
            raised if self.failures else "",
            tuple(self.failures),
            tuple(self.unclean),
            tuple(sorted(answers)),
            tuple(self.committed),
            (data.session, tuple(sorted(data.symbols)), data.steps, data.finished, data.shut),
        )


def predict(lifecycle: Lifecycle, script: Script) -> Outcome:
    """Say what comes of a run under a script of faults."""
    day = TradingDay(lifecycle, script)
    day.run()
    return day.outcome()
