"""The library's own workers keep their promises; each broken one is told in a sentence."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsm_session import BaseWorker, Signal
from fsm_session.plugins import Plugin
from fsm_session.testing import check_worker
from fsm_session.workers.data_processor import DataProcessor
from fsm_session.workers.scan_times import ScannerPlan
from fsm_session.workers.scanner_manager import ScannerManager
from fsm_session.workers.strategy_manager import StrategyManager, StrategyPlan
from tests.unit.testing.caught import sentence, told

FIRST, SECOND = "2024-07-02", "2024-07-03"
#: what offenders leave behind, to be cleared away after each test
LEFT: list[Any] = []


@pytest.fixture(autouse=True)
def _cleared_away() -> Iterator[None]:
    yield
    while LEFT:
        LEFT.pop()()


class Volumes(BaseWorker):
    """Sums up the day's volume, and forgets it."""

    name = "volumes"

    def __init__(self) -> None:
        self.context: Any = None
        self.total = 0.0

    def setup(self, context: Any) -> None:
        self.context = context

    def on_step(self, step: Any) -> None:
        today = (each.today().volume for each in self.context.data.values())
        self.total = sum(float(volumes.sum()) for volumes in today)

    def teardown(self) -> None:
        self.context, self.total = None, 0.0


class Feeds(BaseWorker):
    """Has a thread and a file of its own, and ends both."""

    name = "feeds"

    def __init__(self) -> None:
        self.up = False

    def setup(self, context: Any) -> None:
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ended.wait, name="feed", daemon=True)
        self.file = tempfile.TemporaryFile()  # noqa: SIM115
        self.thread.start()
        self.up = True

    def teardown(self) -> None:
        if self.up:
            self.up = False
            self.ended.set()
            self.thread.join()
            self.file.close()


class Own(BaseWorker):
    """One more of the library's own, beside those of the session, on the session's player."""

    name = "own"

    def __init__(self, make: Callable[[Any], Any]) -> None:
        self.make, self.worker = make, BaseWorker()

    def setup(self, context: Any) -> None:
        if type(self.worker) is BaseWorker:
            self.worker = self.make(context.player)
        self.worker.setup(context)

    def on_step(self, step: Any) -> None:
        self.worker.on_step(step)

    def on_session_end(self) -> None:
        self.worker.on_session_end()

    def teardown(self) -> None:
        self.worker.teardown()


class Notes:
    """A strategy and a scanner that keep what they are shown for as long as they live."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def on_bar(self, bar: Any) -> Signal:
        self.kept.append(bar)
        return Signal(bar.symbol, "note", str(len(self.kept)))

    def scan(self, view: Any) -> list[str]:
        self.kept.append(view)
        return []


NOTES = Plugin("notes", Notes)


def strategies(player: Any) -> StrategyManager:
    return StrategyManager([StrategyPlan(NOTES)], player)


def scanners(player: Any) -> ScannerManager:
    return ScannerManager([ScannerPlan(NOTES, False, 60 * 10**9)], player, lambda *_: "")


class TestOursKeepThem:
    """The library's own workers pass, and those of users that keep their promises."""

    @pytest.mark.parametrize("make", [DataProcessor, strategies, scanners])
    def test_the_librarys_own(self, make: Any) -> None:
        def counted(own: Own) -> list[int]:
            made: list[Any] = [each.made for each in getattr(own.worker, "_made", [])]
            return [len(each.kept) for each in made]

        check_worker(lambda: Own(make), observe=counted, max_examples=6)

    def test_the_base(self) -> None:
        check_worker(BaseWorker, max_examples=5)

    def test_that_sees_and_forgets(self) -> None:
        check_worker(Volumes, observe=lambda worker: worker.total)

    def test_with_a_thread_and_a_file_that_end(self) -> None:
        check_worker(Feeds, max_examples=5)


class Nameless(BaseWorker):
    name = " "


class Half:
    name = "half"

    def setup(self, context: Any) -> None: ...


class Unsafe(BaseWorker):
    name = "unsafe"

    def setup(self, context: Any) -> None:
        self.context = context

    def teardown(self) -> None:
        del self.context


class Twice(BaseWorker):
    name = "twice"
    state = "new"

    def setup(self, context: Any) -> None:
        self.state = "up"

    def teardown(self) -> None:
        if self.state == "down":
            raise ValueError("I am down already")
        self.state = "down" if self.state == "up" else "new"


class Expects(BaseWorker):
    """Takes for granted that a symbol is there every day."""

    name = "expects"

    def setup(self, context: Any) -> None:
        context.data["BBB"]


class Divides(BaseWorker):
    name = "divides"

    def setup(self, context: Any) -> None:
        self.view = context.player.view

    def on_step(self, step: Any) -> None:
        for each in self.view:
            1 / int(self.view[each].today().volume[-1])


class Sums(Volumes):
    """Goes on summing where it had stopped on the day before."""

    name = "sums"

    def on_step(self, step: Any) -> None:
        self.total += 1

    def teardown(self) -> None:
        self.context = None


class Class(Volumes):
    """Remembers in its class."""

    name = "class"
    days = 0

    def on_session_end(self) -> None:
        type(self).days += 1


class Threaded(Volumes):
    name = "threaded"

    def on_session_start(self) -> None:
        self.total = threading.current_thread().name.count("fsm-session")


class Leaves(BaseWorker):
    name = "leaves"

    def setup(self, context: Any) -> None:
        ended = threading.Event()
        LEFT.append(ended.set)
        threading.Thread(target=ended.wait, name="poll", daemon=True).start()


class Opens(BaseWorker):
    name = "opens"

    def setup(self, context: Any) -> None:
        file = tempfile.NamedTemporaryFile(suffix=".log")  # noqa: SIM115
        LEFT.append(file.close)


class Keeps(BaseWorker):
    """Keeps its context."""

    name = "keeps"

    def setup(self, context: Any) -> None:
        self.context = context


class KeepsBars(Volumes):
    """Keeps the day's columns, though not the structures they hung under."""

    name = "keeps bars"

    def on_session_end(self) -> None:
        self.bars = [each.bars() for each in self.context.data.values()]


class KeepsSymbol(Volumes):
    name = "keeps symbol"

    def on_session_end(self) -> None:
        self.symbols = list(self.context.data.values())


class TestOffendersAreTold:
    """It says in one sentence which promise is broken, by which worker, and what it left behind."""

    @pytest.mark.parametrize(
        ("make", "said"),
        [
            (Nameless, "Nameless has no name but ' '"),
            (Half, "is no worker: it lacks a name or a method of the protocol"),
            (lambda: BaseWorker, "is no worker: it lacks a name or a method of the protocol"),
            (Unsafe, "worker 'unsafe' can't be torn down before its set-up: AttributeError: "),
            (Twice, "worker 'twice' can't be torn down twice: ValueError: I am down already"),
            (Divides, "worker 'divides' raised in on_step: ZeroDivisionError: division by zero "),
            (Leaves, "worker 'leaves' leaves the thread 'poll' running after its teardown"),
            (Opens, ".log open after its teardown"),
            (Keeps, f"worker 'keeps' holds data of {SECOND} after its teardown"),
            (KeepsBars, "worker 'keeps bars' holds data of "),
            (KeepsSymbol, "worker 'keeps symbol' holds data of 2024-07-0"),
        ],
    )  # fmt: skip
    def test_with_the_sentence(self, make: Any, said: str) -> None:
        assert said in sentence(check_worker, make)

    def test_what_survives_is_seen_by_who_looks(self) -> None:
        check_worker(Sums, max_examples=3)  # nobody looks
        said = sentence(check_worker, Sums, observe=lambda worker: worker.total)
        assert said.startswith(f"worker 'sums' comes to 0.0 on {SECOND} alone, and to ")
        assert said.endswith(f"after {FIRST}: total survives Teardown")

    def test_what_a_class_remembers(self) -> None:
        assert sentence(check_worker, Class, observe=lambda worker: worker.days) == (
            f"worker 'class' comes to 1 on {SECOND} alone, and to 2 after {FIRST}: "
            "Class.days survives Teardown"
        )
        assert Class.days == 0

    def test_what_threads_change(self) -> None:
        said = sentence(check_worker, Threaded, observe=lambda worker: worker.total)
        assert said.startswith("worker 'threaded' comes to 0 on 2024-07-0")
        assert said.endswith(", and to 1 in threads")

    def test_the_example_is_small(self) -> None:
        said, *lines = told(check_worker, Expects)
        assert said.startswith(
            "worker 'expects' raised in setup: UnknownNameError: no symbol 'BBB'"
        )
        assert "09:30); " in said
        assert "BBB has no bar on 2024-07-0" in said
        assert len([line for line in lines if line.startswith("2024-")]) == 2
