"""The group of workers: up in order, down in reverse, whatever goes wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from fsm_session.errors import WorkerError, WorkerHungError
from fsm_session.workers.threads import ThreadedWorker
from fsm_session.workers.worker import BaseWorker, Budget, Worker, WorkerGroup
from tests.unit.workers.hanging import PATIENCE, Noted, ours, raising

Log = list[tuple[str, str]]
METHODS = ("setup", "on_step", "on_session_end", "teardown")


def group(
    log: Log, count: int, acts: dict[int, dict[str, Any]], threads: bool = False
) -> WorkerGroup:
    budget = Budget(PATIENCE)
    workers: list[Worker] = [Noted(f"w{n}", log, acts.get(n, {})) for n in range(count)]
    if threads:
        workers = [ThreadedWorker(each, budget) for each in workers]
    return WorkerGroup(workers, budget)


def names(log: Log, method: str) -> list[str]:
    return [name for each, name in log if each == method]


def flat(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [each for part in error.exceptions for each in flat(part)]
    return [error]


class TestSetUp:
    """Set up every worker, in order; if one fails, tear down those already up and fail."""

    @given(
        count=st.integers(1, 5),
        threads=st.booleans(),
        bad=st.sets(st.integers(0, 4), max_size=3),
        data=st.data(),
    )
    @settings(max_examples=40, deadline=None)
    def test_one_that_fails_takes_those_that_are_up_down_in_reverse(
        self, count: int, threads: bool, bad: set[int], data: st.DataObject
    ) -> None:
        k = data.draw(st.integers(0, count - 1))
        acts: dict[int, dict[str, Any]] = {
            n: {"teardown": raising(RuntimeError(f"down {n}"))} for n in bad
        }
        acts.setdefault(k, {})["setup"] = raising(ValueError("no way up"))
        log: Log = []
        some = group(log, count, acts, threads)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - looked at below
            some.setup(object())
        assert names(log, "setup") == [f"w{n}" for n in range(k + 1)]
        assert names(log, "teardown") == [f"w{n}" for n in reversed(range(k + 1))]
        first, *others = flat(caught.value)
        assert isinstance(first, WorkerError)
        assert first.worker == f"w{k}"
        assert "no way up" in str(first)
        expected = [f"w{n}" for n in reversed(range(k + 1)) if n in bad]
        assert [getattr(each, "worker", "") for each in others] == expected
        assert not some.up
        assert not ours()

    @pytest.mark.parametrize("threads", [False, True])
    def test_a_worker_is_ready_when_its_set_up_has_returned(self, threads: bool) -> None:
        log: Log = []
        some = group(log, 3, {}, threads)
        with pytest.raises(WorkerError, match=r"w0.*not ready"):
            some.check_ready()
        some.setup(object())
        some.check_ready()
        assert names(log, "setup") == ["w0", "w1", "w2"]
        some.teardown()
        with pytest.raises(WorkerError, match=r"w0.*not ready"):
            some.check_ready()
        assert not ours()

    def test_whatever_ends_the_process_undoes_the_set_up_too(self) -> None:
        log: Log = []
        some = group(log, 3, {1: {"setup": raising(SystemExit(3))}})
        with pytest.raises(SystemExit):
            some.setup(object())
        assert names(log, "teardown") == ["w1", "w0"]


class TestTearDown:
    """Tearing down never stops half-way; what went wrong is raised together at the end."""

    @given(
        count=st.integers(1, 5), threads=st.booleans(), bad=st.sets(st.integers(0, 4), min_size=1)
    )
    @settings(max_examples=30, deadline=None)
    def test_every_worker_comes_down_whatever_the_others_raise(
        self, count: int, threads: bool, bad: set[int]
    ) -> None:
        log: Log = []
        acts: dict[int, dict[str, Any]] = {
            n: {"teardown": raising(OSError(f"down {n}"))} for n in bad
        }
        some = group(log, count, acts, threads)
        some.setup(object())
        expected = [f"w{n}" for n in reversed(range(count)) if n in bad]
        if expected:
            with pytest.raises(BaseExceptionGroup) as caught:
                some.teardown()
            assert [getattr(each, "worker", "") for each in flat(caught.value)] == expected
        else:
            some.teardown()
        assert names(log, "teardown") == [f"w{n}" for n in reversed(range(count))]
        some.teardown()
        assert len(names(log, "teardown")) == count
        assert not ours()

    def test_one_that_wants_to_end_the_process_keeps_no_other_up(self) -> None:
        log: Log = []
        some = group(log, 3, {1: {"teardown": raising(SystemExit(3))}})
        some.setup(object())
        # the lifecycle cleans up again after that: nothing may stand in its way for ever
        for _ in range(2):
            with suppress(SystemExit, BaseExceptionGroup):
                some.teardown()
        assert set(names(log, "teardown")) == {"w0", "w1", "w2"}

    @pytest.mark.parametrize("threads", [False, True])
    def test_one_that_raises_is_unclean(self, threads: bool) -> None:
        """Workers whose teardown failed or hung are named as unclean."""
        some = group([], 2, {0: {"teardown": raising(OSError("the disk"))}}, threads)
        some.setup(object())
        with pytest.raises(BaseExceptionGroup):
            some.teardown()
        assert not ours()
        assert some.unclean == ["w0"]

    def test_nothing_is_done_where_none_is_up(self) -> None:
        log: Log = []
        group(log, 3, {}).teardown()
        assert log == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("threads", "error"),
    [
        (False, ValueError("at odds")),
        (True, ValueError("at odds")),
        # inline these go to the caller as they are
        (True, SystemExit(7)),
        (True, KeyboardInterrupt()),
    ],
)
def test_an_error_in_a_worker_is_told_with_its_name(
    threads: bool, method: str, error: BaseException
) -> None:
    """An exception in one reaches the coordinator and fails the session."""
    log: Log = []
    some = group(log, 3, {1: {method: raising(error)}}, threads)
    calls = {
        "setup": lambda: some.setup(object()),
        "on_step": lambda: some.on_step(None),  # type: ignore[arg-type]
        "on_session_end": some.on_session_end,
        "teardown": some.teardown,
    }
    if method != "setup":
        some.setup(object())
    try:
        with pytest.raises(BaseException) as caught:  # noqa: PT011 - looked at below
            calls[method]()
        (found,) = flat(caught.value)
        assert isinstance(found, WorkerError)
        assert found.worker == "w1"
        assert method in str(found)
        assert type(error).__name__ in str(found)
    finally:
        for _ in range(3):
            try:
                some.teardown()
            except BaseException:
                continue
    assert not ours()


class TestSteps:
    """The workers are called in the order they were set up."""

    @pytest.mark.parametrize("threads", [False, True])
    def test_in_their_order(self, threads: bool) -> None:
        log: Log = []
        some = group(log, 4, {}, threads)
        some.setup(object())
        for _ in range(3):
            some.on_step(None)  # type: ignore[arg-type]
        some.settle()
        assert names(log, "on_step") == ["w0", "w1", "w2", "w3"] * 3
        some.on_session_end()
        assert names(log, "on_session_end") == ["w0", "w1", "w2", "w3"]
        some.teardown()

    @pytest.mark.parametrize("threads", [False, True])
    def test_the_one_that_fails_is_the_last_to_take_it(self, threads: bool) -> None:
        log: Log = []
        some = group(log, 4, {2: {"on_step": raising(ValueError("x"))}}, threads)
        some.setup(object())
        with pytest.raises(WorkerError):
            some.on_step(None)  # type: ignore[arg-type]
        assert names(log, "on_step") == ["w0", "w1", "w2"]
        some.teardown()

    def test_the_beginning_is_told_to_those_that_want_to_know(self) -> None:
        told: list[str] = []

        class Wants(BaseWorker):
            name = "wants"

            def on_session_start(self) -> None:
                told.append(self.name)

        some = WorkerGroup([Noted("does not", [], {}), Wants()], Budget(1))
        some.setup(object())
        some.tell("on_session_start")
        assert told == ["wants"]


class TestBudget:
    """One budget for a group, never less than nothing."""

    def test_it_runs_out_and_begins_anew(self) -> None:
        spent = Budget(0.0)
        assert spent.left() >= 0
        ample = Budget(1000.0)
        first = ample.left()
        assert 0 < ample.left() <= first <= 1000
        ample.start()
        assert 0 < ample.left() <= 1000

    @pytest.mark.parametrize("method", ["setup", "on_session_end", "teardown"])
    def test_one_that_takes_too_long_on_this_thread_is_told_when_it_is_back(
        self, method: str
    ) -> None:
        """A hook that hangs past its deadline; on the machine's own thread none can be killed."""
        now = [0.0]
        log: Log = []

        def slow() -> None:
            now[0] += 10.5

        acts: dict[str, Any] = {method: slow}
        some = WorkerGroup(
            [Noted("slow", log, acts), Noted("quick", log, {})], Budget(10, lambda: now[0])
        )

        def live() -> None:
            some.setup(object())
            some.on_session_end()
            some.teardown()

        with pytest.raises((WorkerHungError, BaseExceptionGroup)) as caught:
            live()
        (told,) = flat(caught.value)
        assert isinstance(told, WorkerHungError)
        assert str(told) == f"worker 'slow' took 10.5 seconds for {method}; 10 were to be enough"
        with suppress(BaseExceptionGroup):
            some.teardown()
        assert some.unclean == (["slow"] if method == "teardown" else [])
        assert some.up == []
