"""What the times of base bars decide by themselves, over any number of sessions.

When a bar has happened, into which longer one it goes, how complete a session is: none of it
depends on a price or on the day one stands at. So it is found out once for all symbols that trade
at the same times, and once for all sessions where a source holds its bars whole.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from attrs import evolve

from fsm_session.market.bars import COLUMNS, Bars, Times, same_times, sealed, with_ends
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import DAY, Interval
from fsm_session.market.quality import Quality, score_sessions
from fsm_session.market.resample import bin_up
from fsm_session.session.plan import SymbolPlan

_Mask = npt.NDArray[np.bool_]


class BarTimes:
    """The times of base bars that a source gave, and what follows from them.

    ``first_rows``, by interval: the row of each session's first bar, (n_sessions + 1,).
    """

    def __init__(self, plan: SymbolPlan, bars: Bars, calendar: MarketCalendar) -> None:
        self._plan, self._calendar = plan, calendar
        self._asked = bars.time
        self._held, where = _located(bars, calendar)
        self.base = _happening(bars, where, calendar)
        where = where if self._held is None else where[self._held]
        self._binnings = tuple(
            bin_up(self.base, each, calendar, plan.incomplete, where) for each in _by_day(plan)
        )
        times = {self.base.interval: self.base.time}
        times |= {each.interval: each.time for each in self._binnings}
        self.first_rows = {interval: self._rows(time) for interval, time in times.items()}

    def fits(self, plan: SymbolPlan, bars: Bars) -> bool:
        """Tell whether it holds for other bars too: of the same times, for the same intervals."""
        mine = self._plan
        same = plan.base == mine.base and plan.derived == mine.derived
        return same and plan.incomplete == mine.incomplete and same_times(bars.time, self._asked)

    def columns(self, bars: Bars) -> dict[Interval, Bars]:
        """Give the base bars that lie in sessions, and those made of them up to a day."""
        values = [getattr(bars, name) for name in COLUMNS]
        if self._held is not None:
            values = [sealed(each[self._held]) for each in values]
        columns = (self.base.time, self.base.end, *values, self.base.count)
        base = Bars(self.base.interval, *columns)
        return {
            base.interval: base,
            **{each.interval: each.gather(base) for each in self._binnings},
        }

    def quality(self, sessions: tuple[TradingSession, ...]) -> Quality:
        """Score some of the sessions together."""
        return score_sessions(self.base.time, sessions, self.base.interval)

    @cached_property
    def bars_in(self) -> Times:
        """How many base bars each session of the calendar has, (n_sessions,)."""
        return sealed(np.diff(self.first_rows[self.base.interval]))

    def _rows(self, time: Times) -> Times:
        # of a bar that is made, the time is its session's start or later, and so is a daily bar's
        first = np.searchsorted(time, self._calendar.starts_ns)
        return sealed(np.append(first, len(time)))


def _by_day(plan: SymbolPlan) -> list[Interval]:
    """Give the intervals to derive up to a day, with the days that weeks and months are made of."""
    days = {Interval(DAY)} if any(each.spans_sessions for each in plan.derived) else set()
    asked = {*plan.derived, *days} - {plan.base}
    return sorted(each for each in asked if not each.spans_sessions)


def _located(bars: Bars, calendar: MarketCalendar) -> tuple[_Mask | None, Times]:
    """Find each bar's session, and which bars lie in one: None where all of them do."""
    if bars.interval.is_daily:
        where = calendar.locate_days(bars.time)
    else:
        edges = (calendar.starts_ns, calendar.ends_ns)
        first, stop = (np.searchsorted(bars.time, each) for each in edges)
        if (stop - first).sum() == len(bars):
            return None, np.repeat(np.arange(len(first)), stop - first)
        where = calendar.locate(bars.time)
    held = where >= 0
    return (None, where) if held.all() else (held, where)


def _happening(bars: Bars, where: Times, calendar: MarketCalendar) -> Bars:
    """Give the bars that lie in sessions with the instants at which they happen, without prices.

    A daily one is called by its session's open, as derived ones are.
    """
    held = where >= 0
    where, time = (where, bars.time) if held.all() else (where[held], bars.time[held])
    nothing = np.broadcast_to(np.float64(np.nan), len(time))
    ones = sealed(np.ones(len(time), np.int64))
    columns = (sealed(time), time, *(nothing for _ in COLUMNS), ones)
    happening = with_ends(Bars(bars.interval, *columns), calendar, where)
    if bars.interval.is_daily:
        return evolve(happening, time=sealed(calendar.opens_ns[where]))
    return happening
