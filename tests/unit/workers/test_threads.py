"""Workers in threads that hang: named, left behind, and refused whatever they still write."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsm_session import RunFailedError, SessionCoordinator
from fsm_session.errors import StaleSessionError, WorkerHungError
from fsm_session.session.signals import RecordedSignal, Signal
from fsm_session.workers.threads import ThreadedWorker
from fsm_session.workers.worker import BaseWorker, Budget, WorkerGroup
from tests.small_market import SESSIONS, market, wishes
from tests.unit.workers.hanging import (
    DEADLINE,
    PATIENCE,
    Hang,
    Noted,
    Seen,
    let_go,
    ours,
    raising,
)

SMALL = market({"AAA": {date: [0, 1, 2] for date in SESSIONS}})


@pytest.fixture
def hang() -> Iterator[Hang]:
    yield from let_go(Hang())


def coordinator(workers: list[Any], deadline: float = DEADLINE, **options: Any) -> Any:
    config = wishes(
        ["AAA"], SESSIONS[0], SESSIONS[-1], workers={"threads": True, "deadline": deadline}
    )
    return SessionCoordinator(config, source=SMALL, workers=workers, **options)


def failed(run: Any) -> Any:
    with pytest.raises(RunFailedError) as caught:
        run.run()
    return caught.value


class TestAHungWorker:
    """A worker that did not come down by its deadline is unclean: the run ends Failed, names it."""

    @pytest.mark.parametrize("method", ["setup", "on_step", "on_session_end", "teardown"])
    def test_it_fails_the_run_and_is_named(self, method: str, hang: Hang) -> None:
        log: list[tuple[str, str]] = []
        workers = [
            Noted("first", log, {}), Noted("stuck", log, {method: hang}), Noted("last", log, {})
        ]  # fmt: skip
        trial = coordinator(workers)
        error = failed(trial)
        assert hang.came == 1
        assert trial.context.workers.unclean == ["stuck"]
        hung = [each for each in error.exceptions if isinstance(each, WorkerHungError)]
        assert {each.worker for each in hung} == {"stuck"}
        assert error.run.moves[-1].target == "Failed"
        assert error.run.outcome == "failed"
        up = [name for what, name in log if what == "setup"]
        down = [name for what, name in log if what == "teardown" and name != "stuck"]
        assert down == [name for name in reversed(up) if name != "stuck"]
        assert [each.name for each in ours()] == ["fsm-session stuck"]
        assert all(each.daemon for each in ours())

    def test_no_later_session_begins(self, hang: Hang) -> None:
        error = failed(coordinator([Noted("stuck", [], {"teardown": hang})]))
        assert [move.target for move in error.run.moves].count("Load") == 1
        assert [each.date for each in error.run.sessions] == [SESSIONS[0]]
        assert error.run.sessions[0].complete

    def test_a_late_ready_is_ignored_and_the_worker_told_to_go(self, hang: Hang) -> None:
        log: list[tuple[str, str]] = []
        failed(coordinator([Noted("stuck", log, {"setup": hang})]))
        (thread,) = ours()
        assert log == [("setup", "stuck")]
        hang.released.set()
        thread.join(PATIENCE)
        assert not thread.is_alive()
        assert log == [("setup", "stuck"), ("teardown", "stuck")]

    @pytest.mark.parametrize("method", ["setup", "on_step", "teardown"])
    def test_whatever_it_still_writes_is_refused(self, method: str, hang: Hang) -> None:
        worker = Noted("stuck", [], {method: hang})
        error = failed(coordinator([worker]))
        kept = error.run.data
        symbol = kept["AAA"]

        def writes() -> None:
            data = worker.context.data
            tries: list[Callable[[], None]] = [
                lambda: data.record_signal(RecordedSignal(0, "late", Signal("AAA", "buy"))),
                lambda: data.register(symbol),
                lambda: data.remove("AAA"),
            ]
            for each in tries:
                with pytest.raises(StaleSessionError):
                    each()

        hang.afterwards = writes
        hang.released.set()
        for thread in ours():
            thread.join(PATIENCE)
        assert hang.late == ["went through"]
        assert not kept.signals
        assert list(kept) == ["AAA"]

    def test_a_strategy_that_hangs_says_nothing_any_more(self, hang: Hang) -> None:
        late: list[str] = []

        class Slow:
            def on_bars(self, view: Any) -> Any:
                hang()
                yield Signal("AAA", "too late")
                late.append("went through")

        error = failed(coordinator([], strategies=[Slow]))
        assert any(getattr(each, "worker", "") == "StrategyManager" for each in error.exceptions)
        hang.released.set()
        for thread in ours():
            thread.join(PATIENCE)
        assert error.run.data.signals == []
        assert late == []


class TestOneBudget:
    """One budget for a group: n hung workers cost one deadline, not n."""

    @pytest.mark.parametrize("method", ["teardown", "on_session_end"])
    def test_two_hung_workers_wait_once(self, method: str, hang: Hang) -> None:
        shared = Budget(DEADLINE)
        seen = {name: Seen(shared) for name in ("a", "b", "c")}
        workers = [
            ThreadedWorker(Noted(name, [], {} if name == "b" else {method: hang}), seen[name])
            for name in seen
        ]
        group = WorkerGroup(workers, shared)
        group.setup(object())
        if method == "on_session_end":
            with pytest.raises(WorkerHungError):
                group.on_session_end()
        for each in seen.values():
            each.asked.clear()
        with pytest.raises(BaseExceptionGroup):
            group.teardown()
        # the first in the order of the teardown has the whole of it, the others what is left
        hung = [name for name in ("c", "a") if method == "teardown" or name == "a"]
        assert max(seen[hung[0]].asked) > DEADLINE / 2
        for name in hung[1:]:
            assert max(seen[name].asked) <= DEADLINE / 2
        assert group.unclean == hung

    def test_a_sound_worker_is_not_called_hung_for_another_one(self, hang: Hang) -> None:
        """Those behind a hung worker come down in order, and are not named."""
        log: list[tuple[str, str]] = []
        shared = Budget(DEADLINE)
        acts: dict[str, Any] = {"d": {"teardown": hang}}
        workers = [ThreadedWorker(Noted(n, log, acts.get(n, {})), shared) for n in "abcd"]
        group = WorkerGroup(workers, shared)
        group.setup(object())
        with pytest.raises(BaseExceptionGroup) as caught:
            group.teardown()
        assert [getattr(each, "worker", "") for each in caught.value.exceptions] == ["d"]
        assert group.unclean == ["d"]
        assert [name for what, name in log if what == "teardown"] == ["d", "c", "b", "a"]

    def test_a_slow_scan_before_the_session_makes_nobody_hung(self) -> None:
        """``deadline``: seconds for a setup or a teardown; a scan is neither."""
        waited: list[bool] = []

        class Ponders:
            pre_session = True

            def scan(self, view: Any) -> list[str]:
                waited.append(threading.Event().wait(2 * DEADLINE))
                return []

        run = coordinator([BaseWorker()], scanners=[Ponders]).run()
        assert run.outcome == "completed"
        assert len(waited) == 3


class TestThreads:
    """Each worker in its own, and none is left after a run."""

    def test_a_worker_has_one_thread_a_session_and_all_its_calls_in_it(self) -> None:
        seen: dict[str, list[str]] = {"one": [], "two": []}

        def watching(name: str) -> Noted:
            def note() -> None:
                seen[name].append(threading.current_thread().name)

            return Noted(name, [], dict.fromkeys(["setup", "on_step", "teardown"], note))

        run = coordinator([watching("one"), watching("two")], deadline=PATIENCE).run()
        assert run.outcome == "completed"
        assert {name: set(threads) for name, threads in seen.items()} == {
            "one": {"fsm-session one"}, "two": {"fsm-session two"}
        }  # fmt: skip
        assert not ours()

    @pytest.mark.parametrize("method", ["setup", "on_step", "on_session_end", "teardown"])
    @pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(2), KeyboardInterrupt()])
    def test_none_is_left_after_an_error_which_is_named(
        self, method: str, error: BaseException
    ) -> None:
        trial = coordinator([Noted("bad", [], {method: raising(error)})], deadline=PATIENCE)
        caught = failed(trial)
        assert [getattr(each, "worker", "") for each in caught.exceptions] == ["bad"]
        assert type(error).__name__ in str(caught.exceptions[0])
        assert not ours()

    def test_none_is_left_after_a_stop(self) -> None:
        trial = coordinator([], deadline=PATIENCE)

        class Stops(BaseWorker):
            name = "stops"

            def on_step(self, step: Any) -> None:
                trial.stop()

        trial = coordinator([Stops()], deadline=PATIENCE)
        assert trial.run().outcome == "stopped"
        assert not ours()
