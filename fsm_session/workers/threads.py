"""Runs a worker in a thread of its own. The only maker of threads.

The thread does what it is told, one thing at a time, and each thing is answered: started means
ready, a step is over when the worker has taken it, and an exception reaches who told it. Every
wait has a deadline. A thread that does not answer is left behind (it can't be killed), is
daemonic so that it can't hold the process, and is named as unclean. An answer that a Ctrl-C kept
from being told is told with the next.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

from attrs import define, field

from fsm_session.errors import WorkerError, WorkerHungError
from fsm_session.session.player import Step
from fsm_session.workers.worker import Budget, Worker, takes_steps

CAPACITY = 8
#: the last thing that a thread does
LAST = "teardown"


@define(eq=False)
class _Order:
    """One thing to do; ``error`` is what came of it, once it is ``done``."""

    method: str
    arguments: tuple[Any, ...] = ()
    error: BaseException | None = None
    done: threading.Event = field(factory=threading.Event)


_Orders = queue.Queue[_Order]


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
        self._takes_steps = takes_steps(worker)

    def setup(self, context: Any) -> None:
        """Start the thread and set the worker up in it; returns when it is ready."""
        self._orders = _Orders(CAPACITY)
        #: orders of whose answers nobody has been told yet
        self._open: list[_Order] = []
        self._last = _Order(LAST)
        self._thread = threading.Thread(
            target=_work,
            args=(self.worker, self._orders),
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

        Raises WorkerHungError where it does not end in time, and what the teardown raised. Where
        a Ctrl-C broke it off it is called again, and waits for what it has ordered before.
        """
        thread = self._thread
        if thread is None:
            return
        if thread.ident is None:  # broken off before it began; should it still come, it ends
            self._orders.put(self._last)
            self._thread = None
            return
        self._order(self._last)
        self._end(thread)
        try:
            self._tell_answers()
        finally:
            self._thread = None

    def _end(self, thread: threading.Thread) -> None:
        thread.join(self._budget.left())
        if thread.is_alive():
            raise WorkerHungError(self.name, "did not end by its deadline and is left behind")

    def _tell_if_wanted(self, method: str, *arguments: Any) -> None:
        if hasattr(self.worker, method):
            self._tell(method, *arguments)

    def _tell(self, method: str, *arguments: Any) -> None:
        self._order(_Order(method, arguments))
        self._tell_answers()

    def _order(self, order: _Order) -> None:
        """Hand an order over, and wait until it is done; WorkerHungError where it isn't in time."""
        if order not in self._open:
            self._open.append(order)
        try:
            self._orders.put(order, timeout=self._budget.left())
            done = order.done.wait(self._budget.left())
        except queue.Full:
            done = False
        if not done:
            self._open.remove(order)
            told = f"did not answer {order.method} within {self._budget.seconds:g} seconds"
            raise WorkerHungError(self.name, told)

    def _tell_answers(self) -> None:
        """Raise what went wrong in the orders done; more than one where a Ctrl-C came between."""
        errors = [self._raised(each, each.error) for each in self._open if each.error is not None]
        try:
            if len(errors) > 1:
                raise ExceptionGroup(f"worker {self.name!r} went wrong", errors)
            for error in errors:
                raise error
        except Exception:  # told now: not so where a Ctrl-C has come before
            self._open.clear()
            raise
        self._open.clear()

    def _raised(self, order: _Order, error: BaseException) -> Exception:
        if isinstance(error, Exception):
            return error
        # what ends that thread is here an error like any other
        told = f"raised in {order.method}: {type(error).__name__}: {error}"
        made = WorkerError(self.name, told)
        made.__cause__ = error
        return made


def _work(worker: Worker, orders: _Orders) -> None:
    """Do what is ordered until the last; whatever is raised is the answer."""
    method = ""
    while method != LAST:
        order = orders.get()
        method = order.method
        try:
            getattr(worker, method)(*order.arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised where the order came from
            order.error = error
        order.done.set()
        del order  # the queue may stay empty for long: what it named is not to be kept alive
