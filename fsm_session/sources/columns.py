"""The edge: a frame from outside becomes Bars, or every rule it breaks is named.

What has passed here is never checked again, and one NaN would silently spoil every indicator
behind it. So each rule looks at whole columns, and each broken one is reported once: the first
bar that breaks it, and how many do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

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
from fsm_session.sources.strip import Columns, SharedStamps, Stamps, Strip

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
    return strip_from_frame(frame, interval, symbol, file, SharedStamps()).bars()


def strip_from_frame(
    frame: pd.DataFrame, interval: Interval | None, symbol: str, file: str, shared: SharedStamps
) -> Strip:
    """Do what :func:`columns_from_frame` does, of times that others may have too."""
    faults = Faults(symbol, file)
    places = find_places(frame, COLUMNS, faults)
    times = take_times(frame, places, faults)
    faults = Faults(symbol, file, times, found=faults.found)
    numbers = dict(take_numbers(frame, places, COLUMNS, faults))
    if times is not None and not faults.found:
        columns = Columns(times, [numbers[name] for name in COLUMNS])
        if (strip := strip_from_columns(columns, interval, shared)) is not None:
            return strip
    if times is not None:
        check_times(times, interval, faults)
    faults.add_broken(_RULES, numbers)
    raise DataError(faults.found)


def strip_from_columns(
    columns: Columns, interval: Interval | None, shared: SharedStamps
) -> Strip | None:
    """Copy columns of one symbol that keep every rule; None where one is broken."""
    stamps = shared.find(columns.time, interval)
    if stamps is None:
        stamps = _stamps(columns.time, interval, shared)
    if stamps is None or not sound(columns.numbers):
        return None
    return Strip(stamps, [columns])


def sound(numbers: Sequence[Floats]) -> bool:
    """Tell whether columns of numbers break no rule, in one pass; what is NaN compares as False."""
    open, high, low, close, volume = numbers
    held = (low > 0) & (low <= open) & (open <= high) & (low <= close) & (close <= high)
    return bool((held & (high < np.inf) & (volume >= 0) & (volume < np.inf)).all())


def spacing(times: Times) -> Interval | None:
    """Tell the interval of bars from their starts: the shortest usual distance between two.

    Usual is what at least one distance in a hundred is, so that neither minutes without a trade
    nor a stray print mislead. None where there are too few bars, or no distance is an interval.
    """
    steps, counts = np.unique(np.diff(times), return_counts=True)
    usual = steps[(steps > 0) & (counts * 100 >= counts.sum())]
    fitting = usual[(usual <= DAY_NS) & (usual % _A_SECOND == 0)]
    return Interval(int(fitting[0]) // _A_SECOND) if len(fitting) else None


def check_times(times: Times, interval: Interval | None, faults: Faults) -> Interval | None:
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


def _stamps(times: Times, interval: Interval | None, shared: SharedStamps) -> Stamps | None:
    """Make stamps of times that keep every rule, for the next who has them; None of others."""
    faults = Faults("", "")
    told = check_times(times, interval, faults)
    if told is None or faults.found:
        return None
    return shared.keep(Stamps(told, times), interval)


def _disorder(times: Times, faults: Faults) -> None:
    add_disorder(times, faults)
    twice = pd.Index(times).duplicated() & (times != NOT_A_TIME)
    faults.add_where("time is there twice", twice)
