"""Where a run is, on a line of its own while it lasts; and where other long work is."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fsm_session.coordinator import Progress, SessionCoordinator
from fsm_session.session_result import SessionResult
from fsm_session.terminal.text import shown

if TYPE_CHECKING:
    from rich.console import Console

    from fsm_session.terminal.drawn import Drawn

#: what is done before the first phase
START = "(start)"


class RunProgress:
    """A line on stderr that says where a run is, while its ``with`` block lasts.

    It asks the coordinator a few times a second, so that the run pays nothing for it. There is
    none where stderr is no terminal, or where it is not ``wanted``.
    """

    def __init__(
        self, coordinator: SessionCoordinator, *, wanted: bool = True, patient: bool = False
    ) -> None:
        self._drawn: Drawn | None = None
        self._note = ""

        def ask() -> Mapping[str, Any]:
            results = tuple(coordinator.context.records.sessions)
            return whereabouts(coordinator.progress(), results)

        if wanted and can_draw():
            self._drawn = _drawn(ask, lambda: self._note, patient=patient)

    @property
    def console(self) -> Console | None:
        """The terminal it is drawn on: who writes there too does so through this."""
        return self._drawn.console if self._drawn else None

    def __enter__(self) -> None:
        """Begin to show it."""
        if self._drawn is not None:
            self._drawn.start()

    def __exit__(self, *_: object) -> None:
        """Show it as it is at the end, and leave it there."""
        if self._drawn is not None:
            self._drawn.stop()

    def tell(self, note: str) -> None:
        """Say a line; from a signal handler too, in the midst of whatever is being printed."""
        self._note = note
        if self._drawn is None:
            with contextlib.suppress(OSError):
                os.write(2, f"{shown(note)}\n".encode())


@contextlib.contextmanager
def waiting(told: Callable[[], str], *, wanted: bool = True) -> Iterator[None]:
    """Say on stderr how far something has come that takes more than a moment."""
    if not (wanted and can_draw()):
        yield
        return
    with _drawn(lambda: {"description": told(), "short": told()}, str, patient=True):
        yield


def can_draw() -> bool:
    """Tell whether stderr is a terminal on which a line can be drawn anew."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def _drawn(
    ask: Callable[[], Mapping[str, Any]], note: Callable[[], str], *, patient: bool
) -> Drawn:
    from rich.console import Console

    from fsm_session.terminal.drawn import Drawn

    return Drawn(Console(stderr=True), ask, note, patient=patient)


def whereabouts(at: Progress, results: Sequence[SessionResult]) -> dict[str, Any]:
    """Give the line's length and words: the complete sessions, and the passed part of this one."""
    if not at.sessions:
        return _beforehand(at, len(results))
    recorded = any(each.date == at.date for each in results)
    passed = at.step / at.steps if at.steps and not recorded else 0.0
    of_all = f"{len(results) + (not recorded)}/{at.sessions}"
    share = f"{passed:4.0%}" if at.steps and not recorded else "    "
    done = sum(each.complete for each in results)
    taken = sum(each.steps for each in results) + (0 if recorded else at.step)
    return {
        "total": at.sessions,
        "completed": done + passed,
        "steps_each": taken / (len(results) + passed) if taken else 0.0,
        "description": f"{at.date}  {of_all}  {at.phase:<11} {share}",
        "short": f"{of_all} {at.phase} {share.strip()}".rstrip(),
    }


def _beforehand(at: Progress, finished: int) -> dict[str, Any]:
    """Say what is done before the sessions are known: what is finished is read, then validated."""
    words = "starting" if at.phase == START else at.phase
    if at.step:
        words = f"Validate {at.step:,}/{at.steps:,} symbols"
    elif at.phase == START and finished:
        words = f"reading what is finished: {finished:,} sessions"
    return {"total": None, "description": words, "short": words}
