"""Made-up sessions and bars to draw from, and the recorded ones beside their reference values."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from fsm_session.market.bars import COLUMNS, Bars, Times, with_ends
from fsm_session.market.calendar import Hours, MarketCalendar, TradingSession
from fsm_session.market.interval import MONTH, WEEK, Interval
from tests.real_data import SHARED

MINUTE = Interval.parse("1m")
MINUTE_NS = 60_000_000_000
RECORDED = (
    "blaizard/BKNG_1m",
    "blaizard/CPAY_1m",
    "blaizard/NVR_1m",
    "market_prices/MSFT_1m_2024",
    "react_stockcharts/MSFT_1m_2016",
    "pyalgotrade/SPY_1m_201101",
)

# what loads a calendar or asks pandas is slow on a busy machine
unhurried = settings(deadline=None)

intervals = st.one_of(
    st.just(86_400),
    st.sampled_from([1, 5, 60, 300, 900, 3600, 5400, 14_400]),
    st.integers(1, 86_399),
).map(Interval)
#: those that a source may hold, and the two that are always made
every_interval = st.one_of(intervals, st.sampled_from([WEEK, MONTH]).map(Interval))


@cache
def market(name: str, first: str, last: str, hours: Hours = "regular") -> MarketCalendar:
    """Load a calendar once for all tests."""
    return MarketCalendar.load(
        name, dt.date.fromisoformat(first), dt.date.fromisoformat(last), hours
    )


def july(hours: Hours = "regular") -> MarketCalendar:
    """New York around the half-day 2024-07-03."""
    return market("XNYS", "2024-07-01", "2024-07-05", hours)


def utc(text: str) -> int:
    """Give the nanoseconds of an instant written in UTC."""
    return pd.Timestamp(text, tz="UTC").value


def bars_at(times: list[int], ticks: Any) -> Bars:
    """Make one-minute bars of (n, 5) whole numbers: four prices in cents, and a volume."""
    prices = np.asarray(ticks, np.int64).reshape(-1, 5)
    ranked = np.sort(prices[:, :4], axis=1) / 100
    flip = prices[:, 0] % 2 == 0
    open_, close = np.where(flip, ranked[:, 1:3].T, ranked[:, 2:0:-1].T)
    return Bars.base(
        MINUTE, times, open_, ranked[:, 3], ranked[:, 0], close, prices[:, 4].astype(float)
    )


def traded_in(calendar: MarketCalendar) -> tuple[TradingSession, ...]:
    """Give the sessions from which minutes are drawn: a few, with others around them."""
    return calendar.sessions[1:8]


@st.composite
def sparse_bars(draw: st.DrawFn, calendar: MarketCalendar) -> Bars:
    """Some minutes of some sessions' windows, as thinly traded stocks have them."""
    times: list[int] = []
    for session in draw(st.sets(st.sampled_from(traded_in(calendar)), min_size=1)):
        minutes = (session.end_ns - session.start_ns) // MINUTE_NS
        held = draw(st.sets(st.integers(0, minutes - 1), max_size=12))
        # neighbours are likelier in life than chance makes them
        run = draw(st.integers(0, minutes - 1))
        held.update(range(run, min(run + draw(st.integers(0, 20)), minutes)))
        times.extend(session.start_ns + minute * MINUTE_NS for minute in held)
    ticks = draw(arrays(np.int64, (len(times), 5), elements=st.integers(1, 10_000)))
    return with_ends(bars_at(sorted(times), ticks), calendar)


def within(bars: Bars, session: TradingSession) -> Bars:
    """Cut out a session's window."""
    start, end = np.searchsorted(bars.time, [session.start_ns, session.end_ns]).tolist()
    return bars[start:end]


@cache
def recorded(name: str) -> tuple[Bars, MarketCalendar]:
    """Read a recorded file: its bars as they are, and the calendar around them."""
    frame = pd.read_parquet(SHARED / "data" / f"{name}.parquet")
    dates = frame["timestamp"].dt.date
    calendar = market("XNYS", str(dates.iloc[0]), str(dates.iloc[-1]))
    columns = (frame[name].to_numpy() for name in COLUMNS)
    bars = Bars.base(MINUTE, ns(frame["timestamp"]), *columns)
    return with_ends(bars, calendar), calendar


def ns(stamps: pd.Series[pd.Timestamp]) -> Times:
    """Give nanoseconds, whatever unit the frame was stored in."""
    return np.asarray(stamps.dt.as_unit("ns").astype("int64"), np.int64)


@cache
def golden(name: str, kind: str) -> tuple[pd.DataFrame, tuple[TradingSession, ...]]:
    """Read reference values, and the sessions from which they were made."""
    manifest = json.loads((SHARED / "golden" / "manifest.json").read_text())
    entry = next(f for f in manifest["files"] if f["file"] == f"{name}_{kind}.parquet")
    first, last = (dt.date.fromisoformat(entry[f"{end}_session"]) for end in ("first", "last"))
    frame = pd.read_parquet(SHARED / "golden" / entry["file"])
    return frame, recorded(name)[1].between(first, last)
