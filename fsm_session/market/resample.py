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
    within = bars.interval.within_a_day
    where = calendar.locate(bars.time) if within else calendar.locate_days(bars.time)
    if len(where) and where.min() < 0:
        bars, where = take(bars, where >= 0), where[where >= 0]
    bins = (_parts if interval.within_a_day else _wholes)(bars, where, interval, calendar)
    made = _gather(bars, bins)
    if incomplete == "keep":
        return made
    return take(made, (_full_of_slots if within else _full_of_days)(bars, where, bins, calendar))


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


def _gather(bars: Bars, bins: _Bins) -> Bars:
    """Make one bar of each bin."""
    first = bins.first
    last = np.empty_like(first)
    last[:-1] = first[1:] - 1
    last[-1:] = len(bars) - 1
    columns = (
        bins.labels,
        # a base bar that reaches beyond its bin must not be seen before it has happened
        np.maximum(bins.ends, np.minimum(bars.end[last], bins.limits)),
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
        np.add.reduceat(bars.count, first),
    )
    return Bars(bins.interval, *map(sealed, columns))


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
