"""On which sessions a source has what a symbol's plan asks for.

Asked once, at Validate, of every symbol: so it looks at times alone, and looks the few edges of
sessions up among the many times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import Times
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.events import EventKind
from fsm_session.market.interval import DAY_NS
from fsm_session.session.plan import SymbolPlan
from fsm_session.sources.source import EventSource, Source

_QUARTER_NS = 900 * 10**9


class Presence:
    """What a source holds, by symbol and session of a calendar."""

    def __init__(self, source: Source, calendar: MarketCalendar) -> None:
        self._source = source
        self._calendar = calendar
        self._events = source if isinstance(source, EventSource) else None
        # the times that were looked at last, what they were to cover, and what they lack
        self._last: tuple[Times | None, object, tuple[TradingSession, ...]] = (None, None, ())

    def events(self, symbol: str) -> tuple[EventKind, ...]:
        """Give the kinds of events that are recorded of a symbol."""
        return self._events.events(symbol) if self._events else ()

    def lacking(
        self, plan: SymbolPlan, sessions: Sequence[TradingSession]
    ) -> Mapping[str, tuple[TradingSession, ...]]:
        """Find the sessions for which there is nothing, by what they lack: bars, quotes, ticks.

        Bars are needed of the history too. Raises DataError for bars on days that are closed.
        """
        if not sessions:
            return {}
        first = plan.reach.first(sessions[0], self._calendar)
        needed = self._calendar.between(first.date, sessions[-1].date)
        found = {"bars": self._without_bars(plan, needed)}
        for kind in plan.recorded:
            times = self._times_of(kind, plan.symbol, sessions[0].start_ns, sessions[-1].end_ns)
            found[kind] = _empty(sessions, self._count(times, sessions))
        return {what: lacking for what, lacking in found.items() if lacking}

    def _without_bars(
        self, plan: SymbolPlan, needed: Sequence[TradingSession]
    ) -> tuple[TradingSession, ...]:
        # a daily bar may be stamped with a midnight before its session, or behind it
        margin_ns = DAY_NS if plan.base.is_daily else 0
        bounds = (needed[0].start_ns - margin_ns, needed[-1].end_ns + margin_ns)
        if plan.from_ticks:
            times = self._times_of("ticks", plan.symbol, *bounds)
        else:
            times = self._source.times(plan.symbol, plan.base, *bounds)
        # symbols of a busy market trade in the same minutes: the same array is the same answer
        asked = (plan.base, needed)
        if times is self._last[0] and asked == self._last[1]:
            return self._last[2]
        daily = plan.base.is_daily
        counts = self._count_daily(times, needed) if daily else self._count(times, needed)
        if counts.sum() < len(times):
            locate = self._calendar.locate_days if daily else self._calendar.locate
            outside = times[locate(times) < 0]
            if closed := tuple(self._on_closed_days(plan, outside, needed)):
                raise DataError(closed)
        lacking = _empty(needed, counts)
        self._last = (times, asked, lacking)
        return lacking

    def _times_of(self, kind: EventKind, symbol: str, start_ns: int, end_ns: int) -> Times:
        assert self._events is not None, "who plans for events has asked whether there are any"
        times: Times = getattr(self._events, kind)(symbol, start_ns, end_ns).time
        return times

    def _count(self, times: Times, sessions: Sequence[TradingSession]) -> Times:
        """Count what happens in each of the sessions, one after the other."""
        place = int(np.searchsorted(self._calendar.starts_ns, sessions[0].start_ns))
        part = slice(place, place + len(sessions))
        edges = (self._calendar.starts_ns[part], self._calendar.ends_ns[part])
        starts, ends = (np.searchsorted(times, each) for each in edges)
        counts: Times = ends - starts
        return counts

    def _count_daily(self, times: Times, sessions: Sequence[TradingSession]) -> Times:
        place = int(np.searchsorted(self._calendar.starts_ns, sessions[0].start_ns))
        places = self._calendar.locate_days(times) - place
        return np.bincount(places[places >= 0], minlength=len(sessions))[: len(sessions)]

    def _on_closed_days(
        self, plan: SymbolPlan, times: Times, needed: Sequence[TradingSession]
    ) -> Iterator[Fault]:
        """Find bars on days between the first and the last that have no session at all."""
        # by quarters of an hour, in which every zone's midnight is: ticks outside hours are many
        quarters, counts = np.unique(times // _QUARTER_NS, return_counts=True)
        stamps = pd.DatetimeIndex((quarters * _QUARTER_NS).view("M8[ns]"), tz="UTC")
        dates = stamps.tz_convert(self._calendar.zone).date
        open_days = {session.date for session in needed}
        for date in sorted(set(dates) - open_days):
            if needed[0].date < date < needed[-1].date:
                count = int(counts[dates == date].sum())
                told = f"{count} {'ticks' if plan.from_ticks else 'bars'} outside every session"
                told += f": {self._calendar.name} is closed all day"
                file = self._source.name.replace("{symbol}", plan.symbol)
                yield Fault(told, symbol=plan.symbol, time=str(date), file=file)


def _empty(sessions: Sequence[TradingSession], counts: Times) -> tuple[TradingSession, ...]:
    return tuple(sessions[place] for place in np.flatnonzero(counts == 0).tolist())
