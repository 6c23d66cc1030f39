"""The tests that judge: which of them call a function, and which are to be asked first."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from attrs import define, field

from tests.mutation.mutants import Mutant

#: fast ones, those in which things go wrong in all sorts of ways, and those of whole sessions
PATHS = (
    "tests/unit/machine",
    "tests/unit/workers",
    "tests/unit/session",
    "tests/unit/states",
    "tests/unit/test_coordinator.py",
    "tests/unit/test_export.py",
    "tests/unit/security/test_names_drawn.py",
    "tests/unit/security/test_paths.py",
    "tests/resume/test_going_on.py",
    "tests/property/test_lifecycle_walk.py",
    "tests/property/test_refinement.py",
    "tests/mutation/whole_runs.py",
)
#: they look back at what other tests did, and so fail where only some are run
NOT_ALONE = (
    "test_the_harness_was_everywhere",
    "test_each_cell_that_was_asked_for_has_happened",
    "test_they_cover_what_can_be_taken",
    "test_of_every_kind",
    "test_which_were_of_every_kind",
)
#: how much less a test is likely to notice that calls nothing of the file
FAR = 3


@define
class Judges:
    """Tests by the functions that they call, with the seconds each takes."""

    seconds: dict[str, float] = field(factory=dict)
    #: how many functions each calls: those that call few look at them more closely
    breadth: dict[str, int] = field(factory=dict)
    by_function: defaultdict[tuple[str, int], set[str]] = field(factory=lambda: defaultdict(set))
    by_file: defaultdict[str, set[str]] = field(factory=lambda: defaultdict(set))
    #: how often each has found out a change of a function, or of a file
    found: Counter[tuple[object, str]] = field(factory=Counter)

    @classmethod
    def from_run(cls, records: Iterable[Mapping[str, Any]]) -> Judges:
        """Learn them from a run of all of them with nothing changed."""
        judges = cls()
        for record in records:
            if "test" in record:
                test = record["test"]
                judges.seconds[test] = record["seconds"]
                judges.breadth[test] = len(record["called"])
                for file, line in record["called"]:
                    judges.by_function[file, line].add(test)
                    judges.by_file[file].add(test)
        return judges

    def of(self, mutant: Mutant, within_seconds: float) -> list[str]:
        """Give tests that call what was changed, the likeliest to notice first.

        A change of what is declared may be noticed by any, by those that call its file sooner.
        """
        there = str(mutant.path.resolve())
        tests: Collection[str] = self.seconds
        if mutant.function is not None:
            tests = self.by_function[there, mutant.function]
        chosen: list[str] = []
        left = within_seconds
        for test in sorted(tests, key=lambda test: self._rank(mutant, test)):
            left -= self.seconds[test]
            if left < 0 and chosen:
                break
            chosen.append(test)
        return chosen

    def _rank(self, mutant: Mutant, test: str) -> tuple[float, float]:
        here, file = (str(mutant.path), mutant.name), str(mutant.path)
        likely = 4 * self.found[here, test] + self.found[file, test]
        seconds = self.seconds[test] + 0.003
        far = 1 if test in self.by_file[str(mutant.path.resolve())] else FAR
        return (-likely / seconds, seconds * self.breadth[test] * far)

    def note(self, mutant: Mutant, test: str) -> None:
        """Keep that a test has noticed a change."""
        self.found[(str(mutant.path), mutant.name), test] += 1
        self.found[str(mutant.path), test] += 1
