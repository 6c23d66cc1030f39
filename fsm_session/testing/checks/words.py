"""Says what a check has found, for people: instants, bars, markets and errors in few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from fsm_session.market.bars import COLUMNS, Bars

#: of more rows than these, the ones at both ends are shown
_ROWS = 12
_HALT = pd.Timedelta(minutes=5)


def counted(number: int, what: str) -> str:
    """Count things: ``1 bar``, ``3 bars``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def instant(time_ns: int, zone: str) -> str:
    """Write an instant as its zone's people do, to the minute where it is a whole one."""
    stamp = pd.Timestamp(int(time_ns), unit="ns", tz="UTC").tz_convert(zone)
    return str(stamp.tz_localize(None)).removesuffix(":00")


def error_words(error: BaseException) -> str:
    """Write an error in one line: its type and the first line of its message."""
    said = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def bars_shown(bars: Bars) -> str:
    """Write bars as a table, numbered from 0, in UTC."""
    frame = bars.frame().rename_axis("UTC").reset_index()
    frame["UTC"] = frame["UTC"].dt.strftime("%Y-%m-%d %H:%M:%S")
    return _table(frame[["UTC", *COLUMNS]]) if len(bars) else "(no bars)"


def market_shown(market: Mapping[str, pd.DataFrame], zone: str) -> str:
    """Write a market as one table a symbol, in a zone's time."""
    parts = []
    for symbol, frame in market.items():
        index = pd.DatetimeIndex(frame.index).tz_convert(zone)
        written = frame.set_axis(index.strftime("%Y-%m-%d %H:%M")).rename_axis(None)
        parts.append(f"{symbol}:\n{_table(written) if len(frame) else '(no bars)'}")
    return "\n".join(parts)


def kinds_of(market: Mapping[str, pd.DataFrame], date: str, zone: str) -> Iterator[str]:
    """Say what is unusual about the market of a date, one thing after the other."""
    days = {symbol: _day_of(frame, date, zone) for symbol, frame in market.items()}
    first = min((day.index[0] for day in days.values() if len(day)), default=None)
    for symbol, day in days.items():
        if not len(day):
            yield f"{symbol} has no bar on {date}"
            continue
        if day.index[0] != first:
            yield f"{symbol} comes late"
        if (day["volume"] == 0).any():
            yield f"{symbol} has bars without volume"
        if len(day) > 1 and day.index.to_series().diff().max() >= _HALT:
            yield f"{symbol} halts"


def _day_of(frame: pd.DataFrame, date: str, zone: str) -> pd.DataFrame:
    local = pd.DatetimeIndex(frame.index).tz_convert(zone)
    return frame[local.strftime("%Y-%m-%d") == date]


def _table(frame: pd.DataFrame) -> str:
    if len(frame) <= _ROWS:
        return frame.to_string()
    first, last = (frame.head(_ROWS // 2).to_string(), frame.tail(_ROWS // 2).to_string())
    left_out = counted(len(frame) - _ROWS, "more bar")
    return f"{first}\n... {left_out} ...\n{last.partition(chr(10))[2]}"
