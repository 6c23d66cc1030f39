"""The commands for who begins: new, completion."""

from __future__ import annotations

import shlex
from functools import partial
from pathlib import Path

import click

from fsm_session import terminal
from fsm_session.cli import complete
from fsm_session.cli.answers import Answer, answers
from fsm_session.cli.group import main
from fsm_session.starter import FILES, write_starter

NEW_EPILOG = """\b
Example:
  fsm-session new mine
  cd mine
  fsm-session run session.toml --out out
  python -m pytest              needs: pip install "fsm-session[testing]"

\b
Writes into DIR, or nothing at all where one of them is there already:
  session.toml      the configuration, with comments
  my_strategy.py    a strategy
  my_scanner.py     a scanner
  my_indicator.py   an indicator
  test_my_parts.py  tests of all of them
"""

COMPLETION_EPILOG = """\b
A line for every shell to come:
  bash   in ~/.bashrc                   eval "$(fsm-session completion bash)"
  zsh    in ~/.zshrc, behind compinit   eval "$(fsm-session completion zsh)"
  fish   in ~/.config/fish/config.fish  fsm-session completion fish | source
"""

SHELLS = ("bash", "zsh", "fish")


@main.command(epilog=NEW_EPILOG)
@click.argument(
    "folder", metavar="DIR", type=click.Path(path_type=Path), shell_complete=complete.folders
)
@answers
def new(folder: Path) -> Answer:
    """Write a configuration, parts and tests into DIR.

    A folder to go on from: a strategy, a scanner, an indicator, all of which
    run at once, on a made-up market.
    """
    paths = write_starter(folder)
    return Answer(show=partial(_show, folder), files=paths)


def _show(folder: Path) -> None:
    click.echo(f"written into {terminal.shown(folder)}:")
    for name, told in FILES.items():
        click.echo(f"  {name:<16}  {told}")
    dashes = ["--"] * str(folder).startswith("-")
    click.echo("\ngo on with:")
    for line in (
        shlex.join(["cd", *dashes, str(folder)]),
        "fsm-session run session.toml --out out",
        'python -m pytest        # needs: pip install "fsm-session[testing]"',
    ):
        click.echo(f"  {terminal.shown(line)}")


@main.command(epilog=COMPLETION_EPILOG)
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print what completes commands, options and files in a SHELL."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # click has one for each of them
    made = kind(main, {}, "fsm-session", "_FSM_SESSION_COMPLETE")
    click.echo(made.source())
