"""What three weeks of six stocks should say, worked out with pandas, TA-Lib and the calendar alone.

One stock is configured, the others are watched; whom the scanners promote, which bars a strategy
on 5m is shown and what it says of them follows from the rows of the files.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from itertools import groupby
from typing import Any

import pandas as pd
import talib
from attrs import define, frozen

from fsm_session import SessionConfig
from tests import oracle
from tests.real_data import SHARED

CONFIGURED = "NVR"
OTHERS = ["BKNG", "CPAY", "FDS", "GWW", "LII"]
SYMBOLS = sorted([CONFIGURED, *OTHERS])
FIRST, LAST = "2024-06-24", "2024-07-12"
HALF_DAY = "2024-07-03"
DAYS = 3
ZONE = "America/New_York"
MINUTE = pd.Timedelta(minutes=1)
LENGTHS = {"1m": MINUTE, "5m": 5 * MINUTE}
LOOKED_AT = ["2024-06-27", HALF_DAY]  # days on which quality is looked at, every so many steps
EVERY = 13


def historical(name: str, function: str, column: str, over: str, **how: str) -> dict[str, str]:
    return {"name": name, "function": function, "column": column, "over": over, **how}


DATA: dict[str, Any] = {
    "streams": ["1m", "5m", "1d"],
    "history": [{"trailing_days": DAYS, "intervals": ["1m"]}],
    "indicators": [
        {"name": "sma_12", "function": "SMA", "interval": "5m", "parameters": {"timeperiod": 12}}
    ],
    "historical": [
        historical("adv_20", "mean", "volume", "20d"),
        historical("volume_4w", "mean", "volume", "4w", half_days="skip"),
        historical("high_1mo", "max", "high", "1mo"),
        historical("volume_5m", "mean", "volume", "10d", interval="5m", absent="skip"),
        historical("volume_1m", "mean", "volume", "10d", interval="1m", absent="zero"),
    ],
}
USUAL = historical("usual_volume", "mean", "volume", "10d", interval="1m", absent="zero")


@frozen
class Wishes:
    """How large a gap and how much volume is found."""

    gap: float
    ratio: float

    def scanners(self) -> list[dict[str, Any]]:
        days = {"trailing_days": 2, "intervals": ["1d"]}
        return [
            {
                "use": "fsm_session.scanners:Gap",
                "pre_session": True,
                "parameters": {"at_least": self.gap},
                "universe": {"symbols": SYMBOLS, "streams": ["1d"], "history": [days]},
            },
            {
                "use": "fsm_session.scanners:RelativeVolume",
                "every": "5m",
                "between": ["09:45", "11:00"],
                "parameters": {"at_least": self.ratio},
                "universe": {"symbols": OTHERS, "streams": ["1m"], "historical": [USUAL]},
            },
        ]


FEW, MANY, ALL = Wishes(0.01, 2.0), Wishes(0.008, 1.0), Wishes(0.0, 0.0)


def config(start: str, end: str, *promoted: str, **tables: Any) -> SessionConfig:
    return SessionConfig.from_dict(
        {
            "name": "the living session",
            "backtest": {"start": start, "end": end},
            "data": {"symbols": [CONFIGURED, *promoted], **DATA},
            "source": {"kind": "parquet", "path": "data/blaizard/{symbol}_{interval}.parquet"},
            **tables,
        },
        folder=SHARED,
    )


# what pandas says of the market


@cache
def table() -> pd.DataFrame:
    return oracle.schedule("2024-05-01", LAST)


def dates() -> list[str]:
    return [str(each.date()) for each in table().loc[FIRST:].index]


def hours(date: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    times: Any = table().loc[pd.Timestamp(date)]
    return times.open, times.close


def before(date: str) -> list[str]:
    """All earlier sessions, oldest first."""
    return [str(each.date()) for each in table().index if each < pd.Timestamp(date)]


@cache
def day(symbol: str, date: str, interval: str = "1m") -> pd.DataFrame:
    return oracle.day(oracle.rows("blaizard", f"{symbol}_1m"), date, interval, table())


def ends(frame: pd.DataFrame, interval: str) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.DatetimeIndex(frame.index) + LENGTHS[interval])


@cache
def daily(symbol: str) -> pd.DataFrame:
    days = {str(each.date()): day(symbol, str(each.date())) for each in table().index}
    return pd.concat(days).groupby(level=0).agg(oracle.HOW)


@cache
def profile(symbol: str, date: str, interval: str, absent: str) -> pd.Series[float]:
    """The mean volume of each slot of the day over the last ten sessions, from the open on."""
    length = LENGTHS[interval]
    columns = {}
    for each in before(date)[-10:]:
        opened, closed = hours(each)
        frame = day(symbol, each, interval)
        places = (pd.DatetimeIndex(frame.index) - opened) // length
        slots = pd.Series(frame.volume.to_numpy(float), places)
        if absent == "zero":
            slots = slots.reindex(range((closed - opened) // length), fill_value=0.0)
        columns[each] = slots
    opened, closed = hours(date)
    slots_today = range((closed - opened) // length)
    return pd.Series(pd.DataFrame(columns).reindex(slots_today).mean(axis=1))


def gap(symbol: str, date: str) -> dict[str, float]:
    earlier, last = before(date)[-2:]
    opened, closed = daily(symbol).open[last], daily(symbol).close[earlier]
    return {"gap": opened / closed - 1, "open": opened, "previous_close": closed}


def relative_volume(symbol: str, date: str, now: pd.Timestamp) -> dict[str, float]:
    frame = day(symbol, date)
    volume = float(frame.volume[ends(frame, "1m") <= now].sum())
    ended = (now - hours(date)[0]) // MINUTE
    usual = float(profile(symbol, date, "1m", "zero")[:ended].sum())
    return {"ratio": volume / usual, "volume": volume, "usual": usual}


def scan_times(date: str) -> list[pd.Timestamp]:
    return list(pd.date_range(f"{date} 09:45", f"{date} 11:00", freq="5min", tz=ZONE))


def quality(symbol: str, date: str, now: pd.Timestamp) -> dict[str, Any]:
    """How complete the minutes are that have ended by now: percent, counts and gaps."""
    opened, closed = hours(date)
    minutes = pd.date_range(opened, closed, freq=MINUTE, inclusive="left")
    minutes = minutes[minutes + MINUTE <= now]
    missing = pd.Series(~minutes.isin(day(symbol, date).index), minutes)
    run = (missing != missing.shift()).cumsum()
    gaps = [
        (ns(part.index[0]), ns(part.index[-1] + MINUTE), len(part))
        for _, part in missing[missing].groupby(run[missing])
    ]
    present, expected = int((~missing).sum()), len(minutes)
    still_open = expected > 0 and missing.iloc[-1] and now < closed
    return {
        "percent": 100 * present / expected if expected else 100.0,
        "present": present,
        "expected": expected,
        "gaps": gaps,
        "open_gap": gaps[-1] if still_open else None,
    }


def ns(time: pd.Timestamp) -> int:
    return int(time.as_unit("ns").value)


# what pandas says of a session


@define(slots=False)
class Course:
    """The course of one session: what is found, what comes when, what is shown."""

    date: str
    found: list[tuple[pd.Timestamp, str, list[tuple[str, dict[str, float]]]]]
    added: dict[str, tuple[pd.Timestamp, str]]

    @property
    def present(self) -> dict[str, pd.Timestamp]:
        """The symbols that are there, and since when."""
        opened, _ = hours(self.date)
        promoted = {symbol: time for symbol, (time, _) in self.added.items()}
        return {CONFIGURED: opened, **promoted}

    @cached_property
    def steps(self) -> list[pd.Timestamp]:
        """Every instant at which a bar of a minute ends, and the close, which ends the longer."""
        instants = {hours(self.date)[1]}
        for symbol, since in self.present.items():
            instants |= {end for end in ends(day(symbol, self.date), "1m") if end > since}
        return sorted(instants)

    @cached_property
    def bars(self) -> list[tuple[pd.Timestamp, str, pd.Timestamp, float, float]]:
        """The bars of 5m that are shown: at which step, of whom, which, its close and average."""
        steps = pd.DatetimeIndex(self.steps)
        shown = []
        for symbol, since in self.present.items():
            rows = oracle.rows("blaizard", f"{symbol}_1m")
            frame, skip = oracle.with_history(rows, self.date, "5m", table(), DAYS)
            finished = ends(frame, "5m")
            close = frame.close.to_numpy(float)
            average = talib.SMA(close, timeperiod=12)
            for place in range(skip, len(frame)):
                if finished[place] > since:
                    step = steps[int(steps.searchsorted(finished[place]))]
                    # an indicator is as new as the bar, also where two are shown at one step
                    mean = float(average[place])
                    shown.append((step, symbol, frame.index[place], float(close[place]), mean))
        return sorted(shown)

    def events(self) -> Iterator[tuple[Any, ...]]:
        """All that strategies are told, in order."""
        coming = list(self.added.items())
        bars = {step: list(shown) for step, shown in groupby(self.bars, lambda bar: bar[0])}
        there = [CONFIGURED]
        for step in self.steps:
            while coming and coming[0][1][0] < step:
                symbol, _ = coming.pop(0)
                there = sorted([*there, symbol])
                yield "added", symbol
            yield "step", step, tuple(there)
            shown = [bar[1:] for bar in bars.get(step, [])]
            yield "fresh", tuple(sorted({bar[0] for bar in shown}))
            for bar in shown:
                yield "bar", *bar

    def signals(self) -> list[tuple[pd.Timestamp, str, str]]:
        """What the strategy says, in order: it watches who comes, and buys above the average."""
        said = [
            (time, 1, place, symbol, "watch")
            for place, (symbol, (time, _)) in enumerate(self.added.items())
        ]
        said += [
            (step, 0, place, symbol, "buy")
            for place, (step, symbol, _, close, mean) in enumerate(self.bars)
            if close > mean
        ]
        return [(time, symbol, action) for time, _, _, symbol, action in sorted(said)]


@cache
def course(date: str, wishes: Wishes) -> Course:
    opened, _ = hours(date)
    made = Course(date, [], {})
    measured: list[tuple[pd.Timestamp, str, dict[str, dict[str, float]]]] = [
        (opened, "Gap", {symbol: gap(symbol, date) for symbol in SYMBOLS})
    ]
    measured += [
        (now, "RelativeVolume", {each: relative_volume(each, date, now) for each in OTHERS})
        for now in scan_times(date)
    ]
    limits = {"Gap": ("gap", wishes.gap), "RelativeVolume": ("ratio", wishes.ratio)}
    for now, scanner, figures in measured:
        figure, at_least = limits[scanner]
        large = pd.Series({symbol: abs(each[figure]) for symbol, each in figures.items()})
        large = large[large >= at_least].sort_values(ascending=False, kind="stable")
        made.found.append((now, scanner, [(str(each), figures[str(each)]) for each in large.index]))
        for symbol in map(str, large.index):
            if symbol != CONFIGURED:
                made.added.setdefault(symbol, (now, scanner))
    return made
