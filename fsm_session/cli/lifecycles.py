"""The commands about a lifecycle, ours or anyone's: diagram, verify."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from fsm_session import terminal
from fsm_session.cli import complete, documents
from fsm_session.cli.answers import Answer, answers, is_quiet
from fsm_session.cli.complete import OURS
from fsm_session.cli.group import FAILED, main
from fsm_session.plugins import lifecycle_of
from fsm_session.whole_files import write_whole

DIAGRAM_EPILOG = """\b
Examples:
  fsm-session diagram                    of the trading day, into diagrams/
  fsm-session diagram my_module:MY_DAY --out pictures
  fsm-session diagram --check            for CI: leaves with 1 if out of date

\b
Writes into DIR, named after the lifecycle:
  .svg  the picture (needs: pip install "fsm-session[diagrams]")
  .dot  its text for Graphviz
  .mmd  the same for Mermaid
  .rst  a page with every state, hook and guard in words

\b
--json answers {"format", "command", "status", "result", "files", "errors"}:
  result   "lifecycle", "up_to_date", "differences"
"""

VERIFY_EPILOG = """\b
Examples:
  fsm-session verify                           the trading day
  fsm-session verify my_module:MY_DAY --workers 2

Every hook may raise, every worker may fail, a stop or a request may come at any
moment. Where a promise does not hold, the shortest way to break it is shown, and
it leaves with 1.

\b
--json answers {"format", "command", "status", "result", "files", "errors"}:
  result   "lifecycle", "configurations", "ways", "holds", and "promises",
           each with "promise", "holds", and the "way" on which it is broken
"""


@main.command(epilog=DIAGRAM_EPILOG)
@click.argument("lifecycle", default=OURS, shell_complete=complete.lifecycles)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("diagrams"), show_default=True,
    metavar="DIR", shell_complete=complete.folders, help="Folder of the diagrams.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Write nothing; say what is out of date.")
@click.option("--hide-hooks", is_flag=True, help="Draw states and moves only.")
@click.option(
    "--highlight", multiple=True, metavar="NAME",
    help="A state, or a way (\"From -> To\"), that is to stand out; may be given more than once.",
)  # fmt: skip
@answers
def diagram(
    lifecycle: str, out: Path, check: bool, hide_hooks: bool, highlight: tuple[str, ...]
) -> Answer:
    """Draw a LIFECYCLE, or see whether its drawing is up to date.

    LIFECYCLE is package.module:NAME, of a module that is installed or lies in
    the current folder; without it, that of the trading day.
    """
    from fsm_session.machine.diagram import Options, files

    found = lifecycle_of(lifecycle, Path.cwd())
    options = Options(hooks=not hide_hooks, highlight=highlight)
    if not check:
        paths = files.write(found, out, options)
        return Answer(partial(documents.drawing, found), partial(_list, paths), files=paths)
    if differences := files.differences(found, out, options):
        lines = "\n".join(differences).splitlines()
        show = partial(_list, lines, err=True)
        return Answer(partial(documents.drawing, found, differences), show, status=FAILED)
    told = f"the diagrams in {terminal.shown(out)} are up to date"
    return Answer(partial(documents.drawing, found), partial(click.echo, told))


@main.command(epilog=VERIFY_EPILOG)
@click.argument("lifecycle", default=OURS, shell_complete=complete.lifecycles)
@click.option(
    "--workers", type=click.IntRange(0, 6), default=4, show_default=True, metavar="N",
    help="How many workers take part.",
)  # fmt: skip
@click.option(
    "--promela", type=click.Path(path_type=Path), metavar="FILE",
    help="Write it in the language of SPIN as well.",
)  # fmt: skip
@answers
def verify(lifecycle: str, workers: int, promela: Path | None) -> Answer:
    """Visit all that a LIFECYCLE can come to, and say what holds.

    LIFECYCLE is package.module:NAME, of a module that is installed or lies in
    the current folder; without it, that of the trading day.
    """
    from fsm_session.machine import explore

    found = lifecycle_of(lifecycle, Path.cwd())
    if promela is not None:
        write_whole(promela, explore.to_promela(found, workers).encode())
    visited: list[explore.Graph] = []

    def told() -> str:
        count = len(visited[0].configurations) if visited else 0
        return f"{count:,} configurations visited"

    with terminal.waiting(told, wanted=not is_quiet(click.get_current_context())):
        exploration = explore.verify(found, workers, visited.append)
    return Answer(
        partial(documents.exploration, exploration),
        partial(terminal.show_exploration, exploration),
        [] if promela is None else [promela],
        0 if exploration.holds else FAILED,
    )


def _list(lines: Sequence[object], *, err: bool = False) -> None:
    for line in lines:
        click.echo(terminal.shown(line), err=err)
