"""Wishes: what a user asks of a run, read strictly, every fault at once."""

# before any class is made: it is needed in any case, and takes longer behind what attrs compiles
import pandas  # noqa: F401

from fsm_session.config.data import DataConfig, HistoryConfig, NeedsConfig, UniverseConfig
from fsm_session.config.parts import (
    SOURCE_KINDS,
    BacktestConfig,
    OnError,
    ScannerConfig,
    SourceConfig,
    StrategyConfig,
    WorkersConfig,
)
from fsm_session.config.rules import COLUMN_NAMES, symbol_fault
from fsm_session.config.session import SessionConfig

__all__ = [
    "COLUMN_NAMES",
    "SOURCE_KINDS",
    "BacktestConfig",
    "DataConfig",
    "HistoryConfig",
    "NeedsConfig",
    "OnError",
    "ScannerConfig",
    "SessionConfig",
    "SourceConfig",
    "StrategyConfig",
    "UniverseConfig",
    "WorkersConfig",
    "symbol_fault",
]
