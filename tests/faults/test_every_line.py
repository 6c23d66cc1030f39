"""An exception at every executed line of the machine, the phases and the workers of a run.

It comes out of nowhere, as Ctrl-C and MemoryError do. So a teardown may be called twice: one
that was interrupted is done again. What must hold is that none is left out.
"""

from __future__ import annotations

import linecache
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from attrs import define, field

import fsm_session
from tests.faults.bugs import end_of_thread
from tests.faults.enumeration import IN_THREADS, Rig
from tests.faults.enumeration_workers import WORKERS
from tests.faults.model import Script
from tests.faults.witnesses import PATIENCE
from tests.unheard import unheard

ROOM = Path(fsm_session.__file__).parent
#: how often a line counts that is executed many times, and every line each time it is where set
FIRST = 10
#: the same, of those that wait for threads
FIRST_IN_THREADS = 3
WHOLE = bool(os.environ.get("FSM_SESSION_EVERY_LINE"))
#: a tracer can raise on a block's way out, before the lock is let go; an interrupt comes only
#: behind a call, within the block or after it
SPARED = ("with self._lock:",)
#: an error in these, of a scanner or strategy, is taken for one of its own teardown: that is told,
#: and not tried again
OF_A_TEARDOWN = ("end", "tear_down", "_tear_down")
#: whose teardown it is: a name of the trace, and who is named unclean where it raised
OWNERS = {
    **{name: name for name in WORKERS},
    "first": "StrategyManager",
    "scanner": "ScannerManager",
}
#: requests wait from the first phase on, so that there is something to answer all the way
ASKED = {0: "add", 60: "remove"}
#: a step of the second session that fails, before it is broken off somewhere on its way down
FAILS = {**ASKED, 137: "error"}


class OutOfNowhereError(Exception):
    """What is raised at a line."""


def in_scope(path: str) -> bool:
    """Tell whether a file is among those whose lines are broken off."""
    parts = Path(path).parts[-2:]
    return parts[0] in ("machine", "states", "workers") or parts[1] in (
        "context.py",
        "coordinator.py",
        "arrivals.py",
    )


def is_of_the_threads(path: str) -> bool:
    """Tell whether a file is one of the two that hand orders to threads and wait for them."""
    return Path(path).name in ("threads.py", "worker.py")


@define
class Breaker:
    """Traces the lines of a run; raises at the line that is number ``at``, once.

    Lines count behind the error that the run's script has, if it has one. ``handling`` says
    whether an error was being handled there, ``in_a_teardown`` whether a part's teardown was.
    """

    rig: Rig
    script: Script
    error: type[BaseException] = OutOfNowhereError
    at: int = -1
    scope: Callable[[str], bool] = in_scope
    lines: list[tuple[str, int]] = field(factory=list)
    known: dict[str, bool] = field(factory=dict)
    told: str = ""
    handling: bool = False
    in_a_teardown: bool = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        path = frame.f_code.co_filename
        if path not in self.known:
            self.known[path] = path.startswith(str(ROOM.parent)) and self.scope(path)
        return self.line if self.known[path] else None

    def line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line" and self.counts():
            self.lines.append((frame.f_code.co_filename, frame.f_lineno))
            if len(self.lines) == self.at:
                sys.settrace(None)
                self.told = f"at {place_of(self.lines[-1])}"
                self.in_a_teardown = any(name in OF_A_TEARDOWN for name in callers(frame))
                self.handling = sys.exc_info()[1] is not None
                raise self.error(self.told)
        return self.line

    def counts(self) -> bool:
        return "error" not in self.script.values() or len(self.rig.fired) == len(self.script)

    def run(self) -> BaseException | None:
        """Run the sessions, traced; give what was raised."""
        run, before = self.rig.prepare(self.script).run, sys.gettrace()
        sys.settrace(self)
        try:
            run()
        except BaseException as error:
            return error
        finally:
            sys.settrace(before)
        return None


def callers(frame: FrameType | None) -> Iterator[str]:
    """Name the functions that are at work, the innermost first."""
    while frame is not None:
        yield frame.f_code.co_name
        frame = frame.f_back


def place_of(line: tuple[str, int]) -> str:
    return f"{'/'.join(Path(line[0]).parts[-2:])}:{line[1]}"


def points(
    rig: Rig, script: Script, scope: Callable[[str], bool] = in_scope, first: int = FIRST
) -> list[int]:
    """Give the numbers of the line events at which to raise: each line's first ones."""
    Breaker(rig, script).run()  # what is found out once is found out here
    whole, seen = Breaker(rig, script, scope=scope), Counter[tuple[str, int]]()
    whole.run()
    chosen = []
    for number, line in enumerate(whole.lines, 1):
        seen[line] += 1
        if (WHOLE or seen[line] <= first) and linecache.getline(*line).strip() not in SPARED:
            chosen.append(number)
    return chosen


def reaches(error: BaseException | None, thrown: str) -> bool:
    """Tell whether what was thrown is among what was raised: itself, in a group, or a cause."""
    if error is None:
        return False
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return (
        str(error) == thrown
        or reaches(error.__cause__, thrown)
        or any(reaches(each, thrown) for each in inner)
    )


def wrongs(breaker: Breaker, error: BaseException | None) -> Iterator[str]:
    """Say what does not hold at the end of a run that was broken off."""
    rig, context = breaker.rig, breaker.rig.coordinator.context
    last = {(name, method): at for at, (_, name, method, _) in enumerate(rig.trace)}
    for name, owner in OWNERS.items():
        down = last.get((name, "setup"), -1) <= last.get((name, "teardown"), -1)
        by_error = breaker.in_a_teardown and issubclass(breaker.error, Exception)
        if not (down or by_error or owner in context.workers.unclean):
            yield f"{name} is lost"
    if context.workers.up:
        yield f"left up: {[each.name for each in context.workers.up]}"
    if waiting := [call for call, receipt in rig.receipts if receipt.status == "waiting"]:
        yield f"not answered: what was asked at {waiting}"
    if rig.trace and rig.driver.state not in ("Done", "Failed"):
        yield f"it stands in {rig.driver.state}"
    if not breaker.told:
        yield "nothing was raised"
    yield from untold(breaker, error)


def untold(breaker: Breaker, error: BaseException | None) -> Iterator[str]:
    """Say which error did not reach the caller; Ctrl-C is a stop, or comes out as it is.

    Where one comes while an error is being handled, Python itself puts it in that error's place.
    """
    thrown = [f"point {call}" for call, fault in breaker.script.items() if fault == "error"]
    interrupted = isinstance(error, KeyboardInterrupt)
    if issubclass(breaker.error, Exception):
        thrown.append(breaker.told)
    elif error is not None and not interrupted and not thrown:
        yield f"an interrupt came out as {error!r}"
    for each in thrown:
        if not (reaches(error, each) or interrupted or breaker.handling):
            yield f"{each} does not reach the caller, who is told {error!r}"


def left_by(breaker: Breaker, before: set[threading.Thread]) -> Iterator[str]:
    """Name the workers whose threads still wait for orders, and that are not named as unclean."""
    group: Any = breaker.rig.coordinator.context.workers
    for thread in set(threading.enumerate()) - before:
        name = thread.name.removeprefix("fsm-session ")
        if name in group.unclean:
            [orders] = [each._orders for each in group.workers if each.name == name]
            orders.put(end_of_thread())
        thread.join(PATIENCE / 10)  # where nobody waited for it, it may be just about to end
        if thread.is_alive():
            yield name


@pytest.fixture(scope="module", autouse=True)
def _quiet_log() -> Iterator[None]:
    with unheard():
        yield


class TestEveryLine:
    """An exception raised at every executed line of a lifecycle: clean end, no worker lost; and
    of a Ctrl-C behind an error: "the first error is never lost"."""

    @pytest.mark.parametrize(
        ("error", "script", "at_least"),
        [
            pytest.param(OutOfNowhereError, ASKED, 2000, id="error"),
            pytest.param(KeyboardInterrupt, ASKED, 2000, id="interrupt"),
            pytest.param(KeyboardInterrupt, FAILS, 300, id="interrupt-after-an-error"),
        ],
    )
    def test_it_ends_clean_and_no_worker_is_lost(
        self, error: type[BaseException], script: Script, at_least: int
    ) -> None:
        rig, threads, found = Rig(), set(threading.enumerate()), list[str]()
        chosen, handling = points(rig, script), 0
        for at in chosen:
            breaker = Breaker(rig, script, error, at)
            raised = breaker.run()
            handling += breaker.handling
            found += [f"{breaker.told}: {wrong}" for wrong in wrongs(breaker, raised)]
        assert found == []
        assert handling < len(chosen) / 10
        assert set(threading.enumerate()) == threads
        assert len(chosen) >= at_least

    @pytest.mark.parametrize(
        ("error", "script", "at_least"),
        [
            pytest.param(OutOfNowhereError, ASKED, 200, id="error"),
            pytest.param(KeyboardInterrupt, ASKED, 200, id="interrupt"),
            pytest.param(KeyboardInterrupt, FAILS, 100, id="interrupt-after-an-error"),
        ],
    )
    def test_nor_is_one_of_a_thread(
        self, error: type[BaseException], script: Script, at_least: int
    ) -> None:
        """Only a teardown that an error broke off before it was ordered leaves a thread: unclean"""
        rig, found = Rig(config=IN_THREADS), list[str]()
        chosen = points(rig, script, is_of_the_threads, FIRST_IN_THREADS)
        for at in chosen:
            threads = set(threading.enumerate())
            breaker = Breaker(rig, script, error, at, is_of_the_threads)
            raised = breaker.run()
            found += [f"{breaker.told}: {wrong}" for wrong in wrongs(breaker, raised)]
            found += [f"{breaker.told}: {left} is left" for left in left_by(breaker, threads)]
        assert found == []
        assert len(chosen) >= at_least
