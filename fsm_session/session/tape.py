"""The tape of a session: every instant at which something happens, and what it shows of bars.

Bars are shown by tables with a row an instant. Quotes and ticks happen far more often than bars:
their instants are steps, but only those that can change what is shown of bars have a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from attrs import frozen

from fsm_session.market.bars import Times
from fsm_session.market.quality import slots
from fsm_session.session.data import SymbolTable
from fsm_session.session.queues import SessionQueues, merge


@frozen(eq=False)
class Tape:
    """``instants`` of the steps, (n_steps,), and ``shown``, those that have a row of the tables.

    Both int64 nanoseconds UTC, ascending. ``times`` are the instants as plain numbers, and
    ``rows`` is the row that each step shows, from 1.
    """

    instants: Times
    shown: Times
    times: list[int]
    rows: Sequence[int]


NOTHING = Tape(np.empty(0, np.int64), np.empty(0, np.int64), [], range(0))


def lay_tape(data: SymbolTable, queues: SessionQueues, taken: Tape, *, begun: bool) -> Tape:
    """Lay what is to come behind the steps that were taken.

    ``begun``: whether what happens at the clock's instant has happened already.
    """
    now_ns, tape = data.clock.now_ns, queues.tape()
    to_come = tape[int(np.searchsorted(tape, now_ns, side="right" if begun else "left")) :]
    instants = np.concatenate((taken.instants, to_come))
    if not any(each.events for each in data.values()):
        return Tape(instants, instants, instants.tolist(), range(1, len(instants) + 1))
    moments = merge(_moments(data))
    places = np.unique(np.searchsorted(to_come, moments[moments > now_ns]))
    shown = np.concatenate((taken.shown, to_come[places[places < len(to_come)]]))
    rows = np.searchsorted(shown, instants, side="right")
    return Tape(instants, shown, instants.tolist(), rows.tolist())


def up_to(tape: Tape, steps: int, row: int) -> Tape:
    """Cut off what has not been taken: after so many steps, at a row."""
    return Tape(tape.instants[:steps], tape.shown[:row], tape.times[:steps], tape.rows[:steps])


def _moments(data: SymbolTable) -> Iterator[Times]:
    """Give the instants at which a bar happens, or a slot ends in which one could have."""
    for each in data.values():
        yield slots(each.session, each.base_interval)[1]
        for interval in each.intervals:
            yield each.whole_day(interval).end
