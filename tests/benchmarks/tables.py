"""What a benchmark tells: a Markdown table, under which conditions, and what does not hold."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version

from attrs import frozen

from tests.benchmarks.fresh import Measured

LIBRARIES = (
    "fsm-session", "numpy", "pandas", "pyarrow", "TA-Lib", "exchange_calendars", "transitions",
)  # fmt: skip


@frozen
class Report:
    """One benchmark's results; ``faults`` are reasons not to trust them.

    The first ``labels`` columns are text, the others numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    loads: Sequence[float] = ()
    faults: Sequence[str] = ()
    labels: int = 1

    def __str__(self) -> str:
        """Write it in Markdown."""
        parts = [f"### {self.title}", self._table()]
        notes = [*self.notes, under(self.loads), *(f"**Not so:** {each}" for each in self.faults)]
        return "\n\n".join([*parts, "\n".join(f"- {each}" for each in notes)]) + "\n"

    def _table(self) -> str:
        ruler = ["---"] * self.labels + ["---:"] * (len(self.columns) - self.labels)
        return "\n".join(f"| {' | '.join(row)} |" for row in (self.columns, ruler, *self.rows))


def under(loads: Sequence[float]) -> str:
    """Say under which conditions it was measured."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    low, mid, high = min(loads), statistics.median(loads), max(loads)
    load = f"load average while measuring {low:.2f} / {mid:.2f} / {high:.2f} (min/median/max)"
    return f"{load}; {os.cpu_count()} CPUs; {python} on {platform.system()}; {libraries}"


def runs(measured: Measured) -> str:
    """Say how many runs stand behind a median."""
    counts = {len(lines) for lines in measured.lines.values()}
    return f"medians of {min(counts, default=0)} runs, each in a fresh process, interleaved"


def times(value: float, *, digits: int = 2) -> str:
    """Write a ratio."""
    return f"{value:.{digits}f}x"


def held_to(value: float, target: float) -> str:
    """Write a ratio beside the least it should be."""
    verdict = "reached" if value >= target else "missed"
    return f"{times(value)} (≥ {target:g}: {verdict})"
