"""When a market trades: its sessions, with opens, closes, half-days and breaks.

exchange_calendars knows the rules; asked per instant it is slow, and its errors are its own. So
the range a run needs is read once into frozen sessions and int64 columns.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from fsm_session.errors import CalendarError
from fsm_session.market.interval import DAY, MONTH, Interval

Hours = Literal["regular", "all"]
_Times = npt.NDArray[np.int64]
_Days = npt.NDArray[np.datetime64]


@frozen(cache_hash=True)
class TradingSession:
    """One session, named by its date in the exchange's zone. Instants: int64 nanoseconds UTC.

    Bars that start in [start_ns, end_ns) belong to it: [open, close) unless wider hours are
    asked for. ``break_*`` is the lunch break, None where there is none.
    """

    date: dt.date
    open_ns: int
    close_ns: int
    early_close: bool
    zone: str
    break_start_ns: int | None = None
    break_end_ns: int | None = None
    start_ns: int = field()
    end_ns: int = field()

    @start_ns.default
    def _start_at_open(self) -> int:
        return self.open_ns

    @end_ns.default
    def _end_at_close(self) -> int:
        return self.close_ns

    @property
    def open(self) -> pd.Timestamp:
        """The open, in the exchange's zone."""
        return pd.Timestamp(self.open_ns, unit="ns", tz="UTC").tz_convert(self.zone)

    @property
    def close(self) -> pd.Timestamp:
        """The close, in the exchange's zone."""
        return pd.Timestamp(self.close_ns, unit="ns", tz="UTC").tz_convert(self.zone)

    @property
    def label(self) -> str:
        """The date as ``2024-07-03``."""
        return self.date.isoformat()


@frozen(eq=False)
class Periods:
    """The day, week or month that each session lies in: columns (n,) parallel to the sessions.

    ``first`` and ``last`` are int64 indices of its first and last known session, ``ends_ns`` is
    the instant (int64 nanoseconds UTC) at which it has ended: the end of its last session's
    window, or the local midnight behind its last date where sessions up to there may be unknown.
    ``whole``, bool, tells whether all of its sessions are known.
    """

    first: _Times
    last: _Times
    ends_ns: _Times
    whole: npt.NDArray[np.bool_]


@frozen(eq=False)
class MarketCalendar:
    """The sessions of a market from ``first`` to ``last``, in order; pure once loaded.

    A question about a date outside that range is a CalendarError, never a guess.
    """

    name: str
    zone: str
    hours: Hours
    sessions: tuple[TradingSession, ...]
    first: dt.date = field()
    last: dt.date = field()
    opens_ns: _Times = field(init=False)
    closes_ns: _Times = field(init=False)
    starts_ns: _Times = field(init=False)
    ends_ns: _Times = field(init=False)
    _dates: tuple[dt.date, ...] = field(init=False)
    _periods: dict[Interval, Periods] = field(factory=dict, init=False, repr=False)

    @first.default
    def _first_session(self) -> dt.date:
        return self.sessions[0].date

    @last.default
    def _last_session(self) -> dt.date:
        return self.sessions[-1].date

    def __attrs_post_init__(self) -> None:
        """Lay out the columns once: each is parallel to ``sessions``, and read-only."""
        put = object.__setattr__
        for name in ("open", "close", "start", "end"):
            column = np.array([getattr(s, f"{name}_ns") for s in self.sessions], np.int64)
            column.flags.writeable = False
            put(self, f"{name}s_ns", column)
        put(self, "_dates", tuple(session.date for session in self.sessions))

    @classmethod
    def load(
        cls,
        name: str,
        first: dt.date,
        last: dt.date,
        hours: Hours = "regular",
        before: int = 0,
    ) -> MarketCalendar:
        """Load every session in [first, last], ``before`` ahead of them and some behind.

        The weeks and months in which they begin and end are loaded whole, where they are known.
        ``name`` is any of exchange_calendars, an alias too. ``hours="all"`` widens each
        session's window to its local day, as far as the neighbouring sessions leave it free.
        Raises CalendarError: no such calendar, dates reversed or unknown to it.
        """
        from fsm_session.market.calendar_load import load_sessions

        return load_sessions(name, plain(first), plain(last), hours, before)

    def session(self, date: dt.date) -> TradingSession:
        """Give the session of a date; CalendarError, naming the neighbours, where there is none."""
        place = bisect_left(self._dates, self._known(date))
        if self._dates[place : place + 1] != (plain(date),):
            near = " and ".join(map(str, self._dates[max(place - 1, 0) : place + 1]))
            raise CalendarError(f"{self.name} has no session on {date}; the nearest: {near}")
        return self.sessions[place]

    def is_session(self, date: dt.date) -> bool:
        """Tell whether there is a session on a date."""
        place = bisect_left(self._dates, self._known(date))
        return self._dates[place : place + 1] == (plain(date),)

    def first_session(self, date: dt.date) -> TradingSession:
        """Give the session on the date or the next after it; CalendarError where none is known."""
        place = bisect_left(self._dates, self._known(date))
        if place == len(self.sessions):
            raise CalendarError(f"{self.name} is not known to have a session from {date} on")
        return self.sessions[place]

    def next_session(self, date: dt.date) -> TradingSession | None:
        """Give the first session after the date, None where none is known."""
        place = bisect_right(self._dates, self._known(min(plain(date), self.last)))
        return self.sessions[place] if place < len(self.sessions) else None

    def between(self, first: dt.date, last: dt.date) -> tuple[TradingSession, ...]:
        """Give the sessions on the two dates and between them, in order."""
        start = bisect_left(self._dates, self._known(first))
        return self.sessions[start : bisect_right(self._dates, self._known(last))]

    def before(self, date: dt.date, count: int) -> tuple[TradingSession, ...]:
        """Give the ``count`` sessions before the date, oldest first.

        Raises CalendarError where fewer are known.
        """
        place = bisect_left(self._dates, self._known(date))
        if not 0 <= count <= place:
            raise CalendarError(
                f"{self.name} has {place} known sessions before {date}, not {count}"
            )
        return self.sessions[place - count : place]

    def first_of_period(self, session: TradingSession, interval: Interval) -> TradingSession:
        """Give the first session of the week (from Monday) or the month that holds ``session``.

        For an interval of a day or less that is the session itself. Raises CalendarError where
        the week or month begins before what is loaded: there might be earlier sessions in it,
        and a bar made without them would pass for the whole. That can't happen to the sessions
        that ``load`` was asked for, unless exchange_calendars itself knows none before them.
        """
        if not interval.spans_sessions:
            return session
        begins, _ = period_bounds(np.array(session.date, "M8[D]"), interval)
        return self.first_session(begins.tolist())

    def periods(self, interval: Interval) -> Periods:
        """Give the day (of an interval within one too), the week or the month of each session."""
        interval = max(interval, Interval(DAY))
        if interval not in self._periods:
            self._periods[interval] = _lay_out(self, np.array(self._dates, "M8[D]"), interval)
        return self._periods[interval]

    def locate(self, times: _Times) -> _Times:
        """Find the session in whose window each time lies.

        ``times``: (n,) int64 nanoseconds UTC, in any order. Returns (n,) int64 indices into
        ``sessions``, -1 where none.
        """
        where = np.searchsorted(self.starts_ns, times, side="right") - 1
        # before the first window it is -1 already, and stays so whatever it is compared with
        where[times >= self.ends_ns[where]] = -1
        return where

    def locate_days(self, times: _Times) -> _Times:
        """Find the session of each daily bar, as ``locate`` does.

        A daily bar is stamped with midnight of its session's date, in UTC or in the exchange's
        zone, or with an instant in its window, by whom one asks.
        """
        where = self.locate(times)
        for midnights in self._midnights_ns:
            place = np.searchsorted(midnights, times)
            place[place == len(midnights)] = 0
            where = np.where(midnights[place] == times, place, where)
        return where

    @cached_property
    def _midnights_ns(self) -> tuple[_Times, ...]:
        """The first instant of each session's date, in the exchange's zone and in UTC."""
        days = pd.DatetimeIndex(np.array(self._dates, "M8[D]"))
        return tuple(midnight_ns(days, zone) for zone in (self.zone, "UTC"))

    def _known(self, date: dt.date) -> dt.date:
        day = plain(date)
        if not self.first <= day <= self.last:
            known = f"{self.name} is loaded from {self.first} to {self.last}"
            raise CalendarError(f"{known}: {day} is outside")
        return day


def plain(date: Any) -> dt.date:
    """Take a date, or a timestamp that is nothing but one; CalendarError otherwise."""
    if isinstance(date, dt.datetime):
        if date.tzinfo is not None or date.time() != dt.time():
            raise CalendarError(f"a session is named by a date, and {date} is an instant")
        return date.date()
    if not isinstance(date, dt.date):
        raise CalendarError(f"a session is named by a date, not by {date!r}")
    return date


def midnight_ns(dates: pd.DatetimeIndex, zone: str) -> _Times:
    """Give the first instant of each date in a zone, int64 nanoseconds UTC."""
    # where clocks change at midnight: the first of two midnights, or what follows a missing one
    local = dates.tz_localize(
        zone, ambiguous=np.ones(len(dates), bool), nonexistent="shift_forward"
    )
    instants: _Times = local.as_unit("ns").asi8
    return instants


def period_bounds(days: _Days, interval: Interval) -> tuple[_Days, _Days]:
    """Give the first date of the day, ISO week or month of each date, and the one behind its last.

    ``days`` and both answers are datetime64[D], (n,).
    """
    if interval.seconds == MONTH:
        months = days.astype("M8[M]")
        return months.astype("M8[D]"), (months + np.timedelta64(1, "M")).astype("M8[D]")
    length = interval.seconds // DAY
    # numpy counts days from a Thursday
    begins = days - ((days.astype(np.int64) + 3) % length).astype("m8[D]")
    return begins, begins + np.timedelta64(length, "D")


def _lay_out(calendar: MarketCalendar, days: _Days, interval: Interval) -> Periods:
    begins, stops = period_bounds(days, interval)
    first, last = np.searchsorted(days, begins), np.searchsorted(days, stops) - 1
    ends_ns = calendar.ends_ns[last]
    unknown = stops > np.datetime64(calendar.last, "D") + np.timedelta64(1, "D")
    if unknown.any():
        # the last session that is known may not be the last: nothing has ended until its dates have
        ends_ns[unknown] = midnight_ns(pd.DatetimeIndex(stops[unknown]), calendar.zone)
    whole = ~unknown & (begins >= np.datetime64(calendar.first, "D"))
    for column in (first, last, ends_ns, whole):
        column.flags.writeable = False
    return Periods(first, last, ends_ns, whole)
