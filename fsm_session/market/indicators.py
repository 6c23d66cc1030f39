"""Indicators: functions of columns whose value at a bar depends on no later bar.

``f(x[:k]) == f(x)[:k]``: that is what lets a session compute an indicator once over the whole
day and reveal it bar by bar. TA-Lib gives the standard ones, a user's function any other.
"""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import Attribute, field, frozen

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import Bars, Floats, own, sealed
from fsm_session.market.causality import check_causal
from fsm_session.market.interval import Interval

__all__ = ["Indicator", "IndicatorSpec", "check_causal", "resolve"]

LONGEST_NAME = 200
Answer = Mapping[str, npt.ArrayLike]


def _check_name(_: object, __: Attribute[Any], name: str) -> None:
    sound = name and name == name.strip() and "." not in name and name.isprintable()
    if not sound or len(name) > LONGEST_NAME:
        raise IndicatorError(
            f"{reprlib.repr(name)} can't name an indicator: printable, no dots, no space around it,"
            f" not empty, at most {LONGEST_NAME} characters"
        )


def _copy(parameters: Mapping[str, object]) -> dict[str, object]:
    return dict(parameters)


@frozen
class IndicatorSpec:
    """The wish for an indicator: what it is called, what computes it, on which bars.

    ``function`` is TA-Lib's name, in any case, or ``package.module:function``. ``warm_up``:
    whether as much history is read as it takes to be defined at the open.
    """

    name: str = field(validator=_check_name)
    function: str
    interval: Interval
    parameters: Mapping[str, object] = field(factory=dict, converter=_copy, hash=False)
    warm_up: bool = True

    def __str__(self) -> str:
        """Name it for a message: ``sma_20 (SMA)``."""
        return f"{self.name} ({self.function})"


@frozen(eq=False)
class Indicator:
    """A wish that can be computed.

    ``outputs`` are the names of its columns in order, TA-Lib's or the user's own (``real`` where
    a user's function returns one array). ``lookback`` is how many bars come before the first
    value: told by TA-Lib; of a user's function measured on a made-up market. ``checked``: what
    computes it answers with new float64 arrays of the right length, as TA-Lib does.
    """

    spec: IndicatorSpec
    outputs: tuple[str, ...]
    lookback: int
    _answer: Callable[[Bars], Answer] = field(alias="answer", repr=False)
    _checked: bool = field(alias="checked", default=False, repr=False)

    @property
    def warm_up_bars(self) -> int:
        """How many bars must come before the open for a value to be there at the open."""
        return self.lookback + 1 if self.spec.warm_up and self.lookback else 0

    @property
    def single(self) -> bool:
        """Whether there is one output."""
        return len(self.outputs) == 1

    def compute(self, bars: Bars) -> dict[str, Floats]:
        """Compute every output over all of ``bars``, in time order and without NaN.

        Returns name -> float64 (len(bars),), read-only, NaN where undefined. Raises
        IndicatorError where the function fails, writes into its input or answers wrongly.
        """
        if not len(bars):
            return {name: own([], np.float64) for name in self.outputs}
        answer: Any = self._answer(bars)
        if self._checked:
            return {name: sealed(values) for name, values in answer.items()}
        if tuple(answer) != self.outputs:
            raise IndicatorError(f"{self.spec} answers {tuple(answer)}, once {self.outputs}")
        return {name: self._column(name, values, len(bars)) for name, values in answer.items()}

    def _column(self, name: str, values: npt.ArrayLike, length: int) -> Floats:
        what = f"{self.spec}, output {name!r}: "
        try:
            array = np.asarray(values)
        except ValueError as error:
            raise IndicatorError(f"{what}no array can be made of it: {error}") from error
        if array.dtype.kind not in "biuf":
            raise IndicatorError(f"{what}{array.dtype} values are not numbers")
        if array.shape != (length,):
            raise IndicatorError(f"{what}shape {array.shape} for {length} bars, not ({length},)")
        return own(array, np.float64)


def resolve(spec: IndicatorSpec) -> Indicator:
    """Find what computes an indicator, and check its parameters.

    Raises IndicatorError: no such function or parameter, a parameter out of range, inputs that
    are not columns of bars.
    """
    if ":" in spec.function:
        from fsm_session.market.user_indicators import resolve_user

        return resolve_user(spec)
    from fsm_session.market.talib_indicators import resolve_talib

    return resolve_talib(spec)
