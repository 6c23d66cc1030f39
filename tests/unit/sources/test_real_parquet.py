"""Recorded markets through ParquetSource, against the same files read by pandas alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fsm_session.market.bars import COLUMNS
from fsm_session.market.interval import Interval
from fsm_session.sources import ParquetSource
from tests.real_data import SHARED, needs_shared
from tests.unit.sources.markets import MINUTE, ns, write_partitions

pytestmark = needs_shared
FOLDER = SHARED / "data" / "blaizard"
BLAIZARD = ("BKNG", "CPAY", "FDS", "GWW", "LII", "NVR")
WINDOWS = [
    ("2024-07-03 13:30", "2024-07-03 17:00"),
    ("2024-03-08", "2024-03-12"),
    ("2024-01-01", "2025-01-01"),
    ("2023-01-01", "2023-02-01"),
]


@pytest.fixture(scope="module")
def source() -> ParquetSource:
    return ParquetSource(FOLDER / "{symbol}_{interval}.parquet")


def recorded(symbol: str, start: str, end: str) -> pd.DataFrame:
    frame = pd.read_parquet(FOLDER / f"{symbol}_1m.parquet")
    times = frame["timestamp"]
    return frame[(times >= pd.Timestamp(start, tz="UTC")) & (times < pd.Timestamp(end, tz="UTC"))]


@pytest.mark.parametrize("symbol", BLAIZARD)
@pytest.mark.parametrize(("start", "end"), WINDOWS)
def test_windows(source: ParquetSource, symbol: str, start: str, end: str) -> None:
    frame = recorded(symbol, start, end)
    bars = source.bars(symbol, MINUTE, ns(start), ns(end))
    assert bars.time.tolist() == [stamp.as_unit("ns").value for stamp in frame["timestamp"]]
    for name in COLUMNS:
        np.testing.assert_array_equal(bars.column(name), frame[name].to_numpy(float))


def test_every_recorded_file_passes_the_edge() -> None:
    files = sorted((SHARED / "data").glob("*/*_[0-9]*[mh]*.parquet"))
    assert len(files) == 12
    for file in files:
        symbol, interval = file.stem.split("_")[:2]
        single = ParquetSource(file.with_stem(file.stem.replace(symbol, "{symbol}", 1)))
        told = ParquetSource(single.name, interval)
        assert told.intervals(symbol) == (Interval.parse(interval),)
        # nobody says which: the spacing does
        if "{interval}" not in single.name:
            assert single.intervals(symbol) == told.intervals(symbol)


def test_partitions_give_the_same(source: ParquetSource, tmp_path: Path) -> None:
    week = ("2024-07-01", "2024-07-06")
    frames = {symbol: recorded(symbol, *week).set_index("timestamp") for symbol in BLAIZARD}
    write_partitions(tmp_path, frames)
    for symbol in BLAIZARD:
        for start, end in (week, ("2024-07-03", "2024-07-04")):
            window = (ns(start), ns(end))
            one, other = (
                s.bars(symbol, MINUTE, *window) for s in (source, ParquetSource(tmp_path))
            )
            assert len(one) and one.same(other)
