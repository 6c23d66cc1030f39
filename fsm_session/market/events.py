"""Trades and quotes: what happens between the bars, as columns in the order in which it happened.

They are cut and handed round as bars are: a slice costs next to nothing, so nothing is checked on
construction. What comes from outside is checked once, at the edge (sources).
"""

from __future__ import annotations

from typing import Any, ClassVar, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import frozen

from fsm_session.errors import UnknownNameError
from fsm_session.market.bars import Bars, Floats, Times, own, sealed

#: what may be held of a symbol beside its bars
EventKind = Literal["ticks", "quotes"]


@frozen(eq=False)
class Events:
    """Columns of equal length (n,), none of them writeable, non-decreasing in ``time``.

    ``time`` is when each happens: int64 nanoseconds UTC. Many may share one; the order of the
    rows is the order of events. ``FIELDS`` names the other columns, float64 without NaN, and
    ``ARRAYS`` all of them.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ()
    ARRAYS: ClassVar[tuple[str, ...]] = ("time",)

    time: Times

    @classmethod
    def of(cls, time: npt.ArrayLike, **columns: npt.ArrayLike) -> Self:
        """Copy columns: ``time`` and, by name, each of ``FIELDS``; TypeError for any other."""
        copies = {name: own(values, np.float64) for name, values in columns.items()}
        return cls(**{"time": own(time, np.int64), **copies})

    @classmethod
    def empty(cls) -> Self:
        """Make events of no length."""
        return cls.of([], **{name: [] for name in cls.FIELDS})

    def __len__(self) -> int:
        """Count the events."""
        return len(self.time)

    def __getitem__(self, part: slice) -> Self:
        """Cut out a part, without copying."""
        if not isinstance(part, slice):
            told = f"{_plural(self)} are cut by a slice, not by {part!r}"
            raise TypeError(f"{told}: take {_plural(self)}.{self.ARRAYS[1]}[i]")
        return type(self)(*[getattr(self, name)[part] for name in self.ARRAYS])

    def column(self, name: str) -> npt.NDArray[Any]:
        """Give a column by its name, one of ``ARRAYS``; UnknownNameError for any other."""
        if name not in self.ARRAYS:
            there = ", ".join(self.ARRAYS)
            raise UnknownNameError(f"{_plural(self)} have no column {name!r}: there are {there}")
        column: npt.NDArray[Any] = getattr(self, name)
        return column

    def frame(self, zone: str = "UTC") -> pd.DataFrame:
        """Copy the columns of ``FIELDS`` into a frame indexed by ``time`` in ``zone``."""
        index = pd.DatetimeIndex(self.time.view("M8[ns]"), name="time", tz="UTC").tz_convert(zone)
        return pd.DataFrame({name: getattr(self, name).copy() for name in self.FIELDS}, index=index)

    def same(self, other: Events) -> bool:
        """Tell whether they are of one kind and every column is equal, bit for bit."""
        return type(self) is type(other) and all(
            np.array_equal(getattr(self, name), getattr(other, name)) for name in self.ARRAYS
        )


AnyEvents = TypeVar("AnyEvents", bound=Events)


@frozen(eq=False)
class Ticks(Events):
    """Trades: ``price``, and ``size`` in units of the symbol, each (n,) float64.

    Prices are above 0, sizes 0 or above.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("price", "size")
    ARRAYS: ClassVar[tuple[str, ...]] = ("time", *FIELDS)

    price: Floats
    size: Floats


@frozen(eq=False)
class Quotes(Events):
    """The best bids and asks of whoever quotes: a price and a size on each side, (n,) float64.

    Where a side is missing both are 0, never NaN: it is the price that tells. A size of 0 beside
    a price is one that isn't known. Bids may be above asks: each exchange quotes for itself.
    """

    FIELDS: ClassVar[tuple[str, ...]] = ("bid_price", "bid_size", "ask_price", "ask_size")
    ARRAYS: ClassVar[tuple[str, ...]] = ("time", *FIELDS)

    bid_price: Floats
    bid_size: Floats
    ask_price: Floats
    ask_size: Floats


def take(events: AnyEvents, kept: npt.NDArray[np.bool_]) -> AnyEvents:
    """Copy the events for which ``kept``, a bool (n,), is true."""
    return type(events)(*(sealed(events.column(name)[kept]) for name in events.ARRAYS))


def quotes_from_bars(bars: Bars) -> Quotes:
    """Make one quote of each bar: at its ``end``, when its close is known, from both sides.

    Bid and ask are the close, sizes 0, as none is known. Shares the columns of the bars.
    """
    unknown = sealed(np.zeros(len(bars)))
    return Quotes(bars.end, bars.close, unknown, bars.close, unknown)


def _plural(events: Events) -> str:
    return type(events).__name__.lower()
