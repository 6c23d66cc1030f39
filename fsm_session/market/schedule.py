"""When a market opens and closes, date by date, as exchange_calendars knows it.

The only place that asks exchange_calendars. It takes a tenth of a second to apply a century of
rules, every time; what came of it is kept on disk, as fonts and bytecode are.
"""

from __future__ import annotations

import datetime as dt
import difflib
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import fields, frozen

from fsm_session.errors import CalendarError
from fsm_session.market import kept_facts

Instants = npt.NDArray[np.int64]

#: stands for an instant where there is none
NOT_A_TIME = np.iinfo(np.int64).min


@frozen(eq=False)
class Schedule:
    """The sessions of a market, in order: columns (n,), instants in int64 nanoseconds UTC.

    ``name`` is the calendar's official one, ``days`` counts the days from 1970-01-01 to each
    session's date, ``early`` tells which close early. Breaks are NOT_A_TIME where there is none.
    """

    name: str
    zone: str
    days: Instants
    opens_ns: Instants
    closes_ns: Instants
    break_starts_ns: Instants
    break_ends_ns: Instants
    early: npt.NDArray[np.bool_]

    @property
    def dates(self) -> list[dt.date]:
        """The date of each session."""
        dates: list[dt.date] = self.days.view("M8[D]").tolist()
        return dates


def schedule(name: str, start: dt.date, end: dt.date) -> Schedule:
    """Give the sessions from ``start`` to ``end``; ``name`` may be an alias.

    Raises CalendarError where there is no such calendar, ValueError for dates beyond what it
    knows, and whatever exchange_calendars does.
    """
    label = f"{name}_{start}_{end}"
    kept = kept_facts.read(label, PACKAGES)
    if kept is not None:
        return Schedule(*(_thawed(each) for each in kept))
    found = _of(build(official_name(name), start, end))
    kept_facts.write(label, PACKAGES, [_frozen(getattr(found, f.name)) for f in fields(Schedule)])
    return found


#: those whose change may change a schedule
PACKAGES = ("exchange_calendars", "pandas", "pyluach", "korean_lunar_calendar", "tzdata")


def official_name(name: str) -> str:
    """Give the name that stands behind an alias; CalendarError where there is no such calendar."""
    import exchange_calendars as xc

    names = xc.get_calendar_names(include_aliases=True)
    if name not in names:
        near = difflib.get_close_matches(str(name).upper(), names) or ["XNYS", "XLON", "24/7"]
        raise CalendarError(f"there is no calendar {name!r}; near it: {', '.join(near)}")
    return str(xc.resolve_alias(name))


def known_dates(name: str) -> tuple[dt.date, dt.date]:
    """Give the dates for which holidays are recorded; a century or more around where unbounded."""
    known = build(official_name(name))
    low, high = known.bound_min(), known.bound_max()
    return (
        low.date() if low is not None else dt.date(1800, 1, 1),
        high.date() if high is not None else dt.date(2200, 1, 1),
    )


def build(name: str, start: dt.date | None = None, end: dt.date | None = None) -> Any:
    """Build a calendar between two dates, or between its own; ValueError beyond what it knows."""
    import exchange_calendars as xc

    dates = {key: pd.Timestamp(day) for key, day in (("start", start), ("end", end)) if day}
    with warnings.catch_warnings():
        # exchange_calendars 4.13 calls what pandas 3.1 has deprecated, seen as pandas' own call
        warnings.simplefilter("ignore", DeprecationWarning)
        return xc.get_calendar(name, side="left", **dates)


def _of(source: Any) -> Schedule:
    early = source.sessions.isin(source.early_closes)
    days = source.sessions.to_numpy().astype("M8[D]").view(np.int64)
    return Schedule(
        source.name,
        source.tz.key,
        days,
        opens_ns=np.asarray(source.opens_nanos),
        closes_ns=np.asarray(source.closes_nanos),
        break_starts_ns=np.asarray(source.break_starts_nanos),
        break_ends_ns=np.asarray(source.break_ends_nanos),
        early=np.asarray(early, bool),
    )


def _frozen(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _thawed(value: Any) -> Any:
    return np.array(value) if isinstance(value, list) else value
