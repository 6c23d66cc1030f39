"""What takes part in the run that faults are let loose on: market, workers, strategy, scanner.

Each is as plain as it can be while the run still comes through every phase: a scan before the
session and one within, a symbol promoted, another asked for, both sessions different in length.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pandas as pd

from fsm_session import Signal
from fsm_session.market.bars import Bars, Floats, Times
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.workers.worker import BaseWorker
from tests.faults.places import Call
from tests.small_market import SESSIONS, bars_of, last_minute, market

CONFIGURED = ("AAA", "BBB")
#: CCC is asked for in every session, DDD promoted by the scanner, EEE there for whoever asks
SYMBOLS = (*CONFIGURED, "CCC", "DDD", "EEE")
RUN = SESSIONS[:2]
MINUTES = {date: [0, 1, 4, 90, last_minute(date) - 1, last_minute(date)] for date in RUN}
#: one for all runs: it keeps what it has decoded, and nothing of a session
SMALL = market(dict.fromkeys(SYMBOLS, MINUTES))
#: what it is made of
FRAMES = {
    symbol: pd.concat([bars_of(symbol, date, minutes) for date, minutes in MINUTES.items()])
    for symbol in SYMBOLS
}
RECORDERS = ("alpha", "beta", "gamma", "delta")
#: in the order of their set-up
WORKERS = ("DataProcessor", "ScannerManager", "StrategyManager", *RECORDERS)
METHODS = ("setup", "on_session_start", "on_step", "on_session_end", "teardown")

#: tells that something is called, and what with; gives its answer
Through = Callable[..., Any]


#: where a user's own indicator is called through: that of the run that is on
indicator_through: list[Through] = []


def own_indicator(close: Floats) -> Any:
    """Answer with twice the close, or whatever it is made to answer."""
    answer = close * 2
    for through in indicator_through[-1:]:
        return through(Call("indicator", "own"), lambda: answer)
    return answer


class Recorder(BaseWorker):
    """A worker that looks at each step whether the promises about a step are kept."""

    def __init__(self, name: str, note: Callable[[bool, str], None]) -> None:
        self.name = name
        self._note = note
        self.context: Any = None

    def setup(self, context: Any) -> None:
        self.context = context

    def on_step(self, step: Any) -> None:
        data, now_ns = self.context.data, self.context.clock.now_ns
        self._note(data.active, "a step of a session that is not active")
        self._note(now_ns == step.time_ns, "a step at another time than the clock's")
        for symbol in data.values():
            bars = symbol.bars()
            self._note(not len(bars) or bars.end[-1] <= now_ns, "a bar from the future")


def strategy_class(through: Through, **attributes: Any) -> type:
    """Make a strategy whose methods all go ``through`` somebody; it asks for CCC at its
    second step.
    """

    class Strategy:
        def __init__(self) -> None:
            through(Call("strategy", "make"), lambda: None)
            self.steps = 0

        def setup(self, context: Any) -> None:
            self.context = context
            through(Call("strategy", "setup"), lambda: None)

        def on_bars(self, view: Any) -> Any:
            self.steps += 1
            if self.steps == 2:
                self.context.add_symbol("CCC")
            said = [Signal(symbol, "note") for symbol in view.symbols]
            return through(Call("strategy", "on_bars"), lambda: said)

        def on_symbol_added(self, symbol: str) -> Any:
            return through(Call("strategy", "on_symbol_added"), lambda: None)

        def on_session_end(self) -> None:
            through(Call("strategy", "on_session_end"), lambda: None)

        def teardown(self) -> None:
            through(Call("strategy", "teardown"), lambda: None)

    return _with(Strategy, "strategy", attributes)


def scanner_class(through: Through, **attributes: Any) -> type:
    """Make a scanner: before the session and an hour into it; it promotes DDD."""

    class Scanner:
        pre_session = True
        every = "1h"
        between = (dt.time(10, 30), dt.time(10, 31))
        universe = {"symbols": ["DDD", "EEE"], "streams": ["5m"]}

        def __init__(self) -> None:
            through(Call("scanner", "make"), lambda: None)

        def setup(self, context: Any) -> None:
            through(Call("scanner", "setup"), lambda: None)

        def scan(self, view: Any) -> Any:
            return through(Call("scanner", "scan"), lambda: ["DDD"])

        def teardown(self) -> None:
            through(Call("scanner", "teardown"), lambda: None)

    return _with(Scanner, "scanner", attributes)


def _with(made: type, name: str, attributes: dict[str, Any]) -> type:
    return type(made)(name, (made,), attributes)


class WatchedSource:
    """A source whose answers all go ``through`` somebody; it is none that holds its bars whole."""

    def __init__(self, source: Any, through: Through) -> None:
        self._source = source
        self._through = through
        self.name = "the source"

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        answer: tuple[Interval, ...] = self._asked("intervals", symbol)
        return answer

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        answer: Times = self._asked("times", symbol, interval, start_ns, end_ns)
        return answer

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        answer: Bars = self._asked("bars", symbol, interval, start_ns, end_ns)
        return answer

    def digest(self) -> str:
        answer: str = self._asked("digest")
        return answer

    def _asked(self, method: str, *arguments: Any) -> Any:
        ask = getattr(self._source, method)
        return self._through(Call("source", method), lambda: ask(*arguments))


class WatchedEventSource(WatchedSource):
    """One that has trades and quotes beside its bars."""

    def events(self, symbol: str) -> tuple[EventKind, ...]:
        answer: tuple[EventKind, ...] = self._asked("events", symbol)
        return answer

    def ticks(self, symbol: str, start_ns: int, end_ns: int) -> Ticks:
        answer: Ticks = self._asked("ticks", symbol, start_ns, end_ns)
        return answer

    def quotes(self, symbol: str, start_ns: int, end_ns: int) -> Quotes:
        answer: Quotes = self._asked("quotes", symbol, start_ns, end_ns)
        return answer
