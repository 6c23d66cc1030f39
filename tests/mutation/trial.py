"""One mutant is tried in a fork of a process in which all tests are collected already.

A change within a function is made by giving the function other code, which costs nothing; a change
of what is declared is made by forgetting all our modules and importing them again, changed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType, ModuleType
from typing import Any

import orjson
import pytest
from attrs import define, field

from tests.mutation.mutants import Mutant

#: a test that goes round in circles is ended after so many seconds of work, one that waits for
#: ever after so many of waiting, and so many times what it usually takes; what imports, later
WORK, PATIENCE, TIMES, BEFORE = 1.5, 8.0, 10.0, 90.0
#: a bit of quiet, and of a failure nothing but that it was one
OPTIONS = ("-q", "-x", "--tb=no", "--no-header", "--capture=sys", "-p", "no:cacheprovider",
           "-o", "addopts=", "-W", "ignore::pytest.PytestAssertRewriteWarning")  # fmt: skip
#: (file, line) of each function that the test under way has called, see ``mutants.telling``
CALLED: set[tuple[str, int]] = set()
Say = Callable[[Mapping[str, Any]], None]


@define
class Trial:
    """Tests under way in a fork: what it has told, line by line."""

    pid: int
    heard: int
    usual: Mapping[str, float]
    folder: str
    rest: bytes = b""
    test: str = ""
    until: float = field(factory=lambda: time.monotonic() + BEFORE)
    told: list[dict[str, Any]] = field(factory=list)

    def goes_on(self) -> bool:
        """Take in what it has told; False once it has ended, or a test takes far too long."""
        while select.select([self.heard], [], [], 0)[0]:
            if not (more := os.read(self.heard, 65536)):
                return False
            *lines, self.rest = (self.rest + more).split(b"\n")
            for line in lines:
                self._note(orjson.loads(line))
        if time.monotonic() > self.until:
            self.told.append({"failed": self.test, "why": "time"})
            return False
        return True

    def _note(self, record: dict[str, Any]) -> None:
        self.told.append(record)
        if "begins" in record:
            self.test = record["begins"]
            self.until = time.monotonic() + PATIENCE + TIMES * self.usual.get(self.test, 0.0)

    def end(self) -> dict[str, Any]:
        """End it and all that it has started; give its last word, or say that there is none."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.heard)
        shutil.rmtree(self.folder, ignore_errors=True)
        last = self.told[-1] if self.told else {}
        return last if "ended" in last or "failed" in last else {"failed": self.test, "why": "died"}


def begin(work: Callable[[Say], None], usual: Mapping[str, float]) -> Trial:
    """Do something in a fork, which is to tell what comes of it."""
    heard, tell = os.pipe()
    folder = tempfile.mkdtemp(prefix="mutation-")
    sys.stdout.flush()
    if pid := os.fork():
        os.close(tell)
        return Trial(pid, heard, usual, folder)

    def say(record: Mapping[str, Any]) -> None:
        os.write(tell, orjson.dumps(record) + b"\n")

    try:
        os.setsid()
        # who is started in the background ignores it, and tests are interrupted
        signal.signal(signal.SIGINT, signal.default_int_handler)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        work(say)
    except BaseException as error:  # no fork may come back into its caller
        say({"failed": "(outside of a test)", "why": repr(error)})
    finally:
        os._exit(0)


def judged(items: Sequence[pytest.Item], usual: Mapping[str, float], say: Say) -> None:
    """Run tests that are collected, up to the first that fails."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        say({"begins": item.nodeid})
        CALLED.clear()
        if usual:
            allowed = WORK + TIMES * usual.get(item.nodeid, 0.0)
            signal.setitimer(signal.ITIMER_PROF, allowed)  # ends the process
        begun, reports = time.monotonic(), _reports(item, following)
        if any(report.failed for report in reports):
            say({"failed": item.nodeid, "why": "test"})
            return
        seconds = time.monotonic() - begun
        say({"test": item.nodeid, "seconds": seconds, "called": [*CALLED]})
    say({"ended": True})


def _reports(item: pytest.Item, following: pytest.Item | None) -> list[pytest.TestReport]:
    from _pytest.runner import runtestprotocol

    return runtestprotocol(item, log=False, nextitem=following)


def functions_by_place() -> dict[tuple[str, int], list[FunctionType]]:
    """Give all functions there are, by their file and first line."""
    found: dict[tuple[str, int], list[FunctionType]] = {}
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            code = each.__code__
            found.setdefault((code.co_filename, code.co_firstlineno), []).append(each)
    return found


def code_in_place(mutant: Mutant, functions: Sequence[FunctionType]) -> CodeType | None:
    """Give the changed code of a function; None where that needs a new function."""
    new = next(
        (each for each in _codes(mutant.code) if each.co_firstlineno == mutant.function), None
    )
    fits = new and all(
        (each.__code__.co_name, len(each.__code__.co_freevars))
        == (new.co_name, len(new.co_freevars))
        for each in functions
    )
    return new if functions and fits else None


def judged_in_place(
    code: CodeType, functions: Sequence[FunctionType], items: Sequence[pytest.Item],
    usual: Mapping[str, float], say: Say,
) -> None:  # fmt: skip
    """Give the function its changed code, and run tests that are collected."""
    for function in functions:
        function.__code__ = code
    judged(items, usual, say)


def _codes(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _codes(each)


def judged_afresh(
    mutant: Mutant, tests: Sequence[str], usual: Mapping[str, float], say: Say
) -> None:
    """Import all that is ours again, the changed module with its changed code, and run tests."""
    for name in [name for name, module in sys.modules.items() if _is_ours(module)]:
        del sys.modules[name]
    load_instead({str(mutant.path.resolve()): mutant.code})
    files = list(dict.fromkeys(test.partition("::")[0] for test in tests))
    say({"begins": tests[0]})
    if code := pytest.main([*OPTIONS, *files], plugins=[_Chosen(tests, usual, say)]):
        say({"failed": "(collection)", "why": f"pytest {code}"})


def _is_ours(module: ModuleType) -> bool:
    """Tell whether a module is of this tree: what is installed stays as it is."""
    path = getattr(module, "__file__", None) or ""
    return path.startswith(os.getcwd() + os.sep) and "site-packages" not in path


class _Chosen:
    """A plugin of pytest that runs these tests, in this order."""

    def __init__(self, tests: Sequence[str], usual: Mapping[str, float], say: Say) -> None:
        self.tests, self.usual, self.say = tests, usual, say

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        found = {item.nodeid: item for item in session.items}
        judged([found[test] for test in self.tests if test in found], self.usual, self.say)
        os._exit(0)


def load_instead(codes: Mapping[str, CodeType]) -> None:
    """Let modules be loaded from other code than their files have."""
    usual = SourceFileLoader.get_code

    def get_code(self: Any, fullname: str) -> CodeType | None:
        return codes.get(os.path.realpath(self.path)) or usual(self, fullname)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign]
