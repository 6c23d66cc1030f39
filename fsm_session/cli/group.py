"""The group of commands: what is wrong becomes lines for a person, and an exit status.

0 done; 1 the run failed; 2 the call, the configuration or the data is wrong, found before
anything was done; 130 interrupted (143 by SIGTERM).
"""

from __future__ import annotations

import logging
import signal
from typing import Any

import click

from fsm_session import terminal
from fsm_session.coordinator import Run
from fsm_session.errors import (
    ExportError,
    FaultyInputError,
    JournalError,
    RunFailedError,
    RunInterruptedError,
)
from fsm_session.version import __version__

FAILED, WRONG, INTERRUPTED = 1, 2, 128
DEBUG, SIGNAL = "fsm_session.debug", "fsm_session.signal"
#: found before anything was done: the call is wrong, not the run
BEFOREHAND = (FaultyInputError, ExportError, JournalError)


class _Commands(click.Group):
    """Turns what a command raises into lines for a person and an exit status."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        # the errors that the library logs are raised too, and shown by us
        logging.getLogger("fsm_session").addHandler(_QUIET)
        terminal.print_anything()
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt, RunInterruptedError) as error:  # noqa: BLE001
            if ctx.meta.get(DEBUG):
                terminal.show_traceback(error)
            _show(error)
            ctx.exit(_status(error, ctx.meta.get(SIGNAL, signal.SIGINT)))


_QUIET = logging.NullHandler()


def _debug(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    # before the command or after it: asked for once is asked for
    ctx.meta[DEBUG] = wanted or ctx.meta.get(DEBUG, False)


debug = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_debug, help="Show tracebacks."
)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="fsm-session")
@debug
def main() -> None:
    """Trading sessions as an explicit finite-state machine."""


def run_of(error: RunFailedError | RunInterruptedError) -> Run:
    """Give the run that an error is of."""
    assert isinstance(error.run, Run)
    return error.run


def _show(error: BaseException) -> None:
    if isinstance(error, (RunFailedError, RunInterruptedError)):
        terminal.show_failures(run_of(error))
    elif isinstance(error, KeyboardInterrupt):
        click.echo("interrupted", err=True)
    else:
        terminal.show_error(error)


def _status(error: BaseException, number: int) -> int:
    """Say in one number whose it is to mend; ``number`` is the signal, should it be one."""
    if isinstance(error, RunFailedError):
        return WRONG if _found_in_validate(run_of(error)) else FAILED
    if isinstance(error, KeyboardInterrupt) or _holds_interrupt(error):
        return INTERRUPTED + number
    return WRONG if isinstance(error, BEFOREHAND) else FAILED


def _holds_interrupt(error: BaseException) -> bool:
    return isinstance(error, RunInterruptedError) and bool(error.subgroup(KeyboardInterrupt))


def _found_in_validate(run: Run) -> bool:
    """Tell whether a run came no further than finding its input faulty."""
    phases = {move.target for move in run.moves}
    return phases <= {"Validate", "Failed"} and all(
        isinstance(failure.error, FaultyInputError) for failure in run.errors
    )
