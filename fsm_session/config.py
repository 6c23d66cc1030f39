"""What a user wishes of a run: one frozen value, from TOML or from Python.

Its classes say what there is, in which types, with which rules; ``SessionConfig`` holds the
rest to them. The parts are free until they are put into a SessionConfig, which then takes lists
for tuples and ``"1m"`` for an interval, as TOML does, and names all that is wrong at once.
Wishes only: whether the data can meet them is asked at Validate.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

from attrs import Factory, evolve, field, frozen

from fsm_session.config_reading import near, plain, read_fields, read_toml, require, rule
from fsm_session.errors import ConfigError, Fault
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval

COLUMN_NAMES = ("time", "open", "high", "low", "close", "volume")
SOURCE_KINDS = ("parquet", "csv", "simulated")
_LATER_KINDS = ("sql", "alpaca")


class _Named(Protocol):
    @property
    def name(self) -> str: ...


def symbol_fault(symbol: str) -> str:
    """Say why a text can be no symbol ("" where it can): it becomes part of file names."""
    if not symbol or symbol != symbol.strip() or not symbol.isprintable():
        return "a symbol is printable, not empty, without space around it"
    if symbol in (".", "..") or "/" in symbol or "\\" in symbol:
        return 'a symbol is no path: not ".", "..", nor with / or \\ in it'
    return "a symbol has at most 64 characters" if len(symbol) > 64 else ""


def _symbol(symbol: str) -> Iterator[Fault]:
    if wrong := symbol_fault(symbol):
        yield Fault(f"{wrong}: {symbol[:80]!r}")


def _distinct(items: Sequence[object]) -> Iterator[Fault]:
    seen: dict[object, int] = {}
    for place, item in enumerate(items):
        if (first := seen.setdefault(item, place)) < place:
            yield Fault(f"{item} is already at [{first}]", key=f"[{place}]")


def _names_distinct(items: Sequence[_Named]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for place, item in enumerate(items):
        if (first := seen.setdefault(item.name, place)) < place:
            told = f"{item.name!r} is already the name of [{first}]: give each one of its own"
            yield Fault(told, key=f"[{place}].name")


def _indicator(spec: IndicatorSpec) -> Iterator[Fault]:
    if spec.name in COLUMN_NAMES:
        yield Fault(f"{spec.name!r} is the name of a column already", key="name")
    if not spec.function.strip():
        yield Fault('must be a name of TA-Lib\'s, or "package.module:function"', key="function")


def _known_kind(kind: str) -> Iterator[Fault]:
    if kind in _LATER_KINDS:
        yield Fault(f"{kind!r} comes later; for now: {', '.join(SOURCE_KINDS)}")
    elif kind not in SOURCE_KINDS:
        yield Fault(f"no source is called {kind!r}; {near(kind, SOURCE_KINDS)}")


def _is_place(use: str) -> bool:
    """Tell whether it reads ``package.module:Name``."""
    module, _, name = use.partition(":")
    return all(part.isidentifier() for dotted in (module, name) for part in dotted.split("."))


def _only_fast(speed: float) -> Iterator[Fault]:
    if speed < 0:
        yield Fault(f"must be 0 (as fast as it goes) or above, not {speed:g}")
    elif speed:
        yield Fault(f"a speed other than 0 (as fast as it goes) comes later, so {speed:g} too")


_filled = rule(lambda it: bool(it), "must not be empty")
_clean = rule(lambda text: text.strip() and text.isprintable(), "must be a printable name")
_place = rule(_is_place, 'must read "package.module:Name"')
_no_nul = rule(lambda path: "\0" not in path, "must be a path")
_not_live = rule(lambda mode: mode == "backtest", 'must be "backtest": live sessions come later')
_not_negative = rule(lambda number: number >= 0, "must be 0 or above")
_above_zero = rule(lambda number: number > 0, "must be above 0")
_within_a_day = rule(
    lambda every: every is None or not every.is_daily, "must be shorter than a day"
)

Symbols = Annotated[tuple[Annotated[str, _symbol], ...], _filled, _distinct]
Intervals = Annotated[tuple[Interval, ...], _filled, _distinct]
Name = Annotated[str, _clean]
Use = Annotated[str, _place]


def _own_name(part: ScannerConfig | StrategyConfig) -> str:
    return str(part.use).rpartition(":")[2]


@frozen
class BacktestConfig:
    """From which date to which (both inclusive, need not be trading days), and how fast.

    ``speed`` is simulated seconds a second; 0, the only one for now, is as fast as it goes.
    """

    start: dt.date
    end: dt.date
    speed: Annotated[float, _only_fast] = 0.0

    def _faults(self) -> Iterator[Fault]:
        if self.start > self.end:
            yield Fault(f"the dates are reversed: {self.start} is after {self.end}", key="start")


@frozen
class HistoryConfig:
    """Which bars of how many sessions before today are loaded, for which symbols."""

    trailing_days: Annotated[int, _not_negative]
    intervals: Intervals
    symbols: Literal["all"] | Symbols = "all"


@frozen
class DataConfig:
    """Which symbols, streamed in which intervals, with which history and indicators.

    ``hours``: bars that start in [open, close), or all of the day. ``missing``: whether a
    symbol without data for a session is an error or left out of that session.
    """

    symbols: Symbols
    streams: Intervals
    hours: Literal["regular", "all"] = "regular"
    missing: Literal["error", "skip"] = "error"
    history: tuple[HistoryConfig, ...] = ()
    indicators: Annotated[tuple[Annotated[IndicatorSpec, _indicator], ...], _names_distinct] = ()

    def _faults(self) -> Iterator[Fault]:
        known = set(self.symbols)
        for place, history in enumerate(self.history):
            for number, symbol in enumerate(() if history.symbols == "all" else history.symbols):
                if symbol not in known:
                    told = f"{symbol!r} is not among data.symbols; {near(symbol, self.symbols)}"
                    yield Fault(told, key=f"history[{place}].symbols[{number}]")


@frozen
class SourceConfig:
    """Where the market data comes from.

    ``path`` is as written, relative to the configuration's folder; ``interval`` that of the
    bars there, None where their names or their spacing tell it.
    """

    kind: Annotated[str, _known_kind]
    path: Annotated[str, _no_nul] = ""
    interval: Interval | None = None
    parameters: Mapping[str, object] = field(factory=dict)

    def _faults(self) -> Iterator[Fault]:
        if self.kind != "simulated" and not self.path.strip():
            yield Fault(f"missing: where the {self.kind} files are", key="path")
        if self.kind == "simulated" and self.path:
            yield Fault("a simulated market is read from no path: leave it out", key="path")


@frozen
class ScannerConfig:
    """A scanner, and when it runs: before the session, and every so often within it.

    ``between`` are two times of day in exchange time; None means the whole session.
    """

    use: Use
    name: Name = field(default=Factory(_own_name, takes_self=True))
    pre_session: bool = False
    every: Annotated[Interval | None, _within_a_day] = None
    between: tuple[dt.time, dt.time] | None = None
    parameters: Mapping[str, object] = field(factory=dict)

    def _faults(self) -> Iterator[Fault]:
        if self.between and self.every is None:
            yield Fault("says when a scan repeats, but every is not given", key="between")
        if self.between and self.between[0] >= self.between[1]:
            start, end = (time.isoformat() for time in self.between)
            yield Fault(f"must be from earlier to later, not {start} to {end}", key="between")
        if not self.pre_session and self.every is None:
            told = 'never runs: say pre_session = true, or every = "5m", or both'
            yield Fault(told, key="every")


@frozen
class StrategyConfig:
    """A strategy: where its class or function is, and what it is made with."""

    use: Use
    name: Name = field(default=Factory(_own_name, takes_self=True))
    parameters: Mapping[str, object] = field(factory=dict)


@frozen
class WorkersConfig:
    """Whether workers run in threads, and the seconds a set-up or a teardown may take."""

    threads: bool = False
    deadline: Annotated[float, _above_zero] = 10.0


@frozen(kw_only=True)
class SessionConfig:
    """All wishes of a run. Equal ones have the same digest, wherever they come from.

    ``file`` is where it was read from, for messages, and ``folder`` what relative paths in it
    are relative to; neither is a wish. Raises ConfigError with every fault at once.
    """

    name: Name = "session"
    mode: Annotated[Literal["backtest", "live"], _not_live] = "backtest"
    calendar: Annotated[str, _filled] = "XNYS"
    backtest: BacktestConfig
    data: DataConfig
    source: SourceConfig | None = None
    scanners: Annotated[tuple[ScannerConfig, ...], _names_distinct] = ()
    strategies: Annotated[tuple[StrategyConfig, ...], _names_distinct] = ()
    workers: WorkersConfig = WorkersConfig()
    file: str = field(default="", eq=False)
    folder: Path = field(default=Path(), eq=False)

    def __attrs_post_init__(self) -> None:
        """Hold what Python made to the rules for what is read, and give it the same types."""
        for name, value in _read(plain(self), self.file).items():
            object.__setattr__(self, name, value)

    @classmethod
    def from_toml(cls, path: str | Path) -> SessionConfig:
        """Read a TOML file; relative paths in it are relative to its folder."""
        values = _read(plain(read_toml(Path(path))), str(path))
        return cls(**values, file=str(path), folder=Path(path).resolve().parent)

    @classmethod
    def from_dict(
        cls, mapping: Mapping[str, object], folder: str | Path | None = None
    ) -> SessionConfig:
        """Read tables of the TOML's shape; ``folder`` is the working folder if not given."""
        return cls(**_read(plain(mapping), ""), folder=Path(folder or ""))

    def to_dict(self) -> dict[str, Any]:
        """Give the wishes as JSON can hold them, defaults too; ``from_dict`` takes them back."""
        tables: dict[str, Any] = plain(self)
        return tables

    def digest(self) -> str:
        """Give the SHA-256, in hex, of the wishes as JSON with sorted keys."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


def _read(tables: object, file: str) -> dict[str, Any]:
    """Read the fields of a SessionConfig, each fault with the file it is in."""
    try:
        return read_fields(SessionConfig, tables)
    except ConfigError as error:
        require(evolve(fault, file=file) for fault in error.faults)
        raise
