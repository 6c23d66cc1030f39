"""Frames of a small market to put into every kind of source, made by pandas and by chance."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd

from fsm_session.market.interval import Interval

MINUTE = Interval(60)
SYMBOLS = ("AAA", "BRK.B", "ZZZ")
# the third is a half-day; their opens and closes in UTC, by hand
DAYS = {
    dt.date(2024, 7, 1): ("13:30", "20:00"),
    dt.date(2024, 7, 2): ("13:30", "20:00"),
    dt.date(2024, 7, 3): ("13:30", "17:00"),
}


def ns(text: str) -> int:
    """Give the nanoseconds of a time in UTC."""
    return int(pd.Timestamp(text, tz="UTC").value)


def made_up(symbol: str, kept: float = 0.8) -> pd.DataFrame:
    """Make minutes of the three days, some left out; indexed by UTC ``timestamp``."""
    chance = np.random.default_rng(sum(map(ord, symbol)))
    days = [
        pd.date_range(f"{day} {start}", f"{day} {end}", freq="1min", inclusive="left", tz="UTC")
        for day, (start, end) in DAYS.items()
    ]
    index = pd.DatetimeIndex(days[0].append(days[1:]), name="timestamp").as_unit("us")
    index = index[chance.random(len(index)) < kept]
    opens, closes = chance.uniform(90, 110, (2, len(index)))
    return pd.DataFrame(
        {
            "open": opens,
            "high": np.maximum(opens, closes) + chance.random(len(index)),
            "low": np.minimum(opens, closes) - chance.random(len(index)),
            "close": closes,
            "volume": chance.integers(0, 1000, len(index)).astype(float),
        },
        index=index,
    )


def write_partitions(folder: Path, frames: dict[str, pd.DataFrame], rows: int = 500) -> None:
    """Write frames as one folder a date, sorted by symbol, then time."""
    named = [frame.reset_index().assign(symbol=symbol) for symbol, frame in sorted(frames.items())]
    whole = pd.concat(named, ignore_index=True)
    for date, day in whole.groupby(whole["timestamp"].dt.date):
        place = folder / f"date={date}"
        place.mkdir(parents=True)
        day.to_parquet(place / "bars.parquet", index=False, row_group_size=rows)
