"""Reads the folder of a run: its record, its journal, and where its sessions' records are.

A run may have ended well, failed, been stopped or killed, or be under way: each leaves enough to
tell of. What is damaged or gone is found out all at once.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cattrs
import orjson
from attrs import field, frozen

from fsm_session.errors import Fault, JournalError, ReportError
from fsm_session.export import FORMAT
from fsm_session.machine.journal import JournalRecords, read_if_begun
from fsm_session.session_record import FORMAT as SESSION_FORMAT

Record = Mapping[str, Any]

DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
JOURNAL, RUN = "journal.jsonl", "run.json"


@frozen
class SessionCounts:
    """What a run counted in a session. ``quality`` is in percent."""

    date: str
    complete: bool
    symbols: int
    left_out: list[str]
    steps: int
    bars: int
    quality: float
    signals: int
    scans: int
    changes: int
    disabled: list[str]


@frozen
class RecordedError:
    """An error and its place; ``time`` is ISO 8601 in the exchange's zone."""

    error: str
    message: str
    phase: str
    hook: str = ""
    worker: str = ""
    session: str = ""
    time: str = ""


@frozen
class _RunRecord:
    """``run.json``."""

    format: int
    name: str
    calendar: str
    outcome: str
    sessions: list[SessionCounts]
    errors: list[RecordedError]
    unclean: list[str]


@frozen
class RunFolder:
    """What a folder holds of a run.

    ``outcome`` is "" where the run has not ended: it was killed, or is under way. ``journal`` are
    its records behind the header; ``torn`` tells that its last one was broken off. ``sha256`` has
    the digest of each session's record, "" where none was written.
    """

    folder: Path
    name: str
    outcome: str
    sessions: tuple[SessionCounts, ...]
    errors: tuple[RecordedError, ...]
    unclean: tuple[str, ...]
    header: Record
    journal: tuple[Record, ...]
    torn: bool
    sha256: Mapping[str, str] = field(factory=dict)

    def path_of(self, date: str) -> Path:
        """Name the record of a session."""
        return self.folder / "sessions" / f"{date}.json"

    @property
    def moves(self) -> tuple[Record, ...]:
        """Give the moves as the journal has them."""
        return tuple(each for each in self.journal if each["kind"] == "move")

    @property
    def unwritten(self) -> bool:
        """Tell whether there are sessions, and of none of them a record."""
        return bool(self.sessions) and not any(self.sha256.values())


def read_folder(folder: Path) -> RunFolder:
    """Read what a run has left in a folder.

    Raises ReportError where there is no run, or something of it is missing or damaged.
    """
    if not folder.is_dir():
        raise ReportError(Fault("there is no such folder", str(folder)))
    faults: list[Fault] = []
    journal = _journal(folder / JOURNAL, faults)
    run = _run_record(folder / RUN, faults)
    if journal is None and run is None and not faults:
        raise ReportError(Fault(f"holds no run: neither {RUN} nor {JOURNAL}", str(folder)))
    if journal is None and not faults:
        told = "is missing, or has no header: nothing tells what the run did"
        faults.append(Fault(told, str(folder / JOURNAL)))
    if faults or journal is None:
        raise ReportError(faults)
    return _joined(folder, journal, run)


def _journal(path: Path, faults: list[Fault]) -> JournalRecords | None:
    try:
        return read_if_begun(path) if path.exists() else None
    except JournalError as error:
        faults.append(Fault(str(error)))
        return None


def _run_record(path: Path, faults: list[Fault]) -> _RunRecord | None:
    """Read ``run.json``; None where there is none, as before a run's end."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        faults.append(Fault(f"can't be read: {error.strerror}", str(path)))
        return None
    try:
        return _checked(cattrs.structure(orjson.loads(content), _RunRecord))
    except (orjson.JSONDecodeError, cattrs.BaseValidationError, ValueError, TypeError) as error:
        told = f"is not the record of a run: {_shortly(error)}"
        faults.append(Fault(told, str(path)))
        return None


def _checked(run: _RunRecord) -> _RunRecord:
    if run.format != FORMAT:
        raise ValueError(f"its format is {run.format}, and {FORMAT} is what can be read")
    return run


def _shortly(error: Exception) -> str:
    if isinstance(error, cattrs.BaseValidationError):
        return "; ".join(cattrs.transform_error(error))
    return str(error)


def _joined(folder: Path, journal: JournalRecords, run: _RunRecord | None) -> RunFolder:
    """Put the two together; of a run that has no record yet, the journal tells what it can."""
    committed = {each["date"]: each for each in journal.records if each["kind"] == "session"}
    errors = [each for each in journal.records if each["kind"] == "error"]
    if run is None:
        sessions = [_without_more(each, SessionCounts) for each in committed.values()]
        told = [_without_more(each, RecordedError) for each in errors]
        ended, unclean = "", []
    else:
        sessions, told, unclean = run.sessions, run.errors, run.unclean
        ended = run.outcome
    return RunFolder(
        folder,
        str(journal.header.get("name", "")),
        ended,
        tuple(sorted(sessions, key=lambda each: each.date)),
        tuple(told),
        tuple(unclean),
        journal.header,
        journal.records,
        journal.torn,
        {date: str(each.get("sha256", "")) for date, each in committed.items()},
    )


def _without_more(record: Record, cls: type[Any]) -> Any:
    """Make a value of the part of a journal's record that is its."""
    return cattrs.structure(dict(record), cls)


def session_records(run: RunFolder, faults: list[Fault]) -> Iterator[tuple[str, Record]]:
    """Read the sessions' records one after the other, each with its date.

    One that is missing, or isn't what the journal says was written, is added to ``faults``.
    """
    for date in (each.date for each in run.sessions if run.sha256.get(each.date)):
        if not re.fullmatch(DATE, date):
            faults.append(Fault(f"{date!r} is no date of a session", str(run.folder / JOURNAL)))
            continue
        path = run.path_of(date)
        try:
            yield date, _session(path, run.sha256[date])
        except OSError as error:
            faults.append(Fault(f"can't be read: {error.strerror}", str(path)))
        except ReportError as error:
            faults += error.faults


def _session(path: Path, sha256: str) -> Record:
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise ReportError(Fault("is not what the journal says was written", str(path)))
    record: Record = orjson.loads(content)
    if record["format"] != SESSION_FORMAT:
        told = f"is of format {record['format']}, and {SESSION_FORMAT} is what can be read"
        raise ReportError(Fault(told, str(path)))
    return record
