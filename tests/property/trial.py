"""One trial of a trading day: a small market, three workers that take notes, anything may fail.

What must hold is noted out of band: an assertion raised inside a hook would be caught by the
lifecycle itself, and never seen.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from fsm_session import TRADING_DAY, SessionCoordinator, Signal
from fsm_session.coordinator import Run
from fsm_session.machine import Receipt
from fsm_session.machine.journal import read_journal, replay
from tests.property.instrumented import Place, Saboteur, places
from tests.small_market import SESSIONS, last_minute, market, wishes

PLACES = places(TRADING_DAY)
MINUTES = {date: [0, 1, 4, 59, last_minute(date) - 1, last_minute(date)] for date in SESSIONS}
SYMBOLS = ("AAA", "BBB", "CCC")
#: one source for all trials: it keeps what it has decoded, and nothing of a session
SMALL = market(dict.fromkeys(SYMBOLS, MINUTES))
WHAT = ("error", "exit", "interrupt", "stop")


class BoomError(Exception):
    """What is thrown at the lifecycle."""


class Recorder:
    """A worker that writes down what happens to it; violations are kept out of band."""

    def __init__(self, name: str, trial: Trial) -> None:
        self.name = name
        self.trial = trial
        self.up = False
        self.armed: set[str] = set()
        self.context: Any = None

    def setup(self, context: Any) -> None:
        self.trial.note(not self.up, f"{self.name} is set up twice")
        self.up = True
        self.context = context
        self.trial.log.append(("setup", self.name))
        self.fail("setup")

    def on_step(self, step: Any) -> None:
        trial, context = self.trial, self.context
        trial.note(all(each.up for each in trial.workers), "a step with a worker down")
        trial.note(context.data.active, "a step of an inactive session")
        trial.note(context.clock.now_ns == step.time_ns, "the clock is not at the step")
        watched = context.data.universes.values()
        for symbol in (each for table in (context.data, *watched) for each in table.values()):
            for interval in symbol.intervals:
                bars = symbol.bars(interval)
                trial.note(not len(bars) or bars.end[-1] <= step.time_ns, "a bar from the future")
        trial.steps += 1
        self.fail("on_step")

    def on_session_end(self) -> None:
        self.fail("on_session_end")

    def teardown(self) -> None:
        self.trial.note(self.up, f"{self.name} is torn down twice")
        self.up = False
        self.trial.log.append(("teardown", self.name))
        self.fail("teardown")

    def fail(self, method: str) -> None:
        if method in self.armed:
            self.armed.discard(method)
            self.trial.fired += 1
            raise BoomError(f"{self.name} in {method}")


class Chatty:
    """A strategy that says something at every step."""

    def on_bars(self, view: Any) -> Any:
        return [Signal(symbol, "note") for symbol in view.symbols]


class Looks:
    """A scanner that runs before the session and every half-hour, and promotes CCC."""

    pre_session = True
    every = "30m"
    universe = {"symbols": ["BBB", "CCC"], "streams": ["5m"]}

    def scan(self, view: Any) -> list[str]:
        return ["CCC"]


class Trial:
    """A coordinator whose lifecycle can be made to go wrong, and what must hold of it."""

    def __init__(self, *, sessions: int = 2, scanner: bool = True, threads: bool = False) -> None:
        self.sessions = sessions
        self.violations: list[str] = []
        self.log: list[tuple[str, str]] = []
        self.receipts: list[Receipt] = []
        self.steps = self.fired = self.removals = 0
        self.asked_to_stop = False
        self.folder = Path(tempfile.mkdtemp())
        self.workers = [Recorder(f"worker {n}", self) for n in range(3)]
        self.saboteur = Saboteur()
        self.coordinator = SessionCoordinator(
            wishes(
                ["AAA", "BBB"],
                SESSIONS[0],
                SESSIONS[sessions - 1],
                data={"missing": "skip"},
                workers={"threads": threads},
            ),
            source=SMALL,
            strategies=[Chatty],
            scanners=[Looks] if scanner else [],
            workers=self.workers,
            out=self.folder / "out",
            lifecycle=self.saboteur.instrument(TRADING_DAY),
        )
        self.driver = self.coordinator._driver
        self.context = self.coordinator.context
        self.coordinator._records.open({}, overwrite=False)

    @property
    def loaded(self) -> bool:
        """Whether a session was ever loaded whole."""
        return any(move.target == "InitThreads" for move in self.coordinator._records.moves)

    def note(self, holds: bool, violation: str) -> None:
        if not holds:
            self.violations.append(violation)

    def arm(self, place: Place, what: str) -> None:
        # each says where it comes from: a final hook's second try tells the same error only once
        self.saboteur.armed[place] = {
            "error": lambda: self.throw(BoomError(str(place))),
            "exit": lambda: self.throw(SystemExit(str(place))),
            "interrupt": lambda: self.throw(KeyboardInterrupt(str(place))),
            "stop": self.stop,
        }[what]

    def stop(self) -> None:
        self.asked_to_stop = True
        self.receipts.append(self.coordinator.stop())

    def throw(self, error: BaseException) -> None:
        if not isinstance(error, KeyboardInterrupt) or self.context.inbox.stop_requested:
            self.fired += 1
        else:
            self.asked_to_stop = True
        raise error

    def step(self) -> None:
        self.driver.step()
        self.check()

    def check(self) -> None:
        """What holds after every step."""
        assert not self.violations, self.violations[0]
        calls = Counter(self.saboteur.calls)
        assert calls["Validate", "entry", "validate_requirements"] <= 1
        moves = [move.target for move in self.coordinator._records.moves]
        if "Teardown" in moves:
            assert "Deactivate" in moves[: moves.index("Teardown")]
        sound = not self.driver.failures and not self.driver._raised
        if sound and not self.saboteur.fired:
            self.check_between_sessions()
        if self.context.data.active and sound:
            assert self.driver.state in ("Active", "Streaming", "Paused", "Deactivate")
        if len(moves) % 5 == 0:
            self.check_journal()

    def check_journal(self) -> None:
        if not self.coordinator._records.begun:
            return
        state = replay(TRADING_DAY, read_journal(self.folder / "out" / "journal.jsonl").records)
        assert state == ("" if self.driver.state == "(start)" else self.driver.state)

    def check_between_sessions(self) -> None:
        if self.driver.state in ("Validate", "Teardown", "Load"):
            assert not any(each.up for each in self.workers)
        if self.driver.state in ("Validate", "Teardown"):
            assert not len(self.context.data)
            assert not self.context.data.universes
            assert not len(self.context.queues)
            assert self.context.player.reveal is None

    def finish(self) -> Run:
        """Let it come to its end, and check what has to hold then."""
        for _ in range(200):
            if self.driver.finished:
                break
            self.step()
        assert self.driver.finished, "it does not end"
        self.driver.end()
        self.coordinator._records.close()
        run = self.coordinator._result()
        self.check_journal()
        self.check_the_end(run)
        shutil.rmtree(self.folder)
        return run

    def check_the_end(self, run: Run) -> None:
        setups = Counter(name for what, name in self.log if what == "setup")
        teardowns = Counter(name for what, name in self.log if what == "teardown")
        assert setups == teardowns
        assert not any(each.up for each in self.workers)
        assert [each for each in self.receipts if each.status == "waiting"] == []
        assert self.driver.state == ("Failed" if self.fired else "Done")
        assert (run.outcome == "failed") == bool(self.fired)
        assert len(run.errors) >= self.fired
        complete = [each for each in run.sessions if each.complete]
        if not self.fired:
            done = len(complete) == self.sessions
            assert run.outcome == ("completed" if done else "stopped")
            assert done or self.asked_to_stop
        if self.loaded and not self.removals:
            assert len(run.data) > 0
        assert not list((self.folder / "out").glob("**/*.part"))
