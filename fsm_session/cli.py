"""The command line: ``fsm-session`` and ``python -m fsm_session``.

A thin front on :class:`~fsm_session.coordinator.SessionCoordinator`. What it adds is what a
library must not do: it takes the signals, prints, and turns errors into exit statuses.

0 done; 1 the run failed; 2 the call, the configuration or the data is wrong, found before
anything was done; 130 interrupted (143 by SIGTERM).
"""

from __future__ import annotations

import importlib
import logging
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from fsm_session import demo, terminal
from fsm_session.config import SessionConfig
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.errors import (
    ConfigError,
    ExportError,
    FaultyInputError,
    FsmSessionError,
    JournalError,
    RunFailedError,
    RunInterruptedError,
)
from fsm_session.machine import Lifecycle
from fsm_session.plugins import importable_from
from fsm_session.version import __version__

FAILED, WRONG, INTERRUPTED = 1, 2, 128
DEBUG, SIGNAL = "fsm_session.debug", "fsm_session.signal"
STOPPING = "stopping after this step; again to break off"
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


@main.command("demo")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("fsm-session-demo"), show_default=True,
    metavar="DIR", help="Folder for the records.",
)  # fmt: skip
@debug
def run_demo(out: Path) -> None:
    """Run four sessions of a made-up market."""
    path = demo.write_config(out)
    _run(SessionConfig.from_toml(path), out, overwrite=True)
    again = shlex.join(["fsm-session", "run", str(path), "--out", "OTHER"])
    click.echo(f"\nrun it again with: {terminal.shown(again)}")


@main.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for records.")
@click.option("--overwrite", is_flag=True, help="Replace the sessions of an earlier run there.")
@click.option("--resume", is_flag=True, help="Go on from what an earlier run finished there.")
@click.option("--summary-only", is_flag=True, help="Write no record of each session.")
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is wrong.")
@debug
def run(config: Path, out: Path | None, quiet: bool, **options: bool) -> None:
    """Run the sessions of a CONFIG (a TOML file)."""
    _run(SessionConfig.from_toml(config), out, quiet=quiet, **options)


@main.command()
@click.argument("config", type=click.Path(path_type=Path))
@debug
def check(config: Path) -> None:
    """Say what a CONFIG needs, or what is missing."""
    read = SessionConfig.from_toml(config)
    terminal.show_requirements(SessionCoordinator(read).check(), read.name)


@main.command()
@click.argument("lifecycle", default="fsm_session.states:TRADING_DAY")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("diagrams"), show_default=True,
    metavar="DIR", help="Folder of the diagrams.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; say what is out of date.")
@debug
def diagram(lifecycle: str, out: Path, check: bool) -> None:
    """Draw a LIFECYCLE (package.module:NAME)."""
    from fsm_session.machine.diagram import files

    found = _lifecycle(lifecycle)
    if not check:
        for path in files.write(found, out):
            click.echo(terminal.shown(path))
    elif differences := files.differences(found, out):
        for line in "\n".join(differences).splitlines():
            click.echo(terminal.shown(line), err=True)
        raise click.exceptions.Exit(FAILED)
    else:
        click.echo(f"the diagrams in {terminal.shown(out)} are up to date")


def _run(
    config: SessionConfig,
    out: Path | None,
    *,
    quiet: bool = False,
    **options: Any,
) -> None:
    """Run, show how it ended, and leave with a status where that was not by itself."""
    coordinator = SessionCoordinator(config, out=out, **options)
    progress = terminal.RunProgress(coordinator, wanted=not quiet)
    with _stopped_by_signals(coordinator, progress.tell):
        try:
            with progress:
                ended = coordinator.run()
        except (RunFailedError, RunInterruptedError) as error:
            if not quiet and _run_of(error).sessions:
                _close(coordinator, _run_of(error), config.name)
            raise
    if not quiet:
        _close(coordinator, ended, config.name)
        terminal.show_files(out)
    if number := click.get_current_context().meta.get(SIGNAL):
        raise click.exceptions.Exit(INTERRUPTED + number)


def _close(coordinator: SessionCoordinator, ended: Run, name: str) -> None:
    terminal.show_run(ended, name, coordinator.context.requirements.sessions)


@contextmanager
def _stopped_by_signals(
    coordinator: SessionCoordinator, tell: Callable[[str], None]
) -> Iterator[None]:
    """Take SIGINT and SIGTERM: the first stops the run in good order, the next breaks it off.

    What was ignored stays ignored; afterwards all is as it was before.
    """
    meta = click.get_current_context().meta

    def stop(number: int, _: object) -> None:
        meta[SIGNAL] = number
        for each in before:
            signal.signal(each, signal.default_int_handler)
        coordinator.stop()
        tell(STOPPING)

    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    before = {n: each for n, each in handlers.items() if each not in (None, signal.SIG_IGN)}
    try:
        for number in before:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _lifecycle(use: str) -> Lifecycle:
    """Import ``package.module:NAME``, from the current folder too; ConfigError where it can't."""
    module, colon, name = use.partition(":")
    if not (module and colon and name):
        raise ConfigError(f"{use!r} is no lifecycle: expected package.module:NAME")
    try:
        with importable_from(Path.cwd()):
            found = getattr(importlib.import_module(module), name)
    except FsmSessionError:
        raise
    except Exception as error:
        raise ConfigError(f"{use!r} can't be imported: {error!r}") from error
    if not isinstance(found, Lifecycle):
        raise ConfigError(f"{use!r} is no Lifecycle but of type {type(found).__name__}")
    return found


def _run_of(error: RunFailedError | RunInterruptedError) -> Run:
    assert isinstance(error.run, Run)
    return error.run


def _show(error: BaseException) -> None:
    if isinstance(error, (RunFailedError, RunInterruptedError)):
        terminal.show_failures(_run_of(error))
    elif isinstance(error, KeyboardInterrupt):
        click.echo("interrupted", err=True)
    else:
        terminal.show_error(error)
        if not isinstance(error, FsmSessionError):
            click.echo("unexpected: --debug shows where", err=True)


def _status(error: BaseException, number: int) -> int:
    """Say in one number whose it is to mend; ``number`` is the signal, should it be one."""
    if isinstance(error, RunFailedError):
        return WRONG if _found_in_validate(_run_of(error)) else FAILED
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
