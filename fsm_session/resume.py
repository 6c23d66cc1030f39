"""What a run goes on from: the sessions that an earlier one finished, if it was the same run.

The same run has the same configuration, lifecycle, parts and data. Each is known by digests, one
a key of the configuration and one a state of the lifecycle, so that a journal can say what has
changed since, and holds nothing of what they say.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from fsm_session.config import SessionConfig
from fsm_session.errors import Fault
from fsm_session.machine import Lifecycle
from fsm_session.machine.state import name_of
from fsm_session.session.signals import (
    Found,
    RecordedChange,
    RecordedDisabled,
    RecordedScan,
    RecordedSignal,
    Signal,
)
from fsm_session.session_result import SessionResult
from fsm_session.user_parts import UserParts
from fsm_session.version import __version__

#: enough to tell two values of a key apart
DIGITS = 12
NOW_ABSENT = "is not there any more"
IS_NEW = "is new"
HAS_CHANGED = "has changed"

Record = Mapping[str, Any]


def fingerprint(
    config: SessionConfig, lifecycle: Lifecycle, parts: UserParts, *, summary_only: bool
) -> dict[str, Any]:
    """Give what tells a run from others, as the header of its journal holds it."""
    return {
        "name": config.name,
        "version": __version__,
        "config": config.digest(),
        "lifecycle": lifecycle.digest(),
        "made_of": {
            **{f"config {key}": _digest(value) for key, value in _leaves(config.to_dict())},
            **{f"lifecycle {key}": _digest(value) for key, value in _declared(lifecycle)},
            **{f"given {key}": _digest(value) for key, value in _given(parts)},
            "given summary_only": _digest(summary_only),
        },
    }


def what_changed(then: Record, now: Record, file: str) -> list[Fault]:
    """Name what two fingerprints differ in; nothing where they are of the same run."""
    if then.get("format", 0) != now.get("format", 0) or "made_of" not in then:
        return [Fault(f"was written in another format: {then.get('format')}", file)]
    if then.get("version") != now["version"]:
        told = f"was written by fsm_session {then.get('version')}, this is {now['version']}"
        return [Fault(told, file)]
    before, after = then["made_of"], now["made_of"]
    keys = [*after, *(key for key in before if key not in after)]
    return [
        Fault(_told(before.get(key), after.get(key)), file, key)
        for key in keys
        if before.get(key) != after.get(key)
    ]


def _told(before: str | None, after: str | None) -> str:
    change = NOW_ABSENT if after is None else IS_NEW if before is None else HAS_CHANGED
    return f"{change}: the run can't be gone on with"


def finished_sessions(
    folder: Path, records: Sequence[Record], dates: Sequence[str]
) -> Iterator[SessionResult]:
    """Give the sessions that were finished, up to the first of ``dates`` that was not.

    Where a session was done twice the later record counts. One whose file is missing, or is not
    what the journal says was written, has to be done again.
    """
    last = {each["date"]: each for each in records if each["kind"] == "session"}
    for date in dates:
        result = _restored(folder / "sessions" / f"{date}.json", last.get(date))
        if result is None:
            return
        yield result


def _restored(path: Path, record: Record | None) -> SessionResult | None:
    if record is None or not record["complete"]:
        return None
    if not record["sha256"]:  # of a run that writes no record of a session
        return SessionResult.of_counts(record)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(content).hexdigest() != record["sha256"]:
        return None
    return _read(record, orjson.loads(content))


def _read(record: Record, session: Record) -> SessionResult:
    """Put a result together from its record in the journal and the session's file."""
    return SessionResult(
        date=record["date"],
        complete=record["complete"],
        symbols=tuple(session["symbols"]),
        left_out=tuple(session["left_out"]),
        steps=record["steps"],
        bars=record["bars"],
        quality_percent=record["quality"],
        signals=tuple(map(_signal, session["signals"])),
        scans=tuple(map(_scan, session["scans"])),
        changes=tuple(
            RecordedChange(_ns(each), **_without_time(each)) for each in session["changes"]
        ),
        disabled=tuple(
            RecordedDisabled(_ns(each), **_without_time(each)) for each in session["disabled"]
        ),
        sha256=record["sha256"],
    )


def _signal(told: Record) -> RecordedSignal:
    signal = Signal(told["symbol"], told["action"], told["reason"], told["quantity"])
    return RecordedSignal(_ns(told), told["strategy"], signal)


def _scan(told: Record) -> RecordedScan:
    found = tuple(Found(**each) for each in told["found"])
    return RecordedScan(_ns(told), told["scanner"], found, told.get("refused", {}))


def _ns(told: Record) -> int:
    """Give the time of a record: int64 nanoseconds UTC, as it was before it was written."""
    return int(np.datetime64(told["time"].removesuffix("Z"), "ns").astype(np.int64))


def _without_time(told: Record) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != "time"}


def _leaves(table: Mapping[str, Any], under: str = "") -> Iterator[tuple[str, Any]]:
    """Go through a configuration by dotted keys: ``data.history[0].intervals``."""
    for key, value in table.items():
        place = f"{under}.{key}" if under else key
        if isinstance(value, Mapping):
            yield from _leaves(value, place)
        elif isinstance(value, Sequence) and any(isinstance(each, Mapping) for each in value):
            for number, each in enumerate(value):
                yield from _leaves(each, f"{place}[{number}]")
        else:
            yield place, value


def _declared(lifecycle: Lifecycle) -> Iterator[tuple[str, Any]]:
    """Go through a lifecycle: what each state does, and where it leads."""
    yield "initial", lifecycle.initial
    yield "failure", lifecycle.failure
    for state in lifecycle.states:
        hooks = [[*map(name_of, each)] for each in (state.entry, [state.activity], state.exit)]
        yield f"state {state.name}", [state.final, *hooks]
        rows = [[row.target, name_of(row.guard)] for row in lifecycle.ways_out(state.name)]
        yield f"ways out of {state.name}", rows


def _given(parts: UserParts) -> Iterator[tuple[str, Any]]:
    """Go through what was handed over or configured, by name."""
    yield "strategies", [each.plugin.name for each in parts.strategies]
    yield "scanners", [each.plugin.name for each in parts.scanners]
    yield "workers", [each.name for each in parts.workers]


def _digest(value: object) -> str:
    text = ascii(json.dumps(value, sort_keys=True, allow_nan=False))
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]
