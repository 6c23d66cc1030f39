"""One folder a session date: a window touches only its own, and says what is broken there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fsm_session.errors import DataError
from fsm_session.sources import ParquetSource
from tests.unit.sources.markets import MINUTE, SYMBOLS, made_up, ns, write_partitions

ALL = (ns("2024-07-01"), ns("2024-07-04"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_partitions(tmp_path, {symbol: made_up(symbol) for symbol in SYMBOLS})
    return tmp_path


def file_of(folder: Path, date: str) -> Path:
    return folder / f"date={date}" / "bars.parquet"


def rewrite(path: Path, frame: pd.DataFrame, **options: Any) -> Path:
    frame.to_parquet(path, index=False, **options)
    return path


def read(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, partitioning=None)


def faults(folder: Path, symbol: str = "AAA") -> list[tuple[str, str, str]]:
    with pytest.raises(DataError) as refused:
        ParquetSource(folder, "1m").bars(symbol, MINUTE, *ALL)
    return [(fault.file, fault.time, fault.message) for fault in refused.value.faults]


class TestOnlyItsWindow:
    """DESIGN.md 8: "one folder a session date [..] so that Load touches only its window"."""

    def test_another_date_is_not_opened(self, folder: Path) -> None:
        file_of(folder, "2024-07-01").write_bytes(b"torn")
        source = ParquetSource(folder, "1m")
        bars = source.bars("AAA", MINUTE, ns("2024-07-03 13:30"), ns("2024-07-03 17:00"))
        assert len(bars) == len(made_up("AAA").loc["2024-07-03"])
        with pytest.raises(DataError, match="can't be read as Parquet"):
            source.bars("AAA", MINUTE, *ALL)

    def test_another_row_group_is_not_read(self, folder: Path) -> None:
        path = file_of(folder, "2024-07-03")
        frame = read(path)
        frame.loc[frame["symbol"] == "ZZZ", "close"] = -1
        rewrite(path, frame, row_group_size=50)
        assert len(ParquetSource(folder).bars("AAA", MINUTE, *ALL)) == len(made_up("AAA"))
        assert {file for file, _, _ in faults(folder, "ZZZ")} == {str(path)}

    @pytest.mark.parametrize("date", ["2024-07-02", "2024-07-04"])
    def test_a_session_may_lie_on_its_neighbours_date(self, folder: Path, date: str) -> None:
        """Tokyo's morning is the day before in UTC; New York's evening the day after."""
        whole = folder / "moved"
        (whole / f"date={date}").mkdir(parents=True)
        day = file_of(folder, "2024-07-03").rename(file_of(whole, date))
        bars = ParquetSource(whole, "1m").bars("AAA", MINUTE, ns("2024-07-03"), ns("2024-07-04"))
        assert len(bars) == (read(day)["symbol"] == "AAA").sum()

    def test_without_statistics_all_is_read(self, folder: Path) -> None:
        for date in ("2024-07-01", "2024-07-02", "2024-07-03"):
            path = file_of(folder, date)
            rewrite(path, read(path), write_statistics=False)
        assert len(ParquetSource(folder).bars("AAA", MINUTE, *ALL)) == len(made_up("AAA"))

    def test_several_files_a_date_and_categories(self, folder: Path) -> None:
        path = file_of(folder, "2024-07-02")
        frame = read(path).astype({"symbol": "category"})
        rewrite(path, frame[frame["symbol"] != "ZZZ"])
        rewrite(path.with_name("more.parquet"), frame[frame["symbol"] == "ZZZ"])
        source = ParquetSource(folder)
        for symbol in SYMBOLS:
            assert len(source.bars(symbol, MINUTE, *ALL)) == len(made_up(symbol))


class TestBroken:
    """DESIGN.md 7: "An error names the file, the key and what would be right"."""

    def test_no_folder(self, tmp_path: Path) -> None:
        for place in (tmp_path, tmp_path / "none"):
            with pytest.raises(DataError, match=r"there are no date=YYYY-MM-DD/\*.parquet in it"):
                ParquetSource(place).intervals("AAA")

    def test_no_date(self, folder: Path) -> None:
        (folder / "date=2024-07-01").rename(folder / "date=July")
        told = "expected a folder such as date=2024-07-03"
        assert faults(folder) == [(str(file_of(folder, "July")), "", told)]

    def test_no_symbol(self, folder: Path) -> None:
        path = file_of(folder, "2024-07-01")
        rewrite(path, read(path).drop(columns="symbol"))
        assert faults(folder) == [(str(path), "", "column symbol missing")]

    def test_no_zone(self, folder: Path) -> None:
        path = file_of(folder, "2024-07-02")
        frame = read(path)
        rewrite(path, frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None)))
        ((file, _, message),) = faults(folder)
        assert (file, message[:22]) == (str(path), "times have no time zon")

    def test_every_date_that_is_faulty_is_named(self, folder: Path) -> None:
        wanted = []
        for date, column in (("2024-07-01", "open"), ("2024-07-03", "volume")):
            path = file_of(folder, date)
            frame = read(path)
            frame.loc[frame.index[4], column] = float("nan")
            time = frame["timestamp"][4].isoformat()
            rewrite(path, frame)
            wanted.append((str(path), time, f"{column} is missing or infinite"))
        assert faults(folder) == wanted

    def test_dates_that_overlap(self, folder: Path) -> None:
        path = file_of(folder, "2024-07-02")
        frame = read(path)
        late = frame.assign(timestamp=frame["timestamp"] + pd.Timedelta("1D"))
        rewrite(path.with_name("late.parquet"), late)
        ((file, time, message),) = faults(folder)
        assert file == str(folder)
        assert time == made_up("AAA").loc["2024-07-03"].index[0].isoformat()
        assert message.startswith("time is out of order, or there twice, from one file")

    def test_the_digest_is_of_the_files(self, folder: Path) -> None:
        before = ParquetSource(folder).digest()
        assert ParquetSource(folder).digest() == before
        path = file_of(folder, "2024-07-02")
        rewrite(path, read(path)[:-1])
        assert ParquetSource(folder).digest() != before
