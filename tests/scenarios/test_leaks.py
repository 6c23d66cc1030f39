"""A thousand sessions leave nothing behind: no object of ours, no thread, no descriptor."""

from __future__ import annotations

import datetime as dt
import gc
import os
import threading
import weakref
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fsm_session import BaseWorker, FramesSource, RunFailedError, SessionCoordinator, Signal
from tests.small_market import SESSIONS, market, wishes
from tests.unheard import unheard

SESSIONS_RUN = 1000
#: after so many everything that is made once has been made
SETTLED = 200
#: what a run keeps of each session on purpose: what came of it, and the moves
RESULTS = {
    *("SessionResult", "Move", "Signal", "RecordedSignal"),
    *("Found", "RecordedScan", "RecordedChange"),
}
FIRST = dt.date(2021, 1, 1)


class Says:
    def on_bars(self, view: Any) -> Any:
        return [Signal(symbol, "note") for symbol in view.symbols]


class Looks:
    pre_session = True

    def scan(self, view: Any) -> list[str]:
        return ["BBB"]


class Fails(BaseWorker):
    name = "fails"

    def on_step(self, step: Any) -> None:
        raise ValueError("on purpose")


def ours() -> Counter[str]:
    """Count the live objects of the library's own types."""
    gc.collect()
    types = (type(each) for each in gc.get_objects())
    return Counter(
        each.__name__ for each in types if str(each.__module__).startswith("fsm_session")
    )


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return len(os.listdir(folder)) if folder.is_dir() else 0


def grown(before: Counter[str], after: Counter[str]) -> dict[str, int]:
    return {name: after[name] - before[name] for name in after if after[name] > before[name]}


def days(count: int) -> pd.DataFrame:
    """Two bars a day of a market that never shuts."""
    starts = pd.date_range(FIRST, periods=count, freq="1D", tz="UTC")
    times = starts.append(starts + pd.Timedelta(hours=1)).sort_values()
    return pd.DataFrame(
        dict.fromkeys(["open", "high", "low", "close", "volume"], 10.0), index=times
    )


class Counts(BaseWorker):
    """Counts what is alive at the end of two sessions of a run, and watches each one's data."""

    name = "counts"

    def __init__(self) -> None:
        self.sessions = 0
        self.alive: list[Counter[str]] = []
        self.open: list[tuple[int, int]] = []
        self.data: list[weakref.ref[Any]] = []

    def setup(self, context: Any) -> None:
        self.sessions += 1
        self.data.append(weakref.ref(context.data))

    def on_session_end(self) -> None:
        if self.sessions in (SETTLED, SESSIONS_RUN):
            self.alive.append(ours())
            self.open.append((descriptors(), threading.active_count()))


@pytest.fixture(autouse=True)
def _on_its_own() -> Iterator[None]:
    """What other tests have left is not counted, and not gone through again and again.

    Who listens to the log keeps its records, with the errors that they tell of and their runs.
    """
    gc.collect()
    gc.freeze()
    with unheard():
        yield
    gc.unfreeze()


@pytest.mark.parametrize("threads", [False, True])
def test_a_run_of_a_thousand_sessions(threads: bool, tmp_path: Path) -> None:
    """1,000 sessions leave no growth of live objects of ours, no thread, no descriptor."""
    frame = days(SESSIONS_RUN)
    counts = Counts()
    config = wishes(
        ["AAA"],
        str(FIRST),
        str(FIRST + dt.timedelta(days=SESSIONS_RUN - 1)),
        data={"streams": ["1h"]},
        calendar="24/7",
        workers={"threads": threads},
    )
    run = SessionCoordinator(
        config,
        source=FramesSource({"AAA": frame, "BBB": frame}, interval="1h"),
        strategies=[Says],
        scanners=[Looks],
        workers=[counts],
        out=tmp_path,
        summary_only=True,
    ).run()
    assert run.outcome == "completed"
    assert len(run.sessions) == SESSIONS_RUN
    assert {*grown(*counts.alive)} <= RESULTS
    assert counts.open[0] == counts.open[1]
    gc.collect()
    assert [each for each, ref in enumerate(counts.data) if ref() is not None] == [999]


@pytest.mark.parametrize("kind", ["inline", "threads", "failing", "stopped"])
def test_a_thousand_runs_of_a_session(kind: str) -> None:
    """... and nothing of a run is left once its caller has let go of it."""
    source = market({name: {date: [0, 1] for date in SESSIONS} for name in ("AAA", "BBB")})
    config = wishes(["AAA"], SESSIONS[0], SESSIONS[0], workers={"threads": kind == "threads"})
    runs = SESSIONS_RUN // 4
    alive = []
    for number in range(runs):
        workers = [Fails()] if kind == "failing" else [Counts()]
        coordinator = SessionCoordinator(
            config, source=source, strategies=[Says], scanners=[Looks], workers=workers
        )
        if kind == "stopped":
            coordinator.stop()
        try:
            coordinator.run()
        except RunFailedError:
            assert kind == "failing"
        del coordinator, workers
        if number in (SETTLED // 4, runs - 1):
            alive.append((ours(), descriptors(), threading.active_count()))
    (first, *open_first), (last, *open_last) = alive
    assert grown(first, last) == {}
    assert open_first == open_last
