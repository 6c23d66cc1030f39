"""Functions as users might bring them: sound ones, and one for each way to be wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from fsm_session.market.bars import Bars, Floats, Times

_calls = np.random.default_rng(1)


def spread(high: Floats, low: Floats) -> Floats:
    return high - low


def trailing_mean(close: Floats, length: int = 20) -> Floats:
    sums = np.cumsum(np.insert(close, 0, 0.0))
    means = np.full(len(close), np.nan)
    means[length - 1 :] = [
        close[i - length + 1 : i + 1].mean() for i in range(length - 1, len(close))
    ]
    return means if len(sums) > length else np.full(len(close), np.nan)


def day_so_far(time: Times, bars: Bars) -> dict[str, Any]:
    days = time // 86_400_000_000_000
    high = [bars.high[: i + 1][days[: i + 1] == days[i]].max() for i in range(len(bars))]
    return {"high": high, "bars": [int((days[: i + 1] == days[i]).sum()) for i in range(len(bars))]}


def above(close: Floats, level: float) -> object:
    return close > level


def anything(close: Floats, **others: float) -> Floats:
    return close * sum(others.values())


def centred_mean(close: Floats, length: int = 5) -> Floats:
    half = length // 2
    means = np.full(len(close), np.nan)
    for i in range(half, len(close) - half):
        means[i] = close[i - half : i + half + 1].mean()
    return means


def normalised(close: Floats) -> Floats:
    scaled: Floats = close / close.max()
    return scaled


def tomorrow(close: Floats) -> Floats:
    return np.append(close[1:], np.nan)


def days_own_high(time: Times, high: Floats) -> Floats:
    days = time // 86_400_000_000_000
    return np.array([high[days == day].max() for day in days])


def mutating(close: Floats) -> Floats:
    close *= 2
    return close


def unlocking(close: Floats) -> Floats:
    close.flags.writeable = True
    close[0] = 0.0
    return close


def unlocking_seven(close: Floats) -> Floats:
    return unlocking(close) if len(close) == 7 else close


def signed_nan(close: Floats) -> Floats:
    return np.full(len(close), np.copysign(np.nan, len(close) % 2 - 0.5))


def reaching_below(close: Floats) -> Floats:
    base: Any = close.base
    base.flags.writeable = True
    base[0] += 1.0
    base.flags.writeable = False
    return np.ones(len(close))


def too_short(close: Floats) -> Floats:
    return close[1:]


def two_dimensional(close: Floats) -> Floats:
    return np.ones((len(close), 2))


def ragged(close: Floats) -> object:
    return [[1.0], [1.0, 2.0]]


def words(close: Floats) -> object:
    return ["up"] * len(close)


def nothing(close: Floats) -> None:
    return None


def no_outputs(close: Floats) -> dict[str, Floats]:
    return {}


def dotted_output(close: Floats) -> dict[str, Floats]:
    return {"a.b": close}


def changing_outputs(close: Floats) -> dict[str, Floats]:
    return {f"of_{len(close)}": close}


def random_walk(close: Floats) -> Floats:
    return _calls.normal(size=len(close))


def raising(close: Floats) -> Floats:
    raise ZeroDivisionError("no luck")


def positional(close: Floats, /) -> Floats:
    return close


def of_nothing(length: int = 3) -> Floats:
    return np.ones(length)


CONSTANT = 3
