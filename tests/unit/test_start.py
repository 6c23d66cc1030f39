"""The start: what importing brings, and that every public name is found when it is asked for."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

import pytest

import fsm_session
from fsm_session import sources

#: what takes its time, and is of use to some
HEAVY = {
    "cattrs", "click", "difflib", "exchange_calendars", "pyarrow", "pygraphviz", "rich", "talib",
    "tomllib", "transitions",
}  # fmt: skip
NAMES = "from fsm_session import SessionConfig, SessionCoordinator, Signal"


def brought(first: str, then: str = "") -> set[str]:
    """Import in a process of its own, once ``first`` has been; give the modules that came."""
    code = (
        f"import json, sys; {first}; before = set(sys.modules); {then or 'pass'};"
        " print(json.dumps(sorted(set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def rooms(modules: Iterable[str]) -> set[str]:
    return {each for each in modules if each.startswith("fsm_session.")}


def test_the_package_alone_brings_nothing_of_weight() -> None:
    came = brought("pass", "import fsm_session")
    assert not came & (HEAVY | {"attr", "numpy", "orjson", "pandas"})
    assert rooms(came) == {"fsm_session.late", "fsm_session.version"}


def test_what_a_script_asks_for_brings_what_any_run_needs_and_no_more() -> None:
    came = brought("import pandas", NAMES)  # pandas may bring pyarrow by itself
    assert not came & HEAVY
    assert {"fsm_session.coordinator", "fsm_session.session.signals"} <= came
    unasked = {"cli", "terminal", "workers.threads", "machine.engine", "market.schedule"}
    unasked |= {f"sources.{each}" for each in ("csv", "frames", "parquet", "simulated")}
    assert not came & {f"fsm_session.{each}" for each in unasked}


@pytest.mark.parametrize("package", [fsm_session, sources], ids=lambda each: each.__name__)
def test_every_public_name_is_found_and_an_unknown_one_is_not(package: Any) -> None:
    for name in package.__all__:
        assert getattr(package, name) is package.__dict__[name]
    with pytest.raises(AttributeError, match="no attribute 'Sesion'"):
        package.Sesion  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'Sesion'"):
        exec(f"from {package.__name__} import Sesion")


def test_what_is_listed_is_what_is_offered() -> None:
    assert dir(fsm_session) == sorted(fsm_session.__all__)
    names: dict[str, object] = {}
    exec("from fsm_session import *", names)
    assert {*names} - {"__builtins__"} == {*fsm_session.__all__}


@pytest.mark.parametrize("name", fsm_session.__all__)
def test_each_can_be_the_first_that_is_asked_for(name: str) -> None:
    """No room needs another one to have been entered before it."""
    assert "fsm_session" in brought("pass", f"from fsm_session import {name}")
