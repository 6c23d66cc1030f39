"""The edge: a frame of trades or of quotes becomes Ticks or Quotes, or what is wrong is named.

As with bars, what has passed here is never checked again. Unlike them, many rows may share a
time, and a frame may hold trades that it says itself were none.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from attrs import evolve

from fsm_session.errors import DataError
from fsm_session.market.bars import Times
from fsm_session.market.events import AnyEvents, EventKind, Quotes, Ticks
from fsm_session.sources.faults import Faults, Mask, Rule, above_zero, finite, not_below_zero
from fsm_session.sources.frame_parts import add_disorder, find_places, take_numbers, take_times

#: by which a frame marks trades that are wrong
_MARKS = ("correction", "suspicious")
#: the columns that are read of each kind, beside the times
NAMES: Mapping[EventKind, tuple[str, ...]] = {
    "ticks": (*Ticks.FIELDS, *_MARKS),
    "quotes": Quotes.FIELDS,
}
_TICK_RULES: tuple[Rule, ...] = (
    *map(finite, Ticks.FIELDS),
    above_zero("price"),
    not_below_zero("size"),
)
_QUOTE_RULES: tuple[Rule, ...] = (
    *map(finite, Quotes.FIELDS),
    *map(not_below_zero, Quotes.FIELDS),
)


def ticks_from_frame(frame: pd.DataFrame, symbol: str, file: str = "") -> Ticks:
    """Turn a frame of trades into checked Ticks that share nothing with it.

    The times are a DatetimeIndex, or a column ``timestamp``, ``time``, ``date`` or ``datetime``,
    in any zone and unit; they never go back, and many rows may share one. ``price`` and ``size``
    are numbers, their names in lower or Title case; every other column is dropped, but for two
    by which trades are marked as wrong: those whose ``correction`` (whole numbers, TAQ's
    correction indicator) is anything but 0, and those that are ``suspicious`` (true or false),
    are left out, whatever their price and size.

    Raises DataError with every fault of the symbol at once: columns that are missing, double or
    of another type; times without a zone, missing or out of order; values missing or infinite,
    prices not above 0, sizes below 0; marks that are missing.
    """
    faults = Faults(symbol, file)
    places = find_places(frame, Ticks.FIELDS, faults, optional=_MARKS)
    times, faults = _ordered(frame, places, faults)
    wrong = _corrected(frame, places, faults) | _suspicious(frame, places, faults)
    if wrong.any():
        frame = frame[~wrong]
        times = None if times is None else times[~wrong]
        faults = evolve(faults, times=times, rows=(~wrong).nonzero()[0])
    return _events(Ticks, frame, places, times, _TICK_RULES, faults)


def quotes_from_frame(frame: pd.DataFrame, symbol: str, file: str = "") -> Quotes:
    """Turn a frame of quotes into checked Quotes that share nothing with it.

    The times as :func:`ticks_from_frame` says; ``bid_price bid_size ask_price ask_size`` are
    numbers, their names in lower or Title case; every other column is dropped. A price of 0 is
    a side on which nobody quotes. Quotes of no side are kept, as they say just that, and so are
    crossed ones, as each exchange quotes for itself.

    Raises DataError with every fault of the symbol at once: columns that are missing, double or
    not numbers; times without a zone, missing or out of order; values missing, infinite or
    below 0.
    """
    faults = Faults(symbol, file)
    places = find_places(frame, Quotes.FIELDS, faults)
    times, faults = _ordered(frame, places, faults)
    return _events(Quotes, frame, places, times, _QUOTE_RULES, faults)


def _ordered(
    frame: pd.DataFrame, places: Mapping[str, int], faults: Faults
) -> tuple[Times | None, Faults]:
    """Take the times, hold them to their rules, and let each further fault have its own."""
    times = take_times(frame, places, faults)
    faults = evolve(faults, times=times)
    if times is not None:
        add_disorder(times, faults)
    return times, faults


def _events(
    kind: type[AnyEvents],
    frame: pd.DataFrame,
    places: Mapping[str, int],
    times: Times | None,
    rules: tuple[Rule, ...],
    faults: Faults,
) -> AnyEvents:
    """Take the numbers, hold them to their rules, and raise all that was found, if anything."""
    columns = dict(take_numbers(frame, places, kind.FIELDS, faults))
    faults.add_broken(rules, columns)
    if faults.found or times is None:
        raise DataError(faults.found)
    return kind.of(times, **columns)


def _corrected(frame: pd.DataFrame, places: Mapping[str, int], faults: Faults) -> Mask:
    """Tell which trades have a correction other than 0."""
    wrong = np.zeros(len(frame), bool)
    for _, column in take_numbers(frame, places, ("correction",), faults):
        # what is NaN equals nothing, not even itself
        odd = np.isinf(column) | (np.floor(column) != column)
        faults.add_where("correction is missing or no whole number", odd)
        wrong = ~odd & (column != 0)
    return wrong


def _suspicious(frame: pd.DataFrame, places: Mapping[str, int], faults: Faults) -> Mask:
    """Tell which trades are marked as suspicious."""
    if "suspicious" not in places:
        return np.zeros(len(frame), bool)
    column = frame.iloc[:, places["suspicious"]]
    odd = column.isna() if column.dtype.kind == "b" else column.map(_is_no_flag)
    neither = odd.to_numpy(bool)
    faults.add_where("suspicious is neither true nor false", neither)
    # 1 equals True, and isn't
    return ~neither & column.eq(True).to_numpy(bool, na_value=False)


def _is_no_flag(value: object) -> bool:
    return not isinstance(value, (bool, np.bool_))
