"""The benchmarks by name: ``python -m tests.benchmarks peers``; tables on standard output.

Exit status 1 where what was measured does not agree, or a run failed: a table that is not to be
trusted. Whether a target is reached is told, and changes nothing of the status.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from tests.benchmarks import load, machine, memory, peers, scaling, start, stops, streams
from tests.benchmarks.shared_bench import BENCH
from tests.benchmarks.tables import Report

Measure = Callable[[int, Path], Report]

BENCHMARKS: dict[str, Measure] = {
    "peers": peers.measure,
    "scaling": lambda rounds, _: scaling.measure(rounds),
    "load": lambda rounds, _: load.measure(rounds),
    "memory": lambda rounds, _: memory.measure(rounds),
    "machine": lambda rounds, _: machine.measure(rounds),
    "start": lambda rounds, _: start.measure(rounds),
    "stops": lambda rounds, _: stops.measure(rounds),
    "streams": lambda rounds, _: streams.measure(rounds),
}


@click.command()
@click.argument("name", type=click.Choice([*BENCHMARKS, "all"]))
@click.option("--rounds", default=5, show_default=True, help="How often each is run.")
@click.option(
    "--venvs",
    type=click.Path(path_type=Path),
    default=Path(os.environ.get("VENVS", "venvs")),
    show_default="$VENVS, or venvs",
    help="The folder of the peers' environments.",
)
def main(name: str, rounds: int, venvs: Path) -> None:
    """Measure, tell of each run on standard error, and print a table."""
    if not BENCH.is_dir():
        raise click.ClickException(f"there is no {BENCH} (set FSM_SESSION_SHARED)")
    faulty = False
    for measure in BENCHMARKS.values() if name == "all" else (BENCHMARKS[name],):
        report = measure(rounds, venvs)
        click.echo(str(report))
        faulty = faulty or bool(report.faults)
    raise SystemExit(1 if faulty else 0)


if __name__ == "__main__":
    main(prog_name="python -m tests.benchmarks")
