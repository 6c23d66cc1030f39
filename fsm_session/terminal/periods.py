"""Many sessions in a few rows: by week, month, quarter or year, the shortest that fits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from itertools import groupby

from fsm_session.session_result import SessionResult
from fsm_session.terminal.text import ROWS_SHOWN

Period = tuple[str, list[SessionResult]]


def periods(results: Sequence[SessionResult]) -> list[Period]:
    """Group sessions, which are in the order of their dates, into no more rows than one reads.

    Where even years are more than that, there are as many as there are.
    """
    for key, name in _KINDS:
        found = [(name(group), group) for group in _grouped(results, key)]
        if len(found) <= ROWS_SHOWN:
            break
    return found


def span(numbers: Sequence[float], form: str) -> str:
    """Write the least and the most of some numbers, one where they are written alike."""
    least, most = form.format(min(numbers)), form.format(max(numbers))
    return least if least == most else f"{least}-{most}"


def _grouped(
    results: Sequence[SessionResult], key: Callable[[dt.date], object]
) -> list[list[SessionResult]]:
    pairs = groupby(results, lambda each: key(dt.date.fromisoformat(each.date)))
    return [list(group) for _, group in pairs]


def _days(group: Sequence[SessionResult]) -> str:
    first, last = group[0].date, group[-1].date
    return first if first == last else f"{first} to {last[5:]}"


def _month(group: Sequence[SessionResult]) -> str:
    return group[0].date[:7]


def _quarter(group: Sequence[SessionResult]) -> str:
    return f"{group[0].date[:4]} Q{(int(group[0].date[5:7]) + 2) // 3}"


def _year(group: Sequence[SessionResult]) -> str:
    return group[0].date[:4]


_KINDS: tuple[tuple[Callable[[dt.date], object], Callable[[Sequence[SessionResult]], str]], ...] = (
    (lambda day: day.isocalendar()[:2], _days),
    (lambda day: (day.year, day.month), _month),
    (lambda day: (day.year, (day.month + 2) // 3), _quarter),
    (lambda day: day.year, _year),
)
