"""TimeManager: the one truth about time. Whoever wants to know the time asks here.

The clock of a backtest stands where the last step put it. It knows which session it is in,
since at the close of a market that never shuts the next session's open is the same instant.
This is the only file that reads the wall clock.
"""

from __future__ import annotations

import datetime as dt
import time
from functools import lru_cache
from zoneinfo import ZoneInfo

import pandas as pd

from fsm_session.errors import ClockError
from fsm_session.market.calendar import MarketCalendar, TradingSession

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND_NS = 1_000_000_000


def wall_time_ns() -> int:
    """Read the wall clock, int64 nanoseconds UTC: for records about a run, not its results."""
    return time.time_ns()


def iso_in(zone: str, time_ns: int) -> str:
    """Write an instant as ISO 8601 in a zone, as pandas does, at a tenth of its cost."""
    seconds, nanos = divmod(time_ns, _SECOND_NS)
    date_and_time, offset = _to_the_second(zone, seconds)
    if not nanos:
        return date_and_time + offset
    fraction = f"{nanos:09}" if nanos % 1000 else f"{nanos // 1000:06}"
    return f"{date_and_time}.{fraction}{offset}"


# all that is told within a second, or at one time of the clock, shares it
@lru_cache(maxsize=8)
def _to_the_second(zone: str, seconds: int) -> tuple[str, str]:
    text = (_EPOCH + dt.timedelta(seconds=seconds)).astimezone(ZoneInfo(zone)).isoformat()
    return text[:19], text[19:]


class TimeManager:
    """The simulated clock of a run over the sessions of ``calendar`` from ``start`` to ``end``.

    ``now_ns`` is int64 nanoseconds UTC, ``session`` the session the clock is in. Neither
    ``start`` nor ``end`` need be a trading day.
    """

    def __init__(self, calendar: MarketCalendar, start: dt.date, end: dt.date) -> None:
        self.calendar = calendar
        self.backtest_end_date = end
        self.session: TradingSession = calendar.first_session(start)
        self.now_ns: int = self.session.start_ns

    def get_current_time(self) -> pd.Timestamp:
        """Give the time in the exchange's zone."""
        return pd.Timestamp(self.now_ns, unit="ns", tz="UTC").tz_convert(self.calendar.zone)

    def get_trading_session(self, date: dt.date) -> TradingSession:
        """Give open, close and early close of a date; CalendarError where there is no session."""
        return self.calendar.session(date)

    def get_next_trading_date(self, date: dt.date) -> dt.date | None:
        """Give the first trading date after the date; None where the calendar knows none."""
        session = self.calendar.next_session(date)
        return session.date if session else None

    def get_first_trading_date(self, date: dt.date) -> dt.date:
        """Give the date itself where it is a trading date, else the next one."""
        return self.calendar.first_session(date).date

    def set_backtest_time(self, now: int | pd.Timestamp) -> None:
        """Set the clock: int64 nanoseconds UTC, or a timestamp with a zone.

        Raises ClockError where that is earlier than it stands: within a session time only grows.
        """
        now_ns = now if isinstance(now, int) else _to_ns(now)
        if now_ns < self.now_ns:
            raise ClockError(
                f"the clock stands at {_written(self.now_ns)} and can't go back to"
                f" {_written(now_ns)}"
            )
        self.now_ns = now_ns

    @property
    def sessions(self) -> tuple[TradingSession, ...]:
        """The sessions from the one that the clock is in to the end of the backtest."""
        return self.calendar.between(self.session.date, self.backtest_end_date)

    def begin_at(self, date: dt.date) -> None:
        """Begin the run with the session of a date: those before it are done already."""
        self.session = self.calendar.session(date)
        self.now_ns = self.session.start_ns

    def enter_session(self) -> None:
        """Put the clock at the first instant of its session."""
        self.now_ns = self.session.start_ns

    def enter_next_session(self) -> None:
        """Put the clock at the first instant of the next session.

        Raises ClockError where there is none up to the end of the backtest.
        """
        following = self._following()
        if following is None:
            raise ClockError(f"{self.session.label} is the last session of the run")
        self.session = following
        self.now_ns = following.start_ns

    @property
    def is_last_session(self) -> bool:
        """Whether no session follows up to the end of the backtest."""
        return self._following() is None

    def _following(self) -> TradingSession | None:
        session = self.calendar.next_session(self.session.date)
        return session if session and session.date <= self.backtest_end_date else None


def _to_ns(now: pd.Timestamp) -> int:
    if now.tzinfo is None:
        raise ClockError(f"{now} has no time zone")
    return int(now.tz_convert("UTC").as_unit("ns").value)


def _written(now_ns: int) -> str:
    return pd.Timestamp(now_ns, unit="ns", tz="UTC").isoformat()
