"""A market small enough to run a thousand times: a few bars a session, made by hand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd

from fsm_session import FramesSource, SessionConfig

#: three sessions of XNYS, the second a half-day
SESSIONS = ("2024-07-02", "2024-07-03", "2024-07-05")
CLOSES = {"2024-07-02": "16:00", "2024-07-03": "13:00", "2024-07-05": "16:00"}
ZONE = "America/New_York"


def bars_of(symbol: str, date: str, minutes: list[int]) -> pd.DataFrame:
    """Make bars that start so many minutes after the open; prices depend on name and time only."""
    first = pd.Timestamp(f"{date} 09:30", tz=ZONE)
    times = [first + pd.Timedelta(minutes=each) for each in sorted(set(minutes))]
    seed = sum(map(ord, symbol)) + dt.date.fromisoformat(date).toordinal()
    steps = np.array([(seed * 31 + each * 17) % 23 - 11 for each in sorted(set(minutes))], float)
    close = 100.0 + steps / 4
    open_ = 100.0 + np.roll(steps, 1) / 4
    high, low = np.maximum(open_, close) + 0.25, np.minimum(open_, close) - 0.25
    volume = 100.0 + np.abs(steps)
    return pd.DataFrame(
        {"open": open_, "high": high, "low": low, "close": close, "volume": volume},
        index=pd.DatetimeIndex(times, name="timestamp"),
    )


def last_minute(date: str) -> int:
    """How many minutes after the open the last bar of a session may start."""
    return 209 if date == "2024-07-03" else 389


def market(minutes: dict[str, dict[str, list[int]]]) -> FramesSource:
    """Make a source from symbol -> date -> minutes after the open."""
    return FramesSource(
        {
            symbol: pd.concat([bars_of(symbol, date, each) for date, each in days.items() if each])
            for symbol, days in minutes.items()
            if any(days.values())
        },
        interval="1m",
    )


def wishes(symbols: list[str], start: str, end: str, **tables: Any) -> SessionConfig:
    """Make a configuration; ``data`` in ``tables`` is merged into its table."""
    data = {"symbols": symbols, "streams": ["1m", "5m", "1h"], **tables.pop("data", {})}
    backtest = {"start": start, "end": end}
    return SessionConfig.from_dict({"backtest": backtest, "data": data, **tables})
