"""A move of our machine beside one of ``transitions``' own locked machine, and what moves cost.

Both go round between two states, with the same guard and the same hooks on the way out and in.
Ours is told three times: with a run's records that write it into a journal, with those of a run
that writes nothing, and with nobody who listens; theirs once more with a record like ours.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click
from attrs import define, field
from transitions.extensions import LockedMachine

from fsm_session import FramesSource, SessionConfig, SessionCoordinator
from fsm_session.export import RunRecords
from fsm_session.machine import Driver, Failure, Lifecycle, Move, Observer, State, Transition
from tests.benchmarks.shared_bench import Frames
from tests.benchmarks.synthetic import frames, sessions
from tests.benchmarks.tables import Report, times
from tests.benchmarks.workload import OnBars, Tally, import_everything, wishes

MOVES = 2_000
SYMBOLS, SESSIONS, TRAILING_DAYS = 20, 5, 3
OURS, UNWRITTEN, BARE = "ours, with journal", "ours, kept in memory", "ours, nobody listens"
THEIRS, TOLD = "LockedMachine", "LockedMachine, with the same journal"


@define(eq=False)
class Round:
    """What guard and hooks work on: how many moves are left, and what ran."""

    left: int = MOVES
    ran: int = 0


def more_to_do(context: Round) -> bool:
    """A move is left."""
    context.left -= 1
    return context.left >= 0


def leave(context: Round) -> None:
    """Leave a state."""
    context.ran += 1


def enter(context: Round) -> None:
    """Enter a state."""
    context.ran += 1


ROUND = Lifecycle(
    "round",
    [
        State("Left", entry=[enter], exit=[leave]),
        State("Right", entry=[enter], exit=[leave]),
        State("End", final=True),
    ],
    [
        Transition("Left", "Right", more_to_do),
        Transition("Left", "End"),
        Transition("Right", "Left", more_to_do),
        Transition("Right", "End"),
    ],
)


@define(eq=False)
class Records:
    """The records of a run that is never made: where it is, and its journal, if any."""

    folder: Path | None
    where: Callable[[], Any] = field(init=False)
    records: RunRecords = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Open the journal, and begin it."""
        tables = {
            "backtest": {"start": "2024-07-01", "end": "2024-07-05"},
            "data": {"symbols": ["AAA"], "streams": ["1m"]},
            "source": {"kind": "simulated"},
        }
        config = SessionConfig.from_dict(tables)
        self.where = SessionCoordinator(config).context.where
        self.records = RunRecords(config, self.folder)
        self.records.open({}, overwrite=True)
        self.records.begin()

    def observe(self, move: Move | Failure) -> None:
        """Put a move on record."""
        self.records.observe(move)


def go_round(observers: list[Observer], where: Callable[[], Any] = dict) -> float:
    """Run our lifecycle; give the seconds a move."""
    driver = Driver(ROUND, Round(), observers=observers, where=where)
    started = time.perf_counter()
    state = driver.run()
    seconds = time.perf_counter() - started
    assert state == "End" and not driver.failures
    return seconds / (MOVES + 2)


class Model:
    """What LockedMachine keeps its state on."""

    state: str
    go: Callable[[], bool]


def go_round_locked(records: Records | None = None) -> float:
    """Move a LockedMachine as often; give the seconds a move."""
    context, model = Round(), Model()
    after: list[Callable[[], None]] = [partial(enter, context)]
    if records is not None:
        after.append(partial(_tell, records, context))
    common = {"before": partial(leave, context), "after": after}
    common["conditions"] = partial(more_to_do, context)
    ends = (("Left", "Right"), ("Right", "Left"))
    table = [{"trigger": "go", "source": s, "dest": d, **common} for s, d in ends]
    LockedMachine(
        model=model,
        states=["Left", "Right"],
        transitions=table,
        initial="Left",
        queued=True,
        auto_transitions=False,
    )
    started = time.perf_counter()
    for _ in range(MOVES):
        model.go()
    seconds = time.perf_counter() - started
    assert (context.left, context.ran) == (0, 2 * MOVES)
    return seconds / MOVES


def _tell(records: Records, context: Round) -> None:
    records.observe(Move(MOVES - context.left, "Left", "Right", "more_to_do", records.where()))


def measure(rounds: int) -> Report:
    """Go round in turn, then run sessions."""
    import_everything()
    with tempfile.TemporaryDirectory() as folder:
        seconds, loads = _moves(rounds, Path(folder))
        medians = {name: statistics.median(found) for name, found in seconds.items()}
        shares = [_share(rounds, Path(folder), medians, kept) for kept in (True, False)]
    return Report(
        "A move of the machine",
        ("machine", "µs a move", f"to {THEIRS}"),
        [[n, f"{s * 1e6:.1f}", times(s / medians[THEIRS])] for n, s in medians.items()],
        [f"medians of {len(seconds[OURS])} times {MOVES} moves, in turn, in one process", *shares],
        loads,
    )


def _moves(rounds: int, folder: Path) -> tuple[dict[str, list[float]], list[float]]:
    """Measure each way in turn, once before it counts."""
    kept, unwritten = Records(folder / "round"), Records(None)
    ways: dict[str, Callable[[], float]] = {
        OURS: lambda: go_round([kept.observe], kept.where),
        UNWRITTEN: lambda: go_round([unwritten.observe], unwritten.where),
        BARE: lambda: go_round([]),
        THEIRS: go_round_locked,
        TOLD: lambda: go_round_locked(kept),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    loads: list[float] = []
    for number in range(4 * rounds + 1):
        for name, way in ways.items():
            found = way()
            if number:
                seconds[name].append(found)
                loads.append(os.getloadavg()[0])
    kept.records.close()
    click.echo(f"moved {sum(map(len, seconds.values())) * MOVES} times", err=True)
    return seconds, loads


def _share(rounds: int, folder: Path, seconds: dict[str, float], kept: bool) -> str:
    """Say what part of a session's time its moves take: so many, at what one was measured."""
    made = frames(SYMBOLS, TRAILING_DAYS + SESSIONS)
    walls, moves = [], 0
    for number in range(rounds + 1):
        wall, moves = _week(made, folder / f"{number}" if kept else None)
        walls.append(wall)
    a_move = seconds[OURS if kept else UNWRITTEN]
    a_session, each = statistics.median(walls[1:]) / SESSIONS, moves / SESSIONS
    return (
        f"sessions of {SYMBOLS} symbols, {'with their records' if kept else 'nothing written'}:"
        f" {each:.1f} moves, {a_session * 1e3:.1f} ms each; the moves'"
        f" share of it {100 * each * a_move / a_session:.2f} %"
    )


def _week(made: Frames, out: Path | None) -> tuple[float, int]:
    """Run the sessions; give the seconds, and how many moves there were."""
    days = sessions(TRAILING_DAYS + SESSIONS)
    config = wishes(list(made), days[TRAILING_DAYS], days[-1], TRAILING_DAYS)
    started = time.perf_counter()
    source, parts = FramesSource(made, interval="1m"), [OnBars(Tally())]
    run = SessionCoordinator(config, source=source, strategies=parts, out=out).run()
    return time.perf_counter() - started, len(run.moves)
