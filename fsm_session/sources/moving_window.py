"""What was last asked of a symbol of a store of partitions: a window that moves on.

Today's window shares all but a day with yesterday's. So its bars are held joined, and those of a
day more are put behind them; what lies before the window is left behind when they have to be
moved, for want of room.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from fsm_session.market.bars import Bars
from fsm_session.market.interval import Interval
from fsm_session.sources.row_groups import RowGroup
from fsm_session.sources.strip import NOTHING, Columns, SharedStamps, Stamps, Strip

#: reads a symbol's bars of each of some row groups, which are to be behind a time, None: any
Gather = Callable[[Sequence[RowGroup], int | None], Sequence[Columns]]


class MovingWindow:
    """The bars of one symbol in row groups that follow one another."""

    def __init__(self, interval: Interval, shared: SharedStamps) -> None:
        self._interval, self._shared = interval, shared
        self._strip = Strip(Stamps(interval, NOTHING.time), [NOTHING])
        self._groups: list[RowGroup] = []
        # the first row of each, and the one behind the last
        self._edges = [0]

    def __len__(self) -> int:
        """Count the bars."""
        return self._edges[-1] - self._edges[0]

    def is_before(self, time_ns: int) -> bool:
        """Tell whether all of it lies before a time."""
        return all(group.is_before(time_ns) for group in self._groups[-1:])

    def leads_to(self, groups: Sequence[RowGroup]) -> bool:
        """Tell whether row groups begin in it, and go on as it does."""
        if not self._groups or groups[0] not in self._groups:
            return not self._groups
        there = self._groups[self._groups.index(groups[0]) :]
        return all(one is other for one, other in zip(there, groups, strict=False))

    def move(self, groups: Sequence[RowGroup], gather: Gather) -> None:
        """Gather those of the row groups, to which it leads, that are not there yet."""
        place = self._groups.index(groups[0]) if self._groups else 0
        if new := groups[len(self._groups) - place :]:
            held = self._strip.columns(self._edges[place]).time
            parts = gather(new, int(held[-1]) if len(held) else None)
            del self._groups[:place], self._edges[:place]
            if not self._strip.put(parts):
                self._make_room(parts)
            self._groups += new
            self._edges += [*accumulate(map(len, parts), initial=self._edges[-1])][1:]

    def bars(self, groups: Sequence[RowGroup], start_ns: int, end_ns: int) -> Bars:
        """Give the bars of row groups that are there which start in [start_ns, end_ns)."""
        place = self._groups.index(groups[0])
        first, last = self._edges[place], self._edges[place + len(groups)]
        return self._strip.window(start_ns, end_ns, first, last)

    def _make_room(self, parts: Sequence[Columns]) -> None:
        """Move the bars, and put others behind them; once they are moved on, with room for more."""
        first = self._edges[0]
        held = self._strip.columns(first)
        parts, room = [held, *parts], len(held) // 2
        times = np.concatenate([part.time for part in parts])
        stamps = self._shared.of(times, self._interval, room)
        self._strip = Strip(stamps, parts, room)
        self._edges = [edge - first for edge in self._edges]
