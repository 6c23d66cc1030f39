"""The journal: what is written comes back, what was damaged is seen, one process writes it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import JournalError
from fsm_session.machine.journal import FORMAT, Journal, read_journal
from tests.unit.machine.strategies import patient

RESERVED = {"number", "kind", "meta", "crc"}
keys = st.text(st.characters(codec="utf-8"), max_size=6).filter(lambda key: key not in RESERVED)
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8)
)
facts = st.dictionaries(keys, scalars | st.lists(scalars, max_size=3), max_size=4)
written = st.tuples(st.sampled_from(["move", "error", "day"]), facts, st.none() | facts)


class Memory(io.BytesIO):
    """A file in memory, that takes ``room`` bytes and no more; closing leaves it readable."""

    def __init__(self, room: int = 10**6) -> None:
        super().__init__()
        self.room = room

    def write(self, content: Any) -> int:
        taken = min(len(content), self.room)
        self.room -= taken
        return super().write(content[:taken])

    def fileno(self) -> int:
        raise OSError(28, "No space left on device")


def small(path: Path) -> bytes:
    """Write a journal of a header and three records; give its bytes."""
    journal = Journal.create(path, {"config": "c0ffee"})
    journal.append("move", {"from": None, "to": "Wärming"}, {"wall": "noon"})
    journal.append("move", {"from": "Wärming", "to": "Off"})
    journal.append("end", {"outcome": "completed"}, sync=True)
    journal.close()
    return path.read_bytes()


def sealed(record: Mapping[str, Any]) -> bytes:
    """Seal a record as the module's docstring says, by other means than the module's."""
    body = json.dumps(record, separators=(",", ":"))[:-1].encode()
    return body + f',"crc":"{zlib.crc32(body):08x}"}}\n'.encode()


class TestRoundTrip:
    """The module: "numbered records of what a run did, one a line, each with its checksum"."""

    @patient
    @given(facts, st.lists(written, max_size=6))
    def test_what_is_appended_is_read_back(
        self, tmp_path_factory: pytest.TempPathFactory, header: Any, records: Any
    ) -> None:
        path = tmp_path_factory.mktemp("round") / "deep" / "journal.jsonl"
        journal = Journal.create(path, header)
        for kind, told, meta in records:
            journal.append(kind, told, meta)
        journal.close()
        read = read_journal(path)
        assert not read.torn
        bare = [{k: v for k, v in each.items() if k != "crc"} for each in
                (read.header, *read.records)]  # fmt: skip
        expected = [{"number": 0, "kind": "header", "format": FORMAT, **header}]
        expected += [
            {"number": n, "kind": kind, **told, **({} if meta is None else {"meta": meta})}
            for n, (kind, told, meta) in enumerate(records, start=1)
        ]
        assert bare == expected

    def test_a_line_is_json_whose_last_key_is_the_crc_of_all_before_it(
        self, tmp_path: Path
    ) -> None:
        for line in small(tmp_path / "j").splitlines():
            before, crc = line.rsplit(b',"crc":', 1)
            assert [*json.loads(line)][-1] == "crc"
            assert json.loads(crc[:-1]) == f"{zlib.crc32(before):08x}"

    def test_one_made_by_other_means_is_read(self, tmp_path: Path) -> None:
        records = [{"number": 0, "kind": "header"}, {"number": 1, "kind": "move", "to": "A"}]
        (tmp_path / "j").write_bytes(b"".join(map(sealed, records)))
        assert [record["to"] for record in read_journal(tmp_path / "j").records] == ["A"]

    @pytest.mark.parametrize("name", sorted(RESERVED))
    def test_facts_that_are_named_like_the_records_own_do_not_take_their_place(
        self, tmp_path: Path, name: str
    ) -> None:
        journal = Journal.create(tmp_path / "j", {})
        try:
            journal.append("move", {name: "mine"}, {"wall": "noon"})
        except JournalError:
            return  # refused: as good
        finally:
            journal.close()
        [record] = read_journal(tmp_path / "j").records
        assert (record["number"], record["kind"], record["meta"]) == (1, "move", {"wall": "noon"})
        assert record.get(name) == "mine"

    @pytest.mark.parametrize("fact", [object(), "\ud800", 2**64, {1: 2}, b"bytes"])
    def test_what_can_not_be_written_as_json_is_an_error_of_our_own_and_writes_nothing(
        self, tmp_path: Path, fact: object
    ) -> None:
        """Journal.append: "Raises JournalError"."""
        journal = Journal.create(tmp_path / "j", {})
        with pytest.raises(JournalError):
            journal.append("move", {"fact": fact})
        journal.append("end", {})
        journal.close()
        assert [record["kind"] for record in read_journal(tmp_path / "j").records] == ["end"]


class TestDamage:
    """The module: "A bad record with nothing sound behind it is a torn tail and is left out;

    anywhere else it means that the file can't be trusted".
    """

    def test_every_prefix_is_the_records_that_are_whole_in_it(self, tmp_path: Path) -> None:
        path = tmp_path / "j"
        whole, sound = small(path), read_journal(path)
        ends = [n + 1 for n, byte in enumerate(whole) if byte == ord("\n")]
        for cut in range(len(whole) + 1):
            path.write_bytes(whole[:cut])
            kept = sum(end <= cut for end in ends)
            if not kept:
                with pytest.raises(JournalError, match="has no header"):
                    read_journal(path)
                continue
            read = read_journal(path)
            assert (read.header, read.records) == (sound.header, sound.records[: kept - 1])
            assert read.torn is (cut not in ends)

    @pytest.mark.parametrize("mask", [0x01, 0x04, 0x20, 0x80, 0xFF, None])
    def test_every_altered_byte_is_seen(self, tmp_path: Path, mask: int | None) -> None:
        path = tmp_path / "j"
        whole, sound = small(path), read_journal(path)
        ends = [n for n, byte in enumerate(whole) if byte == ord("\n")]
        for at, byte in enumerate(whole):
            other = ord("\n") if mask is None else byte ^ mask
            if other == byte:
                continue
            path.write_bytes(whole[:at] + bytes([other]) + whole[at + 1 :])
            if at > ends[-2]:  # in the last record
                assert read_journal(path).records == sound.records[:-1]
                assert read_journal(path).torn
            elif at == ends[-2]:  # the line break before it: the last two are one bad line
                assert read_journal(path).records == sound.records[:-2]
                assert read_journal(path).torn
            else:
                with pytest.raises(JournalError, match="damaged"):
                    read_journal(path)

    @patient
    @given(st.binary(min_size=1, max_size=60))
    def test_a_foreign_tail_is_left_out(
        self, tmp_path_factory: pytest.TempPathFactory, tail: bytes
    ) -> None:
        path = tmp_path_factory.mktemp("tail") / "j"
        whole = small(path)
        sound = read_journal(path).records
        path.write_bytes(whole + tail)
        read = read_journal(path)
        assert (read.records, read.torn) == (sound, True)

    @pytest.mark.parametrize(
        "alter",
        [
            lambda lines: [*lines, lines[1]],
            lambda lines: [*lines, lines[3]],
            lambda lines: [lines[0], *lines[2:]],
            lambda lines: [lines[0], lines[2], lines[1], lines[3]],
            lambda lines: lines[1:],
            lambda lines: lines[::-1],
            lambda lines: [lines[0], lines[1][:20], *lines[2:]],
            lambda lines: [lines[0], b"\n", *lines[1:]],
            lambda lines: [lines[0], lines[1][:-1], *lines[2:]],
            lambda lines: [*lines, b"torn", lines[3]],
        ],
    )
    def test_sound_lines_out_of_place_are_refused(
        self, tmp_path: Path, alter: Callable[[list[bytes]], list[bytes]]
    ) -> None:
        path = tmp_path / "j"
        path.write_bytes(b"".join(alter(small(path).splitlines(keepends=True))))
        try:
            read = read_journal(path)
        except JournalError:
            return
        assert read.torn  # [..., b"torn" and the last record] are one bad line
        assert len(read.records) == 3

    @pytest.mark.parametrize("record", [[], "x", {"number": 0}, {"kind": "header"}])
    def test_a_sealed_line_that_is_no_record_is_damage(self, tmp_path: Path, record: Any) -> None:
        path = tmp_path / "j"
        path.write_bytes(sealed(record) + small(tmp_path / "other"))
        with pytest.raises(JournalError):
            read_journal(path)

    def test_no_file_and_a_folder(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none", tmp_path):
            with pytest.raises(JournalError, match="can't be read"):
                read_journal(path)


class TestOneWriter:
    """Journal: "One process has it at a time"; DESIGN: "a second process [...] is refused"."""

    def test_a_second_writer_is_refused_and_changes_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "j"
        first = Journal.create(path, {"run": 1})
        before = path.read_bytes()
        with pytest.raises(JournalError, match="being written by another process"):
            Journal.create(path, {"run": 2})
        assert path.read_bytes() == before
        first.append("end", {})
        first.close()
        assert len(read_journal(path).records) == 1

    def test_another_process_is_refused_until_the_first_closes(self, tmp_path: Path) -> None:
        path = tmp_path / "j"
        program = (
            "import sys; from pathlib import Path; from fsm_session.machine.journal import *\n"
            "Journal.create(Path(sys.argv[1]), {'run': 2})"
        )
        first = Journal.create(path, {"run": 1})
        command = [sys.executable, "-c", program, str(path)]
        refused = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "being written by another process" in refused.stderr
        first.close()
        first.close()
        subprocess.run(command, check=True)
        assert read_journal(path).header["run"] == 2

    def test_taken_it_is_locked_and_nothing_in_it_is_touched_until_it_is_begun(
        self, tmp_path: Path
    ) -> None:
        """Journal.take: "what stands in it is not touched"."""
        before = small(tmp_path / "j")
        taken = Journal.take(tmp_path / "j")
        with pytest.raises(JournalError, match="being written by another process"):
            Journal.take(tmp_path / "j")
        assert (tmp_path / "j").read_bytes() == before
        taken.begin({"run": 2})
        taken.append("end", {})
        taken.close()
        read = read_journal(tmp_path / "j")
        assert (read.header["run"], len(read.records)) == (2, 1)

    def test_an_old_one_is_replaced_whole(self, tmp_path: Path) -> None:
        small(tmp_path / "j")
        Journal.create(tmp_path / "j", {"run": 2}).close()
        assert read_journal(tmp_path / "j").records == ()

    def test_after_closing_nothing_can_be_appended(self, tmp_path: Path) -> None:
        journal = Journal.create(tmp_path / "j", {})
        journal.close()
        with pytest.raises(JournalError):
            journal.append("end", {})


class TestDiskFull:
    """Journal.append: "a write or a sync that failed is never tried again"; the module: what is

    there before the tail is trusted.
    """

    @pytest.mark.parametrize("room", [0, 1, 30, 60])
    def test_a_write_that_is_cut_short_fails_and_nothing_is_written_behind_it(
        self, tmp_path: Path, room: int
    ) -> None:
        file = Memory()
        journal = Journal(tmp_path / "j", cast(Any, file))
        journal.append("header", {})
        journal.append("move", {"to": "A"})
        file.room = room
        with pytest.raises(
            JournalError, match=rf"can't be written: {room} of \d+ bytes were taken"
        ):
            journal.append("move", {"to": "B" * 99})
        file.room = 10**6  # somebody made room, and the error itself is to be put on record
        with pytest.raises(JournalError):
            journal.append("error", {})
        (tmp_path / "j").write_bytes(file.getvalue())
        read = read_journal(tmp_path / "j")
        assert [record["to"] for record in read.records] == ["A"]
        assert read.torn is (room > 0)

    def test_a_sync_that_failed_is_the_end_of_the_journal(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        journal = Journal.create(tmp_path / "j", {})

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(JournalError, match="No space left"):
                journal.append("day", {}, sync=True)
        with pytest.raises(JournalError):
            journal.append("error", {})
        journal.close()
        assert [record["kind"] for record in read_journal(tmp_path / "j").records] in ([], ["day"])

    def test_a_device_that_is_full_or_no_file(self, tmp_path: Path) -> None:
        """Journal.create: "Raises JournalError where it can't be written"."""
        (tmp_path / "file").touch()
        for path in (Path("/dev/full"), tmp_path, tmp_path / "file" / "j"):
            with pytest.raises(JournalError, match="can't be written"):
                Journal.create(path, {})

    @pytest.mark.parametrize("broken", ["fsync", "sync_folder"])
    def test_a_header_that_can_not_be_synced_leaves_no_lock(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        def full(_: object) -> None:
            raise OSError(28, "No space left on device")

        target: Any = os if broken == "fsync" else sys.modules[Journal.__module__]
        with monkeypatch.context() as patch:
            patch.setattr(target, broken, full)
            with pytest.raises(JournalError) as caught:
                Journal.create(tmp_path / "j", {})
        # the error's traceback is still held, as whoever reports it does
        Journal.create(tmp_path / "j", {}).close()
        assert "No space left" in str(caught.value)
