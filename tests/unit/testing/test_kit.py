"""The kit as a whole: its names, and how a check behaves in whatever runs it."""

from __future__ import annotations

import random
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fsm_session import Signal, testing
from fsm_session.testing import BrokenPromiseError, check_indicator, check_strategy
from fsm_session.testing.checks.memory import Memory
from fsm_session.testing.checks.promises import search
from tests.unit.testing.caught import sentence

A_TEST = """
import numpy as np
import pytest
from fsm_session.testing import check_indicator

def next_close(close):
    return np.r_[close[1:], np.nan]

def test_it_keeps_its_promises():
    check_indicator(next_close)
"""


def next_close(close: Any) -> Any:
    return np.r_[close[1:], np.nan]


class TestNames:
    """What users import to test what they write."""

    @pytest.mark.parametrize("name", sorted(set(testing.__all__)))
    def test_each_is_there(self, name: str) -> None:
        assert getattr(testing, name) is not None
        assert name in dir(testing)

    def test_another_is_not(self) -> None:
        with pytest.raises(AttributeError, match="nothing"):
            getattr(testing, "nothing")  # noqa: B009

    def test_the_module_among_them_in_a_fresh_process(self) -> None:
        code = "import fsm_session.testing as t; t.strategies.lifecycles; t.strategies.bars"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_the_library_itself_needs_no_hypothesis(self) -> None:
        """Only who imports a check pays for it."""
        code = (
            "import sys, fsm_session.coordinator, fsm_session.testing\n"
            "from fsm_session.testing import run_days\n"
            "run_days()\n"
            "sys.exit('hypothesis' in sys.modules)"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_a_broken_promise_is_an_assertion(self) -> None:
        assert issubclass(BrokenPromiseError, AssertionError)


class TestWhateverRunsIt:
    """They work in plain pytest functions, in unittest, and when called twice."""

    def test_in_pytest_the_sentence_is_the_report(self, tmp_path: Path) -> None:
        (tmp_path / "test_mine.py").write_text(A_TEST)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_mine.py"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        said = "next_close at bar 0 changes when bar 1 is removed: it looks ahead"
        assert f"BrokenPromiseError: {said}" in done.stdout
        assert "Falsifying example" not in done.stdout
        assert "reproduce" not in done.stdout
        assert len(done.stdout.splitlines()) < 40
        # no database of examples is left behind
        assert not (tmp_path / ".hypothesis" / "examples").exists()

    def test_in_unittest(self) -> None:
        class Case(unittest.TestCase):
            def test_sound(self) -> None:
                check_indicator("SMA", timeperiod=3, max_examples=5)

            def test_broken(self) -> None:
                check_indicator(next_close)

        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromTestCase(Case).run(result)
        assert result.testsRun == 2
        assert result.errors == []
        ((_, report),) = result.failures
        assert "BrokenPromiseError: next_close at bar 0 changes when bar 1 is removed" in report
        assert "hypothesis" not in report.splitlines()[-1]

    def test_twice(self) -> None:
        assert sentence(check_indicator, next_close) == sentence(check_indicator, next_close)

    @settings(
        max_examples=2,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.nested_given],
    )
    @given(st.integers())
    def test_in_a_property_of_ones_own(self, number: int) -> None:
        check_indicator("EMA", timeperiod=3, max_examples=3)
        assert sentence(check_indicator, next_close).startswith("next_close at bar 0")

    def test_whatever_settings_are_in_force(self) -> None:
        """A user's profile changes neither what is searched nor how much of it."""
        before = settings.get_current_profile_name()
        settings.register_profile("nothing", max_examples=1, phases=[])
        try:
            settings.load_profile("nothing")
            with pytest.raises(BrokenPromiseError, match="5 is too much"):
                search(st.integers(0), lambda n: f"{n} is too much" if n > 4 else "", 50)
        finally:
            settings.load_profile(before)

    def test_chance_does_not_decide(self) -> None:
        seen: list[list[int]] = []
        for seed in (1, 2):
            random.seed(seed)
            some: list[int] = []
            search(st.integers(), lambda each, some=some: some.append(each) or "", 20)  # type: ignore[misc]
            seen.append(some)
        assert len(seen[0]) == 20
        assert seen[0] == seen[1]
        assert len(set(seen[0])) > 5


class TestSearch:
    """Looks for the smallest example that breaks a promise, and says in one sentence which."""

    def test_the_smallest(self) -> None:
        with pytest.raises(BrokenPromiseError, match=r"^13 is too much$"):
            search(st.integers(0), lambda n: f"{n} is too much" if n > 12 else "", 100)

    def test_one_that_comes_and_goes_is_told_all_the_same(self) -> None:
        calls: list[int] = []

        def flaky(number: int) -> str:
            calls.append(number)
            return "now and then" if len(calls) == 5 else ""

        with pytest.raises(BrokenPromiseError, match="now and then"):
            search(st.integers(), flaky, 50)
        assert len(calls) >= 5

    def test_what_the_check_itself_raises_is_not_a_broken_promise(self) -> None:
        def fails(_number: int) -> str:
            raise LookupError("mine")

        with pytest.raises(LookupError, match="mine"):
            search(st.integers(), fails, 50)

    def test_shrinking_ends(self) -> None:
        calls: list[int] = []

        def broken(many: list[int]) -> str:
            calls.append(len(many))
            return "too many" if min(many) % 1009 > 500 else ""

        # each of forty numbers could be made smaller by itself, a step at a time
        with pytest.raises(BrokenPromiseError):
            search(st.lists(st.integers(2**40), min_size=40, max_size=40), broken, 50)
        assert 200 < len(calls) < 300


LIST: list[int] = []
NUMBER = 0


class Owner:
    """Has places of every kind where something could be remembered."""

    kept: dict[str, int] = {}

    def fill(self, given: list[int] = []) -> None:  # noqa: B006
        global NUMBER
        NUMBER += 1
        LIST.append(1)
        given.append(1)
        self.kept["one"] = 1


class TestMemory:
    """All these places are put back, and those that have changed can be named."""

    def test_each_place(self) -> None:
        memory, same = Memory(Owner), (LIST, Owner.kept)
        assert memory.changed() == []
        Owner().fill()
        assert sorted(memory.changed()) == [
            "Owner.kept", "a default argument of Owner.fill", "test_kit.LIST", "test_kit.NUMBER",
        ]  # fmt: skip
        memory.restore()
        assert memory.changed() == []
        assert (LIST, Owner.kept, NUMBER) == ([], {}, 0)
        # whoever holds them holds the same ones still
        assert LIST is same[0]
        assert Owner.kept is same[1]

    def test_what_is_around_a_function(self) -> None:
        seen: list[int] = []
        count = 0

        def maker() -> int:
            nonlocal count
            count += 1
            seen.append(count)
            return count

        memory = Memory(maker)
        maker()
        assert sorted(memory.changed()) == ["count around maker", "seen around maker"]
        memory.restore()
        assert (count, seen) == (0, [])

    def test_it_lets_libraries_be(self) -> None:
        assert Memory(np.ndarray, dict, unittest.TestCase).changed() == []

    def test_what_came_anew_is_forgotten_too(self) -> None:
        class Grows:
            def on_bar(self, bar: Any) -> Signal | None:
                first = not hasattr(type(self), "was_here")
                type(self).was_here = True  # type: ignore[attr-defined]
                return Signal(bar.symbol, "first") if first else None

        said = sentence(check_strategy, Grows)
        assert said.endswith("after 2024-07-02: Grows.was_here survives Teardown")
