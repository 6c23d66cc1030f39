"""From ``stop()`` to the end of a run: idle, and with a worker that hangs.

Stops come from another thread, at random times of runs that would go on for long. What hangs
is a worker in its thread; there a stop waits for the hook in progress, whose part that hangs has
one deadline, and for the clean-up, which has 1.1.
"""

from __future__ import annotations

import os
import random
import statistics
import threading
import time
from typing import Any

import click
from attrs import frozen

from fsm_session import BaseWorker, FramesSource, SessionConfig, SessionCoordinator
from fsm_session.errors import RunFailedError
from tests.benchmarks.synthetic import frames, sessions
from tests.benchmarks.tables import Report

SYMBOLS, SESSIONS, DEADLINE_SECONDS = 20, 20, 0.5
IDLE_SECONDS, HUNG_DEADLINES = 0.05, 2.1
STOPS_A_ROUND = 20


@frozen
class Case:
    """Runs that are stopped in one way: what hangs ("" nothing), and what a stop may take."""

    name: str
    hangs: str = ""
    threads: bool = False
    allowed_seconds: float = IDLE_SECONDS


HUNG_SECONDS = HUNG_DEADLINES * DEADLINE_SECONDS
CASES = (
    Case("inline, nothing hangs"),
    Case("in threads, nothing hangs", threads=True),
    Case("a worker hangs in a step", "on_step", True, HUNG_SECONDS),
    Case("a worker hangs in its teardown", "teardown", True, HUNG_SECONDS),
)


class Worker(BaseWorker):
    """Hangs in one method from the second session on, if at all, until it is let go."""

    name = "worker"

    def __init__(self, hangs: str) -> None:
        self.hangs, self.sessions = hangs, 0
        self.hanging, self.let_go = threading.Event(), threading.Event()

    def setup(self, context: Any) -> None:
        """Count the session."""
        self.sessions += 1

    def on_step(self, step: Any) -> None:
        """Take a step, or hang."""
        self._hang_in("on_step")

    def teardown(self) -> None:
        """Come down, or hang."""
        self._hang_in("teardown")

    def _hang_in(self, method: str) -> None:
        if self.hangs == method and self.sessions > 1:
            self.hanging.set()
            self.let_go.wait()


def wishes(threads: bool) -> SessionConfig:
    """The configuration of a run that takes long enough to be stopped in it."""
    return SessionConfig.from_dict(
        {
            "backtest": {"start": str(sessions(SESSIONS)[0]), "end": str(sessions(SESSIONS)[-1])},
            "data": {"symbols": [*frames(SYMBOLS, SESSIONS)], "streams": ["1m", "5m"]},
            "workers": {"threads": threads, "deadline": DEADLINE_SECONDS},
        }
    )


def stopped_after(
    case: Case, config: SessionConfig, source: FramesSource, wait_seconds: float
) -> float:
    """Run, stop after so long, or once it hangs; give the seconds from stop() to the end."""
    worker, begun, asked = Worker(case.hangs), threading.Event(), list[float]()
    coordinator = SessionCoordinator(config, source=source, workers=[worker])

    def stop() -> None:
        (worker.hanging if case.hangs else begun).wait()
        time.sleep(wait_seconds)
        asked.append(time.perf_counter())
        coordinator.stop()

    stopper = threading.Thread(target=stop)
    stopper.start()
    begun.set()
    try:
        coordinator.run()
    except RunFailedError:
        assert case.hangs
    ended = time.perf_counter()
    stopper.join()
    worker.let_go.set()
    return max(ended - asked[0], 0.0)


def measure(rounds: int) -> Report:
    """Stop each kind of run at random times, one kind after the other, round by round."""
    drawn, source = random.Random(rounds), FramesSource(frames(SYMBOLS, SESSIONS), interval="1m")
    taken: dict[str, list[float]] = {case.name: [] for case in CASES}
    loads = list[float]()
    for number in range(rounds):
        for case in CASES:
            click.echo(f"round {number + 1}: {case.name}", err=True)
            config = wishes(case.threads)
            for _ in range(1 if case.hangs else STOPS_A_ROUND):
                wait_seconds = drawn.uniform(0, IDLE_SECONDS)
                taken[case.name].append(stopped_after(case, config, source, wait_seconds))
            loads.append(os.getloadavg()[0])
    return Report(
        "From stop() to the end of the run",
        ("run", "stops", "median ms", "longest ms", "allowed ms", "verdict"),
        [_row(case, taken[case.name]) for case in CASES],
        [f"{SYMBOLS} symbols, {SESSIONS} sessions; a deadline is {DEADLINE_SECONDS:g} s"],
        loads,
    )


def _row(case: Case, seconds: list[float]) -> list[str]:
    figures = (statistics.median(seconds), max(seconds), case.allowed_seconds)
    verdict = "reached" if max(seconds) <= case.allowed_seconds else "missed"
    return [case.name, str(len(seconds)), *(f"{1e3 * each:.1f}" for each in figures), verdict]
