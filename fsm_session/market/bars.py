"""Bars: the columns of one symbol and interval, oldest first, read-only.

A day is loaded as columns and revealed by slices, so a slice must cost next to nothing: nothing
is checked on construction. What comes from outside is checked once, at the edge (sources).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import frozen

from fsm_session.errors import IntervalError, UnknownNameError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import Interval

Times = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PRICES = ("open", "high", "low", "close")
COLUMNS = (*PRICES, "volume")
ARRAYS = ("time", "end", *COLUMNS, "count")


@frozen(eq=False)
class Bars:
    """Columns of equal length (n,), none of them writeable, ascending in ``time``.

    ``time`` is each bar's start and ``end`` the instant at which it happens, that is, may be
    seen: both int64 nanoseconds UTC. ``open high low close volume`` are float64 without NaN.
    ``count`` is how many base bars each is made of, 1 for a base bar.
    """

    interval: Interval
    time: Times
    end: Times
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    count: Times

    @classmethod
    def base(
        cls,
        interval: Interval,
        time: npt.ArrayLike,
        open: npt.ArrayLike,
        high: npt.ArrayLike,
        low: npt.ArrayLike,
        close: npt.ArrayLike,
        volume: npt.ArrayLike,
        session_ends: npt.ArrayLike | None = None,
    ) -> Bars:
        """Copy columns into base bars: ``end`` = time + interval, no later than session_ends.

        ``session_ends``, int64 nanoseconds, is one instant for all or one a bar.
        """
        starts = own(time, np.int64)
        ends = starts + interval.ns
        if session_ends is not None:
            ends = np.minimum(ends, np.asarray(session_ends, np.int64))
        columns = [own(column, np.float64) for column in (open, high, low, close, volume)]
        columns.append(sealed(np.ones_like(starts)))
        return cls(interval, starts, sealed(ends), *columns)

    @classmethod
    def empty(cls, interval: Interval) -> Bars:
        """Make bars of no length."""
        return cls.base(interval, [], [], [], [], [], [])

    def __len__(self) -> int:
        """Count the bars."""
        return len(self.time)

    def __getitem__(self, part: slice) -> Bars:
        """Cut out a part, without copying."""
        if not isinstance(part, slice):
            raise TypeError(f"bars are cut by a slice, not by {part!r}: take bars.close[i]")
        return Bars(
            self.interval,
            self.time[part],
            self.end[part],
            self.open[part],
            self.high[part],
            self.low[part],
            self.close[part],
            self.volume[part],
            self.count[part],
        )

    def column(self, name: str) -> npt.NDArray[Any]:
        """Give a column by its name (``time end open high low close volume count``).

        Raises UnknownNameError for any other.
        """
        if name not in ARRAYS:
            raise UnknownNameError(f"bars have no column {name!r}: there are {', '.join(ARRAYS)}")
        column: npt.NDArray[Any] = getattr(self, name)
        return column

    def frame(self, zone: str = "UTC") -> pd.DataFrame:
        """Copy ``open high low close volume`` into a frame indexed by ``time`` in ``zone``."""
        index = pd.DatetimeIndex(self.time.view("M8[ns]"), name="time", tz="UTC").tz_convert(zone)
        return pd.DataFrame({name: getattr(self, name).copy() for name in COLUMNS}, index=index)

    def same(self, other: Bars) -> bool:
        """Tell whether interval and every column are equal, bit for bit."""
        return self.interval == other.interval and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in ARRAYS
        )


def own(values: npt.ArrayLike, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Copy into a read-only array, so that nobody outside can change it."""
    return sealed(np.array(values, dtype))


def sealed(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Make an array read-only, in place, and give it back."""
    array.flags.writeable = False
    return array


def concat(first: Bars, second: Bars) -> Bars:
    """Put ``second`` behind ``first``; IntervalError where their intervals differ."""
    if first.interval != second.interval:
        raise IntervalError(f"bars of {first.interval} and {second.interval} can't be joined")
    columns = (
        sealed(np.concatenate((getattr(first, name), getattr(second, name)))) for name in ARRAYS
    )
    return Bars(first.interval, *columns)


def take(bars: Bars, kept: npt.NDArray[np.bool_]) -> Bars:
    """Copy the bars for which ``kept``, a bool (n,), is true."""
    return Bars(bars.interval, *(sealed(bars.column(name)[kept]) for name in ARRAYS))


def same_times(one: Times, other: Times) -> bool:
    """Tell whether two columns of times are equal: so often asked that it has to be cheap."""
    return one is other or (len(one) == len(other) and bool((one == other).all()))


def with_ends(bars: Bars, calendar: MarketCalendar, where: Times | None = None) -> Bars:
    """Cut each bar's ``end`` at the end of its session's window: time + interval or earlier.

    A daily bar ends at its session's close, a weekly or monthly one with the window of the last
    session of its week or month; each is known by the date of its session, or of its first
    (midnight, UTC or exchange time), or by any time within that session's window. A bar of no
    session keeps time + interval. ``where``: the session of each bar, if that is known already.
    """
    end = bars.time + bars.interval.ns
    within = bars.interval.within_a_day
    if where is None:
        where = calendar.locate(bars.time) if within else calendar.locate_days(bars.time)
    if within:
        limit = np.minimum(end, calendar.ends_ns[where])
    else:
        # its own 24 hours or 7 days mean nothing: it starts at midnight, or at the open
        daily = bars.interval.is_daily
        limit = (calendar.closes_ns if daily else calendar.periods(bars.interval).ends_ns)[where]
    columns = (getattr(bars, name) for name in (*COLUMNS, "count"))
    return Bars(bars.interval, bars.time, sealed(np.where(where >= 0, limit, end)), *columns)
