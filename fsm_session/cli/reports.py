"""The report of a run: asked for by itself, and at the end of every run that keeps records."""

from __future__ import annotations

from pathlib import Path

import click

from fsm_session import report, terminal
from fsm_session.cli.group import debug, main

no_report = click.option("--no-report", is_flag=True, help="Write no report.")


@main.command("report")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help=f"Where to write it, instead of DIR/{report.FILE}.",
)  # fmt: skip
@click.option("--open", "wanted", is_flag=True, help="Show it in the browser.")
@debug
def write(folder: Path, out: Path | None, wanted: bool) -> None:
    """Write the report of the run in DIR: one HTML file."""
    path = report.write_report(folder, out)
    click.echo(terminal.shown(path))
    if wanted:
        click.launch(path.resolve().as_uri())


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
