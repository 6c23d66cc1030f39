"""Base bars as sources hold them: their times shared by symbols, and room for what comes behind.

Symbols of a busy market trade in the same minutes, so times, and what follows from them alone,
are held once for all that have the same. And a run's windows move on a day at a time, so a day
is put behind the days that are there, where there is room, and none of those is copied.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
from attrs import frozen

from fsm_session.market.bars import COLUMNS, Bars, Floats, Times, same_times, sealed
from fsm_session.market.interval import Interval

_Number = TypeVar("_Number", np.int64, np.float64)
# busy and thin symbols by turns: each finds its own
_REMEMBERED = 2


@frozen(eq=False)
class Columns:
    """Bars as they were read, arrays of (n,) that nobody writes to; whether sound, others know.

    ``time``: int64 nanoseconds UTC, the starts. ``numbers``: ``open high low close volume``, in
    this order, float64; () where only times were read.
    """

    time: Times
    numbers: Sequence[Floats]

    def __len__(self) -> int:
        """Count the bars."""
        return len(self.time)

    def __getitem__(self, part: slice | npt.NDArray[np.intp]) -> Columns:
        """Take a part: views of a slice, copies of positions."""
        return Columns(self.time[part], [column[part] for column in self.numbers])

    @property
    def nbytes(self) -> int:
        """How much memory they take."""
        return self.time.nbytes + sum(column.nbytes for column in self.numbers)


#: what a symbol without bars has
NOTHING = Columns(sealed(np.empty(0, np.int64)), [sealed(np.empty(0)) for _ in COLUMNS])


class Roll(Generic[_Number]):
    """Columns (k, n) of one type with room behind them. A row that is there never changes."""

    def __init__(self, width: int, dtype: type[_Number], room: int) -> None:
        self._held: npt.NDArray[_Number] = np.empty((width, room), dtype)
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def has_room(self, rows: int) -> bool:
        """Tell whether so many rows more can be put."""
        return self._length + rows <= len(self._held[0])

    def put(self, *parts: Sequence[npt.NDArray[_Number]]) -> None:
        """Copy parts, each k columns, behind the rows that are there; there must be room."""
        start = self._length
        self._length += sum(len(part[0]) for part in parts)
        for row, columns in zip(self._held, zip(*parts, strict=True), strict=True):
            np.concatenate(columns, out=row[start : self._length])

    def cut(self, first: int, last: int) -> npt.NDArray[_Number]:
        """Cut out rows: a view (k, last - first), read-only."""
        return sealed(self._held[:, first:last])


class Stamps:
    """The times of base bars, ascending, and what follows from them: whatever the prices."""

    def __init__(self, interval: Interval, times: Times, room: int = 0) -> None:
        self.interval = interval
        self._roll = Roll(2, np.int64, len(times) + room)
        self.put(0, times)
        # what was asked last, and what was given: one symbol after the other asks for the same
        self._found = ((0, 0, 0, 0), slice(0, 0))
        self._cut = (slice(0, 0), self._columns(0, 0))

    def __len__(self) -> int:
        return len(self._roll)

    def put(self, row: int, times: Times) -> bool:
        """Let the times from a row on be these; False, and nothing is done, where they can't be.

        They can, if they are there, or that row is the next one and there is room.
        """
        if row < len(self):
            return same_times(self.times(row, row + len(times)), times)
        if not self._roll.has_room(len(times)):
            return False
        self._roll.put((times, times + self.interval.ns))
        return True

    def are(self, times: Times) -> bool:
        """Tell whether the times are these, all of them."""
        return same_times(self.times(0, len(self)), times)

    def times(self, first: int, last: int) -> Times:
        """Give the times of rows that are there: a view, read-only."""
        times: Times = self._roll.cut(first, min(last, len(self)))[0]
        return times

    def window(self, start_ns: int, end_ns: int, first: int, last: int) -> slice:
        """Find which of the rows from first to last lie in [start_ns, end_ns)."""
        asked, found = (start_ns, end_ns, first, last), self._found
        if found[0] != asked:
            edges = np.searchsorted(self.times(first, last), (start_ns, end_ns))
            low, high = (first + int(edge) for edge in edges)
            found = self._found = (asked, slice(low, max(low, high)))
        return found[1]

    def cut(self, part: slice) -> tuple[Times, Times, Times]:
        """Give ``time``, ``end`` and ``count`` of rows, read-only: the same arrays for all."""
        cut = self._cut
        if cut[0] != part:
            cut = self._cut = (part, self._columns(part.start, part.stop))
        return cut[1]

    def _columns(self, first: int, last: int) -> tuple[Times, Times, Times]:
        time, end = self._roll.cut(first, last)
        return time, end, _ones((last - first).bit_length())[: last - first]


class SharedStamps:
    """The stamps that were made last, for the next symbols that have the same times."""

    def __init__(self) -> None:
        self._last: list[tuple[Interval | None, Stamps]] = []

    def find(self, times: Times, asked: Interval | None) -> Stamps | None:
        """Give the stamps of these times, if they were kept for what is asked."""
        for known in self._last:
            if known[0] == asked and known[1].are(times):
                self._last = [known, *(each for each in self._last if each is not known)]
                return known[1]
        return None

    def of(self, times: Times, interval: Interval, room: int) -> Stamps:
        """Give stamps of these times, which keep every rule: new ones where none were kept."""
        found = self.find(times, interval)
        return self.keep(Stamps(interval, times, room), interval) if found is None else found

    def keep(self, stamps: Stamps, asked: Interval | None) -> Stamps:
        """Keep stamps for others; asked None: their interval was told by their spacing."""
        self._last = [(asked, stamps), *self._last[: _REMEMBERED - 1]]
        return stamps


class Strip:
    """The base bars of one symbol, checked, oldest first, behind which others may be put."""

    def __init__(self, stamps: Stamps, parts: Sequence[Columns], room: int = 0) -> None:
        self._stamps = stamps
        self._roll = Roll(len(COLUMNS), np.float64, sum(map(len, parts)) + room)
        self._roll.put(*(part.numbers for part in parts))

    def __len__(self) -> int:
        return len(self._roll)

    @property
    def interval(self) -> Interval:
        """The interval of its bars."""
        return self._stamps.interval

    def put(self, parts: Sequence[Columns]) -> bool:
        """Put bars behind the others; False, and they are not, where there is no room."""
        if not self._roll.has_room(sum(map(len, parts))):
            return False
        times = np.concatenate([part.time for part in parts])
        if not self._stamps.put(len(self), times):
            return False
        self._roll.put(*(part.numbers for part in parts))
        return True

    def columns(self, first: int) -> Columns:
        """Give the columns from a row on: views, read-only."""
        last = len(self)
        return Columns(self._stamps.times(first, last), tuple(self._roll.cut(first, last)))

    def memory(self) -> Iterator[memoryview]:
        """Give the bytes of all times, and of all numbers column after column."""
        last = len(self)
        for each in (self._stamps.times(0, last), self._roll.cut(0, last)):
            yield each.reshape(-1).data

    def bars(self, part: slice | None = None) -> Bars:
        """Give the bars of some rows, or all: views, read-only."""
        part = slice(0, len(self)) if part is None else part
        time, end, count = self._stamps.cut(part)
        open, high, low, close, volume = self._roll.cut(part.start, part.stop)
        return Bars(self.interval, time, end, open, high, low, close, volume, count)

    def window(self, start_ns: int, end_ns: int, first: int = 0, last: int | None = None) -> Bars:
        """Give the bars that start in [start_ns, end_ns), of the rows from first to last."""
        last = len(self) if last is None else last
        return self.bars(self._stamps.window(start_ns, end_ns, first, last))


@lru_cache
def _ones(bits: int) -> Times:
    """Give as many ones as any count of so many bits: bars of all sources share them."""
    return sealed(np.ones(1 << bits, np.int64))
