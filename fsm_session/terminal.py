"""What a run looks like to a person: its progress, its closing table, its faults.

Names come from configurations and data, and a terminal obeys what it is sent: so whatever is
shown goes through :func:`shown`, and nothing is read as markup. Results go to stdout, progress
and faults to stderr.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fsm_session.coordinator import Progress, Run, SessionCoordinator
from fsm_session.errors import FaultyInputError, FsmSessionError
from fsm_session.export import SessionResult
from fsm_session.machine import Failure
from fsm_session.market.calendar import TradingSession
from fsm_session.session.requirements import Requirements, SymbolPlan

if TYPE_CHECKING:
    from rich import progress as bars
    from rich.table import Table

FAULTS_SHOWN = 30
LINES_SHOWN = 8
#: of more rows than this the first and the last are shown
ROWS_SHOWN = 14
NAMES_SHOWN = 8
#: the columns of the closing table that are numbers
NUMBERS = ("symbols", "steps", "bars", "signals", "scans", "quality")

FILES = {
    "demo.toml": "the configuration",
    "run.json": "how it ended: outcome, sessions, errors",
    "journal.jsonl": "every move of the lifecycle",
    "sessions": "bars, indicators, quality, signals, scans",
}


def shown(text: object) -> str:
    r"""Write what can't be printed, and a terminal might obey, as its escape: ``\x1b``."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in str(text))


def print_anything() -> None:
    """Let stdout and stderr write what their encoding lacks as escapes, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class RunProgress:
    """A line on stderr that says where a run is, while its ``with`` block lasts.

    It asks the coordinator a few times a second, so that the run pays nothing for it. There is
    none where stderr is no terminal, or where it is not ``wanted``.
    """

    def __init__(self, coordinator: SessionCoordinator, *, wanted: bool = True) -> None:
        dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
        self._bar: bars.Progress | None = None
        self._note = ""
        if wanted and sys.stderr.isatty() and not dumb:
            self._bar = _bar(coordinator, lambda: self._note)

    def __enter__(self) -> None:
        """Begin to show it."""
        if self._bar is not None:
            self._bar.start()

    def __exit__(self, *_: object) -> None:
        """Show it as it is at the end, and leave it there."""
        if self._bar is not None:
            self._bar.stop()

    def tell(self, note: str) -> None:
        """Say a line; from a signal handler too, in the midst of whatever is being printed."""
        self._note = note
        if self._bar is None:
            with contextlib.suppress(OSError):
                os.write(2, f"{shown(note)}\n".encode())


def show_run(run: Run, name: str, sessions: Sequence[TradingSession]) -> None:
    """Print the closing table: a row a session, their sums, the outcome."""
    table = _table("session", *NUMBERS, "", title=name)
    early = {each.label: each for each in sessions if each.early_close}
    for row in _ends([_session_row(each, early) for each in run.sessions]):
        table.add_row(*map(_text, row))
    if len(run.sessions) > 1:
        sums = [sum(each) for each in zip(*(_counts(each) for each in run.sessions), strict=True)]
        table.add_section()
        table.add_row(*map(_text, ["all", "", *(f"{each:,}" for each in sums)]))
    if run.sessions:
        _print(table)
    done = sum(each.complete for each in run.sessions)
    click.echo(f"{run.outcome}: {done} of {len(sessions)} sessions")


def show_files(out: Path | None) -> None:
    """Print where the files of a run are, and what is in each."""
    if out is None:
        click.echo("nothing was written: --out DIR asks for the records")
        return
    click.echo(f"\nfiles in {shown(out)}:")
    table = _grid()
    for name, size, told in _files(out):
        table.add_row(_text(f"  {name}"), _text(size), _text(told))
    _print(table)


def show_requirements(found: Requirements, name: str) -> None:
    """Print what a run would need: its sessions, and a row for the symbols with equal needs."""
    _print_needs(name, found.plans, found)
    for scanner, plans in found.universes.items():
        _print_needs(f"watched by {scanner}", plans, found)
    first, last = found.sessions[0], found.sessions[-1]
    early = [each.label for each in found.sessions if each.early_close]
    click.echo(f"sessions    {len(found.sessions)}: {first.label} to {last.label}")
    click.echo(f"half-days   {_names(early) or 'none'}")
    click.echo(f"indicators  {_names(_indicators(found)) or 'none'}")
    click.echo("all of it is there")


def _print_needs(title: str, plans: Mapping[str, SymbolPlan], found: Requirements) -> None:
    table = _table("symbols", "base", "derived", "history", "left out", title=title)
    alike: dict[tuple[str, ...], list[str]] = {}
    for plan in plans.values():
        alike.setdefault(_needs(plan, found), []).append(plan.symbol)
    for row in _ends([(_names(symbols), *needs) for needs, symbols in alike.items()]):
        table.add_row(*map(_text, row))
    _print(table)


def _indicators(found: Requirements) -> list[str]:
    """Name the indicators of any symbol, once each."""
    names: dict[str, None] = {}
    for plans in (found.plans, *found.universes.values()):
        for plan in plans.values():
            names |= dict.fromkeys(each.spec.name for each in plan.indicators)
            names |= dict.fromkeys(each.name for each in plan.historical)
    return list(names)


def show_error(error: BaseException) -> None:
    """Print what is wrong on stderr: a line a fault, and no more of them than one can read."""
    for line in _first(_told(error)):
        _complain(line)


def show_failures(run: Run) -> None:
    """Print on stderr what a run failed of: each error under its place, then the records.

    What is wrong with the input has a place of its own, and is not said to be the run's.
    """
    for failure in run.errors[:FAULTS_SHOWN]:
        if failure.hook == "list_unmet_requirements":
            show_error(failure.error)
        else:
            lines = _first(_told(failure.error))
            _complain("\n  ".join([f"the run failed in {_place(failure)}:", *lines]))
    if len(run.errors) > FAULTS_SHOWN:
        _complain(f"and {len(run.errors) - FAULTS_SHOWN} more")
    told = "none were written" if run.out is None else shown(run.out / "run.json")
    click.echo(f"records: {told}", err=True)


def show_traceback(error: BaseException) -> None:
    """Print the whole traceback on stderr."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        click.echo(shown(line), err=True)


def _complain(line: str) -> None:
    click.echo(click.style("error: ", fg="red", bold=True) + line, err=True)


def _told(error: BaseException) -> list[str]:
    """Give the lines for an error: one a fault, or what it says, set in from its second line."""
    if isinstance(error, FaultyInputError):
        return [shown(fault) for fault in error.faults]
    # only ours say enough without their names
    name = "" if isinstance(error, FsmSessionError) else f"{type(error).__name__}: "
    lines = f"{name}{error}".splitlines() or [type(error).__name__]
    more = ["..."] if len(lines) > LINES_SHOWN else []
    return ["\n    ".join(map(shown, [*lines[:LINES_SHOWN], *more]))]


def _first(lines: Sequence[str]) -> list[str]:
    more = [f"and {len(lines) - FAULTS_SHOWN} more"] if len(lines) > FAULTS_SHOWN else []
    return [*lines[:FAULTS_SHOWN], *more]


def _place(failure: Failure) -> str:
    worker = f"worker {failure.worker}" if failure.worker else ""
    where = [f"{key} {value}" for key, value in failure.where.items() if value]
    return shown(", ".join(filter(None, (failure.phase, failure.hook, worker, *where))))


def _bar(coordinator: SessionCoordinator, note: Callable[[], str]) -> bars.Progress:
    from rich import progress as bars
    from rich.console import Console, RenderableType
    from rich.text import Text

    class Polled(bars.Progress):
        """Asks where the run is whenever it is drawn."""

        def get_renderables(self) -> Iterable[RenderableType]:
            for task in self.tasks:
                results = tuple(coordinator.context.records.sessions)
                self.update(task.id, **_whereabouts(coordinator.progress(), results))
            yield from super().get_renderables()
            if note():
                yield Text(note())

    made = Polled(
        bars.BarColumn(bar_width=20),
        bars.TextColumn("{task.description}", markup=False),
        bars.TimeElapsedColumn(),
        console=Console(stderr=True),
        # what a strategy prints goes where it is sent, unless that is the same terminal
        redirect_stdout=sys.stdout.isatty(),
    )
    made.add_task("", total=None)
    return made


def _whereabouts(at: Progress, results: Sequence[SessionResult]) -> dict[str, Any]:
    """Give the bar's length and words: the complete sessions, and the passed part of this one."""
    if not at.sessions:
        return {"total": None, "description": at.phase}
    recorded = any(each.date == at.date for each in results)
    passed = at.step / at.steps if at.steps and not recorded else 0.0
    number = len(results) + (not recorded)
    words = f"{at.date}  {number}/{at.sessions}  {at.phase:<11}"
    steps = f"  step {at.step}/{at.steps}" if at.steps else ""
    done = sum(each.complete for each in results)
    return {"total": at.sessions, "completed": done + passed, "description": words + steps}


def _session_row(result: SessionResult, early: dict[str, TradingSession]) -> tuple[str, ...]:
    notes = [] if result.complete else ["not complete"]
    if result.date in early:
        notes.append(f"closes {early[result.date].close:%H:%M}")
    if result.left_out:
        notes.append(f"without {_names(result.left_out)}")
    if result.disabled:
        notes.append(f"taken out: {_names([each.name for each in result.disabled])}")
    counts = (f"{each:,}" for each in _counts(result))
    quality = f"{result.quality_percent:.1f}%"
    return (result.date, str(len(result.symbols)), *counts, quality, ", ".join(notes))


def _counts(result: SessionResult) -> tuple[int, ...]:
    return (result.steps, result.bars, len(result.signals), len(result.scans))


def _needs(plan: SymbolPlan, found: Requirements) -> tuple[str, ...]:
    """Write what a symbol needs: base, derived, history, the dates it is left out on."""
    left_out = [each.label for each in found.sessions if each.date in plan.missing]
    derived = " ".join(map(str, plan.derived))
    history = _history(plan, found)
    return (str(plan.base), derived or "-", history or "-", _names(left_out) or "-")


def _history(plan: SymbolPlan, found: Requirements) -> str:
    """Write what the first session keeps as history, and what is read where that is more."""
    assert found.calendar is not None
    first, calendar = found.sessions[0], found.calendar
    days = {
        interval: plan.reach.days(interval, first, calendar)
        for interval in (plan.base, *plan.derived)
    }
    parts = [
        f"{_counted(count)} of {' '.join(str(e) for e, d in days.items() if d == count)}"
        for count in sorted(set(days.values()) - {0})
    ]
    read = len(calendar.between(plan.reach.first(first, calendar).date, first.date)) - 1
    return ", ".join(parts + [f"{_counted(read)} read"] * (read > max(days.values())))


def _counted(sessions: int) -> str:
    return f"{sessions} session{'s' * (sessions != 1)}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return " ".join(names[:NAMES_SHOWN]) + more


def _files(out: Path) -> Iterator[tuple[str, str, str]]:
    """Give name, size and meaning of the files; of many sessions the first and the last."""
    for path in map(out.joinpath, FILES):
        if path.is_file():
            yield path.name, _size(path), FILES[path.name]
    sessions = sorted(out.glob("sessions/*.json"))
    rows = [(f"sessions/{each.name}", _size(each), FILES["sessions"]) for each in sessions]
    yield from _ends(rows)


def _size(path: Path) -> str:
    from rich.filesize import decimal

    return decimal(path.stat().st_size)


def _ends(rows: Sequence[tuple[str, ...]]) -> list[Any]:
    """Give the rows, of many the first and the last, with how many were left out between."""
    if len(rows) <= ROWS_SHOWN:
        return list(rows)
    half = ROWS_SHOWN // 2
    left_out = (f"... {len(rows) - 2 * half} more", *[""] * (len(rows[0]) - 1))
    return [*rows[:half], left_out, *rows[-half:]]


def _table(*columns: str, title: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(
        title=_text(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    numbers = NUMBERS if "steps" in columns else ()
    for name in columns:
        table.add_column(
            name, justify="right" if name in numbers else "left", no_wrap=name == "session"
        )
    return table


def _grid() -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    return table


def _text(text: str) -> Any:
    from rich.text import Text

    return Text(shown(text))


def _print(table: Table) -> None:
    from rich.console import Console

    Console().print(table)
