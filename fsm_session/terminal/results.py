"""What came of a run: its closing table, and the files that it left.

A few sessions have a row each; many are summed up by week, month, quarter or year, and those that
were not as they should be are named behind the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fsm_session.coordinator import Run
from fsm_session.market.calendar import TradingSession
from fsm_session.session_result import SessionResult
from fsm_session.terminal.periods import periods, span
from fsm_session.terminal.text import (
    ROWS_SHOWN,
    cell,
    ends,
    grid,
    names_of,
    print_fitting,
    shown,
    table_of,
)

if TYPE_CHECKING:
    from rich.table import Table

FILES = {
    "report.html": "all of it on one page, for a browser",
    "demo.toml": "the configuration",
    "run.json": "how it ended: outcome, sessions, errors",
    "journal.jsonl": "every move of the lifecycle",
    "sessions": "bars, indicators, quality, signals, scans",
}
SESSION = ("session", "symbols", "steps", "bars", "signals", "scans", "quality", "")
PERIOD = ("sessions", "count", *SESSION[1:])
#: what is left out where there is no room, the first of it first
LESS = ("steps", "symbols", "scans", "count", "")


def show_run(run: Run, name: str, sessions: Sequence[TradingSession]) -> None:
    """Print the closing table: a row a session or period, their sums, the outcome."""
    early = {each.label: f"{each.close:%H:%M}" for each in sessions if each.early_close}
    many = len(run.sessions) > ROWS_SHOWN
    columns = PERIOD if many else SESSION
    rows = [*(_by_period(run, early) if many else _one_by_one(run, early))]
    if len(run.sessions) > 1:
        rows.append({columns[0]: "all", **_sums(run.sessions)})

    def make(without: Sequence[str]) -> Table:
        left = [each for each in columns if each not in without]
        table = table_of(*left, title=name)
        for number, row in enumerate(rows, 1):
            cells = (cell(row.get(each, "")) for each in left)
            table.add_row(*cells, end_section=number == len(rows) - 1)
        return table

    cramped = bool(run.sessions) and "" in print_fitting(make, LESS)
    for line in _notable(run.sessions) if many or cramped else ():
        click.echo(shown(line))
    done = sum(each.complete for each in run.sessions)
    click.echo(f"{run.outcome}: {done:,} of {len(sessions):,} sessions")


def show_files(out: Path | None) -> None:
    """Print where the files of a run are, and what is in each."""
    if out is None:
        click.echo("nothing was written: --out DIR asks for the records")
        return
    click.echo(f"\nfiles in {shown(out)}:")
    rows = [(f"  {name}", size, told) for name, size, told in _files(out)]

    def make(without: Sequence[str]) -> Table:
        table = grid(3 - len(without))
        for row in rows:
            table.add_row(*map(cell, row[: 3 - len(without)]))
        return table

    print_fitting(make, ["what is in it"])


def written(out: Path | None) -> list[Path]:
    """List the files of a run; none where nothing was written."""
    if out is None:
        return []
    return [*_of_the_run(out), *_of_sessions(out)]


def _of_the_run(out: Path) -> list[Path]:
    return [path for path in map(out.joinpath, FILES) if path.is_file()]


def _of_sessions(out: Path) -> list[Path]:
    return sorted(out.glob("sessions/*.json"))


Row = dict[str, str]


def _one_by_one(run: Run, early: dict[str, str]) -> Iterator[Row]:
    for each in run.sessions:
        row = {"session": each.date, "": ", ".join(_notes(each, early))}
        yield {**row, **_of_all([each])}


def _by_period(run: Run, early: dict[str, str]) -> Iterator[Row]:
    for name, group in periods(run.sessions):
        told = [
            (sum(each.date in early for each in group), "close early"),
            (sum(not each.complete for each in group), "not complete"),
            (sum(bool(each.left_out) for each in group), "without some symbols"),
            (sum(bool(each.disabled) for each in group), "with parts taken out"),
        ]
        notes = ", ".join(f"{count} {what}" for count, what in told if count)
        yield {"sessions": name, "count": f"{len(group):,}", "": notes, **_of_all(group)}


def _of_all(results: Sequence[SessionResult]) -> Row:
    """Give the figures of some sessions: sums, and from the least to the most of what has none."""
    return {
        **_sums(results),
        "symbols": span([each.counts()["symbols"] for each in results], "{}"),
        "quality": span([each.quality_percent for each in results], "{:.1f}%"),
    }


def _sums(results: Sequence[SessionResult]) -> Row:
    counts = [each.counts() for each in results]
    sums = {name: sum(each[name] for each in counts) for name in SESSION[2:6]}
    return {"count": f"{len(results):,}", **{name: f"{each:,}" for name, each in sums.items()}}


def _notes(result: SessionResult, early: dict[str, str]) -> Iterator[str]:
    """Say of a session what is not as on any other day."""
    if not result.complete:
        yield "not complete"
    if result.date in early:
        yield f"closes {early[result.date]}"
    if result.left_out:
        yield f"without {names_of(result.left_out)}"
    if result.disabled:
        yield f"taken out: {names_of([each.name for each in result.disabled])}"


def _notable(results: Sequence[SessionResult]) -> Iterator[str]:
    """Name the sessions that were not as they should be, and the one of the least quality."""
    told = [(each.date, ", ".join(_notes(each, {}))) for each in results]
    rows = [(f"{date}  {notes}",) for date, notes in told if notes]
    yield from (line for (line,) in ends(rows)) if rows else ()
    least = min(results, key=lambda each: each.quality_percent, default=None)
    if least is not None and least.quality_percent < max(e.quality_percent for e in results):
        yield f"{least.date}  the least quality, {least.quality_percent:.1f}%"


def _files(out: Path) -> Iterator[tuple[str, str, str]]:
    """Give name, size and meaning of the files; many sessions are one row."""
    for path in _of_the_run(out):
        yield path.name, _size([path]), FILES[path.name]
    sessions = _of_sessions(out)
    if len(sessions) > ROWS_SHOWN:
        yield f"sessions/ ({len(sessions):,} files)", _size(sessions), FILES["sessions"]
        return
    for path in sessions:
        yield f"sessions/{path.name}", _size([path]), FILES["sessions"]


def _size(paths: Sequence[Path]) -> str:
    from rich.filesize import decimal

    return decimal(sum(path.stat().st_size for path in paths))
