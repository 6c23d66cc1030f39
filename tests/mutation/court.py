"""Mutants are tried some at a time: each until a test fails, or none of those that call it does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType

import pytest
from attrs import define, evolve

from tests.mutation.judges import Judges
from tests.mutation.mutants import Mutant
from tests.mutation.trial import Trial, begin, code_in_place, judged_afresh, judged_in_place

PAUSE_SECONDS = 0.003
#: so many of the likeliest tests are asked before all others are imported
FIRST = 8


@define
class Case:
    """A mutant, the tests that call it, the trial it is in, and what came of it."""

    mutant: Mutant
    tests: list[str]
    trial: Trial | None = None
    #: so many of the tests have been run with all modules imported again
    afresh: int = 0
    killer: str = ""
    why: str = ""


@define
class Court:
    """All collected tests as judges; ``early``: functions that are called by importing alone."""

    judges: Judges
    items: dict[str, pytest.Item]
    functions: Mapping[tuple[str, int], Sequence[FunctionType]]
    early: frozenset[tuple[str, int]]
    jobs: int
    seconds: float

    def verdicts(self, mutants: Iterator[Mutant]) -> Iterator[Case]:
        """Try mutants; give each case as its verdict comes."""
        open_cases: list[Case] = []
        while True:
            while len(open_cases) < self.jobs and (mutant := next(mutants, None)) is not None:
                case = Case(mutant, self.judges.of(mutant, self.seconds))
                called = bool(case.tests)
                if not called and self._is_early(mutant):
                    case.tests = self._of_file(mutant)
                if not case.tests:
                    yield case
                    continue
                self._begin(case, afresh=not called)
                open_cases.append(case)
            if not open_cases:
                return
            for case in [*open_cases]:
                if self._is_decided(case):
                    open_cases.remove(case)
                    yield case
            time.sleep(PAUSE_SECONDS)

    def _begin(self, case: Case, *, afresh: bool) -> None:
        usual, mutant = self.judges.seconds, case.mutant
        functions = self.functions.get((str(mutant.path.resolve()), mutant.function or 0), ())
        code = code_in_place(mutant, functions)
        if code is None or afresh:
            # few at first: to import all other tests as well takes longer than to run some
            chosen = case.tests[case.afresh :][: None if case.afresh else FIRST]
            case.afresh += len(chosen)
            work = partial(judged_afresh, mutant, chosen, usual)
        else:
            items = [self.items[test] for test in case.tests]
            work = partial(judged_in_place, code, functions, items, usual)
        case.trial = begin(work, usual)

    def _is_decided(self, case: Case) -> bool:
        assert case.trial is not None
        if case.trial.goes_on():
            return False
        last, case.trial = case.trial.end(), None
        if "failed" in last:
            case.killer, case.why = last["failed"], last["why"]
            self.judges.note(case.mutant, case.killer)
        elif not case.afresh and self._is_early(case.mutant):
            # what it did while others were imported may be seen by whoever looks at the file
            case.tests = self._of_file(case.mutant)
            self._begin(case, afresh=True)
        elif 0 < case.afresh < len(case.tests):
            self._begin(case, afresh=True)
        return case.trial is None

    def _of_file(self, mutant: Mutant) -> list[str]:
        return self.judges.of(evolve(mutant, function=None), self.seconds)

    def _is_early(self, mutant: Mutant) -> bool:
        return (str(mutant.path.resolve()), mutant.function) in self.early
