"""How complete a session's bars are: present against expected, with the gaps named.

What is expected comes from the calendar, and only from regular hours: nobody knows how many
minutes of a pre-market should have traded. A day that goes on is scored as far as it has come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from fsm_session.market.bars import Floats, Times, sealed
from fsm_session.market.calendar import TradingSession, midnight_ns
from fsm_session.market.gaps import NONE, Gap, Gaps, gaps_of, joined
from fsm_session.market.interval import Interval

_Mask = npt.NDArray[np.bool_]
_Counts = npt.NDArray[np.int32]

_NEVER = np.iinfo(np.int64).max


@frozen
class Quality:
    """``percent`` = 100 x present / expected slots (100.0 where none is expected), and the gaps.

    ``open_gap``: the last of the gaps, where it is still open: the newest slot is empty and the
    session has not ended. None otherwise, and where it was not asked until when.
    """

    percent: float
    present: int
    expected: int
    gaps: Sequence[Gap]
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

    @classmethod
    def of(cls, time: Times, session: TradingSession, interval: Interval) -> DayScore:
        """Take the starts of all the session's bars: ``time``, (n,) int64 nanoseconds UTC."""
        starts, ends = _expected(session, interval)
        seen = _seen(time, session, interval)
        there = seen != _NEVER
        held = np.cumsum(there, dtype=np.int32) - there
        return cls(session.close_ns, starts, ends, sealed(seen), sealed(held))

    def at(self, now_ns: int) -> Quality:
        """Score the session so far: a bar counts, and its slot is expected, once it has ended."""
        present, count = self.counts_at(now_ns)
        # only the newest slot can be settled later: by a bar that began within it, and not with it
        if not count or self._seen[count - 1] <= now_ns:
            return _quality(present, count, self._closed(now_ns))
        first = int(self._heads[count - 1])
        gap = Gap(int(self._starts[first]), int(self._ends[count - 1]), count - first)
        still_open = gap if now_ns < self._close_ns else None
        gaps = joined([self._closed(gap.start_ns), Gaps.of([gap])])
        return _quality(present, count, gaps, still_open)

    def counts_at(self, now_ns: int) -> tuple[int, int]:
        """Count the slots present and expected so far, without naming the gaps."""
        count = bisect_right(self._ends, now_ns)
        if not count:
            return 0, 0
        return int(self._held[count - 1]) + bool(self._seen[count - 1] <= now_ns), count

    def percent_at(self, instants: Times) -> Floats:
        """Give ``at(instant).percent`` for each of (n,) int64 nanoseconds UTC: float64 (n,)."""
        count = np.searchsorted(self._ends, instants, side="right")
        newest = np.maximum(count - 1, 0)
        present = self._held[newest] + (self._seen[newest] <= instants)
        shares: Floats = np.where(count > 0, 100.0 * present / np.maximum(count, 1), 100.0)
        return shares

    def _closed(self, until_ns: int) -> Gaps:
        """Give the gaps of the whole session that have ended by an instant."""
        return self._gaps[: bisect_right(self._gaps.ends_ns, until_ns)]

    @cached_property
    def _missing(self) -> _Mask:
        missing: _Mask = self._seen == _NEVER
        return missing

    @cached_property
    def _gaps(self) -> Gaps:
        return gaps_of(self._starts[self._missing], self._ends[self._missing])

    @cached_property
    def _heads(self) -> _Counts:
        """Give, of each slot, where the gap begins to which it belongs while it is empty."""
        heads = np.arange(len(self._starts), dtype=np.int32)
        heads[1:][self._missing[:-1] & (self._starts[1:] == self._ends[:-1])] = 0
        return sealed(np.maximum.accumulate(heads))


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
    gaps = gaps_of(starts[:total][missing], ends[:total][missing])
    still_open = until_ns is not None and until_ns < session.close_ns and missing[-1:].any()
    present = total - int(np.count_nonzero(missing))
    return _quality(present, total, gaps, gaps[-1] if still_open else None)


def score_sessions(time: Times, sessions: Sequence[TradingSession], interval: Interval) -> Quality:
    """Score the bars that start at ``time`` in several whole sessions as one.

    ``time``: (n,) int64 nanoseconds UTC, ascending; ``sessions`` in order. The sums of present
    and expected, the gaps of all.
    """
    if interval.is_daily:  # may be stamped before its session's open
        return combine(score(time, session, interval) for session in sessions)
    starts, ends, opening = _expected_of_all(tuple(sessions), interval)
    if not len(starts):
        return _quality(0, 0, NONE)
    time = time[slice(*np.searchsorted(time, (starts[0], ends[-1])))]
    missing = np.ones(len(starts), bool)
    missing[_held_slots(time, starts, ends)] = False
    gaps = gaps_of(starts[missing], ends[missing], opening[missing])
    return _quality(len(starts) - int(np.count_nonzero(missing)), len(starts), gaps)


def _held_slots(time: Times, starts: Times, ends: Times) -> slice | Times:
    """Find the slots in which a bar starts; mostly it is one run of them without a gap."""
    first = int(np.searchsorted(starts, time[0])) if len(time) else 0
    run = slice(first, first + len(time))
    if len(starts[run]) == len(time) and (starts[run] == time).all():
        return run
    slot = np.searchsorted(starts, time, side="right") - 1
    held: Times = slot[time < ends[slot]]
    return held


# every symbol of a session has the same history, or one of a few
@lru_cache(maxsize=8)
def _expected_of_all(
    sessions: tuple[TradingSession, ...], interval: Interval
) -> tuple[Times, Times, _Mask]:
    """Give start and end of the slots of several sessions in which a bar is expected.

    And whether each is the first of its session: no gap reaches from one into the next.
    """
    nothing = np.empty(0, np.int64)
    slots_of_all = [_expected(each, interval) for each in sessions] or [(nothing, nothing)]
    starts, ends = (sealed(np.concatenate(each)) for each in zip(*slots_of_all, strict=True))
    opening = np.zeros(len(starts), bool)
    opening[np.cumsum([0, *(len(each) for each, _ in slots_of_all[:-1])])[: len(starts)]] = True
    return starts, ends, sealed(opening)


def combine(qualities: Iterable[Quality]) -> Quality:
    """Score several sessions as one: the sums of present and expected, the gaps of all."""
    parts = tuple(qualities)
    gaps = joined([Gaps.of(part.gaps) for part in parts])
    return _quality(sum(part.present for part in parts), sum(part.expected for part in parts), gaps)


def _quality(present: int, expected: int, gaps: Gaps, open_gap: Gap | None = None) -> Quality:
    return Quality(percent(present, expected), present, expected, gaps, open_gap)


def percent(present: int, expected: int) -> float:
    """Give the share of the expected slots that are present, in percent; 100 of none."""
    return 100.0 * present / expected if expected else 100.0


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
    # the last written stays: of several bars in a slot that has to be the first
    seen[((within - session.open_ns) // step)[::-1]] = ends[::-1]
    if interval.is_daily and not len(within) and _stamped(time, session):
        seen[:] = session.close_ns
    return seen[expected]


def _stamped(time: Times, session: TradingSession) -> bool:
    """Tell whether a daily bar is stamped with the midnight of the session's date."""
    date = pd.DatetimeIndex([session.date])
    midnights = [midnight_ns(date, zone) for zone in ("UTC", session.zone)]
    return bool(np.isin(midnights, time).any())
