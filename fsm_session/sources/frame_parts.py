"""Takes a frame from outside apart: the columns that matter, its times, its numbers.

Names are understood in lower and in Title case, times in any zone and unit. What can't be taken
is a fault, so that all that is wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from fsm_session.market.bars import Floats, Times
from fsm_session.sources.faults import NOT_A_TIME, Faults

TIME_NAMES = ("timestamp", "time", "date", "datetime")


def find_places(
    frame: pd.DataFrame, names: Sequence[str], faults: Faults, optional: Sequence[str] = ()
) -> Mapping[str, int]:
    """Find the columns that matter, by name in lower case: their positions in the frame."""
    places: dict[str, int] = {}
    for place, label in enumerate(frame.columns):
        name = str(label).lower()
        if name in (*names, *optional, *TIME_NAMES):
            if name in places:
                faults.add(f"there are two columns {name!r}")
            places.setdefault(name, place)
    missing = [name for name in names if name not in places]
    if missing:
        there = ", ".join(map(str, frame.columns)) or "none"
        faults.add(f"column {', '.join(missing)} missing; there are: {there}")
    return places


def take_times(frame: pd.DataFrame, places: Mapping[str, int], faults: Faults) -> Times | None:
    """Take the times as int64 nanoseconds UTC; None, with a fault, where that can't be."""
    stamps = _stamps(frame, places)
    if stamps is None:
        faults.add(f"no times: expected a DatetimeIndex or a column {' or '.join(TIME_NAMES)}")
    elif not len(stamps):
        return np.empty(0, np.int64)
    elif not isinstance(stamps, pd.DatetimeIndex):
        told = f"times are {stamps.dtype}, such as {stamps[0]!r}"
        faults.add(f"{told}: expected datetime64 with a time zone")
    elif stamps.tz is None:
        faults.add("times have no time zone: localize them, or write them with one", str(stamps[0]))
    else:
        try:
            # asked first: even where it has nothing to do, pandas takes its time to convert
            times: Times = (stamps if stamps.unit == "ns" else stamps.as_unit("ns")).asi8
        except pd.errors.OutOfBoundsDatetime as error:
            faults.add(f"times are beyond nanoseconds: {error}")
        else:
            return times
    return None


def _stamps(frame: pd.DataFrame, places: Mapping[str, int]) -> Any:
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    for name in TIME_NAMES:
        if name in places:
            return pd.Index(frame.iloc[:, places[name]])
    return frame.index if str(frame.index.name).lower() in TIME_NAMES else None


def add_disorder(times: Times, faults: Faults) -> None:
    """Find times that are missing, and those before the one in front of them."""
    lost = times == NOT_A_TIME
    faults.add_where("time is missing or unreadable", lost)
    faults.add_where("time is out of order", np.r_[False, (times[1:] < times[:-1]) & ~lost[1:]])


def take_numbers(
    frame: pd.DataFrame, places: Mapping[str, int], names: Sequence[str], faults: Faults
) -> Iterator[tuple[str, Floats]]:
    """Take the columns that are numbers as float64, those that are not as faults."""
    block = frame.to_numpy() if len(frame.columns) == len(names) == len(places) else None
    for name in names:
        if block is not None and block.dtype.kind in "iuf" and name in places:
            # nothing but numbers: a column at a time, pandas takes ten times as long
            yield name, block[:, places[name]].astype(np.float64, copy=False)
        elif name in places:
            column = _column(frame, places[name])
            # of no rows, no reader can tell the type
            if column.dtype.kind in "iuf" or not len(column):
                yield name, column.to_numpy(np.float64, na_value=np.nan)
            else:
                text = pd.to_numeric(column, errors="coerce").isna() & column.notna()
                row = int(text.to_numpy(bool).argmax())
                told = f"{name} holds {column.dtype}, not numbers, such as {column.iloc[row]!r}"
                faults.add(told, faults.when(row))


def _column(frame: pd.DataFrame, place: int) -> Any:
    """Take a column: by its label where that does, by its place it takes pandas twice as long."""
    return frame[frame.columns[place]] if frame.columns.is_unique else frame.iloc[:, place]
