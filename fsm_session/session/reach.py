"""How far back a symbol's history has to reach, and on whose account.

A configuration may ask for history outright; an indicator asks for what warms it up, a trailing
one for what it covers. What is asked for in bars or months is as many sessions as it is before
the session in question, by the calendar alone: a session stays a function of its date.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Protocol

from attrs import frozen

from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.lookback import sessions_for_bars
from fsm_session.market.span import HalfDays, Span


class Wish(Protocol):
    """One reason to reach back; ``name`` says whose it is."""

    @property
    def name(self) -> str:
        """What asks for it."""

    def sessions(self, session: TradingSession, calendar: MarketCalendar, /) -> int:
        """Count the sessions before ``session`` that it asks for."""

    def keeps(self, interval: Interval, /) -> bool:
        """Tell whether it wants bars of an interval kept as history."""


@frozen
class Asked:
    """History that the configuration asks for: of an interval, and of what derives from it."""

    name: str
    interval: Interval
    days: int

    def sessions(self, _session: TradingSession, _calendar: MarketCalendar) -> int:
        """Count them: as many as are asked for."""
        return self.days

    def keeps(self, interval: Interval) -> bool:
        """Keep the interval, and what derives from it."""
        return interval == self.interval or interval.derives_from(self.interval)


@frozen
class WarmUp:
    """The bars that an indicator needs before the open, to be defined there."""

    name: str
    interval: Interval
    bars: int

    def sessions(self, session: TradingSession, calendar: MarketCalendar) -> int:
        """Count the sessions that hold so many bars, when they are complete."""
        return sessions_for_bars(calendar, session, self.interval, self.bars)

    def keeps(self, interval: Interval) -> bool:
        """Keep the interval that it is computed on."""
        return interval == self.interval


@frozen
class Trailing:
    """The sessions that a historical indicator covers: read, computed, and not kept."""

    name: str
    span: Span
    half_days: HalfDays

    def sessions(self, session: TradingSession, calendar: MarketCalendar) -> int:
        """Count the sessions from the first that it covers."""
        covered = self.span.sessions(calendar, session, self.half_days)
        return len(calendar.between(covered[0].date, session.date)) - 1 if covered else 0

    def keeps(self, _interval: Interval) -> bool:
        """Keep nothing."""
        return False


@frozen(cache_hash=True)
class Reach:
    """All reasons to reach back for one symbol, and the ``intervals`` that are kept of it."""

    wishes: tuple[Wish, ...]
    intervals: tuple[Interval, ...]

    def days(self, interval: Interval, session: TradingSession, calendar: MarketCalendar) -> int:
        """Count the sessions before ``session`` of which bars of an interval are kept.

        Raises CalendarError where the calendar does not reach as far back; so does ``first``.
        """
        return _days(self, interval, session, calendar)

    def first(self, session: TradingSession, calendar: MarketCalendar) -> TradingSession:
        """Give the first session that has to be read: whole weeks and months for their bars."""
        return _first(self, session, calendar)

    def furthest(self, session: TradingSession, calendar: MarketCalendar) -> Sequence[str]:
        """Name who reaches back furthest."""
        sessions = {each.name: each.sessions(session, calendar) for each in self.wishes}
        most = max(sessions.values(), default=0)
        return [name for name, count in sessions.items() if count == most]


# every symbol of a session asks the same: a few answers are enough
@lru_cache(maxsize=256)
def _days(
    reach: Reach, interval: Interval, session: TradingSession, calendar: MarketCalendar
) -> int:
    kept = (each.sessions(session, calendar) for each in reach.wishes if each.keeps(interval))
    return max(kept, default=0)


@lru_cache(maxsize=64)
def _first(reach: Reach, session: TradingSession, calendar: MarketCalendar) -> TradingSession:
    most = max((each.sessions(session, calendar) for each in reach.wishes), default=0)
    firsts = [_back(session, most, calendar)]
    for interval in reach.intervals:
        kept = _back(session, reach.days(interval, session, calendar), calendar)
        firsts.append(calendar.first_of_period(kept, interval))
    return min(firsts, key=lambda each: each.date)


def _back(session: TradingSession, days: int, calendar: MarketCalendar) -> TradingSession:
    return (*calendar.before(session.date, days), session)[0]
