"""One symbol in one session: its bars by interval, its indicators, its quality.

SymbolSessionData -> interval -> BarIntervalData, and -> indicators. Columns are loaded whole,
history and day in one piece; everything that is asked by name ends at the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from attrs import define, field

from fsm_session.errors import UnknownNameError
from fsm_session.market.bars import Bars, Floats
from fsm_session.market.calendar import TradingSession
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.historical import Historical
from fsm_session.market.indicators import Indicator
from fsm_session.market.interval import Interval
from fsm_session.market.quality import DayScore, Quality
from fsm_session.session.clock import TimeManager
from fsm_session.session.event import Quote, Tick
from fsm_session.session.metrics import Metrics, measure
from fsm_session.session.timeline import Timeline


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


@define(eq=False)
class IndicatorData:
    """An indicator and its values, one a bar of its interval's ``columns``, by output name."""

    indicator: Indicator
    values: dict[str, Floats]


@define(eq=False)
class EventData:
    """The day's ticks or quotes, those to come included; ``base``: the bars they are made from.

    ``base`` is None where they are recorded.
    """

    columns: Ticks | Quotes
    base: Interval | None = None
    #: the instant that was asked for last, and the count then: it is asked several times a step
    _now_ns: int = field(default=-1, init=False, repr=False)
    _count: int = field(default=0, init=False, repr=False)

    def happened(self, now_ns: int) -> int:
        """Count the events at or before an instant, int64 nanoseconds UTC."""
        if now_ns != self._now_ns:
            self._count = int(self.columns.time.searchsorted(now_ns, side="right"))
            self._now_ns = now_ns
        return self._count


@define(eq=False)
class SymbolSessionData:
    """Everything of one symbol in one session. What is asked by name ends at the clock.

    ``since_ns``: when it came, the session's start for what is configured. ``read``: all base
    bars that were read, also where only longer ones keep the history.
    """

    symbol: str
    base_interval: Interval
    session: TradingSession
    clock: TimeManager = field(repr=False)
    since_ns: int
    read: Bars = field(repr=False)
    timeline: Timeline = field(repr=False)
    intervals: dict[Interval, BarIntervalData] = field(factory=dict, repr=False)
    indicators: dict[str, IndicatorData] = field(factory=dict, repr=False)
    historical: dict[str, Historical] = field(factory=dict, repr=False)
    events: dict[EventKind, EventData] = field(factory=dict, repr=False)

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

    def count_today(self) -> int:
        """Count the day's base bars that have happened by now."""
        columns = self._at(None).columns
        return self._happened(columns) - self._first_today(columns)

    def whole_day(self, interval: str | Interval | None = None) -> Bars:
        """Give the day's bars, those to come included: for the rooms that reveal them."""
        columns = self._at(interval).columns
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

    def ticks(self) -> Ticks:
        """Give the day's trades so far. Raises UnknownNameError where none are streamed."""
        ticks: Ticks = self._events_now("ticks")
        return ticks

    def quotes(self) -> Quotes:
        """Give the day's quotes so far. Raises UnknownNameError where none are streamed."""
        quotes: Quotes = self._events_now("quotes")
        return quotes

    def last_tick(self) -> Tick | None:
        """Give the last trade at or before now, of the day; None before the first."""
        tick: Tick | None = self._last("ticks", Tick)
        return tick

    def last_quote(self) -> Quote | None:
        """Give the last quote at or before now, of the day; None before the first."""
        quote: Quote | None = self._last("quotes", Quote)
        return quote

    def find_events(self, kind: EventKind) -> EventData:
        """Find the day's ticks or quotes; UnknownNameError where none are streamed."""
        try:
            return self.events[kind]
        except KeyError:
            raise UnknownNameError(
                f"{self.symbol} has no {kind}: they are not among the streams"
            ) from None

    def trailing(self, name: str) -> float:
        """Give a historical indicator's one number; NaN where no session it covers has a bar.

        Raises UnknownNameError, also for a profile, which is many.
        """
        found = self.find_historical(name)
        if found.is_profile:
            raise UnknownNameError(f"{self.symbol}'s {name!r} is a profile: ask for profile()")
        return float(found.values[0])

    def profile(self, name: str) -> Floats:
        """Give a historical profile, float64 (n_slots,): one value a slot of today, all of them.

        It is made of earlier sessions only. Raises UnknownNameError, also for one number.
        """
        found = self.find_historical(name)
        if not found.is_profile:
            raise UnknownNameError(f"{self.symbol}'s {name!r} is no profile: ask for trailing()")
        return found.values

    def profile_so_far(self, name: str) -> Floats:
        """Give a historical profile up to now: of the slots that have ended, float64 (n,)."""
        values = self.profile(name)
        ended = np.searchsorted(self.historical[name].ends, self.clock.now_ns, side="right")
        return values[: int(ended)]

    def quality(self, interval: str | Interval | None = None) -> Quality:
        """Give the day's quality so far: percent, present, expected, gaps, and the open gap.

        Base bars against the calendar; derived intervals carry their base's.
        """
        self._at(interval)
        return self.day_score.at(self.clock.now_ns)

    @property
    def day_score(self) -> DayScore:
        """The whole day scored, at whatever instant; made when first asked for."""
        return self.timeline.day_score

    def history_quality(self, interval: str | Interval | None = None) -> Quality:
        """Give the quality of the history, as scored when it was loaded."""
        return self.timeline.history_quality(self._at(interval).columns.interval)

    @property
    def history_sessions(self) -> dict[Interval, int]:
        """How many sessions of the history have a bar, by interval."""
        return {each: self.timeline.history_sessions(each) for each in self.intervals}

    @property
    def metrics(self) -> Metrics:
        """Volume, high, low and last price of the day so far."""
        return measure(self.today())

    def find_historical(self, name: str) -> Historical:
        """Find a historical indicator; UnknownNameError where there is none of the name."""
        try:
            return self.historical[name]
        except KeyError:
            known = ", ".join(self.historical) or "none"
            raise UnknownNameError(
                f"{self.symbol} has no historical indicator {name!r}; registered: {known}"
            ) from None

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
        # the method: half the cost of the function, and asked at every step
        return int(columns.end.searchsorted(self.clock.now_ns, side="right"))

    def _events_now(self, kind: EventKind) -> Any:
        data = self.find_events(kind)
        return data.columns[: data.happened(self.clock.now_ns)]

    def _last(self, kind: EventKind, made: Callable[..., Any]) -> Any:
        data = self.find_events(kind)
        columns, last = data.columns, data.happened(self.clock.now_ns) - 1
        if last < 0:
            return None
        fields = [getattr(columns, name).item(last) for name in columns.ARRAYS]
        return made(self.symbol, *fields, self.session.zone)

    def _first_today(self, columns: Bars) -> int:
        return self.timeline.first_today(columns)
