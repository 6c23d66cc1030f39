"""Small markets of several weeks, all that can be asked of them, and all that a view shows."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pandas as pd
from attrs import evolve, frozen

from fsm_session import FramesSource, Run, SessionCoordinator
from fsm_session.market.bars import ARRAYS, COLUMNS
from tests.property.test_promises import Market, minutes
from tests.small_market import CLOSES, ZONE, bars_of, last_minute, wishes

#: sessions of three weeks and two months; the last three are run, the first of them a half-day
DAYS = ("2024-06-28", "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08")
RUN = DAYS[3:]
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
TRADED, WATCHED = SYMBOLS[:3], SYMBOLS[1:]
MINUTE_NS = 60 * 10**9

TRAILING = ("volume_3", "high_2w", "low_1mo")
PROFILES = ("usual", "highest")
INDICATORS = ("sma_3", "rsi_2", "macd.macdsignal", "sma_2d", "sma_2w")
NAMES = (*COLUMNS, *INDICATORS, *TRAILING, *PROFILES)

#: what was written down: when, by whom, what
Entry = tuple[int, str, Any]
Log = list[Entry]
Frames = dict[str, pd.DataFrame]


@frozen
class World:
    """A market, and what is asked for of each of its symbols.

    ``grain``: minutes a bar. Of 1 it is sparse; of 30 most days are whole, so that days and weeks
    are left over where incomplete bars are dropped.
    """

    market: Market
    grain: int
    incomplete: str
    days: int

    @property
    def intervals(self) -> tuple[str, ...]:
        """The base interval, then what is derived."""
        return ("1m", "5m", "1h", *LONG) if self.grain == 1 else ("30m", "1h", *LONG)

    def needs(self) -> dict[str, Any]:
        """Ask for everything that there is to be asked for."""
        base, derived = self.intervals[:2]
        macd = {"fastperiod": 2, "slowperiod": 3, "signalperiod": 2}
        return {
            "streams": [*self.intervals],
            "incomplete": self.incomplete,
            "history": [{"trailing_days": self.days, "intervals": [base]}],
            "indicators": [
                _indicator("sma_3", "SMA", base, timeperiod=3),
                {**_indicator("rsi_2", "RSI", derived, timeperiod=2), "warm_up": False},
                _indicator("macd", "MACD", base, **macd),
                _indicator("sma_2d", "SMA", "1d", timeperiod=2),
                _indicator("sma_2w", "SMA", "1w", timeperiod=2),
            ],
            "historical": [
                _historical("volume_3", "mean", "volume", "3d"),
                {**_historical("high_2w", "max", "high", "2w"), "half_days": "skip"},
                _historical("low_1mo", "min", "low", "1mo"),
                {**_historical("usual", "mean", "volume", "3d", "30m"), "absent": "zero"},
                _historical("highest", "max", "close", "1w", "1h"),
            ],
        }

    def frames(self) -> Frames:
        """Make the bars of each symbol."""
        return {
            symbol: pd.concat([bars_of(symbol, date, days[date]) for date in DAYS if days[date]])
            for symbol, days in self.market.items()
        }

    def at_the_open(self) -> World:
        """Add the first bar of each day: a symbol without one would be left out of it."""
        market = {
            symbol: {date: sorted({0, *each}) for date, each in days.items()}
            for symbol, days in self.market.items()
        }
        return evolve(self, market=market)

    def ends(self, symbols: Sequence[str], date: str) -> list[int]:
        """Give the instants of a day at which a bar of one of the symbols happens, ascending."""
        found = {minute + self.grain for symbol in symbols for minute in self.market[symbol][date]}
        return [open_ns(date) + minute * MINUTE_NS for minute in sorted(found)]


LONG = ("1d", "1w", "1mo")


def _indicator(name: str, function: str, interval: str, **parameters: int) -> dict[str, Any]:
    return {"name": name, "function": function, "interval": interval, "parameters": parameters}


def _historical(
    name: str, function: str, column: str, over: str, interval: str = "1d"
) -> dict[str, Any]:
    wish = {"name": name, "function": function, "column": column, "over": over}
    return {**wish, "interval": interval}


def open_ns(date: str) -> int:
    return pd.Timestamp(f"{date} 09:30", tz=ZONE).as_unit("ns").value


def close_ns(date: str) -> int:
    close = pd.Timestamp(f"{date} {CLOSES.get(date, '16:00')}", tz=ZONE)
    return close.as_unit("ns").value


def day_of(now_ns: int) -> str:
    return f"{pd.Timestamp(now_ns, unit='ns'):%Y-%m-%d}"


def pick(choices: Any, place: int) -> int:
    """Take one of several; the last where there are fewer."""
    return int(choices[min(place, len(choices) - 1)])


def others(symbol: str) -> list[str]:
    return [each for each in TRADED if each != symbol]


def _sparse(date: str) -> st.SearchStrategy[list[int]]:
    if date in RUN:
        return minutes(date)
    return st.lists(st.integers(0, last_minute(date)), max_size=3, unique=True)


def _dense(date: str) -> st.SearchStrategy[list[int]]:
    starts = range(0, last_minute(date) + 1, 30)
    gone = st.just(set[int]()) | st.sets(st.sampled_from(starts), max_size=2)
    return gone.map(lambda some: [each for each in starts if each not in some])


def markets(grain: int) -> st.SearchStrategy[Market]:
    each = _sparse if grain == 1 else _dense
    days = st.fixed_dictionaries({date: each(date) for date in DAYS})
    return st.fixed_dictionaries(dict.fromkeys(SYMBOLS, days))


def _worlds(grain: int) -> st.SearchStrategy[World]:
    # of a sparse market nothing longer would be left over
    incomplete = "keep" if grain == 1 else "drop"
    days = st.sampled_from([0, 1, 4])
    return st.builds(World, markets(grain), st.just(grain), st.just(incomplete), days)


worlds = _worlds(1) | _worlds(30)


@st.composite
def twins(draw: st.DrawFn) -> tuple[World, World]:
    """Draw two markets of which the same is asked; in both each symbol has a bar each day."""
    world = draw(worlds)
    other = evolve(world, market=draw(markets(world.grain)))
    return world.at_the_open(), other.at_the_open()


def spliced(world: World, other: World, at_ns: int) -> Frames:
    """Put what happens later in another market, at other prices, behind what has happened."""
    at, length = pd.Timestamp(at_ns, unit="ns", tz="UTC"), pd.Timedelta(minutes=world.grain)
    mine, theirs = world.frames(), other.frames()
    parts = {
        symbol: [
            mine[symbol].loc[mine[symbol].index <= at - length],
            theirs[symbol].loc[theirs[symbol].index > at - length] * 1.5,
        ]
        for symbol in SYMBOLS
    }
    return {
        symbol: pd.concat([each for each in both if len(each)]) for symbol, both in parts.items()
    }


def shot(view: Any, world: World) -> dict[str, Any]:
    """Take down everything that a view shows; floats as bytes, so that NaN equals NaN."""
    seen: dict[str, Any] = {"now": view.now_ns, "symbols": view.symbols.tolist()}
    seen["session"] = view.session
    seen["quality"] = view.quality().tolist()
    for name in NAMES:
        seen[f"latest {name}"] = view.latest(name).tobytes()
    for each in world.intervals:
        seen[f"latest close {each}"] = view.latest("close", each).tobytes()
        seen[f"fresh {each}"] = view.fresh(each).tolist()
    for place, symbol in enumerate(view):
        shown = view[symbol]
        for each in world.intervals:
            bars = shown.bars(each)
            assert not len(bars) or bars.end[-1] <= view.now_ns
            seen[f"{symbol} {each}"] = b"".join(bars.column(name).tobytes() for name in ARRAYS)
            lengths = len(shown.today(each)), len(shown.history(each))
            seen[f"{symbol} {each} parts"] = (*lengths, shown.history_quality(each))
        for name in INDICATORS:
            seen[f"{symbol} {name}"] = shown.indicator(name).tobytes()
        seen[f"{symbol} trailing"] = repr([shown.trailing(name) for name in TRAILING])
        for name in PROFILES:
            so_far = shown.profile_so_far(name)
            newest = (float("nan"), *so_far)[-1]
            assert repr(float(newest)) == repr(float(view.latest(name)[place]))
            seen[f"{symbol} {name}"] = shown.profile(name).tobytes()
            seen[f"{symbol} {name} so far"] = so_far.tobytes()
        seen[f"{symbol} quality"] = shown.quality()
    return seen


def difference(first: Sequence[Any], second: Sequence[Any]) -> str:
    """Name the first thing in which two logs differ; "" where they don't."""
    for one, other in zip(first, second, strict=False):
        if one[:2] != other[:2]:
            return f"{one[:2]} is not {other[:2]}"
        if one[2] != other[2]:
            if not isinstance(one[2], dict):
                return f"at {one[:2]}: {one[2]!r} is not {other[2]!r}"
            keys = [key for key in one[2] | other[2] if one[2].get(key) != other[2].get(key)]
            return f"at {one[:2]}: {keys}"
    return "" if len(first) == len(second) else f"{len(first)} entries are not {len(second)}"


def steps(log: Log, after_ns: int = 0) -> Log:
    """Leave only what was seen at steps, after an instant."""
    return [each for each in log if each[1] == "looks" and each[0] > after_ns]


def play(
    world: World,
    start: str = RUN[0],
    end: str = "",
    symbols: Sequence[str] = TRADED,
    frames: Frames | None = None,
    threads: bool = False,
    **options: Any,
) -> Run:
    data = {"missing": "skip", **world.needs()}
    config = wishes([*symbols], start, end or start, data=data, workers={"threads": threads})
    source = FramesSource(frames or world.frames(), interval=f"{world.grain}m")
    return SessionCoordinator(config, source=source, **options).run()


def records(world: World, start: str, end: str = "", **options: Any) -> dict[str, str]:
    """Play, and give the records of the sessions by date."""
    with tempfile.TemporaryDirectory() as folder:
        play(world, start, end, out=Path(folder), **options)
        paths = sorted(Path(folder).glob("sessions/*.json"))
        return {path.stem: path.read_text() for path in paths}
