"""What a user wishes of a run: one frozen value, from TOML or from Python.

Its classes say what there is, in which types, with which rules; ``SessionConfig`` holds the
rest to them. The parts are free until they are put into a SessionConfig, which then takes lists
for tuples and ``"1m"`` for an interval, as TOML does, and names all that is wrong at once.
Wishes only: whether the data can meet them is asked at Validate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from attrs import NOTHING, evolve, field, fields, frozen

from fsm_session.config.data import DataConfig, UniverseConfig, read_symbols
from fsm_session.config.parts import (
    BacktestConfig,
    ScannerConfig,
    SourceConfig,
    StrategyConfig,
    WorkersConfig,
)
from fsm_session.config.reading import plain, read_fields, require, rule
from fsm_session.config.rules import Name, filled, names_distinct
from fsm_session.config.toml import read_toml, too_much
from fsm_session.errors import ConfigError, Fault

_not_live = rule(lambda mode: mode == "backtest", 'must be "backtest": live sessions come later')


@frozen(kw_only=True)
class SessionConfig:
    """All wishes of a run. Equal ones have the same digest, wherever they come from.

    ``file`` is where it was read from, for messages, and ``folder`` what relative paths in it
    are relative to; neither is a wish. Raises ConfigError with every fault at once.
    """

    name: Name = "session"
    mode: Annotated[Literal["backtest", "live"], _not_live] = "backtest"
    calendar: Annotated[str, filled] = "XNYS"
    backtest: BacktestConfig
    data: DataConfig
    source: SourceConfig | None = None
    scanners: Annotated[tuple[ScannerConfig, ...], names_distinct] = ()
    strategies: Annotated[tuple[StrategyConfig, ...], names_distinct] = ()
    workers: WorkersConfig = WorkersConfig()
    file: str = field(default="", eq=False)
    folder: Path = field(default=Path(), eq=False)

    def __attrs_post_init__(self) -> None:
        """Hold what Python made to the rules for what is read, and give it the same types."""
        for name, value in _read(plain(self), self.file).items():
            object.__setattr__(self, name, value)
        faults = [*self._unknown_subscriptions()]
        scanners = tuple(self._with_symbols(faults))
        require(evolve(fault, file=fault.file or self.file) for fault in faults)
        object.__setattr__(self, "scanners", scanners)

    @classmethod
    def from_toml(cls, path: str | Path) -> SessionConfig:
        """Read a TOML file; relative paths in it are relative to its folder."""
        tables = _of_a_session(read_toml(Path(path)), str(path))
        return cls(**tables, file=str(path), folder=Path(path).resolve().parent)

    @classmethod
    def from_dict(
        cls, mapping: Mapping[str, object], folder: str | Path | None = None
    ) -> SessionConfig:
        """Read tables of the TOML's shape; ``folder`` is the working folder if not given."""
        return cls(**_of_a_session(mapping, ""), folder=Path(folder or ""))

    def to_dict(self) -> dict[str, Any]:
        """Give the wishes as JSON can hold them, defaults too; ``from_dict`` takes them back."""
        tables: dict[str, Any] = plain(self)
        return tables

    def digest(self) -> str:
        """Give the SHA-256, in hex, of the wishes as JSON with sorted keys."""
        text = json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()

    def universes(self) -> dict[str, UniverseConfig]:
        """Give the universes by the names of their scanners."""
        return {each.name: each.universe for each in self.scanners if each.universe is not None}

    def _unknown_subscriptions(self) -> Iterator[Fault]:
        """Find the intervals that a strategy is to be called for, and nobody asks for."""
        known = self.data.intervals()
        for place, strategy in enumerate(self.strategies):
            for number, interval in enumerate(strategy.intervals or ()):
                if interval not in known:
                    there = ", ".join(map(str, sorted(known)))
                    told = f"no bars of {interval} are asked for in [data], only {there}"
                    yield Fault(told, key=f"strategies[{place}].intervals[{number}]")

    def _with_symbols(self, faults: list[Fault]) -> Iterator[ScannerConfig]:
        """Put the symbols of a universe's file in the place of its name."""
        for place, scanner in enumerate(self.scanners):
            universe, key = scanner.universe, f"scanners[{place}].universe"
            if universe is None or not isinstance(universe.symbols, str):
                yield scanner
                continue
            try:
                symbols = read_symbols(self.folder / universe.symbols)
                held = evolve(universe, symbols=symbols)
                faults += [evolve(each, key=f"{key}.{each.key}") for each in held._faults()]
                yield evolve(scanner, universe=held)
            except ConfigError as error:
                faults += [_under(each, f"{key}.symbols") for each in error.faults]


def _under(fault: Fault, key: str) -> Fault:
    return evolve(fault, key=f"{key}: {fault.key}" if fault.key else key)


def _of_a_session(given: object, file: str) -> dict[str, Any]:
    """Give tables that a session can be made of, to be read by it; ConfigError for others."""
    require(evolve(fault, file=file) for fault in too_much(given))
    tables = plain(given)
    known = {each.name: each for each in fields(SessionConfig) if each.eq}
    needed = {name for name, each in known.items() if each.default is NOTHING}
    if isinstance(tables, Mapping) and needed <= set(tables) <= set(known):
        return dict(tables)
    return _read(tables, file)


def _read(tables: object, file: str) -> dict[str, Any]:
    """Read the fields of a SessionConfig, each fault with the file it is in."""
    try:
        return read_fields(SessionConfig, tables)
    except ConfigError as error:
        require(evolve(fault, file=file) for fault in error.faults)
        raise
