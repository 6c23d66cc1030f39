"""What sources of whole tables of ticks and quotes share: each is decoded once, and kept.

As with bars, a window is two binary searches and a slice of columns that are kept.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Generic, Protocol

import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.events import AnyEvents, EventKind, Quotes, Ticks
from fsm_session.sources.held import window


class EventTable(Generic[AnyEvents]):
    """The events of one kind of one symbol, not decoded yet."""

    def __init__(
        self,
        symbol: str,
        read: Callable[[], pd.DataFrame],
        decode: Callable[[pd.DataFrame, str, str], AnyEvents],
        file: str = "",
    ) -> None:
        self.symbol, self.file = symbol, file
        self._read, self._decode = read, decode

    @cached_property
    def events(self) -> AnyEvents:
        """All events, read and checked at the first call; DataError with every fault."""
        return self._decode(self._read(), self.symbol, self.file)


class EventTables(Protocol):
    """The tables there are, by symbol, and what tells whether they have changed."""

    @property
    def ticks(self) -> Mapping[str, EventTable[Ticks]]:
        """Those of trades."""

    @property
    def quotes(self) -> Mapping[str, EventTable[Quotes]]:
        """Those of quotes."""

    def digest(self) -> str:
        """Give a SHA-256, in hex, that changes when what they hold does; "" of nothing."""


class HeldEvents(ABC):
    """The answers of an EventSource, out of tables: a subclass says which there are."""

    _events: EventTables

    @property
    @abstractmethod
    def name(self) -> str:
        """What to call it in a message."""

    def events(self, symbol: str) -> tuple[EventKind, ...]:
        """Give the kinds of events it holds of a symbol; () for an unknown one."""
        there: tuple[tuple[EventKind, Mapping[str, object]], ...] = (
            ("ticks", self._events.ticks),
            ("quotes", self._events.quotes),
        )
        return tuple(kind for kind, tables in there if symbol in tables)

    def ticks(self, symbol: str, start_ns: int, end_ns: int) -> Ticks:
        """Give the trades in [start_ns, end_ns): views, read-only."""
        self._require("ticks", symbol)
        whole = self._events.ticks[symbol].events
        return whole[window(whole.time, start_ns, end_ns)]

    def quotes(self, symbol: str, start_ns: int, end_ns: int) -> Quotes:
        """Give the quotes in [start_ns, end_ns): views, read-only."""
        self._require("quotes", symbol)
        whole = self._events.quotes[symbol].events
        return whole[window(whole.time, start_ns, end_ns)]

    def _require(self, kind: EventKind, symbol: str) -> None:
        if kind not in (held := self.events(symbol)):
            there = " and ".join(held) or "neither ticks nor quotes"
            raise DataError(Fault(f"no {kind}; {self.name} holds {there} of it", symbol=symbol))
