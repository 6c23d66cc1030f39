"""The workers of a trading day, as they should be: set up in order, undone in reverse.

A part of the oracle. Two of the library's own workers stand before the user's: they call the
strategies and the scanner, which have set-ups and teardowns of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from fsm_session.machine import Lifecycle
from tests.faults.model import Error, Machine, Script, Thrown

WORKERS = ("w0", "w1", "w2", "w3")
#: the library's own, and what they call; ``second`` just has a teardown
PARTS = {"ScannerManager": ("scanner",), "StrategyManager": ("first", "second")}


class Workers(Machine):
    """A predicted run, as far as its workers go."""

    def __init__(self, lifecycle: Lifecycle, script: Script) -> None:
        super().__init__(lifecycle, script)
        self.up: list[str] = []
        self.parts: dict[str, list[str]] = {name: [] for name in PARTS}
        self.unclean: list[str] = []

    def set_up(self) -> None:
        """Undo what is up if one throws; what that throws comes behind it."""
        try:
            for worker in (*PARTS, *WORKERS):
                self.up.append(worker)
                self.set_up_one(worker)
        except Thrown as first:
            try:
                self.tear_down()
            except Thrown as more:
                raise Thrown(first.errors + more.errors) from first
            raise

    def set_up_one(self, worker: str) -> None:
        if worker in WORKERS:
            self.of(worker, worker, "setup")
        for part in PARTS.get(worker, ()):
            self.parts[worker].append(part)
            if part != "second":
                self.of(worker, part, "setup")

    def of(self, worker: str, name: str, method: str) -> None:
        """Call a worker, or a part of one; what it throws says which worker it is of."""
        try:
            self.reach(name, method, "WorkerError" if name in WORKERS else "PartError")
        except Thrown as thrown:
            # an interrupt is nobody's
            mine = "" if thrown.interrupts else worker
            thrown.errors = tuple(evolve(each, worker=mine) for each in thrown.errors)
            raise

    def tell(self, method: str) -> None:
        for worker in WORKERS:
            if worker in self.up:
                self.of(worker, worker, method)

    def tear_down(self) -> None:
        """Go on past errors; an interrupt leaves what it broke off, and the rest, to be done."""
        errors: list[Error] = []
        while self.up and not any(error.interrupts for error in errors):
            met = [*self.tear_down_one(self.up[-1])]
            errors += met
            if not all(error.interrupts for error in met):
                self.unclean.append(self.up[-1])
            if not any(error.interrupts for error in met):
                del self.up[-1]
        if errors:
            raise Thrown(tuple(errors))

    def tear_down_one(self, worker: str) -> Iterator[Error]:
        for name in tuple(self.parts.get(worker, [worker])):
            try:
                self.of(worker, name, "teardown")
            except Thrown as thrown:
                yield from thrown.errors
                if thrown.interrupts:
                    return
            if name != worker:
                self.parts[worker].remove(name)
