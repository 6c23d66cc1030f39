"""What is wrong, on stderr: a line a fault, one on what to do, and no more than one can read.

Faults that ask for the same come one after the other, with what they ask for once behind them.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator, Sequence
from itertools import groupby

import click
from attrs import frozen

from fsm_session.coordinator import Run
from fsm_session.errors import FaultyInputError, FsmSessionError, hint_of
from fsm_session.machine import Failure
from fsm_session.terminal.text import cut, names_of, shown

FAULTS_SHOWN = 30
LINES_SHOWN = 8


@frozen
class _Told:
    """One thing that is wrong, with its place, and what to do about it."""

    wrong: str
    hint: str


def show_error(error: BaseException) -> None:
    """Print what is wrong on stderr, and what to do about it."""
    _complain([*_told(error)])


def show_failures(run: Run) -> None:
    """Print on stderr what a run failed of: each error behind its place, then the records.

    What is wrong with the input has a place of its own, and is not said to be the run's.
    """
    _complain([told for failure in run.errors for told in _failed(failure)])
    if run.unclean:
        click.echo(f"may not have come down: {shown(names_of(run.unclean))}", err=True)
    told = "none were written" if run.out is None else shown(run.out / "run.json")
    click.echo(f"records: {told}", err=True)


def show_traceback(error: BaseException) -> None:
    """Print the whole traceback on stderr."""
    for line in "".join(traceback.format_exception(error)).splitlines():
        click.echo(shown(line), err=True)


def is_of_the_input(failure: Failure) -> bool:
    """Tell whether it was found before anything was done, and says itself where it is."""
    return failure.hook == "list_unmet_requirements"


def _complain(all_told: Sequence[_Told]) -> None:
    more = len(all_told) - FAULTS_SHOWN
    for hint, group in groupby(all_told[:FAULTS_SHOWN], lambda each: each.hint):
        for told in group:
            click.echo(click.style("error: ", fg="red", bold=True) + told.wrong, err=True)
        click.echo(click.style("hint: ", fg="cyan", bold=True) + shown(hint), err=True)
    if more > 0:
        click.echo(f"and {more:,} more: --json has all of them", err=True)


def _told(error: BaseException) -> Iterator[_Told]:
    """Give a line for each fault of an error, or what it says, set in from its second line."""
    if isinstance(error, FaultyInputError):
        yield from (_Told(cut(shown(fault)), fault.hint) for fault in error.faults)
        return
    if isinstance(error, KeyboardInterrupt):
        yield _Told("interrupted", hint_of(error))
        return
    # only ours say enough without their names
    name = "" if isinstance(error, FsmSessionError) else f"{type(error).__name__}: "
    lines = f"{name}{error}".splitlines() or [type(error).__name__]
    more = ["..."] if len(lines) > LINES_SHOWN else []
    wrong = "\n    ".join(cut(shown(each)) for each in [*lines[:LINES_SHOWN], *more])
    yield _Told(wrong, hint_of(error))


def _failed(failure: Failure) -> Iterator[_Told]:
    place = "" if is_of_the_input(failure) else f"the run failed in {_place(failure)}: "
    for told in _told(failure.error):
        yield _Told(f"{place}{told.wrong}", told.hint)


def _place(failure: Failure) -> str:
    worker = f"worker {failure.worker}" if failure.worker else ""
    where = [f"{key} {value}" for key, value in failure.where.items() if value]
    return shown(", ".join(filter(None, (failure.phase, failure.hook, worker, *where))))
