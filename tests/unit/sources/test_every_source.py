"""One check for every source: whatever it is made of, it answers what pandas cuts out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.market.bars import COLUMNS
from fsm_session.market.interval import Interval
from fsm_session.sources import (
    CsvSource,
    FramesSource,
    ParquetSource,
    SimulatedSource,
    Source,
)
from tests.unit.sources.markets import DAYS, MINUTE, SYMBOLS, made_up, ns, write_partitions

Frames = dict[str, pd.DataFrame]
Made = tuple[Source, Frames]


def from_frames(_: Path, frames: Frames) -> Source:
    return FramesSource(frames)


def from_frames_by_interval(_: Path, frames: Frames) -> Source:
    return FramesSource({(symbol, "1min"): frame for symbol, frame in frames.items()})


def from_one_frame(_: Path, frames: Frames) -> Source:
    return FramesSource(pd.concat(frames, names=["symbol", "timestamp"]), "1m")


def from_files(folder: Path, frames: Frames) -> Source:
    for symbol, frame in frames.items():
        frame.to_parquet(folder / f"{symbol}_1m.parquet")
    return ParquetSource(folder / "{symbol}_{interval}.parquet")


def from_partitions(folder: Path, frames: Frames) -> Source:
    write_partitions(folder / "store", frames)
    return ParquetSource(folder / "store")


def from_csv(folder: Path, frames: Frames) -> Source:
    for symbol, frame in frames.items():
        (folder / symbol).mkdir()
        frame.rename(columns=str.title).to_csv(folder / symbol / "bars.csv")
    return CsvSource(folder / "{symbol}/bars.csv", "1m")


def made_itself(_: Path, frames: Frames) -> Source:
    """Put what a simulated market says of all days in the place of what it should say of any."""
    source = SimulatedSource(seed=3, missing_percent=20, symbols=SYMBOLS)
    for symbol in frames:
        whole = source.bars(symbol, MINUTE, ns("2024-07-01"), ns("2024-07-04"))
        frames[symbol] = whole.frame().rename_axis("timestamp")
    return source


Maker = Callable[[Path, Frames], Source]
MAKERS: tuple[Maker, ...] = (
    from_frames,
    from_frames_by_interval,
    from_one_frame,
    from_files,
    from_partitions,
    from_csv,
    made_itself,
)


@pytest.fixture(scope="module", params=MAKERS, ids=lambda maker: maker.__name__)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    frames = {symbol: made_up(symbol) for symbol in SYMBOLS}
    source = request.param(tmp_path_factory.mktemp("source"), frames)
    return source, frames


shared = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)
days = tuple(map(str, DAYS))
moments = st.integers(ns("2024-06-30"), ns("2024-07-04")) | st.builds(
    lambda day, minutes, off: ns(day) + minutes * 60_000_000_000 + off,
    st.sampled_from(days),
    st.integers(13 * 60 + 28, 20 * 60 + 2),
    st.sampled_from((-1, 0, 1)),
)


class TestWindows:
    """The window [start_ns, end_ns) holds the bars that start in it, and no other."""

    @shared
    @given(symbol=st.sampled_from(SYMBOLS), start_ns=moments, end_ns=moments)
    def test_bars_are_what_pandas_cuts_out(
        self, made: Made, symbol: str, start_ns: int, end_ns: int
    ) -> None:
        source, frames = made
        frame = frames[symbol]
        stamps = frame.index.to_series()
        start, end = (pd.Timestamp(at, unit="ns", tz="UTC") for at in (start_ns, end_ns))
        wanted = frame[(stamps >= start) & (stamps < end)]
        bars = source.bars(symbol, MINUTE, start_ns, end_ns)
        assert bars.interval == MINUTE
        assert bars.time.tolist() == [
            pd.Timestamp(stamp).as_unit("ns").value for stamp in wanted.index
        ]
        for name in COLUMNS:
            np.testing.assert_array_equal(bars.column(name), wanted[name].to_numpy())
        np.testing.assert_array_equal(bars.end - bars.time, 60_000_000_000)
        np.testing.assert_array_equal(bars.count, 1)
        times = source.times(symbol, MINUTE, start_ns, end_ns)
        np.testing.assert_array_equal(times, bars.time)

    @shared
    @given(cut=moments)
    def test_two_windows_make_one(self, made: Made, cut: int) -> None:
        source, _ = made
        start, end = ns("2024-06-30"), ns("2024-07-04")
        cut = min(max(cut, start), end)
        first, second = (source.times("AAA", MINUTE, *w) for w in ((start, cut), (cut, end)))
        whole = source.times("AAA", MINUTE, start, end)
        np.testing.assert_array_equal(np.concatenate((first, second)), whole)


class TestAnswers:
    """DESIGN.md 7: "where market data comes from, each behind one protocol"."""

    def test_it_is_a_source(self, made: Made) -> None:
        assert isinstance(made[0], Source)
        assert made[0].name

    def test_intervals(self, made: Made) -> None:
        assert [made[0].intervals(symbol) for symbol in SYMBOLS] == [(MINUTE,)] * 3
        assert made[0].intervals("NONE") == ()
        assert made[0].intervals("../AAA") == ()

    def test_nothing_can_be_written(self, made: Made) -> None:
        bars = made[0].bars("AAA", MINUTE, ns("2024-07-01"), ns("2024-07-02"))
        for name in ("time", "end", *COLUMNS, "count"):
            with pytest.raises(ValueError, match="read-only"):
                bars.column(name)[0] = 0
        with pytest.raises(ValueError, match="read-only"):
            made[0].times("AAA", MINUTE, ns("2024-07-01"), ns("2024-07-02"))[0] = 0

    def test_types(self, made: Made) -> None:
        bars = made[0].bars("AAA", MINUTE, ns("2024-07-01"), ns("2024-07-02"))
        assert {bars.column(name).dtype for name in COLUMNS} == {np.dtype("float64")}
        assert {bars.column(n).dtype for n in ("time", "end", "count")} == {np.dtype("int64")}

    @pytest.mark.parametrize(
        ("symbol", "interval"), [("AAA", Interval(300)), ("NONE", MINUTE), ("../AAA", MINUTE)]
    )
    def test_what_is_not_held_is_an_error(
        self, made: Made, symbol: str, interval: Interval
    ) -> None:
        for ask in (made[0].bars, made[0].times):
            with pytest.raises(DataError, match=f"{symbol}: no {interval} bars") as refused:
                ask(symbol, interval, 0, 1)
            assert [fault.symbol for fault in refused.value.faults] == [symbol]

    def test_the_digest_stays(self, made: Made) -> None:
        before = made[0].digest()
        assert len(bytes.fromhex(before)) == 32
        made[0].bars("ZZZ", MINUTE, ns("2024-07-01"), ns("2024-07-02"))
        assert made[0].digest() == before


class TestShared:
    """Symbols of a busy market trade in the same minutes: then their times are held once."""

    @pytest.mark.parametrize("maker", MAKERS[:-1], ids=lambda maker: maker.__name__)
    def test_times_that_are_equal(self, maker: Maker, tmp_path: Path) -> None:
        thin, busy = made_up("AAA"), made_up("AAA", kept=1.0)
        frames = {"A": busy, "B": thin, "C": busy * 2, "D": busy[1:], "E": busy}
        source = maker(tmp_path, frames)
        for bounds in ((ns("2024-07-01"), ns("2024-07-04")), (ns("2024-07-02"), ns("2024-07-03"))):
            bars = {symbol: source.bars(symbol, MINUTE, *bounds) for symbol in frames}
            for name in ("time", "end", "count"):
                column = {symbol: each.column(name) for symbol, each in bars.items()}
                assert column["A"] is not column["B"]
                assert np.shares_memory(column["A"], column["C"])
                assert np.shares_memory(column["A"], column["E"])

    @pytest.mark.parametrize("maker", MAKERS[:-1], ids=lambda maker: maker.__name__)
    def test_asked_one_after_the_other_they_are_the_same(
        self, maker: Maker, tmp_path: Path
    ) -> None:
        source = maker(tmp_path, {symbol: made_up("AAA", kept=1.0) for symbol in SYMBOLS})
        for start, end in (("2024-07-01", "2024-07-04"), ("2024-07-02", "2024-07-03")):
            first, *others = (source.bars(s, MINUTE, ns(start), ns(end)) for s in SYMBOLS)
            for other in others:
                assert other.time is first.time
                assert other.end is first.end
                assert other.count is first.count
