"""Parquet is read straight into numpy where that does, and gives what a frame of it gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.market.bars import COLUMNS, Bars
from fsm_session.sources import ParquetSource, columns_from_frame, parquet
from fsm_session.sources.arrow_columns import plain_columns
from tests.unit.sources.markets import MINUTE, made_up

EVER = (-(2**63), 2**63 - 1)
Answer = Bars | list[tuple[str, str, str, str]]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plain") / "A.parquet"


def answer(ask: Callable[[], Bars]) -> Answer:
    """Give bars, or what is said to be wrong with them."""
    try:
        return ask()
    except DataError as error:
        return [(fault.file, fault.symbol, fault.time, fault.message) for fault in error.faults]


def check(path: Path, frame: pd.DataFrame, **options: Any) -> Answer:
    """Write a frame, and hold both ways to read it to the same answer, bit for bit."""
    frame.to_parquet(path, **options)
    source = ParquetSource(path.with_stem("{symbol}"), "1m")
    found = answer(lambda: source.bars("A", MINUTE, *EVER))
    wanted = answer(lambda: columns_from_frame(pd.read_parquet(path), MINUTE, "A", str(path)))
    if isinstance(found, Bars) and isinstance(wanted, Bars):
        assert found.same(wanted)
    else:
        assert found == wanted
    return found


def is_plain(path: Path) -> bool:
    """Tell whether a file is taken apart without a frame."""
    return plain_columns(parquet._table(str(path), COLUMNS), COLUMNS) is not None


def by_column(name: str = "timestamp") -> pd.DataFrame:
    return made_up("A").rename_axis(name).reset_index()


GAP = np.arange(len(made_up("A"))) != 3
PLAIN: dict[str, Callable[[], pd.DataFrame]] = {
    "index": lambda: made_up("A"),
    "index without a name": lambda: made_up("A").rename_axis(None),
    "column": by_column,
    "column of another name": lambda: by_column("Datetime"),
    "column beside an index of numbers": lambda: by_column()[::2],
    "column beside another index": lambda: by_column().set_index("volume", drop=False),
    "two columns of times": lambda: by_column().assign(date="2024-07-01"),
    "index and a column of times": lambda: made_up("A").assign(date=pd.Timestamp("2024", tz="UTC")),
    "Title case": lambda: by_column().rename(columns=str.title),
    "other columns": lambda: by_column().assign(symbol="A", vwap=None),
    "whole numbers": lambda: by_column().astype({"volume": "int32"}),
    "numbers that may be missing": lambda: by_column().astype({"volume": "Int64"}),
    "single precision": lambda: by_column().astype({"volume": "float32"}),
    "categories of numbers": lambda: by_column().astype({"volume": "category"}),
    "another zone": lambda: made_up("A").tz_convert("Asia/Tokyo"),
}
NOT_PLAIN: dict[str, Callable[[], pd.DataFrame]] = {
    "no rows": lambda: made_up("A")[:0],
    "no zone": lambda: made_up("A").tz_localize(None),
    "times as text": lambda: by_column().astype({"timestamp": str}),
    "no times": lambda: made_up("A").reset_index(drop=True),
    "two indices": lambda: by_column().set_index(["timestamp", "volume"], drop=False),
    "a time is missing": lambda: by_column().assign(timestamp=made_up("A").index.where(GAP)),
    "beyond nanoseconds": lambda: by_column().assign(
        timestamp=pd.date_range("2900", periods=len(made_up("A")), tz="UTC", unit="s")
    ),
    "a number is missing": lambda: made_up("A").replace(made_up("A")["open"].iloc[3], np.nan),
    "numbers as text": lambda: by_column().astype({"open": str}),
    "a column is missing": lambda: by_column().drop(columns="open"),
    "a column twice": lambda: by_column().assign(Open=1.0),
    "true and false": lambda: by_column().assign(volume=True),
}


class TestWhichWay:
    """ "Only what is as it should be [..]. All else is left to a frame"."""

    @pytest.mark.parametrize("shape", PLAIN)
    def test_plain(self, path: Path, shape: str) -> None:
        assert isinstance(check(path, PLAIN[shape]()), Bars)
        assert is_plain(path)

    @pytest.mark.parametrize("shape", NOT_PLAIN)
    def test_not_plain(self, path: Path, shape: str) -> None:
        check(path, NOT_PLAIN[shape]())
        assert not is_plain(path)

    def test_row_groups_are_joined(self, path: Path) -> None:
        found = check(path, by_column(), row_group_size=100)
        assert pq.read_metadata(path).num_row_groups > 5
        assert isinstance(found, Bars) and len(found) == len(made_up("A"))


changes = st.lists(
    st.tuples(
        st.integers(0, 7),
        st.sampled_from(COLUMNS),
        st.sampled_from([np.nan, np.inf, -1.0, 0.0, 95.0, 100.0, 300.0]),
    ),
    max_size=2,
)
order = st.just([*range(8)]) | st.permutations(range(8)) | st.lists(st.integers(0, 7))


class TestSame:
    """Whatever is stored, and however: the same bars bit for bit, or the same faults."""

    @given(
        changes,
        order,
        st.sampled_from(["s", "ms", "us", "ns"]),
        st.sampled_from(["float64", "float32", "Float64", "object"]),
        st.booleans(),
        st.integers(1, 9),
    )
    def test_both_ways(
        self,
        path: Path,
        changes: list[tuple[int, str, float]],
        order: list[int],
        unit: Any,
        kind: Any,
        indexed: bool,
        rows: int,
    ) -> None:
        frame = made_up("A", 1.0)[:8]
        for row, name, value in changes:
            frame.loc[frame.index[row], name] = value
        frame = frame.astype({"close": kind})
        frame.index = pd.DatetimeIndex(frame.index).as_unit(unit)
        frame = frame.iloc[order]
        check(path, frame if indexed else frame.reset_index(), row_group_size=rows)
