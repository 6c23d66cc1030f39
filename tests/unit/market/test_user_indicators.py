"""Users' own functions: how they are called, and every way in which they may be wrong."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import Bars
from fsm_session.market.causality import made_up
from fsm_session.market.indicators import Indicator, IndicatorSpec, check_causal, resolve
from fsm_session.market.interval import Interval
from tests.unit.market.strategies import MINUTE, intervals, july, sparse_bars, unhurried

HERE = "tests.unit.market.user_functions"


def own(function: str, **parameters: object) -> Indicator:
    return resolve(IndicatorSpec("mine", f"{HERE}:{function}", MINUTE, parameters))


def checked(function: str, **parameters: object) -> Indicator:
    indicator = own(function, **parameters)
    check_causal(indicator)
    return indicator


class TestCalling:
    """User functions get columns by the names of their parameters; the other parameters come
    from the configuration."""

    @unhurried
    @given(sparse_bars(july()))
    def test_columns_by_name(self, bars: Bars) -> None:
        values = own("spread").compute(bars)
        assert list(values) == ["real"]
        assert values["real"].tolist() == (bars.high - bars.low).tolist()

    def test_parameters_from_the_wish(self) -> None:
        bars = made_up(MINUTE)
        found = own("trailing_mean", length=30)
        assert found.lookback == 29
        expected = talib.SMA(bars.close, timeperiod=30)
        np.testing.assert_allclose(found.compute(bars)["real"], expected, rtol=1e-12)
        assert own("trailing_mean").lookback == 19
        assert own("trailing_mean", length=300).lookback == 299

    def test_whole_bars_and_several_outputs(self) -> None:
        found = own("day_so_far")
        assert found.outputs == ("high", "bars")
        assert not found.single
        assert found.lookback == 0
        values = found.compute(made_up(MINUTE))
        assert values["bars"][:50].tolist() == [*range(1, 49), 1, 2]
        assert values["high"].dtype == values["bars"].dtype == np.float64

    def test_truth_is_a_number(self) -> None:
        bars = made_up(MINUTE)
        values = own("above", level=100).compute(bars)["real"]
        assert values.tolist() == [float(close > 100) for close in bars.close]

    def test_any_parameter_where_any_is_taken(self) -> None:
        bars = made_up(MINUTE)
        values = own("anything", a=1.0, b=2.0).compute(bars)["real"]
        assert values.tolist() == (bars.close * 3.0).tolist()

    def test_nothing_of_nothing(self) -> None:
        values = own("day_so_far").compute(Bars.empty(MINUTE))
        assert [values[name].tolist() for name in ("high", "bars")] == [[], []]

    def test_what_it_returns_is_not_shared(self) -> None:
        values = own("spread").compute(made_up(MINUTE))["real"]
        assert values.base is None
        assert not values.flags.writeable


class TestCausal:
    """An indicator is a function of columns whose value at i depends on 0..i only, so
    `f(x[:k]) == f(x)[:k]`; this is checked for every indicator a user brings."""

    @pytest.mark.parametrize("function", ["spread", "trailing_mean", "day_so_far", "signed_nan"])
    def test_sound_ones_pass(self, function: str) -> None:
        checked(function)

    @pytest.mark.parametrize(
        ("function", "parameters"),
        [
            ("centred_mean", {}),
            ("centred_mean", {"length": 299}),
            ("normalised", {}),
            ("tomorrow", {}),
            ("days_own_high", {}),
        ],
    )
    def test_looking_ahead_is_seen(self, function: str, parameters: dict[str, object]) -> None:
        with pytest.raises(IndicatorError, match=r"mine .* looks ahead: its value at bar \d+ is"):
            checked(function, **parameters)

    def test_the_first_wrong_bar_is_named(self) -> None:
        with pytest.raises(IndicatorError, match="at bar 0 is nan when there are 1 bars") as error:
            checked("tomorrow")
        second = made_up(MINUTE).close[1]
        assert f"and {second} when there are 160" in str(error.value)
        with pytest.raises(IndicatorError, match="at bar 2 is nan when there are 3 bars"):
            checked("centred_mean")

    def test_chance_is_no_function(self) -> None:
        with pytest.raises(IndicatorError, match="differently each time"):
            checked("random_walk")

    @pytest.mark.parametrize("function", ["mutating", "unlocking", "reaching_below"])
    def test_writing_into_the_input_is_seen(self, function: str) -> None:
        with pytest.raises(IndicatorError, match="writes into its input"):
            checked(function)

    def test_and_refused_on_any_bars(self) -> None:
        ones = np.ones(7)
        bars = Bars.base(MINUTE, range(7), ones, ones, ones, ones, ones)
        with pytest.raises(IndicatorError, match="writes into its input"):
            own("unlocking_seven").compute(bars)
        assert bars.close.tolist() == ones.tolist()

    @unhurried
    @given(st.sampled_from(["SMA", "RSI", "HT_SINE", "CDLDOJI"]), intervals)
    def test_in_any_interval(self, function: str, interval: Interval) -> None:
        check_causal(resolve(IndicatorSpec("it", function, interval)))

    @unhurried
    @given(intervals, st.integers(0, 400))
    def test_the_made_up_market_is_a_market(self, interval: Interval, length: int) -> None:
        bars = made_up(interval, length)
        assert len(bars) == length
        assert (np.diff(bars.time) >= interval.ns).all()
        assert (bars.low <= np.minimum(bars.open, bars.close)).all()
        assert (bars.high >= np.maximum(bars.open, bars.close)).all()
        assert (bars.low > 0).all()
        assert (bars.volume > 0).all()
        assert bars.same(made_up(interval, length))


class TestAnswers:
    """Wrong length, shape or values are an error that names the indicator."""

    @pytest.mark.parametrize(
        ("function", "words"),
        [
            ("too_short", r"shape \(159,\) for 160 bars, not \(160,\)"),
            ("two_dimensional", r"shape \(160, 2\) for 160 bars"),
            ("ragged", "no array"),
            ("words", "not numbers"),
            ("nothing", "not numbers"),
            ("no_outputs", "no output at all"),
            ("dotted_output", "'a.b' can't name an output"),
            ("changing_outputs", r"answers \('of_1',\), once \('of_160',\)"),
            ("raising", "failed on 160 bars: ZeroDivisionError: no luck"),
        ],
    )
    def test_in_words(self, function: str, words: str) -> None:
        with pytest.raises(IndicatorError, match=words) as error:
            checked(function)
        assert function in str(error.value)


class TestRefusals:
    """Unknown function, unknown or invalid parameters: IndicatorError, all at once."""

    @pytest.mark.parametrize(
        ("function", "parameters", "words"),
        [
            ("spread", {"length": 3}, "no parameter 'length'"),
            ("above", {}, "parameter 'level' is neither a column .* nor given"),
            ("spread", {"high": 3}, "'high' is a column"),
            ("positional", {}, "'close' can't be given by name"),
            ("of_nothing", {}, "takes none of time, open"),
            ("missing", {}, "can't be imported: AttributeError"),
            ("CONSTANT", {}, "no function but 3"),
        ],
    )
    def test_in_words(self, function: str, parameters: dict[str, object], words: str) -> None:
        with pytest.raises(IndicatorError, match=words):
            own(function, **parameters)

    @pytest.mark.parametrize("function", ["no.such.module:f", ":f", "json:", "..json:loads"])
    def test_where_nothing_is(self, function: str) -> None:
        with pytest.raises(IndicatorError, match="can't be imported"):
            resolve(IndicatorSpec("mine", function, MINUTE))

    def test_all_at_once(self) -> None:
        with pytest.raises(IndicatorError) as error:
            own("above", levels=1, close=2)
        assert len(error.value.faults) == 3
