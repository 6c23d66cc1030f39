"""Plays the tape: moves the clock, reveals what has happened, calls the workers.

The order of a step is fixed: first the clock, then the data, then the workers as they were set
up. The tape remembers nothing but the row it is at; when a symbol comes or goes it is laid anew
over all symbols, and goes on at the clock. A scan has its own time: the clock is moved there,
whether or not anything happens at that instant.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple

from fsm_session.machine import Inbox
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData
from fsm_session.session.queues import SessionQueues
from fsm_session.session.reveal import Reveal
from fsm_session.session.tape import NOTHING, lay_tape, up_to
from fsm_session.session.view import View, renew, revoke

#: later than any instant
NEVER = 2**63 - 1


class Step(NamedTuple):
    """One instant: its number in the session from 1, and its time, int64 nanoseconds UTC."""

    number: int
    time_ns: int


#: what is called with each step
OnStep = Callable[[Step], None]


class Player:
    """Takes the steps of one session after the other."""

    def __init__(self, clock: TimeManager, inbox: Inbox) -> None:
        self._clock = clock
        self._inbox = inbox
        self.clear()

    def clear(self) -> None:
        """Forget the tape; a view of it shows nothing from now on."""
        if getattr(self, "view", None) is not None:
            revoke(self.view)
        self.reveal: Reveal | None = None
        self.view: View
        self._data: SessionData | None = None
        self.tape = NOTHING
        self._paused_at_ns = self._paused_at_step = -1
        self._pausing = False

    def lay(self, data: SessionData, queues: SessionQueues) -> None:
        """Merge the queues into a tape and stand at the clock: nothing is shown beyond it.

        Where symbols came or went, the steps that were taken stay, and what is to come is laid
        anew: each bar is shown once, whoever's instants have come or gone with a symbol.
        """
        before, self._data = self.reveal, data
        row = before.row if before else 0
        self.tape = lay_tape(data, queues, up_to(self.tape, data.steps, row))
        self.reveal = Reveal(data, self.tape.shown, row, self._clock.now_ns)
        if before:
            self.reveal.fresh_row = before.fresh_row
            renew(self.view, self.reveal)
        else:
            self.view = View(data, self.reveal)

    @property
    def step(self) -> int:
        """The number of the step that was taken last; 0 before the first."""
        data = self._data  # read once: whoever asks may be on another thread
        return data.steps if data else 0

    @property
    def progress(self) -> tuple[int, int]:
        """How many steps of the tape have been taken, and how many it has."""
        steps = len(self.tape.times)
        # the close may be a step more, to finish bars
        return min(self.step, steps), steps

    @property
    def shows_new_bars(self) -> bool:
        """Whether a bar has happened at this step, and not only quotes or ticks."""
        reveal, _ = self._laid()
        return reveal.anything_fresh[reveal.fresh_row]

    @property
    def pause_due(self) -> bool:
        """Whether the tape stopped for what only a pause can deal with; never after a stop."""
        return self._pausing and not self._inbox.stop_requested

    def note_pause(self) -> bool:
        """Note that this instant has its pause; tell whether there was a step since the last."""
        steps = self._laid()[1].steps
        stepped = steps != self._paused_at_step
        self._paused_at_ns, self._paused_at_step = self._clock.now_ns, steps
        return stepped

    def _laid(self) -> tuple[Reveal, SessionData]:
        """Give what is played; the tape is laid before the session begins."""
        assert self.reveal is not None
        assert self._data is not None
        return self.reveal, self._data

    def play(self, on_step: OnStep, next_scan_ns: int) -> None:
        """Take a step per instant until a pause is due, a stop requested or nothing is to come.

        ``next_scan_ns``: when the next scan of the session is due, int64 nanoseconds UTC, NEVER
        where none is. That a pause is due is decided here and nowhere else: requests come from
        other threads, and what follows has to agree on it.
        """
        self._pausing = False
        while True:
            self._inbox.look()
            if self._inbox.stop_requested:
                return
            if self._must_pause(next_scan_ns):
                self._pausing = True
                return
            if self._take_steps(on_step, next_scan_ns):
                continue
            if next_scan_ns == NEVER:
                return
            self._clock.set_backtest_time(next_scan_ns)

    def _take_steps(self, on_step: OnStep, until_ns: int) -> bool:
        """Take the steps up to an instant, or until somebody asks for something; False if none."""
        reveal, data = self._laid()
        clock, inbox, tape = self._clock, self._inbox, self.tape
        times, rows, fresh = tape.times, tape.rows, tape.fresh
        first = data.steps
        # the loop that everything else waits for: no call in it that could be outside
        for place in range(first, bisect_right(times, until_ns, lo=first)):
            time_ns = times[place]
            clock.now_ns = time_ns
            reveal.row = rows[place]
            reveal.fresh_row = fresh[place]
            data.steps = place + 1
            on_step(Step(place + 1, time_ns))
            if inbox.pressing:
                break
        return data.steps > first

    def _must_pause(self, scan_ns: int) -> bool:
        """Tell whether the scan is due or a request waits, with some of the session to come.

        There is at most one pause an instant: what comes during a pause waits for the next.
        """
        now_ns = self._clock.now_ns
        if now_ns == self._paused_at_ns or now_ns >= self._clock.session.end_ns:
            return False
        return self._inbox.waiting > 0 or scan_ns <= now_ns

    def finish(self, on_step: OnStep) -> None:
        """At the close, move the clock there; a last step if bars are finished by it.

        Does nothing where the session was paused or broken off.
        """
        reveal, data = self._laid()
        if self._pausing or self._inbox.stop_requested:
            return
        self._clock.set_backtest_time(self._clock.session.end_ns)
        if reveal.closing_bars():
            reveal.fresh_row = reveal.row = reveal.row + 1
            data.steps += 1
            on_step(Step(data.steps, self._clock.now_ns))
        data.finished = True
