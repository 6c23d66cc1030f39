"""A session as a record, format 1: facts of the market and the configuration, no wall clock.

The same session gives the same bytes, on any machine, in any run. NaN is null, times are
ISO 8601 in UTC, and a bar's time is its start.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pandas as pd
from attrs import asdict

from fsm_session.machine.texts import writable
from fsm_session.market.bars import COLUMNS
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.gaps import Gaps
from fsm_session.market.historical import Historical
from fsm_session.market.quality import Quality
from fsm_session.session.data import SessionData
from fsm_session.session.signals import RecordedScan, RecordedSignal
from fsm_session.session.symbol_data import IndicatorData, SymbolSessionData

FORMAT = 1
OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC | orjson.OPT_UTC_Z

Record = dict[str, Any]


def session_record(
    data: SessionData, calendar: str, *, complete: bool, left_out: Mapping[str, list[str]]
) -> Record:
    """Make the record of a session.

    ``left_out`` are the symbols that had no data for it: under "" of those that are traded,
    under a scanner's name of its universe.
    """
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
        "left_out": left_out[""],
        "universes": {name: {"left_out": each} for name, each in left_out.items() if name},
        "signals": _with_times(data.signals, _signal),
        "scans": _with_times(data.scans, _scan),
        "changes": _with_times(data.changes, _fields),
        "disabled": _with_times(data.disabled, _fields),
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


def _with_times(records: Sequence[Any], facts: Callable[[Any], Record]) -> list[Record]:
    times = iso_all([each.time_ns for each in records])
    return [{"time": time, **facts(each)} for time, each in zip(times, records, strict=True)]


def _fields(record: Any) -> Record:
    facts = asdict(record)
    return {name: writable(text) for name, text in facts.items() if name != "time_ns"}


def _signal(record: RecordedSignal) -> Record:
    signal = record.signal
    return {
        "strategy": record.strategy,
        "symbol": signal.symbol,
        "action": writable(signal.action),
        "quantity": signal.quantity,
        "reason": writable(signal.reason),
    }


def _scan(record: RecordedScan) -> Record:
    found = [
        {
            "symbol": writable(each.symbol),
            "reason": writable(each.reason),
            "figures": {writable(name): figure for name, figure in each.figures.items()},
        }
        for each in record.found
    ]
    refused = {writable(symbol): reason for symbol, reason in record.refused.items()}
    told = {"refused": refused} if refused else {}
    return {"scanner": record.scanner, "found": found, **told}


def _symbol(symbol: SymbolSessionData) -> Record:
    metrics = symbol.metrics
    quality = _quality(symbol.quality())
    return {
        "base_interval": symbol.base_interval.label,
        "bars": {
            each.label: _bars(symbol, each.label, quality) for each in sorted(symbol.intervals)
        },
        "indicators": {
            name: _indicator(symbol, name, data) for name, data in symbol.indicators.items()
        },
        "historical": {name: _historical(each) for name, each in symbol.historical.items()},
        "events": {kind: _events(symbol, kind) for kind in symbol.events},
        "metrics": {
            "volume": metrics.volume,
            "high": metrics.high,
            "low": metrics.low,
            "last": metrics.last,
        },
    }


def _gaps(quality: Quality) -> list[list[Any]]:
    gaps = Gaps.of(quality.gaps)
    starts, ends = iso_all(gaps.starts_ns), iso_all(gaps.ends_ns)
    return [list(each) for each in zip(starts, ends, gaps.missing.tolist(), strict=True)]


def _bars(symbol: SymbolSessionData, label: str, quality: Record) -> Record:
    """Make the record of one interval; ``quality`` is the base's, which all share.

    A derived bar says in ``count`` how many base bars it is made of.
    """
    bars = symbol.today(label)
    base = symbol.intervals[bars.interval].base
    names = (*COLUMNS, "count") if base else COLUMNS
    columns = {name: np.ascontiguousarray(bars.column(name)) for name in names}
    return {
        "derived": base is not None,
        "base": base.label if base else None,
        **quality,
        "columns": {"time": bars.time.view("M8[ns]"), **columns},
    }


def _quality(quality: Quality) -> Record:
    return {
        "quality": quality.percent,
        "expected": quality.expected,
        "gaps": _gaps(quality),
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


def _events(symbol: SymbolSessionData, kind: EventKind) -> Record:
    """Make the record of the day's ticks or quotes: how many, the last, and what they come from.

    The events themselves stay where they are: there are a hundred thousand of them a day.
    """
    base = symbol.find_events(kind).base
    happened: Ticks | Quotes = symbol.ticks() if kind == "ticks" else symbol.quotes()
    last = {name: happened.column(name)[-1] for name in happened.FIELDS} if len(happened) else None
    return {
        "derived": base is not None,
        "base": base.label if base else None,
        "count": len(happened),
        "last": last and {"time": iso(int(happened.time[-1])), **last},
    }


def _historical(found: Historical) -> Record:
    spec = found.spec
    values: Any = {"values": found.values} if found.is_profile else {"value": found.values[0]}
    return {
        "function": spec.function,
        "column": spec.column,
        "over": spec.over.label,
        "interval": spec.interval.label,
        "half_days": spec.half_days,
        "absent": spec.absent,
        "sessions": found.sessions,
        **values,
    }


def _history(symbol: SymbolSessionData) -> Record:
    sessions = symbol.history_sessions
    return {
        interval.label: {
            "sessions": sessions[interval],
            "bars": len(symbol.history(interval)),
            "quality": symbol.history_quality(interval).percent,
        }
        for interval in sorted(symbol.intervals)
    }
