"""A source of Parquet: one file a symbol, or one folder a session date. The store of choice."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from fsm_session.market.bars import COLUMNS
from fsm_session.market.interval import Interval
from fsm_session.sources.arrow_columns import frame_of, plain_columns, unreadable
from fsm_session.sources.columns import strip_from_columns, strip_from_frame
from fsm_session.sources.event_files import EventFiles
from fsm_session.sources.files import FilesSource
from fsm_session.sources.frame_parts import TIME_NAMES
from fsm_session.sources.partitions import PartitionsSource
from fsm_session.sources.source import Source
from fsm_session.sources.stored import StoredSource
from fsm_session.sources.strip import SharedStamps, Strip


class ParquetSource(StoredSource):
    """Bars, ticks and quotes out of Parquet files.

    ``path``: a pattern such as ``bars/{symbol}_{interval}.parquet``, each file read whole
    and kept; or a folder of ``date=YYYY-MM-DD/`` partitions of many symbols, of which a window
    touches only its own (:class:`~fsm_session.sources.partitions.PartitionsSource`).
    ``interval``: that of files whose names say none; None: what their spacing tells. ``ticks``
    and ``quotes``: patterns such as ``{symbol}_ticks.parquet``, each file read whole and kept.
    Of the three, one must be given: ConfigError otherwise, and for a pattern that is none.
    """

    def __init__(
        self,
        path: str | Path = "",
        interval: Interval | str | None = None,
        *,
        ticks: str | Path = "",
        quotes: str | Path = "",
    ) -> None:
        of_files = not str(path) or "{" in str(path)
        bars: Source = (
            FilesSource(path, interval, _decode) if of_files else PartitionsSource(path, interval)
        )
        super().__init__(bars, EventFiles(ticks, quotes, read_parquet))


def read_parquet(path: str, names: Sequence[str]) -> pd.DataFrame:
    """Read the times, and columns by their names in lower case; DataError where it is no Parquet.

    Every other column is left unread.
    """
    return frame_of(_table(path, names), path)


def _decode(interval: Interval | None, symbol: str, file: str, shared: SharedStamps) -> Strip:
    """Read a symbol's bars as they are stored; where that won't do, as a frame, which tells why."""
    table = _table(file, COLUMNS)
    columns = plain_columns(table, COLUMNS)
    strip = None if columns is None else strip_from_columns(columns, interval, shared)
    if strip is not None:
        return strip
    return strip_from_frame(frame_of(table, file), interval, symbol, file, shared)


def _table(path: str, names: Sequence[str]) -> Any:
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = [n for n in file.schema_arrow.names if n.lower() in (*TIME_NAMES, *names)]
            return file.read(columns=wanted, use_pandas_metadata=True)
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
