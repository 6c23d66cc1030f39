"""Bars from trades: for who holds every trade of a symbol, and no bars of it.

Bins are those of the bars that are made from shorter ones: anchored at each session's open, and
never reaching from one session into the next.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fsm_session.errors import IntervalError
from fsm_session.market.bars import Bars, Times, sealed
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.events import Ticks, take
from fsm_session.market.interval import Interval

_Places = npt.NDArray[np.intp]


def bars_from_ticks(ticks: Ticks, interval: Interval, calendar: MarketCalendar) -> Bars:
    """Make base bars of ``interval``, shorter than a day, from trades of any number of sessions.

    Bins are left-closed, labelled by their left edge and anchored at the session's open (those
    before the open too), and cut at both ends of the session's window: a trade at exactly
    09:31:00 belongs to the minute 09:31. Trades outside every window are left out, and so is a
    bin without a trade.

    Open is the first price, high the largest, low the smallest, close the last, in the order of
    events; volume is the sum of the sizes. A trade of size 0 has a price all the same: it counts.
    ``end`` is where the bin ends, ``count`` is 1. Raises IntervalError for a day or more.
    """
    if not interval.within_a_day:
        raise IntervalError(f"bars of {interval} can't be made from ticks: only of less than a day")
    where = calendar.locate(ticks.time)
    if len(where) and where.min() < 0:
        ticks, where = take(ticks, where >= 0), where[where >= 0]
    opens = calendar.opens_ns[where]
    edges = opens + (ticks.time - opens) // interval.ns * interval.ns
    first = _changes(edges, where)
    session, edges = where[first], edges[first]
    starts = np.maximum(edges, calendar.starts_ns[session])
    ends = np.minimum(edges + interval.ns, calendar.ends_ns[session])
    return _gather(ticks, first, interval, starts, ends)


def _changes(edges: Times, where: Times) -> _Places:
    """Give the index of the first trade of each bin."""
    # by session too: with long pre-market bins, one's last edge may be the next one's first
    new = np.ones(len(edges), bool)
    new[1:] = (edges[1:] != edges[:-1]) | (where[1:] != where[:-1])
    return new.nonzero()[0]


def _gather(ticks: Ticks, first: _Places, interval: Interval, starts: Times, ends: Times) -> Bars:
    """Make one bar of each bin, which reaches from its first trade to the next one's."""
    last = np.append(first[1:], len(ticks))[: len(first)] - 1
    columns = (
        starts,
        ends,
        ticks.price[first],
        np.maximum.reduceat(ticks.price, first),
        np.minimum.reduceat(ticks.price, first),
        ticks.price[last],
        np.add.reduceat(ticks.size, first),
        np.ones_like(starts),
    )
    return Bars(interval, *map(sealed, columns))
