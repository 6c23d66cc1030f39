"""The day's ticks or quotes of all symbols, in the order in which they happen.

By instant, then by symbol, and of one symbol as its source gave them: file order is event order.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from fsm_session.market.bars import Times
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.session.data import SymbolTable
from fsm_session.session.event import Quote, Tick
from fsm_session.session.symbol_data import SymbolSessionData

_MADE: dict[EventKind, type[Quote] | type[Tick]] = {"quotes": Quote, "ticks": Tick}


class EventFeed:
    """The events of a kind by step: those that happened since the step before.

    ``instants``: of the steps, int64 nanoseconds UTC, ascending; of those ``taken`` already
    nothing is given any more.
    """

    def __init__(self, data: SymbolTable, kind: EventKind, instants: Times, taken: int = 0) -> None:
        self._zone = data.session.zone
        self._make = _MADE[kind]
        self._days = [(each.symbol, _to_come(each, kind)) for each in data.values()]
        times = np.concatenate([each.time for _, each in self._days] or [np.empty(0, np.int64)])
        self._order = np.argsort(times, kind="stable")
        ends: list[int] = np.searchsorted(times[self._order], instants, side="right").tolist()
        # before the first step nothing has happened, and nothing more does at the close
        self._ends = [0, *ends, ends[-1] if ends else 0]
        self._order = self._order[self._ends[taken] :]
        self._past = self._ends[taken]

    def any_at(self, number: int) -> bool:
        """Tell whether anything happened at a step, numbered from 1."""
        return self._ends[number] > self._ends[number - 1]

    def at(self, number: int) -> list[Any]:
        """Give the events that happened at a step, numbered from 1."""
        first, last = self._ends[number - 1] - self._past, self._ends[number] - self._past
        return self._events[first:last]

    @cached_property
    def _events(self) -> list[Any]:
        names = [name for name, each in self._days for _ in range(len(each))]
        arrays = self._days[0][1].ARRAYS if self._days else ()
        columns = [
            np.concatenate([getattr(each, name) for _, each in self._days])[self._order].tolist()
            for name in arrays
        ]
        symbols = [names[place] for place in self._order.tolist()]
        zones = [self._zone] * len(symbols)
        return list(map(self._make._make, zip(symbols, *columns, zones, strict=True)))


def _to_come(data: SymbolSessionData, kind: EventKind) -> Ticks | Quotes:
    """Give the events that happen after a symbol came; at the session's start too, if it was."""
    columns = data.find_events(kind).columns
    from_start = data.since_ns == data.session.start_ns
    bound_ns = data.since_ns if from_start else data.since_ns + 1
    return columns[int(np.searchsorted(columns.time, bound_ns)) :]
