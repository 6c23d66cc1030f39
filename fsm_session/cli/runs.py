"""The commands that run sessions, or say what they would need: demo, run, check."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path
from typing import Any

import click
import orjson

from fsm_session import demo, terminal
from fsm_session.cli import complete, documents
from fsm_session.cli.answers import Answer, answers, is_quiet
from fsm_session.cli.group import INTERRUPTED, SIGNAL, main, run_of
from fsm_session.cli.reports import no_report, write_at_the_end
from fsm_session.cli.signals import stopped_by_signals
from fsm_session.config import SessionConfig
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.errors import RunFailedError, RunInterruptedError
from fsm_session.export import run_record
from fsm_session.session_record import as_json

verbose = click.option(
    "--verbose", "-v", count=True, help="Log each phase to stderr; -vv each symbol, too."
)

DEMO_EPILOG = """\b
Example:
  fsm-session demo --out demo

\b
Writes into DIR:
  demo.toml      the configuration, with comments, to be changed in a copy
  sessions/      a JSON a session: bars, indicators, quality, signals, scans
  run.json       how it ended
  journal.jsonl  every move of the lifecycle
  report.html    all of it on one page, for a browser
"""

RUN_EPILOG = """\b
Examples:
  fsm-session run week.toml                        writes nothing
  fsm-session run week.toml --out week             writes records into week/
  fsm-session run week.toml --out week --resume    goes on after a crash
  fsm-session run week.toml --json | jq .result.outcome

\b
Writes into DIR:
  sessions/      a JSON a session: bars, indicators, quality, signals, scans
  run.json       how it ended: outcome, sessions, errors
  journal.jsonl  every move of the lifecycle; --resume goes on from it
  report.html    all of it on one page, for a browser

Ctrl-C stops after this step, in good order; again breaks off.

\b
--json answers {"format", "command", "status", "result", "files", "errors"}:
  result   what run.json holds: "name", "calendar", "outcome", "sessions", ...
  files    the paths that were written
  errors   each with "error", "message", its place, and "hint": what to do
"""

CHECK_EPILOG = """\b
Examples:
  fsm-session check week.toml
  fsm-session check downloaded.toml --no-import    runs none of its code

Writes nothing. Leaves with 2 where something is missing.

\b
--json answers {"format", "command", "status", "result", "files", "errors"}:
  result   "sessions", and "symbols": by name "base", "derived", "events",
           "history_sessions", "indicators", "left_out"; the same of
           "universes", by scanner
  errors   each with "error", "message", its place, and "hint": what to do
"""


@main.command("demo", epilog=DEMO_EPILOG)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("fsm-session-demo"), show_default=True,
    metavar="DIR", shell_complete=complete.folders, help="Folder for the records.",
)  # fmt: skip
@no_report
@verbose
@answers
def run_demo(out: Path, verbose: int, no_report: bool) -> Answer:
    """Run four sessions of a made-up market.

    It needs no data and no network: what a strategy, a scanner and a
    configuration look like, and what a run leaves behind.
    """
    path = demo.write_config(out)
    again = shlex.join(["fsm-session", "run", str(path), "--out", "OTHER"])
    last = f"\nrun it again with: {terminal.shown(again)}"
    read = SessionConfig.from_toml(path)
    return _run(read, out, verbose, last, reports=not no_report, overwrite=True)


@main.command(epilog=RUN_EPILOG)
@click.argument("config", type=click.Path(path_type=Path), shell_complete=complete.configurations)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", shell_complete=complete.folders,
    help="Folder for records.",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the sessions of an earlier run there.")
@click.option("--resume", is_flag=True, help="Go on from what an earlier run finished there.")
@click.option("--summary-only", is_flag=True, help="Write no record of each session.")
@no_report
@verbose
@answers
def run(config: Path, out: Path | None, verbose: int, no_report: bool, **options: Any) -> Answer:
    """Run the sessions of a CONFIG.

    CONFIG is a TOML file: `fsm-session new DIR` writes one with comments.
    Strategies and scanners that it names lie beside it, or are installed.
    """
    read = SessionConfig.from_toml(config)
    return _run(read, out, verbose, reports=not no_report, **options)


@main.command(epilog=CHECK_EPILOG)
@click.argument("config", type=click.Path(path_type=Path), shell_complete=complete.configurations)
@click.option("--no-import", is_flag=True, help="Import nothing that it names.")
@answers
def check(config: Path, no_import: bool) -> Answer:
    """Say what a CONFIG needs, or what is missing.

    It looks at all that a run would need before it begins: the data of every
    symbol and session, intervals, indicators, strategies, scanners. Whatever
    is wrong is said at once.
    """
    read = SessionConfig.from_toml(config)
    coordinator = SessionCoordinator(read, import_parts=not no_import)
    with terminal.RunProgress(coordinator, wanted=_is_watched(), patient=True):
        found = coordinator.check()
    left = coordinator.not_imported
    return Answer(
        partial(documents.requirements, found, read, left),
        partial(terminal.show_requirements, found, read.name, left),
    )


def _run(
    config: SessionConfig,
    out: Path | None,
    verbose: int,
    last: str = "",
    *,
    reports: bool,
    **options: Any,
) -> Answer:
    """Run; answer with how it ended, and with a status where that was not by itself."""
    coordinator = SessionCoordinator(config, out=out, **options)
    progress = terminal.RunProgress(coordinator, wanted=_is_watched())
    log = terminal.log_lines(verbose if _is_watched() else 0, progress)
    failed: RunFailedError | RunInterruptedError | None = None
    with stopped_by_signals(coordinator, progress.tell), log:
        try:
            with progress:
                ended = coordinator.run()
        except (RunFailedError, RunInterruptedError) as error:
            failed, ended = error, run_of(error)
    if reports:
        write_at_the_end(ended.out)
    number = click.get_current_context().meta.get(SIGNAL)
    return Answer(
        partial(_record, config, ended),
        partial(_show, coordinator, ended, config.name, last),
        terminal.written(ended.out),
        INTERRUPTED + number if number else 0,
        failed,
    )


def _record(config: SessionConfig, ended: Run) -> Any:
    """Give what ``run.json`` holds, written or not."""
    record = run_record(config, ended.outcome, ended.sessions, ended.errors, ended.unclean)
    return orjson.loads(as_json(record))


def _show(coordinator: SessionCoordinator, ended: Run, name: str, last: str) -> None:
    """Show a run for a person: its sessions, and, where it did not fail, what it has left."""
    if ended.sessions or not ended.errors:
        terminal.show_run(ended, name, coordinator.context.requirements.sessions)
    if not ended.errors:
        terminal.show_files(ended.out)
        if last:
            click.echo(last)


def _is_watched() -> bool:
    return not is_quiet(click.get_current_context())
