"""What the times of a symbol's base bars decide by themselves, whatever its prices.

When a bar has happened, into which longer one it goes, how complete a day is: symbols of a busy
market trade in the same minutes, so it is found out once a session for all that share them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from fsm_session.market.bars import COLUMNS, Bars, Times, sealed, take, with_ends
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import DAY, Interval
from fsm_session.market.quality import DayScore, Quality, score_sessions
from fsm_session.market.resample import Binning, bin_up
from fsm_session.session.plan import SymbolPlan

_Mask = npt.NDArray[np.bool_]


class Timeline:
    """The times of one session's base bars, history included, and what follows from them.

    ``bars`` is what the source gave of a symbol, of any prices.
    """

    def __init__(
        self, plan: SymbolPlan, bars: Bars, session: TradingSession, calendar: MarketCalendar
    ) -> None:
        self._plan, self._session, self._calendar = plan, session, calendar
        self._asked = bars.time
        self._within, self._base = self._located(bars)
        self._binnings = tuple(self._bin_up())
        self._kept: dict[Interval, tuple[slice, Times, Times, Times]] = {}
        self._first_today: dict[Interval, int] = {}
        self._scores: dict[int, Quality] = {}

    def fits(self, plan: SymbolPlan, bars: Bars) -> bool:
        """Tell whether it holds for other bars too: of the same times, for the same wishes."""
        mine = self._plan
        same = plan.reach is mine.reach and plan.base == mine.base
        return same and plan.incomplete == mine.incomplete and _equal(bars.time, self._asked)

    def columns(self, bars: Bars) -> tuple[Bars, dict[Interval, Bars]]:
        """Give all base bars that lie in sessions, and by interval the bars that are kept."""
        values = [getattr(bars, name) for name in COLUMNS]
        if self._within is not None:
            values = [sealed(each[self._within]) for each in values]
        base = self._base
        columns = (base.time, base.end, *values, base.count)
        read = Bars(base.interval, *columns)
        made = {base.interval: read}
        for shorter, binning in self._binnings:
            made[binning.interval] = binning.gather(made[shorter])
        return read, {each: self._cut(made[each]) for each in self._plan.intervals}

    def first_today(self, kept: Bars) -> int:
        """Give the index of the day's first bar among the bars that are kept of an interval."""
        first = self._first_today.get(kept.interval)
        if first is None:
            # by their ends: a week that began on Monday is not over on Friday morning
            first = int(np.searchsorted(kept.end, self._session.start_ns, side="right"))
            self._first_today[kept.interval] = first
        return first

    def history(self, interval: Interval) -> tuple[TradingSession, ...]:
        """Give the earlier sessions of which bars of an interval are kept, oldest first."""
        days = self._plan.reach.days(interval, self._session, self._calendar)
        return self._calendar.before(self._session.date, days)

    def history_sessions(self, interval: Interval) -> int:
        """Count the sessions of the history in which there is a bar."""
        sessions = self.history(interval)
        edges = [each.start_ns for each in sessions] + [each.end_ns for each in sessions[-1:]]
        return int(np.count_nonzero(np.diff(np.searchsorted(self._base.time, edges))))

    def history_quality(self, interval: Interval) -> Quality:
        """Score the sessions of the history together: each interval has its base's quality."""
        sessions = self.history(interval)
        score = self._scores.get(len(sessions))
        if score is None:
            score = score_sessions(self._base.time, sessions, self._plan.base)
            self._scores[len(sessions)] = score
        return score

    @cached_property
    def day_score(self) -> DayScore:
        """The day's quality at any instant, from all of its base bars."""
        base = self._base
        first = int(np.searchsorted(base.end, self._session.start_ns, side="right"))
        return DayScore.of(base.time[first:], self._session, base.interval)

    def _located(self, bars: Bars) -> tuple[_Mask | None, Bars]:
        """Find the bars that lie in sessions, and when they happen; the others are dropped."""
        if self._plan.base.is_daily:
            return self._daily(bars)
        within = self._calendar.locate(bars.time) >= 0
        held = None if within.all() else within
        return held, with_ends(bars if held is None else take(bars, held), self._calendar)

    def _daily(self, bars: Bars) -> tuple[_Mask, Bars]:
        """Label each daily bar by its session's open, as derived ones are."""
        places = self._calendar.locate_days(bars.time)
        first = self._plan.reach.first(self._session, self._calendar)
        held = (places >= 0) & (self._calendar.opens_ns[places] >= first.start_ns)
        days = with_ends(take(bars, held), self._calendar)
        columns = (getattr(days, name) for name in (*COLUMNS, "count"))
        opens = sealed(self._calendar.opens_ns[places[held]])
        return held, Bars(days.interval, opens, days.end, *columns)

    def _bin_up(self) -> Iterator[tuple[Interval, Binning]]:
        """Find out how longer bars are made, and from which: weeks and months from days."""
        made = {self._plan.base: self._base}
        for interval in _with_days(self._plan):
            shorter = made.get(Interval(DAY), self._base) if interval.spans_sessions else self._base
            binning = bin_up(shorter, interval, self._calendar, self._plan.incomplete)
            made[interval] = binning.gather(shorter)
            yield shorter.interval, binning

    def _cut(self, bars: Bars) -> Bars:
        """Cut off what is before the history that is kept; whole weeks and months stay."""
        kept = self._kept.get(bars.interval)
        if kept is None:
            kept = self._kept[bars.interval] = self._kept_of(bars)
        part, time, end, count = kept
        if not part.start:
            return bars
        columns = (time, end, *(getattr(bars, name)[part] for name in COLUMNS), count)
        return Bars(bars.interval, *columns)

    def _kept_of(self, bars: Bars) -> tuple[slice, Times, Times, Times]:
        earliest = (*self.history(bars.interval), self._session)[0]
        first = self._calendar.first_of_period(earliest, bars.interval)
        part = slice(int(np.searchsorted(bars.time, first.start_ns)), None)
        return part, bars.time[part], bars.end[part], bars.count[part]


def timeline_for(
    made: list[Timeline],
    plan: SymbolPlan,
    bars: Bars,
    session: TradingSession,
    calendar: MarketCalendar,
) -> Timeline:
    """Give the timeline of a symbol's bars: one of those made last, or a new one beside them."""
    for each in made[:-3:-1]:
        if each.fits(plan, bars):
            return each
    made.append(Timeline(plan, bars, session, calendar))
    return made[-1]


def _with_days(plan: SymbolPlan) -> Sequence[Interval]:
    """Give the intervals to derive, shortest first, with the days that weeks are made of."""
    days = {Interval(DAY)} if any(each.spans_sessions for each in plan.derived) else set()
    return sorted({*plan.derived, *days} - {plan.base})


def _equal(one: Times, other: Times) -> bool:
    return len(one) == len(other) and bool((one == other).all())
