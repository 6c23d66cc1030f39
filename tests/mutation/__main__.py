"""``python -m tests.mutation [PATHS]``: change the code, place by place, and see who notices."""

from __future__ import annotations

import argparse
import builtins
import gc
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path

import orjson
import pytest
from attrs import define, field
from hypothesis import Phase, settings

from tests.mutation.court import Case, Court
from tests.mutation.judges import NOT_ALONE, PATHS, Judges
from tests.mutation.mutants import Mutant, mutants_of, telling
from tests.mutation.standing import Standing, standing_of
from tests.mutation.trial import CALLED, OPTIONS, begin, functions_by_place, judged, load_instead

SCOPE = (
    "fsm_session/machine",
    "states",
    "fsm_session/workers/worker.py",
    "fsm_session/session/clock.py",
    "fsm_session/session/data.py",
)
EXPLAINED = Path("tests/mutation.rst")
ENOUGH = 0.95


def files(paths: Sequence[str]) -> list[Path]:
    """Give the files under paths; what is only linked to is taken where it really is."""
    found = []
    for path in map(Path, paths):
        found += sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return found


@define
class Assizes:
    """A plugin of pytest: where the tests would be run, mutants are tried."""

    paths: list[Path]
    options: argparse.Namespace
    tried: Counter[Path] = field(factory=Counter)
    explained: Counter[Path] = field(factory=Counter)
    survived: list[Case] = field(factory=list)
    killers: Counter[str] = field(factory=Counter)
    unsound: list[str] = field(factory=list)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run all tests once with nothing changed, then those that call it for each mutant."""
        items = {each.nodeid: each for each in session.items if each.name not in NOT_ALONE}
        court = self._court(items, frozenset(CALLED))
        for case in court.verdicts(self._mutants()):
            self.tried[case.mutant.path] += 1
            self._log(case)
            if case.killer:
                self.killers[case.killer] += 1
                continue
            self.survived.append(case)
            calls = "" if case.tests else " (no test calls it)"
            say(f"SURVIVED line {case.mutant.line} {case.mutant}{calls}")
        self.unsound = [
            test for test in self.killers if test in items and not self._alone(court, test)
        ]
        return True

    def _court(self, items: dict[str, pytest.Item], early: frozenset[tuple[str, int]]) -> Court:
        functions = functions_by_place()
        gc.freeze()
        trial = begin(partial(judged, [*items.values()], {}), {})
        while trial.goes_on():
            trial.until = float("inf")  # how long each takes is what is to be learnt
            time.sleep(0.05)
        last = trial.end()
        if "failed" in last:
            pytest.exit(f"with nothing changed, {last['failed']} fails: {last['why']}", 3)
        judges = Judges.from_run(trial.told)
        if not judges.by_function:
            pytest.exit("none of the tests was seen to call what is to be changed", 3)
        say(f"{len(items)} tests, {sum(judges.seconds.values()):.0f} s")
        return Court(judges, items, functions, early, self.options.jobs, self.options.seconds)

    def _mutants(self) -> Iterator[Mutant]:
        """Give the mutants that are still to be tried, and count the others.

        Those that were noticed in earlier runs are, and those that are explained: they survive.
        """
        noticed, known = kept(self.options.log), explained()
        for path in self.paths:
            for mutant in mutants_of(path):
                if noticed.get(key_of(mutant)):
                    self.tried[path] += 1
                elif str(mutant).strip() in known and not self.options.explained:
                    self.tried[path] += 1
                    self.explained[path] += 1
                elif self.options.only in str(mutant):
                    yield mutant

    def _alone(self, court: Court, test: str) -> bool:
        """Tell whether a test that noticed something holds by itself with nothing changed."""
        usual = court.judges.seconds
        trial = begin(partial(judged, [court.items[test]], usual), usual)
        while trial.goes_on():
            time.sleep(0.003)
        return "ended" in trial.end()

    def _log(self, case: Case) -> None:
        if self.options.log:
            told = {"key": key_of(case.mutant), "line": case.mutant.line,
                    "mutant": str(case.mutant), "killer": case.killer, "why": case.why}  # fmt: skip
            with self.options.log.open("ab") as log:
                log.write(orjson.dumps(told) + b"\n")


def explained() -> set[str]:
    """Give the mutants of which it is written down why nobody should notice them."""
    lines = EXPLAINED.read_text().splitlines() if EXPLAINED.exists() else ()
    return {line.strip() for line in lines}


def kept(log: Path | None) -> dict[str, str]:
    """Give by the keys of mutants who has noticed each, "" for nobody, by a file of verdicts."""
    found: dict[str, str] = {}
    for verdict in map(orjson.loads, log.read_bytes().splitlines() if log and log.exists() else ()):
        found[verdict["key"]] = verdict["killer"] or found.get(verdict["key"], "")
    return found


def stands(options: argparse.Namespace) -> int:
    """Print how things stand by the verdicts that were kept, and try nothing."""
    verdicts, known = kept(options.log), explained()

    def standing(mutant: Mutant) -> str:
        return standing_of(key_of(mutant), str(mutant).strip(), verdicts, known.__contains__)

    print("\n".join(Standing.of(files(options.paths), standing).table()))
    return 0


def key_of(mutant: Mutant) -> str:
    """Name a mutant of a file as it is now."""
    return f"{sha256(mutant.path.read_bytes()).hexdigest()[:16]} {mutant.number}"


def say(text: str) -> None:
    """Say something past pytest, which has its own use for the standard output."""
    print(text, file=sys.__stdout__, flush=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """Try every mutant of the files; 1 where fewer are noticed than is enough."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("paths", nargs="*", default=SCOPE, help="files or folders to change")
    parser.add_argument("--judges", nargs="+", default=PATHS, help="files or folders of tests")
    parser.add_argument("--jobs", type=int, default=2, help="so many mutants at a time")
    parser.add_argument(
        "--seconds", type=float, default=60.0, help="of tests for a mutant, at most"
    )
    parser.add_argument("--only", default="", help="only mutants whose description has this")
    parser.add_argument(
        "--explained", action="store_true", help=f"try what {EXPLAINED} explains too"
    )
    parser.add_argument("--log", type=Path, help="a file to which every verdict is added")
    parser.add_argument("--stands", action="store_true", help="say how things stand by that file")
    options = parser.parse_args(arguments)
    if options.stands:
        return stands(options)
    begun, assizes = time.monotonic(), Assizes(files(options.paths), options)
    # our own plugin would have pytest load all our modules in its way, not in ours
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    builtins.mutation_called = CALLED  # type: ignore[attr-defined]
    load_instead({str(path.resolve()): telling(path) for path in assizes.paths})
    quick = (Phase.explicit, Phase.generate)
    settings.register_profile("mutation", derandomize=True, database=None, phases=quick)
    settings.load_profile("mutation")
    if code := pytest.main([*OPTIONS, *options.judges], plugins=[assizes]):
        return int(code)
    return _report(assizes, time.monotonic() - begun)


def _report(assizes: Assizes, seconds: float) -> int:
    alive = assizes.explained + Counter(case.mutant.path for case in assizes.survived)
    for path, number in assizes.tried.items():
        print(f"{path}: {number - alive[path]} of {number}")
    total = sum(assizes.tried.values())
    share = 1 - alive.total() / total if total else 0.0
    print(
        f"{total - alive.total()} of {total} noticed, {share:.1%}, in {seconds / 60:.0f} minutes;"
        f" {assizes.explained.total()} of the others are explained"
    )
    for test in assizes.unsound:
        print(f"fails by itself, with nothing changed: {test}")
    return int(share < ENOUGH or bool(assizes.unsound))


if __name__ == "__main__":
    sys.exit(main())
