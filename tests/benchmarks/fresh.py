"""One measurement, one fresh process, which prints one line of JSON.

All jobs are run once a round, in an order that is shuffled anew each time, so that whatever
else goes on hits all alike; what is told of a job is its median over the rounds.
"""

from __future__ import annotations

import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from attrs import define, field, frozen

ROOT = Path(__file__).parent.parent.parent
#: one thread for a numerical library: whether others are free is chance
ENVIRONMENT = {
    "PYTHONWARNINGS": "ignore",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}
SECONDS = 900

Line = dict[str, Any]


@frozen
class Job:
    """What is measured by one process: its name, and its command."""

    name: str
    command: tuple[str, ...]


@define
class Measured:
    """The lines of each job, the load average after each run, and what went wrong."""

    lines: dict[str, list[Line]] = field(factory=dict)
    loads: list[float] = field(factory=list)
    faults: list[str] = field(factory=list)

    def median(self, name: str, key: str) -> float:
        """Give a job's median of a value."""
        return statistics.median(float(line[key]) for line in self.lines[name])


def job(name: str, module: str, *arguments: object) -> Job:
    """Make a job of a module of this package that can be run."""
    command = (sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments))
    return Job(name, command)


def interleaved(jobs: Sequence[Job], rounds: int) -> Measured:
    """Run every job once a round, in shuffled order, and tell each on standard error."""
    measured = Measured()
    for number in range(1, rounds + 1):
        for each in random.sample(jobs, len(jobs)):
            started = time.perf_counter()
            told = _run_into(measured, each)
            seconds = time.perf_counter() - started
            measured.loads.append(os.getloadavg()[0])
            load = f"{seconds:.1f} s in all, load {measured.loads[-1]:.2f}"
            click.echo(f"round {number}/{rounds}  {each.name}: {told}  ({load})", err=True)
    return measured


def _run_into(measured: Measured, each: Job) -> str:
    try:
        line = run(each)
    except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
        measured.faults.append(f"{each.name}: {error}")
        return f"failed: {error}"
    measured.lines.setdefault(each.name, []).append(line)
    return f"{line['wall']:.4f} s" if "wall" in line else ""


def run(each: Job) -> Line:
    """Run a job; give what it says. Raises RuntimeError with the end of what it complains of."""
    with tempfile.TemporaryDirectory() as out:
        environment = {**os.environ, **ENVIRONMENT, "BENCHMARK_OUT": out}
        done = subprocess.run(
            each.command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS
        )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        raise RuntimeError(f"status {done.returncode}: {done.stderr.strip()[-400:]}")
    said: Line = json.loads(lines[-1])
    return said


def say(**values: object) -> None:
    """Print the line of this process."""
    print(json.dumps(values), flush=True)


def peak_mb() -> float:
    """Give this process's peak of resident memory, in MiB.

    Where there is /proc, from there: what rusage says may be the peak of the process that
    started this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        found = [x.split()[1] for x in status.read_text().splitlines() if x.startswith("VmHWM:")]
        if found:
            return int(found[0]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)
