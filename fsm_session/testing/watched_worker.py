"""A worker of the user's, watched: what happens to it is noted, and each method can go wrong.

It stands in the run in the place of the worker, and does what that does.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fsm_session.session.player import Step
from fsm_session.testing.faults import WHENS, WORKER, Place, Saboteur
from fsm_session.workers.worker import Worker

ALWAYS = ("setup", "on_step", "on_session_end", "teardown")
#: called where a worker has them
PERHAPS = ("on_session_start", "on_symbol_added", "on_symbol_removed")


def fresh(given: Any) -> Worker:
    """Make a worker for one run: of a class or another factory, or a deep copy of a worker.

    Raises TypeError for what is, and makes, no worker.
    """
    is_worker = isinstance(given, Worker) and not isinstance(given, type)
    made = copy.deepcopy(given) if is_worker else given() if callable(given) else given
    if not isinstance(made, Worker):
        raise TypeError(f"{given!r} is no worker and makes none: it lacks a name or a method")
    return made


class Watch:
    """What is noted of the workers of a run: who is up, what was called, what does not hold.

    ``note`` is told of each thing that does not; ``holds`` is asked at each step for more.
    """

    def __init__(
        self,
        saboteur: Saboteur,
        note: Callable[[str], None],
        holds: Callable[[Step], Iterator[str]],
    ) -> None:
        self.saboteur = saboteur
        self.note = note
        self.holds = holds
        self.workers: list[WatchedWorker] = []
        self.up: list[str] = []
        self.begun: set[str] = set()
        self.steps = 0
        self._owner = threading.get_ident()

    def take(self, given: Any) -> WatchedWorker:
        """Watch a fresh worker; they are to be set up in the order in which they were taken."""
        self.workers.append(WatchedWorker(fresh(given), self))
        return self.workers[-1]

    def setting_up(self, name: str) -> None:
        """Note a set-up that begins."""
        order = [each.name for each in self.workers]
        if name in self.up:
            self.note(f"worker {name!r} is set up twice, with no teardown in between")
        elif [*self.up, name] != order[: len(self.up) + 1]:
            self.note(f"worker {name!r} is set up out of order: {self.up} are up")
        self.up.append(name)
        self.begun.add(name)

    @contextmanager
    def tearing_down(self, name: str) -> Iterator[None]:
        """Note a teardown. One that an interrupt broke off is still to be done."""
        if name not in self.up:
            self.note(f"worker {name!r} is torn down, and is not up")
        elif self.up[-1] != name:
            self.note(f"worker {name!r} is torn down before {self.up[-1]!r}")
        broken_off = False
        try:
            yield
        except KeyboardInterrupt:
            # in a thread of the worker's own it is an error like any, and ends it
            broken_off = threading.get_ident() == self._owner
            raise
        finally:
            if name in self.up and not broken_off:
                self.up.remove(name)

    def stepping(self, step: Step) -> None:
        """Note a step."""
        self.steps += 1
        for each in self.workers:
            if each.name not in self.up:
                self.note(f"a step is taken while worker {each.name!r} is down")
        for told in self.holds(step):
            self.note(told)


class WatchedWorker:
    """Does what ``worker`` does; armed places are named ``Place(name, "worker", method)``."""

    def __init__(self, worker: Worker, watch: Watch) -> None:
        self.worker = worker
        self.name = worker.name
        self._watch = watch

    def setup(self, context: Any) -> None:
        """Be set up."""
        self._watch.setting_up(self.name)
        self._call("setup", context)

    def on_step(self, step: Step) -> None:
        """Take a step."""
        self._watch.stepping(step)
        self._call("on_step", step)

    def on_session_end(self) -> None:
        """Be told that the session has ended."""
        self._call("on_session_end")

    def teardown(self) -> None:
        """Be torn down, whatever goes wrong beside it."""
        with self._watch.tearing_down(self.name):
            try:
                self._at("teardown", "before")
            finally:
                self.worker.teardown()
            self._at("teardown", "after")

    def __getattr__(self, name: str) -> Any:
        """Have what the worker has, and no more: some methods are called only where there are."""
        found = getattr(self.worker, name)
        if name not in PERHAPS:
            return found
        return lambda *arguments: self._call(name, *arguments)

    def _call(self, method: str, *arguments: Any) -> None:
        self._at(method, "before")
        getattr(self.worker, method)(*arguments)
        self._at(method, "after")

    def _at(self, method: str, when: Any) -> None:
        self._watch.saboteur.at(Place(self.name, WORKER, method, when))


def worker_places(worker: Worker) -> list[Place]:
    """Give every place of a worker where something can happen."""
    methods = [*ALWAYS, *(each for each in PERHAPS if hasattr(worker, each))]
    return [Place(worker.name, WORKER, method, when) for method in methods for when in WHENS]
