"""What came of a run: its closing table, and the files that it left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from fsm_session.coordinator import Run
from fsm_session.market.calendar import TradingSession
from fsm_session.session_result import SessionResult
from fsm_session.terminal.text import (
    NUMBERS,
    cell,
    ends,
    grid,
    names_of,
    print_table,
    shown,
    table_of,
)

FILES = {
    "report.html": "all of it on one page, for a browser",
    "demo.toml": "the configuration",
    "run.json": "how it ended: outcome, sessions, errors",
    "journal.jsonl": "every move of the lifecycle",
    "sessions": "bars, indicators, quality, signals, scans",
}


def show_run(run: Run, name: str, sessions: Sequence[TradingSession]) -> None:
    """Print the closing table: a row a session, their sums, the outcome."""
    table = table_of("session", *NUMBERS, "", title=name)
    early = {each.label: each for each in sessions if each.early_close}
    for row in ends([_session_row(each, early) for each in run.sessions]):
        table.add_row(*map(cell, row))
    if len(run.sessions) > 1:
        sums = [sum(each) for each in zip(*(_counts(each) for each in run.sessions), strict=True)]
        table.add_section()
        table.add_row(*map(cell, ["all", "", *(f"{each:,}" for each in sums)]))
    if run.sessions:
        print_table(table)
    done = sum(each.complete for each in run.sessions)
    click.echo(f"{run.outcome}: {done} of {len(sessions)} sessions")


def show_files(out: Path | None) -> None:
    """Print where the files of a run are, and what is in each."""
    if out is None:
        click.echo("nothing was written: --out DIR asks for the records")
        return
    click.echo(f"\nfiles in {shown(out)}:")
    table = grid()
    for name, size, told in _files(out):
        table.add_row(cell(f"  {name}"), cell(size), cell(told))
    print_table(table)


def _session_row(result: SessionResult, early: dict[str, TradingSession]) -> tuple[str, ...]:
    notes = [] if result.complete else ["not complete"]
    if result.date in early:
        notes.append(f"closes {early[result.date].close:%H:%M}")
    if result.left_out:
        notes.append(f"without {names_of(result.left_out)}")
    if result.disabled:
        notes.append(f"taken out: {names_of([each.name for each in result.disabled])}")
    counts = (f"{each:,}" for each in _counts(result))
    quality = f"{result.quality_percent:.1f}%"
    return (result.date, str(len(result.symbols)), *counts, quality, ", ".join(notes))


def _counts(result: SessionResult) -> tuple[int, ...]:
    counts = result.counts()
    return tuple(counts[name] for name in ("steps", "bars", "signals", "scans"))


def _files(out: Path) -> Iterator[tuple[str, str, str]]:
    """Give name, size and meaning of the files; of many sessions the first and the last."""
    for path in map(out.joinpath, FILES):
        if path.is_file():
            yield path.name, _size(path), FILES[path.name]
    sessions = sorted(out.glob("sessions/*.json"))
    rows = [(f"sessions/{each.name}", _size(each), FILES["sessions"]) for each in sessions]
    yield from ends(rows)


def _size(path: Path) -> str:
    from rich.filesize import decimal

    return decimal(path.stat().st_size)
