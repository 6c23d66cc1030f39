"""Does a session cost the same, however many came before it, and whatever its history?

    python -m tests.benchmarks.scaling SYMBOLS EARLIER SESSIONS TRAILING_DAYS

runs so many sessions after ``EARLIER`` others that are there as history, and prints one line.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator

from fsm_session import FramesSource, SessionCoordinator
from tests.benchmarks.fresh import Job, Measured, interleaved, job, say
from tests.benchmarks.synthetic import frames, sessions
from tests.benchmarks.tables import Report, runs, times
from tests.benchmarks.workload import RECORDS, OnBars, Tally, import_everything, wishes

SYMBOLS = 50
LENGTHS = (5, 10, 20, 40, 80)
SHORT, LONG = 3, 30
COMPARED = 20


def measure(rounds: int) -> Report:
    """Run all lengths, and the two histories."""
    jobs = [_job(SHORT, n, SHORT) for n in LENGTHS]
    jobs += [_job(LONG, COMPARED, days) for days in (SHORT, LONG)]
    measured = interleaved(jobs, rounds)
    rows = [] if measured.faults else [*_lengths(measured), *_histories(measured)]
    return Report(
        f"Seconds a session, {SYMBOLS} symbols, on_bars",
        ("sessions", "trailing days", "wall s", "s a session", "to the first", "s a further one"),
        rows,
        [
            runs(measured),
            "the whole run is timed: what it does once, whatever its length, is in every row;"
            " a further session: against the row above",
        ],
        measured.loads,
        measured.faults,
    )


def _job(earlier: int, count: int, trailing_days: int) -> Job:
    name = _name(earlier, count, trailing_days)
    return job(name, "scaling", SYMBOLS, earlier, count, trailing_days)


def _name(earlier: int, count: int, trailing_days: int) -> str:
    return f"{count} sessions after {earlier}, {trailing_days} trailing days"


def _lengths(measured: Measured) -> Iterator[list[str]]:
    walls = {n: measured.median(_name(SHORT, n, SHORT), "wall") for n in LENGTHS}
    base, before = walls[LENGTHS[0]] / LENGTHS[0], 0
    for n, wall in walls.items():
        further = f"{(wall - walls[before]) / (n - before):.4f}" if before else ""
        own = wall / n
        yield [str(n), str(SHORT), f"{wall:.3f}", f"{own:.4f}", times(own / base), further]
        before = n


def _histories(measured: Measured) -> Iterator[list[str]]:
    """Tell of the same sessions with a short and a long history."""
    base = measured.median(_name(LONG, COMPARED, SHORT), "wall")
    for days in (SHORT, LONG):
        wall = measured.median(_name(LONG, COMPARED, days), "wall")
        label = f"{COMPARED}, after {LONG} others"
        own = f"{wall / COMPARED:.4f}"
        yield [label, str(days), f"{wall:.3f}", own, times(wall / base), ""]


def main() -> None:
    """Run once, and print how long it took."""
    symbols, earlier, count, trailing_days = map(int, sys.argv[1:])
    import_everything()
    days, made = sessions(earlier + count), frames(symbols, earlier + count)
    gc.collect()
    started = time.perf_counter()
    config = wishes(list(made), days[earlier], days[-1], trailing_days)
    source = FramesSource(made, interval="1m")
    parts = [OnBars(Tally())]
    run = SessionCoordinator(config, source=source, strategies=parts, **RECORDS).run()
    wall = time.perf_counter() - started
    assert [each.bars for each in run.sessions] == [390 * symbols] * count
    say(wall=wall)


if __name__ == "__main__":
    main()
