"""Plays the tape: moves the clock, reveals what has happened, calls the workers.

The order of a step is fixed: first the clock, then the data, then the workers as they were set
up. The tape remembers nothing but the row it is at; when a symbol comes or goes it is laid anew
over all symbols, and goes on at the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fsm_session.machine import Inbox
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData
from fsm_session.session.queues import SessionQueues
from fsm_session.session.reveal import Reveal
from fsm_session.session.view import View, renew, revoke


class Step(NamedTuple):
    """One instant: its number in the session from 1, and its time, int64 nanoseconds UTC."""

    number: int
    time_ns: int


class Player:
    """Takes the steps of one session after the other.

    ``on_step`` is called with each :class:`Step`, ``scan_due`` says with the time whether a
    mid-session scan is due.
    """

    def __init__(
        self,
        clock: TimeManager,
        inbox: Inbox,
        on_step: Callable[[Step], None],
        scan_due: Callable[[int], bool],
    ) -> None:
        self._clock = clock
        self._inbox = inbox
        self._on_step = on_step
        self._scan_due = scan_due
        self.clear()

    def clear(self) -> None:
        """Forget the tape; a view of it shows nothing from now on."""
        if getattr(self, "view", None) is not None:
            revoke(self.view)
        self.reveal: Reveal | None = None
        self.view: View
        self._data: SessionData | None = None
        self._times: list[int] = []
        self._paused_at_ns = -1

    def lay(self, data: SessionData, queues: SessionQueues) -> None:
        """Merge the queues into a tape and stand at the clock: nothing is shown beyond it."""
        instants = queues.tape()
        fresh_tape = self.reveal is None
        self._data = data
        self.reveal = Reveal(data, instants)
        self.reveal.row = int(np.searchsorted(instants, self._clock.now_ns, side="right"))
        self._times = instants.tolist()
        if fresh_tape:
            self.view = View(data, self.reveal)
        else:
            renew(self.view, self.reveal)

    @property
    def row(self) -> int:
        """The row of the reveal's tables that is now; 0 before the first step."""
        reveal = self.reveal  # read once: whoever asks may be on another thread
        return reveal.row if reveal else 0

    @property
    def steps(self) -> int:
        """How many steps the tape has."""
        return len(self._times)

    @property
    def pause_due(self) -> bool:
        """Whether something waits that only a pause can deal with, and the session goes on.

        There is at most one pause an instant: what comes during a pause waits for a step.
        """
        now_ns = self._clock.now_ns
        over = self._inbox.stop_requested or self._laid()[0].row >= len(self._times)
        if over or now_ns == self._paused_at_ns:
            return False
        return self._inbox.waiting > 0 or self._scan_due(now_ns)

    def note_pause(self) -> None:
        """Note that this instant has had its pause."""
        self._paused_at_ns = self._clock.now_ns

    def _laid(self) -> tuple[Reveal, SessionData]:
        """Give what is played; the tape is laid before the session begins."""
        assert self.reveal is not None
        assert self._data is not None
        return self.reveal, self._data

    def play(self) -> None:
        """Take a step per instant until a pause is due, a stop requested or the tape out."""
        reveal, data = self._laid()
        while not self._inbox.stop_requested and reveal.row < len(self._times):
            if self.pause_due:
                return
            self._step(reveal, data, self._times[reveal.row])

    def finish(self) -> None:
        """At the close, move the clock there; a last step if bars are finished by it.

        Does nothing before the tape is out: the session was paused or broken off.
        """
        reveal, data = self._laid()
        if reveal.row < len(self._times) or self._inbox.stop_requested:
            return
        close_ns = self._clock.session.end_ns
        if reveal.closing_bars():
            self._step(reveal, data, close_ns)
        self._clock.set_backtest_time(close_ns)
        data.finished = True

    def _step(self, reveal: Reveal, data: SessionData, time_ns: int) -> None:
        self._clock.set_backtest_time(time_ns)
        reveal.row += 1
        data.steps += 1
        self._on_step(Step(data.steps, time_ns))
