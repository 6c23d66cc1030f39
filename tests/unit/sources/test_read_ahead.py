"""Row groups that are read several at once: what comes out is what one after the other gives."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.sources import read_ahead
from fsm_session.sources.read_ahead import read_together
from fsm_session.sources.row_groups import RowGroup


def group(path: str, number: int) -> RowGroup:
    return RowGroup(path, number, (), 0, "A", "Z", None, None)


#: of each file how many row groups there are, and whether they can be read
FILES = st.lists(st.lists(st.booleans(), min_size=1, max_size=3), max_size=9)


@pytest.fixture(autouse=True)
def three_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_ahead, "AT_ONCE", 3)


class Reader:
    """Reads nothing, and writes down who is at what."""

    def __init__(self, sound: set[RowGroup]) -> None:
        self.sound = sound
        self.at: Counter[str] = Counter()
        self.twice = False
        self.begun: list[RowGroup] = []

    def __call__(self, group: RowGroup) -> Any:
        self.begun.append(group)
        self.at[group.path] += 1
        self.twice |= self.at[group.path] > 1
        time.sleep(0.0005)
        self.at[group.path] -= 1
        if group not in self.sound:
            raise DataError("can't be read")
        return f"{group.path} {group.number}"


class TestTogether:
    """Give the row groups with what is read of each, in their order."""

    @given(FILES)
    def test_what_is_sound_comes_in_order(self, files: list[list[bool]]) -> None:
        groups = {
            group(f"{name}", number): sound
            for name, each in enumerate(files)
            for number, sound in enumerate(each)
        }
        reader = Reader({each for each, sound in groups.items() if sound})
        found = [*read_together(reader, [*groups])]
        if len(files) < 2:
            assert not found  # one file: nothing to be had by threads
            assert not reader.begun
            return
        wanted: list[object] = [(g, f"{g.path} {g.number}") for g, sound in groups.items() if sound]
        assert found == wanted
        assert Counter(reader.begun) == Counter([*groups])

    @given(FILES)
    def test_no_two_threads_are_at_one_file(self, files: list[list[bool]]) -> None:
        groups = [group(f"{n}", m) for n, each in enumerate(files) for m in range(len(each))]
        reader = Reader({*groups})
        for _ in read_together(reader, groups):
            pass
        assert not reader.twice

    def test_no_more_is_read_than_waits_to_be_taken(self) -> None:
        groups = [group(f"{n}", 0) for n in range(20)]
        reader = Reader({*groups})
        for taken, _ in enumerate(read_together(reader, groups), 1):
            time.sleep(0.002)
            assert len(reader.begun) <= taken + 3 - 1

    @pytest.mark.parametrize("at_once", [1, 3])
    def test_one_processor_reads_when_it_is_asked(
        self, at_once: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(read_ahead, "AT_ONCE", at_once)
        groups = [group("a", 0), group("b", 0)]
        assert len([*read_together(Reader({*groups}), groups)]) == (2 if at_once > 1 else 0)


class TestEnds:
    """What was begun is over when this is; of an interrupt, too."""

    @pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
    def test_what_is_raised_comes_out(self, error: type[BaseException]) -> None:
        def read(_: RowGroup) -> Any:
            raise error

        before = threading.active_count()
        with pytest.raises(error):
            list(read_together(read, [group(f"{n}", 0) for n in range(9)]))
        assert threading.active_count() == before

    def test_who_takes_only_some_leaves_no_thread(self) -> None:
        before = threading.active_count()
        groups = [group(f"{n}", 0) for n in range(9)]
        found = read_together(Reader({*groups}), groups)
        next(found)
        found.close()  # type: ignore[attr-defined]  # as a loop does that is left
        assert threading.active_count() == before
