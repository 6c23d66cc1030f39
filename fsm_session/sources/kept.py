"""What of a store's row groups stays decoded, and for how long.

A run asks symbol after symbol for one window, then for the next, a day later: so a row group
that was read serves its other symbols too, and goes when each has had its part, or when windows
begin behind it.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from attrs import define

from fsm_session.market.interval import Interval
from fsm_session.sources.blocks import Block, read_bars, read_times
from fsm_session.sources.read_ahead import read_together
from fsm_session.sources.row_groups import Partitions, RowGroup
from fsm_session.sources.strip import Columns

_SPARE_BYTES = 200_000_000
_TIMES_BYTES = 100_000_000


@define(eq=False)
class _Kept:
    """A block, the symbols that haven't had their part, and whether it has all of its group."""

    block: Block
    waiting: set[str]
    whole: bool = True


class KeptBars:
    """Row groups that were read, for the symbols in them that may still be asked for.

    Of symbols that are expected all is kept; of others, only as long as there is not much of it.
    """

    def __init__(self, files: Partitions) -> None:
        self._files = files
        self._kept: dict[RowGroup, _Kept] = {}
        self._expected: set[str] = set()

    @property
    def nbytes(self) -> int:
        """How much memory what is kept takes, about."""
        return sum(kept.block.nbytes for kept in self._kept.values())

    def expect(self, symbol: str) -> None:
        """Say that a symbol's bars will be asked for."""
        self._expected.add(symbol)

    def read(self, groups: Iterable[RowGroup]) -> None:
        """Read those of some row groups that are not kept, several at once."""
        new = [group for group in groups if group not in self._kept]
        for group, block in read_together(partial(read_bars, self._files), new):
            self._keep(group, block)

    def part(self, group: RowGroup, symbol: str, interval: Interval) -> Columns | None:
        """Give a symbol's checked bars of a row group, None without any; DataError with faults."""
        kept = self._kept.get(group)
        if kept is None or not (kept.whole or symbol in kept.block.symbols):
            kept = self._keep(group, read_bars(self._files, group))
        kept.waiting.discard(symbol)
        if not kept.waiting:
            self._kept.pop(group, None)
        return kept.block.part(symbol, interval)

    def let_go(self, before_ns: int) -> None:
        """Let go of the row groups that lie before a time."""
        self._kept = {g: kept for g, kept in self._kept.items() if not g.is_before(before_ns)}

    def _keep(self, group: RowGroup, block: Block) -> _Kept:
        kept = self._kept[group] = _Kept(block, set(block.symbols))
        if self.nbytes > _SPARE_BYTES:
            self._let_go_of_others()
        return kept

    def _let_go_of_others(self) -> None:
        """Cut the row groups down to the symbols that are expected, and wait."""
        for kept in (each for each in self._kept.values() if each.whole):
            kept.whole = False
            if not kept.waiting <= self._expected:
                kept.waiting &= self._expected
                kept.block = kept.block.only(kept.waiting)
        self._kept = {group: kept for group, kept in self._kept.items() if kept.waiting}


class KeptTimes:
    """Row groups of which the times were read, the last ones, as long as nothing else is asked."""

    def __init__(self, files: Partitions) -> None:
        self._files = files
        self._blocks: dict[RowGroup, Block] = {}
        self.nbytes = 0

    def read(self, groups: Iterable[RowGroup]) -> None:
        """Read those of some row groups that are not kept, several at once."""
        new = [group for group in groups if group not in self._blocks]
        room = _TIMES_BYTES
        for group, block in read_together(partial(read_times, self._files), new):
            room -= block.nbytes
            if room < 0:  # it would push out what is not taken yet, to be read again
                break
            self._keep(group, block)

    def part(self, group: RowGroup, symbol: str, interval: Interval | None) -> Columns | None:
        """Give the times of a symbol's bars, held to their rules; DataError with faults."""
        if group not in self._blocks:
            self._keep(group, read_times(self._files, group))
        return self._blocks[group].part(symbol, interval)

    def _keep(self, group: RowGroup, block: Block) -> None:
        self._blocks[group] = block
        self.nbytes += block.nbytes
        while self.nbytes > _TIMES_BYTES and len(self._blocks) > 1:
            self.nbytes -= self._blocks.pop(next(iter(self._blocks))).nbytes

    def let_go(self) -> None:
        """Let go of all."""
        self._blocks, self.nbytes = {}, 0
