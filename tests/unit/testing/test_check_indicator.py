"""Every indicator that the library knows keeps its promises; each broken one is told of."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import talib

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import Bars, Floats, Times
from fsm_session.market.indicators import Indicator, IndicatorSpec, resolve
from fsm_session.market.interval import Interval
from fsm_session.testing import check_indicator
from tests.unit.market import user_functions
from tests.unit.testing.caught import sentence, told

_CHANCE = np.random.default_rng()
_FIRST: list[float] = []


def my_average(close: Floats, length: int = 3) -> Any:
    sums = np.cumsum(np.r_[0.0, close])
    means = (sums[length:] - sums[:-length]) / length
    return np.r_[np.full(min(length - 1, len(close)), np.nan), means][: len(close)]


def next_close(close: Floats) -> Any:
    return np.r_[close[1:], np.nan][: len(close)]


def centred(close: Floats) -> Any:
    """Look three bars ahead, but only after a while."""
    values = np.full(len(close), np.nan)
    values[15:-3] = close[18:]
    return values


def z_score(close: Floats) -> Any:
    return close - close.mean()


def far_ahead(close: Floats) -> Any:
    values = np.full(len(close), np.nan)
    values[250:-1] = close[251:]
    return values


def writes(close: Floats) -> Any:
    close -= close[0]
    return close


def too_short(close: Floats) -> Any:
    return close[1:]


def divides(close: Floats, volume: Floats) -> list[float]:
    return [float(c) / int(v) for c, v in zip(close, volume, strict=True)]


def needs_two(close: Floats) -> Any:
    return np.r_[np.nan, close[1:] + close[1] - close[1]]


def dice(close: Floats) -> Any:
    return close + _CHANCE.normal(size=len(close))


def remembers(close: Floats) -> Any:
    _FIRST.append(float(close[0]))
    return close + len(_FIRST)


def texts(close: Floats) -> list[str]:
    return ["up"] * len(close)


def bands(close: Floats) -> dict[str, Floats]:
    return {"lower": close, "upper": np.maximum(close, np.r_[close[1:], 0.0])}


def flat_only(high: Floats, low: Floats) -> Any:
    """Fail where a bar is flat, which few think of."""
    return np.array([1 / int(100 * span) for span in high - low])


def session_average(time: Times, close: Floats) -> Any:
    days = time // 86_400_000_000_000
    return np.array([close[: i + 1][days[: i + 1] == days[i]].mean() for i in range(len(close))])


class TestOursKeepThem:
    """Every TA-Lib indicator that fsm_session knows passes, and every way to give one."""

    def test_every_function_of_talib(self) -> None:
        """All of them, on few examples."""
        # the one that needs a column of periods beside the bars
        passed = set(talib.get_functions()) - {"MAVP"}
        for name in passed:
            check_indicator(name, max_examples=2)
        assert len(passed) > 150
        assert {"SMA", "MACD", "CDLDOJI", "OBV", "HT_SINE"} <= passed

    @pytest.mark.parametrize(
        ("name", "parameters"),
        [
            ("SMA", {"timeperiod": 5}),
            ("macd", {"fastperiod": 3, "slowperiod": 5, "signalperiod": 2}),
            ("EMA", {"timeperiod": 100}),
            ("OBV", {}),
            ("STOCHRSI", {"timeperiod": 4}),
        ],
    )
    def test_some_on_many_examples(self, name: str, parameters: dict[str, Any]) -> None:
        check_indicator(name, **parameters)

    @pytest.mark.parametrize("interval", ["1s", "1h", "1d", "1w"])
    def test_of_any_interval(self, interval: str) -> None:
        check_indicator("RSI", timeperiod=3, interval=interval, max_examples=20)

    @pytest.mark.parametrize(
        "function", [my_average, session_average, user_functions.spread, lambda close: close]
    )
    def test_functions(self, function: Callable[..., Any]) -> None:
        check_indicator(function, max_examples=60)

    def test_a_place_a_partial_one_and_one_that_is_set_up(self) -> None:
        check_indicator("tests.unit.market.user_functions:day_so_far", max_examples=30)
        check_indicator(partial(my_average, length=7), max_examples=30)
        spec = IndicatorSpec("sma", "SMA", Interval(60), {"timeperiod": 4})
        check_indicator(resolve(spec), max_examples=30)

    def test_a_wrong_call_is_not_a_broken_promise(self) -> None:
        with pytest.raises(IndicatorError, match="no such function"):
            check_indicator("NOTHING")
        with pytest.raises(IndicatorError, match="no parameter 'size'"):
            check_indicator(my_average, size=3)
        with pytest.raises(TypeError):
            check_indicator(resolve(IndicatorSpec("sma", "SMA", Interval(60))), timeperiod=3)


class TestOffendersAreTold:
    """It says in one sentence which promise is broken, shown on the smallest bars."""

    @pytest.mark.parametrize(
        ("function", "said"),
        [
            (next_close, "next_close at bar 0 changes when bar 1 is removed: it looks ahead"),
            (centred, "centred at bar 15 changes when bar 18 is removed: it looks ahead"),
            (z_score, "z_score at bar 0 changes when bar 1 is removed: it looks ahead"),
            (far_ahead, "far_ahead at bar 250 changes when bar 251 is removed: it looks ahead"),
            (bands, "bands's 'upper' at bar 0 changes when bar 1 is removed: it looks ahead"),
            (dice, "dice at bar 0 is another number each time it is asked for"),
            (remembers, "remembers at bar 0 is another number each time it is asked for"),
            (writes, "writes writes into its input: ValueError: output array is read-only"),
            (divides, "divides failed on 1 bar: ZeroDivisionError: float division by zero"),
            (flat_only, "flat_only failed on 1 bar: ZeroDivisionError: division by zero"),
            (texts, "texts answers wrongly: <U2 values are not numbers"),
        ],
    )
    def test_with_the_sentence(self, function: Callable[..., Any], said: str) -> None:
        assert sentence(check_indicator, function) == said

    def test_a_wrong_length(self) -> None:
        said = sentence(check_indicator, too_short)
        assert said.startswith("too_short answers wrongly: shape (")

    def test_bars_too_few(self) -> None:
        said = sentence(check_indicator, needs_two)
        assert said.startswith("needs_two failed on 1 bar: IndexError: index 1 is out of bounds")

    def test_a_first_value_that_comes_later_than_stated(self) -> None:
        spec = IndicatorSpec("mine", "anywhere:mine", Interval(60))

        def answer(bars: Bars) -> dict[str, Any]:
            return {"real": my_average(bars.close, 5)}

        assert (
            sentence(check_indicator, Indicator(spec, ("real",), 3, answer))
            == "mine has its first value at bar 4, and its lookback says bar 3"
        )
        check_indicator(Indicator(spec, ("real",), 4, answer), max_examples=20)

    def test_an_error_that_only_long_columns_show(self) -> None:
        def long_only(close: Floats) -> Any:
            if len(close) >= 150:
                raise OverflowError("too many")
            return close

        assert sentence(check_indicator, long_only) == (
            "long_only failed on 160 bars: OverflowError: too many"
        )


class TestTheExampleIsSmall:
    """A look-ahead of one bar shrinks to a handful of bars."""

    def test_of_one_bar(self) -> None:
        _, head, *rows = told(check_indicator, next_close)
        assert head.split() == ["UTC", "open", "high", "low", "close", "volume"]
        assert len(rows) == 2
        assert [row.split()[0] for row in rows] == ["0", "1"]

    @pytest.mark.parametrize("ahead", [1, 2, 5])
    def test_no_more_than_it_takes(self, ahead: int) -> None:
        def peeks(close: Floats) -> Any:
            return np.r_[close[ahead:], np.full(min(ahead, len(close)), np.nan)]

        said, _, *rows = told(check_indicator, peeks)
        # NaN becomes a number with the bar that it looks at, so that one is enough
        assert said == f"peeks at bar 0 changes when bar {ahead} is removed: it looks ahead"
        assert len(rows) == ahead + 1

    def test_long_ones_are_cut(self) -> None:
        lines = told(check_indicator, far_ahead)
        assert len(lines) < 20
        assert any("more bars" in line for line in lines)
