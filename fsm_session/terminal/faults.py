"""What is wrong, on stderr: a line or two a fault, and no more of them than one can read."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

import click

from fsm_session.coordinator import Run
from fsm_session.errors import FaultyInputError, FsmSessionError
from fsm_session.machine import Failure
from fsm_session.terminal.text import cut, names_of, shown

FAULTS_SHOWN = 30
LINES_SHOWN = 8


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
    if run.unclean:
        click.echo(f"may not have come down: {shown(names_of(run.unclean))}", err=True)
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
        return [cut(shown(fault)) for fault in error.faults]
    # only ours say enough without their names
    name = "" if isinstance(error, FsmSessionError) else f"{type(error).__name__}: "
    lines = f"{name}{error}".splitlines() or [type(error).__name__]
    more = ["..."] if len(lines) > LINES_SHOWN else []
    return ["\n    ".join(cut(shown(each)) for each in [*lines[:LINES_SHOWN], *more])]


def _first(lines: Sequence[str]) -> list[str]:
    more = [f"and {len(lines) - FAULTS_SHOWN} more"] if len(lines) > FAULTS_SHOWN else []
    return [*lines[:FAULTS_SHOWN], *more]


def _place(failure: Failure) -> str:
    worker = f"worker {failure.worker}" if failure.worker else ""
    where = [f"{key} {value}" for key, value in failure.where.items() if value]
    return shown(", ".join(filter(None, (failure.phase, failure.hook, worker, *where))))
