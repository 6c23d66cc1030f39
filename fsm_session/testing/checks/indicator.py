"""Holds an indicator to its promises, on bars of every kind: short, flat, untraded, jumping.

A session computes an indicator once over the whole day and reveals it bar by bar, so a value that
depends on a later bar is a number out of the future.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import COLUMNS, Bars, Floats, concat
from fsm_session.market.causality import long_enough, made_up
from fsm_session.market.indicators import Indicator, IndicatorSpec, resolve
from fsm_session.market.interval import Interval
from fsm_session.market.user_indicators import answering, load_function, undefined_bars
from fsm_session.testing import strategies
from fsm_session.testing.checks.promises import hold, search
from fsm_session.testing.checks.words import bars_shown, error_words
from fsm_session.testing.days import session_on

#: so many bars are tried beyond what it takes to be defined
_BEYOND = 40
#: of longer columns not every prefix is tried
_EVERY_PREFIX = 60
#: the minutes of a half-day, and of a day without a close
_HALF_DAY, _WHOLE_DAY = 210, 1440

Values = dict[str, Floats]


def check_indicator(
    function: str | Indicator | Callable[..., Any],
    *,
    interval: str = "1m",
    max_examples: int = 100,
    **parameters: Any,
) -> None:
    """Check that an indicator keeps its promises on any valid bars of ``interval``.

    ``function``: a name of TA-Lib's, ``"package.module:function"``, a function as those that a
    configuration names (it takes ``time open high low close volume`` or ``bars`` by name), or an
    Indicator that is set up. ``parameters`` are the function's own.

    It answers whatever the bars are, with numbers, one a bar; the same each time it is asked;
    it doesn't write into its input; no value depends on a later bar, ``f(x[:k]) == f(x)[:k]`` bit
    for bit; and its first value comes no later than the lookback it states.

    Raises BrokenPromiseError, an AssertionError, with the smallest bars found for which one of
    these doesn't hold: "my_average at bar 17 changes when bar 20 is removed: it looks ahead".
    Raises IndicatorError where there is no such function or parameter.
    """
    __tracebackhide__ = True
    indicator, needed = _set_up(function, Interval.parse(interval), parameters)
    broken = partial(_broken, indicator)
    search(_bars(indicator.spec.interval, needed), broken, max_examples)
    hold(broken(made_up(indicator.spec.interval)))
    hold(_late(indicator))


def _set_up(
    function: str | Indicator | Callable[..., Any], interval: Interval, parameters: dict[str, Any]
) -> tuple[Indicator, int]:
    """Give the indicator, and how many bars it needs before its first value."""
    if isinstance(function, Indicator):
        if parameters:
            raise TypeError("an Indicator that is set up has its parameters already")
        return function, function.lookback
    if isinstance(function, str) and ":" not in function:
        indicator = resolve(IndicatorSpec(function, function, interval, parameters))
        return indicator, indicator.lookback
    indicator = _of_function(function, interval, parameters)
    return indicator, _measured(indicator)


def _of_function(
    function: str | Callable[..., Any], interval: Interval, parameters: dict[str, Any]
) -> Indicator:
    """Make an indicator of a function, or of the place where it is."""
    named = function if isinstance(function, str) else _name_of(function)
    spec = IndicatorSpec(named.replace(":", ".").rpartition(".")[2], named, interval, parameters)
    called = function if callable(function) else load_function(spec)
    answer = answering(spec, called)
    try:
        outputs = tuple(answer(made_up(interval)))
    except IndicatorError:  # it is found again, on fewer bars
        outputs = ("real",)
    return Indicator(spec, outputs, 0, answer)


def _name_of(function: Callable[..., Any]) -> str:
    function = getattr(function, "func", function)  # of a partial one
    return str(getattr(function, "__name__", type(function).__name__))


def _measured(indicator: Indicator) -> int:
    """Count the bars before a function's first value on a made-up market, 0 where there is none."""
    try:
        return max(map(undefined_bars, long_enough(indicator).values()))
    except IndicatorError:
        return 0


@st.composite
def _bars(draw: st.DrawFn, interval: Interval, needed: int) -> Bars:
    """Draw bars of two days, the second mostly empty; too few for a value, or enough."""
    enough = min(needed + 2, _WHOLE_DAY)
    most = min(enough + _BEYOND, _WHOLE_DAY)
    calendar = "XNYS" if most <= _HALF_DAY else "24/7"
    first, second = (session_on(date, calendar) for date in ("2024-07-03", "2024-07-05"))
    at_least = draw(st.sampled_from((0, enough))) if needed else 0
    today = draw(strategies.bars(first, min_bars=at_least, max_bars=most))
    later = draw(strategies.bars(second, max_bars=8))
    return _stretched(concat(today, later), interval)


def _stretched(minutes: Bars, interval: Interval) -> Bars:
    """Make bars of another interval of bars of a minute, with the same gaps between them."""
    if not len(minutes):
        return Bars.empty(interval)
    begin = minutes.time[0]
    time = begin + (minutes.time - begin) // minutes.interval.ns * interval.ns
    return Bars.base(interval, time, *(minutes.column(name) for name in COLUMNS))


def _broken(indicator: Indicator, bars: Bars) -> str:
    """Say which promise it breaks on these bars, and show them."""
    try:
        told = next(_broken_promises(indicator, bars), "")
    except Exception as error:  # noqa: BLE001 - whatever an author's function raises
        told = f"{indicator.spec.name} {_failed(indicator, error)}"
    return f"{told}\n{bars_shown(bars)}" if told else ""


def _broken_promises(indicator: Indicator, bars: Bars) -> Iterator[str]:
    whole = indicator.compute(bars)
    again = indicator.compute(bars)
    for name, place in _differing(again, whole):
        what = f"{_output(indicator, name)} at bar {place}"
        yield f"{what} is another number each time it is asked for"
    for length in _lengths(len(bars)):
        for name, place in _differing(indicator.compute(bars[:length]), whole):
            removed = _removed(indicator, bars, length, name, place)
            what = f"{_output(indicator, name)} at bar {place}"
            yield f"{what} changes when bar {removed} is removed: it looks ahead"


def _removed(indicator: Indicator, bars: Bars, length: int, name: str, place: int) -> int:
    """Find the bar with whose coming a value changes, from the first ``length`` bars on."""
    before = indicator.compute(bars[:length])[name][place]
    for at in range(length, len(bars)):
        now = indicator.compute(bars[: at + 1])[name][place]
        if not _same(now, before).all():
            return at
    return len(bars) - 1


def _lengths(length: int) -> list[int]:
    """Choose the prefixes that are tried: all, of long columns some, and those near the end."""
    if length <= _EVERY_PREFIX:
        return list(range(1, length))
    some = np.linspace(1, length - 1, _EVERY_PREFIX // 2).astype(int).tolist()
    return sorted({*some, *range(length - _EVERY_PREFIX // 2, length)})


def _differing(part: Values, whole: Values) -> Iterator[tuple[str, int]]:
    """Find the outputs of which the first part is another one, and the first bar of each."""
    for name, values in part.items():
        wrong = np.flatnonzero(~_same(values, whole[name][: len(values)]))
        if len(wrong):
            yield name, int(wrong[0])


def _same(one: Any, other: Any) -> Any:
    return (one == other) | (np.isnan(one) & np.isnan(other))


def _output(indicator: Indicator, name: str) -> str:
    return indicator.spec.name + ("" if indicator.single else f"'s {name!r}")


def _failed(indicator: Indicator, error: Exception) -> str:
    """Say what went wrong, without the name, which stands before it."""
    if not isinstance(error, IndicatorError):
        return f"fails: {error_words(error)}"
    said = str(error).partition("\n")[0].removeprefix(str(indicator.spec)).lstrip(" ,:")
    said = said.replace(" on 1 bars", " on 1 bar").removeprefix("output 'real': ")
    return said if said.startswith(("failed", "writes", "answers")) else f"answers wrongly: {said}"


def _late(indicator: Indicator) -> str:
    """Say where its first value comes later than stated, on a market where nothing is unusual."""
    stated = indicator.lookback
    if not stated:
        return ""
    bars = made_up(indicator.spec.interval, stated + _BEYOND)
    for name, values in indicator.compute(bars).items():
        first = undefined_bars(values)
        if first > stated:
            told = f"has its first value at bar {first}, and its lookback says bar {stated}"
            return f"{_output(indicator, name)} {told}\n{bars_shown(bars)}"
    return ""
