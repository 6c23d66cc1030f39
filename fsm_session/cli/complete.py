"""What the shell is offered behind a command: configurations, folders, lifecycles."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import click
from click.shell_completion import CompletionItem

#: the lifecycle that the library runs
OURS = "fsm_session.states:TRADING_DAY"


def configurations(
    _: click.Context, __: click.Parameter, incomplete: str
) -> list[CompletionItem[str]]:
    """Offer the TOML files that begin so, and folders; where there are none, any file.

    A name that would have to be quoted is left to the shell, which knows how.
    """
    start = Path(os.path.expanduser(incomplete or "."))
    folder = start if not incomplete or incomplete.endswith(os.sep) else start.parent
    head = incomplete[: len(incomplete) - len(os.path.basename(incomplete))]
    found = [f"{head}{each.name}" for each in sorted(_within(folder)) if each.suffix == ".toml"]
    inner = [f"{head}{each.name}{os.sep}" for each in sorted(_within(folder)) if each.is_dir()]
    named = [each for each in found if each.startswith(incomplete)]
    if not named or not all(map(_is_plain, named)):
        return [CompletionItem(incomplete, type="file")]
    inner = [each for each in inner if each.startswith(incomplete) and _is_plain(each)]
    return [CompletionItem(each) for each in named + inner]


def folders(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Let the shell offer folders."""
    return [CompletionItem(incomplete, type="dir")]


def lifecycles(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offer ours; those of others are named by modules, which nothing is imported to find."""
    return [CompletionItem(each) for each in (OURS,) if each.startswith(incomplete)]


def _is_plain(text: str) -> bool:
    return shlex.quote(text) == text


def _within(folder: Path) -> list[Path]:
    try:
        return [each for each in folder.iterdir() if not each.name.startswith(".")]
    except OSError:
        return []
