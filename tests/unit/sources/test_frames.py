"""Frames given from Python: neither changed nor shared, and refused where they are none."""

from __future__ import annotations

import pickle
import weakref
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from fsm_session.errors import DataError, IntervalError
from fsm_session.market.interval import Interval
from fsm_session.sources import FramesSource, frames
from fsm_session.sources.held import snapshot
from tests.unit.sources.markets import MINUTE, made_up, ns

FIVE = Interval(300)
ALL = (ns("2024-07-01"), ns("2024-07-04"))


class TestApart:
    """A frame is neither changed nor shared: what happens to it later is not seen."""

    @pytest.mark.parametrize("decoded", [False, True])
    def test_later_changes_are_not_seen(self, decoded: bool) -> None:
        frame = made_up("AAA")
        first = frame["close"].iloc[0]
        source = FramesSource({"AAA": frame})
        if decoded:
            source.bars("AAA", MINUTE, *ALL)
        frame.iloc[:, :] = 1.0
        del frame["open"]
        assert source.bars("AAA", MINUTE, *ALL).close[0] == first
        assert len(source.bars("AAA", MINUTE, *ALL)) == len(made_up("AAA"))

    def test_the_frame_is_left_as_it_was(self) -> None:
        frame = made_up("AAA")
        FramesSource({"AAA": frame}).bars("AAA", MINUTE, *ALL)
        pd.testing.assert_frame_equal(frame, made_up("AAA"))

    def test_a_frame_is_let_go_when_it_is_decoded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        held: list[weakref.ref[pd.DataFrame]] = []

        def remembered(frame: pd.DataFrame) -> Callable[[], pd.DataFrame]:
            read = snapshot(frame)
            held.append(weakref.ref(read()))
            return read

        monkeypatch.setattr(frames, "snapshot", remembered)
        source = FramesSource({"AAA": made_up("AAA")})
        assert held[0]() is not None
        for _ in range(2):
            assert len(source.bars("AAA", MINUTE, *ALL)) == len(made_up("AAA"))
            assert held[0]() is None

    def test_another_process_gets_the_same(self) -> None:
        source = FramesSource({"AAA": made_up("AAA")})
        again = pickle.loads(pickle.dumps(source))
        assert again.digest() == source.digest()


class TestShapes:
    """DESIGN.md 7: ``FramesSource({"BKNG": frame})``; and by interval, or one frame for all."""

    def test_several_intervals(self) -> None:
        minutes = made_up("AAA", kept=1.0)
        fives = minutes.iloc[::5]
        source = FramesSource({("AAA", FIVE): fives, ("AAA", MINUTE): minutes})
        assert source.intervals("AAA") == (MINUTE, FIVE)
        assert len(source.bars("AAA", FIVE, *ALL)) == len(fives)
        assert source.bars("AAA", FIVE, *ALL).interval == FIVE

    def test_levels_in_either_order(self) -> None:
        frames = {symbol: made_up(symbol) for symbol in ("AAA", "BBB")}
        one = pd.concat(frames, names=["symbol", "timestamp"])
        for shape in (one, one.swaplevel().sort_index(), one.sort_index(level=1)):
            assert FramesSource(shape).digest() == FramesSource(frames).digest()

    def test_twice_the_same_interval(self) -> None:
        twice: dict[str | tuple[str, Interval | str], pd.DataFrame] = {
            "AAA": made_up("AAA"),
            ("AAA", "1m"): made_up("AAA"),
        }
        source = FramesSource(twice)
        with pytest.raises(DataError, match="AAA: 1m bars are there twice"):
            source.bars("AAA", MINUTE, *ALL)

    @pytest.mark.parametrize(
        ("frames", "said"),
        [
            (5, "expected frames by symbol, or one frame, not int"),
            ({"AAA": [1]}, "expected a symbol -> a DataFrame, not 'AAA' -> list"),
            ({5: made_up("AAA")}, "not 5 -> DataFrame"),
            (made_up("AAA"), "two levels, symbol and timestamp"),
        ],
    )
    def test_no_frames(self, frames: Any, said: str) -> None:
        with pytest.raises(DataError, match=said):
            FramesSource(frames)

    def test_no_interval(self) -> None:
        with pytest.raises(IntervalError, match="5x"):
            FramesSource({"AAA": made_up("AAA")}, "5x")

    def test_faults_come_with_the_symbol_that_has_them(self) -> None:
        bad = made_up("BBB")
        bad.iloc[3, 0] = float("nan")
        source = FramesSource({"AAA": made_up("AAA"), "BBB": bad})
        assert len(source.bars("AAA", MINUTE, *ALL))
        for ask in (source.intervals, lambda symbol: source.bars(symbol, MINUTE, *ALL)):
            with pytest.raises(DataError) as refused:
                ask("BBB")
            (fault,) = refused.value.faults
            assert (fault.symbol, fault.time) == ("BBB", bad.index[3].isoformat())


class TestDigest:
    """DESIGN.md 8: "the digests of configuration, lifecycle and data"."""

    def test_it_is_of_what_is_held(self) -> None:
        frame = made_up("AAA")
        digest = FramesSource({"AAA": frame}).digest()
        assert FramesSource({"AAA": frame.assign(other=1)}, "1m").digest() == digest
        moved = frame.set_axis(frame.index + pd.Timedelta("1h"))
        renamed = {"AAB": frame}
        changed = frame.assign(volume=frame["volume"] + 1)
        others: tuple[Any, ...] = ({"AAA": moved}, renamed, {"AAA": changed}, {"AAA": frame[1:]})
        digests = {FramesSource(other).digest() for other in others}
        assert len(digests | {digest}) == 5

    def test_the_order_of_symbols_plays_no_part(self) -> None:
        one = {symbol: made_up(symbol) for symbol in ("AAA", "BBB")}
        two = dict(reversed(one.items()))
        assert FramesSource(one).digest() == FramesSource(two).digest()
