"""The journal: numbered records of what a run did, one a line, each with its checksum.

A line is a JSON object whose last key, ``crc``, is the CRC-32 of all before it, so that a torn or
altered line is seen. The first record is the header. A bad record with nothing sound behind it
is a torn tail and is left out; anywhere else it means that the file can't be trusted.
"""

from __future__ import annotations

import fcntl
import os
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any

import orjson
from attrs import frozen

from fsm_session.errors import JournalError
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.whole_files import sync_folder

FORMAT = 1
#: what to do about a journal that can't be trusted
BEGIN_ANEW = "begin anew: --overwrite, or another folder with --out"
_CRC_KEY = b',"crc":"'
_OWN = {"number", "kind", "meta", "crc"}
_TAIL = len(_CRC_KEY) + 8 + len('"}')


class Journal:
    """An open journal. One process has it at a time."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = file
        self._size = 0
        self._settled = True
        self._broken = ""
        self._number = 0

    @classmethod
    def take(cls, path: Path) -> Journal:
        """Open a journal and keep other processes out; what stands in it is not touched.

        Raises JournalError where it can't be written, or another process writes it.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = open(path, "ab", buffering=0, opener=_no_link)  # noqa: SIM115 - closed by close()
        except (OSError, ValueError) as error:  # a name with NUL in it is no path
            told = getattr(error, "strerror", None) or error
            raise JournalError(f"{path} can't be written: {told}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise JournalError(
                f"{path} is being written by another process",
                hint="wait until that run has ended, or choose another folder with --out",
            ) from error
        return cls(path, file)

    @classmethod
    def create(cls, path: Path, header: Mapping[str, Any]) -> Journal:
        """Open a journal and begin it at once; JournalError as :meth:`take` and :meth:`begin`."""
        journal = cls.take(path)
        try:
            journal.begin(header)
        except BaseException:
            journal.close()
            raise
        return journal

    def begin(self, header: Mapping[str, Any]) -> None:
        """Begin with the header, in place of whatever stands there; JournalError as ever."""
        try:
            self._file.truncate(0)
            self._number = self._size = 0
            self.append("header", {"format": FORMAT, **header}, sync=True)
            sync_folder(self.path.parent)
        except OSError as error:
            raise JournalError(f"{self.path} can't be written: {error.strerror}") from error

    def go_on(self, read: JournalRecords, facts: Mapping[str, Any]) -> None:
        """Go on behind the last sound record, with one that says so; JournalError as ever."""
        self._size, self._number = read.size, 1 + len(read.records)
        self._settled = not read.torn
        self.append("resume", facts, sync=True)

    def append(
        self,
        kind: str,
        facts: Mapping[str, Any],
        meta: Mapping[str, Any] | None = None,
        *,
        sync: bool = False,
    ) -> None:
        """Write one record. ``meta`` is what differs from run to run, wall time say.

        Raises JournalError; a write or a sync that failed is never tried again.
        """
        if not _OWN.isdisjoint(facts):
            taken = ", ".join(sorted(_OWN.intersection(facts)))
            raise JournalError(f"{self.path}: facts can't be named {taken}")
        record = {"number": self._number, "kind": kind, **facts}
        if meta is not None:
            record["meta"] = meta
        try:
            line = _sealed(orjson.dumps(record))
        except orjson.JSONEncodeError as error:
            raise JournalError(f"{self.path}: a {kind} can't be written: {error}") from error
        self._write(line, sync=sync)
        self._number, self._size, self._settled = self._number + 1, self._size + len(line), True

    def _write(self, line: bytes, *, sync: bool) -> None:
        if self._broken or self._file.closed:
            raise JournalError(f"{self.path} {self._broken or 'is closed'}")
        try:
            if not self._settled:  # an interrupt broke the last one off: it never happened
                self._file.truncate(self._size)
            self._settled = False
            written = self._file.write(line)
            if written != len(line):
                raise OSError(None, f"{written} of {len(line)} bytes were taken")
            if sync:
                os.fsync(self._file.fileno())
        except OSError as error:
            self._broken = f"can't be written: {error.strerror}"
            raise JournalError(f"{self.path} {self._broken}") from error

    def close(self) -> None:
        """Close the file, and let go of the lock with it. Safe twice."""
        self._file.close()


@frozen
class JournalRecords:
    """What a journal holds: its header, its records, and whether a torn tail was left out.

    ``size`` counts the bytes up to where that begins.
    """

    header: Mapping[str, Any]
    records: tuple[Mapping[str, Any], ...]
    torn: bool
    size: int


def read_journal(path: Path) -> JournalRecords:
    """Read a journal back. Raises JournalError where it can't be trusted, naming the record."""
    read = read_if_begun(path)
    if read is None:
        raise JournalError(f"{path} has no header")
    return read


def read_if_begun(path: Path) -> JournalRecords | None:
    """Read a journal as :func:`read_journal` does; None where not even its header is whole."""
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise JournalError(f"{path} can't be read: {error.strerror}") from error
    # what stands behind the last line break is no record, whatever it looks like
    records = [_opened(line) for line in lines[:-1]]
    sound = next((n for n, record in enumerate(records) if record is None), len(records))
    if any(record is not None for record in records[sound:]):
        told = f"{path}: record {sound} is damaged, and sound ones follow it"
        raise JournalError(told, hint=BEGIN_ANEW)
    kept = [record for record in records[:sound] if record is not None]
    for number, record in enumerate(kept):
        if record["number"] != number:
            told = f"{path}: record {number} is numbered {record['number']}"
            raise JournalError(told, hint=BEGIN_ANEW)
    if not kept:
        return None
    if kept[0]["kind"] != "header":
        raise JournalError(f"{path} has no header", hint=BEGIN_ANEW)
    torn = sound < len(records) or lines[-1] != b""
    size = sum(len(line) + 1 for line in lines[:sound])
    return JournalRecords(kept[0], tuple(kept[1:]), torn, size)


def replay(lifecycle: Lifecycle, records: Iterable[Mapping[str, Any]]) -> str:
    """Follow the moves of a journal through the table; give the state they lead to.

    A run that was resumed begins anew there.
    Raises JournalError for a move that the table does not have.
    """
    state: str | None = None
    ways = {(row.source, row.target) for row in lifecycle.transitions}
    for record in records:
        if record["kind"] == "resume":
            state = None
        if record["kind"] != "move":
            continue
        source, target = record.get("from"), record.get("to")
        legal = target == lifecycle.initial if source is None else (source, target) in ways
        failed = target == lifecycle.failure is not None and target != source
        if "from" not in record or source != state or not (legal or failed):
            raise JournalError(f"move {record['number']}: no way leads from {state} to {target}")
        state = target
    return state or ""


def _no_link(path: str, flags: int) -> int:
    """Open a file where it is: what a link leads to is nobody's journal, and would be cut off."""
    return os.open(path, flags | os.O_NOFOLLOW, 0o666)


def _sealed(record: bytes) -> bytes:
    body = record[:-1]  # without the brace that closes it
    return b'%b%b%08x"}\n' % (body, _CRC_KEY, zlib.crc32(body))


def _opened(line: bytes) -> dict[str, Any] | None:
    """Give the record of a line, None where it is damaged."""
    body = line[:-_TAIL]
    if line + b"\n" != b'%b%b%08x"}\n' % (body, _CRC_KEY, zlib.crc32(body)):
        return None
    try:
        record: dict[str, Any] = orjson.loads(line)  # what ends in a brace is nothing else
    except orjson.JSONDecodeError:
        return None
    return record if {"number", "kind"} <= set(record) else None
