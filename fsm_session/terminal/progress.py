"""Where a run is, on a line of its own while it lasts."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from fsm_session.coordinator import Progress, SessionCoordinator
from fsm_session.session_result import SessionResult
from fsm_session.terminal.text import shown

if TYPE_CHECKING:
    from rich import progress as bars


class RunProgress:
    """A line on stderr that says where a run is, while its ``with`` block lasts.

    It asks the coordinator a few times a second, so that the run pays nothing for it. There is
    none where stderr is no terminal, or where it is not ``wanted``.
    """

    def __init__(self, coordinator: SessionCoordinator, *, wanted: bool = True) -> None:
        dumb = os.environ.get("TERM", "") in ("dumb", "unknown")
        self._bar: bars.Progress | None = None
        self._note = ""
        if wanted and sys.stderr.isatty() and not dumb:
            self._bar = _bar(coordinator, lambda: self._note)

    def __enter__(self) -> None:
        """Begin to show it."""
        if self._bar is not None:
            self._bar.start()

    def __exit__(self, *_: object) -> None:
        """Show it as it is at the end, and leave it there."""
        if self._bar is not None:
            self._bar.stop()

    def tell(self, note: str) -> None:
        """Say a line; from a signal handler too, in the midst of whatever is being printed."""
        self._note = note
        if self._bar is None:
            with contextlib.suppress(OSError):
                os.write(2, f"{shown(note)}\n".encode())


def _bar(coordinator: SessionCoordinator, note: Callable[[], str]) -> bars.Progress:
    from rich import progress as bars
    from rich.console import Console, RenderableType
    from rich.text import Text

    class Polled(bars.Progress):
        """Asks where the run is whenever it is drawn."""

        def get_renderables(self) -> Iterable[RenderableType]:
            for task in self.tasks:
                results = tuple(coordinator.context.records.sessions)
                self.update(task.id, **whereabouts(coordinator.progress(), results))
            yield from super().get_renderables()
            if note():
                yield Text(note())

    made = Polled(
        bars.BarColumn(bar_width=20),
        bars.TextColumn("{task.description}", markup=False),
        bars.TimeElapsedColumn(),
        console=Console(stderr=True),
        # what a strategy prints goes where it is sent, unless that is the same terminal
        redirect_stdout=sys.stdout.isatty(),
    )
    made.add_task("", total=None)
    return made


def whereabouts(at: Progress, results: Sequence[SessionResult]) -> dict[str, Any]:
    """Give the bar's length and words: the complete sessions, and the passed part of this one."""
    if not at.sessions:
        return {"total": None, "description": at.phase}
    recorded = any(each.date == at.date for each in results)
    passed = at.step / at.steps if at.steps and not recorded else 0.0
    number = len(results) + (not recorded)
    words = f"{at.date}  {number}/{at.sessions}  {at.phase:<11}"
    steps = f"  step {at.step}/{at.steps}" if at.steps else ""
    done = sum(each.complete for each in results)
    return {"total": at.sessions, "completed": done + passed, "description": words + steps}
