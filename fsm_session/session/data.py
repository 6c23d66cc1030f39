"""SessionData: all the state of one session. What is registered is what stands here.

SessionData -> symbol -> SymbolSessionData -> interval -> BarIntervalData, and -> indicators; and
the universes that scanners watch, each a table of symbols like it. To register is to put a
structure here, to deregister is to take it out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from fsm_session.errors import StaleSessionError, UnknownNameError
from fsm_session.market.calendar import TradingSession
from fsm_session.session.clock import TimeManager
from fsm_session.session.signals import (
    RecordedChange,
    RecordedDisabled,
    RecordedScan,
    RecordedSignal,
)
from fsm_session.session.symbol_data import SymbolSessionData
from fsm_session.session.timeline import Timeline


class SymbolTable(Mapping[str, SymbolSessionData]):
    """Symbols by name, always in the order of their names.

    ``timelines``: what was found out of the times of their bars, shared where they are the same.
    """

    def __init__(self, clock: TimeManager) -> None:
        self.clock = clock
        self.timelines: list[Timeline] = []
        self._session: TradingSession | None = None
        self._symbols: dict[str, SymbolSessionData] = {}

    @property
    def session(self) -> TradingSession:
        """The clock's session; once this data is shut, the one that it was then."""
        return self._session or self.clock.session

    def __getitem__(self, symbol: str) -> SymbolSessionData:
        """Give a symbol's data; UnknownNameError, a KeyError, where it is not registered."""
        try:
            return self._symbols[symbol]
        except KeyError:
            known = ", ".join(self._symbols) or "none"
            raise UnknownNameError(f"no symbol {symbol!r}; registered: {known}") from None

    def __iter__(self) -> Iterator[str]:
        """Go through the symbols in the order of their names."""
        return iter(self._symbols)

    def __len__(self) -> int:
        """Count the symbols."""
        return len(self._symbols)

    def __contains__(self, symbol: object) -> bool:
        """Tell whether a symbol is registered."""
        return symbol in self._symbols

    def register(self, data: SymbolSessionData) -> None:
        """Put a symbol's structure in its place."""
        self._refuse_if_shut()
        last = next(reversed(self._symbols), "")
        self._symbols[data.symbol] = data
        # the order in which symbols came or were configured must change nothing
        if data.symbol < last:
            self._symbols = {name: self._symbols[name] for name in sorted(self._symbols)}

    def remove(self, symbol: str) -> None:
        """Take a symbol out, with everything under it; UnknownNameError where it is not there."""
        self._refuse_if_shut()
        del self._symbols[self[symbol].symbol]

    def shut(self) -> None:
        """Refuse whatever a worker left over from this session may still write."""
        self._session = self.session

    def _refuse_if_shut(self) -> None:
        if self._session is not None:
            raise StaleSessionError(f"the session of {self.session.label} is over and shut")


class SessionData(SymbolTable):
    """The symbols of one session, and what was said and done in it, in the order it came.

    ``universes``: the symbols that scanners watch, by scanner, until its last scan. ``active``
    from Active to Deactivate; ``began`` for good once it was, ``finished`` once it ran to its
    close; ``steps`` taken so far.
    """

    def __init__(self, clock: TimeManager) -> None:
        super().__init__(clock)
        self.active = False
        self.began = False
        self.finished = False
        self.steps = 0
        self.universes: dict[str, SymbolTable] = {}
        self.signals: list[RecordedSignal] = []
        self.scans: list[RecordedScan] = []
        self.changes: list[RecordedChange] = []
        self.disabled: list[RecordedDisabled] = []

    def add_universe(self, scanner: str) -> SymbolTable:
        """Make the table of the symbols that a scanner watches, still empty."""
        self._refuse_if_shut()
        self.universes[scanner] = SymbolTable(self.clock)
        return self.universes[scanner]

    def record_signal(self, signal: RecordedSignal) -> None:
        """Keep a signal. Raises StaleSessionError once the session's data is shut."""
        self._refuse_if_shut()
        self.signals.append(signal)

    def record_scan(self, scan: RecordedScan) -> None:
        """Keep a scan. Raises StaleSessionError once the session's data is shut."""
        self._refuse_if_shut()
        self.scans.append(scan)

    def record_change(self, change: RecordedChange) -> None:
        """Keep that a symbol came or went. Raises StaleSessionError once the data is shut."""
        self._refuse_if_shut()
        self.changes.append(change)

    def record_disabled(self, disabled: RecordedDisabled) -> None:
        """Keep that a part was taken out. Raises StaleSessionError once the data is shut."""
        self._refuse_if_shut()
        self.disabled.append(disabled)

    def begin(self) -> None:
        """Mark the session active."""
        self.active = self.began = True

    def end(self) -> None:
        """Mark the session inactive."""
        self.active = False

    def shut(self) -> None:
        """Refuse whatever a worker left over from this session may still write."""
        super().shut()
        self.active = False
        for table in self.universes.values():
            table.shut()
