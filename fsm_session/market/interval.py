"""How long a bar is: ``1s`` to ``1d``, a week or a month, written as traders write it.

One place parses the many spellings, says which interval can be made from which, and knows what
pandas calls each; everywhere else an interval is a value to be compared.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import Any

from attrs import Attribute, field, frozen

from fsm_session.errors import IntervalError

DAY = 86_400
DAY_NS = DAY * 1_000_000_000
# by name, for want of a true length: the longest that each can be, so that order is by length
WEEK = 7 * DAY
MONTH = 31 * DAY
_UNITS = {"mo": MONTH, "w": WEEK, "d": DAY, "h": 3600, "m": 60, "s": 1}
_SPELLINGS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "mon", "month", "months"), "mo"),
}
_ONLY_ONE = {"d": "days", "w": "weeks", "mo": "months"}
_PANDAS = {"s": "s", "m": "min", "h": "h", "d": "D", "w": "W", "mo": "MS"}
_WRITE = "write a whole number and s, m, h or d: 1s, 5m, 1h, 1d; or 1w, 1mo"


def _check_seconds(_: object, __: Attribute[Any], seconds: object) -> None:
    if type(seconds) is not int or seconds <= 0:
        raise IntervalError(f"an interval is a whole number of seconds above 0, not {seconds!r}")
    if seconds > DAY and seconds not in (WEEK, MONTH):
        told = "an interval is at most a day (1d), or a week (1w) or a month (1mo)"
        raise IntervalError(f"{seconds} seconds: {told}")


@frozen(order=True)
class Interval:
    """The length of a bar, in seconds; ordered by length, 86 400 seconds being a session (1d).

    A week (1w) counts as 7 days and a calendar month (1mo) as 31, however many sessions each has.
    Raises IntervalError for a length that is neither a whole number of 1 to 86 400 seconds nor
    one of these two.
    """

    seconds: int = field(validator=_check_seconds)

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read ``1s 5m 1h 1d 1w 1mo`` and the like (``1min``, ``5Min``, ``1H``, ``60m`` = ``1h``).

        Raises IntervalError, saying what would be right. ``1M`` could be a month: refused.
        """
        match = re.fullmatch(r"([0-9]{1,9})([A-Za-z]+)", str(text))
        if match is None:
            raise IntervalError(f"{text!r} is not an interval: {_WRITE}")
        number, spelling = int(match[1]), match[2]
        if spelling == "M":
            would = f"{number}m for minutes, 1mo for a month"
            raise IntervalError(f"{text!r} could mean months: write {would}")
        unit = _SPELLINGS.get(spelling.lower())
        if unit is None:
            raise IntervalError(f"{text!r}: no unit {spelling!r}; {_WRITE}")
        return cls._of(number, unit, text)

    @classmethod
    def _of(cls, number: int, unit: str, text: str) -> Interval:
        if number == 0:
            raise IntervalError(f"{text!r}: an interval is longer than nothing; {_WRITE}")
        if unit in _ONLY_ONE and number > 1:
            raise IntervalError(f"{text!r}: of {_ONLY_ONE[unit]} only 1{unit} is known")
        # 24 hours on the clock are not a session: the day must be asked for by name
        if unit not in _ONLY_ONE and number * _UNITS[unit] >= DAY:
            raise IntervalError(f"{text!r} is a day or more: write 1d for one bar a session")
        return cls(number * _UNITS[unit])

    def __hash__(self) -> int:
        """Hash the length: intervals are keys everywhere, looked up for every symbol."""
        return self.seconds

    @property
    def _number_and_unit(self) -> tuple[int, str]:
        unit = next(u for u, seconds in _UNITS.items() if self.seconds % seconds == 0)
        return self.seconds // _UNITS[unit], unit

    @property
    def label(self) -> str:
        """The shortest spelling: ``5m``, ``1h``, ``90m``, ``1d``, ``1w``; it reads back."""
        number, unit = self._number_and_unit
        return f"{number}{unit}"

    def __str__(self) -> str:
        """Write the label."""
        return self.label

    @property
    def ns(self) -> int:
        """The length in nanoseconds; of a day, a week or a month a name more than a length."""
        return self.seconds * 1_000_000_000

    @property
    def is_daily(self) -> bool:
        """Whether it is one bar a session."""
        return self.seconds == DAY

    @property
    def within_a_day(self) -> bool:
        """Whether it is less than a day: a session has many of its bars."""
        return self.seconds < DAY

    @property
    def spans_sessions(self) -> bool:
        """Whether one of its bars is made of several sessions: a week or a month."""
        return self.seconds > DAY

    @property
    def pandas(self) -> str:
        """The frequency as pandas 2.2 and later take it: ``5min``, ``1h``, ``1D``, ``W``, ``MS``.

        ``W`` ends weeks on Sundays and ``MS`` begins months on their first day, as they are here.
        """
        number, unit = self._number_and_unit
        return _PANDAS[unit] if self.spans_sessions else f"{number}{_PANDAS[unit]}"

    def derives_from(self, base: Interval) -> bool:
        """Tell whether its bars can be made from those of ``base``. None is made from itself.

        What is within a day is made from what divides it, a day from anything within it, weeks
        and months from days or, through days, from anything within one; nothing from weeks or
        months, which don't fit into one another.
        """
        if self.within_a_day:
            return self != base and self.seconds % base.seconds == 0
        return base < self and not base.spans_sessions


def choose_base(present: Iterable[Interval], wanted: Iterable[Interval]) -> Interval | None:
    """Choose the largest of ``present`` that is, or gives, each of ``wanted``; None if none.

    Weeks and months are always made, never a base: those present are passed over.
    """
    asked = tuple(wanted)
    fitting = (
        base
        for base in present
        if not base.spans_sessions
        and all(want == base or want.derives_from(base) for want in asked)
    )
    return max(fitting, default=None)


def needed_base(wanted: Iterable[Interval]) -> Interval:
    """Give the largest interval, a day at most, that is, or gives, each of ``wanted``.

    Raises IntervalError where nothing is wanted.
    """
    asked = tuple(wanted)
    if not asked:
        raise IntervalError("no interval is asked for")
    within = [want.seconds for want in asked if want.within_a_day]
    return Interval(math.gcd(*within)) if within else Interval(DAY)
