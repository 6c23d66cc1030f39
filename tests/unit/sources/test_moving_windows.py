"""Partitions under a run: windows move on, each row group is read once, and what is behind goes."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.market.bars import Bars
from fsm_session.sources import FramesSource, kept, read_ahead, row_groups
from fsm_session.sources.blocks import read_times
from fsm_session.sources.partitions import PartitionsSource
from fsm_session.sources.row_groups import Partitions, RowGroup
from tests.unit.sources.markets import MINUTE, ns

DATES = [str(day.date()) for day in pd.bdate_range("2024-07-01", periods=12)]
SYMBOLS = ("A", "B", "C", "D", "E", "F")
ROWS = 10
# by two symbols, as if a store had row groups of so many
GROUPS = 3

Frames = dict[str, pd.DataFrame]


def day_of(symbol: str, date: str, rows: Collection[int] = range(ROWS)) -> pd.DataFrame:
    index = pd.date_range(f"{date} 13:30", periods=ROWS, freq="1min", tz="UTC")
    values = 10.0 + ord(symbol) + pd.Timestamp(date).day + np.arange(ROWS) / 100
    frame = pd.DataFrame(dict.fromkeys(("open", "high", "low", "close", "volume"), values), index)
    return frame.rename_axis("timestamp").iloc[sorted(rows)]


def market(rows: Callable[[str, str], Collection[int]] = lambda *_: range(ROWS)) -> Frames:
    return {s: pd.concat([day_of(s, date, rows(s, date)) for date in DATES]) for s in SYMBOLS}


def write(folder: Path, frames: Frames, by: list[str], **options: Any) -> None:
    """Write a folder a date, its rows sorted by these columns."""
    whole = pd.concat([frame.reset_index().assign(symbol=s) for s, frame in frames.items()])
    for date, day in whole.groupby(whole["timestamp"].dt.date):
        place = folder / f"date={date}"
        place.mkdir(parents=True)
        wanted = {"row_group_size": 2 * ROWS, **options}
        day.sort_values(by).to_parquet(place / "bars.parquet", index=False, **wanted)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dense")
    write(folder, market(), ["symbol", "timestamp"])
    return folder


def thinned(symbol: str, date: str) -> Collection[int]:
    """Leave out a symbol for a day, rows of others by chance, and of the first two nothing."""
    chance = np.random.default_rng(ord(symbol) * int(date[-2:]))
    if (symbol, date) in (("C", DATES[4]), ("D", DATES[0]), ("E", DATES[11])):
        return []
    return range(ROWS) if symbol < "C" else np.flatnonzero(chance.random(ROWS) < 0.8).tolist()


class Market:
    """The same thinned market in three orders of rows, and as frames."""

    def __init__(self, folder: Path) -> None:
        frames = market(thinned)
        self.frames = FramesSource(frames, "1m")
        orders = {"by symbol": ["symbol", "timestamp"], "by time": ["timestamp", "symbol"]}
        for name, by in orders.items():
            write(folder / name, frames, by)
        write(folder / "unknown", frames, orders["by time"], write_statistics=False)
        self.folders = [folder / name for name in (*orders, "unknown")]


@pytest.fixture(scope="module")
def thin(tmp_path_factory: pytest.TempPathFactory) -> Market:
    return Market(tmp_path_factory.mktemp("thin"))


def window(first: int, last: int) -> tuple[int, int]:
    """Give the bounds of some dates, by their places."""
    return ns(DATES[first]), ns(DATES[last]) + 86_400 * 10**9


def sessions(history: int) -> Iterator[tuple[int, int]]:
    """Give the windows of a run, one a session."""
    for day in range(history, len(DATES)):
        yield window(day - history, day)


class Reads:
    """Writes down which row groups are read, and which columns."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.read: list[tuple[str, int]] = []
        self.names: list[set[str]] = []
        really = Partitions.read

        def read(files: Partitions, group: RowGroup, names: Collection[str]) -> Any:
            table = really(files, group, names)
            self.read.append((group.path, group.number))
            self.names.append(set(table.column_names))
            return table

        patch.setattr(Partitions, "read", read)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    return Reads(monkeypatch)


ask = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(["bars", "times"]),
    *[st.integers(0, len(DATES) - 1)] * 2,
    *[st.integers(-3, 3)] * 2,
)


class TestSame:
    """Whatever was asked before, a window holds the bars that start in it, bit for bit."""

    @given(st.integers(0, 2), st.lists(ask, max_size=12))
    def test_any_windows_in_any_order(
        self, thin: Market, place: int, asked: list[tuple[str, str, int, int, int, int]]
    ) -> None:
        source = PartitionsSource(thin.folders[place], "1m")
        given_before: list[tuple[Bars, Bars]] = []
        for symbol, what, first, last, early, late in asked:
            start, end = (int(pd.Timestamp(DATES[n]).value) for n in (first, last))
            bounds = (start + early * 5 * 10**12, end + late * 25 * 10**12)
            wanted = thin.frames.bars(symbol, MINUTE, *bounds)
            if what == "times":
                times = source.times(symbol, MINUTE, *bounds)
                np.testing.assert_array_equal(times, wanted.time)
            else:
                given_before.append((source.bars(symbol, MINUTE, *bounds), wanted))
        for bars, wanted in given_before:
            assert bars.same(wanted)

    @pytest.mark.parametrize("history", [0, 1, 5])
    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_run(self, thin: Market, place: int, history: int) -> None:
        source = PartitionsSource(thin.folders[place])
        given_before: list[tuple[Bars, Bars]] = []
        for bounds in sessions(history):
            for symbol in reversed(SYMBOLS):
                bars = source.bars(symbol, MINUTE, *bounds)
                given_before.append((bars, thin.frames.bars(symbol, MINUTE, *bounds)))
        for bars, wanted in given_before:
            assert bars.same(wanted)

    def test_more_is_kept_than_fits(self, thin: Market, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(kept, "_SPARE_BYTES", 0)
        monkeypatch.setattr(kept, "_TIMES_BYTES", 0)
        for place in range(3):
            self.test_a_run(thin, place, 5)


class TestReadOnce:
    """ "A window reads only the row groups that can hold the symbol in it, each of them once"."""

    @pytest.mark.parametrize("history", [0, 3])
    def test_bars(self, folder: Path, reads: Reads, history: int) -> None:
        source = PartitionsSource(folder, "1m")
        for bounds in sessions(history):
            for symbol in SYMBOLS:
                assert len(source.bars(symbol, MINUTE, *bounds)) == ROWS * (history + 1)
        assert len(reads.read) == len(set(reads.read)) == GROUPS * len(DATES)

    def test_symbols_by_turns(self, folder: Path, reads: Reads) -> None:
        source = PartitionsSource(folder, "1m")
        for bounds in sessions(3):
            for symbol in ("F", "A", "D", "B", "C", "E"):
                source.bars(symbol, MINUTE, *bounds)
        assert len(reads.read) == len(set(reads.read))

    def test_symbols_by_turns_when_little_is_kept_of_others(
        self, folder: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(kept, "_SPARE_BYTES", 0)
        source = PartitionsSource(folder, "1m")
        expected = ("F", "A", "D", "B")
        for symbol in expected:
            source.times(symbol, MINUTE, *window(0, 11))
        reads.read.clear()
        for bounds in sessions(3):
            for symbol in expected:
                source.bars(symbol, MINUTE, *bounds)
        assert len(reads.read) == len(set(reads.read)) == GROUPS * len(DATES)

    def test_symbols_of_other_windows(self, folder: Path, reads: Reads) -> None:
        source = PartitionsSource(folder, "1m")
        for long, short in zip(sessions(5), list(sessions(2))[3:], strict=True):
            for symbol in SYMBOLS:
                source.bars(symbol, MINUTE, *(short if symbol in "BD" else long))
        assert len(reads.read) == len(set(reads.read))

    def test_times_alone(self, folder: Path, reads: Reads) -> None:
        source = PartitionsSource(folder)
        for symbol in SYMBOLS:
            assert source.intervals(symbol) == (MINUTE,)
            assert len(source.times(symbol, MINUTE, *window(0, 11))) == ROWS * len(DATES)
        assert len(reads.read) == len(set(reads.read)) == GROUPS * len(DATES)
        assert all(names == {"symbol", "timestamp"} for names in reads.names)

    def test_no_day_is_copied_again(self, folder: Path) -> None:
        source = PartitionsSource(folder, "1m")
        days = [source.bars("A", MINUTE, *bounds) for bounds in sessions(8)]
        # moved once, for room; from then on a day is put behind the others
        assert not np.shares_memory(days[0].close, days[1].close)
        assert np.shares_memory(days[1].close, days[2].close)
        assert np.shares_memory(days[2].close, days[3].close)


class TestLetGo:
    """ "What was read is kept while the windows that are asked for have a part in it"."""

    @pytest.mark.parametrize("symbols", [SYMBOLS, ("A", "D"), ("F",)])
    @pytest.mark.parametrize("history", [0, 2])
    def test_as_much_is_kept_of_many_sessions_as_of_few(
        self, folder: Path, symbols: tuple[str, ...], history: int
    ) -> None:
        source, rows = PartitionsSource(folder, "1m"), []
        for symbol in symbols:
            source.times(symbol, MINUTE, *window(0, 11))
        for bounds in sessions(history):
            for symbol in symbols:
                source.bars(symbol, MINUTE, *bounds)
            rows.append((source._bars.nbytes, sum(map(len, source._windows.values()))))
        # the windows before the last begin a day earlier
        most = GROUPS * 2 * ROWS * 6 * 8 * (history + 2)
        assert max(nbytes for nbytes, _ in rows) <= most
        assert max(held for _, held in rows) == ROWS * len(symbols) * (history + 1)

    def test_of_symbols_that_have_had_their_part_nothing_is_kept(self, folder: Path) -> None:
        source = PartitionsSource(folder, "1m")
        for symbol in SYMBOLS:
            source.bars(symbol, MINUTE, *window(0, 5))
        assert source._bars.nbytes == 0

    def test_times_are_not_kept_when_bars_are_asked_for(self, folder: Path) -> None:
        source = PartitionsSource(folder, "1m")
        source.times("A", MINUTE, *window(0, 11))
        assert source._times.nbytes > 0
        source.bars("A", MINUTE, *window(0, 1))
        assert source._times.nbytes == 0

    def test_times_that_are_the_same_are_kept_once(self, folder: Path) -> None:
        source = PartitionsSource(folder, "1m")
        source.times("A", MINUTE, *window(0, 0))
        assert source._times.nbytes == ROWS * 8

    def test_symbols_that_are_no_longer_asked_for_go(self, folder: Path) -> None:
        source = PartitionsSource(folder, "1m")
        for number, bounds in enumerate(sessions(2)):
            source.bars("A", MINUTE, *bounds)
            if number < 2:
                source.bars("B", MINUTE, *bounds)
        assert source._windows.keys() == {"A"}

    def test_a_symbol_that_is_left_out_for_a_day_goes_on(self, folder: Path, reads: Reads) -> None:
        source = PartitionsSource(folder, "1m")
        for number, bounds in enumerate(sessions(3)):
            for symbol in SYMBOLS if number != 4 else SYMBOLS[1:]:
                source.bars(symbol, MINUTE, *bounds)
        assert len(reads.read) == len(set(reads.read))

    def test_few_files_stay_open(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(row_groups, "_OPEN_FILES", 6)
        source = PartitionsSource(folder, "1m")
        source.times("A", MINUTE, *window(0, 11))
        last = [*source._files._readers.values()]
        assert len(last) == 6
        source.bars("A", MINUTE, *window(0, 0))
        assert [*source._files._readers] == [str(folder / f"date={DATES[0]}" / "bars.parquet")]
        with pytest.raises(ValueError, match="closed file"):
            last[0].read()

    def test_another_process_goes_on(self, folder: Path) -> None:
        source = PartitionsSource(folder)
        before = source.bars("A", MINUTE, *window(0, 3))
        again = pickle.loads(pickle.dumps(source))
        assert again.bars("A", MINUTE, *window(0, 3)).same(before)
        assert again.bars("A", MINUTE, *window(1, 4)).same(source.bars("A", MINUTE, *window(1, 4)))


class TestShared:
    """Of symbols that have the same times, these are held once."""

    @pytest.mark.parametrize("history", [0, 4])
    def test_in_every_window(self, folder: Path, history: int) -> None:
        source = PartitionsSource(folder, "1m")
        for bounds in sessions(history):
            first, *others = (source.bars(symbol, MINUTE, *bounds) for symbol in SYMBOLS)
            for other in others:
                assert other.time is first.time
                assert other.end is first.end
                assert other.count is first.count

    def test_no_longer_when_they_part(self, thin: Market) -> None:
        source = PartitionsSource(thin.folders[0], "1m")
        one, other, third = (source.bars(s, MINUTE, *window(0, 11)) for s in ("A", "B", "C"))
        assert one.time is other.time
        assert not np.shares_memory(one.time, third.time)


class TestBroken:
    """What is wrong is said of the symbol that has it, and no other: when its bars are read."""

    def test_only_its_own(self, tmp_path: Path) -> None:
        frames = market()
        frames["B"].iloc[3 * ROWS + 4, 3] = -1
        write(tmp_path, frames, ["symbol", "timestamp"])
        source = PartitionsSource(tmp_path, "1m")
        assert len(source.bars("A", MINUTE, *window(0, 11))) == ROWS * len(DATES)
        assert len(source.bars("B", MINUTE, *window(4, 11))) == ROWS * 8
        assert len(source.times("B", MINUTE, *window(0, 11))) == ROWS * len(DATES)
        for _ in range(2):
            with pytest.raises(DataError) as refused:
                source.bars("B", MINUTE, *window(0, 11))
            assert [fault.message for fault in refused.value.faults] == [
                "close is not above 0",
                "close is outside low to high",
            ]
            assert {fault.symbol for fault in refused.value.faults} == {"B"}

    def test_times_out_of_order(self, tmp_path: Path) -> None:
        write(tmp_path, market(), ["symbol", "timestamp"])
        path = tmp_path / f"date={DATES[2]}" / "bars.parquet"
        frame = pd.read_parquet(path, partitioning=None)
        frame.iloc[[3, 4]] = frame.iloc[[4, 3]]
        frame.to_parquet(path, index=False)
        source = PartitionsSource(tmp_path, "1m")
        for read in (source.times, source.bars):
            with pytest.raises(DataError) as refused:
                read("A", MINUTE, *window(0, 11))
            (fault,) = refused.value.faults
            assert (fault.file, fault.symbol) == (str(path), "A")
            assert fault.message == "time is out of order"
            assert len(read("B", MINUTE, *window(0, 11))) == ROWS * len(DATES)

    def test_too_close_for_the_interval(self, folder: Path) -> None:
        source = PartitionsSource(folder, "5m")
        five = source._given
        assert five is not None
        for read in (source.times, source.bars):
            with pytest.raises(DataError) as refused:
                read("A", five, *window(0, 1))
            found = [(fault.file, fault.message) for fault in refused.value.faults]
            told = "bars are mostly closer together than 5m: the interval is wrong"
            assert found == [(str(folder / f"date={d}" / "bars.parquet"), told) for d in DATES[:2]]

    @pytest.mark.parametrize("change", ["replaced", "gone"])
    def test_a_file_that_is_no_longer_what_it_was(self, tmp_path: Path, change: str) -> None:
        """ "A source is a snapshot: it answers as it did when first asked, however often"."""
        write(tmp_path, market(), ["symbol", "timestamp"])
        source = PartitionsSource(tmp_path, "1m")
        source.times("A", MINUTE, *window(0, 1))
        path = tmp_path / f"date={DATES[1]}" / "bars.parquet"
        other = (tmp_path / f"date={DATES[2]}" / "bars.parquet").read_bytes()
        path.unlink()
        if change == "replaced":
            path.write_bytes(other)
        with pytest.raises(DataError) as refused:
            source.bars("A", MINUTE, *window(0, 1))
        (fault,) = refused.value.faults
        assert fault.file == str(path)
        assert fault.message.startswith(
            "has changed since it was opened" if change == "replaced" else "can't be read"
        )


class TestNoRoom:
    """Of times as many are kept as there is room for, and none is read ahead to go at once."""

    def test_a_window_of_more_than_fits_is_read_no_more_than_once_and_a_bit(
        self, folder: Path, reads: Reads, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(read_ahead, "AT_ONCE", 2)
        source = PartitionsSource(folder, "1m")
        one = read_times(source._files, next(source._files.holding("A"))).nbytes
        monkeypatch.setattr(kept, "_TIMES_BYTES", 3 * one)
        reads.read.clear()
        source.times("A", MINUTE, *window(0, 11))
        # three fit and are read ahead; the fourth does not, and one more is under way by then
        assert 12 <= len(reads.read) <= 12 + 2
