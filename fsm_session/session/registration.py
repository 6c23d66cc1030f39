"""How a symbol comes to stand in SessionData: one way for all of them.

Stage by stage: structure, columns, indicators, queue, quality. Load takes every configured
symbol through one stage after the other; a symbol that comes later takes all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from attrs import evolve

from fsm_session.market.bars import Bars, Times, take, with_ends
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import DAY_NS
from fsm_session.market.quality import Quality, combine, score
from fsm_session.market.resample import resample
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import (
    BarIntervalData,
    IndicatorData,
    SessionData,
    SymbolSessionData,
)
from fsm_session.session.metrics import measure
from fsm_session.session.queues import SessionQueues
from fsm_session.session.requirements import SymbolPlan
from fsm_session.sources.source import Source


class Registrar:
    """Makes a symbol's structure from its plan and fills it from the source."""

    def __init__(self, source: Source, clock: TimeManager) -> None:
        self._source = source
        self._clock = clock

    @property
    def _calendar(self) -> MarketCalendar:
        return self._clock.calendar

    def register_symbol(self, plan: SymbolPlan, data: SessionData) -> None:
        """Make a symbol's structure, still without a bar."""
        symbol = SymbolSessionData(plan.symbol, plan.base, self._clock.session, self._clock)
        for interval in (plan.base, *plan.derived):
            base = None if interval == plan.base else plan.base
            symbol.intervals[interval] = BarIntervalData(Bars.empty(interval), base)
        data.register(symbol)

    def load(self, plan: SymbolPlan, data: SessionData) -> None:
        """Read history and day in one go, and derive the coarser bars."""
        symbol = data[plan.symbol]
        first = self._history(plan.trailing_days)[0]
        base = self._read(plan, first, symbol.session)
        symbol.base_times = base.time
        for interval, held in symbol.intervals.items():
            columns = base if held.base is None else resample(base, interval, self._calendar)
            days = plan.history_days[interval]
            start_ns = self._history(days)[0].start_ns
            held.columns = columns[int(np.searchsorted(columns.time, start_ns)) :]
            symbol.history_sessions[interval] = self._sessions_with_bars(held.columns, days)

    def register_indicators(self, plan: SymbolPlan, data: SessionData) -> None:
        """Compute each indicator over history and day."""
        symbol = data[plan.symbol]
        for indicator in plan.indicators:
            columns = symbol.intervals[indicator.spec.interval].columns
            symbol.indicators[indicator.spec.name] = IndicatorData(
                indicator, indicator.compute(columns)
            )

    def fill_queue(self, plan: SymbolPlan, data: SessionData, queues: SessionQueues) -> None:
        """Queue the day's base bars."""
        columns = data[plan.symbol].intervals[plan.base].columns
        queues.put(plan.symbol, columns[_place(columns, self._clock.session) :])

    def score_history(self, plan: SymbolPlan, data: SessionData) -> None:
        """Score the sessions of history together, each interval with its base's quality."""
        symbol = data[plan.symbol]
        time = symbol.base_times
        qualities: dict[int, Quality] = {}
        for interval, held in symbol.intervals.items():
            days = plan.history_days[interval]
            if days not in qualities:
                sessions = self._history(days)[:-1]
                qualities[days] = combine(
                    score(_within(time, session), session, plan.base) for session in sessions
                )
            held.history_quality = qualities[days]

    def score_day(self, data: SessionData) -> None:
        """Score the day so far: base bars against the calendar; derived ones carry that."""
        for symbol in data.values():
            quality = score(
                symbol.today().time, symbol.session, symbol.base_interval, self._clock.now_ns
            )
            for held in symbol.intervals.values():
                held.quality = quality

    def record_metrics(self, data: SessionData) -> None:
        """Measure each symbol's day so far."""
        for symbol in data.values():
            symbol.metrics = measure(symbol.today())

    def register(self, plan: SymbolPlan, data: SessionData, queues: SessionQueues) -> None:
        """Take one symbol through all stages; it is there whole or, after an error, not at all."""
        stages: tuple[Callable[[SymbolPlan, SessionData], None], ...] = (
            self.register_symbol,
            self.load,
            self.register_indicators,
            self.score_history,
        )
        try:
            for stage in stages:
                stage(plan, data)
            self.fill_queue(plan, data, queues)
        except BaseException:
            if plan.symbol in data:
                data.remove(plan.symbol)
            raise

    def _history(self, days: int) -> tuple[TradingSession, ...]:
        """Give today's session and the ``days`` before it, oldest first."""
        today = self._clock.session
        return (*self._calendar.before(today.date, days), today)

    def _read(self, plan: SymbolPlan, first: TradingSession, last: TradingSession) -> Bars:
        """Read the base bars of the sessions' windows; what lies between windows is dropped."""
        if plan.base.is_daily:
            return self._read_daily(plan, first, last)
        bars = self._source.bars(plan.symbol, plan.base, first.start_ns, last.end_ns)
        within = self._calendar.locate(bars.time) >= 0
        return with_ends(bars if within.all() else take(bars, within), self._calendar)

    def _read_daily(self, plan: SymbolPlan, first: TradingSession, last: TradingSession) -> Bars:
        """Read daily bars and label each by its session's open, as derived ones are."""
        # one may be stamped with midnight, which is before its session's open
        bars = self._source.bars(plan.symbol, plan.base, first.start_ns - DAY_NS, last.end_ns)
        bars = take(bars, self._calendar.locate_days(bars.time) >= 0)
        places = self._calendar.locate_days(bars.time)
        labelled = evolve(with_ends(bars, self._calendar), time=self._calendar.opens_ns[places])
        return labelled[int(np.searchsorted(labelled.time, first.start_ns)) :]

    def _sessions_with_bars(self, columns: Bars, days: int) -> int:
        history = self._history(days)[:-1]
        starts = [_place(columns, each) for each in (*history, self._clock.session)]
        return int(np.count_nonzero(np.diff(starts)))


def _place(columns: Bars, session: TradingSession) -> int:
    return int(np.searchsorted(columns.time, session.start_ns))


def _within(time: Times, session: TradingSession) -> Times:
    start, end = np.searchsorted(time, (session.start_ns, session.end_ns))
    return time[start:end]
