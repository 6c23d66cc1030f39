"""From a stop to the end: how much is still begun, and how long it takes.

Times are printed, not held to: only what would be a hang is.
"""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import pytest

from fsm_session import SessionCoordinator
from fsm_session.coordinator import Run
from fsm_session.machine import Receipt
from fsm_session.states import TRADING_DAY
from tests.faults.cells import Cell, at, play, staged
from tests.faults.outcome import Ending, Expected
from tests.faults.parts import RECORDERS
from tests.faults.places import Call, Place, Spot, places
from tests.faults.stage import Options, Stage
from tests.faults.witnesses import PATIENCE
from tests.small_market import SESSIONS, last_minute, market, wishes

#: phases whose hooks are work that a stop makes needless; the others are how a run ends in order
WORK = ("Validate", "Load", "InitThreads", "PreScan", "Active", "Paused")
ENTRIES = [place for place in places(TRADING_DAY) if place.kind == "entry" and place.state in WORK]


class TestAfterAStop:
    """From stop() to Done: ... at most one hook."""

    @pytest.mark.parametrize("state", WORK)
    def test_at_most_one_hook_is_begun(self, state: str) -> None:
        most = max(
            len(self.begun_after_a_stop_in(place)) for place in ENTRIES if place.state == state
        )
        assert most <= 1, f"in {state} {most} hooks are begun after a stop"

    def begun_after_a_stop_in(self, place: Place) -> list[Place]:
        with staged(Options()) as stage:
            at(Spot(place, "during"), Stage.stop)(stage)
            stage.run()
            assert stage.fired
            return [each for each in stage.after_the_stop if each in ENTRIES]

    @pytest.mark.parametrize("worker", ["alpha", "delta"])
    def test_no_step_is_begun(self, worker: str) -> None:
        """A stop in the midst of a step: those behind it take that one too, and nobody another."""
        call = Call(worker, "on_step")

        def steps_are_even(ending: Ending) -> list[str]:
            taken = {ending.stage.visits[Call(name, "on_step")] for name in RECORDERS}
            return [] if taken == {2} else [f"steps taken: {taken}"]

        cell = Cell("stop-in-a-step", at(Spot(call, "before", 2), Stage.stop),
                    Expected(stopped=True), also=steps_are_even)  # fmt: skip
        assert play(cell) == []


#: as many steps as a session has minutes
LONG = market({name: {d: list(range(last_minute(d) + 1)) for d in SESSIONS} for name in ("A", "B")})


class Beside:
    """A strategy that works for a moment at each step, so that a stop finds a run that is on."""

    def on_bars(self, view: Any) -> None:
        time.sleep(0.0002)


def run_and_stop(after_seconds: float) -> float:
    """Run it and stop it from another thread after a while; give the seconds from stop to end."""
    config = wishes(["A", "B"], SESSIONS[0], SESSIONS[-1])
    coordinator = SessionCoordinator(config, source=LONG, strategies=[Beside])
    stopped: list[tuple[float, Receipt]] = []

    def stop() -> None:
        stopped.append((time.perf_counter(), coordinator.stop()))

    timer = threading.Timer(after_seconds, stop)
    timer.start()
    run: Run = coordinator.run()
    ended = time.perf_counter()
    timer.join(PATIENCE)
    ((asked, receipt),) = stopped
    assert receipt.status == "done"
    return ended - asked if run.outcome == "stopped" else 0.0


def test_a_stop_from_another_thread_at_a_random_time_ends_the_run_at_once() -> None:
    """From stop() to Done: at most 50 ms idle (told, not held to: the machine may be busy)."""
    chance = random.Random(7)
    times = [run_and_stop(chance.uniform(0.0, 0.2)) for _ in range(20)]
    in_time = sorted(each for each in times if each)
    assert len(in_time) >= 5
    print(f"stop to end, {len(in_time)} runs: median {in_time[len(in_time) // 2] * 1e3:.2f} ms, "
          f"most {in_time[-1] * 1e3:.2f} ms")  # fmt: skip
    assert in_time[-1] < PATIENCE / 10


@pytest.mark.parametrize("method", ["setup", "on_step", "on_session_end", "teardown"])
def test_a_stop_while_a_worker_hangs_waits_for_the_deadlines_and_no_longer(method: str) -> None:
    """From stop() to Done: at most one hook and 1.1 deadlines if something hangs."""
    deadline, asked = 0.5, []
    with staged(Options(threads=True, deadline=deadline)) as stage:

        def hangs(stage: Stage) -> None:
            asked.append(time.monotonic())
            stage.stop()
            stage.hang()

        begun = time.monotonic()
        at(Spot(Call("beta", method), "after"), hangs)(stage)
        stage.run()
        ended = begun + stage.seconds
        assert stage.result is not None
        assert stage.result.unclean == ("beta",)
        print(f"{method}: {(ended - asked[0]) / deadline:.2f} deadlines from stop to end")
        assert ended - asked[0] < 10 * 2.1 * deadline
