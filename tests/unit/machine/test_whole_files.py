"""A file is written whole or not at all."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import ExportError
from fsm_session.whole_files import write_whole
from tests.unit.machine.strategies import patient


def failing(number: int, kind: type[BaseException]) -> Callable[[int], None]:
    """Give an fsync whose call of that number fails."""
    calls = iter(range(1, 100))
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if next(calls) == number:
            raise kind(28, "No space left on device")
        sync(descriptor)

    return fsync


class TestWhole:
    """write_whole: "Write a file so that a reader, or a crash, never meets half of it"."""

    @patient
    @given(st.lists(st.binary(max_size=2000), min_size=1, max_size=3))
    def test_the_last_content_stands_and_nothing_beside_it(
        self, tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]
    ) -> None:
        path = tmp_path_factory.mktemp("whole") / "deep" / "er" / "run.json"
        for content in contents:
            write_whole(path, content)
            assert path.read_bytes() == content
            assert [each.name for each in path.parent.iterdir()] == ["run.json"]

    def test_a_reader_that_has_the_old_one_open_reads_it_to_its_end(self, tmp_path: Path) -> None:
        path = tmp_path / "run.json"
        write_whole(path, b"old" * 9999)
        with path.open("rb") as reader:
            assert reader.read(3) == b"old"
            write_whole(path, b"new")
            assert reader.read() == b"old" * 9998
        assert path.read_bytes() == b"new"

    def test_it_is_synced_before_it_is_renamed_and_its_folder_after(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path, seen = tmp_path / "run.json", list[tuple[bool, bool]]()
        sync = os.fsync

        def fsync(descriptor: int) -> None:
            folder = os.path.samestat(os.fstat(descriptor), os.stat(tmp_path))
            seen.append((folder, path.exists()))
            sync(descriptor)

        monkeypatch.setattr(os, "fsync", fsync)
        write_whole(path, b"new")
        assert seen == [(False, False), (True, True)]


class TestNotAtAll:
    """write_whole: "Raises ExportError, naming the file; what stood there before is [...] as it

    was".
    """

    @pytest.mark.parametrize("before", [None, b"old"])
    @pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
    def test_no_space(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        before: bytes | None,
        kind: type[BaseException],
    ) -> None:
        path = tmp_path / "run.json"
        if before is not None:
            path.write_bytes(before)
        monkeypatch.setattr(os, "fsync", failing(1, kind))
        with pytest.raises(ExportError if kind is OSError else kind) as caught:
            write_whole(path, b"new")
        assert (path.read_bytes() if path.exists() else None) == before
        assert [each.name for each in tmp_path.iterdir()] == ["run.json"] * (before is not None)
        if kind is OSError:
            assert str(caught.value) == f"{path} can't be written: No space left on device"

    def test_a_folder_that_can_not_be_synced_leaves_one_of_the_two_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "run.json"
        path.write_bytes(b"old")
        monkeypatch.setattr(os, "fsync", failing(2, OSError))
        with pytest.raises(ExportError):
            write_whole(path, b"new")
        assert path.read_bytes() in (b"old", b"new")
        assert [each.name for each in tmp_path.iterdir()] == ["run.json"]

    def test_no_room_for_it(self, tmp_path: Path) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1, hard))
        try:
            with pytest.raises(ExportError, match="File too large"):
                write_whole(tmp_path / "run.json", b"new")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert [*tmp_path.iterdir()] == []

    def test_a_name_that_is_a_folders(self, tmp_path: Path) -> None:
        (tmp_path / "run.json").mkdir()
        with pytest.raises(ExportError):
            write_whole(tmp_path / "run.json", b"new")
        assert [each.name for each in tmp_path.iterdir()] == ["run.json"]

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_bytes(b"old")
        with pytest.raises(ExportError, match="can't be written"):
            write_whole(tmp_path / "file" / "run.json", b"new")
        assert (tmp_path / "file").read_bytes() == b"old"

    def test_a_name_that_is_too_long(self, tmp_path: Path) -> None:
        with pytest.raises(ExportError, match="can't be written"):
            write_whole(tmp_path / ("n" * 300), b"new")

    @pytest.mark.parametrize("mode", [0o555, 0o000])
    def test_a_folder_that_is_read_only(self, tmp_path: Path, mode: int) -> None:
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        tmp_path.chmod(mode)
        try:
            with pytest.raises(ExportError, match="Permission denied"):
                write_whole(tmp_path / "run.json", b"new")
        finally:
            tmp_path.chmod(0o755)
        assert [*tmp_path.iterdir()] == []

    def test_a_file_system_that_takes_no_files(self) -> None:
        if not Path("/proc/self").exists():
            pytest.skip("there is no /proc")
        with pytest.raises(ExportError, match="can't be written"):
            write_whole(Path("/proc/run.json"), b"new")
