"""A source of CSV files: the format to import from, not the one to keep years in."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import strip_from_frame
from fsm_session.sources.event_files import EventFiles
from fsm_session.sources.files import FilesSource
from fsm_session.sources.frame_parts import TIME_NAMES
from fsm_session.sources.stored import StoredSource
from fsm_session.sources.strip import SharedStamps, Strip

_ZONED = r":\d\d(?:\.\d+)?\s*(?:Z|[+-]\d\d:?(?:\d\d)?)$"

_OLD = tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
# before 3.1 the default was off by a unit in the last place now and then; since, it is exact
_EXACT: Any = {"low_memory": False, **({"float_precision": "round_trip"} if _OLD else {})}


class CsvSource(StoredSource):
    """Bars, ticks and quotes out of CSV files with a header, found by patterns.

    ``path`` is one such as ``{symbol}_{interval}.csv``, ``ticks`` and ``quotes`` such as
    ``{symbol}_ticks.csv``. Of the three, one must be given: ConfigError otherwise, and for a
    pattern that is none. ``interval``: that of files whose names say none; None: what their
    spacing tells.

    Times are ISO 8601 texts with a zone (``2024-07-03T13:30:00Z``, or with ``-04:00``, each row
    its own); the columns as :func:`~fsm_session.sources.columns.columns_from_frame` says, and
    those of ticks and quotes as do the functions of :mod:`~fsm_session.sources.event_columns`.
    """

    def __init__(
        self,
        path: str | Path = "",
        interval: Interval | str | None = None,
        *,
        ticks: str | Path = "",
        quotes: str | Path = "",
    ) -> None:
        bars = FilesSource(path, interval, _decode)
        super().__init__(bars, EventFiles(ticks, quotes, _read_all))


def _decode(interval: Interval | None, symbol: str, file: str, shared: SharedStamps) -> Strip:
    return strip_from_frame(read_csv(file), interval, symbol, file, shared)


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


def _read_all(path: str, _: Sequence[str]) -> pd.DataFrame:
    """Read every column: a row of too many fields is only found out so."""
    return read_csv(path)


def _instants(texts: pd.Series[str]) -> pd.Series[pd.Timestamp]:
    """Parse texts: in UTC if each that is an instant has a zone, otherwise without one."""
    times = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    zoned = texts.str.contains(_ZONED, na=True) | times.isna()
    return times if zoned.all() else times.dt.tz_localize(None)
