"""How far back a trailing indicator looks: ``10d``, ``4w`` or ``3mo`` before a session.

A day is a session, a week and a month are stretches of the calendar: what is traded in them
differs from one to the next, and only the market's calendar knows. So a span is a wish, and
becomes sessions when it is asked before which.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_left
from calendar import monthrange
from functools import lru_cache
from typing import Any, Literal, get_args

from attrs import Attribute, field, frozen

from fsm_session.errors import CalendarError, IntervalError
from fsm_session.market.calendar import MarketCalendar, TradingSession

Unit = Literal["d", "w", "mo"]
HalfDays = Literal["count", "skip"]

_SPELLINGS: dict[str, Unit] = {
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "mon", "mons", "month", "months"), "mo"),
}
_MOST = 9999
_WRITE = "write a whole number and d, w or mo: 10d, 4w, 3mo"


def _check_number(_: object, __: Attribute[Any], number: object) -> None:
    if type(number) is not int or not 1 <= number <= _MOST:
        raise IntervalError(f"a span is a whole number of 1 to {_MOST}, not {number!r}; {_WRITE}")


def _check_unit(_: object, __: Attribute[Any], unit: object) -> None:
    if unit not in get_args(Unit):
        raise IntervalError(f"a span has no unit {unit!r}; {_WRITE}")


@frozen
class Span:
    """The last ``number`` sessions (``d``), weeks (``w``) or months (``mo``) before a session.

    Raises IntervalError for a number that is not whole or not in 1 to 9999, and any other unit.
    """

    number: int = field(validator=_check_number)
    unit: Unit = field(validator=_check_unit)

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read ``10d 4w 3mo`` and the like (``10days``, ``4wk``, ``3months``, in any case).

        Raises IntervalError, saying what would be right. ``3m`` could be minutes: refused.
        """
        match = re.fullmatch(r"([0-9]{1,9})([A-Za-z]+)", str(text))
        if match is None:
            raise IntervalError(f"{text!r} is not a span: {_WRITE}")
        spelling = match[2].lower()
        if spelling == "m":
            raise IntervalError(f"{text!r} could mean minutes: write {match[1]}mo for months")
        if spelling not in _SPELLINGS:
            raise IntervalError(f"{text!r}: no unit {match[2]!r}; {_WRITE}")
        if not 1 <= int(match[1]) <= _MOST:
            raise IntervalError(f"{text!r}: a span is 1 to {_MOST} of its unit; {_WRITE}")
        return cls(int(match[1]), _SPELLINGS[spelling])

    @property
    def label(self) -> str:
        """The shortest spelling: ``10d``, ``4w``, ``3mo``. Parsing it gives it back."""
        return f"{self.number}{self.unit}"

    def __str__(self) -> str:
        """Write the label."""
        return self.label

    def sessions(
        self, calendar: MarketCalendar, session: TradingSession, half_days: HalfDays = "count"
    ) -> tuple[TradingSession, ...]:
        """Give the sessions before ``session`` that it covers, oldest first.

        Days are that many sessions; weeks reach back seven dates each and months to the same
        day of an earlier month, or its last. ``half_days="skip"`` leaves out sessions that close
        early; days then reach further back. Raises CalendarError where ``calendar`` is not
        loaded as far.
        """
        return _covered(self, calendar, session.date, half_days)


# every symbol of a session asks the same
@lru_cache(maxsize=256)
def _covered(
    span: Span, calendar: MarketCalendar, date: dt.date, half_days: HalfDays
) -> tuple[TradingSession, ...]:
    earlier = calendar.between(calendar.first, date)
    earlier = earlier[: bisect_left(earlier, date, key=lambda each: each.date)]
    if half_days == "skip":
        earlier = tuple(each for each in earlier if not each.early_close)
    if span.unit == "d":
        return _last(span, calendar, date, earlier)
    first = _first_date(span, date)
    if first < calendar.first:
        reach = f"{span} before {date} begin on {first}"
        raise CalendarError(f"{reach}, and {calendar.name} is loaded from {calendar.first} on")
    return earlier[bisect_left(earlier, first, key=lambda each: each.date) :]


def _last(
    span: Span, calendar: MarketCalendar, date: dt.date, earlier: tuple[TradingSession, ...]
) -> tuple[TradingSession, ...]:
    if len(earlier) < span.number:
        known = f"{calendar.name}, loaded from {calendar.first} on"
        raise CalendarError(f"{span} before {date}: {known}, has {len(earlier)} such sessions")
    return earlier[-span.number :]


def _first_date(span: Span, date: dt.date) -> dt.date:
    """Give the first date of the weeks or months; no date before the year 1 is known."""
    try:
        if span.unit == "w":
            return date - dt.timedelta(weeks=span.number)
        year, month = divmod(date.year * 12 + date.month - 1 - span.number, 12)
        return dt.date(year, month + 1, min(date.day, monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError):
        return dt.date.min
