"""Does a run's memory depend on how many sessions it has?

    python -m tests.benchmarks.memory PATH SYMBOL,SYMBOL START END

runs W's indicators over Parquet files between two dates, and prints its peak. Files of a symbol
are held whole, whichever sessions are run; of partitions only what is needed has to be.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click
from attrs import frozen

from fsm_session import ParquetSource, SessionCoordinator
from tests.benchmarks.fresh import Job, Measured, interleaved, job, peak_mb, run, say
from tests.benchmarks.partitions import write_partitions
from tests.benchmarks.shared_bench import common
from tests.benchmarks.synthetic import frames, sessions
from tests.benchmarks.tables import Report, runs, times
from tests.benchmarks.workload import RECORDS, OnBars, Tally, import_everything, wishes
from tests.real_data import SHARED

REAL = ("BKNG", "CPAY", "FDS", "GWW", "LII", "NVR")
REAL_DATES, REAL_LAST = ("2024-01-02", "2024-09-03"), "2024-09-30"
TRAILING_DAYS = 3
#: more than what a source of partitions keeps of what it has read
MADE_SYMBOLS, MADE_SESSIONS, MADE_FEW = 150, 80, 20


@frozen
class Market:
    """A market to run the last sessions of: all of them, from the first date, or few."""

    label: str
    path: str
    symbols: tuple[str, ...]
    starts: tuple[str, str]
    end: str


def measure(rounds: int) -> Report:
    """Run all sessions, and few, of each market."""
    with tempfile.TemporaryDirectory() as folder:
        click.echo(f"making {MADE_SYMBOLS} symbols x {MADE_SESSIONS} days", err=True)
        run(job("make", "memory", folder))
        markets = (_real(), _made(folder))
        measured = interleaved([each for market in markets for each in _jobs(market)], rounds)
    rows = [] if measured.faults else [row for market in markets for row in _rows(measured, market)]
    return Report(
        "Peak of memory, by sessions",
        ("market", "sessions", "wall s", "peak MB", "to few", "MB added by the run", "to few"),
        rows,
        [runs(measured), "added: over what the process has once everything is imported"],
        measured.loads,
        measured.faults,
    )


def _real() -> Market:
    path = str(SHARED / "data" / "blaizard" / "{symbol}_{interval}.parquet")
    return Market("six stocks, a file each", path, REAL, REAL_DATES, REAL_LAST)


def _made(folder: str) -> Market:
    days = list(map(str, sessions(TRAILING_DAYS + MADE_SESSIONS)))
    label = f"{MADE_SYMBOLS} made up, a folder a date"
    starts = (days[TRAILING_DAYS], days[-MADE_FEW])
    symbols = tuple(common().symbols(MADE_SYMBOLS))
    return Market(label, f"{folder}/market", symbols, starts, days[-1])


def _jobs(market: Market) -> Iterator[Job]:
    symbols = ",".join(market.symbols)
    for start in market.starts:
        name = f"{market.label} from {start}"
        yield job(name, "memory", market.path, symbols, start, market.end)


def _rows(measured: Measured, market: Market) -> Iterator[list[str]]:
    """Tell of all sessions and of few."""
    base = f"{market.label} from {market.starts[1]}"
    for start in market.starts:
        name = f"{market.label} from {start}"
        row = [market.label, str(measured.lines[name][0]["sessions"])]
        row += [f"{measured.median(name, 'wall'):.2f}"]
        for key in ("peak_mb", "added_mb"):
            value = measured.median(name, key)
            row += [f"{value:.0f}", times(value / measured.median(base, key))]
        yield row


def one_run(path: str, symbols: list[str], start: str, end: str) -> None:
    """Run the sessions between two dates, and print the peak."""
    import_everything()
    before, started = peak_mb(), time.perf_counter()
    config = wishes(symbols, start, end, TRAILING_DAYS)
    source, parts = ParquetSource(path), [OnBars(Tally())]
    done = SessionCoordinator(config, source=source, strategies=parts, **RECORDS).run()
    wall, peak = time.perf_counter() - started, peak_mb()
    say(wall=wall, peak_mb=peak, added_mb=peak - before, sessions=len(done.sessions))


def main() -> None:
    """Make the market where only its folder is named, else run."""
    if len(sys.argv) == 2:
        made = frames(MADE_SYMBOLS, TRAILING_DAYS + MADE_SESSIONS)
        write_partitions(Path(sys.argv[1]) / "market", made)
        say()
    else:
        path, symbols, start, end = sys.argv[1:]
        one_run(path, symbols.split(","), start, end)


if __name__ == "__main__":
    main()
