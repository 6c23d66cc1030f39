"""What a group of workers holds to at its edges: whose time, whose step, whose error it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given

from fsm_session.errors import UserCodeError, WorkerError, WorkerHungError
from fsm_session.workers.worker import (
    BaseWorker,
    Budget,
    WorkerGroup,
    raise_together,
    takes_steps,
)
from tests.unit.workers.hanging import Noted, raising

STEP: Any = None


class Clock:
    """Seconds that go by where somebody takes them."""

    def __init__(self) -> None:
        self.now = 0.0

    def taking(self, seconds: float) -> Callable[[], None]:
        def take() -> None:
            self.now += seconds

        return take

    def budget(self, seconds: float) -> Budget:
        return Budget(seconds, lambda: self.now)


class TestTheBudget:
    """The seconds a group has for one thing together; those behind one that hangs get a tenth."""

    @given(seconds=st.integers(0, 1000), spent=st.integers(0, 2000))
    def test_what_is_left_is_the_rest_a_tenth_or_what_a_thread_needs(
        self, seconds: int, spent: int
    ) -> None:
        clock = Clock()
        budget = clock.budget(seconds)
        clock.now += spent
        expected = max(seconds - spent, seconds / 10, 0.25)
        assert budget.left() == pytest.approx(expected)
        budget.start()
        assert budget.left() == pytest.approx(max(seconds, 0.25))

    def test_each_thing_has_one_of_its_own(self) -> None:
        """Nine of ten seconds for each, and nobody is late."""
        clock = Clock()
        methods = ("setup", "on_session_end", "teardown")
        slow = Noted("slow", [], dict.fromkeys(methods, clock.taking(9)))
        slow.on_session_start = clock.taking(9)  # type: ignore[attr-defined]
        some = WorkerGroup([slow], clock.budget(10))
        clock.now += 9
        some.setup(object())
        some.tell("on_session_start")
        some.on_session_end()
        some.teardown()
        assert clock.now == 5 * 9

    @pytest.mark.parametrize(("seconds", "late"), [(10, False), (10.512, True)])
    def test_late_is_who_takes_longer_than_that(self, seconds: float, late: bool) -> None:
        clock = Clock()
        some = WorkerGroup([Noted("w", [], {"setup": clock.taking(seconds)})], clock.budget(10.0))
        if late:
            with pytest.raises(WorkerHungError, match=r"took 10\.5 seconds for setup; 10 were"):
                some.setup(object())
        else:
            some.setup(object())


class TestWhoTakesSteps:
    """No step with a worker that is not up; a worker that does nothing at a step is not asked."""

    def test_none_before_the_setup_and_none_after_the_teardown(self) -> None:
        log: list[tuple[str, str]] = []
        some = WorkerGroup([Noted("w", log, {})], Budget(10))
        some.on_step(STEP)
        assert log == []
        some.setup(object())
        some.on_step(STEP)
        some.teardown()
        some.on_step(STEP)
        assert log == [("setup", "w"), ("on_step", "w"), ("teardown", "w")]

    def test_those_that_wait_are_waited_for(self) -> None:
        """``settle``: wait until every worker has taken the last step."""
        log: list[tuple[str, str]] = []
        waits = Noted("waits", log, {})
        waits.settle = lambda: log.append(("settle", "waits"))  # type: ignore[attr-defined]
        some = WorkerGroup([Noted("w", log, {}), waits], Budget(10))
        some.setup(object())
        some.settle()
        assert log[2:] == [("settle", "waits")]

    def test_one_that_inherits_the_step_of_nothing_takes_none(self) -> None:
        class Idle(BaseWorker): ...

        class Busy(BaseWorker):
            def on_step(self, step: Any) -> None: ...

        assert [takes_steps(each) for each in (Idle(), Busy(), Noted("w", [], {}))] == [
            False,
            True,
            True,
        ]

    def test_one_that_has_its_step_of_its_own_takes_it(self) -> None:
        taken: list[Any] = []

        class Bare:
            name = "bare"
            setup = on_session_end = teardown = lambda *_: None

        bare: Any = Bare()
        bare.on_step = taken.append
        some = WorkerGroup([bare], Budget(10))
        some.setup(object())
        some.on_step("a step")  # type: ignore[arg-type]
        assert taken == ["a step"]


class TheirError(UserCodeError):
    """An error that may say whose it is."""


def theirs(worker: str) -> UserCodeError:
    error = TheirError("odd")
    if worker:
        error.worker = worker  # type: ignore[attr-defined]
    return error


def fall(method: str, error: BaseException) -> BaseException:
    """Let a worker raise an error in a method; give what the group makes of it."""
    some = WorkerGroup([Noted("w", [], {method: raising(error)})], Budget(10))

    def live() -> None:
        some.setup(object())
        some.on_step(STEP)
        some.on_session_end()
        some.teardown()

    with pytest.raises(BaseException) as caught:  # noqa: PT011 - looked at by who calls
        live()
    found = caught.value
    while isinstance(found, BaseExceptionGroup):
        [found] = found.exceptions
    return found


class TestWhoseErrorItIs:
    """Each error names its worker, and one that says so already is left as it is."""

    @pytest.mark.parametrize("method", ["setup", "on_step", "on_session_end", "teardown"])
    def test_what_a_worker_raises_is_named_with_worker_and_method(self, method: str) -> None:
        for error in (ValueError("odd"), BaseExceptionGroup("some", [ValueError("odd")])):
            if isinstance(error, BaseExceptionGroup) and method != "teardown":
                continue
            found = fall(method, error)
            assert isinstance(found, WorkerError)
            assert found.worker == "w"
            assert str(found) == f"worker 'w' raised in {method}: ValueError: odd"
            assert isinstance(found.__cause__, ValueError)

    @pytest.mark.parametrize("method", ["setup", "on_step", "on_session_end", "teardown"])
    @pytest.mark.parametrize("worker", ["", "other"])
    def test_one_of_ours_stays_itself_and_keeps_the_name_it_has(
        self, method: str, worker: str
    ) -> None:
        error = theirs(worker)
        found = fall(method, error)
        assert found is error
        assert error.worker == (worker or "w")  # type: ignore[attr-defined]

    def test_a_ctrl_c_is_nobodys(self) -> None:
        assert not hasattr(fall("setup", KeyboardInterrupt()), "worker")


class TestACtrlCWhileTheyComeDown:
    """A Ctrl-C breaks it off: what is left, and what was at it, comes down when called again."""

    def test_who_was_not_done_is_torn_down_by_the_next(self) -> None:
        log: list[tuple[str, str]] = []
        pressed = [KeyboardInterrupt()]

        def press() -> None:
            if pressed:
                raise pressed.pop()

        acts: dict[str, dict[str, Any]] = {
            "w0": {},
            "w1": {"teardown": press},
            "w2": {"teardown": raising(ValueError("x"))},
        }
        some = WorkerGroup([Noted(name, log, each) for name, each in acts.items()], Budget(10))
        some.setup(object())
        with pytest.raises(BaseExceptionGroup) as caught:
            some.teardown()
        told, interrupt = caught.value.exceptions
        assert getattr(told, "worker", "") == "w2"
        assert isinstance(interrupt, KeyboardInterrupt)
        assert [each.name for each in some.up] == ["w0", "w1"]
        some.teardown()
        assert [name for method, name in log if method == "teardown"] == ["w2", "w1", "w1", "w0"]
        assert (some.up, some.unclean) == ([], ["w2"])

    def test_one_among_other_errors_breaks_it_off_too(self) -> None:
        """``is_interrupt``: a Ctrl-C, or a group that has one in it. Each is named once."""
        some = WorkerGroup([Noted("w0", [], {}), Falls("w1", ValueError("x"))], Budget(10))
        some.setup(object())
        with pytest.raises(BaseExceptionGroup) as caught:
            some.teardown()
        told, interrupt = caught.value.exceptions
        assert (type(told), type(interrupt)) == (WorkerError, KeyboardInterrupt)
        assert ([each.name for each in some.up], some.unclean) == (["w0", "w1"], ["w1"])
        with pytest.raises(BaseExceptionGroup):
            some.teardown()
        some.teardown()
        assert (some.up, some.unclean) == ([], ["w1"])

    def test_one_while_a_set_up_is_undone_hides_no_error(self) -> None:
        """Raises the first error, in a group with those of the teardown if there are any."""
        acts: dict[str, Callable[[], object]] = {
            "setup": raising(ValueError("x")),
            "teardown": raising(KeyboardInterrupt()),
        }
        some = WorkerGroup([Noted("w", [], acts)], Budget(10))
        with pytest.raises(BaseExceptionGroup) as caught:
            some.setup(object())
        first, interrupt = caught.value.exceptions
        assert (type(first), type(interrupt)) == (WorkerError, KeyboardInterrupt)
        assert caught.value.__cause__ is first

    def test_no_step_is_taken_after_a_teardown_that_failed(self) -> None:
        log: list[tuple[str, str]] = []
        some = WorkerGroup([Noted("w", log, {"teardown": raising(ValueError("x"))})], Budget(10))
        some.setup(object())
        with pytest.raises(BaseExceptionGroup):
            some.teardown()
        some.on_step(STEP)
        assert ("on_step", "w") not in log


class TestRaisedTogether:
    """As one group, a Ctrl-C that is alone as itself; nothing where there is none."""

    def test_by_hand(self) -> None:
        pressed, error = KeyboardInterrupt(), ValueError("x")
        raise_together("told", [])
        with pytest.raises(KeyboardInterrupt):
            raise_together("told", [pressed])
        for errors in ([error], [pressed, error], [pressed, KeyboardInterrupt()]):
            with pytest.raises(BaseExceptionGroup, match="told") as caught:
                raise_together("told", errors)
            assert [*caught.value.exceptions] == errors


class Falls(BaseWorker):
    """A worker whose teardown falls over itself, the first time in a Ctrl-C, then without."""

    def __init__(self, name: str, error: Exception) -> None:
        self.name = name
        self.errors: list[BaseException] = [error, KeyboardInterrupt()]

    def teardown(self) -> None:
        if self.errors:
            error = BaseExceptionGroup("fallen", [*self.errors])
            self.errors = self.errors[:-1]
            raise error
