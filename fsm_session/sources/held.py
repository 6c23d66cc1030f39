"""What sources of whole tables share: each is decoded once, when first asked for, and kept.

A run asks the same symbol for one window after another; from columns that are kept, a window is
two binary searches and a slice.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property, partial

import numpy as np
import pandas as pd
from attrs import fields

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import Bars, Times, sealed
from fsm_session.market.interval import Interval
from fsm_session.sources.strip import SharedStamps, Strip

#: makes checked bars of what is stored: its interval if known, symbol, file, and others' times
Decode = Callable[[Interval | None, str, str, SharedStamps], Strip]

# under copy-on-write, which came with 3, a shallow copy stays as it is
_COPIES_DEEP = int(pd.__version__.partition(".")[0]) < 3


class Table:
    """The bars of one symbol and interval, not decoded yet; interval None: by their spacing."""

    def __init__(
        self,
        symbol: str,
        interval: Interval | None,
        decode: Decode,
        shared: SharedStamps,
        file: str = "",
    ) -> None:
        self.symbol, self.file = symbol, file
        self._interval, self._decode, self._shared = interval, decode, shared

    @property
    def interval(self) -> Interval:
        """The interval; DataError where only the bars can tell it, and they are faulty."""
        return self._interval or self.strip.interval

    @cached_property
    def strip(self) -> Strip:
        """All bars, read and checked at the first call; DataError with every fault."""
        strip = self._decode(self._interval, self.symbol, self.file, self._shared)
        # with what it reads: a frame that nobody else holds
        del self._decode
        return strip


class HeldSource(ABC):
    """A source of tables that can be held whole: a subclass says which there are."""

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in a message."""

    @abstractmethod
    def tables(self, symbol: str) -> Sequence[Table]:
        """Give the tables of a symbol, () for an unknown one."""

    @abstractmethod
    def digest(self) -> str:
        """Give a SHA-256, in hex, that changes when what it holds does."""

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the intervals it holds bars of, shortest first; () for an unknown symbol."""
        return tuple(sorted({table.interval for table in self.tables(symbol)}))

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns): a view, read-only."""
        return self._strip(symbol, interval).window(start_ns, end_ns).time

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns): views, read-only."""
        return self._strip(symbol, interval).window(start_ns, end_ns)

    def whole(self, symbol: str, interval: Interval) -> Bars | None:
        """Give all bars of an interval; None where somebody has put other windows in place."""
        unchanged = getattr(self.bars, "__func__", None) is HeldSource.bars
        return self._strip(symbol, interval).bars() if unchanged else None

    def _strip(self, symbol: str, interval: Interval) -> Strip:
        found = [table for table in self.tables(symbol) if table.interval == interval]
        if len(found) > 1:
            files = ", ".join(table.file for table in found)
            raise DataError(Fault(f"{interval} bars are there twice: {files}", symbol=symbol))
        if not found:
            raise not_held(self.name, symbol, interval, self.intervals(symbol))
        return found[0].strip


def snapshot(frame: pd.DataFrame) -> Callable[[], pd.DataFrame]:
    """Make what gives the frame as it is now, whatever happens to it later."""
    return partial(_same, frame.copy(deep=_COPIES_DEEP))


def window(times: Times, start_ns: int, end_ns: int) -> slice:
    """Find what lies in [start_ns, end_ns) of times that never go back."""
    first, last = np.searchsorted(times, (start_ns, end_ns))
    return slice(int(first), int(last))


def _same(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


def not_held(name: str, symbol: str, interval: Interval, held: Sequence[Interval]) -> DataError:
    """Make the error for an interval that a source doesn't hold of a symbol."""
    there = ", ".join(map(str, held)) or "nothing"
    told = f"no {interval} bars; {name or 'the source'} holds {there} of it"
    return DataError(Fault(told, symbol=symbol))


def joined(parts: Sequence[Bars]) -> Bars:
    """Put bars of one interval, at least one part, behind one another, as they are."""
    if len(parts) == 1:
        return parts[0]
    names = (field.name for field in fields(Bars) if field.name != "interval")
    columns = (sealed(np.concatenate([getattr(part, n) for part in parts])) for n in names)
    return Bars(parts[0].interval, *columns)
