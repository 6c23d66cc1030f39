"""No name leads out of the folder that was meant, whether it is written to or read from."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from fsm_session import SessionCoordinator
from fsm_session.errors import ConfigError, DataError, ExportError, FsmSessionError, JournalError
from fsm_session.market import kept_facts
from fsm_session.market.interval import Interval
from fsm_session.sources import CsvSource, ParquetSource
from fsm_session.whole_files import write_whole
from tests.small_market import bars_of, market, wishes
from tests.unit.cli.folder import command, write_config, write_data
from tests.unit.security.hostile import NAMES, is_symbol, only_shown, untouched, written

DATE = "2024-07-02"
SMALL = market({"AAA": {DATE: [0, 1, 2]}})
#: the names that the folders of a file system can hold
FILES = [each for each in NAMES.values() if not {"/", "\0"} & {*each} and len(each) < 200]
MINUTE = Interval(60)
EVER = (0, 2**62)


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """Give a folder beside the output folder, with files that are somebody else's."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("file", "notes.json", "2024.json"):
        (folder / name).write_text("precious")
    return folder


def run(out: str | Path, *, overwrite: bool = False) -> None:
    config = wishes(["AAA"], DATE, DATE)
    SessionCoordinator(config, source=SMALL, out=out, overwrite=overwrite).run()


class TestOut:
    """ "Names ... never become a path outside the output folder." A link to a file is replaced or
    refused, never followed; a folder that is a link was put there by who owns it.
    """

    @pytest.mark.parametrize("name", [f"sessions/{DATE}.json", "run.json"])
    def test_a_link_where_a_record_belongs_is_replaced(
        self, name: str, tmp_path: Path, outside: Path
    ) -> None:
        out = tmp_path / "out"
        link(out / name, outside / "file")
        with untouched(outside):
            run(out, overwrite=True)
        assert not (out / name).is_symlink()
        assert b'"format":1' in (out / name).read_bytes()

    @pytest.mark.parametrize("name", [f"sessions/.{DATE}.json.part", ".run.json.part"])
    def test_a_link_where_a_record_is_written_aside_is_not_followed(
        self, name: str, tmp_path: Path, outside: Path
    ) -> None:
        link(tmp_path / "out" / name, outside / "file")
        with untouched(outside):
            run(tmp_path / "out")
        assert not [each for each in (tmp_path / "out").rglob("*") if each.is_symlink()]

    @pytest.mark.parametrize("name", [".page.rst.part", "page.rst"])
    def test_nor_by_any_file_that_is_written_whole(
        self, name: str, tmp_path: Path, outside: Path
    ) -> None:
        link(tmp_path / name, outside / "file")
        with untouched(outside):
            write_whole(tmp_path / "page.rst", b"text")
        assert (tmp_path / "page.rst").read_bytes() == b"text"
        assert not (tmp_path / "page.rst").is_symlink()

    @pytest.mark.parametrize("there", [True, False])
    def test_a_journal_that_is_a_link_is_refused(
        self, there: bool, tmp_path: Path, outside: Path
    ) -> None:
        link(tmp_path / "out/journal.jsonl", outside / ("file" if there else "new"))
        with untouched(tmp_path), pytest.raises(JournalError, match=r"journal\.jsonl"):
            run(tmp_path / "out", overwrite=True)

    def test_a_folder_that_is_a_link_is_its_owners_wish(
        self, tmp_path: Path, outside: Path
    ) -> None:
        out = tmp_path / "out"
        link(out / "sessions", outside)
        with untouched(outside, outside / f"{DATE}.json"):
            run(out)
        assert (outside / f"{DATE}.json").is_file()

    def test_overwrite_removes_records_and_nothing_else(
        self, tmp_path: Path, outside: Path
    ) -> None:
        out = tmp_path / "out"
        link(out / "sessions", outside)
        run(out)
        with untouched(outside, outside / f"{DATE}.json"):
            run(out, overwrite=True)

    @pytest.mark.parametrize("name", ["a\0b", "a" * 5000, "a/" * 2500], ids=["NUL", "long", "deep"])
    def test_what_is_no_folder_is_an_error_of_our_own(self, name: str, tmp_path: Path) -> None:
        with untouched(tmp_path), pytest.raises((ExportError, JournalError)):
            run(tmp_path / name)
        with pytest.raises(FsmSessionError):
            write_whole(tmp_path / name, b"")

    def test_a_folder_that_is_a_file(self, outside: Path) -> None:
        with untouched(outside), pytest.raises((ExportError, JournalError)):
            run(outside / "file")


def link(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
class TestSources:
    """A symbol is looked up among the files that there are, and is never made into a path."""

    @pytest.mark.parametrize("source", [CsvSource, ParquetSource])
    def test_a_symbol_out_of_the_folder_is_not_found(
        self, name: str, source: Callable[[Path], CsvSource | ParquetSource], tmp_path: Path
    ) -> None:
        inside, kind = tmp_path / "a/b", "csv" if source is CsvSource else "parquet"
        inside.mkdir(parents=True)
        frame = bars_of("AAA", DATE, [0, 1, 2]).reset_index()
        for path in (inside / "AAA", tmp_path / "x"):
            save(frame, path.with_suffix(f".{kind}"))
        found = source(inside / f"{{symbol}}.{kind}")
        assert found.intervals("AAA")
        assert found.intervals(name) == ()
        with pytest.raises(DataError):
            found.bars(name, MINUTE, *EVER)

    def test_nor_in_partitions(self, name: str, tmp_path: Path) -> None:
        frame = bars_of("AAA", DATE, [0, 1, 2]).reset_index().assign(symbol="AAA")
        for folder in (tmp_path / "bars" / f"date={DATE}", tmp_path / "date=2024-07-03"):
            folder.mkdir(parents=True)
            frame.to_parquet(folder / "x.parquet", index=False)
        found = ParquetSource(tmp_path / "bars")
        assert found.intervals("AAA")
        assert found.intervals(name) == ()
        with pytest.raises(DataError):
            found.bars(name, MINUTE, *EVER)

    def test_what_is_asked_for_from_outside(self, name: str) -> None:
        """`add_symbol`, of a coordinator or of a scanner: refused in words, never a path."""
        from fsm_session.config import symbol_fault

        assert bool(symbol_fault(name)) == (not is_symbol(name))

    def test_a_pattern_or_root_of_that_name_reads_or_says_so(
        self, name: str, tmp_path: Path
    ) -> None:
        for path in (f"{name}/{{symbol}}.csv", f"{{symbol}}{name}.csv", f"{name}{{x}}{{symbol}}"):
            with pytest.raises((ConfigError, DataError)):
                CsvSource(tmp_path / path).intervals("AAA")
        with pytest.raises((ConfigError, DataError)):
            ParquetSource(tmp_path / "a" / "b" / name).intervals("AAA")

    def test_kept_facts_stay_in_their_folder(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("FSM_SESSION_CACHE", str(tmp_path / "cache"))
        with untouched(tmp_path, tmp_path / "cache"):
            kept_facts.write(written(name), ["pandas"], ["facts"])
            kept = kept_facts.read(written(name), ["pandas"])
        assert kept in (None, ["facts"])
        assert len(list((tmp_path / "cache").rglob("*"))) == (kept is not None)


@pytest.mark.parametrize("name", FILES)
class TestFoundFiles:
    """Files of any name lie beside the data: they are counted in, and break nothing."""

    def test_a_stray_file(self, name: str, tmp_path: Path) -> None:
        write_data(tmp_path)
        beside(tmp_path, f"{name}_1m.csv").write_bytes(b"no data")
        path = write_config(tmp_path)
        with untouched(tmp_path, tmp_path / "out"):
            result = command("run", path, "--out", tmp_path / "out")
        assert (result.exit_code, result.stderr) == (0, "")
        assert only_shown(result.stdout)

    def test_a_folder_of_data(self, name: str, tmp_path: Path) -> None:
        """Its name stands in errors, and is obeyed by no terminal."""
        folder = beside(tmp_path, f"{name}_bars")
        folder.mkdir()
        write_data(folder, lambda frame: frame.assign(close=-1.0))
        result = command("check", write_config(folder))
        ran = command("run", folder / "week.toml", "--out", tmp_path / "out")
        assert (result.exit_code, ran.exit_code) == (2, 2)
        # a brace begins a field, in the folder's own name too
        assert ("BBB_1m.csv" in result.stderr) == ("{" not in name)
        assert only_shown(result.output) and only_shown(ran.output)


def beside(folder: Path, name: str) -> Path:
    """Give a path whose name's bytes are no UTF-8 where the name is half a character."""
    return Path(os.fsdecode(os.fsencode(folder) + b"/" + name.encode("utf-8", "surrogatepass")))


def save(frame: pd.DataFrame, path: Path) -> None:
    frame.to_csv(path, index=False) if path.suffix == ".csv" else frame.to_parquet(path)
