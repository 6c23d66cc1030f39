"""The newest tick or quote of every symbol at the clock.

There are too many instants for a table of them by symbol. A cursor goes along with the clock,
over the events of all symbols in their order, and keeps the place of the newest of each.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from fsm_session.market.bars import Floats, Times, sealed
from fsm_session.market.events import EventKind
from fsm_session.session.data import SymbolTable


class NewestEvents:
    """Follows the events of one kind; each look costs what has happened since the last one."""

    def __init__(self, data: SymbolTable, kind: EventKind) -> None:
        self._clock = data.clock
        self._columns = [each.find_events(kind).columns for each in data.values()]
        lengths = [len(each) for each in self._columns]
        times = self.joined("time", np.int64)
        order = np.argsort(times, kind="stable")
        self._times: Times = times[order]
        self._symbols = np.repeat(np.arange(len(lengths)), lengths)[order]
        self._places = order
        self._newest = np.full(len(lengths), -1)
        self._seen = 0

    def places(self) -> npt.NDArray[np.intp]:
        """Give the place of each symbol's newest event in the joined columns, -1 for none."""
        happened = int(self._times.searchsorted(self._clock.now_ns, side="right"))
        if happened > self._seen:
            fresh = slice(self._seen, happened)
            # of several of one symbol the last stays
            self._newest[self._symbols[fresh]] = self._places[fresh]
            self._seen = happened
        return self._newest

    def joined(self, name: str, dtype: type[np.generic]) -> npt.NDArray[Any]:
        """Put a column of all symbols behind one another."""
        parts = [getattr(each, name) for each in self._columns]
        return np.concatenate(parts) if parts else np.empty(0, dtype)


class NewestField:
    """One field of the newest events, asked for as a row of a table is: whatever row, it is now."""

    def __init__(self, events: NewestEvents, name: str) -> None:
        self._events = events
        self._name = name

    def __getitem__(self, _row: int) -> Floats:
        """Give the field for every symbol, float64 (n_symbols,); NaN where there is none yet."""
        return sealed(self._values[self._events.places()])

    @cached_property
    def _values(self) -> Floats:
        # -1, the last, stands for none
        values: Floats = np.append(self._events.joined(self._name, np.float64), np.nan)
        return values
