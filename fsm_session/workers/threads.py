"""Runs a worker in a thread of its own. The only maker of threads.

The thread does what it is told, one thing at a time, and each thing is answered: started means
ready, a step is over when the worker has taken it, and an exception reaches who told it. Every
wait has a deadline. A thread that does not answer is left behind (it can't be killed), is
daemonic so that it can't hold the process, and is named as unclean.
"""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from typing import Any

from attrs import frozen

from fsm_session.errors import WorkerError, WorkerHungError
from fsm_session.session.player import Step
from fsm_session.workers.worker import Budget, Worker, takes_steps

CAPACITY = 8


@frozen(eq=False)
class _Order:
    """One thing to do; ``number`` tells its answer from that of an order given up."""

    number: int
    method: str
    arguments: tuple[Any, ...] = ()


@frozen(eq=False)
class _Answer:
    number: int
    error: BaseException | None = None


class ThreadedWorker:
    """A worker whose methods all run in one thread of its own, told by a bounded queue.

    ``budget`` is the group's: what it has left is how long an answer may take. A step has the
    whole of it.
    """

    def __init__(self, worker: Worker, budget: Budget) -> None:
        self.worker = worker
        self.name = worker.name
        self._budget = budget
        self._thread: threading.Thread | None = None
        self._number = 0
        self._takes_steps = takes_steps(worker)

    def setup(self, context: Any) -> None:
        """Start the thread and set the worker up in it; returns when it is ready."""
        self._orders: queue.Queue[_Order | None] = queue.Queue(CAPACITY)
        self._answers: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=_work,
            args=(self.worker, self._orders, self._answers),
            name=f"fsm-session {self.name}",
            daemon=True,
        )
        self._thread.start()
        self._tell("setup", context)

    def on_session_start(self) -> None:
        """Tell the worker, and wait until it has heard."""
        self._tell_if_wanted("on_session_start")

    def on_symbol_added(self, symbol: str) -> None:
        """Tell the worker, and wait until it has heard."""
        self._tell_if_wanted("on_symbol_added", symbol)

    def on_symbol_removed(self, symbol: str) -> None:
        """Tell the worker, and wait until it has heard."""
        self._tell_if_wanted("on_symbol_removed", symbol)

    def on_step(self, step: Step) -> None:
        """Let the worker take a step, and wait until it has."""
        if self._takes_steps:
            self._budget.start()
            self._tell("on_step", step)

    def on_session_end(self) -> None:
        """Tell the worker, and wait until it has heard."""
        self._tell("on_session_end")

    def teardown(self) -> None:
        """Tear the worker down in its thread and end the thread.

        Raises WorkerHungError where it does not end in time, and what the teardown raised.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        try:
            self._tell("teardown")
        except WorkerHungError:
            # waited for long enough; it ends should it come back
            with suppress(queue.Full):
                self._orders.put_nowait(None)
            raise
        except BaseException:
            self._end(thread)
            raise
        self._end(thread)

    def _end(self, thread: threading.Thread) -> None:
        try:
            self._orders.put(None, timeout=self._budget.left())
        except queue.Full:
            raise WorkerHungError(self.name, "does not take its orders any more") from None
        thread.join(self._budget.left())
        if thread.is_alive():
            raise WorkerHungError(self.name, "did not end by its deadline and is left behind")

    def _tell_if_wanted(self, method: str, *arguments: Any) -> None:
        if hasattr(self.worker, method):
            self._tell(method, *arguments)

    def _tell(self, method: str, *arguments: Any) -> None:
        self._number += 1
        order = _Order(self._number, method, arguments)
        try:
            self._orders.put(order, timeout=self._budget.left())
            answer = self._answers.get(timeout=self._budget.left())
            while answer.number != order.number:
                answer = self._answers.get(timeout=self._budget.left())
        except (queue.Empty, queue.Full):
            raise WorkerHungError(
                self.name,
                f"did not answer {method} within {self._budget.seconds:g} seconds",
            ) from None
        if isinstance(answer.error, Exception):
            raise answer.error
        if answer.error is not None:  # what ends that thread is here an error like any other
            told = f"raised in {method}: {type(answer.error).__name__}: {answer.error}"
            raise WorkerError(self.name, told) from answer.error


def _work(
    worker: Worker,
    orders: queue.Queue[_Order | None],
    answers: queue.SimpleQueue[_Answer],
) -> None:
    """Do what is ordered until told to end; whatever is raised is the answer."""
    while (order := orders.get()) is not None:
        try:
            getattr(worker, order.method)(*order.arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised where the order came from
            answers.put(_Answer(order.number, error))
        else:
            answers.put(_Answer(order.number))
        del order  # the queue may stay empty for long: what it named is not to be kept alive
