"""The pytest plugin: fixtures for a small market, a run over it and a clock; settings for a CI.

Every pytest run on a machine where fsm_session is installed imports this file. So it imports
nothing but pytest, and changes nothing unless it is asked to: the settings of Hypothesis stay the
caller's until ``fsm_session_profile`` names one of these.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    import pandas as pd

    from fsm_session.coordinator import Run
    from fsm_session.testing.lifecycle_machine import LifecycleMachine
    from fsm_session.testing.manual_clock import ManualClock

CI, DEV = "fsm_session_ci", "fsm_session_dev"
OPTION = "fsm_session_profile"
#: what ``fsm_session_profile`` may be, besides nothing: ``auto`` is ci where $CI is set, else dev
PROFILES = {"ci": CI, "dev": DEV}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one option, to be written in pytest's own configuration."""
    told = "settings of Hypothesis to load: ci, dev, or auto (ci where $CI is set); else none"
    parser.addini(OPTION, told, default="")


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Register the profiles in time for ``--hypothesis-profile``, where somebody asks for one."""
    asked = any("fsm_session_" in each for each in early_config.invocation_params.args)
    if asked or early_config.getini(OPTION):
        _register_profiles()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Load the profile that is asked for; one on the command line goes before it."""
    wished = str(config.getini(OPTION))
    if not wished:
        return
    if wished not in (*PROFILES, "auto"):
        raise pytest.UsageError(f"{OPTION} is ci, dev or auto, not {wished!r}")
    if not config.getoption("--hypothesis-profile", None) and _register_profiles():
        from hypothesis import settings

        ci = wished == "ci" or (wished == "auto" and bool(os.environ.get("CI")))
        settings.load_profile(CI if ci else DEV)


def _register_profiles() -> bool:
    """Make the two profiles known to Hypothesis; False where that is not installed."""
    try:
        from hypothesis import settings
    except ImportError:
        return False
    patient = settings(deadline=None)
    settings.register_profile(
        CI, patient, max_examples=1000, derandomize=True, database=None, print_blob=True
    )
    settings.register_profile(DEV, patient, max_examples=50)
    return True


@pytest.fixture
def manual_clock() -> ManualClock:
    """A clock at the open of 2024-07-05 (XNYS), moved by hand: ``manual_clock.advance("5m")``."""
    from fsm_session.testing.manual_clock import ManualClock

    return ManualClock()


@pytest.fixture
def small_market() -> dict[str, pd.DataFrame]:
    """One-minute bars of AAA and BBB over three sessions, one a half-day: symbol -> frame."""
    from fsm_session.testing.days import small_market

    return small_market()


@pytest.fixture
def run_days() -> Callable[..., Run]:
    """Run strategies, scanners, workers over a small market: ``run_days(MyStrategy(), days=2)``."""
    from fsm_session.testing.days import run_days

    return run_days


@pytest.fixture
def walk_lifecycle() -> Callable[..., type[LifecycleMachine]]:
    """Walk a lifecycle at random, anything going wrong: ``walk_lifecycle(MY_DAY, workers=[W])``.

    Takes what ``LifecycleMachine.of`` takes, and gives the machine that it made, once it has held.
    """
    from hypothesis.stateful import run_state_machine_as_test

    from fsm_session.testing.lifecycle_machine import LifecycleMachine

    def walk(lifecycle: Any, **parts: Any) -> type[LifecycleMachine]:
        machine = LifecycleMachine.of(lifecycle, **parts)
        run_state_machine_as_test(machine)
        return machine

    return walk


@pytest.fixture
def fsm_session_out(tmp_path: Path) -> Path:
    """A folder for a run's records: ``run_days(..., out=fsm_session_out)``; it is not there yet."""
    return tmp_path / "out"


@pytest.fixture
def fsm_session_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the test's own for what is kept of calendars, instead of the user's cache."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("FSM_SESSION_CACHE", str(folder))
    return folder
