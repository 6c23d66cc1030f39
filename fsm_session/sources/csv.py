"""A source of CSV files: the format to import from, not the one to keep years in."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import TIME_NAMES
from fsm_session.sources.files import FilesSource

_ZONED = r":\d\d(?:\.\d+)?\s*(?:Z|[+-]\d\d:?(?:\d\d)?)$"

_OLD = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
# before 3.1 the default was off by a unit in the last place now and then; since, it is exact
_EXACT: Any = {"low_memory": False, **({"float_precision": "round_trip"} if _OLD else {})}


class CsvSource(FilesSource):
    """Bars out of CSV files with a header, found by a pattern such as ``{symbol}_{interval}.csv``.

    Times are ISO 8601 texts with a zone (``2024-07-03T13:30:00Z``, or with ``-04:00``, each row
    its own); the columns as :func:`~fsm_session.sources.columns.columns_from_frame` says.
    """

    def __init__(self, path: str | Path, interval: Interval | str | None = None) -> None:
        super().__init__(path, interval, read_csv)


def read_csv(path: str) -> pd.DataFrame:
    """Read a CSV file, its times parsed; DataError where it is none."""
    try:
        with warnings.catch_warnings():
            # a row of more fields than the header has would lose them, with no more than this
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame: pd.DataFrame = pd.read_csv(path, index_col=False, **_EXACT)
    except OSError as error:
        raise DataError(Fault(f"can't be read: {error.strerror}", file=path)) from error
    except (ValueError, pd.errors.ParserWarning) as error:
        raise DataError(Fault(f"is not CSV: {error}", file=path)) from error
    for label in frame.columns:
        if str(label).lower() in TIME_NAMES and frame[label].dtype.kind in "OUT":
            frame[label] = _instants(frame[label])
    return frame


def _instants(texts: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Parse texts: in UTC if each that is an instant has a zone, otherwise without one."""
    times = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    zoned = texts.str.contains(_ZONED, na=True) | times.isna()
    return times if zoned.all() else times.dt.tz_localize(None)
