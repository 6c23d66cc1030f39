"""The gaps of a session: runs of slots without a bar, as columns.

A thin market has a hundred gaps a day and symbol, which are counted always and looked at seldom:
so they are kept as arrays, and become values one by one when somebody looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import overload

import numpy as np
import numpy.typing as npt
from attrs import frozen

from fsm_session.market.bars import Times, own, sealed


@frozen
class Gap:
    """A run of ``missing`` slots without a bar: [start_ns, end_ns), int64 nanoseconds UTC."""

    start_ns: int
    end_ns: int
    missing: int


@frozen(eq=False)
class Gaps(Sequence[Gap]):
    """Gaps in the order of time: int64 columns (n,), equal to any sequence of the same gaps."""

    starts_ns: Times
    ends_ns: Times
    missing: Times

    @classmethod
    def of(cls, gaps: Iterable[Gap]) -> Gaps:
        """Take gaps one by one; those that are columns already stay as they are."""
        if isinstance(gaps, Gaps):
            return gaps
        rows = [(each.start_ns, each.end_ns, each.missing) for each in gaps]
        table = np.array(rows, np.int64).reshape(len(rows), 3)
        return cls(*(own(column, np.int64) for column in table.T))

    def __len__(self) -> int:
        """Count the gaps."""
        return len(self.starts_ns)

    @overload
    def __getitem__(self, place: int) -> Gap: ...

    @overload
    def __getitem__(self, place: slice) -> Gaps: ...

    def __getitem__(self, place: int | slice) -> Gap | Gaps:
        """Give a gap, or a part of them without copying."""
        columns = [each[place] for each in (self.starts_ns, self.ends_ns, self.missing)]
        return Gaps(*columns) if isinstance(place, slice) else Gap(*map(int, columns))

    def __eq__(self, other: object) -> bool:
        """Compare with any sequence of gaps."""
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    def __hash__(self) -> int:
        """Agree with a tuple of the same gaps."""
        return hash(tuple(self))


def gaps_of(starts: Times, ends: Times, opening: npt.NDArray[np.bool_] | None = None) -> Gaps:
    """Join the empty slots that touch; a lunch break parts them.

    ``starts`` and ``ends`` of the empty slots: (n,) int64 nanoseconds UTC, ascending.
    ``opening``: which of them begin a gap even where they touch the one before.
    """
    if not len(starts):
        return NONE
    parted = starts[1:] != ends[:-1]
    apart = np.flatnonzero(parted if opening is None else parted | opening[1:])
    firsts = np.concatenate(([0], apart + 1))
    lasts = np.concatenate((apart, [len(starts) - 1]))
    return Gaps(sealed(starts[firsts]), sealed(ends[lasts]), sealed(lasts - firsts + 1))


def joined(parts: Sequence[Gaps]) -> Gaps:
    """Put gaps behind one another."""
    held = [part for part in parts if len(part)]
    if len(held) < 2:
        return held[0] if held else NONE
    columns = ("starts_ns", "ends_ns", "missing")
    return Gaps(*(sealed(np.concatenate([getattr(p, name) for p in held])) for name in columns))


NONE = Gaps.of(())
