"""Facts that are kept on disk between runs."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.market import kept_facts, schedule
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.calendar_load import load_sessions

PACKAGES = ("numpy", "pandas")
START, END = dt.date(2024, 1, 1), dt.date(2024, 12, 31)
MARKETS = ("XNYS", "NYSE", "XHKG", "24/7", "CMES")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FSM_SESSION_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


class TestKeeping:
    """What is missing, damaged, of another version or can't be written is no error."""

    def test_what_was_kept_comes_back(self, folder: Path) -> None:
        kept_facts.write("24/7 ../x", PACKAGES, [1, "two", [3]])
        assert kept_facts.read("24/7 ../x", PACKAGES) == [1, "two", [3]]
        assert [path.parent for path in folder.iterdir()] == [folder]

    def test_nothing_was_kept(self, folder: Path) -> None:
        assert kept_facts.read("nothing", PACKAGES) is None
        assert not folder.exists()

    @given(st.data())
    def test_not_one_damaged_byte_is_believed(self, data: st.DataObject) -> None:
        kept_facts.write("damaged", PACKAGES, list(range(9)))
        path = Path(os.environ["FSM_SESSION_CACHE"]) / "damaged.json"
        content = bytearray(path.read_bytes())
        place = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[place] ^= data.draw(st.integers(1, 255))
        else:
            del content[place:]
        path.write_bytes(bytes(content))
        assert kept_facts.read("damaged", PACKAGES) is None

    def test_of_another_version(self, folder: Path) -> None:
        kept_facts.write("a", PACKAGES, 1)
        assert kept_facts.read("a", ("numpy",)) is None
        assert kept_facts.read("a", PACKAGES) == 1

    def test_it_knows_the_versions_that_are_installed(self) -> None:
        named = kept_facts._installed(PACKAGES)
        assert f"numpy-{np.__version__}.dist-info" in named
        assert len(named) == len(PACKAGES)

    def test_of_a_package_whose_version_is_unknown(self, folder: Path) -> None:
        kept_facts.write("a", ("json", "numpy"), 1)
        assert kept_facts.read("a", ("json", "numpy")) is None
        assert not folder.exists()

    def test_where_nothing_can_be_written(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").write_text("in the way")
        monkeypatch.setenv("FSM_SESSION_CACHE", str(tmp_path / "file" / "kept"))
        kept_facts.write("a", PACKAGES, 1)
        assert kept_facts.read("a", PACKAGES) is None
        monkeypatch.setenv("FSM_SESSION_CACHE", str(tmp_path))
        kept_facts.write("x" * 999, PACKAGES, 1)
        assert [path.name for path in tmp_path.iterdir()] == ["file"]

    def test_empty_keeps_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FSM_SESSION_CACHE", "")
        kept_facts.write("a", PACKAGES, 1)
        assert kept_facts.read("a", PACKAGES) is None


class TestSchedules:
    """A schedule that was kept is the schedule that exchange_calendars makes."""

    @pytest.mark.parametrize("name", MARKETS)
    def test_kept_and_made(self, name: str, folder: Path) -> None:
        made = schedule.schedule(name, START, END)
        assert list(folder.iterdir())
        kept = schedule.schedule(name, START, END)
        assert kept is not made
        for field in ("name", "zone"):
            assert getattr(kept, field) == getattr(made, field)
        for field in ("days", "opens_ns", "closes_ns", "break_starts_ns", "break_ends_ns"):
            assert getattr(kept, field).dtype == np.int64
            assert np.array_equal(getattr(kept, field), getattr(made, field)), field
        assert np.array_equal(kept.early, made.early)
        assert kept.early.dtype == bool

    def test_a_kept_calendar_asks_nobody(self, folder: Path) -> None:
        load_sessions.cache_clear()  # this process knows them, the folder does not yet
        calendar = MarketCalendar.load("XNYS", START, END)
        code = (
            "import sys, datetime as dt\n"
            "from fsm_session.market.calendar import MarketCalendar\n"
            "first, last = map(dt.date.fromisoformat, sys.argv[1:])\n"
            "sessions = MarketCalendar.load('XNYS', first, last).sessions\n"
            "print(len(sessions), 'exchange_calendars' in sys.modules)\n"
        )
        command = [sys.executable, "-c", code, str(START), str(END)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True)
        assert answer.stdout.split() == [str(len(calendar.sessions)), "False"]
