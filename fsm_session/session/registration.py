"""How a symbol comes to stand in SessionData: one way for all of them.

Stage by stage: structure, columns, indicators, quality, and the queue of those that are
streamed. Load takes every configured symbol through one stage after the other; a symbol that
comes later, or is only watched, takes all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from attrs import evolve

from fsm_session.market.bars import Bars, Times, take, with_ends
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.historical import compute_historical
from fsm_session.market.interval import DAY, DAY_NS, Interval
from fsm_session.market.quality import Quality, combine, score
from fsm_session.market.resample import resample
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData, SymbolTable
from fsm_session.session.metrics import measure
from fsm_session.session.queues import SessionQueues
from fsm_session.session.requirements import SymbolPlan
from fsm_session.session.symbol_data import BarIntervalData, IndicatorData, SymbolSessionData
from fsm_session.sources.source import Source


class Registrar:
    """Makes a symbol's structure from its plan and fills it from the source."""

    def __init__(self, source: Source, clock: TimeManager) -> None:
        self._source = source
        self._clock = clock

    @property
    def _calendar(self) -> MarketCalendar:
        return self._clock.calendar

    def register_symbol(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Make a symbol's structure, still without a bar."""
        clock, nothing = self._clock, _nothing(plan.base)
        symbol = SymbolSessionData(
            plan.symbol, plan.base, clock.session, clock, clock.now_ns, nothing
        )
        for interval in (plan.base, *plan.derived):
            base = None if interval == plan.base else plan.base
            symbol.intervals[interval] = BarIntervalData(_nothing(interval), base)
        table.register(symbol)

    def load(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Read history and day in one go, and derive the longer bars."""
        symbol = table[plan.symbol]
        first = plan.reach.first(symbol.session, self._calendar)
        symbol.read = self._read(plan, first, symbol.session)
        made = self._derived(plan, symbol.read)
        for interval, held in symbol.intervals.items():
            columns, history = made[interval], self._history(plan, interval)
            kept_from = (*history, symbol.session)[0]
            kept_from = self._calendar.first_of_period(kept_from, interval)
            held.columns = columns[int(np.searchsorted(columns.time, kept_from.start_ns)) :]
            symbol.history_sessions[interval] = _sessions_with_bars(symbol.read, history)

    def _derived(self, plan: SymbolPlan, read: Bars) -> dict[Interval, Bars]:
        """Derive the longer bars: weeks and months from days, where those are asked for too."""
        made = {plan.base: read}
        for interval in plan.derived:
            shorter = made.get(Interval(DAY), read) if interval.spans_sessions else read
            made[interval] = resample(shorter, interval, self._calendar, plan.incomplete)
        return made

    def register_indicators(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Compute each indicator over history and day."""
        symbol = table[plan.symbol]
        for indicator in plan.indicators:
            columns = symbol.intervals[indicator.spec.interval].columns
            symbol.indicators[indicator.spec.name] = IndicatorData(
                indicator, indicator.compute(columns)
            )

    def register_historical(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Compute what depends on earlier sessions only."""
        symbol = table[plan.symbol]
        for spec in plan.historical:
            symbol.historical[spec.name] = compute_historical(
                spec, symbol.read, symbol.session, self._calendar
            )

    def fill_queue(self, plan: SymbolPlan, data: SessionData, queues: SessionQueues) -> None:
        """Queue the day's base bars."""
        queues.put(plan.symbol, data[plan.symbol].whole_day())

    def score_history(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Score the sessions of history together, each interval with its base's quality."""
        symbol = table[plan.symbol]
        qualities: dict[int, Quality] = {}
        for interval, held in symbol.intervals.items():
            sessions = self._history(plan, interval)
            if len(sessions) not in qualities:
                qualities[len(sessions)] = combine(
                    score(_within(symbol.read.time, session), session, plan.base)
                    for session in sessions
                )
            held.history_quality = qualities[len(sessions)]

    def record_metrics(self, table: SymbolTable) -> None:
        """Measure each symbol's day so far."""
        for symbol in table.values():
            symbol.metrics = measure(symbol.today())

    def register(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Take one symbol through all stages; it is there whole or, after an error, not at all."""
        stages: tuple[Callable[[SymbolPlan, SymbolTable], None], ...] = (
            self.register_symbol,
            self.load,
            self.register_indicators,
            self.register_historical,
            self.score_history,
        )
        try:
            for stage in stages:
                stage(plan, table)
        except BaseException:
            if plan.symbol in table:
                table.remove(plan.symbol)
            raise

    def _history(self, plan: SymbolPlan, interval: Interval) -> tuple[TradingSession, ...]:
        """Give the earlier sessions of which bars of an interval are kept, oldest first."""
        today = self._clock.session
        days = plan.reach.days(interval, today, self._calendar)
        return self._calendar.before(today.date, days)

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


@lru_cache(maxsize=64)
def _nothing(interval: Interval) -> Bars:
    """Give bars of no length: nobody can write to them, so all may share them."""
    return Bars.empty(interval)


def _sessions_with_bars(bars: Bars, sessions: Sequence[TradingSession]) -> int:
    """Count the sessions, one after the other, in which there is a bar."""
    edges = [each.start_ns for each in sessions] + [each.end_ns for each in sessions[-1:]]
    return int(np.count_nonzero(np.diff(np.searchsorted(bars.time, edges))))


def _within(time: Times, session: TradingSession) -> Times:
    start, end = np.searchsorted(time, (session.start_ns, session.end_ns))
    return time[start:end]
