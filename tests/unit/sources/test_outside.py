"""Sources that somebody else wrote: what they give is held to the rules, wherever it is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from attrs import evolve

from fsm_session import FramesSource, RunFailedError, SessionCoordinator
from fsm_session.errors import DataError
from fsm_session.market.bars import Bars
from fsm_session.market.events import Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.sources.outside import checked
from fsm_session.sources.source import EventSource, WholeSource
from tests.small_market import SESSIONS, bars_of, wishes

MINUTE = Interval(60)
FRAME = bars_of("AAA", SESSIONS[0], [0, 1, 2, 3])
TIMES = pd.DatetimeIndex(FRAME.index).as_unit("ns").asi8
EVERYTHING = (int(TIMES[0]), int(TIMES[-1]) + 1)


class Theirs:
    """A source of somebody's own, that gives what it is told to."""

    name = "their feed"

    def __init__(self, **given: Any) -> None:
        self.frames = FramesSource({"AAA": FRAME}, interval="1m")
        self.given = given

    def intervals(self, symbol: str) -> Any:
        return self.frames.intervals(symbol)

    def times(self, *asked: Any) -> Any:
        return self.given.get("times", self.frames.times(*asked))

    def bars(self, *asked: Any) -> Any:
        return self.given.get("bars", self.frames.bars(*asked))

    def digest(self) -> str:
        return "theirs"


class Holding(Theirs):
    """One that holds tables whole, and has events."""

    def whole(self, symbol: str, interval: Interval) -> Any:
        return self.given.get("whole", self.frames.whole(symbol, interval))

    def events(self, symbol: str) -> tuple[str, ...]:
        return ("ticks", "quotes")

    def ticks(self, *asked: Any) -> Any:
        return self.given["ticks"]

    def quotes(self, *asked: Any) -> Any:
        return self.given["quotes"]


def sound() -> Bars:
    return FramesSource({"AAA": FRAME}, interval="1m").bars("AAA", MINUTE, *EVERYTHING)


def with_row(name: str, row: int, value: float) -> Bars:
    column = getattr(sound(), name).copy()
    column[row] = value
    return evolve(sound(), **{name: column})


def turned() -> Bars:
    return Bars(MINUTE, *(getattr(sound(), name)[[0, 2, 1, 3]] for name in (
        "time", "end", "open", "high", "low", "close", "volume", "count")))  # fmt: skip


WRONG: dict[str, tuple[Any, str]] = {
    "NaN": (with_row("close", 2, np.nan), "close"),
    "infinite": (with_row("high", 1, np.inf), "high"),
    "below zero": (with_row("low", 1, -1.0), "low"),
    "high below low": (with_row("high", 3, 0.5), "high"),
    "negative volume": (with_row("volume", 0, -1.0), "volume"),
    "out of order": (turned(), "order"),
    "twice": (evolve(sound(), time=np.repeat(sound().time[:2], 2)), "twice"),
    "of other lengths": (evolve(sound(), close=sound().close[:2]), "different lengths"),
    "no bars": ("four bars", "gives str where Bars"),
}


class TestBars:
    """Columns are checked at the edge and never hold a NaN."""

    @pytest.mark.parametrize("wrong", WRONG)
    @pytest.mark.parametrize("method", ["bars", "whole"])
    def test_wrong_ones_are_refused_with_source_and_symbol(self, wrong: str, method: str) -> None:
        given, told = WRONG[wrong]
        source: Any = checked(Holding(**{method: given}))
        asked = () if method == "whole" else EVERYTHING
        with pytest.raises(DataError, match=told) as caught:
            getattr(source, method)("AAA", MINUTE, *asked)
        assert caught.value.faults[0].file == "their feed"
        assert {each.symbol for each in caught.value.faults} <= {"AAA", ""}

    @pytest.mark.parametrize("wrong", ["NaN", "out of order", "below zero"])
    def test_in_a_run_they_fail_it_in_load(self, wrong: str) -> None:
        source: Any = Theirs(bars=WRONG[wrong][0])
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0])
        with pytest.raises(RunFailedError) as caught:
            SessionCoordinator(config, source=source).run()
        (error,) = caught.value.exceptions
        assert isinstance(error, DataError)
        assert caught.value.run.errors[0].phase == "Load"  # type: ignore[attr-defined]

    def test_more_than_was_asked_for_is_cut(self) -> None:
        source = checked(Theirs(bars=sound(), times=sound().time))
        window = (int(TIMES[1]), int(TIMES[3]))
        assert source.bars("AAA", MINUTE, *window).time.tolist() == TIMES[1:3].tolist()
        assert source.times("AAA", MINUTE, *window).tolist() == TIMES[1:3].tolist()

    def test_times_out_of_order(self) -> None:
        source = checked(Theirs(times=sound().time[::-1]))
        with pytest.raises(DataError, match="out of order"):
            source.times("AAA", MINUTE, *EVERYTHING)

    def test_sound_ones_are_as_they_were(self) -> None:
        for theirs in (Theirs(), Holding()):
            source: Any = checked(theirs)
            assert source.bars("AAA", MINUTE, *EVERYTHING).same(sound())
            assert source.bars("AAA", MINUTE, 0, 1).same(Bars.empty(MINUTE))
            assert source.intervals("AAA") == (MINUTE,)
            assert (source.name, source.digest()) == ("their feed", "theirs")

    def test_nobody_can_write_into_what_was_given(self) -> None:
        given = sound()
        for name in ("time", "close"):
            object.__setattr__(given, name, getattr(given, name).copy())
        source = checked(Theirs(bars=given))
        kept = source.bars("AAA", MINUTE, *EVERYTHING)
        given.close[:] = 7.0
        assert kept.same(sound())


class TestEvents:
    """Ticks and quotes likewise."""

    SECONDS = pd.date_range("2024-07-02 13:30", periods=3, freq="1s", tz="UTC").as_unit("ns").asi8

    def ticks(self, *prices: float) -> Ticks:
        return Ticks.of(self.SECONDS, price=prices, size=[1.0] * 3)

    def test_wrong_ones_are_refused(self) -> None:
        quotes = Quotes.of(
            self.SECONDS[::-1], bid_price=[1.0] * 3, bid_size=[1.0] * 3,
            ask_price=[1.0] * 3, ask_size=[1.0] * 3,
        )  # fmt: skip
        source: Any = checked(Holding(ticks=self.ticks(1.0, np.nan, 1.0), quotes=quotes))
        with pytest.raises(DataError, match="price"):
            source.ticks("AAA", 0, 2**62)
        with pytest.raises(DataError, match="order"):
            source.quotes("AAA", 0, 2**62)

    def test_sound_ones_are_as_they_were(self) -> None:
        source: Any = checked(Holding(ticks=self.ticks(1.0, 2.0, 3.0)))
        assert source.ticks("AAA", 0, 2**62).same(self.ticks(1.0, 2.0, 3.0))
        assert len(source.ticks("AAA", 0, int(self.SECONDS[1]))) == 1


def test_it_answers_what_the_source_does_and_no_more() -> None:
    plain: object = checked(Theirs())
    holding: object = checked(Holding())
    assert (isinstance(plain, WholeSource), isinstance(plain, EventSource)) == (False, False)
    assert (isinstance(holding, WholeSource), isinstance(holding, EventSource)) == (True, True)


def test_ours_are_left_as_they_are() -> None:
    ours = FramesSource({"AAA": FRAME}, interval="1m")
    assert checked(ours) is ours

    class Mine(FramesSource):
        """Not ours any more."""

    assert checked(Mine({"AAA": FRAME}, interval="1m")) is not ours
