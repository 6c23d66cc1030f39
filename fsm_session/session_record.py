"""A session as a record, format 1: facts of the market and the configuration, no wall clock.

The same session gives the same bytes, on any machine, in any run. NaN is null, times are
ISO 8601 in UTC, and a bar's time is its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd

from fsm_session.market.bars import COLUMNS
from fsm_session.market.quality import Quality
from fsm_session.session.data import IndicatorData, SessionData, SymbolSessionData

FORMAT = 1
OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

Record = dict[str, Any]


def session_record(
    data: SessionData, calendar: str, *, complete: bool, left_out: list[str]
) -> Record:
    """Make the record of a session. ``left_out`` are symbols that had no data for it."""
    session = data.session
    return {
        "format": FORMAT,
        "date": session.label,
        "calendar": calendar,
        "open": iso(session.open_ns),
        "close": iso(session.close_ns),
        "early_close": session.early_close,
        "complete": complete,
        "symbols": {name: _symbol(symbol) for name, symbol in data.items()},
        "left_out": left_out,
        "signals": [
            {
                "time": time,
                "strategy": each.strategy,
                "symbol": each.signal.symbol,
                "action": each.signal.action,
                "reason": each.signal.reason,
            }
            for time, each in zip(
                iso_all([each.time_ns for each in data.signals]), data.signals, strict=True
            )
        ],
        "scans": [
            {
                "time": iso(each.time_ns),
                "scanner": each.scanner,
                "found": [found.symbol for found in each.found],
                **({"refused": dict(each.refused)} if each.refused else {}),
            }
            for each in data.scans
        ],
        "history": {name: _history(symbol) for name, symbol in data.items()},
    }


def as_json(record: Mapping[str, Any]) -> bytes:
    """Write a record as JSON, ending in a line break."""
    return orjson.dumps(record, option=OPTIONS | orjson.OPT_APPEND_NEWLINE)


def iso(time_ns: int) -> str:
    """Write int64 nanoseconds UTC as ISO 8601: ``2024-07-03T13:30:00Z``."""
    return pd.Timestamp(time_ns, unit="ns").isoformat() + "Z"


def iso_all(times_ns: npt.ArrayLike) -> list[str]:
    """Write many instants as :func:`iso` does, at the cost of few."""
    instants = np.asarray(times_ns, np.int64).view("M8[ns]")
    texts: list[str] = orjson.loads(orjson.dumps(instants, option=OPTIONS))
    return texts


def _symbol(symbol: SymbolSessionData) -> Record:
    metrics = symbol.metrics
    gaps = {id(quality): _gaps(quality) for quality in _qualities(symbol)}
    return {
        "base_interval": symbol.base_interval.label,
        "bars": {each.label: _bars(symbol, each.label, gaps) for each in sorted(symbol.intervals)},
        "indicators": {
            name: _indicator(symbol, name, data) for name, data in symbol.indicators.items()
        },
        "metrics": {
            "volume": metrics.volume,
            "high": metrics.high,
            "low": metrics.low,
            "last": metrics.last,
        },
    }


def _qualities(symbol: SymbolSessionData) -> list[Quality]:
    return [each.quality for each in symbol.intervals.values() if each.quality]


def _gaps(quality: Quality) -> list[list[Any]]:
    starts = iso_all([gap.start_ns for gap in quality.gaps])
    ends = iso_all([gap.end_ns for gap in quality.gaps])
    return [
        [start, end, gap.missing]
        for start, end, gap in zip(starts, ends, quality.gaps, strict=True)
    ]


def _bars(symbol: SymbolSessionData, label: str, gaps: Mapping[int, list[list[Any]]]) -> Record:
    """Make the record of one interval; ``gaps`` by the quality that intervals share."""
    bars = symbol.today(label)
    base = symbol.intervals[bars.interval].base
    columns = {name: np.ascontiguousarray(bars.column(name)) for name in COLUMNS}
    return {
        "derived": base is not None,
        "base": base.label if base else None,
        **_quality(symbol.quality(label), gaps),
        "columns": {"time": bars.time.view("M8[ns]"), **columns},
    }


def _quality(quality: Quality | None, gaps: Mapping[int, list[list[Any]]]) -> Record:
    if quality is None:
        return {"quality": None, "expected": None, "gaps": []}
    return {
        "quality": quality.percent,
        "expected": quality.expected,
        "gaps": gaps[id(quality)],
    }


def _indicator(symbol: SymbolSessionData, name: str, data: IndicatorData) -> Record:
    spec, outputs = data.indicator.spec, data.indicator.outputs
    values: Any = {each: symbol.indicator_today(f"{name}.{each}") for each in outputs}
    if data.indicator.single:
        values = values[outputs[0]]
    return {
        "function": spec.function,
        "interval": spec.interval.label,
        "parameters": dict(spec.parameters),
        "values": values,
    }


def _history(symbol: SymbolSessionData) -> Record:
    return {
        interval.label: {
            "sessions": symbol.history_sessions.get(interval, 0),
            "bars": len(symbol.history(interval)),
            "quality": quality.percent if (quality := held.history_quality) else None,
        }
        for interval, held in sorted(symbol.intervals.items())
    }
