"""Where market data comes from: frames, Parquet, CSV, a made-up market, behind one protocol.

A run has one source: each is imported by who asks for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attrs import evolve

from fsm_session.config import SOURCE_KINDS, SourceConfig
from fsm_session.config.reading import near
from fsm_session.errors import ConfigError, Fault
from fsm_session.late import late
from fsm_session.sources.source import EventSource, Source

if TYPE_CHECKING:
    from fsm_session.sources.columns import columns_from_frame
    from fsm_session.sources.csv import CsvSource
    from fsm_session.sources.event_columns import quotes_from_frame, ticks_from_frame
    from fsm_session.sources.frames import FramesSource
    from fsm_session.sources.parquet import ParquetSource
    from fsm_session.sources.simulated import SimulatedSource
else:
    __getattr__ = late(
        __name__,
        {
            "columns": ("columns_from_frame",),
            "csv": ("CsvSource",),
            "event_columns": ("quotes_from_frame", "ticks_from_frame"),
            "frames": ("FramesSource",),
            "parquet": ("ParquetSource",),
            "simulated": ("SimulatedSource",),
        },
    )

__all__ = [
    "CsvSource",
    "EventSource",
    "FramesSource",
    "ParquetSource",
    "SimulatedSource",
    "Source",
    "columns_from_frame",
    "open_source",
    "quotes_from_frame",
    "ticks_from_frame",
]

_PARAMETERS = {"parquet": (), "csv": (), "simulated": ("seed", "missing_percent", "symbols")}


def open_source(config: SourceConfig, folder: Path, calendar: str) -> Source:
    """Make the source that a configuration asks for; no file is touched yet.

    ``folder`` is what a relative path is relative to; ``calendar`` names the sessions of a
    simulated market. Raises ConfigError: a kind, parameter or path that is none.
    """
    if config.kind not in _PARAMETERS:
        told = f"no source is called {config.kind!r}; {near(config.kind, SOURCE_KINDS)}"
        raise ConfigError(Fault(told, key="source.kind"))
    known = _PARAMETERS[config.kind]
    faults = [
        Fault(f"unknown parameter; {near(name, known)}", key=f"source.parameters.{name}")
        for name in config.parameters
        if name not in known
    ]
    if faults:
        raise ConfigError(faults)
    if config.kind == "simulated":
        return _simulated(config, calendar)
    from fsm_session.sources import CsvSource, ParquetSource

    kind = ParquetSource if config.kind == "parquet" else CsvSource
    path, ticks, quotes = (
        # nothing is no path, least of all the folder itself
        folder / written if written.strip() else ""
        for written in (config.path, config.ticks, config.quotes)
    )
    return kind(path, config.interval, ticks=ticks, quotes=quotes)


def _simulated(config: SourceConfig, calendar: str) -> Source:
    from fsm_session.sources import SimulatedSource

    interval = {} if config.interval is None else {"interval": config.interval}
    parameters: dict[str, object] = {**interval, **config.parameters}
    try:
        return SimulatedSource(calendar, **parameters)  # type: ignore[arg-type]
    except ConfigError as error:
        key = "source.parameters."
        raise ConfigError(evolve(f, key=key + f.key) for f in error.faults) from None
