"""The course of a day's prices as a few episodes, each drawn as a few small numbers.

Drawn bar by bar, a day would never stand still, never halt, and take hundreds of draws to do so.
An episode says what goes on for a while; put together and played they are valid bars.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

#: what a course begins at, in cents: usual, nearly nothing, low, very high
LEVELS_CENTS = (10_000, 7, 150, 61_234_500)
#: by which factor a price jumps between two bars
JUMPS = (2.0, 0.5, 1.2, 0.8, 10.0, 0.1)
VOLUMES = (100, 0, 1, 250, 5_000_000)

_MOST_CENTS = 10**11
_LONGEST = 400


class Row(NamedTuple):
    """One bar to be: minutes without one before it, and how the price gets on from the last.

    ``factor`` is that of a jump before it opens, ``move`` and ``wick`` are in cents: from open to
    close, and from there to high and low.
    """

    skip: int = 0
    move: int = 0
    wick: int = 0
    volume: int = 100
    factor: float = 1.0


Course = list[Row]
#: columns (5, n) of float64: open, high, low, close, volume
Columns = npt.NDArray[np.float64]


def _walk(length: int, seed: int) -> Course:
    """Go up and down, by another pattern for each seed; that of 0 begins by standing still."""
    return [
        Row(0, (at * 17 + seed * 31 + 11) % 23 - 11, at % 3, 100 + (at * 7 + seed) % 13 * 10)
        for at in range(length)
    ]


_lengths = st.integers(1, 12)
_trades = st.builds(
    Row,
    st.sampled_from((0, 0, 0, 1, 2)),
    st.integers(-99, 99),
    st.sampled_from((0, 1, 25)),
    st.sampled_from(VOLUMES),
    st.just(1.0),
)
_EPISODES: tuple[st.SearchStrategy[Course], ...] = (
    st.lists(_trades, min_size=1, max_size=8),
    # prices that stand still, with volume and without
    _lengths.map(lambda length: [Row()] * length),
    _lengths.map(lambda length: [Row(volume=0)] * length),
    # a halt, and a jump
    st.integers(1, 120).map(lambda minutes: [Row(skip=minutes)]),
    st.sampled_from(JUMPS).map(lambda factor: [Row(factor=factor)]),
    # long enough for what needs warming up
    st.builds(_walk, st.integers(1, _LONGEST), st.integers(0, 9)),
)


# made for every day that is drawn
@lru_cache
def courses(min_bars: int, max_bars: int) -> st.SearchStrategy[Course]:
    """Draw from ``min_bars`` to ``max_bars`` bars to be; the fewer, the simpler."""
    if not max_bars:
        return st.just([])
    drawn = st.lists(st.one_of(_EPISODES), max_size=5).map(lambda some: [*chain(*some)])
    return drawn.map(lambda rows: [*rows, *_walk(max(min_bars - len(rows), 0), 0)][:max_bars])


def places(course: Course, slots: int, begins: int) -> npt.NDArray[np.int64]:
    """Find the slots of the day, (n,) ascending, of ``slots``: as late as there is room for."""
    wanted = begins + np.cumsum([row.skip + 1 for row in course], dtype=np.int64) - 1
    return np.minimum(wanted, slots - len(course) + np.arange(len(course)))


def played(course: Course, level_cents: int) -> Columns:
    """Play a course from a level on: valid columns, (5, n)."""
    columns = np.empty((5, len(course)))
    price = level_cents
    for at, row in enumerate(course):
        open_ = _held(round(price * row.factor))
        price = _held(open_ + row.move)
        high, low = max(open_, price) + row.wick, _held(min(open_, price) - row.wick)
        columns[:, at] = open_ / 100, high / 100, low / 100, price / 100, row.volume
    return columns


def _held(cents: int) -> int:
    """Keep a price above nothing, and where a cent can still be told."""
    return min(max(cents, 1), _MOST_CENTS)
