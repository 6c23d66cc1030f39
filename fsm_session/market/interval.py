"""How long a bar is: ``1s`` to ``1d``, written as traders write it.

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
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY}
_SPELLINGS = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
}
_PANDAS = {"s": "s", "m": "min", "h": "h", "d": "D"}
_WRITE = "write a whole number and s, m, h or d: 1s, 5m, 1h, 1d"


def _check_seconds(_: object, __: Attribute[Any], seconds: object) -> None:
    if type(seconds) is not int or seconds <= 0:
        raise IntervalError(f"an interval is a whole number of seconds above 0, not {seconds!r}")
    if seconds > DAY:
        raise IntervalError(f"{seconds} seconds: an interval is at most a day (1d)")


@frozen(order=True)
class Interval:
    """The length of a bar, in seconds; ordered by length, 86 400 seconds being a session (1d).

    Raises IntervalError for a length that is not a whole number of 1 to 86 400 seconds.
    """

    seconds: int = field(validator=_check_seconds)

    @classmethod
    def parse(cls, text: str) -> Interval:
        """Read ``1s 5m 1h 1d`` and the like (``1min``, ``5Min``, ``1H``, ``60m`` = ``1h``).

        Raises IntervalError, saying what would be right. ``1M`` could be a month: refused.
        """
        match = re.fullmatch(r"([0-9]{1,9})([A-Za-z]+)", str(text))
        if match is None:
            raise IntervalError(f"{text!r} is not an interval: {_WRITE}")
        number, spelling = int(match[1]), match[2]
        if spelling == "M":
            raise IntervalError(f"{text!r} could mean months: write {number}m for minutes")
        unit = _SPELLINGS.get(spelling.lower())
        if unit is None:
            raise IntervalError(f"{text!r}: no unit {spelling!r}; {_WRITE}")
        return cls._of(number, unit, text)

    @classmethod
    def _of(cls, number: int, unit: str, text: str) -> Interval:
        if number == 0:
            raise IntervalError(f"{text!r}: an interval is longer than nothing; {_WRITE}")
        if unit == "d" and number > 1:
            raise IntervalError(f"{text!r}: of days only 1d is known")
        # 24 hours on the clock are not a session: the day must be asked for by name
        if unit != "d" and number * _UNITS[unit] >= DAY:
            raise IntervalError(f"{text!r} is a day or more: write 1d for one bar a session")
        return cls(number * _UNITS[unit])

    @property
    def _number_and_unit(self) -> tuple[int, str]:
        unit = next(u for u in "dhms" if self.seconds % _UNITS[u] == 0)
        return self.seconds // _UNITS[unit], unit

    @property
    def label(self) -> str:
        """The shortest spelling: ``5m``, ``1h``, ``90m``, ``1d``. Parsing it gives it back."""
        number, unit = self._number_and_unit
        return f"{number}{unit}"

    def __str__(self) -> str:
        """Write the label."""
        return self.label

    @property
    def ns(self) -> int:
        """The length in nanoseconds."""
        return self.seconds * 1_000_000_000

    @property
    def is_daily(self) -> bool:
        """Whether it is one bar a session."""
        return self.seconds == DAY

    @property
    def pandas(self) -> str:
        """The frequency as pandas 2.2 and later take it: ``5min``, ``1h``, ``1D``."""
        number, unit = self._number_and_unit
        return f"{number}{_PANDAS[unit]}"

    def derives_from(self, base: Interval) -> bool:
        """Tell whether its bars can be made from those of ``base``. None is made from itself.

        A day is made from anything within it; what is within a day from what divides it.
        """
        if self.is_daily or base.is_daily:
            return self.is_daily and not base.is_daily
        return self != base and self.seconds % base.seconds == 0


def choose_base(present: Iterable[Interval], wanted: Iterable[Interval]) -> Interval | None:
    """Choose the largest of ``present`` that is, or gives, each of ``wanted``; None if none."""
    asked = tuple(wanted)
    fitting = (
        base for base in present if all(want == base or want.derives_from(base) for want in asked)
    )
    return max(fitting, default=None)


def needed_base(wanted: Iterable[Interval]) -> Interval:
    """Give the largest interval that is, or gives, each of ``wanted``.

    Raises IntervalError where nothing is wanted.
    """
    asked = tuple(wanted)
    if not asked:
        raise IntervalError("no interval is asked for")
    within = [want.seconds for want in asked if not want.is_daily]
    return Interval(math.gcd(*within)) if within else Interval(DAY)
