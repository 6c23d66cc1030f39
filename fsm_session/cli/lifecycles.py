"""The commands about a lifecycle, ours or anyone's: diagram, verify."""

from __future__ import annotations

from pathlib import Path

import click

from fsm_session import terminal
from fsm_session.cli.group import FAILED, debug, main
from fsm_session.plugins import lifecycle_of
from fsm_session.whole_files import write_whole

OURS = "fsm_session.states:TRADING_DAY"


@main.command()
@click.argument("lifecycle", default=OURS)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("diagrams"), show_default=True,
    metavar="DIR", help="Folder of the diagrams.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; say what is out of date.")
@click.option("--hide-hooks", is_flag=True, help="Draw states and moves only.")
@click.option(
    "--highlight", multiple=True, metavar="NAME",
    help="A state, or a way (\"From -> To\"), that is to stand out; may be given more than once.",
)  # fmt: skip
@debug
def diagram(
    lifecycle: str, out: Path, check: bool, hide_hooks: bool, highlight: tuple[str, ...]
) -> None:
    """Draw a LIFECYCLE (package.module:NAME)."""
    from fsm_session.machine.diagram import Options, files

    found = lifecycle_of(lifecycle, Path.cwd())
    options = Options(hooks=not hide_hooks, highlight=highlight)
    if not check:
        for path in files.write(found, out, options):
            click.echo(terminal.shown(path))
    elif differences := files.differences(found, out, options):
        for line in "\n".join(differences).splitlines():
            click.echo(terminal.shown(line), err=True)
        raise click.exceptions.Exit(FAILED)
    else:
        click.echo(f"the diagrams in {terminal.shown(out)} are up to date")


@main.command()
@click.argument("lifecycle", default=OURS)
@click.option(
    "--workers", type=click.IntRange(0, 6), default=4, show_default=True, metavar="N",
    help="How many workers take part.",
)  # fmt: skip
@click.option(
    "--promela", type=click.Path(path_type=Path), metavar="FILE",
    help="Write it in the language of SPIN as well.",
)  # fmt: skip
@debug
def verify(lifecycle: str, workers: int, promela: Path | None) -> None:
    """Visit all that a LIFECYCLE (package.module:NAME) can come to, and say what holds."""
    from fsm_session.machine import explore

    found = lifecycle_of(lifecycle, Path.cwd())
    if promela is not None:
        write_whole(promela, explore.to_promela(found, workers).encode())
    exploration = explore.verify(found, workers)
    terminal.show_exploration(exploration)
    if not exploration.holds:
        raise click.exceptions.Exit(FAILED)
