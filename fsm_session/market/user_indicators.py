"""A user's own function as an indicator: imported, called by its parameters' names.

A parameter called ``time open high low close volume`` gets that column, ``bars`` all of them;
any other comes from the configuration. It answers with one array as long as its input, or with a
dictionary of them.
"""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
from attrs import evolve

from fsm_session.errors import Fault, FsmSessionError, IndicatorError
from fsm_session.market.bars import COLUMNS, Bars, Floats
from fsm_session.market.causality import long_enough, made_up
from fsm_session.market.indicators import Answer, Indicator, IndicatorSpec
from fsm_session.named import named

_COLUMNS = ("time", *COLUMNS)
_GIVEN = (*_COLUMNS, "bars")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.POSITIONAL_ONLY)


def resolve_user(spec: IndicatorSpec) -> Indicator:
    """Import a function and try it on a made-up market; raises as ``resolve`` does."""
    answer = answering(spec, load_function(spec))
    outputs = tuple(answer(made_up(spec.interval)))
    indicator = Indicator(spec, outputs, 0, answer)
    columns = long_enough(indicator)
    return evolve(indicator, lookback=max(map(undefined_bars, columns.values())))


def answering(spec: IndicatorSpec, function: Callable[..., object]) -> Callable[[Bars], Answer]:
    """Make what calls a function with the columns that it asks for; raises as ``resolve`` does."""
    return partial(_answer, spec, function, _wanted(spec, function))


def undefined_bars(column: Floats) -> int:
    """Count the bars before the first value; 0 where there never was one."""
    defined = np.flatnonzero(~np.isnan(column))
    return int(defined[0]) if len(defined) else 0


def load_function(spec: IndicatorSpec) -> Callable[..., object]:
    """Import what a wish names; IndicatorError where that is no function, or can't be imported."""
    try:
        function = named(spec.function)
    except (Exception, SystemExit) as error:  # a script may end itself where it is imported
        raise IndicatorError(f"{spec} can't be imported: {_words(error)}") from error
    if not callable(function):
        raise IndicatorError(f"{spec} is no function but {function!r}")
    return function  # type: ignore[no-any-return]


def _wanted(spec: IndicatorSpec, function: Callable[..., object]) -> tuple[str, ...]:
    """Name what the function gets of the bars; its other parameters are checked, all at once."""
    try:
        signature = inspect.signature(function).parameters
    except (TypeError, ValueError) as error:
        raise IndicatorError(f"{spec} doesn't tell its parameters: {_words(error)}") from error
    faults = [Fault(f"{spec}: {fault}") for fault in _faults(spec.parameters, signature)]
    if faults:
        raise IndicatorError(faults)
    return tuple(name for name in signature if name in _GIVEN)


def _faults(
    given: Mapping[str, object], signature: Mapping[str, inspect.Parameter]
) -> Iterable[str]:
    for name, parameter in signature.items():
        if parameter.kind in _VARIADIC:
            yield f"its parameter {name!r} can't be given by name"
        elif name not in _GIVEN and name not in given and _needed(parameter):
            yield f"its parameter {name!r} is neither a column ({', '.join(_GIVEN)}) nor given"
    if not any(name in _GIVEN for name in signature):
        yield f"it takes none of {', '.join(_GIVEN)}"
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.values())
    for name in given:
        if name in _GIVEN:
            yield f"{name!r} is a column and can't be a parameter"
        elif name not in signature and not takes_any:
            yield f"it has no parameter {name!r}"


def _needed(parameter: inspect.Parameter) -> bool:
    optional = parameter.kind is inspect.Parameter.VAR_KEYWORD
    return not optional and parameter.default is inspect.Parameter.empty


def _answer(
    spec: IndicatorSpec, function: Callable[..., object], wanted: tuple[str, ...], bars: Bars
) -> Answer:
    # cut, so that the arrays are views of read-only ones: their flags can't be set back
    lent: Any = bars[:]
    inputs = {name: lent if name == "bars" else getattr(lent, name) for name in wanted}
    try:
        answer = function(**inputs, **spec.parameters)
    except Exception as error:
        if "read-only" in str(error) or "WRITEABLE" in str(error):
            raise IndicatorError(f"{spec} writes into its input: {_words(error)}") from error
        raise IndicatorError(f"{spec} failed on {len(bars)} bars: {_words(error)}") from error
    return _named(spec, answer)


def _named(spec: IndicatorSpec, answer: object) -> Answer:
    if not isinstance(answer, Mapping):
        return {"real": answer}  # type: ignore[dict-item]
    if not answer:
        raise IndicatorError(f"{spec} answers with no output at all")
    for name in answer:
        # it stands in records, which hold no half of a character
        if not isinstance(name, str) or not name or "." in name or not name.isprintable():
            told = f"{reprlib.repr(name)} can't name an output: a printable text without dots"
            raise IndicatorError(f"{spec}: {told}")
    return answer


def _words(error: BaseException) -> str:
    # only ours say enough without their names
    name = "" if isinstance(error, FsmSessionError) else f"{type(error).__name__}: "
    return f"{name}{error}"
