"""How whole the data was: symbols by sessions, each cell as dark as much is missing.

Of more sessions than can be told apart, neighbours share a column, which shows their worst.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from attrs import field, frozen

#: the least quality, in percent, of each level but the last: fine near the top, where most data is
LEVELS = (100.0, 99.0, 98.0, 95.0, 90.0, 75.0, 50.0, 25.0, 0.0)
MOST_CELLS = 20_000
WIDTH, NARROWEST, WIDEST, HEIGHT = 1040, 5, 46, 20  # pixels

#: how much of a date tells columns apart, what of it is shown, and the room it takes, in pixels
TICKS = ((10, slice(5, 10), 40), (7, slice(0, 7), 52), (4, slice(0, 4), 36))


@frozen
class Cell:
    """One symbol on one date, or on the worst of several. ``x`` and ``width`` are in pixels."""

    symbol: str
    date: str
    percent: float
    level: int
    x: float


@frozen
class HeatMap:
    """Rows of symbols, columns of dates. ``together`` sessions share a column."""

    symbols: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ticks: tuple[tuple[float, str], ...]
    width: float
    together: int


@frozen
class Qualities:
    """Gathers the quality of every symbol and session, in percent, as records are read."""

    percent: dict[str, dict[str, float]] = field(factory=dict)

    def look_at(self, date: str, session: Mapping[str, Any]) -> None:
        """Look at a session's record."""
        for name, symbol in session["symbols"].items():
            bars = symbol["bars"][symbol["base_interval"]]
            self.percent.setdefault(name, {})[date] = bars["quality"]


def level_of(percent: float) -> int:
    """Give the level of a quality: 0 where all is there, up to 8."""
    return next(number for number, least in enumerate(LEVELS) if percent >= least)


def heat_map(found: Qualities, dates: list[str]) -> HeatMap:
    """Lay out the cells; ``dates`` are the columns. A symbol that wasn't there has no cell."""
    symbols = tuple(sorted(found.percent))
    together = max(1, -(-len(dates) * len(symbols) // MOST_CELLS))
    columns = [dates[at : at + together] for at in range(0, len(dates), together)]
    width = min(max(WIDTH / max(len(columns), 1), NARROWEST), WIDEST)
    rows = tuple(
        tuple(
            Cell(name, *worst, level_of(worst[1]), round(number * width, 2))
            for number, column in enumerate(columns)
            if (worst := _worst(found.percent[name], column))
        )
        for name in symbols
    )
    return HeatMap(symbols, rows, _ticks(columns, width), round(width, 2), together)


def _worst(percent: Mapping[str, float], dates: list[str]) -> tuple[str, float] | None:
    there = [(percent[date], date) for date in dates if date in percent]
    return (min(there)[1], min(there)[0]) if there else None


def _ticks(columns: list[list[str]], width: float) -> tuple[tuple[float, str], ...]:
    """Name the columns where there is room: each date, or the first of each month, or year."""
    firsts = [column[0] for column in columns]
    for length, shown, room in TICKS:
        named = [date[:length] for date in firsts]
        begun = [n for n, date in enumerate(named) if n == 0 or date != named[n - 1]]
        # the first may have little room: it is left out then
        whole = begun if _apart(begun[:2], width, room) else begun[1:]
        if _apart(whole, width, room):
            return tuple((round(n * width, 2), firsts[n][shown]) for n in whole)
    return ()


def _apart(numbers: list[int], width: float, room: int) -> bool:
    return all((b - a) * width >= room for a, b in pairwise(numbers))
