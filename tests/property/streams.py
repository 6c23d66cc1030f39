"""Small markets of bars, ticks and quotes, what is in them row by row, and runs of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pandas as pd
from attrs import evolve, field, frozen

from fsm_session import FramesSource, Run, SessionCoordinator
from tests.property.living import close_ns, open_ns
from tests.small_market import SESSIONS, bars_of, last_minute, wishes

#: the first is there to be the history of the second, a half-day
DAYS = SESSIONS
RUN = DAYS[1:]
SYMBOLS = ("AAA", "BBB", "CCC")
MINUTE = 60 * 10**9
#: the bars that are derived, in minutes
LENGTHS = {"5m": 5, "1h": 60}
#: what happens, in the order in which it does at one instant, and of which values
FIELDS = {
    "quotes": ("bid_price", "bid_size", "ask_price", "ask_size"),
    "ticks": ("price", "size"),
    "bars": ("open", "high", "low", "close", "volume"),
}
KINDS = tuple(FIELDS)
INDICATORS = {"sma_3": ("1m", 3), "sma_2": ("5m", 2)}
#: later than any instant
NEVER = 2**63 - 1

#: what happens at an instant: the time (of a bar its start), then the values
Row = tuple[Any, ...]
#: symbol -> date -> when, in nanoseconds after the open; of bars in minutes
Times = dict[str, dict[str, list[int]]]
#: when, by which method, of what, and all that the view showed
Entry = tuple[int, str, Any, dict[str, Any]]


@frozen(eq=False)
class World:
    """A market, and what is asked for of it.

    ``built``: symbols whose bars nobody holds. ``unquoted``: those whose quotes nobody holds.
    ``days``: how many sessions of history.
    """

    bars: Times
    ticks: Times
    quotes: Times
    built: frozenset[str] = frozenset()
    unquoted: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = ("quotes", "ticks")
    days: int = 0
    _known: dict[tuple[str, str, str], list[Row]] = field(factory=dict, init=False, repr=False)

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.bars)

    def at_the_open(self) -> World:
        """Let something of everything be there from the open: nothing is left out of a day."""
        times: dict[str, Any] = {kind: _from_the_open(getattr(self, kind)) for kind in KINDS}
        return evolve(self, **times)

    def needs(self) -> dict[str, Any]:
        made = {"quotes": "from_bars"} if self.unquoted and "quotes" in self.kinds else {}
        return {
            "streams": ["1m", *LENGTHS, *self.kinds],
            "missing": "skip",
            "history": [{"trailing_days": self.days, "intervals": ["1m"]}],
            "indicators": [
                {"name": name, "function": "SMA", "interval": interval, "warm_up": False,
                 "parameters": {"timeperiod": length}}
                for name, (interval, length) in INDICATORS.items()
            ],
            **made,
        }  # fmt: skip

    def source(self, later: World | None = None, than_ns: int = NEVER) -> FramesSource:
        """Make the source; what happens later than an instant may be of another market."""
        left_out = {"bars": self.built, "quotes": self.unquoted}
        frames = {
            kind: {
                symbol: _frame(kind, _spliced(kind, symbol, self, later or self, than_ns))
                for symbol in self.symbols
                if symbol not in left_out.get(kind, ())
            }
            for kind in KINDS
        }
        return FramesSource(frames.pop("bars"), interval="1m", **frames)

    def rows(self, kind: str, symbol: str, date: str) -> list[Row]:
        """Give what happens within a session, in the order of the file."""
        key = (kind, symbol, date)
        if key not in self._known:
            self._known[key] = [*self._rows(*key)]
        return self._known[key]

    def _rows(self, kind: str, symbol: str, date: str) -> Iterator[Row]:
        if kind == "bars" and symbol in self.built:
            for start, some in groupby(self.rows("ticks", symbol, date), _minute_of):
                yield start, *joined([(price,) * 4 + (size,) for _, price, size in some])
        elif kind == "quotes" and symbol in self.unquoted:
            for start, *_, close, _ in self.rows("bars", symbol, date):
                yield start + MINUTE, close, 0.0, close, 0.0
        else:
            for row in self.given(kind, symbol):
                if open_ns(date) <= row[0] < close_ns(date):
                    yield row

    def given(self, kind: str, symbol: str) -> list[Row]:
        """Give what the source holds of a symbol, of all days."""
        key = (kind, symbol, "")
        if key not in self._known:
            make = _bars if kind == "bars" else _events
            self._known[key] = [
                row
                for date, times in getattr(self, kind)[symbol].items()
                for row in make(kind, symbol, date, times)
            ]
        return self._known[key]

    def has(self, symbol: str, date: str) -> bool:
        """Tell whether the source has all that is asked for of a symbol on a date."""
        return all(self.rows(kind, symbol, date) for kind in ("bars", *self.kinds))


def joined(parts: Sequence[Row]) -> Row:
    """Join bars, without their starts, to a longer one."""
    opens, highs, lows, closes, volumes = zip(*parts, strict=True)
    return opens[0], max(highs), min(lows), closes[-1], sum(volumes)


def _minute_of(row: Row) -> int:
    return int(row[0] // MINUTE * MINUTE)


def _from_the_open(times: Times) -> Times:
    return {
        symbol: {date: each if 0 in each else sorted([0, *each]) for date, each in days.items()}
        for symbol, days in times.items()
    }


def _bars(_kind: str, symbol: str, date: str, minutes: list[int]) -> Iterator[Row]:
    for time, *values in bars_of(symbol, date, minutes).itertuples():
        yield time.as_unit("ns").value, *values


def _events(kind: str, symbol: str, date: str, times: list[int]) -> Iterator[Row]:
    """Make a day's events; each has a size of its own, so that its place can be told."""
    seed = sum(map(ord, symbol)) + int(date[-2:])
    for size, time in enumerate(times, 1):
        price = 100.0 + ((seed * 31 + 17 * size) % 23 - 11) / 4
        # now and then nobody asks
        ask = (0.0, 0.0) if size % 5 == 4 else (price + 0.5, float(size))
        values = (price, float(size)) if kind == "ticks" else (price - 0.25, float(size), *ask)
        yield open_ns(date) + time, *values


def _spliced(kind: str, symbol: str, mine: World, theirs: World, at_ns: int) -> list[Row]:
    """Put what happens later in another market, at other prices, behind what has happened."""
    at_ns -= MINUTE if kind == "bars" else 0
    kept = [row for row in mine.given(kind, symbol) if row[0] <= at_ns]
    later = [row for row in theirs.given(kind, symbol) if row[0] > at_ns]
    return [*kept, *((time, *(1.5 * each for each in values)) for time, *values in later)]


def _frame(kind: str, rows: list[Row]) -> pd.DataFrame:
    times, *values = zip(*rows, strict=True)
    index = pd.DatetimeIndex(times, tz="UTC", name="timestamp")
    return pd.DataFrame(dict(zip(FIELDS[kind], values, strict=True)), index=index)


def _moments(date: str) -> st.SearchStrategy[int]:
    """Draw instants: crowded where things go wrong, and now and then outside the session."""
    length = (last_minute(date) + 1) * MINUTE
    edges = [0, 1, MINUTE, 5 * MINUTE, 6 * MINUTE, 60 * MINUTE, length - MINUTE, length]
    near = [edge + away for edge in edges for away in (-1, 0, 0, MINUTE // 2)]
    return st.sampled_from(near) | st.integers(0, 9 * MINUTE) | st.integers(0, length)


def _instants(date: str) -> st.SearchStrategy[list[int]]:
    # many share a time
    some = st.lists(st.tuples(_moments(date), st.integers(1, 3)), min_size=1, max_size=5)
    return some.map(lambda each: sorted(time for time, count in each for _ in range(count)))


def _minutes(date: str) -> st.SearchStrategy[list[int]]:
    last = last_minute(date)
    near = st.sampled_from([0, 1, 4, 5, 6, 59, last - 1, last]) | st.integers(0, last)
    return st.lists(near, min_size=1, max_size=6, unique=True).map(sorted)


@st.composite
def worlds(draw: st.DrawFn, at_least: int = 1) -> World:
    """Draw a market of one to three symbols, of which some lack bars, or quotes."""
    symbols = SYMBOLS[: draw(st.integers(at_least, len(SYMBOLS)))]
    some = st.frozensets(st.sampled_from(symbols))
    times = {"bars": _minutes, "ticks": _instants, "quotes": _instants}
    parts: dict[str, Any] = {
        kind: {symbol: {date: draw(each(date)) for date in DAYS} for symbol in symbols}
        for kind, each in times.items()
    }
    kinds = draw(st.sampled_from([("quotes", "ticks"), ("ticks",), ("quotes",)]))
    days = draw(st.integers(0, 1))
    return World(**parts, built=draw(some), unquoted=draw(some), kinds=kinds, days=days)


@st.composite
def twins(draw: st.DrawFn) -> tuple[World, World]:
    """Draw two markets of which the same is asked; in both there is something at each open."""
    world = draw(worlds(at_least=len(SYMBOLS)))
    other = draw(worlds(at_least=len(SYMBOLS)))
    other = evolve(other.at_the_open(), built=world.built, unquoted=world.unquoted)
    return world.at_the_open(), other


def play(
    world: World,
    *strategies: Any,
    start: str = RUN[0],
    end: str = RUN[-1],
    symbols: Sequence[str] = (),
    source: FramesSource | None = None,
    threads: bool = False,
    **options: Any,
) -> Run:
    data = {**world.needs(), **options.pop("data", {})}
    traded = [*(symbols or world.symbols)]
    config = wishes(traded, start, end, data=data, workers={"threads": threads})
    given = source or world.source()
    return SessionCoordinator(config, source=given, strategies=strategies, **options).run()


def records(world: World, *strategies: Any, **options: Any) -> dict[str, bytes]:
    """Play, and give the records of the sessions by date."""
    with tempfile.TemporaryDirectory() as folder:
        play(world, *strategies, out=Path(folder), **options)
        paths = sorted(Path(folder).glob("sessions/*.json"))
        return {path.stem: path.read_bytes() for path in paths}
