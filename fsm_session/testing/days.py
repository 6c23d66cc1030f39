"""A small market in memory, and a run over it: a session of a few bars takes milliseconds.

What a test of a strategy, a scanner or a worker calls first. The run is a real one, through the
whole lifecycle; only the market is small.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fsm_session.config import SessionConfig
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.errors import ConfigError, Fault
from fsm_session.machine import Lifecycle
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.sources import FramesSource
from fsm_session.states import TRADING_DAY
from fsm_session.workers.worker import Worker

#: three sessions of XNYS, the second a half-day
SESSIONS = ("2024-07-02", "2024-07-03", "2024-07-05")
#: minutes with a bar: some after the open, and the last two before the close
MINUTES = (0, 1, 2, 3, 4, 6, 9, 10, 11, 59, -2, -1)

_MARGIN = dt.timedelta(days=7)
_MINUTE_NS = 60_000_000_000


def small_market(
    symbols: Sequence[str] = ("AAA", "BBB"),
    dates: Sequence[str] = SESSIONS,
    minutes: Sequence[int] = MINUTES,
) -> dict[str, pd.DataFrame]:
    """Make one-minute bars of a few symbols, as ``FramesSource`` and ``run_days`` take them.

    ``dates``: sessions of XNYS. ``minutes``: after which minute of each session a bar starts;
    those below 0 count from the close, -1 being the last. One beyond the close is left out.
    Prices depend on symbol and time alone, so that a market cut short is the same up to the cut.
    Returns symbol -> frame of ``open high low close volume``, indexed by exchange time.
    """
    days = [session_on(date) for date in dates]
    return {symbol: pd.concat([day_of(symbol, day, minutes) for day in days]) for symbol in symbols}


def day_of(symbol: str, session: TradingSession, minutes: Sequence[int]) -> pd.DataFrame:
    """Make the bars of one symbol in one session; ``minutes`` as in :func:`small_market`."""
    length = (session.close_ns - session.open_ns) // _MINUTE_NS
    counted = {each + length if each < 0 else each for each in minutes}
    places = np.array(sorted(each for each in counted if 0 <= each < length), np.int64)
    seed = sum(map(ord, symbol)) + session.date.toordinal()
    # up and down by at most 2.75, of exact quarters; each opens where a minute before would close
    steps, before = (((seed * 31 + at * 17) % 23 - 11.0) for at in (places, places - 1))
    close, open_ = 100.0 + steps / 4, 100.0 + before / 4
    stamps = pd.to_datetime(session.open_ns + places * _MINUTE_NS, utc=True)
    columns = {
        "open": open_,
        "high": np.maximum(open_, close) + 0.25,
        "low": np.minimum(open_, close) - 0.25,
        "close": close,
        "volume": 100.0 + np.abs(steps),
    }
    index = pd.DatetimeIndex(stamps, name="timestamp").tz_convert(session.zone)
    return pd.DataFrame(columns, index=index)


def run_days(
    *strategies: Any,
    days: int = 2,
    frames: Mapping[str, pd.DataFrame] | None = None,
    scanners: Sequence[Any] = (),
    workers: Sequence[Worker] = (),
    symbols: Sequence[str] | None = None,
    streams: Sequence[str] = ("1m", "5m"),
    data: Mapping[str, Any] | None = None,
    lifecycle: Lifecycle = TRADING_DAY,
    out: str | Path | None = None,
    interval: str = "1m",
    **tables: Any,
) -> Run:
    """Run strategies, scanners and workers over a small market in memory, for real.

    ::

        def test_it_buys_once_a_day() -> None:
            run = run_days(MyStrategy(), days=2)
            assert [len(session.signals) for session in run.sessions] == [1, 1]

    ``frames``: the market, symbol -> bars of ``interval``; :func:`small_market` where it is not
    given. ``days``: how many sessions, of those in which anything has a bar.
    ``symbols``: those of the configuration, all of the market where not given. ``data``: more of
    the configuration's ``[data]`` (indicators, history, ...); a symbol without bars on a day is
    left out of it unless ``{"missing": "error"}`` says otherwise. ``tables``: its other tables
    and keys (``calendar="XLON"``, ``workers`` is taken: ``threads=True`` runs them in threads).
    ``lifecycle`` and ``out`` as for the coordinator; nothing is written without ``out``.

    Returns the :class:`~fsm_session.Run`: its sessions with their signals and scans, the data of
    the last one, all moves. Raises what a run raises: RunFailedError, whose ``exceptions`` say
    what and where; ConfigError for wishes that make no sense, or more days than there are.
    """
    market = small_market(symbols or ("AAA", "BBB")) if frames is None else frames
    threads, calendar = tables.pop("threads", False), tables.pop("calendar", "XNYS")
    wished = {
        "symbols": list(market if symbols is None else symbols),
        "streams": list(streams),
        "missing": "skip",
        **(data or {}),
    }
    first, last = _from_to(market, days, calendar, wished.get("hours", "regular"))
    config = SessionConfig.from_dict(
        {
            "calendar": calendar,
            "backtest": {"start": first, "end": last},
            "data": wished,
            "workers": {"threads": threads},
            **tables,
        }
    )
    return SessionCoordinator(
        config,
        source=FramesSource(market, interval),
        strategies=strategies,
        scanners=scanners,
        workers=workers,
        lifecycle=lifecycle,
        out=out,
    ).run()


@lru_cache
def session_on(date: str, calendar: str = "XNYS") -> TradingSession:
    """Give the session of a date; CalendarError where there is none."""
    day = dt.date.fromisoformat(date)
    return MarketCalendar.load(calendar, day - _MARGIN, day + _MARGIN).session(day)


def _from_to(
    market: Mapping[str, pd.DataFrame], days: int, calendar: str, hours: Any
) -> tuple[dt.date, dt.date]:
    """Find the first and the last date of a run over so many sessions that have bars."""
    indexes = [pd.DatetimeIndex(frame.index) for frame in market.values() if len(frame)]
    stamps = [each.tz_convert("UTC").as_unit("ns").asi8 for each in indexes]
    times = np.unique(np.concatenate([np.empty(0, np.int64), *stamps]))
    dates = _dates(times, calendar, hours) if len(times) else []
    if not 1 <= days <= len(dates):
        told = f"must be from 1 to {len(dates)}, the sessions that have bars, not {days}"
        raise ConfigError(Fault(told, key="days"))
    return dates[0], dates[days - 1]


def _dates(times: Any, calendar: str, hours: Any) -> list[dt.date]:
    ends = pd.to_datetime([int(times[0]), int(times[-1])], utc=True)
    first, last = ends[0].date() - _MARGIN, ends[1].date() + _MARGIN
    loaded = MarketCalendar.load(calendar, first, last, hours)
    places = np.unique(loaded.locate(times))
    return [loaded.sessions[place].date for place in places.tolist() if place >= 0]
