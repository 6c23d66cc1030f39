"""ManualClock: a clock that is moved by hand, for tests of whatever asks for the time.

It is a TimeManager, so that it stands wherever a run's clock does; nothing moves it but the test.
"""

from __future__ import annotations

import datetime as dt
import math
from zoneinfo import ZoneInfo

import pandas as pd

from fsm_session.errors import ClockError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import Interval
from fsm_session.session.clock import TimeManager

#: to both sides, so that the sessions before and next can be asked for
_MARGIN = dt.timedelta(days=15)
_SECOND_NS = 1_000_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
#: an ordinary day of XNYS, behind a half-day and a holiday
DATE = "2024-07-05"


class ManualClock(TimeManager):
    """The clock of a run, put at a session's start and moved by hand; in it time only grows.

    ::

        clock = ManualClock("2024-07-03")             # a half-day
        clock.advance("5m")                           # or in seconds: advance(300)
        clock.advance_to("12:59")                     # exchange time
        clock.enter_next_session()                    # 2024-07-05, at the open
        budget = Budget(10, clock.monotonic)          # a deadline without waiting for it

    ``date``: a session, or a day before one, as text or a date. ``calendar``: its name, or one
    that is loaded. ``end``: the last date of the run; where not given, that of the next session.
    Raises CalendarError: no such calendar, no session from that date on.
    """

    def __init__(
        self,
        date: str | dt.date = DATE,
        calendar: str | MarketCalendar = "XNYS",
        *,
        end: str | dt.date | None = None,
    ) -> None:
        start = _date(date)
        until = None if end is None else _date(end)
        if isinstance(calendar, str):
            last = max(start, until or start)
            calendar = MarketCalendar.load(calendar, start - _MARGIN, last + _MARGIN)
        first = calendar.first_session(start)
        following = calendar.next_session(first.date) or first
        super().__init__(calendar, start, until or following.date)
        self._gone_ns = 0

    def advance(self, by: str | float) -> None:
        """Go on by an interval (``"5m"``, ``"30s"``) or by seconds.

        Raises ClockError for less than nothing, IntervalError for what is no interval.
        """
        seconds = Interval.parse(by).seconds if isinstance(by, str) else by
        if not 0 <= seconds < math.inf:
            raise ClockError(f"the clock can't go on by {by} seconds")
        self.set_backtest_time(self.now_ns + round(seconds * _SECOND_NS))

    def advance_to(self, time: str | dt.time | pd.Timestamp) -> None:
        """Go on to a time of the session (``"10:30"``, exchange time), or to an instant.

        Where a session begins the evening before its date, a time that lies in it then is meant.
        Raises ClockError where the clock is past it already, and for what is no time.
        """
        if isinstance(time, pd.Timestamp):
            self.set_backtest_time(time)
        else:
            self.set_backtest_time(self._instant_ns(_time(time)))

    def monotonic(self) -> float:
        """Give the seconds the clock has gone on so far: as ``time.monotonic``, never back."""
        return self._gone_ns / _SECOND_NS

    def sleep(self, seconds: float) -> None:
        """Go on by seconds, as ``time.sleep``, without waiting for them."""
        self.advance(seconds)

    def set_backtest_time(self, now: int | pd.Timestamp) -> None:
        """Set the clock as a run does; ClockError where that is earlier than it stands."""
        before_ns = self.now_ns
        super().set_backtest_time(now)
        self._gone_ns += self.now_ns - before_ns

    def enter_next_session(self) -> None:
        """Put the clock at the next session's first instant; ClockError where there is none."""
        before_ns = self.now_ns
        super().enter_next_session()
        self._gone_ns += max(self.now_ns - before_ns, 0)

    def _instant_ns(self, time: dt.time) -> int:
        at_ns, day_before_ns = (
            _utc_ns(self.session.date - dt.timedelta(days), time, self.calendar.zone)
            for days in (0, 1)
        )
        session = self.session
        in_the_evening = at_ns >= session.end_ns and day_before_ns >= session.start_ns
        return day_before_ns if in_the_evening else at_ns


def _date(date: str | dt.date) -> dt.date:
    if not isinstance(date, str):
        return date
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        raise ClockError(f"{date!r} is no date: write 2024-07-05") from None


def _time(time: str | dt.time) -> dt.time:
    try:
        plain = dt.time.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        raise ClockError(f"{time!r} is no time of day: write 10:30 or 10:30:15") from None
    if plain.tzinfo is not None:
        raise ClockError(f"{time} has a zone: a time of the session is the exchange's")
    return plain


def _utc_ns(date: dt.date, time: dt.time, zone: str) -> int:
    local = dt.datetime.combine(date, time, ZoneInfo(zone))
    return (local - _EPOCH) // dt.timedelta(microseconds=1) * 1000
