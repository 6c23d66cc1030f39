"""Every built-in source keeps its promises; one with a broken promise is told of."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

from fsm_session import CsvSource, FramesSource, ParquetSource, SimulatedSource
from fsm_session.market.bars import Bars, Times
from fsm_session.market.events import EventKind, Ticks
from fsm_session.market.interval import Interval
from fsm_session.sources import Source
from fsm_session.testing import check_source, small_market
from fsm_session.testing.days import session_on
from tests.unit.sources.markets import write_partitions
from tests.unit.testing.caught import sentence, told

MARKET = {name: frame.tz_convert("UTC") for name, frame in small_market().items()}
SYMBOLS = ("AAA", "BBB")
_TIMES = MARKET["AAA"].index
TICKS = pd.DataFrame({"price": 10.0, "size": 1.0}, index=_TIMES.repeat(2))
QUOTES = pd.DataFrame(
    {"bid_price": 10.0, "bid_size": 1.0, "ask_price": 10.25, "ask_size": 0.0}, index=_TIMES
)


def of_frames(_: Path) -> Source:
    return FramesSource(MARKET, "1m")


def of_frames_with_events(_: Path) -> Source:
    return FramesSource(MARKET, "1m", ticks={"AAA": TICKS}, quotes={"AAA": QUOTES, "BBB": QUOTES})


def of_files(folder: Path) -> Source:
    for symbol, frame in MARKET.items():
        frame.to_parquet(folder / f"{symbol}_1m.parquet")
        TICKS.to_parquet(folder / f"{symbol}_ticks.parquet")
    return ParquetSource(
        folder / "{symbol}_{interval}.parquet", ticks=folder / "{symbol}_ticks.parquet"
    )


def of_partitions(folder: Path) -> Source:
    write_partitions(folder / "store", MARKET, rows=5)
    return ParquetSource(folder / "store", "1m")


def of_csv(folder: Path) -> Source:
    for symbol, frame in MARKET.items():
        frame.to_csv(folder / f"{symbol}.csv")
    return CsvSource(folder / "{symbol}.csv", "1m")


def made_up(_: Path) -> Source:
    return SimulatedSource(symbols=SYMBOLS, missing_percent=30, seed=4)


def of_any_symbol(_: Path) -> Source:
    return SimulatedSource(interval=Interval(300))


class TestOursKeepThem:
    """The built-in sources (Frames, Csv, Parquet, Simulated) pass."""

    @pytest.mark.parametrize(
        "make",
        [
            of_frames, of_frames_with_events, of_files, of_partitions, of_csv, made_up,
            of_any_symbol,
        ],
    )  # fmt: skip
    def test_whatever_it_is_made_of(self, make: Callable[[Path], Source], tmp_path: Path) -> None:
        check_source(make(tmp_path), SYMBOLS)

    def test_in_other_sessions_and_with_the_symbols_it_tells(self) -> None:
        check_source(SimulatedSource("XLON", symbols=["VOD"]), None, ["2024-02-05"])

    def test_a_wrong_call_is_not_a_broken_promise(self) -> None:
        source = FramesSource(MARKET, "1m")
        with pytest.raises(ValueError, match="doesn't tell which symbols it has"):
            check_source(source)
        with pytest.raises(ValueError, match="holds nothing of AAA in these sessions"):
            check_source(source, ["AAA"], ["2024-02-05"])


class _Frames(FramesSource):
    """A source that is sound, to be made unsound in one place."""

    def __init__(self) -> None:
        super().__init__(MARKET, "1m", ticks={"AAA": TICKS})


class Closed(_Frames):
    """Its windows are closed at both ends."""

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        return super().bars(symbol, interval, start_ns, end_ns + 1)


class Late(_Frames):
    """Its windows begin behind the bar that starts at their start."""

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        return super().bars(symbol, interval, start_ns + 1, end_ns)


class Other(_Frames):
    """Its short windows have prices of their own, say because they are adjusted."""

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        bars = super().bars(symbol, interval, start_ns, end_ns)
        return evolve(bars, close=bars.close / 2, low=bars.low / 2) if len(bars) < 9 else bars


class Forgetful(_Frames):
    """It goes on from where it was asked for last."""

    _behind = 0

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        behind, self._behind = self._behind, end_ns
        start_ns = max(start_ns, behind if behind < end_ns else 0)
        return super().bars(symbol, interval, start_ns, end_ns)


class OtherTimes(_Frames):
    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        return super().times(symbol, interval, start_ns, end_ns + 60 * 10**9)


class Shared(_Frames):
    """It gives what it keeps, to be written into."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[Any, Bars] = {}

    def bars(self, *window: Any) -> Bars:
        bars = super().bars(*window)
        return self._kept.setdefault(window, evolve(bars, close=bars.close.copy()))


class Noisy(_Frames):
    _chance = np.random.default_rng()

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        bars = super().bars(symbol, interval, start_ns, end_ns)
        return evolve(bars, volume=bars.volume + self._chance.random(len(bars)))


class Unsorted(_Frames):
    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        return super().bars(symbol, interval, start_ns, end_ns)[::-1]


class Unsound(_Frames):
    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        bars = super().bars(symbol, interval, start_ns, end_ns)
        return evolve(bars, low=bars.high + 1)


class Missing(_Frames):
    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        bars = super().bars(symbol, interval, start_ns, end_ns)
        return evolve(bars, volume=bars.volume * np.nan)


class Endless(_Frames):
    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        bars = super().bars(symbol, interval, start_ns, end_ns)
        return evolve(bars, end=bars.time)


class KeyErrors(_Frames):
    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        return super().bars({"AAA": "AAA", "BBB": "BBB"}[symbol], interval, start_ns, end_ns)


class Empty(_Frames):
    """It gives nothing where it should say that it holds nothing."""

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        held = interval in self.intervals(symbol)
        return super().bars(symbol, interval, start_ns, end_ns) if held else Bars.empty(interval)


class Unordered(_Frames):
    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        return tuple(sorted((*super().intervals(symbol), Interval(30)), reverse=True))


class Changing(_Frames):
    _count = itertools.count()

    def digest(self) -> str:
        return f"{next(self._count):064x}"


class Undigested(_Frames):
    def digest(self) -> str:
        return "v1"


class Whole(_Frames):
    def whole(self, symbol: str, interval: Interval) -> Bars | None:
        held = super().whole(symbol, interval)
        return held and held[:-1]


class MoreTicks(_Frames):
    def ticks(self, symbol: str, start_ns: int, end_ns: int) -> Ticks:
        return super().ticks(symbol, start_ns, end_ns + 1)


class Unquoted(_Frames):
    def events(self, symbol: str) -> tuple[EventKind, ...]:
        return ("ticks",)


class Nameless(_Frames):
    name = ""


class TestOffendersAreTold:
    """It says in one sentence which promise is broken, shown by the smallest windows."""

    @pytest.mark.parametrize(
        ("offender", "said"),
        [
            (Closed, "1m bars of AAA from .* to 2024-07-02 09:30 have one of 2024-07-02 09:30, "
                     "which lies outside"),
            (Late, "1m bars of AAA from 2024-07-02 09:3\\d to .* are not those of the whole time: "
                   "that of 2024-07-02 09:3\\d is missing"),
            (Other, "1m bars of AAA from .* have another low than when all are asked for"),
            (Forgetful, "(times of )?1m bars of .* are not those of the whole time: that of .* is "
                        "missing"),
            (OtherTimes, "times of 1m bars of AAA from .* have one of .*, which lies outside"),
            (Shared, "1m bars of AAA change when somebody writes into what was given"),
            (Noisy, "1m bars of AAA .* have another volume than when all are asked for"),
            (Unsorted, "1m bars of AAA are out of order: 2024-07-05 15:58 comes too late"),
            (Unsound, "1m bars of AAA have an open or a close outside low to high at "
                      "2024-07-02 09:30"),
            (Missing, "1m bars of AAA have a volume that is no number from 0 up at "
                      "2024-07-02 09:30"),
            (Endless, "1m bars of AAA have an end that isn't 1m after its start at "
                      "2024-07-02 09:30"),
            (KeyErrors, "frames of 2 symbols raises KeyError: 'NO SUCH SYMBOL' for bars of an "
                        "unknown symbol, and not a DataError"),
            (Empty, "frames of 2 symbols answers for 86399s bars of AAA, which it doesn't hold, "
                    "and raises no DataError"),
            (Unordered, "frames of 2 symbols gives .* as intervals of AAA: they are a tuple of "
                        "intervals, the shortest first"),
            (Changing, "frames of 2 symbols has another digest each time"),
            (Undigested, "frames of 2 symbols has the digest 'v1', which is no SHA-256 in hex"),
            (Whole, "1m bars of AAA are others by windows than as a whole"),
            (MoreTicks, "ticks of AAA from .* have one of .*, which lies outside"),
            (Unquoted, "frames of 2 symbols fails: DataError: BBB: no ticks.*|"
                       "frames of 2 symbols .*"),
            (Nameless, "Nameless has no name but ''"),
        ],
    )  # fmt: skip
    def test_with_the_sentence(self, offender: type[_Frames], said: str) -> None:
        assert re.fullmatch(said, sentence(check_source, offender(), SYMBOLS))

    def test_what_is_no_source(self) -> None:
        assert sentence(check_source, object(), SYMBOLS).endswith("or a method of the protocol")

    def test_the_windows_before_are_shown(self) -> None:
        """It takes two windows to show that the first one changes the second."""
        lines = told(check_source, Forgetful(), SYMBOLS)
        assert len(lines) <= 3
        assert all(line.startswith("after ") for line in lines[1:])

    def test_times_are_those_of_the_exchange(self) -> None:
        class Open(SimulatedSource):
            def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
                return super().bars(symbol, interval, start_ns, end_ns + 1)

        source = Open("XLON", symbols=["VOD"])
        said = sentence(check_source, source, None, [session_on("2024-02-05", "XLON")])
        assert said.endswith("have one of 2024-02-05 08:00, which lies outside")

    def test_one_window_is_enough(self) -> None:
        assert len(told(check_source, Closed(), SYMBOLS)) == 1
