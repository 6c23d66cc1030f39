"""Ticks and quotes out of frames, Parquet and CSV: windows, order, digests."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsm_session.errors import ConfigError, DataError
from fsm_session.market.events import Events, Quotes, Ticks
from fsm_session.sources import (
    CsvSource,
    EventSource,
    FramesSource,
    ParquetSource,
    SimulatedSource,
    Source,
)
from tests.unit.sources.event_markets import QUOTES, TICKS, some_quotes, some_ticks
from tests.unit.sources.markets import MINUTE, made_up, ns, write_partitions

Frames = dict[str, pd.DataFrame]


class Whole(Source, EventSource, Protocol):
    """Bars, and events beside them."""


def ticks_of(symbols: str) -> Frames:
    return {symbol: some_ticks(symbol) for symbol in symbols}


def quotes_of(symbols: str) -> Frames:
    return {symbol: some_quotes(symbol) for symbol in symbols}


def from_frames(_: Path) -> Whole:
    return FramesSource({"A": made_up("A")}, ticks=ticks_of("AB"), quotes=quotes_of("AC"))


def from_parquet(folder: Path, bars: str = "{symbol}_{interval}.parquet") -> Whole:
    made_up("A").to_parquet(folder / "A_1m.parquet")
    for symbol, frame in ticks_of("AB").items():
        frame.assign(exchange="P").to_parquet(folder / f"{symbol}.ticks")
    for symbol, frame in quotes_of("AC").items():
        frame.reset_index().to_parquet(folder / f"{symbol}.quotes")
    ticks, quotes = (folder / f"{{symbol}}.{kind}" for kind in ("ticks", "quotes"))
    return ParquetSource(folder / bars, ticks=ticks, quotes=quotes)


def beside_partitions(folder: Path) -> Whole:
    write_partitions(folder / "store", {"A": made_up("A")})
    return from_parquet(folder, "store")


def from_csv(folder: Path) -> Whole:
    made_up("A").to_csv(folder / "A_1m.csv")
    for symbol, frame in ticks_of("AB").items():
        (folder / symbol).mkdir()
        frame.rename(columns=str.title).to_csv(folder / symbol / "ticks.csv")
    for symbol, frame in quotes_of("AC").items():
        frame.tz_convert("America/New_York").to_csv(folder / f"quotes-{symbol}.csv")
    return CsvSource(
        folder / "{symbol}_{interval}.csv",
        ticks=folder / "{symbol}" / "ticks.csv",
        quotes=folder / "quotes-{symbol}.csv",
    )


MAKERS = (from_frames, from_parquet, beside_partitions, from_csv)


@pytest.fixture(scope="module", params=MAKERS, ids=lambda maker: maker.__name__)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    source: Whole = request.param(tmp_path_factory.mktemp("source"))
    return source


ALL = (ns("2024-06-30"), ns("2024-07-04"))
moments = st.builds(
    lambda second, off: ns("2024-07-01 13:30") + second * 10**9 + off,
    st.integers(-2, 102),
    st.sampled_from((-1, 0, 1)),
)
shared = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60
)


def cut(frame: pd.DataFrame, start_ns: int, end_ns: int) -> pd.DataFrame:
    """Cut a window out by pandas."""
    start, end = (pd.Timestamp(at, unit="ns", tz="UTC") for at in (start_ns, end_ns))
    return frame[(frame.index >= start) & (frame.index < end)]


def assert_same(events: Events, wanted: pd.DataFrame) -> None:
    assert events.time.tolist() == [stamp.as_unit("ns").value for stamp in wanted.index]
    for name in wanted:
        np.testing.assert_array_equal(events.column(str(name)), wanted[name].to_numpy(float))


class TestWindows:
    """The window [start_ns, end_ns) holds the events in it, in their order, and no other."""

    @shared
    @given(symbol=st.sampled_from("AB"), start_ns=moments, end_ns=moments)
    def test_ticks(self, made: Whole, symbol: str, start_ns: int, end_ns: int) -> None:
        ticks = made.ticks(symbol, start_ns, end_ns)
        assert isinstance(ticks, Ticks)
        assert_same(ticks, cut(some_ticks(symbol), start_ns, end_ns))

    @shared
    @given(symbol=st.sampled_from("AC"), start_ns=moments, end_ns=moments)
    def test_quotes(self, made: Whole, symbol: str, start_ns: int, end_ns: int) -> None:
        quotes = made.quotes(symbol, start_ns, end_ns)
        assert isinstance(quotes, Quotes)
        assert_same(quotes, cut(some_quotes(symbol), start_ns, end_ns))

    @shared
    @given(at=moments)
    def test_two_windows_make_one(self, made: Whole, at: int) -> None:
        """Of events that share the instant of the cut, none is lost and none is there twice."""
        first, second = made.ticks("A", ALL[0], at), made.ticks("A", at, ALL[1])
        whole = made.ticks("A", *ALL)
        for name in ("time", *TICKS):
            joined = np.concatenate((first.column(name), second.column(name)))
            np.testing.assert_array_equal(joined, whole.column(name))

    def test_views_of_what_is_decoded_once(self, made: Whole) -> None:
        one, other = (made.quotes("A", start, ALL[1]) for start in (ALL[0], ns("2024-07-01 13:31")))
        for name in ("time", *QUOTES):
            assert np.shares_memory(one.column(name), other.column(name))
            with pytest.raises(ValueError, match="read-only"):
                other.column(name)[:] = 0


class TestAnswers:
    """Which kinds it holds of a symbol; DataError where it holds none of the symbol at all."""

    def test_it_is_a_source_of_both(self, made: Whole) -> None:
        assert isinstance(made, Source)
        assert isinstance(made, EventSource)
        assert not isinstance(SimulatedSource(), EventSource)

    def test_kinds(self, made: Whole) -> None:
        kinds = [made.events(symbol) for symbol in ("A", "B", "C", "D", "../A", "")]
        assert kinds == [("ticks", "quotes"), ("ticks",), ("quotes",), (), (), ()]

    def test_bars_stand_beside_them(self, made: Whole) -> None:
        assert [made.intervals(symbol) for symbol in "AB"] == [(MINUTE,), ()]
        assert len(made.bars("A", MINUTE, *ALL)) == len(made_up("A"))
        assert len(made.times("A", MINUTE, *ALL)) == len(made_up("A"))

    @pytest.mark.parametrize(
        ("symbol", "held"),
        [("B", "ticks"), ("D", "neither ticks nor quotes"), ("../A", "neither ticks nor quotes")],
    )
    def test_what_is_not_held(self, made: Whole, symbol: str, held: str) -> None:
        with pytest.raises(DataError, match=f"no quotes; .* holds {held} of it") as refused:
            made.quotes(symbol, *ALL)
        assert [fault.symbol for fault in refused.value.faults] == [symbol]
        with pytest.raises(DataError, match=r"no ticks; .* holds quotes of it"):
            made.ticks("C", *ALL)

    def test_an_empty_window_is_no_error(self, made: Whole) -> None:
        assert len(made.ticks("A", 0, 1)) == len(made.quotes("A", ALL[1], ALL[0])) == 0


class TestWithoutBars:
    """``path`` may be empty if ticks or quotes is given."""

    def sources(self, folder: Path) -> list[Whole]:
        some_ticks("A").to_parquet(folder / "A.parquet")
        some_ticks("A").to_csv(folder / "A.csv")
        return [
            FramesSource({}, ticks=ticks_of("A")),
            ParquetSource(ticks=folder / "{symbol}.parquet"),
            CsvSource("", ticks=folder / "{symbol}.csv"),
        ]

    def test_there_are_none(self, tmp_path: Path) -> None:
        for source in self.sources(tmp_path):
            assert_same(source.ticks("A", *ALL), some_ticks("A"))
            assert (source.events("A"), source.intervals("A")) == (("ticks",), ())
            with pytest.raises(DataError, match=r"A: no 1m bars; \S.* holds nothing of it"):
                source.bars("A", MINUTE, *ALL)
            assert len(bytes.fromhex(source.digest())) == 32

    def test_names(self, tmp_path: Path) -> None:
        names = [source.name for source in self.sources(tmp_path)]
        places = [str(tmp_path / f"{{symbol}}.{kind}") for kind in ("parquet", "csv")]
        assert names == ["frames of 1 symbols", *places]
        assert ParquetSource("bars", ticks="{symbol}").name == "bars and {symbol}"

    @pytest.mark.parametrize("kind", [CsvSource, ParquetSource])
    def test_nothing_at_all(self, kind: type[CsvSource | ParquetSource]) -> None:
        with pytest.raises(ConfigError, match="missing: where the files are") as refused:
            kind()
        assert [fault.key for fault in refused.value.faults] == ["source.path"]


class TestDigest:
    """digest() covers them, and is what it was where there are none."""

    def test_frames(self) -> None:
        bars = {"A": made_up("A")}
        alone = FramesSource(bars).digest()
        # by hand: a line, the starts, and one column behind the other
        starts = np.array([pd.Timestamp(stamp).as_unit("ns").value for stamp in bars["A"].index])
        values = bars["A"].to_numpy().T.tobytes()
        said = f"1:A 1m {len(starts)}\n".encode() + starts.tobytes() + values
        assert alone == hashlib.sha256(said).hexdigest()
        assert FramesSource(bars, ticks={}, quotes=None).digest() == alone
        ticks, quotes = ticks_of("A"), quotes_of("A")
        with_both = FramesSource(bars, ticks=ticks, quotes=quotes).digest()
        assert FramesSource(bars, quotes=quotes, ticks=ticks).digest() == with_both
        swapped = {"A": ticks["A"].iloc[::-1].set_axis(ticks["A"].index)}
        others = [
            FramesSource(bars, ticks=ticks),
            FramesSource({}, ticks=ticks),
            FramesSource({}, ticks={"B": ticks["A"]}),
            FramesSource({}, ticks={"A": ticks["A"][1:]}),
            FramesSource({}, ticks=swapped),
            FramesSource(bars, quotes=quotes),
        ]
        assert len({alone, with_both, *(other.digest() for other in others)}) == 8

    def test_the_order_of_symbols_plays_no_part(self) -> None:
        one, two = ticks_of("AB"), ticks_of("BA")
        assert FramesSource({}, ticks=one).digest() == FramesSource({}, ticks=two).digest()

    def test_another_process_gets_the_same(self) -> None:
        source = FramesSource({}, ticks=ticks_of("A"), quotes=quotes_of("A"))
        assert pickle.loads(pickle.dumps(source)).digest() == source.digest()

    @pytest.mark.parametrize("kind", [CsvSource, ParquetSource])
    def test_files(self, tmp_path: Path, kind: type[CsvSource | ParquetSource]) -> None:
        for name in ("A.bars", "A.ticks", "A.quotes"):
            (tmp_path / name).write_text(name)
        bars, ticks, quotes = (tmp_path / f"{{symbol}}.{k}" for k in ("bars", "ticks", "quotes"))
        makers: tuple[Callable[[], CsvSource | ParquetSource], ...] = (
            lambda: kind(bars),
            lambda: kind(bars, ticks=ticks),
            lambda: kind(bars, ticks=ticks, quotes=quotes),
            lambda: kind(bars, quotes=ticks),
            lambda: kind(ticks=ticks),
        )
        before = [maker().digest() for maker in makers]
        stat = (tmp_path / "A.bars").stat()
        alone = f"A.bars\0{stat.st_size}\0{stat.st_mtime_ns}\n"
        assert before[0] == hashlib.sha256(alone.encode()).hexdigest()
        assert len(set(before)) == len(makers)
        kept = makers[1]()
        assert kept.digest() == before[1]
        os.utime(tmp_path / "A.ticks", ns=(1, 1))
        assert kept.digest() == before[1]
        after = [maker().digest() for maker in makers]
        assert [new == old for new, old in zip(after, before, strict=True)] == [True] + [False] * 4
