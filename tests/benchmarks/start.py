"""How long the start takes beside ``import pandas``: the package, and the names a script asks for.

A name is imported when it is asked for, so the package alone says little. Bytecode is written,
as it is where the package is installed, into a folder of its own.
"""

from __future__ import annotations

import sys
import tempfile

from tests.benchmarks.fresh import Job, Measured, interleaved
from tests.benchmarks.tables import Report, runs, times

PANDAS = "import pandas"
STARTS = (
    PANDAS,
    "import fsm_session",
    "from fsm_session import SessionConfig, SessionCoordinator, Signal",
    "from fsm_session import *",
)
HEAVY = ("exchange_calendars", "talib", "pyarrow", "rich", "click", "pygraphviz")
CODE = """\
import json, sys, time
sys.dont_write_bytecode = False
wall, cpu = time.perf_counter(), time.process_time()
{start}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
heavy = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps(dict(wall=wall, cpu=cpu, heavy=heavy, modules=len(sys.modules))))
"""


def measure(rounds: int) -> Report:
    """Start each way in fresh processes; a first time, so that the files are at hand."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = [Job(each, _command(each, folder)) for each in STARTS]
        warm = interleaved(jobs, 1)
        measured = interleaved(jobs, 3 * rounds)
    faults = [*warm.faults, *measured.faults]
    return Report(
        "The start: importing",
        ("start", "wall s", "to pandas", "CPU s", "to pandas", "modules", "heavy ones"),
        [] if faults else [_row(measured, each) for each in STARTS],
        [runs(measured), "what pandas brings by itself stands in its row"],
        measured.loads,
        faults,
    )


def _command(start: str, folder: str) -> tuple[str, ...]:
    code = CODE.format(start=start, heavy=HEAVY)
    return (sys.executable, "-X", f"pycache_prefix={folder}", "-c", code)


def _row(measured: Measured, start: str) -> list[str]:
    row, line = [start], measured.lines[start][0]
    for key in ("wall", "cpu"):
        value = measured.median(start, key)
        row += [f"{value:.3f}", times(value / measured.median(PANDAS, key))]
    return [*row, str(line["modules"]), ", ".join(line["heavy"]) or "none"]
