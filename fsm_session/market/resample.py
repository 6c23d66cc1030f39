"""Longer bars from shorter ones: within each session, and whole days, weeks and months.

Bins are anchored at each session's open, so that hours begin at 09:30 where the market does, and
no bin within a day ever reaches from one session into the next. What a bar is called and when it
has ended is the calendar's to say, not the data's: a missing Monday moves neither.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
from attrs import frozen

from fsm_session.errors import IntervalError
from fsm_session.market.bars import Bars, Times, sealed, take
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import DAY, Interval
from fsm_session.market.quality import expected_starts

Incomplete = Literal["keep", "drop"]
_Mask = npt.NDArray[np.bool_]
_Places = npt.NDArray[np.intp]


@frozen(eq=False)
class Binning:
    """How some bars become longer ones: what the times of the bars decide, whatever the prices.

    ``first`` and ``last``, (n,), are the indices of the first and last bar within each new one,
    ``time``, ``end`` and ``count`` its columns. ``held`` tells which of the shorter bars lie in a
    session, None where all of them do, and ``kept`` which of the new ones are full, None where
    that is not asked. It fits all bars of the same times.
    """

    interval: Interval
    first: _Places
    last: _Places
    time: Times
    end: Times
    count: Times
    held: _Mask | None = None
    kept: _Mask | None = None

    def gather(self, bars: Bars) -> Bars:
        """Make one bar of each bin."""
        if self.held is not None:
            bars = take(bars, self.held)
        values = (
            bars.open[self.first],
            np.maximum.reduceat(bars.high, self.first),
            np.minimum.reduceat(bars.low, self.first),
            bars.close[self.last],
            np.add.reduceat(bars.volume, self.first),
        )
        columns = (self.time, self.end, *map(sealed, values), self.count)
        made = Bars(self.interval, *columns)
        return made if self.kept is None else take(made, self.kept)


@frozen(eq=False)
class _Bins:
    """The bins in which there is a bar, in order: columns (n,), instants int64 nanoseconds UTC.

    ``first`` is the index of the first bar within and ``session`` that of its session. A bin is
    [starts, ends) and is called by its label; nothing within outlasts ``limits``.
    """

    interval: Interval
    first: _Places
    session: Times
    starts: Times
    ends: Times
    labels: Times
    limits: Times


def resample(
    bars: Bars, interval: Interval, calendar: MarketCalendar, incomplete: Incomplete = "keep"
) -> Bars:
    """Derive bars of ``interval`` from ``bars`` of any number of sessions, in time order.

    Bins are left-closed, labelled by their left edge and anchored at the session's open (those
    before the open too), and cut at both ends of the session's window. A daily bar is labelled
    by the open; a weekly (Monday to Sunday) or monthly one, of the sessions with these dates, by
    the open of the first of them, whether or not it has a bar. Daily bars to be derived from
    carry their session's open, its date (midnight) or any time within its window.

    Open is the first, high the largest, low the smallest, close the last, volume and count the
    sums. A bin without a bar is left out, and so are bars outside every window. ``end`` is where
    the bin ends, no earlier than the last bar within; that of a week or month is the end of its
    last session's window, or midnight after it where the calendar's knowledge ends before.

    ``incomplete="keep"`` makes a bar from what is there; ``"drop"`` only where nothing lacks:
    where there is a bar in every slot of the bin in which quality expects one or, where it
    expects none (outside regular hours), in every slot; and for weeks and months, a day thus
    made, or a daily bar, of every session.

    Raises IntervalError where ``interval`` can't be derived, or ``incomplete`` is neither.
    """
    _check(bars.interval, interval, incomplete)
    if interval.spans_sessions and bars.interval.within_a_day:
        bars = resample(bars, Interval(DAY), calendar, incomplete)
    return bin_up(bars, interval, calendar, incomplete).gather(bars)


def bin_up(
    bars: Bars,
    interval: Interval,
    calendar: MarketCalendar,
    incomplete: Incomplete = "keep",
    where: Times | None = None,
) -> Binning:
    """Find out how bars become bars of ``interval``, by their times alone.

    As ``resample``, but weeks and months are made of days only. ``where``: the session of each
    bar, if that is known already.
    """
    _check(bars.interval, interval, incomplete)
    within = bars.interval.within_a_day
    if where is None:
        where = calendar.locate(bars.time) if within else calendar.locate_days(bars.time)
    held = None
    if len(where) and where.min() < 0:
        held = where >= 0
        bars, where = take(bars, held), where[held]
    bins = (_parts if interval.within_a_day else _wholes)(bars, where, interval, calendar)
    kept = None
    if incomplete == "drop":
        kept = (_full_of_slots if within else _full_of_days)(bars, where, bins, calendar)
    return _binning(bars, bins, held, kept)


def _check(base: Interval, interval: Interval, incomplete: Incomplete) -> None:
    if not interval.derives_from(base):
        raise IntervalError(f"bars of {interval} can't be made from bars of {base}")
    if incomplete not in get_args(Incomplete):
        raise IntervalError(f"incomplete bars are 'keep' or 'drop', not {incomplete!r}")


def _parts(bars: Bars, where: Times, interval: Interval, calendar: MarketCalendar) -> _Bins:
    """Part each session into bins of a length."""
    edges = calendar.opens_ns[where]
    edges = edges + (bars.time - edges) // interval.ns * interval.ns
    # by session too: with long pre-market bins, one's last edge may be the next one's first
    first = _changes(edges, where)
    session = where[first]
    starts = np.maximum(edges[first], calendar.starts_ns[session])
    limits = calendar.ends_ns[session]
    ends = np.minimum(edges[first] + interval.ns, limits)
    return _Bins(interval, first, session, starts, ends, starts, limits)


def _wholes(_: Bars, where: Times, interval: Interval, calendar: MarketCalendar) -> _Bins:
    """Put whole sessions into bins: each into its own, or into that of its week or month."""
    periods = calendar.periods(interval)
    head = periods.first[where]
    first = _changes(head)
    session, head = where[first], head[first]
    starts, ends = calendar.starts_ns[head], periods.ends_ns[session]
    return _Bins(interval, first, session, starts, ends, calendar.opens_ns[head], ends)


def _changes(*columns: Times) -> _Places:
    """Give the index of each row that differs from the row before it, and of the first."""
    new = np.zeros(len(columns[0]), bool)
    new[:1] = True
    for column in columns:
        new[1:] |= column[1:] != column[:-1]
    return new.nonzero()[0]


def _binning(bars: Bars, bins: _Bins, held: _Mask | None, kept: _Mask | None) -> Binning:
    first = bins.first
    last = np.empty_like(first)
    last[:-1] = first[1:] - 1
    last[-1:] = len(bars) - 1
    # a base bar that reaches beyond its bin must not be seen before it has happened
    end = np.maximum(bins.ends, np.minimum(bars.end[last], bins.limits))
    count = np.add.reduceat(bars.count, first)
    time, end, count = map(sealed, (bins.labels, end, count))
    return Binning(bins.interval, first, last, time, end, count, held, kept)


def _full_of_days(_: Bars, where: Times, bins: _Bins, calendar: MarketCalendar) -> _Mask:
    """Tell which bins hold a bar for each of their sessions, all of which are known."""
    periods = calendar.periods(bins.interval)
    sessions = (periods.last - periods.first + 1)[bins.session]
    full: _Mask = periods.whole[bins.session] & (_count(_changes(where), bins) == sessions)
    return full


def _full_of_slots(bars: Bars, where: Times, bins: _Bins, calendar: MarketCalendar) -> _Mask:
    """Tell which bins hold a bar in each of the base bars' slots that needs one."""
    opens, closes, step = calendar.opens_ns, calendar.closes_ns, bars.interval.ns
    slots = opens[where] + (bars.time - opens[where]) // step * step
    held = _changes(slots, where)
    expected = _expected(where, bars.interval, calendar)
    asked = np.subtract(*np.searchsorted(expected, (bins.ends, bins.starts)))
    regular = expected.take(np.searchsorted(expected, slots[held]), mode="clip") == slots[held]
    # a slot that the close cuts is not filled by what trades after it
    regular &= bars.time[held] < closes[where[held]]
    # from the slot in which the bin starts to the one that its end cuts
    open_ = opens[bins.session]
    every = -((open_ - bins.ends) // step) - (bins.starts - open_) // step
    full: _Mask = np.where(
        asked > 0, _count(held[regular], bins) == asked, _count(held, bins) == every
    )
    return full


def _expected(where: Times, interval: Interval, calendar: MarketCalendar) -> Times:
    """Give the starts of the slots that quality expects a bar in, of all sessions at hand."""
    starts = [expected_starts(calendar.sessions[each], interval) for each in np.unique(where)]
    return np.concatenate(starts) if starts else np.empty(0, np.int64)


def _count(marked: _Places, bins: _Bins) -> Times:
    """Count the bars at the marked indices in each bin."""
    return np.diff(np.append(np.searchsorted(marked, bins.first), len(marked)))
