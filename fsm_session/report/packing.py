"""Packs numbers for a page: whole numbers, differences, rounded to what can be seen, deflated.

A browser unpacks them where a session is opened. Neighbouring prices differ by a few cents, so
that their differences are short, and deflate to about a byte each.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

Floats = npt.NDArray[np.float64]

#: steps in a chart's height: two or three a pixel
STEPS = 1000
MOST_DECIMALS = 30
PRICES = ("open", "high", "low", "close")
#: whole numbers up to 2**53 are exact in JavaScript, and so are differences of these
LARGEST = 2.0**52 / 10
EXACT = 1e-14


def pack(values: npt.ArrayLike, step: float = 0.0) -> dict[str, Any]:
    """Pack a column: ``d`` decimals, and ``v`` the differences of its values times 10**d.
    ``d`` is below 0 where the values are too large to be whole numbers in JavaScript.

    Values are rounded to a multiple of ``step`` at the coarsest, and not at all where fewer
    decimals say them whole. NaN and the infinite are null, and the next value is told whole.
    """
    column = np.asarray(values, np.float64)
    finite = np.isfinite(column)
    decimals = _decimals(column[finite], step)
    scaled = np.rint(np.where(finite, column, 0.0) * 10.0**decimals)
    told = np.diff(scaled, prepend=0.0)
    told[1:] = np.where(finite[:-1], told[1:], scaled[1:])
    packed: list[int | None] = told.astype(np.int64).tolist()
    for place in np.flatnonzero(~finite).tolist():
        packed[place] = None
    return {"d": decimals, "v": packed}


def unpack(packed: dict[str, Any]) -> Floats:
    """Undo :func:`pack`, but for what was rounded away: float64 (n,), NaN for null."""
    values, at = [], 0
    for each in packed["v"]:
        at = 0 if each is None else at + each
        values.append(np.nan if each is None else at / 10.0 ** packed["d"])
    return np.array(values, np.float64)


def pack_prices(columns: Mapping[str, Floats]) -> dict[str, Any]:
    """Pack the prices of bars, which are close to each other: ``d`` decimals, and four columns.

    ``open`` is told from the close before, ``close`` from the open, ``high`` and ``low`` from the
    body: whole numbers, most of them of one figure, in units of 10**-d.
    """
    prices = np.concatenate([columns[name] for name in PRICES])
    decimals = _decimals(prices, step_of(prices))
    opens, highs, lows, closes = (
        np.rint(columns[name] * 10.0**decimals).astype(np.int64) for name in PRICES
    )
    before = np.append(np.zeros(1, np.int64), closes)[: len(closes)]
    told = {
        "open": opens - before,
        "high": highs - np.maximum(opens, closes),
        "low": np.minimum(opens, closes) - lows,
        "close": closes - opens,
    }
    return {"d": decimals, **{name: column.tolist() for name, column in told.items()}}


def unpack_prices(packed: Mapping[str, Any]) -> dict[str, Floats]:
    """Undo :func:`pack_prices`, but for what was rounded away: float64 (n,) each."""
    told = {name: np.array(packed[name], np.int64) for name in PRICES}
    closes = np.cumsum(told["open"] + told["close"])
    opens = closes - told["close"]
    found = {
        "open": opens,
        "high": np.maximum(opens, closes) + told["high"],
        "low": np.minimum(opens, closes) - told["low"],
        "close": closes,
    }
    return {name: column / 10.0 ** packed["d"] for name, column in found.items()}


def step_of(values: Floats) -> float:
    """Give the smallest difference within these values that a chart of them can show."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 0.0
    span = float(finite.max() - finite.min()) or abs(float(finite[0]))
    return span / STEPS


def deflate(value: Any) -> str:
    """Write a value as JSON, deflated (zlib's format), in base64: nothing that HTML could read."""
    return base64.b64encode(zlib.compress(orjson.dumps(value), 9)).decode()


def inflate(text: str) -> Any:
    """Undo :func:`deflate`."""
    return orjson.loads(zlib.decompress(base64.b64decode(text)))


def _whole(values: Floats) -> bool:
    """Tell whether values are whole numbers, but for what multiplying them has cost."""
    off = np.abs(np.rint(values) - values)
    return bool(off.max() <= EXACT * np.abs(values).max())


def _decimals(values: Floats, step: float) -> int:
    """Give how many decimals these values need, fewer where ``step`` allows it."""
    if not len(values):
        return 0
    largest = float(np.abs(values).max())
    if largest > LARGEST:
        return -math.ceil(math.log10(largest / LARGEST))
    for decimals in range(MOST_DECIMALS + 1):
        scale = 10.0**decimals
        if largest * scale * 10 > LARGEST:
            return decimals
        if 1 / scale <= step or _whole(values * scale):
            return decimals
    return MOST_DECIMALS
