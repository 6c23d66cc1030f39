"""The commands that run sessions, or say what they would need: demo, run, check."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from fsm_session import demo, terminal
from fsm_session.cli.group import INTERRUPTED, SIGNAL, debug, main, run_of
from fsm_session.cli.reports import no_report, write_at_the_end
from fsm_session.cli.signals import stopped_by_signals
from fsm_session.config import SessionConfig
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.errors import RunFailedError, RunInterruptedError


@main.command("demo")
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("fsm-session-demo"), show_default=True,
    metavar="DIR", help="Folder for the records.",
)  # fmt: skip
@no_report
@debug
def run_demo(out: Path, no_report: bool) -> None:
    """Run four sessions of a made-up market."""
    path = demo.write_config(out)
    _run(SessionConfig.from_toml(path), out, no_report=no_report, overwrite=True)
    again = shlex.join(["fsm-session", "run", str(path), "--out", "OTHER"])
    click.echo(f"\nrun it again with: {terminal.shown(again)}")


@main.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for records.")
@click.option("--overwrite", is_flag=True, help="Replace the sessions of an earlier run there.")
@click.option("--resume", is_flag=True, help="Go on from what an earlier run finished there.")
@click.option("--summary-only", is_flag=True, help="Write no record of each session.")
@no_report
@click.option("--quiet", "-q", is_flag=True, help="Say nothing unless something is wrong.")
@debug
def run(config: Path, out: Path | None, quiet: bool, **options: bool) -> None:
    """Run the sessions of a CONFIG (a TOML file)."""
    _run(SessionConfig.from_toml(config), out, quiet=quiet, **options)


@main.command()
@click.argument("config", type=click.Path(path_type=Path))
@click.option("--no-import", is_flag=True, help="Import nothing that it names.")
@debug
def check(config: Path, no_import: bool) -> None:
    """Say what a CONFIG needs, or what is missing."""
    read = SessionConfig.from_toml(config)
    coordinator = SessionCoordinator(read, import_parts=not no_import)
    terminal.show_requirements(coordinator.check(), read.name, coordinator.not_imported)


def _run(
    config: SessionConfig,
    out: Path | None,
    *,
    quiet: bool = False,
    no_report: bool = False,
    **options: Any,
) -> None:
    """Run, show how it ended, and leave with a status where that was not by itself."""
    coordinator = SessionCoordinator(config, out=out, **options)
    progress = terminal.RunProgress(coordinator, wanted=not quiet)
    with stopped_by_signals(coordinator, progress.tell):
        try:
            with progress:
                ended = coordinator.run()
        except (RunFailedError, RunInterruptedError) as error:
            if not quiet and run_of(error).sessions:
                _close(coordinator, run_of(error), config.name)
            if not no_report:
                write_at_the_end(run_of(error).out)
            raise
    if not no_report:
        write_at_the_end(ended.out)
    if not quiet:
        _close(coordinator, ended, config.name)
        terminal.show_files(out)
    if number := click.get_current_context().meta.get(SIGNAL):
        raise click.exceptions.Exit(INTERRUPTED + number)


def _close(coordinator: SessionCoordinator, ended: Run, name: str) -> None:
    terminal.show_run(ended, name, coordinator.context.requirements.sessions)
