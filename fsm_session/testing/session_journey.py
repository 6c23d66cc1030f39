"""A run of trading sessions made step by step: the real coordinator over a small market.

What holds of any run holds of this one; and besides, what is set up is what the phase says, the
data is there while it has to be, and the run's result tells how it ended.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
from attrs import field, frozen

from fsm_session.config import SessionConfig
from fsm_session.context import SessionContext
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.machine import Driver, Lifecycle, Move, Receipt
from fsm_session.machine.checks import START
from fsm_session.machine.clean_up import TRIES
from fsm_session.machine.journal import read_journal, replay
from fsm_session.session.player import Step
from fsm_session.sources import FramesSource
from fsm_session.sources.source import Source
from fsm_session.testing.days import SESSIONS, small_market
from fsm_session.testing.journey import Journey
from fsm_session.testing.watched_worker import Watch

#: while the machine is in these, no worker is up and the session is not active
BEFORE_THE_WORKERS = ("Validate", "Load", "Teardown")
#: while it is in these, nothing is registered
EMPTY = ("Validate", "Teardown")
BEFORE_THE_SESSION = (*BEFORE_THE_WORKERS, "InitThreads", "PreScan")


@frozen
class SymbolRequest:
    """Somebody asking for a symbol to come or go."""

    symbol: str
    comes: bool = True

    def __call__(self, context: SessionContext) -> Receipt:
        """Leave the request."""
        return (context.add_symbol if self.comes else context.remove_symbol)(self.symbol)


@frozen(eq=False)
class Market:
    """What the sessions of a journey are run over: made once, for many of them.

    ``symbols`` are configured; what else ``frames`` hold can be asked for. ``data`` is more of
    the configuration's ``[data]``, ``tables`` its other tables.
    """

    symbols: Sequence[str] = ("AAA", "BBB")
    frames: Mapping[str, pd.DataFrame] = field(factory=lambda: small_market(("AAA", "BBB", "CCC")))
    streams: Sequence[str] = ("1m", "5m")
    dates: Sequence[str] = SESSIONS
    data: Mapping[str, Any] = field(factory=dict)
    tables: Mapping[str, Any] = field(factory=dict)
    source: Source = field(init=False)

    @source.default
    def _over_the_frames(self) -> Source:
        return FramesSource(self.frames, interval="1m")

    def requests(self) -> list[SymbolRequest]:
        """Give requests for every symbol, and for one that is nowhere."""
        symbols = [*self.frames, "NONE"]
        return [SymbolRequest(symbol, comes) for symbol in symbols for comes in (True, False)]

    def config(self, sessions: int, *, threads: bool) -> SessionConfig:
        """Make the configuration of a run over so many sessions."""
        data = {"symbols": [*self.symbols], "streams": [*self.streams], "missing": "skip"}
        return SessionConfig.from_dict(
            {
                "backtest": {"start": self.dates[0], "end": self.dates[sessions - 1]},
                "data": {**data, **self.data},
                "workers": {"threads": threads},
                **self.tables,
            }
        )


class _Stepped(SessionCoordinator):
    """A coordinator whose run is made from outside, step by step."""

    @property
    def driver(self) -> Driver:
        return self._driver

    @property
    def moves(self) -> list[Move]:
        return self._records.moves

    @property
    def begun(self) -> bool:
        return self._records.begun

    def open(self) -> None:
        self._records.open({}, overwrite=False)

    def result(self) -> Run:
        self._records.close()
        return self._result()


class SessionJourney(Journey):
    """A run of a lifecycle over trading sessions, with watched workers.

    ``records``: it writes what a run leaves behind, and the journal is held to the run.
    """

    context: SessionContext

    def __init__(
        self,
        lifecycle: Lifecycle,
        market: Market,
        *,
        workers: Sequence[Any] = (),
        strategies: Sequence[Any] = (),
        scanners: Sequence[Any] = (),
        sessions: int = 2,
        threads: bool = False,
        records: bool = False,
        **more: Any,
    ) -> None:
        self.market, self.sessions, self.threads = market, sessions, threads
        self._folder = TemporaryDirectory(prefix="fsm-session-") if records else None
        self._parts: dict[str, Any] = {"strategies": strategies, "scanners": scanners}
        self._workers = workers
        self._threads_before = {*threading.enumerate()}
        self.run: Run | None = None
        super().__init__(lifecycle, **more)

    def begin(self, lifecycle: Lifecycle) -> tuple[SessionContext, Driver]:
        """Make a coordinator of which every part can go wrong."""
        self.watch = Watch(self.saboteur, self.violations.append, self._unsound_step)
        self.coordinator = _Stepped(
            self.market.config(self.sessions, threads=self.threads),
            source=self.market.source,
            workers=[self.watch.take(each) for each in self._workers],
            lifecycle=lifecycle,
            out=None if self._folder is None else self._folder.name,
            **self._parts,
        )
        self.coordinator.open()
        return self.coordinator.context, self.coordinator.driver

    @property
    def moves(self) -> list[Move]:
        """The moves that were put on record."""
        return self.coordinator.moves

    def _unsound_step(self, step: Step) -> Iterator[str]:
        if not self.context.data.active:
            yield "a step is taken in a session that is not active"
        if self.context.clock.now_ns != step.time_ns:
            yield "a step is taken, and the clock stands elsewhere"

    def unsound(self) -> Iterator[str]:
        """Say what does not hold between two steps."""
        yield from super().unsound()
        ours = {each.name for each in self.watch.workers}
        up = [each.name for each in self.context.workers.up if each.name in ours]
        if up != self.watch.up:
            yield f"the workers {self.watch.up} are up, and the run takes {up} to be"
        if not self.thrown and not self.driver.failures:
            yield from self._unlike_the_phase(self.driver.state)
        if len(self.moves) % 5 == 0:  # it is read whole each time
            yield from self._unlike_the_journal()

    def _unlike_the_phase(self, state: str) -> Iterator[str]:
        context = self.context
        if context.data.active and state in BEFORE_THE_SESSION:
            yield f"the session is active in {state}"
        if self.saboteur.fired:  # a phase may have been broken off
            return
        if state in BEFORE_THE_WORKERS and self.watch.up:
            yield f"worker {self.watch.up[0]!r} is up in {state}"
        if state in EMPTY and len(context.data) + len(context.data.universes):
            yield f"symbols are registered in {state}: {[*context.data]}"
        if state in EMPTY and (len(context.queues) or context.player.reveal is not None):
            yield f"the queues and the tape are not empty in {state}"

    def _unlike_the_journal(self) -> Iterator[str]:
        if self._folder is None or not self.coordinator.begun:
            return
        records = read_journal(Path(self._folder.name) / "journal.jsonl").records
        state = replay(self.lifecycle, records) or START
        if state != self.driver.state:
            yield f"the journal leads to {state}, and the run is in {self.driver.state}"

    def finish(self) -> None:
        """Let the run come to its end, and see what has to hold then. Safe twice."""
        try:
            super().finish()
        finally:
            if self._folder is not None:
                self._folder.cleanup()

    def end(self) -> None:
        """Let go of everything, and keep what came of it as ``run``. Safe twice."""
        super().end()
        if self.run is None:
            self.run = self.coordinator.result()

    def unsound_end(self) -> Iterator[str]:
        """Say what does not hold at the end of a run."""
        yield from super().unsound_end()
        if self.thrown_at_the_end < TRIES:  # else one hook may have been broken off as often
            for name in self.watch.up:
                yield f"worker {name!r} was set up and never torn down"
            for left in {*threading.enumerate()} - self._threads_before:
                yield f"a thread is left: {left.name}"
        if not self.threads:  # else a worker may be at home in a thread that has ended
            yield from self._unsafe_twice()
        assert self.run is not None
        yield from self._unlike_its_end(self.run)
        yield from self._unlike_the_journal()
        if self._folder is not None:
            for part in Path(self._folder.name).glob("**/*.part"):
                yield f"{part.name} is left: a record that was not written whole"

    def _unsafe_twice(self) -> Iterator[str]:
        for each in self.watch.workers:
            try:
                each.worker.teardown()
            except Exception as error:  # noqa: BLE001 - whatever a worker raises
                when = "twice" if each.name in self.watch.begun else "before it is set up"
                told = f"{type(error).__name__}: {error}"
                yield f"worker {each.name!r} can't be torn down {when}: {told}"

    def _unlike_its_end(self, run: Run) -> Iterator[str]:
        complete = sum(each.complete for each in run.sessions)
        ended = "completed" if complete == self.sessions else "stopped"
        if run.outcome != ("failed" if self.thrown else ended):
            yield f"the run is {run.outcome} after {complete} of {self.sessions} sessions"
        if run.outcome == "stopped" and not self.asked_to_stop:
            yield f"the run stopped after {complete} of {self.sessions} sessions: nobody asked"
        if run.outcome == "completed" and run.data.session.label != run.sessions[-1].date:
            yield f"the data that is left is of {run.data.session.label}, not of the last session"
        loaded = any(move.target == "InitThreads" for move in self.moves)
        if loaded and not any(receipt.status == "done" for receipt in self.receipts):
            yield from () if len(run.data) else ("the last session's data is gone",)
