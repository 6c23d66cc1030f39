"""The edge: a frame from outside becomes Bars, or every rule it breaks is named.

What has passed here is never checked again, and one NaN would silently spoil every indicator
behind it. So each rule looks at whole columns, and each broken one is reported once: the first
bar that breaks it, and how many do.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from attrs import evolve

from fsm_session.errors import DataError
from fsm_session.market.bars import COLUMNS, PRICES, Bars, Floats, Times
from fsm_session.market.interval import DAY_NS, Interval
from fsm_session.sources.faults import (
    NOT_A_TIME,
    Faults,
    Rule,
    above_zero,
    finite,
    not_below_zero,
)
from fsm_session.sources.frame_parts import add_disorder, find_places, take_numbers, take_times

_A_SECOND = 1_000_000_000

_RULES: tuple[Rule, ...] = (
    *map(finite, COLUMNS),
    *map(above_zero, PRICES),
    not_below_zero("volume"),
    (("high", "low"), "high is below low", lambda high, low: high < low),
    *(
        (
            (name, "low", "high"),
            f"{name} is outside low to high",
            lambda x, low, high: (x < low) | (x > high),
        )
        for name in ("open", "close")
    ),
)


def columns_from_frame(
    frame: pd.DataFrame, interval: Interval | None, symbol: str, file: str = ""
) -> Bars:
    """Turn a frame into checked base bars that share nothing with it.

    The starts are a DatetimeIndex, or a column ``timestamp``, ``time``, ``date`` or
    ``datetime``, in any zone and unit. ``open high low close volume`` are numbers, their names
    in lower or Title case; every other column is dropped. ``interval`` None: what the spacing
    tells (:func:`spacing`).

    Raises DataError with every fault of the symbol at once: columns that are missing, double or
    not numbers; times without a zone, missing, out of order, double, or mostly closer together
    than the interval; values missing or infinite, prices not above 0, volumes below 0, a high
    below its low, an open or a close outside them.
    """
    faults = Faults(symbol, file)
    places = find_places(frame, COLUMNS, faults)
    times = take_times(frame, places, faults)
    faults = evolve(faults, times=times)
    columns = dict(take_numbers(frame, places, COLUMNS, faults))
    if times is not None:
        interval = _check_times(times, interval, faults)
    if len(columns) < len(COLUMNS) or not _sound(**columns):
        faults.add_broken(_RULES, columns)
    if faults.found or times is None or interval is None:
        raise DataError(faults.found)
    return Bars.base(interval, times, **columns)


def spacing(times: Times) -> Interval | None:
    """Tell the interval of bars from their starts: the shortest usual distance between two.

    Usual is what at least one distance in a hundred is, so that neither minutes without a trade
    nor a stray print mislead. None where there are too few bars, or no distance is an interval.
    """
    steps, counts = np.unique(np.diff(times), return_counts=True)
    usual = steps[(steps > 0) & (counts * 100 >= counts.sum())]
    fitting = usual[(usual <= DAY_NS) & (usual % _A_SECOND == 0)]
    return Interval(int(fitting[0]) // _A_SECOND) if len(fitting) else None


def _sound(open: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> bool:
    """Tell whether no rule is broken, in one pass; what is NaN compares as False."""
    held = (low > 0) & (low <= open) & (open <= high) & (low <= close) & (close <= high)
    return bool((held & (high < np.inf) & (volume >= 0) & (volume < np.inf)).all())


def _check_times(times: Times, interval: Interval | None, faults: Faults) -> Interval | None:
    """Hold the starts to their rules; give the interval, from the spacing where it is None."""
    # NaT is the least of all numbers: in ascending times it can only be the first. Compared, not
    # subtracted: a step to it is beyond int64, and comes out positive
    if not (times[1:] > times[:-1]).all() or (times[:1] == NOT_A_TIME).any():
        _disorder(times, faults)
        times = np.unique(times[times != NOT_A_TIME])
    if interval is None:
        if (interval := spacing(times)) is None:
            faults.add("the spacing of the bars tells no interval: say which it is")
    elif (times[1:] - times[:-1] < interval.ns).sum() * 2 > len(times):
        faults.add(f"bars are mostly closer together than {interval}: the interval is wrong")
    return interval


def _disorder(times: Times, faults: Faults) -> None:
    add_disorder(times, faults)
    twice = pd.Index(times).duplicated() & (times != NOT_A_TIME)
    faults.add_where("time is there twice", twice)
