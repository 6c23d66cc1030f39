"""Frames of ticks and of quotes that are there already, one a symbol."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pandas as pd

from fsm_session.errors import DataError
from fsm_session.market.events import AnyEvents, EventKind, Events
from fsm_session.sources.event_columns import quotes_from_frame, ticks_from_frame
from fsm_session.sources.held import snapshot
from fsm_session.sources.held_events import EventTable


class EventFrames:
    """The tables of mappings symbol -> frame; None is one without a symbol.

    A frame is neither changed nor shared. Raises DataError where one is no such mapping.
    """

    def __init__(
        self,
        ticks: Mapping[str, pd.DataFrame] | None,
        quotes: Mapping[str, pd.DataFrame] | None,
    ) -> None:
        self.ticks = dict(_tables("ticks", ticks, ticks_from_frame))
        self.quotes = dict(_tables("quotes", quotes, quotes_from_frame))

    def digest(self) -> str:
        """Give the SHA-256 of every column, in the order of kinds and symbols; "" of nothing."""
        total = hashlib.sha256()
        for kind, symbol, events in self._held():
            total.update(f"{kind} {len(symbol)}:{symbol} {len(events)}\n".encode())
            for name in events.ARRAYS:
                total.update(events.column(name).data)
        return total.hexdigest() if self.ticks or self.quotes else ""

    def _held(self) -> Iterator[tuple[EventKind, str, Events]]:
        for symbol in sorted(self.ticks):
            yield "ticks", symbol, self.ticks[symbol].events
        for symbol in sorted(self.quotes):
            yield "quotes", symbol, self.quotes[symbol].events


def _tables(
    kind: EventKind, frames: Any, decode: Callable[[pd.DataFrame, str, str], AnyEvents]
) -> Iterator[tuple[str, EventTable[AnyEvents]]]:
    """Make a table of each frame, to be decoded when it is asked for."""
    given = {} if frames is None else frames
    if not isinstance(given, Mapping):
        raise DataError(f"expected {kind} by symbol, not {type(given).__name__}")
    for symbol, frame in given.items():
        if not isinstance(symbol, str) or not isinstance(frame, pd.DataFrame):
            told = f"a symbol -> a DataFrame, not {symbol!r} -> {type(frame).__name__}"
            raise DataError(f"{kind}: expected {told}")
        yield symbol, EventTable(symbol, snapshot(frame), decode)
