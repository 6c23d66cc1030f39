"""What the exploration of a lifecycle came to, on stdout: what holds, and how the rest breaks."""

from __future__ import annotations

import click

from fsm_session.machine.explore import Exploration, lines_of
from fsm_session.terminal.text import shown


def show_exploration(exploration: Exploration) -> None:
    """Print what was visited, each promise that holds, and the shortest way to break each other."""
    for line in lines_of(exploration):
        click.echo(shown(line))
