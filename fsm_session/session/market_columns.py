"""A source's bars with what the calendar adds to them, and nothing of any session.

Where a source holds a symbol's bars whole, the longer bars are made of all of them once, and a
session is a slice; of any other source a session's window is read, and made anew.
"""

from __future__ import annotations

from functools import lru_cache
from weakref import WeakKeyDictionary

from fsm_session.market.bars import Bars
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import DAY_NS, Interval
from fsm_session.market.ticks_to_bars import bars_from_ticks
from fsm_session.session.bar_times import BarTimes
from fsm_session.session.plan import SymbolPlan
from fsm_session.session.timeline import Timeline
from fsm_session.sources.source import EventSource, Source, WholeSource

_Columns = tuple[BarTimes, dict[Interval, Bars]]

#: how many of the last times are compared with: symbols share them, or they don't
_LOOK_BACK = 3


class MarketColumns:
    """Reads the bars that plans ask for; what is held whole is made once a plan."""

    def __init__(self, source: Source, calendar: MarketCalendar) -> None:
        self._source = source
        self._calendar = calendar
        self._holder = source if isinstance(source, WholeSource) else None
        self._times: list[BarTimes] = []
        self._whole: WeakKeyDictionary[SymbolPlan, _Columns] = WeakKeyDictionary()

    def load(
        self, plan: SymbolPlan, session: TradingSession, shared: list[Timeline]
    ) -> tuple[Timeline, Bars, dict[Interval, Bars]]:
        """Give a symbol's timeline, all base bars that were read, and by interval those kept.

        ``shared``: the timelines of the session, to be added to.
        """
        times, columns = self._columns(plan, session)
        timeline = self.timeline(plan, session, shared, times)
        return (timeline, *timeline.columns(columns))

    def timeline(
        self,
        plan: SymbolPlan,
        session: TradingSession,
        shared: list[Timeline],
        times: BarTimes | None = None,
    ) -> Timeline:
        """Give a session's timeline of some times, of none if none are given."""
        times = times or self._times_of(plan, nothing(plan.base))
        for each in shared[: -_LOOK_BACK - 1 : -1]:
            if each.times is times and each.reach is plan.reach:
                return each
        shared.append(Timeline(times, plan, session, self._calendar))
        return shared[-1]

    def _columns(self, plan: SymbolPlan, session: TradingSession) -> _Columns:
        made = self._whole.get(plan)
        if made is None and (whole := self._held_whole(plan)) is not None:
            made = self._whole[plan] = self._made_of(plan, whole)
        return made or self._made_of(plan, self._window(plan, session))

    def _held_whole(self, plan: SymbolPlan) -> Bars | None:
        if plan.from_ticks or self._holder is None:
            return None
        return self._holder.whole(plan.symbol, plan.base)

    def _made_of(self, plan: SymbolPlan, bars: Bars) -> _Columns:
        times = self._times_of(plan, bars)
        return times, times.columns(bars)

    def _times_of(self, plan: SymbolPlan, bars: Bars) -> BarTimes:
        for each in reversed(self._times):
            if each.fits(plan, bars):
                return each
        made = BarTimes(plan, bars, self._calendar)
        self._times = [*self._times[1 - _LOOK_BACK :], made]
        return made

    def _window(self, plan: SymbolPlan, session: TradingSession) -> Bars:
        """Read the base bars from the first that is needed to the session's last."""
        start_ns = plan.reach.first(session, self._calendar).start_ns
        # a daily bar may be stamped with midnight, which is before its session's open
        ahead_ns = DAY_NS if plan.base.is_daily else 0
        bounds = (start_ns - ahead_ns, session.end_ns)
        if plan.from_ticks:
            assert isinstance(self._source, EventSource), "asked when it was planned"
            ticks = self._source.ticks(plan.symbol, *bounds)
            return bars_from_ticks(ticks, plan.base, self._calendar)
        return self._source.bars(plan.symbol, plan.base, *bounds)


@lru_cache(maxsize=64)
def nothing(interval: Interval) -> Bars:
    """Give bars of no length: nobody can write to them, so all may share them."""
    return Bars.empty(interval)
