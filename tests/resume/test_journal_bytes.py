"""Every byte prefix and every flipped byte of a journal: refused, or gone on from soundly."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsm_session import SessionCoordinator, Signal
from fsm_session.errors import FsmSessionError, JournalError
from fsm_session.machine.journal import JournalRecords, read_if_begun
from fsm_session.resume import finished_sessions
from tests.small_market import SESSIONS, market, wishes

SOURCE = market({"AAA": {date: [0, 1, 5] for date in SESSIONS}})


class Says:
    def on_bars(self, view: Any) -> Any:
        return Signal("AAA", "buy", "a reason", 0.1)


def run(out: Path, **options: Any) -> Any:
    config = wishes(["AAA"], SESSIONS[0], SESSIONS[-1])
    return SessionCoordinator(
        config, source=SOURCE, strategies=[Says()], out=out, resume=True, **options
    ).run()


def exported(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.rglob("*.json"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of three sessions, whole."""
    folder = tmp_path_factory.mktemp("whole") / "out"
    assert run(folder).outcome == "completed"
    return folder


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Callable[[bytes], Path]:
    """Copies the folder with another journal in it."""

    def copy(journal: bytes) -> Path:
        folder = tmp_path / "out"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(whole, folder)
        (folder / "journal.jsonl").write_bytes(journal)
        return folder

    return copy


def reading(journal: bytes, path: Path) -> JournalRecords | str | None:
    """What would be gone on from: the sound records, None, or "refused"."""
    path.write_bytes(journal)
    try:
        return read_if_begun(path)
    except JournalError:
        return "refused"


def before_records(journal: bytes) -> list[int]:
    """Where the records begin, and where the last one ends."""
    starts = [0]
    for line in journal.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts


class TestEveryPrefix:
    """Survives a torn tail."""

    def test_is_read_as_the_records_that_are_whole_in_it(self, whole: Path, tmp_path: Path) -> None:
        journal = (whole / "journal.jsonl").read_bytes()
        starts = before_records(journal)
        everything = read_if_begun(whole / "journal.jsonl")
        assert everything is not None
        for size in range(len(journal) + 1):
            records = sum(start <= size for start in starts) - 1
            read = reading(journal[:size], tmp_path / "j")
            if records == 0:
                assert read is None, size
                continue
            assert isinstance(read, JournalRecords), size
            assert read.header == everything.header
            assert read.records == everything.records[: records - 1], size
            assert read.size == starts[records]
            assert read.torn == (size != starts[records])

    def test_leads_to_the_same_bytes_or_is_refused(
        self, whole: Path, damaged: Callable[[bytes], Path]
    ) -> None:
        journal, expected = (whole / "journal.jsonl").read_bytes(), exported(whole)
        starts = before_records(journal)
        # all sizes within a record are read alike, as the test above shows
        for size in {0, 1, *starts, *(start + 40 for start in starts[:-1]), len(journal) - 1}:
            folder = damaged(journal[:size])
            if size < starts[1]:
                with pytest.raises(FsmSessionError, match="no header"):
                    run(folder)
            else:
                assert run(folder).outcome == "completed"
                after = (folder / "journal.jsonl").read_bytes()
                assert after.startswith(journal[: max(each for each in starts if each <= size)])
            assert exported(folder) == expected, size

    def test_without_a_record_of_a_session_nothing_is_refused(
        self, whole: Path, tmp_path: Path
    ) -> None:
        """A run that was killed before its header was whole has done nothing yet."""
        journal = (whole / "journal.jsonl").read_bytes()
        for size in (0, 1, before_records(journal)[1] - 1):
            folder = tmp_path / str(size)
            folder.mkdir()
            (folder / "journal.jsonl").write_bytes(journal[:size])
            assert run(folder).outcome == "completed"
            assert exported(folder) == exported(whole)


class TestEveryFlippedByte:
    """Never a wrong export."""

    @pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
    def test_is_refused_or_read_as_what_is_whole_before_it(
        self, bit: int, whole: Path, tmp_path: Path
    ) -> None:
        journal = (whole / "journal.jsonl").read_bytes()
        starts = before_records(journal)
        everything = read_if_begun(whole / "journal.jsonl")
        assert everything is not None
        refused = cut = 0
        for place in range(len(journal)):
            flipped = bytearray(journal)
            flipped[place] ^= bit
            read = reading(bytes(flipped), tmp_path / "j")
            if place < starts[-2] - 1:
                assert read == "refused", place
                refused += 1
            else:  # in the last record, or the line break before it: a torn tail
                assert isinstance(read, JournalRecords), place
                assert read.records == everything.records[: len(read.records)]
                assert len(everything.records) - len(read.records) in (1, 2)
                cut += 1
        assert refused > 3000
        assert cut == len(journal) - starts[-2] + 1

    def test_a_refused_journal_is_left_as_it_is(
        self, whole: Path, damaged: Callable[[bytes], Path]
    ) -> None:
        journal = bytearray((whole / "journal.jsonl").read_bytes())
        journal[before_records(bytes(journal))[3] + 20] ^= 1
        folder = damaged(bytes(journal))
        with pytest.raises(JournalError, match="record 3 is damaged"):
            run(folder)
        assert (folder / "journal.jsonl").read_bytes() == journal
        assert exported(folder) == exported(whole)


class TestEveryRecordOfASession:
    """A session file that is missing, or not what was written, is done again."""

    @pytest.mark.parametrize("date", SESSIONS)
    @pytest.mark.parametrize("harm", ["gone", "flipped", "cut"])
    def test_a_harmed_file(
        self, date: str, harm: str, whole: Path, damaged: Callable[[bytes], Path]
    ) -> None:
        journal = (whole / "journal.jsonl").read_bytes()
        folder = damaged(journal)
        path = folder / "sessions" / f"{date}.json"
        content = bytearray(path.read_bytes())
        if harm == "flipped":
            content[len(content) // 2] ^= 1
        path.write_bytes(content[:99] if harm == "cut" else content)
        if harm == "gone":
            path.unlink()
        read = read_if_begun(folder / "journal.jsonl")
        assert read is not None
        kept = [each.date for each in finished_sessions(folder, read.records, SESSIONS)]
        assert kept == list(SESSIONS[: SESSIONS.index(date)])
        assert run(folder).outcome == "completed"
        assert exported(folder) == exported(whole)
