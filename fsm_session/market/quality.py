"""How complete a session's bars are: present against expected, with the gaps named.

What is expected comes from the calendar, and only from regular hours: nobody knows how many
minutes of a pre-market should have traded.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import frozen

from fsm_session.market.bars import Times, sealed
from fsm_session.market.calendar import TradingSession, midnight_ns
from fsm_session.market.interval import Interval

_Mask = npt.NDArray[np.bool_]


@frozen
class Gap:
    """A run of ``missing`` slots without a bar: [start_ns, end_ns), int64 nanoseconds UTC."""

    start_ns: int
    end_ns: int
    missing: int


@frozen
class Quality:
    """``percent`` = 100 x present / expected slots (100.0 where none is expected), and the gaps."""

    percent: float
    present: int
    expected: int
    gaps: tuple[Gap, ...]


def expected_starts(session: TradingSession, interval: Interval) -> Times:
    """Give the starts, (n,) int64 nanoseconds UTC, of the bars that a complete session has.

    Slots are anchored at the open; a short one at the close counts, one that lies within the
    lunch break does not. Daily: one slot, the session.
    """
    starts, _, expected = _slots(session, interval)
    return sealed(starts[expected])


def score(
    time: Times, session: TradingSession, interval: Interval, until_ns: int | None = None
) -> Quality:
    """Score the bars that start at ``time`` ((n,) int64 nanoseconds UTC) in one session.

    A slot is present when a bar starts in it. With ``until_ns``, only slots that have ended by
    then are expected. A daily bar may be stamped with its date's midnight, UTC or local.
    """
    starts, ends, expected = _slots(session, interval)
    if until_ns is not None:
        expected &= ends <= until_ns
    occupied = np.zeros(len(starts), bool)
    occupied[_places(time, session, interval)] = True
    missing = expected & ~occupied
    total, absent = int(np.count_nonzero(expected)), int(np.count_nonzero(missing))
    return _quality(total - absent, total, _gaps(starts[missing], ends[missing]))


def combine(qualities: Iterable[Quality]) -> Quality:
    """Score several sessions as one: the sums of present and expected, the gaps of all."""
    parts = tuple(qualities)
    gaps = tuple(gap for part in parts for gap in part.gaps)
    return _quality(sum(part.present for part in parts), sum(part.expected for part in parts), gaps)


def _quality(present: int, expected: int, gaps: tuple[Gap, ...]) -> Quality:
    percent = 100.0 * present / expected if expected else 100.0
    return Quality(percent, present, expected, gaps)


def _slots(session: TradingSession, interval: Interval) -> tuple[Times, Times, _Mask]:
    """Give start and end of each slot from open to close, and whether a bar is expected there."""
    step = _step(session, interval)
    starts = np.arange(session.open_ns, session.close_ns, step, dtype=np.int64)
    ends = np.minimum(starts + step, session.close_ns)
    expected = np.ones(len(starts), bool)
    if session.break_start_ns is not None and session.break_end_ns is not None:
        expected = (starts < session.break_start_ns) | (ends > session.break_end_ns)
    return starts, ends, expected


def _step(session: TradingSession, interval: Interval) -> int:
    return session.close_ns - session.open_ns if interval.is_daily else interval.ns


def _places(time: Times, session: TradingSession, interval: Interval) -> Times:
    """Give the number of the slot in which each time lies; times outside the session give none."""
    within = time[(time >= session.open_ns) & (time < session.close_ns)]
    if interval.is_daily and not len(within):
        date = pd.DatetimeIndex([session.date])
        midnights = [midnight_ns(date, zone) for zone in ("UTC", session.zone)]
        return np.zeros(int(np.isin(midnights, time).any()), np.int64)
    return (within - session.open_ns) // _step(session, interval)


def _gaps(starts: Times, ends: Times) -> tuple[Gap, ...]:
    """Join the empty slots that touch; a lunch break parts them."""
    if not len(starts):
        return ()
    breaks: npt.NDArray[np.intp] = (starts[1:] != ends[:-1]).nonzero()[0] + 1
    firsts, stops = [0, *breaks.tolist()], [*breaks.tolist(), len(starts)]
    return tuple(
        Gap(int(starts[first]), int(ends[stop - 1]), stop - first)
        for first, stop in zip(firsts, stops, strict=True)
    )
