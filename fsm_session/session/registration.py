"""How a symbol comes to stand in SessionData: one way for all of them.

Stage by stage: structure, columns, indicators, quality, and the queue of those that are
streamed. Load takes every configured symbol through one stage after the other; a symbol that
comes later, or is only watched, takes all of them at once.
"""

from __future__ import annotations

from collections.abc import Callable

from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.events import EventKind, Quotes, Ticks, quotes_from_bars
from fsm_session.market.historical import compute_historical
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData, SymbolTable
from fsm_session.session.market_columns import MarketColumns, nothing
from fsm_session.session.plan import SymbolPlan
from fsm_session.session.queues import SessionQueues
from fsm_session.session.symbol_data import (
    BarIntervalData,
    EventData,
    IndicatorData,
    SymbolSessionData,
)
from fsm_session.sources.source import EventSource, Source


class Registrar:
    """Makes a symbol's structure from its plan and fills it from the source."""

    def __init__(self, source: Source, clock: TimeManager) -> None:
        self._source = source
        self._clock = clock
        self._columns = MarketColumns(source, clock.calendar)

    @property
    def _calendar(self) -> MarketCalendar:
        return self._clock.calendar

    def register_symbol(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Make a symbol's structure, still without a bar."""
        clock, no_bars = self._clock, nothing(plan.base)
        timeline = self._columns.timeline(plan, clock.session, table.timelines)
        symbol = SymbolSessionData(
            plan.symbol, plan.base, clock.session, clock, clock.now_ns, no_bars, timeline
        )
        for interval in plan.intervals:
            base = None if interval == plan.base else plan.base
            symbol.intervals[interval] = BarIntervalData(nothing(interval), base)
        table.register(symbol)

    def load(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Read history and day in one go, and derive the longer bars."""
        symbol = table[plan.symbol]
        loaded = self._columns.load(plan, symbol.session, table.timelines)
        symbol.timeline, symbol.read, columns = loaded
        for interval, held in symbol.intervals.items():
            held.columns = columns[interval]

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

    def load_events(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Read the day's ticks and quotes; quotes that are not recorded are made from bars."""
        symbol = table[plan.symbol]
        for kind in plan.events:
            if kind in plan.recorded:
                symbol.events[kind] = EventData(self._events(plan.symbol, kind, symbol.session))
            else:
                made = quotes_from_bars(symbol.whole_day())
                symbol.events[kind] = EventData(made, plan.base)

    def fill_queue(self, plan: SymbolPlan, data: SessionData, queues: SessionQueues) -> None:
        """Queue what happens to the symbol in the day: its base bars, ticks and quotes."""
        symbol = data[plan.symbol]
        events = [each.columns.time for each in symbol.events.values()]
        queues.put(plan.symbol, symbol.whole_day().end, *events)

    def score_history(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Score the sessions of history together, each interval with its base's quality."""
        table[plan.symbol].timeline.score_history()

    def register(self, plan: SymbolPlan, table: SymbolTable) -> None:
        """Take one symbol through all stages; it is there whole or, after an error, not at all."""
        stages: tuple[Callable[[SymbolPlan, SymbolTable], None], ...] = (
            self.register_symbol,
            self.load,
            self.load_events,
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

    def _events(self, symbol: str, kind: EventKind, session: TradingSession) -> Ticks | Quotes:
        assert isinstance(self._source, EventSource), "asked when it was planned"
        read = self._source.ticks if kind == "ticks" else self._source.quotes
        return read(symbol, session.start_ns, session.end_ns)
