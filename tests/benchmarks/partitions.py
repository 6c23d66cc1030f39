"""Writes a market as Parquet, in both layouts: a file a symbol, and a folder a session date."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from tests.benchmarks.shared_bench import Frames, common
from tests.benchmarks.synthetic import sessions

COLUMNS = ("open", "high", "low", "close", "volume")
SYMBOLS_A_GROUP = 25


def write_files(folder: Path, market: Frames) -> None:
    """Write ``SYMBOL_1m.parquet`` for each symbol."""
    folder.mkdir(parents=True)
    for symbol, frame in market.items():
        columns = {"timestamp": frame.index, **{name: frame[name] for name in COLUMNS}}
        pq.write_table(pa.table(columns), folder / f"{symbol}_1m.parquet", compression="zstd")


def write_partitions(folder: Path, market: Frames) -> None:
    """Write ``date=YYYY-MM-DD/bars.parquet`` for each session, by symbol, then time."""
    bars = int(common().BARS)
    days = sessions(len(next(iter(market.values()))) // bars)
    for number, day in enumerate(days):
        place = folder / f"date={day}"
        place.mkdir(parents=True)
        table = _day(market, slice(number * bars, (number + 1) * bars))
        rows = SYMBOLS_A_GROUP * bars
        pq.write_table(table, place / "bars.parquet", compression="zstd", row_group_size=rows)


def _day(market: Frames, rows: slice) -> Any:
    """Put the day of all symbols into one table."""
    frames = {symbol: market[symbol].iloc[rows] for symbol in sorted(market)}
    index = next(iter(frames.values())).index
    times = pa.array(np.tile(pd.DatetimeIndex(index).asi8, len(frames)), pa.timestamp("ns", "UTC"))
    symbols = pa.array(np.repeat(list(frames), len(index)).tolist(), pa.string())
    columns = {name: _joined([each[name] for each in frames.values()]) for name in COLUMNS}
    return pa.table({"symbol": symbols, "timestamp": times, **columns})


def _joined(parts: Sequence[Any]) -> Any:
    return np.concatenate([part.to_numpy() for part in parts])
