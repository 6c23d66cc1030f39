"""How long ``import fsm_session`` takes beside ``import pandas``, and what heavy it brings."""

from __future__ import annotations

import sys

from tests.benchmarks.fresh import Job, Measured, interleaved
from tests.benchmarks.tables import Report, runs, times

MODULES = ("pandas", "fsm_session")
HEAVY = ("exchange_calendars", "talib", "pyarrow", "rich", "click", "pygraphviz")
CODE = """\
import json, sys, time
wall, cpu = time.perf_counter(), time.process_time()
import {module}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
heavy = [name for name in {heavy!r} if name in sys.modules]
print(json.dumps(dict(wall=wall, cpu=cpu, heavy=heavy, modules=len(sys.modules))))
"""


def measure(rounds: int) -> Report:
    """Import either in fresh processes; a first time, so that the files are at hand."""
    jobs = [Job(each, _command(each)) for each in MODULES]
    warm = interleaved(jobs, 1)
    measured = interleaved(jobs, 3 * rounds)
    faults = [*warm.faults, *measured.faults]
    return Report(
        "The start: importing",
        ("module", "wall s", "to pandas", "CPU s", "to pandas", "modules", "heavy ones"),
        [] if faults else [_row(measured, each) for each in MODULES],
        [runs(measured), "what pandas brings by itself stands in its row"],
        measured.loads,
        faults,
    )


def _command(module: str) -> tuple[str, ...]:
    return (sys.executable, "-c", CODE.format(module=module, heavy=HEAVY))


def _row(measured: Measured, module: str) -> list[str]:
    row, line = [module], measured.lines[module][0]
    for key in ("wall", "cpu"):
        value = measured.median(module, key)
        row += [f"{value:.3f}", times(value / measured.median("pandas", key))]
    return [*row, str(line["modules"]), ", ".join(line["heavy"]) or "none"]
