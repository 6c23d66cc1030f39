"""Files of ticks and of quotes, one a symbol, found by patterns of their own beside the bars'."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path

import pandas as pd

from fsm_session.errors import ConfigError, Fault
from fsm_session.market.events import AnyEvents, EventKind, Quotes, Ticks
from fsm_session.sources.event_columns import NAMES, quotes_from_frame, ticks_from_frame
from fsm_session.sources.held_events import EventTable
from fsm_session.sources.pattern import (
    FoundFile,
    fields_fit,
    files_digest,
    find_files,
    fixed_folder,
)

#: reads, of a path, at least the columns of these names in lower case, and the times
ReadNames = Callable[[str, Sequence[str]], pd.DataFrame]
_WHAT_FITS = "a pattern of ticks or quotes has {symbol} in it, nothing else in braces"


class EventFiles:
    """The files of two patterns such as ``{symbol}_ticks.parquet``, "" for a kind there is none of.

    The files are listed when first asked for; one that comes later is not seen. Raises
    ConfigError where a pattern has a field other than ``{symbol}``, or not that.
    """

    def __init__(self, ticks: str | Path, quotes: str | Path, read: ReadNames) -> None:
        given: dict[EventKind, str] = {"ticks": str(ticks), "quotes": str(quotes)}
        self._patterns = {kind: pattern for kind, pattern in given.items() if pattern}
        self._read = read
        faults = [
            Fault(f"{pattern!r}: {_WHAT_FITS}", key=f"source.{kind}")
            for kind, pattern in self._patterns.items()
            if not fields_fit(pattern, ("symbol",))
        ]
        if faults:
            raise ConfigError(faults)

    @property
    def patterns(self) -> tuple[str, ...]:
        """The patterns that are given."""
        return tuple(self._patterns.values())

    @cached_property
    def ticks(self) -> Mapping[str, EventTable[Ticks]]:
        """The tables of trades, by symbol."""
        return self._tables("ticks", ticks_from_frame)

    @cached_property
    def quotes(self) -> Mapping[str, EventTable[Quotes]]:
        """The tables of quotes, by symbol."""
        return self._tables("quotes", quotes_from_frame)

    def digest(self) -> str:
        """Give the SHA-256 of kinds, and the files' names, sizes and times; "" of no pattern."""
        total = hashlib.sha256()
        for kind, files in self._files.items():
            root = fixed_folder(self._patterns[kind])
            total.update(f"{kind} {files_digest(root, [file.path for file in files])}\n".encode())
        return total.hexdigest() if self._files else ""

    @cached_property
    def _files(self) -> Mapping[EventKind, tuple[FoundFile, ...]]:
        return {kind: find_files(pattern) for kind, pattern in self._patterns.items()}

    def _tables(
        self, kind: EventKind, decode: Callable[[pd.DataFrame, str, str], AnyEvents]
    ) -> Mapping[str, EventTable[AnyEvents]]:
        tables = {}
        for file in self._files.get(kind, ()):
            read = partial(self._read, file.path, NAMES[kind])
            tables[file.symbol] = EventTable(file.symbol, read, decode, file.path)
        return tables
