"""What the library logs, as lines on stderr, above the line that says where a run is."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from fsm_session.terminal.progress import RunProgress
from fsm_session.terminal.text import cut, shown

if TYPE_CHECKING:
    from rich.console import Console

FORMAT, TIME = "%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S"


class _Lines(logging.Handler):
    """Writes a record as one line that no terminal obeys; its traceback is for --debug."""

    def __init__(self, level: int, console: Console | None) -> None:
        super().__init__(level)
        self._console = console
        self.setFormatter(_WithoutTraceback(FORMAT, TIME))

    def emit(self, record: logging.LogRecord) -> None:
        """Write it, above what else is drawn on that terminal."""
        line = cut(shown(self.format(record)))
        if self._console is None:
            click.echo(line, err=True)
        else:
            self._console.print(line, markup=False, highlight=False, emoji=False, soft_wrap=True)


class _WithoutTraceback(logging.Formatter):
    def formatException(self, _: object) -> str:  # noqa: N802 - logging's name
        return ""


@contextmanager
def log_lines(verbose: int, progress: RunProgress) -> Iterator[None]:
    """Show what is logged while the block lasts: nothing (0), phases (1), symbols too (2)."""
    if not verbose:
        yield
        return
    log, level = logging.getLogger("fsm_session"), logging.INFO if verbose == 1 else logging.DEBUG
    handler, before = _Lines(level, progress.console), log.level
    log.addHandler(handler)
    log.setLevel(level)
    try:
        yield
    finally:
        log.setLevel(before)
        log.removeHandler(handler)
