"""The group of commands: an answer is shown, and what is wrong becomes lines and an exit status.

0 done; 1 the run failed; 2 the call, the configuration or the data is wrong, found before
anything was done; 130 interrupted (143 by SIGTERM).
"""

from __future__ import annotations

import os
import signal
from typing import Any

import click
from attrs import evolve

from fsm_session import terminal
from fsm_session.cli.answers import (
    DEBUG,
    JSON,
    Answer,
    Answering,
    debug,
    is_quiet,
    wants_json,
    write_document,
)
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
SIGNAL, MAY_BE_JSON = "fsm_session.signal", "fsm_session.may_be_json"
#: found before anything was done: the call is wrong, not the run
BEFOREHAND = (FaultyInputError, ExportError, JournalError)

EXAMPLES = """\b
To begin with:
  fsm-session demo                  four sessions of a made-up market
  fsm-session new mine              a folder of your own to go on from
  cd mine
  fsm-session check session.toml    what it needs, and whether that is there
  fsm-session run session.toml --out out

\b
Exit status:
  0    done
  1    the run failed, a lifecycle does not hold, a diagram is out of date
  2    the call, the configuration or the data is wrong: nothing was done
  130  interrupted by Ctrl-C, in good order (143 by SIGTERM)

\b
Results go to stdout, progress and errors to stderr; an error says in a second
line what to do about it. --json answers with one document, for programs.
Colours are left out where NO_COLOR is set or the output is no terminal.
"""


class _Commands(click.Group):
    """Gives the answers of the commands, and turns what they raise into one."""

    command_class = Answering

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; where its call is wrong there is no other sign that JSON was wanted."""
        ctx.meta[MAY_BE_JSON] = "--json" in args
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command, and give its answer."""
        terminal.print_anything()
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            answer = super().invoke(ctx)
        except click.UsageError as error:
            if not ctx.meta.get(MAY_BE_JSON):
                raise
            ctx.meta[JSON] = True
            answer = Answer(error=error, status=WRONG)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except (Exception, KeyboardInterrupt, RunInterruptedError) as error:  # noqa: BLE001
            answer = Answer(error=error)
        if isinstance(answer, Answer):
            _give(ctx, answer)


def _give(ctx: click.Context, answer: Answer) -> None:
    """Give an answer as it was asked for, and leave with its status."""
    error = answer.error
    if error is not None and not isinstance(error, click.UsageError):
        status = _status(error, ctx.meta.get(SIGNAL, signal.SIGINT))
        answer = evolve(answer, status=status)
        if ctx.meta.get(DEBUG):
            terminal.show_traceback(error)
    if wants_json(ctx):
        write_document(ctx.invoked_subcommand or "", answer)
    else:
        # a promise that does not hold, a picture out of date: the answer is what is wrong
        if not is_quiet(ctx) or (error is None and answer.status == FAILED):
            answer.show()
        if error is not None:
            _complain(error)
    if answer.status:
        ctx.exit(answer.status)


@click.group(
    cls=_Commands,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, prog_name="fsm-session")
@debug
def main() -> None:
    """Trading sessions as an explicit finite-state machine.

    A configuration (TOML) says which sessions of which symbols are run, with
    which indicators, scanners and strategies. Each session goes through the
    same phases, from Load to Teardown, and leaves a record.
    """


def run_of(error: RunFailedError | RunInterruptedError) -> Run:
    """Give the run that an error is of."""
    assert isinstance(error.run, Run)
    return error.run


def _complain(error: BaseException) -> None:
    if isinstance(error, (RunFailedError, RunInterruptedError)):
        terminal.show_failures(run_of(error))
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
