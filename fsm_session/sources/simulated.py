"""A made-up market, for a demonstration and for tests: the same for everybody, every time.

The bars of a symbol in a session are a pure function of (seed, symbol, session). Nothing is
walked on from the day before, so any day can be asked for first; only integers and elementary
arithmetic are used, so that no version of a library changes a price.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection

import numpy as np
from attrs import define, field

from fsm_session.errors import CalendarError, ConfigError, Fault
from fsm_session.market.bars import Bars, Floats, Times
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.quality import expected_starts
from fsm_session.sources.held import joined, not_held, window

# what is asked for, and on both sides of it what will be asked for soon
_MARGIN = dt.timedelta(days=400)
_DAY = dt.timedelta(days=1)


def _interval(given: Interval | str) -> Interval:
    return Interval.parse(given) if isinstance(given, str) else given


@define(eq=False)
class SimulatedSource:
    """Regular-hours bars of a made-up market, one interval, any symbol unless some are named.

    ``missing_percent`` of the bars are left out, by chance; the others are the same as without.
    Prices are positive, in cents; volumes whole, high at the open and the close. Half-days are
    short. Raises ConfigError for a parameter that is none; its answers raise CalendarError.
    """

    calendar: str = "XNYS"
    interval: Interval = field(default=Interval(60), converter=_interval)
    seed: int = 0
    missing_percent: float = 0.0
    symbols: Collection[str] | None = None
    _loaded: MarketCalendar | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Refuse parameters that are none, all at once."""
        faults = tuple(self._faults())
        if faults:
            raise ConfigError(faults)

    @property
    def name(self) -> str:
        """What to call it in a message."""
        return f"the simulated market (seed {self.seed})"

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give its one interval; () for a symbol that is not among those named."""
        return (self.interval,) if self.symbols is None or symbol in self.symbols else ()

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns)."""
        return self.bars(symbol, interval, start_ns, end_ns).time

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Make the bars that start in [start_ns, end_ns)."""
        if interval not in self.intervals(symbol):
            raise not_held(self.name, symbol, interval, self.intervals(symbol))
        sessions = self._sessions(start_ns, end_ns)
        made = [self._day(symbol, session) for session in sessions]
        whole = joined([Bars.empty(interval), *made])
        return whole[window(whole.time, start_ns, end_ns)]

    def digest(self) -> str:
        """Give the SHA-256 of the parameters, which say everything."""
        named = None if self.symbols is None else sorted(self.symbols)
        said = ["simulated 1", self.calendar, self.interval.label, self.seed]
        text = json.dumps([*said, float(self.missing_percent), named])
        return hashlib.sha256(text.encode()).hexdigest()

    def _faults(self) -> list[Fault]:
        faults = []
        if type(self.seed) is not int:
            faults.append(Fault(f"expected a whole number, not {self.seed!r}", key="seed"))
        percent = self.missing_percent
        if type(percent) not in (int, float) or not 0 <= percent <= 100:
            faults.append(Fault(f"expected 0 to 100, not {percent!r}", key="missing_percent"))
        named = self.symbols
        if isinstance(named, str) or not all(isinstance(symbol, str) for symbol in named or ()):
            faults.append(Fault(f"expected a list of texts, not {named!r}", key="symbols"))
        return faults

    def _sessions(self, start_ns: int, end_ns: int) -> tuple[TradingSession, ...]:
        """Give the sessions that have regular hours in [start_ns, end_ns)."""
        if end_ns <= start_ns:
            return ()
        # a session's date and the UTC date of its bars are at most a day apart
        first, last = _date(start_ns) - _DAY, _date(end_ns - 1) + _DAY
        near = self._calendar(first, last).between(first, last)
        return tuple(s for s in near if s.open_ns < end_ns and s.close_ns > start_ns)

    def _calendar(self, first: dt.date, last: dt.date) -> MarketCalendar:
        loaded = self._loaded
        if loaded is None or first < loaded.first or last > loaded.last:
            try:
                loaded = MarketCalendar.load(self.calendar, first - _MARGIN, last + _MARGIN)
            except CalendarError:
                # the calendar may begin or end within the margin
                loaded = MarketCalendar.load(self.calendar, first, last)
            self._loaded = loaded
        return loaded

    def _day(self, symbol: str, session: TradingSession) -> Bars:
        """Make the bars of one session."""
        time = expected_starts(session, self.interval)
        said = json.dumps([self.seed, symbol, session.label, self.interval.label])
        dice = _Dice(said)
        prices = _prices(_level(self.seed, symbol, session), len(time), self.interval, dice)
        volume = _volumes(time, session, dice)
        there = dice.uniform(len(time)) * 100 >= self.missing_percent
        return Bars.base(self.interval, time[there], *(p[there] for p in (*prices, volume)))


class _Dice:
    """Chance out of a text: PCG64's raw bits, which numpy promises never to change."""

    def __init__(self, text: str) -> None:
        number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        self._bits = np.random.PCG64(number)

    def uniform(self, count: int) -> Floats:
        """Draw from [0, 1)."""
        raw = np.asarray(self._bits.random_raw(count), np.uint64)
        return (raw >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def bell(self, count: int) -> Floats:
        """Draw around 0 with a deviation of 1: the sum of three uniform ones, within +-3."""
        return 2 * (self.uniform(count) + self.uniform(count) + self.uniform(count)) - 3


def _level(seed: int, symbol: str, session: TradingSession) -> float:
    """Give the price around which a symbol opens: its own height, with weeks up and down.

    Each of the waves rises and falls evenly over its own number of days.
    """
    height, *phases = _Dice(json.dumps([seed, symbol])).uniform(4)
    day = session.date.toordinal()
    moved = 0.0
    for phase, days, size in zip(phases, (17, 71, 331), (0.03, 0.08, 0.15), strict=True):
        moved += size * (abs((day / days + phase) % 1 * 4 - 2) - 1)
    gap = float(_Dice(json.dumps([seed, symbol, session.label, "gap"])).bell(1)[0])
    return float((20 + 480 * height * height) * (1 + moved) * (1 + 0.006 * gap))


def _prices(
    level: float, count: int, interval: Interval, dice: _Dice
) -> tuple[Floats, Floats, Floats, Floats]:
    """Walk from the level: open, high, low and close in cents, each open near the last close."""
    # 0.05 % a minute; variance grows with time
    size = 0.0005 * (interval.seconds / 60) ** 0.5
    # held within a factor of two, so that no walk ends at nothing
    walk = np.clip(np.cumsum(size * dice.bell(count)), -0.5, 1.0)
    close = _cents(level * (1 + walk))
    before = np.r_[_cents(np.array([level])), close[:-1]][:count]
    open_ = _cents(before * (1 + 0.1 * size * dice.bell(count)))
    top, bottom = np.maximum(open_, close), np.minimum(open_, close)
    high = _cents(top * (1 + 0.5 * size * dice.uniform(count)))
    low = _cents(bottom * (1 - 0.5 * min(size, 0.1) * dice.uniform(count)))
    return open_, np.maximum(high, top), np.minimum(low, bottom), close


def _volumes(time: Times, session: TradingSession, dice: _Dice) -> Floats:
    """Trade most at the open and the close: a parabola over the session, with noise."""
    place = (time - session.open_ns) / (session.close_ns - session.open_ns)
    shape = 1 + 4 * (2 * place - 1) ** 2
    return np.floor(100 + 2000 * shape * (0.5 + dice.uniform(len(time))))


def _cents(prices: Floats) -> Floats:
    return np.maximum(np.round(prices, 2), 0.01)


def _date(time_ns: int) -> dt.date:
    return dt.datetime.fromtimestamp(time_ns // 1_000_000_000, dt.UTC).date()
