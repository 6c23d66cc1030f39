"""A journal at its edges: what is made for it, synced, numbered, cut off, and refused."""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path
from typing import Any

import pytest

from fsm_session.errors import JournalError
from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.journal import Journal, read_if_begun, read_journal, replay


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is synced: files and folders."""
    found: list[str] = []

    def fsync(number: int) -> None:
        path = os.readlink(f"/proc/self/fd/{number}")
        found.append("folder" if Path(path).is_dir() else "file")

    monkeypatch.setattr(os, "fsync", fsync)
    return found


def line(body: str) -> bytes:
    """Seal a record by hand; ``body`` lacks the brace that closes it."""
    return f'{body},"crc":"{zlib.crc32(body.encode()):08x}"}}\n'.encode()


class TestWritten:
    """Write one record; ``meta`` is what differs from run to run."""

    def test_folders_are_made_and_header_and_folder_are_synced(
        self, tmp_path: Path, synced: list[str]
    ) -> None:
        path = tmp_path / "some" / "folder" / "journal"
        journal = Journal.create(path, {"run": "r"})
        assert synced == ["file", "folder"]
        journal.append("move", {"to": "A"})
        assert synced == ["file", "folder"]
        journal.append("day", {}, sync=True)
        assert synced == ["file", "folder", "file"]
        journal.close()
        Journal.create(path, {"run": "again"}).close()  # the folder is there already

    def test_records_by_hand(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        journal = Journal.create(path, {"run": "r"})
        journal.append("move", {"to": "A"})
        journal.append("move", {"to": "B"}, {"at": 7})
        journal.close()
        assert path.read_bytes() == (
            line('{"number":0,"kind":"header","format":1,"run":"r"')
            + line('{"number":1,"kind":"move","to":"A"')
            + line('{"number":2,"kind":"move","to":"B","meta":{"at":7}')
        )

    def test_begun_again_nothing_of_the_old_one_is_left(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        path.write_bytes(b"old\n" * 100)
        journal = Journal.take(path)
        for name in ("one", "two"):
            journal.begin({"run": name})
            journal.append("move", {})
        journal.close()
        found = read_journal(path)
        assert found.header["run"] == "two"
        assert [each["number"] for each in (found.header, *found.records)] == [0, 1]

    def test_names_of_its_own_are_refused_all_at_once(self, tmp_path: Path) -> None:
        journal = Journal.create(tmp_path / "journal", {})
        with pytest.raises(JournalError, match="crc, kind, meta, number"):
            journal.append("move", dict.fromkeys(("number", "meta", "crc", "kind", "to"), 0))
        journal.close()

    @pytest.mark.parametrize(
        ("name", "why"), [("nul\0", "embedded null byte"), ("x" * 300, "File name too long")]
    )
    def test_what_is_no_path_can_not_be_written(self, tmp_path: Path, name: str, why: str) -> None:
        with pytest.raises(JournalError, match=f"can't be written: {why}$"):
            Journal.take(tmp_path / name)


class TestGoneOnWith:
    """Go on behind the last sound record, with one that says so."""

    @pytest.mark.parametrize("tail", [b"", b"torn", line('{"number":2,"kind":"move"')[:-1]])
    def test_what_is_torn_is_cut_off(self, tmp_path: Path, tail: bytes, synced: list[str]) -> None:
        path = tmp_path / "journal"
        sound = line('{"number":0,"kind":"header"') + line('{"number":1,"kind":"move"')
        path.write_bytes(sound + tail)
        found = read_journal(path)
        assert (found.torn, found.size, len(found.records)) == (bool(tail), len(sound), 1)
        journal = Journal.take(path)
        journal.go_on(found, {"why": "killed"})
        assert synced == ["file"]
        journal.append("move", {})
        journal.close()
        resumed = line('{"number":2,"kind":"resume","why":"killed"')
        assert path.read_bytes() == sound + resumed + line('{"number":3,"kind":"move"')


class TestRefused:
    """Raises JournalError where it can't be trusted."""

    def test_what_has_no_header(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        for begun in (b"", b"torn", b"torn\n", line('{"number":0')):
            path.write_bytes(begun)
            assert read_if_begun(path) is None
            with pytest.raises(JournalError, match="no header"):
                read_journal(path)
        path.write_bytes(line('{"number":0,"kind":"move"'))
        for read in (read_if_begun, read_journal):
            with pytest.raises(JournalError, match="no header"):
                read(path)

    @pytest.mark.parametrize("body", ['{"number":1', '{"kind":"move"'])
    def test_a_record_without_number_or_kind_is_damaged(self, tmp_path: Path, body: str) -> None:
        path = tmp_path / "journal"
        path.write_bytes(line('{"number":0,"kind":"header"') + line(body))
        assert (read_journal(path).torn, read_journal(path).records) == (True, ())

    @pytest.mark.parametrize(
        ("whole", "told"),
        [
            (line('{"number":0,"kind":"move"'), "no header"),
            (line('{"number":1,"kind":"header"'), "record 0 is numbered 1"),
            (b"torn\n" + line('{"number":1,"kind":"move"'), "record 0 is damaged, and sound ones"),
        ],
    )
    def test_who_can_not_trust_it_is_told_to_begin_anew(
        self, tmp_path: Path, whole: bytes, told: str
    ) -> None:
        path = tmp_path / "journal"
        path.write_bytes(whole)
        with pytest.raises(JournalError, match=told) as raised:
            read_journal(path)
        assert raised.value.hint is not None
        assert "--overwrite" in raised.value.hint

    def test_who_comes_second_is_told_to_wait(self, tmp_path: Path) -> None:
        first = Journal.create(tmp_path / "journal", {})
        with pytest.raises(JournalError, match="another process") as raised:
            Journal.take(tmp_path / "journal")
        assert raised.value.hint is not None
        assert "--out" in raised.value.hint
        first.close()


class Interrupted(io.BytesIO):
    """A file in memory whose writes, where told to, are broken off half-way by a Ctrl-C."""

    press = False

    def write(self, data: Any) -> int:
        if self.press:
            super().write(data[: len(data) // 2])
            raise KeyboardInterrupt
        return super().write(data)

    def truncate(self, size: int | None = None) -> int:
        self.seek(0 if size is None else size)
        return super().truncate(size)


class TestOnceItIsWritten:
    """A record is in the file when ``append`` returns; one that was broken off never happened."""

    def test_it_is_there_before_the_journal_is_closed(self, tmp_path: Path) -> None:
        path = tmp_path / "journal"
        journal = Journal.create(path, {})
        journal.append("move", {"to": "A"})
        assert path.read_bytes().endswith(line('{"number":1,"kind":"move","to":"A"'))
        journal.close()

    def test_what_a_link_leads_to_is_left_alone(self, tmp_path: Path) -> None:
        (tmp_path / "other").write_text("mine")
        (tmp_path / "journal").symlink_to(tmp_path / "other")
        with pytest.raises(JournalError):
            Journal.create(tmp_path / "journal", {})
        assert (tmp_path / "other").read_text() == "mine"

    @pytest.mark.parametrize("before", [0, 1, 3])
    def test_one_that_was_broken_off_is_cut_off_by_the_next(self, before: int) -> None:
        file = Interrupted()
        journal = Journal(Path("memory"), file)
        for _ in range(before):
            journal.append("move", {})
        file.press = True
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                journal.append("move", {"to": "a state with a long name"})
        file.press = False
        journal.append("move", {})
        journal.append("move", {})
        expected = [line(f'{{"number":{n},"kind":"move"') for n in range(before + 2)]
        assert file.getvalue() == b"".join(expected)


def test_a_run_that_was_resumed_begins_anew() -> None:
    """``replay``: a run that was resumed begins anew there."""
    states = (State("A"), State("B"), State("End", final=True))
    lifecycle = Lifecycle("L", states, (Transition("A", "B"), Transition("B", "End")))
    ways = [(None, "A"), ("A", "B"), None, (None, "A"), ("A", "B"), ("B", "End")]
    records = [
        {"number": n, "kind": "resume"}
        if way is None
        else {"number": n, "kind": "move", "from": way[0], "to": way[1]}
        for n, way in enumerate(ways, 1)
    ]
    assert replay(lifecycle, records) == "End"
    assert replay(lifecycle, records[:3]) == ""
    with pytest.raises(JournalError):
        replay(lifecycle, [each for each in records if each["kind"] == "move"])
