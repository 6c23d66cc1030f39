"""Workers, and the group that sets them up in order and takes them down in reverse.

A worker is owned by the group before its set-up begins, so that one that fails half-way, or
never answers, is torn down like the others. Tearing down never stops half-way; what went wrong
is raised together at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, runtime_checkable

from fsm_session.errors import UserCodeError, WorkerError, WorkerHungError
from fsm_session.session.player import Step


@runtime_checkable
class Worker(Protocol):
    """What takes part in sessions. Its methods are called in this order, by one thread at a time.

    Where a worker has them, ``on_session_start()`` is called too, in Active, and
    ``on_symbol_added(symbol)`` and ``on_symbol_removed(symbol)`` right after that has happened.
    """

    name: str

    def setup(self, context: Any) -> None:
        """Get ready: the session's data is loaded. When this returns the worker is ready."""

    def on_step(self, step: Step) -> None:
        """Take one step: the clock stands at ``step.time_ns`` and the data is revealed."""

    def on_session_end(self) -> None:
        """Be told that the session is over; not to forget anything yet."""

    def teardown(self) -> None:
        """Forget everything of the session. Safe twice, safe before ``setup``."""


class BaseWorker:
    """A worker that does nothing, to be overridden where there is something to do."""

    name = "worker"

    def setup(self, context: Any) -> None:
        """Get ready."""

    def on_session_start(self) -> None:
        """Be told that the session has begun."""

    def on_step(self, step: Step) -> None:
        """Take one step."""

    def on_session_end(self) -> None:
        """Be told that the session has ended."""

    def teardown(self) -> None:
        """Forget everything of the session."""


#: what everybody has, whatever those before have spent: a part of the budget, and no less than
#: a thread may need to be heard on a busy machine
GRACE = 0.1
GRACE_SECONDS = 0.25
NOT_DOWN = "workers could not be torn down"


class Budget:
    """The seconds a group has for one thing together; on the monotonic clock.

    A worker that hangs spends all of it. Those behind it still get a tenth each, so that sound
    ones are not taken for hung. ``monotonic`` gives seconds that never go back.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self.monotonic = monotonic
        self.start()

    def start(self) -> None:
        """Begin anew."""
        self._until = self.monotonic() + self.seconds

    def left(self) -> float:
        """Give the seconds that are left for the next one."""
        return max(self._until - self.monotonic(), GRACE * self.seconds, GRACE_SECONDS)

    @contextmanager
    def watch(self, worker: str, method: str) -> Iterator[None]:
        """Let a worker do something on this thread, and say so where it took longer than it had.

        It can't be broken off there; WorkerHungError comes once it is back.
        """
        begun, allowed = self.monotonic(), self.left()
        yield
        if (took := self.monotonic() - begun) > allowed:
            late = f"took {took:.3g} seconds for {method}; {self.seconds:g} were to be enough"
            raise WorkerHungError(worker, late)


class WorkerGroup:
    """The workers of a run in the order in which they are set up.

    ``up`` are those whose set-up has begun and whose teardown has not ended; ``unclean`` names
    those whose teardown failed, or did not end by its deadline. ``budget`` is shared with
    workers that wait for their threads.
    """

    def __init__(self, workers: Sequence[Worker], budget: Budget) -> None:
        self.workers = tuple(workers)
        self.budget = budget
        self.up: list[Worker] = []
        self.unclean: list[str] = []
        self._ready: set[str] = set()
        self._steps: list[tuple[Worker, Callable[[Step], None]]] = []

    def setup(self, context: Any) -> None:
        """Set all workers up, in order.

        If one fails, those that are up, it included, are torn down. Raises the first error, in
        a group with those of the teardown if there are any.
        """
        self.budget.start()
        try:
            for worker in self.workers:
                self.up.append(worker)
                self._call(worker, "setup", context)
                self._ready.add(worker.name)
        except BaseException as error:
            self._undo(error)
            raise
        self._steps = [(each, each.on_step) for each in self.workers if takes_steps(each)]

    def check_ready(self) -> None:
        """Raise WorkerError for a worker that is not ready."""
        for worker in self.workers:
            if worker.name not in self._ready:
                raise WorkerError(worker.name, "is not ready")

    def tell(self, method: str, *arguments: Any) -> None:
        """Tell each worker that wants to know: ``on_session_start`` and the like."""
        self.budget.start()
        for worker in self.up:
            if hasattr(worker, method):
                self._call(worker, method, *arguments)

    def on_step(self, step: Step) -> None:
        """Let each worker take the step, one after the other in the order of their set-up."""
        for worker, take in self._steps:
            try:
                take(step)
            except BaseException as error:  # noqa: BLE001 - raised, with its name
                named = _named(worker, "on_step", error)
                raise named from named.__cause__

    def settle(self) -> None:
        """Wait until every worker has taken the last step."""
        self.tell("settle")

    def on_session_end(self) -> None:
        """Tell each worker that the session has ended."""
        self.budget.start()
        for worker in self.up:
            self._call(worker, "on_session_end")

    def teardown(self) -> None:
        """Tear down all that are up, in reverse order. Does nothing where none is.

        Raises a group of what went wrong, after all have been torn down. A Ctrl-C breaks it off:
        what is left, and what was at it, comes down when it is called again.
        """
        self.budget.start()
        errors: list[BaseException] = []
        while self.up:
            # taken out only afterwards: an interrupted teardown is done again
            worker = self.up[-1]
            try:
                with self.budget.watch(worker.name, "teardown"):
                    worker.teardown()
            except BaseException as error:  # noqa: BLE001 - raised together at the end
                own = _apart(worker, "teardown", error)
                errors += own
                if not all(map(is_interrupt, own)) and worker.name not in self.unclean:
                    self.unclean.append(worker.name)
                if is_interrupt(error):
                    break
            self.up.remove(worker)
            self._ready.discard(worker.name)
        self._steps = []
        raise_together(NOT_DOWN, errors)

    def _call(self, worker: Worker, method: str, *arguments: Any) -> None:
        try:
            with self.budget.watch(worker.name, method):
                getattr(worker, method)(*arguments)
        except BaseException as error:  # noqa: BLE001 - raised, with its name
            named = _named(worker, method, error)
            raise named from named.__cause__

    def _undo(self, error: BaseException) -> None:
        try:
            self.teardown()
        except BaseExceptionGroup as group:
            raise BaseExceptionGroup(group.message, [error, *group.exceptions]) from error
        except KeyboardInterrupt as interrupt:
            raise BaseExceptionGroup(NOT_DOWN, [error, interrupt]) from error


def is_interrupt(error: BaseException) -> bool:
    """Tell whether an error is a Ctrl-C, or a group that has one in it."""
    if isinstance(error, BaseExceptionGroup):
        return error.subgroup(KeyboardInterrupt) is not None
    return isinstance(error, KeyboardInterrupt)


def raise_together(told: str, errors: Sequence[BaseException]) -> None:
    """Raise errors as one group, a Ctrl-C that is alone as itself; nothing where there is none."""
    if len(errors) == 1 and isinstance(errors[0], KeyboardInterrupt):
        raise errors[0]
    if errors:
        raise BaseExceptionGroup(told, errors)


def takes_steps(worker: Worker) -> bool:
    """Tell whether a worker does anything at a step: each call of nothing has its price."""
    return getattr(type(worker), "on_step", None) is not BaseWorker.on_step


def _apart(worker: Worker, method: str, error: BaseException) -> list[BaseException]:
    """Take a group of errors apart, each with the worker's name: each is told by itself."""
    if isinstance(error, BaseExceptionGroup):
        return [each for part in error.exceptions for each in _apart(worker, method, part)]
    return [_named(worker, method, error)]


def _named(worker: Worker, method: str, error: BaseException) -> BaseException:
    """Say whose error it is: one that says so already is left as it is, a Ctrl-C is nobody's."""
    if isinstance(error, Exception) and not isinstance(error, UserCodeError):
        told = f"raised in {method}: {type(error).__name__}: {error}"
        wrapped = WorkerError(worker.name, told)
        wrapped.__cause__ = error
        return wrapped
    if not hasattr(error, "worker") and not isinstance(error, KeyboardInterrupt):
        error.worker = worker.name  # type: ignore[attr-defined]
    return error
