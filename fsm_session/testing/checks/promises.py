"""Looks for the smallest example that breaks a promise, and says in one sentence which.

Hypothesis searches and shrinks; what it has to say beside the sentence is left out. Each check
searches the same examples every time and remembers none: a test that passes passes again, on any
machine, whatever settings, profile or database its author has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

Example = TypeVar("Example")
#: says how an example breaks the promise: the sentence, and under it what shows it; "" if not
Broken = Callable[[Example], str]

#: how many smaller examples are tried: what a strategy needs is milliseconds each
_SHRINKS = 200


class BrokenPromiseError(AssertionError):
    """A part breaks a promise: the first line says which, those below show the example."""


class _FoundError(Exception):
    """Tells Hypothesis that an example is one."""


class _Search(Generic[Example]):
    """Tries examples until one is found, then a limited number of smaller ones."""

    def __init__(self, broken: Broken[Example]) -> None:
        self._broken = broken
        self._left = _SHRINKS
        self.told = ""

    def look(self, example: Example) -> None:
        if self.told:
            self._left -= 1
        told = self._broken(example) if self._left > 0 else ""
        if told:
            self.told = told
            raise _FoundError


def search(examples: st.SearchStrategy[Example], broken: Broken[Example], count: int) -> None:
    """Try ``count`` examples; raise BrokenPromiseError with the sentence of the smallest."""
    __tracebackhide__ = True
    quiet = settings(
        max_examples=count,
        database=None,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    tried = _Search(broken)
    try:
        quiet(given(examples)(_as_a_test(tried)))()
    except (_FoundError, Flaky):
        if not tried.told:  # a broken promise of ours: what was drawn differed
            raise
    hold(tried.told)


def hold(told: str) -> None:
    """Raise BrokenPromiseError where there is something to tell."""
    __tracebackhide__ = True
    if told:
        raise BrokenPromiseError(told) from None


def _as_a_test(tried: _Search[Example]) -> Callable[[Example], None]:
    def look(example: Example) -> None:
        tried.look(example)

    return look
