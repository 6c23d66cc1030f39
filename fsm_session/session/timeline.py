"""The times of one session's bars, history included: which of them are kept, and how complete.

Shared, within a session, by the symbols that trade at the same times; two of them then share the
very arrays of their times, by which whoever goes through many symbols can tell.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from fsm_session.market.bars import Bars, Times
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import DAY, Interval
from fsm_session.market.quality import DayScore, Quality
from fsm_session.market.resample import Binning, bin_up
from fsm_session.session.bar_times import BarTimes
from fsm_session.session.plan import SymbolPlan

#: rows of a column, and its times there: starts, ends and counts
_Part = tuple[slice, Times, Times, Times]


class Timeline:
    """One session's part of the times of some bars, for those of one plan."""

    def __init__(
        self, times: BarTimes, plan: SymbolPlan, session: TradingSession, calendar: MarketCalendar
    ) -> None:
        self.times, self.reach = times, plan.reach
        self._plan, self._session, self._calendar = plan, session, calendar
        self._read: _Part | None = None
        self._kept: dict[Interval, _Part] = {}
        self._spanning: dict[Interval, Binning] = {}
        self._first_today: dict[Interval, int] = {}
        self._scores: dict[int, Quality] = {}

    def columns(self, whole: dict[Interval, Bars]) -> tuple[Bars, dict[Interval, Bars]]:
        """Give all base bars that were asked for, and by interval the bars that are kept.

        ``whole``: a symbol's columns, of this session and of others around it.
        """
        base = whole[self._plan.base]
        if self._read is None:
            self._read = self._from(base, self.reach.first(self._session, self._calendar))
        made = {
            each: self._span(whole, each) if each.spans_sessions else self._keep(whole[each])
            for each in self._plan.intervals
        }
        return _taken(base, self._read), made

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
        days = self.reach.days(interval, self._session, self._calendar)
        return self._calendar.before(self._session.date, days)

    def history_sessions(self, interval: Interval) -> int:
        """Count the sessions of the history in which there is a bar."""
        place = self._place(self._session)
        days = len(self.history(interval))
        return int(np.count_nonzero(self.times.bars_in[place - days : place]))

    def score_history(self) -> None:
        """Score the history of each interval, if that was not done for another symbol."""
        if not self._scores:
            for interval in self._plan.intervals:
                self.history_quality(interval)

    def history_quality(self, interval: Interval) -> Quality:
        """Score the sessions of the history together: each interval has its base's quality."""
        sessions = self.history(interval)
        score = self._scores.get(len(sessions))
        if score is None:
            score = self._scores[len(sessions)] = self.times.quality(sessions)
        return score

    @cached_property
    def day_score(self) -> DayScore:
        """The day's quality at any instant, from all of its base bars."""
        base = self.times.base
        rows = self.times.first_rows[base.interval]
        place = self._place(self._session)
        today = base.time[int(rows[place]) : int(rows[place + 1])]
        return DayScore.of(today, self._session, base.interval)

    def _kept_from(self, interval: Interval) -> TradingSession:
        """Give the first session of the history that is kept; whole weeks and months stay."""
        earliest = (*self.history(interval), self._session)[0]
        return self._calendar.first_of_period(earliest, interval)

    def _keep(self, bars: Bars) -> Bars:
        """Cut out what is kept of an interval's history, and the day."""
        part = self._kept.get(bars.interval)
        if part is None:
            part = self._from(bars, self._kept_from(bars.interval))
            self._kept[bars.interval] = part
        return _taken(bars, part)

    def _from(self, bars: Bars, first: TradingSession) -> _Part:
        """Find the sessions from the first to this one."""
        rows = self.times.first_rows[bars.interval]
        stop = self._place(self._session) + 1
        return _part(bars, int(rows[self._place(first)]), int(rows[stop]))

    def _span(self, whole: dict[Interval, Bars], interval: Interval) -> Bars:
        """Make weeks or months of the days up to this one: the week to come is not known yet."""
        first = self.reach.first(self._session, self._calendar)
        days = _taken(whole[Interval(DAY)], self._from(whole[Interval(DAY)], first))
        binning = self._spanning.get(interval)
        if binning is None:
            binning = bin_up(days, interval, self._calendar, self._plan.incomplete)
            self._spanning[interval] = binning
        made = binning.gather(days)
        if interval not in self._kept:
            start = int(np.searchsorted(made.time, self._kept_from(interval).start_ns))
            self._kept[interval] = _part(made, start, len(made))
        return _taken(made, self._kept[interval])

    def _place(self, session: TradingSession) -> int:
        return int(np.searchsorted(self._calendar.starts_ns, session.start_ns))


def _part(bars: Bars, start: int, stop: int) -> _Part:
    part = slice(start, stop)
    return part, bars.time[part], bars.end[part], bars.count[part]


def _taken(bars: Bars, part: _Part) -> Bars:
    rows, time, end, count = part
    open, high, low = bars.open[rows], bars.high[rows], bars.low[rows]
    close, volume = bars.close[rows], bars.volume[rows]
    return Bars(bars.interval, time, end, open, high, low, close, volume, count)
