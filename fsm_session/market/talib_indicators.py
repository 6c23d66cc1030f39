"""TA-Lib's functions as indicators, under its own names, parameters and outputs.

``talib.abstract`` describes a function (inputs, parameters, outputs, lookback); the plain
function computes, since the abstract one takes dictionaries of columns apart on every call.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fsm_session.errors import Fault, IndicatorError
from fsm_session.market.bars import COLUMNS, Bars
from fsm_session.market.indicators import Answer, Indicator, IndicatorSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def resolve_talib(spec: IndicatorSpec) -> Indicator:
    """Find a TA-Lib function and check its parameters; raises as ``resolve`` does."""
    import talib
    import talib.abstract

    # its stubs don't name what the module makes when it is imported
    abstract: Any = talib.abstract
    name = spec.function.upper()
    if name not in talib.get_functions():
        near = difflib.get_close_matches(name, talib.get_functions()) or ["SMA", "EMA", "RSI"]
        raise IndicatorError(
            f"{spec}: TA-Lib has no such function; near it: {', '.join(near)}; "
            "one of your own is written package.module:function"
        )
    function = abstract.Function(name)
    inputs = _inputs(spec, function)
    parameters = _parameters(spec, function.info["parameters"])
    try:
        lookback = _lookback(spec, abstract.Function(name, **parameters))
    except OverflowError as error:
        raise IndicatorError(f"{spec}: TA-Lib refuses its parameters: {error}") from error
    outputs = tuple(function.output_names)
    # beneath the wrapper that takes frames of several libraries apart: these are columns
    compute = partial(inspect.unwrap(getattr(talib, name)), **parameters)
    answer = partial(_answer, compute, inputs, outputs, lookback)
    return Indicator(spec, outputs, lookback, answer, checked=True)


def _answer(
    compute: Callable[..., Any],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    lookback: int,
    bars: Bars,
) -> Answer:
    columns = compute(*[getattr(bars, name) for name in inputs])
    if len(outputs) == 1:
        return {outputs[0]: _defined(columns, lookback)}
    return {name: _defined(column, lookback) for name, column in zip(outputs, columns, strict=True)}


def _defined(column: npt.NDArray[Any], lookback: int) -> npt.NDArray[Any]:
    """Say NaN where TA-Lib's whole-number outputs (patterns, indices) say 0 for lack of bars."""
    if column.dtype.kind == "f":
        return column
    floats = column.astype(np.float64)
    floats[:lookback] = np.nan
    return floats


def _inputs(spec: IndicatorSpec, function: Any) -> tuple[str, ...]:
    """Give the columns in the order in which the plain function takes them."""
    names: list[str] = []
    for wanted in function.input_names.values():
        names.extend([wanted] if isinstance(wanted, str) else wanted)
    foreign = [name for name in names if name not in COLUMNS]
    if foreign:
        raise IndicatorError(f"{spec} needs {', '.join(foreign)}, which bars don't have")
    return tuple(names)


def _parameters(spec: IndicatorSpec, defaults: Mapping[str, object]) -> dict[str, object]:
    """Check names and types of the parameters, all faults at once."""
    faults = list(_faults(spec, defaults))
    if faults:
        raise IndicatorError(faults)
    # a whole number will do where TA-Lib wants a fraction
    return {
        name: float(value) if isinstance(value, int) and type(defaults[name]) is float else value
        for name, value in spec.parameters.items()
    }


def _faults(spec: IndicatorSpec, defaults: Mapping[str, object]) -> Iterable[Fault]:
    for name, value in spec.parameters.items():
        if name not in defaults:
            known = ", ".join(defaults) or "none"
            yield Fault(f"{spec} has no parameter {name!r}; it has: {known}")
        elif type(value) is not int and type(value) is not type(defaults[name]):
            kind = "a whole number" if isinstance(defaults[name], int) else "a number"
            yield Fault(f"{spec}: {name} is {kind}, not {value!r}")


def _lookback(spec: IndicatorSpec, function: Any) -> int:
    lookback = int(function.lookback)
    if lookback < 0:
        given = ", ".join(f"{name}={value}" for name, value in function.parameters.items())
        raise IndicatorError(f"{spec}: TA-Lib refuses {given}: out of range")
    return lookback
