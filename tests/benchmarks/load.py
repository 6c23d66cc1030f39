"""To load a session with a month of history, beside a bare read of the same columns.

    python -m tests.benchmarks.load make|arrow|ours FOLDER LAYOUT SYMBOLS

makes the market, or reads it and prints one line: the time, and by how much the peak of memory
grew. Ours runs from the start of ``run()`` to the exit of Load: a state of its own, put in after
it, reads the clock and ends the run.
"""

from __future__ import annotations

import gc
import glob
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pyarrow.parquet as pq

from fsm_session import TRADING_DAY, ParquetSource, SessionConfig, SessionCoordinator, State
from tests.benchmarks.fresh import Job, Line, Measured, interleaved, job, peak_mb, run, say
from tests.benchmarks.partitions import COLUMNS, write_files, write_partitions
from tests.benchmarks.shared_bench import common
from tests.benchmarks.synthetic import frames, sessions
from tests.benchmarks.tables import Report, runs, times
from tests.benchmarks.workload import RECORDS, import_everything

SYMBOLS, TRAILING_DAYS = 500, 30
LAYOUTS = {"files": write_files, "partitions": write_partitions}
LABELS = {"files": "a file a symbol", "partitions": "a folder a date"}
Read = Callable[[Path, str, int], Line]


def measure(rounds: int, symbols: int = SYMBOLS) -> Report:
    """Make the market in a temporary folder, and read it both ways."""
    with tempfile.TemporaryDirectory() as folder:
        click.echo(f"making {symbols} symbols x {TRAILING_DAYS + 1} days", err=True)
        jobs = []
        for layout in LAYOUTS:
            run(_job("make", folder, layout, symbols))
            jobs += [_job(who, folder, layout, symbols) for who in ("arrow", "ours")]
        measured = interleaved(jobs, rounds)
    rows = [] if measured.faults else [row for each in LAYOUTS for row in _rows(measured, each)]
    return Report(
        f"Load: one session with {TRAILING_DAYS} trailing days of {symbols} symbols",
        ("layout", "who", "wall s", "to arrow", "MB added", "to arrow"),
        rows,
        [
            runs(measured),
            "arrow reads the columns into tables and keeps them, with the threads it takes by"
            " itself; ours validates, decodes, checks every value and registers, from the start"
            " of run() to the exit of Load; no stream but 1m, no indicators",
        ],
        measured.loads,
        [*measured.faults, *_different(measured, symbols)],
        labels=2,
    )


def _job(who: str, folder: str, layout: str, symbols: int) -> Job:
    return job(f"{layout} {who}", "load", who, folder, layout, symbols)


def _rows(measured: Measured, layout: str) -> Iterator[list[str]]:
    base = {key: measured.median(f"{layout} arrow", key) for key in ("wall", "added_mb")}
    for who in ("arrow", "ours"):
        row = [LABELS[layout], who]
        for key, digits in (("wall", 3), ("added_mb", 0)):
            value = measured.median(f"{layout} {who}", key)
            row += [f"{value:.{digits}f}", times(value / base[key])]
        yield row


def _different(measured: Measured, symbols: int) -> Iterator[str]:
    """Name whoever has not read every row."""
    expected = symbols * (TRAILING_DAYS + 1) * int(common().BARS)
    for name, lines in measured.lines.items():
        yield from (f"{name} read {x['rows']} rows" for x in lines if x["rows"] != expected)


def make(folder: Path, layout: str, symbols: int) -> Line:
    """Write the market."""
    LAYOUTS[layout](folder, frames(symbols, TRAILING_DAYS + 1))
    return {}


def arrow(folder: Path, layout: str, symbols: int) -> Line:
    """Read the columns of all files into arrow tables that stay."""
    wanted = ["timestamp", *COLUMNS] + ["symbol"] * (layout == "partitions")
    paths = sorted(glob.glob(f"{folder}/**/*.parquet", recursive=True))
    before, started = peak_mb(), time.perf_counter()
    tables = [pq.read_table(path, columns=wanted, partitioning=None) for path in paths]
    wall, added = time.perf_counter() - started, peak_mb() - before
    return {"wall": wall, "added_mb": added, "rows": sum(map(len, tables))}


def ours(folder: Path, layout: str, symbols: int) -> Line:
    """Load the last session through the public API."""
    seen: Line = {}

    def look(context: Any) -> None:
        """Read the clock and the peak, count what is there, and end the run."""
        seen["wall"], seen["added_mb"] = time.perf_counter() - started, peak_mb() - before
        everything = (context.data[symbol].whole_day() for symbol in context.data)
        history = (context.data[symbol].history() for symbol in context.data)
        seen["rows"] = sum(map(len, everything)) + sum(map(len, history))
        context.stop()

    coordinator = _coordinator(folder, layout, symbols, look)
    before, started = peak_mb(), time.perf_counter()
    coordinator.run()
    return seen


def _coordinator(
    folder: Path, layout: str, symbols: int, look: Callable[[Any], None]
) -> SessionCoordinator:
    day = str(sessions(TRAILING_DAYS + 1)[-1])
    history = [{"trailing_days": TRAILING_DAYS, "intervals": ["1m"]}]
    data = {"symbols": common().symbols(symbols), "streams": ["1m"], "history": history}
    config = SessionConfig.from_dict({"backtest": {"start": day, "end": day}, "data": data})
    path = folder / "{symbol}_{interval}.parquet" if layout == "files" else folder
    return SessionCoordinator(
        config,
        source=ParquetSource(path),
        lifecycle=TRADING_DAY.insert(State("Loaded", entry=[look]), after="Load"),
        **RECORDS,
    )


def main() -> None:
    """Do one of the three, and print its line."""
    does: dict[str, Read] = {"make": make, "arrow": arrow, "ours": ours}
    who, folder, layout, symbols = sys.argv[1:]
    import_everything()
    gc.collect()
    say(**does[who](Path(folder) / layout, layout, int(symbols)))


if __name__ == "__main__":
    main()
