"""Files found by a pattern: which are, which aren't, and what is said of those that are broken."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fsm_session.errors import ConfigError, DataError
from fsm_session.market.interval import Interval
from fsm_session.sources import CsvSource, ParquetSource
from fsm_session.sources.pattern import find_files
from tests.unit.sources.markets import MINUTE, made_up, ns

FIVE = Interval(300)
ALL = (ns("2024-07-01"), ns("2024-07-04"))
HEADER = "timestamp,open,high,low,close,volume\n"
ROW = "2024-07-01T13:30:00Z,10,12,9,11,100\n"


class TestPattern:
    """DESIGN.md 7: ``path = "bars/{symbol}_{interval}.parquet"``."""

    def found(self, folder: Path, pattern: str, *names: str) -> list[tuple[str, str]]:
        for name in names:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
        files = find_files(str(folder / pattern))
        return [(file.symbol, str(file.interval)) for file in files]

    def test_names_are_told_apart(self, tmp_path: Path) -> None:
        names = ["A_1m.csv", "A_5Min.csv", "BRK_B_1m.csv", "^X.Y_1d.csv", ".SPX_1h.csv"]
        others = ["A_1m.txt", "A_.csv", "_1m.csv", "A_1x.csv", "A_bc.csv", "A_1m.csv.csv"]
        found = self.found(tmp_path, "{symbol}_{interval}.csv", *names, *others)
        wanted = [("A", "1m"), ("A", "5m"), ("BRK_B", "1m"), ("^X.Y", "1d"), (".SPX", "1h")]
        assert sorted(found) == sorted(wanted)

    def test_a_field_twice_is_the_same(self, tmp_path: Path) -> None:
        names = ("A/A_1m.csv", "A/B_1m.csv")
        assert self.found(tmp_path, "{symbol}/{symbol}_{interval}.csv", *names) == [("A", "1m")]

    def test_what_looks_like_a_pattern_and_is_none(self, tmp_path: Path) -> None:
        names = ("[x]*(1)/A.csv", "x/B.csv")
        assert self.found(tmp_path, "[x]*(1)/{symbol}.csv", *names) == [("A", "None")]

    @pytest.mark.parametrize(
        "pattern", ["{interval}.csv", "{symbol}_{date}.csv", "{symbol!r}", "x"]
    )
    def test_no_pattern(self, tmp_path: Path, pattern: str) -> None:
        with pytest.raises(ConfigError, match=r"a path has \{symbol\} in it") as refused:
            find_files(str(tmp_path / pattern))
        assert refused.value.faults[0].key == "source.path"

    @pytest.mark.parametrize("kind", [CsvSource, ParquetSource])
    def test_no_file_at_all(self, tmp_path: Path, kind: type[CsvSource | ParquetSource]) -> None:
        source = kind(tmp_path / "{symbol}.bars")
        for ask in (lambda: source.intervals("A"), source.digest):
            with pytest.raises(DataError, match="there is no such file") as refused:
                ask()
            assert refused.value.faults[0].file == str(tmp_path / "{symbol}.bars")

    def test_no_symbol_leads_out_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "in").mkdir()
        for place in ("out_1m.csv", "in/A_1m.csv"):
            (tmp_path / place).write_text(HEADER + ROW)
        source = CsvSource(tmp_path / "in" / "{symbol}_{interval}.csv")
        for symbol in ("../out", "*", "?", "[A]", f"{tmp_path}/out", "..", "", "A\0"):
            assert source.intervals(symbol) == ()
            with pytest.raises(DataError, match="no 1m bars"):
                source.bars(symbol, MINUTE, *ALL)

    def test_the_interval_given_is_the_only_one(self, tmp_path: Path) -> None:
        made_up("A").to_parquet(tmp_path / "A_1m.parquet")
        made_up("A", 1.0)[::5].to_parquet(tmp_path / "A_5m.parquet")
        pattern = tmp_path / "{symbol}_{interval}.parquet"
        assert ParquetSource(pattern).intervals("A") == (MINUTE, FIVE)
        assert ParquetSource(pattern, "5m").intervals("A") == (FIVE,)

    def test_two_files_of_one_interval(self, tmp_path: Path) -> None:
        for name in ("A_1m.csv", "A_60s.csv"):
            (tmp_path / name).write_text(HEADER + ROW)
        with pytest.raises(DataError, match=r"A: 1m bars are there twice: .*A_1m.csv, .*A_60s"):
            CsvSource(tmp_path / "{symbol}_{interval}.csv").times("A", MINUTE, *ALL)

    def test_the_digest_is_of_names_sizes_and_times(self, tmp_path: Path) -> None:
        digests = set()
        changes: tuple[Callable[[], object], ...] = (
            lambda: (tmp_path / "A.csv").write_text(HEADER),
            lambda: (tmp_path / "A.csv").write_text(HEADER + ROW),
            lambda: (tmp_path / "A.csv").rename(tmp_path / "B.csv"),
            lambda: os.utime(tmp_path / "B.csv", ns=(0, 1)),
            lambda: (tmp_path / "A.csv").write_text(HEADER),
        )
        for change in changes:
            change()
            digests.add(CsvSource(tmp_path / "{symbol}.csv", "1m").digest())
        assert len(digests) == len(changes)
        (tmp_path / "other.txt").touch()
        assert CsvSource(tmp_path / "{symbol}.csv", "1m").digest() in digests


class TestBroken:
    """DESIGN.md 7: "an error names the file"; never a bare traceback of a library."""

    def refused(self, path: Path, content: str | bytes) -> list[tuple[str, str]]:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        kind = CsvSource if path.suffix == ".csv" else ParquetSource
        source = kind(path.with_stem("{symbol}"), "1m")
        with pytest.raises(DataError) as error:
            source.bars("A", MINUTE, *ALL)
        assert {fault.file for fault in error.value.faults} == {str(path)}
        return [(fault.time, fault.message) for fault in error.value.faults]

    @pytest.mark.parametrize("content", [b"", b"no parquet", b"PAR1" + b"\0" * 40 + b"PAR1"])
    def test_no_parquet(self, tmp_path: Path, content: bytes) -> None:
        ((_, message),) = self.refused(tmp_path / "A.parquet", content)
        assert message.startswith("can't be read as Parquet: ")

    def test_half_a_parquet(self, tmp_path: Path) -> None:
        made_up("A").to_parquet(tmp_path / "B.parquet")
        whole = (tmp_path / "B.parquet").read_bytes()
        torn = whole[:4] + b"\xff" * 60 + whole[64:]
        ((_, message),) = self.refused(tmp_path / "A.parquet", torn)
        assert message.startswith("can't be read as Parquet: ")

    @pytest.mark.parametrize(
        "content", ["", HEADER + '"' + ROW, HEADER + ROW + "1,2,3,4,5,6,7\n", b"\xff\xfe\0,\n1"]
    )
    def test_no_csv(self, tmp_path: Path, content: str | bytes) -> None:
        ((_, message),) = self.refused(tmp_path / "A.csv", content)
        assert message.startswith("is not CSV: ")

    def test_every_row_longer_than_the_header(self, tmp_path: Path) -> None:
        rows = ROW.replace("\n", ",7\n")
        ((_, message),) = self.refused(tmp_path / "A.csv", HEADER + rows)
        assert message.startswith("is not CSV: ")

    @pytest.mark.parametrize(
        "time", ["2024-07-01T13:30:00", "2024-07-01 13:30", "2024-07-01", "2024-07-01T13:30-x"]
    )
    def test_times_without_a_zone(self, tmp_path: Path, time: str) -> None:
        found = self.refused(tmp_path / "A.csv", HEADER + ROW.replace("2024-07-01T13:30:00Z", time))
        assert found[0][1].partition(":")[0] in (
            "times have no time zone",
            "time is missing or unreadable",
        )

    def test_a_time_nobody_can_read(self, tmp_path: Path) -> None:
        rows = ROW + ROW.replace("2024-07-01T13:30:00Z", "soon")
        found = self.refused(tmp_path / "A.csv", HEADER + rows)
        assert found == [("row 1", "time is missing or unreadable")]

    def test_every_fault_of_a_file(self, tmp_path: Path) -> None:
        rows = "2024-07-01T13:31:00Z,,12,9,x,100\n2024-07-01T13:30:00Z,10,12,9,11,-1\n"
        found = self.refused(tmp_path / "A.csv", HEADER + ROW.replace(":30:", ":29:") + rows)
        assert [time[11:16] for time, _ in found] == ["13:31", "13:30", "13:31", "13:30"]
        assert [message.split()[0] for _, message in found] == ["close", "time", "open", "volume"]

    def test_no_zone_in_parquet(self, tmp_path: Path) -> None:
        made_up("A").tz_localize(None).to_parquet(tmp_path / "B.parquet")
        ((_, message),) = self.refused(
            tmp_path / "A.parquet", (tmp_path / "B.parquet").read_bytes()
        )
        assert message.startswith("times have no time zone")

    def test_a_file_that_is_gone(self, tmp_path: Path) -> None:
        path = tmp_path / "A.csv"
        path.write_text(HEADER + ROW)
        source = CsvSource(tmp_path / "{symbol}.csv", "1m")
        assert source.intervals("A") == (MINUTE,)
        path.unlink()
        with pytest.raises(DataError, match="can't be read: No such file"):
            source.bars("A", MINUTE, *ALL)


def test_offsets_may_change_within_a_file(tmp_path: Path) -> None:
    """US clocks went forward on 2024-03-10: 09:30 is 14:30 UTC before and 13:30 UTC after."""
    times = ("2024-03-08T09:30:00-05:00", "2024-03-11T09:30:00-04:00")
    rows = "".join(f"{time},10,12,9,11,100\n" for time in times)
    (tmp_path / "A.csv").write_text(HEADER + rows)
    bars = CsvSource(tmp_path / "{symbol}.csv", "1d").bars("A", Interval(86_400), 0, 2**62)
    assert bars.time.tolist() == [ns("2024-03-08 14:30"), ns("2024-03-11 13:30")]


def test_csv_is_read_to_the_last_bit(tmp_path: Path) -> None:
    frame = made_up("A")
    frame.to_csv(tmp_path / "A.csv")
    bars = CsvSource(tmp_path / "{symbol}.csv").bars("A", MINUTE, *ALL)
    pd.testing.assert_series_equal(
        bars.frame()["close"],
        frame["close"],
        check_exact=True,
        check_names=False,
        check_index=False,
    )
