"""What a run leaves behind: a record a session, one of the run, and the journal.

With no folder to write to nothing is written, and the results are kept in memory all the same.
Records hold no wall-clock time; that stands under ``meta`` in the journal, and nowhere else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
from attrs import evolve

from fsm_session.config import SessionConfig
from fsm_session.errors import ExportError, Fault, JournalError, ResumeError
from fsm_session.machine import Failure, Move
from fsm_session.machine.journal import BEGIN_ANEW, Journal, JournalRecords, read_if_begun
from fsm_session.machine.journal import FORMAT as JOURNAL_FORMAT
from fsm_session.machine.texts import writable
from fsm_session.resume import finished_sessions, what_changed
from fsm_session.session.clock import iso_in, wall_time_ns
from fsm_session.session.data import SessionData
from fsm_session.session_record import as_json, session_record
from fsm_session.session_result import SessionResult
from fsm_session.whole_files import write_whole

#: the symbols without data for a session: under "" the traded ones, under a scanner's name its own
LeftOut = Mapping[str, list[str]]

FORMAT = 1
NANOSECONDS = 1e9
#: what :mod:`fsm_session.report` makes of the records, beside them
REPORT = "report.html"
#: the records of sessions: ``sessions/2024-07-03.json``
RECORDS = "sessions/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].json"


class RunRecords:
    """Keeps the results of a run, and writes them where there is a folder.

    ``summary_only``: the run's record and the journal, and none of a session.
    """

    def __init__(
        self, config: SessionConfig, out: Path | None, *, summary_only: bool = False
    ) -> None:
        self._config = config
        self._out = out
        self._summary_only = summary_only
        self._journal: Journal | None = None
        self._header: dict[str, Any] = {}
        self._earlier: list[Path] = []
        self.begun = False
        self._held_back: list[tuple[str, dict[str, Any], dict[str, Any]]] = []
        self._resumed: JournalRecords | None = None
        self._digests: dict[str, str] = {}
        self._last_move_ns = wall_time_ns()
        self.sessions: list[SessionResult] = []
        self.moves: list[Move] = []

    def open(
        self, fingerprint: Mapping[str, Any], *, overwrite: bool = False, resume: Sequence[str] = ()
    ) -> str:
        """Take the folder for this run; nothing in it is touched before :meth:`begin`.

        ``resume`` are the dates of the run where it is to go on from what an earlier one has
        finished there. Gives the date to go on with, "" for the first.

        Raises ExportError where it holds finished sessions that are not to be overwritten,
        JournalError where it can't be written, can't be trusted, or another process writes
        there, ResumeError where that was another run.
        """
        if self._out is None:
            return ""
        self._earlier = _records_in(self._out)
        finished = len(self._earlier)
        if not finished and (finished := _sessions_in(self._out / "run.json")):
            self._earlier = [self._out / "run.json"]  # of a run that wrote its summary only
        journal = self._out / "journal.jsonl"
        resumable = bool(resume) and journal.is_file()
        if finished and not overwrite and not resumable:
            raise ExportError(
                f"{self._out} holds {finished} sessions of an earlier run already:"
                " choose another folder, or ask to overwrite them",
                hint="--resume goes on with that run, --overwrite replaces it, --out DIR keeps it",
            )
        self._header = dict(fingerprint)
        self._journal = Journal.take(journal)
        try:
            return self._go_on_from(journal, resume, finished) if resumable else ""
        except BaseException:
            self.close()
            raise

    def _go_on_from(self, journal: Path, dates: Sequence[str], finished: int) -> str:
        """Take over what was finished; give the date to go on with."""
        assert self._out is not None
        earlier = read_if_begun(journal)
        if earlier is None and finished:
            raise JournalError(
                f"{journal} has no header: nothing tells whose the records beside it are",
                hint=BEGIN_ANEW,
            )
        if earlier is None or not _did_anything(earlier):
            return ""
        faults = what_changed(
            earlier.header, {"format": JOURNAL_FORMAT, **self._header}, str(journal)
        )
        if faults:
            raise ResumeError(faults)
        # the last is done again where all are: its data is there to be looked at then
        for result in finished_sessions(self._out, earlier.records, dates[:-1]):
            self.sessions.append(result)  # one by one: it takes its time, and is asked after
        self._resumed = earlier
        return dates[len(self.sessions)]

    def begin(self, data_digest: Callable[[], str] = str) -> None:
        """Begin the journal, in place of what an earlier run has left behind. Safe twice.

        Called once the run is known to be possible: one that is not leaves the earlier one whole.
        ``data_digest`` is asked only where there is a journal to begin.
        """
        if self._journal is None or self.begun:
            return
        header = {**self._header, "data": data_digest()}
        resumed = self._resumed
        if resumed is not None and resumed.header["data"] != header["data"]:
            told = "has changed: the run can't be gone on with"
            raise ResumeError(Fault(told, str(self._journal.path), "data"))
        self._remove_what_is_done_again(self._journal.path.parent)
        if resumed is None:
            self._journal.begin(header)
        else:
            kept = [each.date for each in self.sessions]
            self._journal.go_on(resumed, {"kept": kept, "torn": resumed.torn})
        self.begun = True
        self._write_held_back(self._journal)

    def _remove_what_is_done_again(self, folder: Path) -> None:
        """Remove the records of an earlier run, but those that are gone on from."""
        if (report := folder / REPORT).exists():
            with suppress(OSError):  # it tells of the earlier run, but is no record
                report.unlink()
        kept = {folder / "sessions" / f"{each.date}.json" for each in self.sessions}
        torn = [*folder.glob("sessions/.*.part"), *folder.glob(".*.part")]
        try:
            for path in (*self._earlier, folder / "run.json", *torn):
                if path not in kept:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise ExportError(f"{path} can't be removed: {error.strerror}") from error

    def observe(self, record: Move | Failure) -> None:
        """Put a move or an error on record, as it happens; a move told again is still one."""
        if isinstance(record, Move):
            if not self.moves or self.moves[-1] is not record:
                self.moves.append(record)
            if self._journal is not None:
                self._put(self._journal, "move", _move(record))
        elif self._journal is not None:
            self._put(self._journal, "error", describe(record))

    def _put(self, journal: Journal, kind: str, facts: dict[str, Any]) -> None:
        """Write a record into the journal, or hold it back until that is begun."""
        now_ns = wall_time_ns()
        seconds = (now_ns - self._last_move_ns) / NANOSECONDS
        self._last_move_ns = now_ns
        wall = iso_in("UTC", now_ns).removesuffix("+00:00") + "Z"
        meta = {"wall": wall, "seconds": round(seconds, 6)}
        if self.begun:
            self._write_held_back(journal)
            journal.append(kind, facts, meta)
        else:
            self._held_back.append((kind, facts, meta))

    def _write_held_back(self, journal: Journal) -> None:
        """Write what was held back, each let go only when written: Ctrl-C may break this off."""
        while self._held_back:
            journal.append(*self._held_back[0])
            del self._held_back[0]

    def write_session(self, data: SessionData, *, complete: bool, left_out: LeftOut) -> None:
        """Write a session's record; ExportError where it can't be."""
        if self._out is None or self._summary_only:
            return
        record = session_record(data, self._config.calendar, complete=complete, left_out=left_out)
        content = as_json(record)
        write_whole(self._out / "sessions" / f"{data.session.label}.json", content)
        self._digests[data.session.label] = hashlib.sha256(content).hexdigest()

    def commit_session(self, data: SessionData, *, complete: bool, left_out: LeftOut) -> None:
        """Count a session as done, and say so in the journal, to last."""
        sha256 = self._digests.get(data.session.label, "")
        result = SessionResult.of(data, tuple(left_out[""]), complete=complete, sha256=sha256)
        try:
            if self._journal is not None:
                facts = {**result.counts(), "sha256": result.sha256}
                self._journal.append("session", facts, sync=True)
        except JournalError:  # what the journal may not have is not done
            self.sessions.append(evolve(result, complete=False))
            raise
        self.sessions.append(result)

    def has(self, date: str) -> bool:
        """Tell whether a session has been committed."""
        return any(each.date == date for each in self.sessions)

    def write_run(
        self, outcome: str, failures: Sequence[Failure], unclean: Sequence[str] = ()
    ) -> None:
        """Write the run's record: outcome, sessions, errors; ExportError where it can't be.

        A run that was found impossible leaves no record where an earlier one has left its own.
        """
        if self._out is None or (self._earlier and not self.begun):
            return
        self.begin()
        record = run_record(self._config, outcome, self.sessions, failures, unclean)
        write_whole(self._out / "run.json", as_json(record))
        if self._journal is not None:
            self._journal.append("end", {"outcome": outcome}, sync=True)

    def close(self) -> None:
        """Close the journal. Safe twice."""
        if self._journal is not None:
            self._journal.close()


def run_record(
    config: SessionConfig,
    outcome: str,
    sessions: Sequence[SessionResult],
    failures: Sequence[Failure],
    unclean: Sequence[str],
) -> dict[str, Any]:
    """Make the record of a run, as ``run.json`` holds it."""
    return {
        "format": FORMAT,
        "name": config.name,
        "calendar": config.calendar,
        "outcome": outcome,
        "sessions": [each.counts() for each in sessions],
        "errors": [describe(failure) for failure in failures],
        "unclean": [writable(name) for name in unclean],
    }


def _did_anything(earlier: JournalRecords) -> bool:
    """Tell whether a run came further than to Validate, which finds out what the data is."""
    kinds = {each["kind"] for each in earlier.records}
    return bool(earlier.header.get("data")) or "session" in kinds


def _records_in(out: Path) -> list[Path]:
    """List the records of sessions in a folder, by their names: what else lies there is not ours.

    Raises ExportError where it can't be looked into.
    """
    try:
        return sorted(out.glob(RECORDS))
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise ExportError(f"{out} can't be looked into: {told}") from error


def _sessions_in(run_record: Path) -> int:
    """Count the sessions that an earlier run's record tells of; 0 where there is none to read."""
    try:
        sessions = orjson.loads(run_record.read_bytes())["sessions"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0
    return len(sessions) if isinstance(sessions, list) else 0


def _move(move: Move) -> dict[str, Any]:
    return {
        "move": move.number,
        "session": move.where.get("session", ""),
        "from": move.source,
        "to": move.target,
        "guard": writable(move.guard),
        "time": move.where.get("time", ""),
    }


def describe(failure: Failure) -> dict[str, Any]:
    """Give an error as the records hold it: what, where, and who is to mend it."""
    return {
        "error": writable(type(failure.error).__name__),
        "message": writable(str(failure.error)),
        "phase": failure.phase,
        "hook": writable(failure.hook),
        "worker": writable(failure.worker),
        "session": failure.where.get("session", ""),
        "time": failure.where.get("time", ""),
    }
