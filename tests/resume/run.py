"""One run of six real sessions, and a process that makes many of them, each in a child of its own.

``python -m tests.resume.run FOLDER`` reads a job a line: the points at which one child after the
other ends, all on one folder. It answers with how each ended, and what it left behind. A child is
forked from a process that has imported everything, and so costs no more than its run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

import cattrs
import orjson
import pandas as pd

from fsm_session import FramesSource, FsmSessionError, SessionConfig, SessionCoordinator, Signal
from fsm_session.errors import RunFailedError, RunInterruptedError
from tests.real_data import SHARED
from tests.resume.disk import Disk, Point

SYMBOLS = ["BKNG", "NVR"]
#: six sessions of XNYS, a half-day and a holiday among them
START, END = "2024-07-01", "2024-07-09"
SESSIONS = ("2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08", "2024-07-09")
SMA = {"name": "sma_20", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 20}}


class Cross:
    """A strategy that says something now and then."""

    def on_bars(self, view: Any) -> Any:
        up = (view.latest("close") > view.latest("sma_20")) & view.fresh("5m")
        return [Signal(symbol, "buy", "above", 1.5) for symbol in view.symbols[up]]


class Looks:
    """A scanner that finds a symbol before the session and within it."""

    pre_session = True
    every = "2h"

    def scan(self, view: Any) -> list[str]:
        return ["NVR"]


@lru_cache
def source() -> FramesSource:
    frames = {}
    for name in SYMBOLS:
        frame = pd.read_parquet(SHARED / "data" / "blaizard" / f"{name}_1m.parquet")
        frame = frame.set_index("timestamp")
        frames[name] = frame[(frame.index >= "2024-06-24") & (frame.index < "2024-07-12")]
    return FramesSource(frames, interval="1m")


def coordinator(folder: Path, **options: Any) -> SessionCoordinator:
    config = SessionConfig.from_dict(
        {
            "backtest": {"start": START, "end": END},
            "data": {"symbols": ["BKNG"], "streams": ["1m", "5m"], "indicators": [SMA]},
        }
    )
    given: dict[str, Any] = {"strategies": [Cross()], "scanners": [Looks]}
    return SessionCoordinator(config, source=source(), out=folder, **(given | options))


def run_once(folder: Path, point: Point | None, **options: Any) -> tuple[str, Disk]:
    """Run, or go on, until the end or the point; give how it ended, and what was done."""
    disk = Disk(point)
    disk.wrap()
    try:
        ended = str(coordinator(folder, resume=True, **options).run().outcome)
    except (RunFailedError, RunInterruptedError) as error:
        ended = f"failed: {error.exceptions[0]}"
    except FsmSessionError as error:
        ended = f"refused: {error}"
    return ended, disk


def in_a_child(folder: Path, point: Point | None) -> dict[str, Any]:
    """Do it in a forked child; give its status, and what it could still say."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        ended, disk = run_once(folder, point)
        os.write(writing, orjson.dumps({"ended": ended, "ops": disk.done, "struck": disk.struck}))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    told = orjson.loads(said) if said else {"ended": "killed", "ops": [], "struck": True}
    return {"signal": os.WTERMSIG(status), "folder": contents(folder), **told}


def contents(folder: Path) -> dict[str, str]:
    """Give what lies in a folder: the journal as it is, of everything else the digest."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): path.read_bytes().decode("latin-1")
        if path.name == "journal.jsonl"
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def main() -> None:
    warnings.simplefilter("ignore")  # of forking: no thread of this process is at work
    root = Path(sys.argv[1])
    source()
    coordinator(root / "warm", resume=False).run()
    for number, line in enumerate(sys.stdin):
        points = cattrs.structure(orjson.loads(line), list[Point | None])
        answers = [in_a_child(root / str(number), point) for point in points]
        print(orjson.dumps(answers).decode(), flush=True)
        shutil.rmtree(root / str(number))


if __name__ == "__main__":
    main()
