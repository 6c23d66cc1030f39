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
    ``rows`` is the row that each step shows, from 1; ``fresh`` the same where the row is new at
    the step, and otherwise 0, the row of nothing new.
    """

    instants: Times
    shown: Times
    times: list[int]
    rows: Sequence[int]
    fresh: Sequence[int]


NOTHING = Tape(np.empty(0, np.int64), np.empty(0, np.int64), [], range(0), range(0))


def lay_tape(data: SymbolTable, queues: SessionQueues, taken: Tape) -> Tape:
    """Lay what is to come behind the steps that were taken."""
    now_ns, tape = data.clock.now_ns, queues.tape()
    # at the start, before any step, what happens at that very instant is still to come
    begun = len(taken.instants) > 0 or now_ns > data.session.start_ns
    to_come = tape[int(np.searchsorted(tape, now_ns, side="right" if begun else "left")) :]
    instants = np.concatenate((taken.instants, to_come))
    if not any(each.events for each in data.values()):
        rows = range(1, len(instants) + 1)
        return Tape(instants, instants, instants.tolist(), rows, rows)
    moments = merge(_moments(data))
    # a bar may have ended since the last step, before a scan at which this is laid
    last_ns = taken.instants[-1] if len(taken.instants) else data.session.start_ns
    places = np.unique(np.searchsorted(to_come, moments[moments > last_ns]))
    shown = np.concatenate((taken.shown, to_come[places[places < len(to_come)]]))
    of_step = np.searchsorted(shown, instants, side="right")
    fresh = np.where(np.diff(of_step, prepend=0) > 0, of_step, 0)
    return Tape(instants, shown, instants.tolist(), of_step.tolist(), fresh.tolist())


def up_to(tape: Tape, steps: int, row: int) -> Tape:
    """Cut off what has not been taken: after so many steps, at a row."""
    rows, fresh = tape.rows[:steps], tape.fresh[:steps]
    return Tape(tape.instants[:steps], tape.shown[:row], tape.times[:steps], rows, fresh)


def _moments(data: SymbolTable) -> Iterator[Times]:
    """Give the instants at which a bar happens, or a slot ends in which one could have."""
    for each in data.values():
        yield slots(each.session, each.base_interval)[1]
        for interval in each.intervals:
            yield each.whole_day(interval).end
