"""The commands about a lifecycle, ours or anyone's: diagram, verify."""

from __future__ import annotations

from pathlib import Path

import click

from fsm_session import terminal
from fsm_session.cli.group import FAILED, debug, main
from fsm_session.errors import ConfigError, FsmSessionError
from fsm_session.machine import Lifecycle
from fsm_session.named import named, place_fault
from fsm_session.plugins import importable_from
from fsm_session.whole_files import write_whole

OURS = "fsm_session.states:TRADING_DAY"
SAY = f"say package.module:NAME, of a module that is installed or lies here, such as {OURS}"


@main.command()
@click.argument("lifecycle", default=OURS)
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

    found = _lifecycle(lifecycle)
    if promela is not None:
        write_whole(promela, explore.to_promela(found, workers).encode())
    exploration = explore.verify(found, workers)
    terminal.show_exploration(exploration)
    if not exploration.holds:
        raise click.exceptions.Exit(FAILED)


def _lifecycle(use: str) -> Lifecycle:
    """Import ``package.module:NAME``, from the current folder too; ConfigError where it can't."""
    if place_fault(use):
        raise ConfigError(f"{use!r} is no lifecycle: expected package.module:NAME", hint=SAY)
    try:
        with importable_from(Path.cwd()):
            found = named(use)
    except FsmSessionError:
        raise
    except (Exception, SystemExit) as error:  # a script may end itself where it is imported
        raise ConfigError(f"{use!r} can't be imported: {error!r}", hint=SAY) from error
    if not isinstance(found, Lifecycle):
        told = f"{use!r} is no Lifecycle but of type {type(found).__name__}"
        raise ConfigError(told, hint=SAY)
    return found
