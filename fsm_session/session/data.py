"""SessionData: all the state of one session. What is registered is what stands here.

SessionData -> symbol -> SymbolSessionData -> interval -> BarIntervalData, and -> indicators.
Columns are loaded whole, history and day in one piece; everything that is asked by name ends at
the clock. To register is to put a structure here, to deregister is to take it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache

import numpy as np
from attrs import define, field

from fsm_session.errors import StaleSessionError, UnknownNameError
from fsm_session.market.bars import Bars, Floats, Times
from fsm_session.market.calendar import TradingSession
from fsm_session.market.indicators import Indicator
from fsm_session.market.interval import Interval
from fsm_session.market.quality import Quality
from fsm_session.session.clock import TimeManager
from fsm_session.session.metrics import Metrics
from fsm_session.session.signals import RecordedScan, RecordedSignal


@lru_cache(maxsize=256)
def as_interval(interval: str | Interval) -> Interval:
    """Understand ``"5m"`` as well as the interval; asked at every step, so it is remembered."""
    return Interval.parse(interval) if isinstance(interval, str) else interval


@define(eq=False)
class BarIntervalData:
    """The bars of one interval: ``base`` is what they are derived from, None for base bars.

    ``columns`` holds history and the whole day, the part that has not happened yet included: it
    is for the rooms that compute, not for those who look.
    """

    columns: Bars
    base: Interval | None = None
    quality: Quality | None = None
    history_quality: Quality | None = None


@define(eq=False)
class IndicatorData:
    """An indicator and its values, one a bar of its interval's ``columns``, by output name."""

    indicator: Indicator
    values: dict[str, Floats]


@define(eq=False)
class SymbolSessionData:
    """Everything of one symbol in one session. What is asked by name ends at the clock."""

    symbol: str
    base_interval: Interval
    session: TradingSession
    clock: TimeManager = field(repr=False)
    intervals: dict[Interval, BarIntervalData] = field(factory=dict, repr=False)
    indicators: dict[str, IndicatorData] = field(factory=dict, repr=False)
    history_sessions: dict[Interval, int] = field(factory=dict, repr=False)
    #: the starts of all base bars that were read, also where only derived ones keep the history
    base_times: Times = field(factory=lambda: np.empty(0, np.int64), repr=False)
    metrics: Metrics = field(factory=Metrics)

    def bars(self, interval: str | Interval | None = None) -> Bars:
        """Give the bars of history and day that have happened by now (default: the base bars).

        Raises UnknownNameError where the interval is not registered.
        """
        columns = self._at(interval).columns
        return columns[: self._happened(columns)]

    def today(self, interval: str | Interval | None = None) -> Bars:
        """Give the day's bars that have happened by now."""
        columns = self._at(interval).columns
        return columns[self._first_today(columns) : self._happened(columns)]

    def whole_day(self) -> Bars:
        """Give the day's base bars, those to come included: for the rooms that reveal them."""
        columns = self._at(None).columns
        return columns[self._first_today(columns) :]

    def history(self, interval: str | Interval | None = None) -> Bars:
        """Give the bars of the earlier sessions that were asked for as history."""
        columns = self._at(interval).columns
        return columns[: self._first_today(columns)]

    def indicator(self, name: str) -> Floats:
        """Give an indicator's values so far, float64, one a bar of ``bars(its interval)``.

        ``"macd.macdsignal"`` names one of several outputs. NaN where it is not defined yet.
        Raises UnknownNameError.
        """
        data, output = self.find_indicator(name)
        columns = self._at(data.indicator.spec.interval).columns
        return data.values[output][: self._happened(columns)]

    def indicator_today(self, name: str) -> Floats:
        """Give an indicator's values of the day so far, one a bar of ``today(its interval)``."""
        data, output = self.find_indicator(name)
        columns = self._at(data.indicator.spec.interval).columns
        return data.values[output][self._first_today(columns) : self._happened(columns)]

    def quality(self, interval: str | Interval | None = None) -> Quality | None:
        """Give the day's quality as last scored: percent, present, expected, gaps."""
        return self._at(interval).quality

    def history_quality(self, interval: str | Interval | None = None) -> Quality | None:
        """Give the quality of the history, as scored when it was loaded."""
        return self._at(interval).history_quality

    def find_indicator(self, name: str) -> tuple[IndicatorData, str]:
        """Find an indicator and one of its outputs by ``name`` or ``name.output``."""
        key, _, output = name.partition(".")
        data = self.indicators.get(key)
        if data is None:
            known = ", ".join(self.indicators) or "none"
            raise UnknownNameError(f"{self.symbol} has no indicator {key!r}; registered: {known}")
        outputs = data.indicator.outputs
        if not output and len(outputs) == 1:
            return data, outputs[0]
        if output not in outputs:
            choices = ", ".join(f"{key}.{each}" for each in outputs)
            raise UnknownNameError(f"{name!r} is no output of {self.symbol}'s {key}: {choices}")
        return data, output

    def _at(self, interval: str | Interval | None) -> BarIntervalData:
        key = self.base_interval if interval is None else as_interval(interval)
        try:
            return self.intervals[key]
        except KeyError:
            known = ", ".join(map(str, sorted(self.intervals)))
            raise UnknownNameError(
                f"{self.symbol} has no bars of {interval}; registered: {known}"
            ) from None

    def _happened(self, columns: Bars) -> int:
        return int(np.searchsorted(columns.end, self.clock.now_ns, side="right"))

    def _first_today(self, columns: Bars) -> int:
        return int(np.searchsorted(columns.time, self.session.start_ns, side="left"))


class SessionData(Mapping[str, SymbolSessionData]):
    """The symbols of one session by name, always in the order of their names.

    Also what was said in it: ``signals`` and ``scans``, in the order in which they came.
    ``active`` from Active to Deactivate; ``began`` for good once it was,
    ``finished`` once it ran to its close; ``steps`` taken so far.
    """

    def __init__(self, clock: TimeManager) -> None:
        self.clock = clock
        self._session: TradingSession | None = None
        self.active = False
        self.began = False
        self.finished = False
        self.steps = 0
        self.signals: list[RecordedSignal] = []
        self.scans: list[RecordedScan] = []
        self._symbols: dict[str, SymbolSessionData] = {}

    @property
    def session(self) -> TradingSession:
        """The clock's session; once this data is shut, the one that it was then."""
        return self._session or self.clock.session

    def __getitem__(self, symbol: str) -> SymbolSessionData:
        """Give a symbol's data; UnknownNameError, a KeyError, where it is not registered."""
        try:
            return self._symbols[symbol]
        except KeyError:
            known = ", ".join(self._symbols) or "none"
            raise UnknownNameError(f"no symbol {symbol!r}; registered: {known}") from None

    def __iter__(self) -> Iterator[str]:
        """Go through the symbols in the order of their names."""
        return iter(self._symbols)

    def __len__(self) -> int:
        """Count the symbols."""
        return len(self._symbols)

    def __contains__(self, symbol: object) -> bool:
        """Tell whether a symbol is registered."""
        return symbol in self._symbols

    def register(self, data: SymbolSessionData) -> None:
        """Put a symbol's structure in its place."""
        self._refuse_if_shut()
        self._symbols[data.symbol] = data
        # the order in which symbols came or were configured must change nothing
        self._symbols = {name: self._symbols[name] for name in sorted(self._symbols)}

    def remove(self, symbol: str) -> None:
        """Take a symbol out, with everything under it; UnknownNameError where it is not there."""
        self._refuse_if_shut()
        del self._symbols[self[symbol].symbol]

    def record_signal(self, signal: RecordedSignal) -> None:
        """Keep a signal. Raises StaleSessionError once the session's data is shut."""
        self._refuse_if_shut()
        self.signals.append(signal)

    def record_scan(self, scan: RecordedScan) -> None:
        """Keep a scan. Raises StaleSessionError once the session's data is shut."""
        self._refuse_if_shut()
        self.scans.append(scan)

    def begin(self) -> None:
        """Mark the session active."""
        self.active = self.began = True

    def end(self) -> None:
        """Mark the session inactive."""
        self.active = False

    def shut(self) -> None:
        """Refuse whatever a worker left over from this session may still write."""
        self.active = False
        self._session = self.session

    def _refuse_if_shut(self) -> None:
        if self._session is not None:
            raise StaleSessionError(f"the session of {self.session.label} is over and shut")
