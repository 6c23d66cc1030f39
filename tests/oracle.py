"""What a session should say, worked out with pandas, TA-Lib and exchange_calendars alone."""

from __future__ import annotations

import warnings
from functools import lru_cache
from typing import Any

import exchange_calendars as xc
import numpy as np
import pandas as pd

from tests.real_data import SHARED

COLUMNS = ["open", "high", "low", "close", "volume"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
RULES = {"5m": "5min", "15m": "15min", "1h": "1h"}


@lru_cache
def schedule(start: str, end: str, calendar: str = "XNYS") -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made = xc.get_calendar(calendar, start=start, end=end, side="left")
        return pd.DataFrame(made.schedule[["open", "close"]])


@lru_cache
def rows(folder: str, name: str) -> pd.DataFrame:
    frame = pd.read_parquet(SHARED / "data" / folder / f"{name}.parquet")
    return pd.DataFrame(frame.set_index("timestamp")[COLUMNS])


def regular(frame: pd.DataFrame, times: pd.Series[Any]) -> pd.DataFrame:
    return pd.DataFrame(frame[(frame.index >= times.open) & (frame.index < times.close)])


def derive(frame: pd.DataFrame, times: pd.Series[Any], interval: str) -> pd.DataFrame:
    if interval == "1m" or frame.empty:
        return frame
    origin = times.open.tz_convert("UTC")
    grouped = frame.resample(RULES[interval], label="left", closed="left", origin=origin)
    return pd.DataFrame(grouped.agg(HOW)).dropna()


def day(frame: pd.DataFrame, date: str, interval: str, table: pd.DataFrame) -> pd.DataFrame:
    times = table.loc[pd.Timestamp(date)]
    assert isinstance(times, pd.Series)
    return derive(regular(frame, times), times, interval)


def with_history(
    frame: pd.DataFrame, date: str, interval: str, table: pd.DataFrame, days: int
) -> tuple[pd.DataFrame, int]:
    """Give history and day in one frame, and how many rows of it are history."""
    place = table.index.get_loc(pd.Timestamp(date))
    assert isinstance(place, int)
    names = [str(each.date()) for each in table.index[place - days : place + 1]]
    parts = [day(frame, each, interval, table) for each in names]
    return pd.concat(parts), sum(map(len, parts[:-1]))


def sessions_holding(table: pd.DataFrame, date: str, interval: str, bars: int) -> int:
    """Count the sessions before a date that hold so many bars when they are complete."""
    earlier = table[table.index < pd.Timestamp(date)].iloc[::-1]
    lengths = (earlier.close - earlier.open).dt.total_seconds().to_numpy()
    seconds = pd.Timedelta(RULES.get(interval, "1min")).total_seconds()
    held = np.ceil(lengths / seconds).cumsum()
    return int(np.searchsorted(held, bars)) + 1


def read(values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([np.nan if each is None else each for each in values], float)
