"""The stage: one run of the small market through the front door, seen from outside.

Deeds are armed at spots and done once each. What must hold while the run goes on is noted here,
out of reach of the library's own ``except``, which would swallow an assertion.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from attrs import field, frozen

from fsm_session import RunFailedError, SessionCoordinator
from fsm_session.coordinator import Run
from fsm_session.errors import RunInterruptedError
from fsm_session.machine import Lifecycle
from fsm_session.states import TRADING_DAY
from tests.faults import parts
from tests.faults.parts import (
    CONFIGURED,
    METHODS,
    RECORDERS,
    RUN,
    SMALL,
    WORKERS,
    Recorder,
    WatchedEventSource,
    WatchedSource,
    scanner_class,
    strategy_class,
)
from tests.faults.places import Call, Moment, Place, Spot, Where, watched
from tests.faults.witnesses import PATIENCE, open_files, watch_receipts, watchdog
from tests.small_market import wishes

#: the phases in which no worker is up, and those in which all are
NONE_UP = ("Validate", "Load")
ALL_UP = ("PreScan", "Active", "Streaming", "Paused", "Deactivate")

Deed = Callable[[], None]


class BoomError(Exception):
    """What is thrown."""


@frozen(eq=False)
class Options:
    """What differs from the usual run; ``strategy`` and ``scanner`` are attributes of theirs.

    ``events``: the source has trades and quotes too.
    """

    threads: bool = False
    deadline: float = 10.0
    source: Any = SMALL
    events: bool = False
    symbols: tuple[str, ...] = CONFIGURED
    data: dict[str, Any] = field(factory=dict)
    strategy: dict[str, Any] = field(factory=dict)
    scanner: dict[str, Any] = field(factory=dict)
    lifecycle: Lifecycle = TRADING_DAY


class Stage:
    """A coordinator whose every function can be made to go wrong, and the notes of its run."""

    def __init__(
        self, folder: Path, options: Options, patches: pytest.MonkeyPatch, closing: ExitStack
    ) -> None:
        self.out, self.options, self.patches, self.closing = (
            folder / "out",
            options,
            patches,
            closing,
        )
        #: what is in the way of what is to be written
        self.obstacle: str | None = None
        self.deeds: dict[Spot, Deed] = {}
        self.answers: dict[Spot, Callable[[Any], Any]] = {}
        self.visits: Counter[Where] = Counter()
        self.ended: Counter[Place] = Counter()
        #: the place of the lifecycle in which each call was made
        self.trace: defaultdict[Call, list[Place | None]] = defaultdict(list)
        self.doing: Place | None = None
        self.fired: list[str] = []
        self.thrown: list[BaseException] = []
        self.session_fired = ""
        self.violations: list[str] = []
        self.up: list[str] = []
        #: those that hang until the test is over, and those whose threads have ended
        self.hung: list[str] = []
        self.dead: list[str] = []
        self.begun: list[str] = []
        self.asked_to_stop = False
        #: the place that was entered last, and the one at which the stop came
        self.last = self.stopped_at = Place("(start)", "", "")
        self.after_the_stop: list[Place] = []
        self.released = threading.Event()
        self.raised: BaseException | None = None
        self.result: Run | None = None
        self.receipts = watch_receipts(patches, self.note)
        patches.setattr(parts, "indicator_through", [self.through])
        self.coordinator = self._coordinator()
        self.context = self.coordinator.context
        self.driver = self.coordinator._driver
        self._watch_workers()
        # one who asks before there is anything to ask of
        self.coordinator.add_symbol("NONE")

    def _coordinator(self) -> SessionCoordinator:
        options = self.options
        kind = WatchedEventSource if options.events else WatchedSource
        return SessionCoordinator(
            wishes(
                list(options.symbols),
                RUN[0],
                RUN[-1],
                data=options.data,
                workers={"threads": options.threads, "deadline": options.deadline},
            ),
            source=kind(options.source, self.through),
            strategies=[strategy_class(self.through, **options.strategy)],
            scanners=[scanner_class(self.through, **options.scanner)],
            workers=[Recorder(name, self.note) for name in RECORDERS],
            out=self.out,
            lifecycle=watched(options.lifecycle, self),
        )

    def note(self, holds: bool, violation: str) -> None:
        """Keep what does not hold."""
        if not holds:
            self.violations.append(violation)

    # what is seen of the lifecycle: places.Watcher

    def enter(self, place: Place) -> None:
        """Hold the state to what is set up, and count the visit."""
        self.doing = self.last = place
        self.visits[place] += 1
        if self.asked_to_stop:
            self.after_the_stop.append(place)
        # what an interrupt breaks off is not ended: on to a decision
        if not any(isinstance(each, KeyboardInterrupt) for each in self.thrown):
            self._hold_state_to_what_is_up(place)

    def _hold_state_to_what_is_up(self, place: Place) -> None:
        data, told = self.context.data, f"in {place}"
        self.note(self.driver.state == place.state, f"{told}, but the state is another")
        if place.state in NONE_UP or (place.state, place.kind) == ("Teardown", "guard"):
            self.note(not self.up, f"{told}: up are {self.up}")
            self.note(not data.active, f"{told}: the session is active")
        if place.state in ALL_UP:
            self.note(tuple(self.up) == WORKERS, f"{told}: up are {self.up}")
            self.note(set(data) >= {*self.options.symbols}, f"{told}: symbols are missing")
        if place.state in ("Streaming", "Paused"):
            self.note(data.active, f"{told}: the session is not active")
        if place.state == "Validate" or (place.state, place.kind) == ("Teardown", "guard"):
            empty = not len(data) and not data.universes and not len(self.context.queues)
            self.note(empty, f"{told}: something of a session is there")

    def at(self, where: Where, moment: Moment) -> None:
        """Do what is armed for this visit, once."""
        spot = Spot(where, moment, self.visits[where])
        if (deed := self.deeds.pop(spot, None)) is not None:
            self.fire(str(spot))
            deed()

    def due_during(self, where: Where) -> bool:
        """Tell whether something is armed for while this visit lasts."""
        return Spot(where, "during", self.visits[where]) in self.deeds

    def leave(self, place: Place, answer: Any) -> Any:
        """Count a function that has come to its end; let it answer something else."""
        self.doing = None
        self.ended[place] += 1
        return self._changed(place, answer)

    def _changed(self, where: Where, answer: Any) -> Any:
        spot = Spot(where, "after", self.visits[where])
        if (change := self.answers.pop(spot, None)) is None:
            return answer
        self.fire(f"{spot}-answer")
        return change(answer)

    # what is seen of workers, parts and the source

    def through(self, call: Call, ask: Callable[[], Any]) -> Any:
        """Let a part or the source answer; before and after, something may happen."""
        self.visit(call)
        self.at(call, "before")
        answer = self._changed(call, ask())
        self.at(call, "after")
        return answer

    def visit(self, call: Call) -> int:
        """Count a call, and note where in the lifecycle it was made."""
        self.visits[call] += 1
        self.trace[call].append(self.doing)
        return self.visits[call]

    def _watch_workers(self) -> None:
        for worker in self.context.workers.workers:
            inner: Any = getattr(worker, "worker", worker)
            for method in METHODS:
                if hasattr(inner, method):
                    call = Call(inner.name, method)
                    setattr(inner, method, self._seen(call, getattr(inner, method)))

    def _seen(self, call: Call, function: Callable[..., None]) -> Callable[..., None]:
        def method(*arguments: Any) -> None:
            self.visit(call)
            self._begins(call)
            try:
                self.at(call, "before")
                function(*arguments)
                self.at(call, "after")
            except KeyboardInterrupt:
                if self.options.threads:  # there it is an error like any other
                    self._ends(call)
                raise  # an interrupted teardown is done again
            except BaseException:
                self._ends(call)
                raise
            self._ends(call)

        return method

    def _begins(self, call: Call) -> None:
        if call.method == "setup":
            self.note(call.owner not in self.up, f"{call.owner} is set up twice")
            self.up.append(call.owner)
            self.begun.append(call.owner)
        elif call.method == "teardown" and call.owner not in self.hung:
            last = [each for each in self.up if each not in (*self.hung, *self.dead)][-1:]
            self.note(last == [call.owner], f"{call.owner} is torn down, up are {self.up}")

    def _ends(self, call: Call) -> None:
        if call.method == "teardown" and call.owner in self.up:
            self.up.remove(call.owner)

    # what is done

    def fire(self, what: str) -> None:
        """Count that something has happened, and note in which session."""
        self.session_fired = self.session_fired or self.context.clock.session.label
        self.fired.append(what)

    def throw(self, error: BaseException) -> None:
        """Raise, and remember what."""
        self.thrown.append(error)
        raise error

    def stop(self) -> None:
        """Ask for the run to end."""
        self.asked_to_stop, self.stopped_at = True, self.last
        self.steps_then = (self.context.data, self.context.data.steps)
        self.coordinator.stop()

    def hang(self) -> None:
        """Hang until the test is over: the worker whose call this is does not answer any more."""
        name = threading.current_thread().name.removeprefix("fsm-session ")
        self.hung.append(name)
        assert self.released.wait(PATIENCE)

    def run(self) -> None:
        """Run it; what it raises is kept."""
        threads, files = set(threading.enumerate()), open_files()
        begun = time.monotonic()
        try:
            with watchdog(self.note):
                self.result = self.coordinator.run()
        except (RunFailedError, RunInterruptedError) as error:
            self.raised, run = error, error.run
            assert isinstance(run, Run)
            self.result = run
        except BaseException as error:
            self.raised = error
        self.seconds = time.monotonic() - begun
        self._release(threads)
        self.threads_left = sorted(each.name for each in {*threading.enumerate()} - threads)
        self.files_left = open_files() - files

    def _release(self, before: set[threading.Thread]) -> None:
        alive = {*threading.enumerate()} - before
        stuck = {f"fsm-session {name}" for name in self.hung}
        self.note({each.name for each in alive} <= stuck, f"threads are left: {alive}")
        self.released.set()
        for thread in alive:
            if thread.name in stuck:
                thread.join(PATIENCE)
