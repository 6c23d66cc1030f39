"""Is an indicator causal? Tried, on a made-up market, by cutting off what comes later.

If a value changes when later bars are taken away, it was made from them. The market is small and
the same on every machine, so the answer is too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fsm_session.errors import IndicatorError
from fsm_session.market.bars import Bars, Floats
from fsm_session.market.interval import DAY, Interval

if TYPE_CHECKING:
    from fsm_session.market.indicators import Indicator

_LENGTHS = (160, 640, 2560, 10240)
_BARS_A_DAY = 48
_FIRST_OPEN = 1_704_205_800_000_000_000  # 2024-01-02 09:30 in New York, a Tuesday


def made_up(interval: Interval, length: int = _LENGTHS[0]) -> Bars:
    """Make the first ``length`` (at most 10 240) bars of a market that never was.

    48 bars a day from 14:30 UTC with one missing in the middle, prices in cents around 100,
    whole volumes. Daily and longer: one bar a day, or there would be no time for all of them.
    """
    most = _LENGTHS[-1]
    random = np.random.default_rng(20240102)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.002, most))), 2)
    open_ = np.round(np.append(100.0, close[:-1]) + random.normal(0, 0.05, most), 2)
    span = np.round(random.exponential(0.1, (2, most)), 2)
    high, low = np.maximum(open_, close) + span[0], np.minimum(open_, close) - span[1]
    volume = np.floor(random.exponential(1000, most)) + 1
    day, slot = np.divmod(np.arange(most), _BARS_A_DAY if interval.within_a_day else 1)
    time = _FIRST_OPEN + day * _days(interval) + (slot + (slot >= _BARS_A_DAY // 2)) * interval.ns
    return Bars.base(interval, time, open_, high, low, close, volume)[:length]


def _days(interval: Interval) -> int:
    """Give the nanoseconds from one made-up open to the next: whole days, enough for the bars."""
    needed = -(-interval.seconds * (_BARS_A_DAY + 1) // DAY) if interval.within_a_day else 1
    return needed * DAY * 1_000_000_000


def check_causal(indicator: Indicator) -> None:
    """Check that no value of an indicator depends on a later bar: ``f(x[:k]) == f(x)[:k]``.

    Bit for bit, over a made-up market: every prefix of 160 bars, and 160 prefixes of a longer one
    where the function is still undefined after those. Raises IndicatorError naming a bar whose
    value changes, or saying that the function answers differently each time, or writes into its
    input.
    """
    for bars, whole in _markets(indicator):
        _check_same(indicator, bars, whole)
        lengths = np.unique(np.linspace(1, len(bars), _LENGTHS[0]).astype(int))
        for length in lengths.tolist():
            part = indicator.compute(bars[:length])
            for name in indicator.outputs:
                _compare(indicator, name, part[name], whole[name])


def long_enough(indicator: Indicator) -> dict[str, Floats]:
    """Compute on a made-up market at whose end every output is defined, if on any."""
    *_, (_, whole) = _markets(indicator)
    return whole


def _markets(indicator: Indicator) -> Iterator[tuple[Bars, dict[str, Floats]]]:
    """Give longer and longer markets, and the outputs, until every output is defined at the end."""
    for length in _LENGTHS:
        bars = made_up(indicator.spec.interval, length)
        whole = indicator.compute(bars)
        yield bars, whole
        if not any(np.isnan(column[-1]) for column in whole.values()):
            break


def _check_same(indicator: Indicator, bars: Bars, whole: dict[str, Floats]) -> None:
    """Compute again: the same bars must give the same values, and must be the same afterwards."""
    again = indicator.compute(bars)
    if not bars.same(made_up(bars.interval, len(bars))):
        raise IndicatorError(f"{indicator.spec} writes into its input")
    for name in indicator.outputs:
        if not _equal(again[name], whole[name]).all():
            raise IndicatorError(f"{indicator.spec} answers differently each time it is asked")


def _compare(indicator: Indicator, name: str, part: Floats, whole: Floats) -> None:
    wrong = np.flatnonzero(~_equal(part, whole[: len(part)]))
    if len(wrong):
        first, output = wrong[0], "" if indicator.single else f" of {name!r}"
        raise IndicatorError(
            f"{indicator.spec} looks ahead: its value{output} at bar {first} is {part[first]} "
            f"when there are {len(part)} bars, and {whole[first]} when there are {len(whole)}"
        )


def _equal(first: Floats, second: Floats) -> npt.NDArray[np.bool_]:
    """Compare bit for bit, NaN of any kind with NaN."""
    same: npt.NDArray[np.bool_] = first.view(np.int64) == second.view(np.int64)
    return same | (np.isnan(first) & np.isnan(second))
