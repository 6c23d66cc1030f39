"""Which bars are asked for: of the symbols that are traded, or of a universe that is only watched.

Both are the same wish, for streams, history and indicators of a list of symbols; only how much
of it there is differs.
"""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

from attrs import frozen

from fsm_session.config.reading import near
from fsm_session.config.rules import (
    COLUMN_NAMES,
    LONGEST_NAME,
    Intervals,
    Streams,
    Symbols,
    filled,
    names_distinct,
    no_nul,
    not_negative,
    symbol_fault,
)
from fsm_session.errors import ConfigError, Fault
from fsm_session.market.events import EventKind
from fsm_session.market.historical import HistoricalSpec, faults_of
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval
from fsm_session.named import place_fault

Missing = Literal["error", "skip"]


def _no_column(name: str) -> Iterator[Fault]:
    if name in COLUMN_NAMES:
        yield Fault(f"{name!r} is the name of a column already", key="name")


def _indicator(spec: IndicatorSpec) -> Iterator[Fault]:
    yield from _no_column(spec.name)
    if not spec.function.strip() or len(spec.function) > LONGEST_NAME:
        yield Fault('must be a name of TA-Lib\'s, or "package.module:function"', key="function")
    elif ":" in spec.function and (wrong := place_fault(spec.function)):
        yield Fault(f"{wrong}, not {reprlib.repr(spec.function)}", key="function")


def _historical(spec: HistoricalSpec) -> Iterator[Fault]:
    yield from _no_column(spec.name)
    yield from faults_of(spec)


@frozen
class HistoryConfig:
    """Which bars of how many sessions before today are loaded, for which symbols."""

    trailing_days: Annotated[int, not_negative]
    intervals: Intervals
    symbols: Literal["all"] | Symbols = "all"

    def covers(self, symbol: str) -> bool:
        """Tell whether it is about a symbol."""
        return self.symbols == "all" or symbol in self.symbols


@frozen(kw_only=True)
class NeedsConfig:
    """What is asked for of each symbol of a list.

    ``streams``: intervals of bars, "ticks" and "quotes". ``quotes``: whether those that are not
    recorded may be made from bars: at each bar's end, with its close as bid and ask.
    ``incomplete``: whether a derived bar is made from the base bars that are there, or only of
    a full set of them. ``historical`` are indicators that depend on earlier sessions only. How
    much history indicators need is found out: it need not be asked for under ``history``.
    """

    streams: Streams
    quotes: Literal["recorded", "from_bars"] = "recorded"
    incomplete: Literal["keep", "drop"] = "keep"
    history: tuple[HistoryConfig, ...] = ()
    indicators: Annotated[tuple[Annotated[IndicatorSpec, _indicator], ...], names_distinct] = ()
    historical: Annotated[tuple[Annotated[HistoricalSpec, _historical], ...], names_distinct] = ()

    def intervals(self, symbol: str | None = None) -> set[Interval]:
        """Give the intervals that are asked for of a symbol, by whatever; of any without one."""
        rules = [rule for rule in self.history if symbol is None or rule.covers(symbol)]
        return {
            *(stream for stream in self.streams if isinstance(stream, Interval)),
            *(spec.interval for spec in self.indicators),
            *(interval for rule in rules for interval in rule.intervals),
        }

    def events(self) -> tuple[EventKind, ...]:
        """Give what is streamed beside bars, in the order in which it happens at one instant."""
        kinds: tuple[EventKind, ...] = ("quotes", "ticks")
        return tuple(kind for kind in kinds if kind in self.streams)

    def _quotes_asked(self) -> Iterator[Fault]:
        if self.quotes == "from_bars" and "quotes" not in self.streams:
            yield Fault('says how quotes are made, but "quotes" is not in streams', key="quotes")


def _shared_names(
    indicators: Iterable[IndicatorSpec], historical: Iterable[HistoricalSpec]
) -> Iterator[Fault]:
    taken = {spec.name for spec in indicators}
    for place, spec in enumerate(historical):
        if spec.name in taken:
            told = f"{spec.name!r} is the name of an indicator already"
            yield Fault(told, key=f"historical[{place}].name")


def _strangers(history: Iterable[HistoryConfig], symbols: Iterable[str]) -> Iterator[Fault]:
    known = set(symbols)
    for place, rule in enumerate(history):
        for number, symbol in enumerate(() if rule.symbols == "all" else rule.symbols):
            if symbol not in known:
                told = f"{symbol!r} is not among the symbols; {near(symbol, known)}"
                yield Fault(told, key=f"history[{place}].symbols[{number}]")


@frozen
class DataConfig(NeedsConfig):
    """Which symbols are traded, and what is asked for of each.

    ``hours``: bars that start in [open, close), or all of the day. ``missing``: whether a
    symbol without data for a session is an error or left out of that session.
    """

    symbols: Symbols
    hours: Literal["regular", "all"] = "regular"
    missing: Missing = "error"

    def _faults(self) -> Iterator[Fault]:
        yield from _strangers(self.history, self.symbols)
        yield from _shared_names(self.indicators, self.historical)
        yield from self._quotes_asked()


@frozen
class UniverseConfig(NeedsConfig):
    """The symbols that a scanner looks at, and the little that it needs of each.

    ``symbols``: a list, or a file with a symbol a line (``#`` begins a comment), relative to
    the configuration's folder; a SessionConfig holds what the file says. ``missing``: whether
    a symbol without data is left out of a session, or an error.
    """

    symbols: Annotated[str, filled, no_nul] | Symbols
    missing: Missing = "skip"

    def _faults(self) -> Iterator[Fault]:
        if not isinstance(self.symbols, str):
            yield from _strangers(self.history, self.symbols)
        yield from _shared_names(self.indicators, self.historical)
        yield from self._quotes_asked()


def read_symbols(path: Path) -> tuple[str, ...]:
    """Read a file of symbols, one a line; ConfigError with every line that is wrong."""
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or str(error)
        raise ConfigError(Fault(f"can't be read: {told}", file=str(path))) from error
    found: dict[str, int] = {}
    faults = []
    for number, line in enumerate(lines, 1):
        symbol = line.partition("#")[0].strip()
        if symbol and (wrong := symbol_fault(symbol) or _again(symbol, found)):
            faults.append(Fault(f"{wrong}: {symbol[:80]!r}", str(path), f"line {number}"))
        elif symbol:
            found[symbol] = number
    if not found and not faults:
        faults.append(Fault("there is no symbol in it", file=str(path)))
    if faults:
        raise ConfigError(faults)
    return tuple(found)


def _again(symbol: str, found: dict[str, int]) -> str:
    return f"it is in line {found[symbol]} already" if symbol in found else ""
