"""The pytest plugin, in runs of pytest of its own: it is there, it is light, it keeps out."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path

import pytest

BY_NAME = ("-p", "fsm_session.testing.plugin")
#: where the entry point is installed the plugin is there, and can't be named a second time
INSTALLED = any(each.value == BY_NAME[1] for each in entry_points(group="pytest11"))
PLUGIN = () if INSTALLED else BY_NAME
TWO_MINUTES = 120
Pytest = Callable[..., "subprocess.CompletedProcess[str]"]

PRINTS_SETTINGS = """
import hypothesis

def test_settings():
    now = hypothesis.settings()
    print("examples", now.max_examples, "derandomized", now.derandomize, "deadline", now.deadline)
"""
NO_HYPOTHESIS = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "hypothesis":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Missing())
"""


@pytest.fixture
def run_pytest(tmp_path: Path) -> Pytest:
    """Run pytest in a folder of its own, with files and settings that are handed over."""

    def run(
        *arguments: str, test: str = "", ini: str = "", **env: str
    ) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_it.py").write_text(test or "def test_nothing(): pass\n")
        (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")
        clean = {
            name: text for name, text in os.environ.items() if name not in ("CI", "PYTEST_ADDOPTS")
        }
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *arguments],
            cwd=tmp_path, env={**clean, **env}, capture_output=True, text=True,
            timeout=TWO_MINUTES, check=False,
        )  # fmt: skip

    return run


def loaded_after(code: str) -> set[str]:
    """Give what has been imported once some code has run, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"],
        capture_output=True, text=True, timeout=TWO_MINUTES, check=True,
    )  # fmt: skip
    return {*told.stdout.split()}


class TestItIsLight:
    """Must import nothing heavy at top level, must not break where hypothesis is missing."""

    def test_importing_it_imports_no_more_than_pytest_and_two_files(self) -> None:
        more = loaded_after("import fsm_session.testing.plugin") - loaded_after("import pytest")
        heavy = {"numpy", "pandas", "hypothesis", "pyarrow", "transitions", "exchange_calendars"}
        assert not more & heavy
        assert {name for name in more if name.startswith("fsm_session")} == {
            *("fsm_session", "fsm_session.late", "fsm_session.version"),
            *("fsm_session.testing", "fsm_session.testing.plugin"),
        }

    def test_a_run_that_asks_for_nothing_loads_nothing_of_it(self, run_pytest: Pytest) -> None:
        test = (
            "import sys\ndef test_it():\n    print(sorted({'numpy', 'pandas'} & {*sys.modules}))\n"
        )
        told = run_pytest(*PLUGIN, "-p", "no:hypothesispytest", test=test)
        assert "[]" in told.stdout
        assert told.returncode == 0

    @pytest.mark.parametrize("ini", ["", "fsm_session_profile = ci"])
    def test_without_hypothesis_all_else_is_there(
        self, run_pytest: Pytest, tmp_path: Path, ini: str
    ) -> None:
        (tmp_path / "no_hypothesis.py").write_text(NO_HYPOTHESIS)
        test = "def test_it(manual_clock, run_days):\n    assert run_days(days=1).sessions\n"
        told = run_pytest(
            *("-p", "no_hypothesis", *BY_NAME), test=test, ini=ini,
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTHONPATH=str(tmp_path),
        )  # fmt: skip
        assert "1 passed" in told.stdout, told.stdout + told.stderr


class TestProfiles:
    """It must not change the caller's settings unless asked."""

    @pytest.mark.parametrize(("ini", "arguments", "env", "examples"), [
        pytest.param("", (), {}, "examples 100 derandomized False", id="not asked"),
        pytest.param("", (), {"CI": "1"}, "derandomized True deadline None", id="hypothesis own"),
        pytest.param("fsm_session_profile = ci", (), {}, "1000 derandomized True", id="ci"),
        pytest.param("fsm_session_profile = dev", (), {"CI": "1"}, "examples 50", id="dev"),
        pytest.param("fsm_session_profile = auto", (), {}, "examples 50", id="auto, at home"),
        pytest.param("fsm_session_profile = auto", (), {"CI": "1"}, "examples 1000", id="auto, CI"),
        pytest.param("", ("--hypothesis-profile=fsm_session_ci",), {}, "examples 1000",
                     id="on the command line"),
        pytest.param("", ("--hypothesis-profile", "fsm_session_dev"), {}, "examples 50",
                     id="on the command line, in two"),
        pytest.param("fsm_session_profile = ci", ("--hypothesis-profile=fsm_session_dev",), {},
                     "examples 50", id="the command line goes first"),
        pytest.param("", ("-o", "fsm_session_profile=ci"), {}, "examples 1000", id="overridden"),
    ])  # fmt: skip
    def test_the_settings_of_a_test(
        self, run_pytest: Pytest, ini: str, arguments: tuple[str, ...], env: dict[str, str],
        examples: str,
    ) -> None:  # fmt: skip
        told = run_pytest(*PLUGIN, *arguments, test=PRINTS_SETTINGS, ini=ini, **env)
        assert "1 passed" in told.stdout, told.stdout + told.stderr
        assert examples in told.stdout

    def test_a_profile_that_is_none_is_refused_in_a_line(self, run_pytest: Pytest) -> None:
        told = run_pytest(*PLUGIN, ini="fsm_session_profile = fast")
        assert told.returncode == pytest.ExitCode.USAGE_ERROR
        assert "fsm_session_profile is ci, dev or auto, not 'fast'" in told.stderr


USES_ALL = """
from fsm_session import TRADING_DAY, BaseWorker

class Quiet(BaseWorker):
    name = "quiet"

class Says:
    def on_bar(self, bar):
        from fsm_session import Signal
        return Signal(bar.symbol, "seen")

def test_clock(manual_clock):
    manual_clock.advance("5m")
    assert manual_clock.get_current_time().isoformat() == "2024-07-05T09:35:00-04:00"
    assert manual_clock.monotonic() == 300.0

def test_days(run_days, small_market, fsm_session_out, fsm_session_cache):
    run = run_days(Says(), frames=small_market, days=1, out=fsm_session_out)
    bars = sum((frame.index.date == frame.index[0].date()).sum() for frame in small_market.values())
    assert len(run.sessions[0].signals) == bars > 0
    assert (fsm_session_out / "run.json").exists()

def test_walk(walk_lifecycle):
    machine = walk_lifecycle(TRADING_DAY, workers=[Quiet], sessions=1)
    assert machine.reached["Streaming"]
"""


class TestFixtures:
    """Fixtures for these, each with a docstring that ``pytest --fixtures`` shows."""

    def test_each_does_what_it_says(self, run_pytest: Pytest) -> None:
        told = run_pytest(*PLUGIN, "-W", "error", test=USES_ALL, ini="fsm_session_profile = dev")
        assert "3 passed" in told.stdout, told.stdout + told.stderr

    def test_each_is_shown_with_its_sentence(self, run_pytest: Pytest) -> None:
        told = run_pytest(*PLUGIN, "--fixtures").stdout
        names = ("manual_clock", "small_market", "run_days", "walk_lifecycle", "fsm_session_out",
                 "fsm_session_cache")  # fmt: skip
        lines = told.splitlines()
        for name in names:
            place = next(at for at, line in enumerate(lines) if line.startswith(f"{name} "))
            assert lines[place].endswith("plugin.py:" + lines[place].rpartition(":")[2])
            assert len(lines[place + 1].split()) > 5

    def test_the_market_of_one_test_is_not_that_of_another(
        self, run_pytest: Pytest, tmp_path: Path
    ) -> None:
        test = (
            "def test_a(small_market): small_market.clear()\n"
            "def test_b(small_market): assert [*small_market] == ['AAA', 'BBB']\n"
        )
        assert "2 passed" in run_pytest(*PLUGIN, test=test).stdout
