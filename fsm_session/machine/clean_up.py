"""Runs what a final state does on the way in: all of it, whatever is raised, and wherever.

Nothing comes after a final state that could still tear down or answer. So what is left to do is
kept as a list: an interrupt between two hooks, or amid one, leaves it to be gone on with.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

Call: TypeAlias = Callable[[], None]

#: how often a hook is tried: those of a final state can be run twice
TRIES = 2


#: is told what was raised; gives whether that was an error: a Ctrl-C may be taken for a stop
Note: TypeAlias = Callable[[BaseException], bool]


class CleanUp:
    """The calls that each final state still has to make."""

    def __init__(self) -> None:
        self._left: dict[str, list[Call]] = {}

    def add(self, state: str, calls: Sequence[Call]) -> None:
        """Give a final state its calls."""
        self._left[state] = [*calls]

    def is_due(self, state: str) -> bool:
        """Tell whether a state has something left to do."""
        return bool(self._left.get(state))

    def go_on(self, state: str, note: Note) -> None:
        """Make the calls that a state has left, in order; what they raise is noted."""
        left = self._left[state]
        while left:
            _make(left[0], note)
            del left[0]

    def release(self) -> None:
        """Let go of all calls: the run is over."""
        self._left.clear()


def _make(call: Call, note: Note) -> None:
    """Make a call, once more where it raised; the same error is told once."""
    told = list[str]()
    while len(told) < TRIES:
        try:
            call()
            return
        except BaseException as raised:  # noqa: BLE001 - noted, and the run ends failed
            # a Ctrl-C that is a stop is no failed try: that happens once
            if repr(raised) in told or note(raised):
                told.append(repr(raised))
