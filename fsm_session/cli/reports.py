"""The report of a run: asked for by itself, and at the end of every run that keeps records."""

from __future__ import annotations

from pathlib import Path

import click

from fsm_session import report, terminal
from fsm_session.cli import complete
from fsm_session.cli.answers import Answer, answers
from fsm_session.cli.complete import OURS
from fsm_session.cli.group import main
from fsm_session.export import REPORT
from fsm_session.plugins import lifecycle_of

no_report = click.option("--no-report", is_flag=True, help="Write no report.")


EPILOG = """\b
Examples:
  fsm-session report week                    writes week/report.html
  fsm-session report week --open             and shows it
  fsm-session report week --out run.html     writes it elsewhere
  fsm-session report week --lifecycle my_module:MY_DAY

One file that fetches nothing. Of a run that failed, too.

\b
--json answers {"format", "command", "status", "result", "files", "errors"}:
  files    the report
  errors   each with "error", "message", its place, and "hint": what to do
"""


@main.command("report", epilog=EPILOG)
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), shell_complete=complete.folders
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help=f"Where to write it, instead of DIR/{REPORT}.",
)  # fmt: skip
@click.option(
    "--lifecycle", default=OURS, metavar="NAME", shell_complete=complete.lifecycles,
    help="Which one ran (package.module:NAME), where it was one of your own.",
)  # fmt: skip
@click.option("--open", "wanted", is_flag=True, help="Show it in the browser.")
@answers
def write(folder: Path, out: Path | None, lifecycle: str, wanted: bool) -> Answer:
    """Write the report of the run in DIR: one HTML file."""
    path = report.write_report(folder, out, lifecycle=lifecycle_of(lifecycle, Path.cwd()))
    if wanted:
        click.launch(path.resolve().as_uri())
    return Answer(show=lambda: click.echo(terminal.shown(path)), files=[path])


def write_at_the_end(out: Path | None) -> None:
    """Write the report of a run that has just ended; where that fails, say so and no more.

    What came of the run is not changed by what comes of its report.
    """
    if out is None:
        return
    try:
        report.write_report(out)
    except Exception as error:  # noqa: BLE001 - whatever it is, the run is not to fail of it
        told = " ".join(str(error).split()) or type(error).__name__
        click.echo(f"no report: {terminal.shown(terminal.cut(told))}", err=True)
