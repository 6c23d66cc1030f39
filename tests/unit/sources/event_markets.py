"""Frames of made-up ticks and quotes to put into every kind of source, made by chance."""

from __future__ import annotations

import numpy as np
import pandas as pd

TICKS = ["price", "size"]
QUOTES = ["bid_price", "bid_size", "ask_price", "ask_size"]


def stamps(symbol: str, rows: int) -> pd.DatetimeIndex:
    """Make times of which many are shared, as they are within a second of trading."""
    chance = np.random.default_rng(sum(map(ord, symbol)) + rows)
    seconds = np.sort(chance.integers(0, rows // 3, rows))
    return pd.DatetimeIndex(
        pd.Timestamp("2024-07-01 13:30", tz="UTC") + pd.to_timedelta(seconds, "s"), name="timestamp"
    ).as_unit("us")


def some_ticks(symbol: str, rows: int = 300) -> pd.DataFrame:
    chance = np.random.default_rng(sum(map(ord, symbol)))
    prices, sizes = chance.uniform(90, 110, rows), chance.integers(0, 900, rows)
    return pd.DataFrame({"price": prices, "size": sizes}, index=stamps(symbol, rows))


def some_quotes(symbol: str, rows: int = 300) -> pd.DataFrame:
    chance = np.random.default_rng(sum(map(ord, symbol)))
    columns = chance.integers(0, 9_000, (4, rows)) / 100
    return pd.DataFrame(dict(zip(QUOTES, columns, strict=True)), index=stamps(symbol, rows))
