"""Longer bars from shorter ones, session by session.

Bins are anchored at each session's open, so that hours begin at 09:30 where the market does, and
no bin ever reaches from one session into the next.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fsm_session.errors import IntervalError
from fsm_session.market.bars import Bars, Times, sealed, take
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import Interval

_Places = npt.NDArray[np.intp]


def resample(bars: Bars, interval: Interval, calendar: MarketCalendar) -> Bars:
    """Derive bars of ``interval`` from ``bars`` of any number of sessions, in time order.

    Bins are left-closed, labelled by their left edge and anchored at the session's open (those
    before the open too), and cut at both ends of the session's window; a daily bar is labelled
    by the open. Open is the first, high the largest, low the smallest, close the last, volume
    and count the sums. A bin without a bar is left out, and so are bars outside every window.
    ``end`` is where the bin ends, no earlier than the last bar within.

    Raises IntervalError where ``interval`` can't be derived.
    """
    if not interval.derives_from(bars.interval):
        raise IntervalError(f"bars of {interval} can't be made from bars of {bars.interval}")
    where = calendar.locate(bars.time)
    if len(where) and where.min() < 0:
        return resample(take(bars, where >= 0), interval, calendar)
    edges = calendar.opens_ns[where]
    if not interval.is_daily:
        edges = edges + (bars.time - edges) // interval.ns * interval.ns
    new = np.ones(len(edges), bool)
    # by session too: with long pre-market bins, one's last edge may be the next one's first
    np.not_equal(edges[1:], edges[:-1], out=new[1:])
    new[1:] |= where[1:] != where[:-1]
    first = new.nonzero()[0]
    session = where[first]
    labels = np.maximum(edges[first], calendar.starts_ns[session])
    limits = calendar.ends_ns[session]
    ends = limits if interval.is_daily else np.minimum(edges[first] + interval.ns, limits)
    return _gather(bars, interval, first, labels, ends, limits)


def _gather(
    bars: Bars, interval: Interval, first: _Places, labels: Times, ends: Times, limits: Times
) -> Bars:
    """Make one bar of each run that starts at an index of ``first``."""
    last = np.empty_like(first)
    last[:-1] = first[1:] - 1
    last[-1:] = len(bars) - 1
    columns = (
        labels,
        # a base bar that reaches beyond its bin must not be seen before it has happened
        np.maximum(ends, np.minimum(bars.end[last], limits)),
        bars.open[first],
        np.maximum.reduceat(bars.high, first),
        np.minimum.reduceat(bars.low, first),
        bars.close[last],
        np.add.reduceat(bars.volume, first),
        np.add.reduceat(bars.count, first),
    )
    return Bars(interval, *map(sealed, columns))
