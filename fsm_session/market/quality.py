"""How complete a session's bars are: present against expected, with the gaps named.

What is expected comes from the calendar, and only from regular hours: nobody knows how many
minutes of a pre-market should have traded. A day that goes on is scored as far as it has come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from fsm_session.market.bars import Floats, Times, sealed
from fsm_session.market.calendar import TradingSession, midnight_ns
from fsm_session.market.interval import Interval

_Mask = npt.NDArray[np.bool_]
_Counts = npt.NDArray[np.int32]

_NEVER = np.iinfo(np.int64).max


@frozen
class Gap:
    """A run of ``missing`` slots without a bar: [start_ns, end_ns), int64 nanoseconds UTC."""

    start_ns: int
    end_ns: int
    missing: int


@frozen
class Quality:
    """``percent`` = 100 x present / expected slots (100.0 where none is expected), and the gaps.

    ``open_gap``: the last of the gaps, where it is still open: the newest slot is empty and the
    session has not ended. None otherwise, and where it was not asked until when.
    """

    percent: float
    present: int
    expected: int
    gaps: tuple[Gap, ...]
    open_gap: Gap | None = None


@frozen(eq=False)
class DayScore:
    """The quality of one symbol's session at any instant, from all of the session's bars.

    What ``score`` would say of the bars that have happened by then, without counting them again.
    """

    _close_ns: int = field(repr=False)
    _starts: Times = field(repr=False)
    _ends: Times = field(repr=False)
    # when the bar of each slot has happened, and in how many slots before it there is one
    _seen: Times = field(repr=False)
    _held: _Counts = field(repr=False)
    # the slot at which the gap begins to which a slot belongs while it is empty
    _heads: _Counts = field(repr=False)
    _gaps: tuple[Gap, ...] = field(repr=False)

    @classmethod
    def of(cls, time: Times, session: TradingSession, interval: Interval) -> DayScore:
        """Take the starts of all the session's bars: ``time``, (n,) int64 nanoseconds UTC."""
        starts, ends = _expected(session, interval)
        seen = _seen(time, session, interval)
        missing = seen == _NEVER
        held = np.cumsum(~missing, dtype=np.int32) - ~missing
        gaps = _gaps(starts[missing], ends[missing])
        heads = _heads(starts, ends, missing)
        return cls(session.close_ns, starts, ends, sealed(seen), sealed(held), heads, gaps)

    def at(self, now_ns: int) -> Quality:
        """Score the session so far: a bar counts, and its slot is expected, once it has ended."""
        count = bisect_right(self._ends, now_ns)
        if not count:
            return _quality(0, 0, ())
        # only the newest slot can be settled later: by a bar that began within it, and not with it
        held = int(self._held[count - 1])
        if self._seen[count - 1] <= now_ns:
            return _quality(held + 1, count, self._closed(now_ns))
        first = int(self._heads[count - 1])
        gap = Gap(int(self._starts[first]), int(self._ends[count - 1]), count - first)
        still_open = gap if now_ns < self._close_ns else None
        return _quality(held, count, (*self._closed(gap.start_ns), gap), still_open)

    def percent_at(self, instants: Times) -> Floats:
        """Give ``at(instant).percent`` for each of (n,) int64 nanoseconds UTC: float64 (n,)."""
        count = np.searchsorted(self._ends, instants, side="right")
        newest = np.maximum(count - 1, 0)
        present = self._held[newest] + (self._seen[newest] <= instants)
        percent: Floats = np.where(count > 0, 100.0 * present / np.maximum(count, 1), 100.0)
        return percent

    def _closed(self, until_ns: int) -> tuple[Gap, ...]:
        """Give the gaps of the whole session that have ended by an instant."""
        return self._gaps[: bisect_right(self._gaps, until_ns, key=lambda gap: gap.end_ns)]


def expected_starts(session: TradingSession, interval: Interval) -> Times:
    """Give the starts, (n,) int64 nanoseconds UTC, of the bars that a complete session has.

    Slots are anchored at the open; a short one at the close counts, one that lies within the
    lunch break does not. Daily: one slot, the session.
    """
    return _expected(session, interval)[0]


def score(
    time: Times, session: TradingSession, interval: Interval, until_ns: int | None = None
) -> Quality:
    """Score the bars that start at ``time`` ((n,) int64 nanoseconds UTC) in one session.

    A slot is present when a bar starts in it. With ``until_ns``, only slots that have ended by
    then are expected. A daily bar may be stamped with its date's midnight, UTC or local.
    """
    starts, ends = _expected(session, interval)
    total = len(ends) if until_ns is None else bisect_right(ends, until_ns)
    missing = _seen(time, session, interval)[:total] == _NEVER
    gaps = _gaps(starts[:total][missing], ends[:total][missing])
    still_open = until_ns is not None and until_ns < session.close_ns and missing[-1:].any()
    present = total - int(np.count_nonzero(missing))
    return _quality(present, total, gaps, gaps[-1] if still_open else None)


def combine(qualities: Iterable[Quality]) -> Quality:
    """Score several sessions as one: the sums of present and expected, the gaps of all."""
    parts = tuple(qualities)
    gaps = tuple(gap for part in parts for gap in part.gaps)
    return _quality(sum(part.present for part in parts), sum(part.expected for part in parts), gaps)


def _quality(
    present: int, expected: int, gaps: tuple[Gap, ...], open_gap: Gap | None = None
) -> Quality:
    percent = 100.0 * present / expected if expected else 100.0
    return Quality(percent, present, expected, gaps, open_gap)


@lru_cache(maxsize=128)
def slots(session: TradingSession, interval: Interval) -> tuple[Times, Times, _Mask]:
    """Give start and end of each slot from open to close, and whether a bar is expected there.

    Each is (n,) and read-only: int64 nanoseconds UTC twice, and bool, false within the lunch
    break. The last slot is cut at the close. Daily: one slot, the session.
    """
    step = _step(session, interval)
    starts = np.arange(session.open_ns, session.close_ns, step, dtype=np.int64)
    ends = np.minimum(starts + step, session.close_ns)
    expected = np.ones(len(starts), bool)
    if session.break_start_ns is not None and session.break_end_ns is not None:
        expected = (starts < session.break_start_ns) | (ends > session.break_end_ns)
    return sealed(starts), sealed(ends), sealed(expected)


@lru_cache(maxsize=128)
def _expected(session: TradingSession, interval: Interval) -> tuple[Times, Times]:
    """Give start and end of the slots in which a bar is expected, once for all symbols."""
    starts, ends, expected = slots(session, interval)
    return sealed(starts[expected]), sealed(ends[expected])


def _step(session: TradingSession, interval: Interval) -> int:
    return session.close_ns - session.open_ns if interval.is_daily else interval.ns


def _seen(time: Times, session: TradingSession, interval: Interval) -> Times:
    """Give, for each expected slot, the end of the first bar that starts in it, or never."""
    starts, _, expected = slots(session, interval)
    seen = np.full(len(starts), _NEVER, np.int64)
    within = time[(time >= session.open_ns) & (time < session.close_ns)]
    step = _step(session, interval)
    ends = np.minimum(within + step, session.close_ns)
    np.minimum.at(seen, (within - session.open_ns) // step, ends)
    if interval.is_daily and not len(within) and _stamped(time, session):
        seen[:] = session.close_ns
    return seen[expected]


def _stamped(time: Times, session: TradingSession) -> bool:
    """Tell whether a daily bar is stamped with the midnight of the session's date."""
    date = pd.DatetimeIndex([session.date])
    midnights = [midnight_ns(date, zone) for zone in ("UTC", session.zone)]
    return bool(np.isin(midnights, time).any())


def _heads(starts: Times, ends: Times, missing: _Mask) -> _Counts:
    """Give the first of the empty slots that touch a slot from before, or the slot itself."""
    heads = np.arange(len(starts), dtype=np.int32)
    heads[1:][missing[:-1] & (starts[1:] == ends[:-1])] = 0
    return sealed(np.maximum.accumulate(heads))


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
