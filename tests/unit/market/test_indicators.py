"""TA-Lib's indicators: against TA-Lib itself, and against the reference values."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import talib
import talib.abstract
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import Bars, concat
from fsm_session.market.causality import made_up
from fsm_session.market.indicators import Indicator, IndicatorSpec, check_causal, resolve
from tests.real_data import needs_shared
from tests.unit.market.strategies import (
    MINUTE,
    RECORDED,
    golden,
    july,
    recorded,
    sparse_bars,
    unhurried,
    within,
)

# MAVP takes a column of periods, which no market has
FUNCTIONS = sorted(set(talib.get_functions()) - {"MAVP"})
GOLDEN: dict[str, tuple[str, dict[str, object], dict[str, str]]] = {
    "sma": ("SMA", {"timeperiod": 20}, {"real": "sma_20"}),
    "ema": ("ema", {"timeperiod": 20}, {"real": "ema_20"}),
    "rsi": ("RSI", {"timeperiod": 14}, {"real": "rsi_14"}),
    "macd": (
        "MACD",
        {"fastperiod": 12, "slowperiod": 26, "signalperiod": 9},
        {"macd": "macd_12_26", "macdsignal": "macd_signal_9", "macdhist": "macd_hist"},
    ),
    "atr": ("ATR", {"timeperiod": 14}, {"real": "atr_14"}),
    "bands": (
        "BBANDS",
        {"timeperiod": 20, "nbdevup": 2, "nbdevdn": 2.0},
        {
            "upperband": "bb_upper_20_2",
            "middleband": "bb_middle_20_2",
            "lowerband": "bb_lower_20_2",
        },
    ),
}


def indicator(function: str, **parameters: object) -> Indicator:
    return resolve(IndicatorSpec("it", function, MINUTE, parameters))


class TestTalib:
    """TA-Lib (0.8.1 or later) gives the standard ones under its own names and parameters, its
    `lookback` says how much history they need."""

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_every_function(self, function: str) -> None:
        found = indicator(function.lower())
        described: Any = talib.abstract
        theirs = described.Function(function)
        assert found.outputs == tuple(theirs.output_names)
        assert found.lookback == theirs.lookback
        assert found.single is (len(theirs.output_names) == 1)
        bars = made_up(MINUTE, 200)
        columns = {name: bars.column(name) for name in ("open", "high", "low", "close", "volume")}
        answer = theirs(columns)
        expected = [answer] if found.single else answer
        values = found.compute(bars)
        assert tuple(values) == found.outputs
        for name, column in zip(found.outputs, expected, strict=True):
            assert values[name].dtype == np.float64
            after = values[name][found.lookback :]
            assert np.array_equal(after, column[found.lookback :].astype(float), equal_nan=True)
            assert np.isnan(values[name][: found.lookback]).all()

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_every_function_is_causal(self, function: str) -> None:
        check_causal(indicator(function))

    @pytest.mark.parametrize("function", FUNCTIONS)
    def test_too_few_bars_are_all_undefined(self, function: str) -> None:
        found = indicator(function)
        for length in range(4):
            values = found.compute(made_up(MINUTE, 200)[:length])
            assert set(values) == set(found.outputs)
            for column in values.values():
                assert column.shape == (length,)
                assert np.isnan(column[: found.lookback]).all()

    @unhurried
    @given(sparse_bars(july()), st.integers(2, 30))
    def test_on_any_bars(self, bars: Bars, period: int) -> None:
        values = indicator("ATR", timeperiod=period).compute(bars)["real"]
        expected = talib.ATR(bars.high, bars.low, bars.close, timeperiod=period)
        assert values.tobytes() == expected.tobytes()

    def test_history_warms_it_up(self) -> None:
        history, today = made_up(MINUTE, 100)[:60], made_up(MINUTE, 100)[60:]
        values = indicator("SMA", timeperiod=20).compute(concat(history, today))["real"]
        assert np.isnan(values[:19]).all()
        assert not np.isnan(values[60:]).any()

    def test_no_value_can_be_written(self) -> None:
        for bars in (made_up(MINUTE), Bars.empty(MINUTE)):
            values = indicator("SMA").compute(bars)["real"]
            with pytest.raises(ValueError, match="read-only"):
                values[:] = 0


class TestRefusals:
    """An error names what would be right, and all errors come at once."""

    @pytest.mark.parametrize(
        ("function", "parameters", "words"),
        [
            ("SMMA_", {}, "no such function; near it: .*SMA.*package.module:function"),
            ("MAVP", {}, "needs periods"),
            ("SMA", {"period": 20}, "no parameter 'period'; it has: timeperiod"),
            ("OBV", {"period": 20}, "it has: none"),
            ("SMA", {"timeperiod": 0}, "refuses timeperiod=0: out of range"),
            ("SMA", {"timeperiod": 10**6}, "out of range"),
            ("SMA", {"timeperiod": "20"}, "timeperiod is a whole number, not '20'"),
            ("SMA", {"timeperiod": 2.5}, "timeperiod is a whole number, not 2.5"),
            ("SMA", {"timeperiod": True}, "timeperiod is a whole number, not True"),
            ("BBANDS", {"nbdevup": "2"}, "nbdevup is a number, not '2'"),
            ("MA", {"matype": 99}, "out of range"),
        ],
    )
    def test_in_words(self, function: str, parameters: dict[str, object], words: str) -> None:
        with pytest.raises(IndicatorError, match=words):
            indicator(function, **parameters)

    def test_all_at_once(self) -> None:
        with pytest.raises(IndicatorError) as error:
            indicator("SMA", period=3, timeperiod="x")
        assert len(error.value.faults) == 2

    @pytest.mark.parametrize("name", ["", " sma", "sma ", "a.b", "\t"])
    def test_names(self, name: str) -> None:
        with pytest.raises(IndicatorError, match="can't name an indicator"):
            IndicatorSpec(name, "SMA", MINUTE)

    def test_a_wish_is_a_value(self) -> None:
        given_parameters: dict[str, object] = {"timeperiod": 3}
        spec = IndicatorSpec("sma", "SMA", MINUTE, given_parameters)
        given_parameters["timeperiod"] = 4
        assert spec.parameters == {"timeperiod": 3}
        assert hash(spec) == hash(IndicatorSpec("sma", "SMA", MINUTE, {"timeperiod": 3}))
        assert pickle.loads(pickle.dumps(spec)) == spec


@needs_shared
class TestRecorded:
    """Reference values computed with TA-Lib, over bars that start within [open, close)."""

    @pytest.mark.parametrize("key", GOLDEN)
    @pytest.mark.parametrize("name", RECORDED)
    def test_over_all_sessions(self, name: str, key: str) -> None:
        function, parameters, columns = GOLDEN[key]
        expected, sessions = golden(name, "indicators")
        bars, _ = recorded(name)
        regular = within(bars, sessions[0])
        for session in sessions[1:]:
            regular = concat(regular, within(bars, session))
        values = indicator(function, **parameters).compute(regular)
        for output, column in columns.items():
            assert values[output].tobytes() == expected[column].to_numpy().tobytes()

    @pytest.mark.parametrize("key", GOLDEN)
    @pytest.mark.parametrize("name", RECORDED)
    def test_each_session_alone(self, name: str, key: str) -> None:
        function, parameters, columns = GOLDEN[key]
        expected, sessions = golden(name, "indicators_reset")
        bars, _ = recorded(name)
        found = indicator(function, **parameters)
        parts = [found.compute(within(bars, session)) for session in sessions]
        for output, column in columns.items():
            values = np.concatenate([part[output] for part in parts])
            assert values.tobytes() == expected[column].to_numpy().tobytes()

    @pytest.mark.parametrize("name", RECORDED)
    def test_the_average_price_of_a_session(self, name: str) -> None:
        expected, sessions = golden(name, "indicators_reset")
        bars, _ = recorded(name)
        parts = [indicator("VWAP").compute(within(bars, session))["real"] for session in sessions]
        values = np.concatenate(parts)
        average = expected["vwap_session"].to_numpy()
        # while nothing has been traded the average is undefined: TA-Lib says 0 there
        traded = ~np.isnan(average)
        assert (values[~traded] == 0).all()
        np.testing.assert_allclose(values[traded], average[traded], rtol=1e-12)
