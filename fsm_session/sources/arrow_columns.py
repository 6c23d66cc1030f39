"""Takes an Arrow table apart into numpy arrays, without a frame between.

Only what is as it should be: one column a name, times with a zone, numbers, nothing missing. All
else is left to a frame, by which it is understood, or said what is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import Floats, Times
from fsm_session.sources.frame_parts import TIME_NAMES
from fsm_session.sources.strip import Columns


def plain_columns(table: Any, names: Sequence[str], time: str = "") -> Columns | None:
    """Give the times and the numbers of these names, where a table has them as they should be.

    ``time`` is the column of times, if the table has it; else it is the index that pandas has
    put into the table, or the first of the usual names. None where the table has no rows, or
    anything that needs a closer look. Arrays may be views of the table.
    """
    there = table.column_names
    places = {name.lower(): name for name in there}
    if not len(table) or len(places) < len(there) or not places.keys() >= {*names}:
        return None
    label = time if time in there else _time_label(table, places)
    times = _times(table.column(label)) if label else None
    numbers = [_numbers(table.column(places[name])) for name in names]
    found = [column for column in numbers if column is not None]
    return None if times is None or len(found) < len(names) else Columns(times, found)


def frame_of(table: Any, path: str) -> pd.DataFrame:
    """Make a frame of a table; DataError where that can't be."""
    try:
        frame: pd.DataFrame = table.to_pandas()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    return frame


def unreadable(path: str, error: Exception) -> DataError:
    """Make the error for a file that can't be read."""
    return DataError(Fault(f"can't be read as Parquet: {error}", file=path))


def _time_label(table: Any, places: dict[str, str]) -> str | None:
    """Find the column of times as a frame would: its index goes before, if it is one of times."""
    import pyarrow as pa

    said = (table.schema.pandas_metadata or {}).get("index_columns", ())
    index = [each for each in table.column_names if each in said]
    if index and pa.types.is_timestamp(table.schema.field(index[0]).type):
        return index[0] if len(index) == 1 else None
    columns = (places[name] for name in TIME_NAMES if name in places)
    return next((each for each in columns if each not in index), None)


def _times(column: Any) -> Times | None:
    """Give int64 nanoseconds UTC; None of what are no times, or none within nanoseconds."""
    import pyarrow as pa

    kind = column.type
    if not pa.types.is_timestamp(kind) or kind.tz is None or column.null_count:
        return None
    try:
        exact = column if kind.unit == "ns" else column.cast(pa.timestamp("ns", kind.tz))
    except pa.ArrowInvalid:
        return None
    times: Times = exact.cast(pa.int64()).to_numpy()
    return times


def _numbers(column: Any) -> Floats | None:
    import pyarrow as pa

    kind = column.type
    known = pa.types.is_float64(kind) or pa.types.is_float32(kind) or pa.types.is_integer(kind)
    if not known or column.null_count:
        return None
    numbers: Floats = column.to_numpy().astype(np.float64, copy=False)
    return numbers
