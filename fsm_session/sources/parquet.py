"""A source of Parquet: one file a symbol, or one folder a session date. The store of choice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import COLUMNS, Bars, Times
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import TIME_NAMES
from fsm_session.sources.files import FilesSource
from fsm_session.sources.partitions import PartitionsSource
from fsm_session.sources.source import Source


class ParquetSource:
    """Bars out of Parquet files.

    ``path``: a pattern such as ``bars/{symbol}_{interval}.parquet``, each file read whole
    and kept; or a folder of ``date=YYYY-MM-DD/`` partitions of many symbols, of which a window
    touches only its own (:class:`~fsm_session.sources.partitions.PartitionsSource`).
    ``interval``: that of files whose names say none; None: what their spacing tells.
    """

    def __init__(self, path: str | Path, interval: Interval | str | None = None) -> None:
        self._inner: Source = (
            FilesSource(path, interval, read_parquet)
            if "{" in str(path)
            else PartitionsSource(path, interval)
        )

    @property
    def name(self) -> str:
        """The pattern or the folder."""
        return self._inner.name

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the intervals it holds bars of, shortest first; () for an unknown symbol."""
        return self._inner.intervals(symbol)

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns)."""
        return self._inner.times(symbol, interval, start_ns, end_ns)

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns)."""
        return self._inner.bars(symbol, interval, start_ns, end_ns)

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._inner.digest()


def read_parquet(path: str) -> pd.DataFrame:
    """Read the columns of bars from a Parquet file; DataError where it is none."""
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            wanted = [n for n in file.schema_arrow.names if n.lower() in (*TIME_NAMES, *COLUMNS)]
            table: Any = file.read(columns=wanted, use_pandas_metadata=True)
        frame: pd.DataFrame = table.to_pandas()
    except (OSError, ValueError) as error:
        raise DataError(Fault(f"can't be read as Parquet: {error}", file=path)) from error
    return frame
