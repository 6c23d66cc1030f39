"""A run made step by step, in which anything can go wrong, and what must hold of it throughout.

What does not hold is noted out of band: an assertion raised within a hook would be caught by the
driver, and end the run as any error of the user's does. The sentences are for a person.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeAlias

from attrs import frozen

from fsm_session.machine import Driver, Failure, Inbox, Lifecycle, Move, Receipt
from fsm_session.machine.checks import START
from fsm_session.machine.state import name_of, summary_of
from fsm_session.testing.faults import InjectedError, Place, Saboteur, Thrown, What
from fsm_session.testing.way import unsound_entries, unsound_failures, unsound_moves

log = logging.getLogger("fsm_session")


@frozen(eq=False)
class RunState:
    """Where a run stands between two steps: what a promise is asked about.

    ``fired`` are the places where something was made to happen so far; ``interrupted`` tells
    whether one of those was an interrupt, which ends a phase before its hooks are through.
    """

    state: str
    finished: bool
    context: Any
    moves: tuple[Move, ...]
    failures: tuple[Failure, ...]
    fired: tuple[Place, ...]
    interrupted: bool
    stop_requested: bool


#: holds where it answers None or True, and does not where it answers False or raises
Promise: TypeAlias = Callable[[RunState], object]
#: leaves a request, given the context, and gives its receipt
Ask: TypeAlias = Callable[[Any], Receipt]


class Journey:
    """One run of a lifecycle over a context, and the notes taken on the way.

    ``rounds``: within so many the run has to end; ``runs_until_stopped``: after a stop, that is.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        *,
        promises: Sequence[Promise] = (),
        rounds: int = 200,
        runs_until_stopped: bool = False,
    ) -> None:
        self.lifecycle = lifecycle
        self.promises = tuple(promises)
        self.rounds = rounds
        self.runs_until_stopped = runs_until_stopped
        self.saboteur = Saboteur()
        self.violations: list[str] = []
        self.receipts: list[Receipt] = []
        self.stops: list[Receipt] = []
        self.thrown: list[Thrown] = []
        self.told: list[Move | Failure] = []
        self.stop_in: int | None = None
        self.interrupt: Thrown | None = None
        #: how much was raised while a final state was cleaning up: it tries each hook twice
        self.thrown_at_the_end = 0
        self.asked_to_stop = self.ended = self.broken = False
        self._owner = threading.get_ident()
        self.context, self.driver = self.begin(self.saboteur.instrument(lifecycle))

    def begin(self, lifecycle: Lifecycle) -> tuple[Any, Driver]:
        """Make the context and the driver; ``lifecycle`` is the one that can go wrong."""
        raise NotImplementedError

    @property
    def moves(self) -> list[Move]:
        """The moves that were told, in order."""
        return [each for each in self.told if isinstance(each, Move)]

    @property
    def running(self) -> bool:
        """Whether the run has not come to its end yet."""
        return not self.driver.finished

    def note(self, holds: bool, violation: str) -> None:
        """Note what does not hold, from within a hook or a worker."""
        if not holds:
            self.violations.append(violation)

    def arm(self, place: Place, what: What) -> None:
        """Let something happen at a place, the next time that the run comes by."""
        self.saboteur.armed[place] = partial(self._happen, place, what)

    def _happen(self, place: Place, what: What) -> None:
        if what == "stop":
            # with an interrupt on its way up, which of the two came first is nobody's to say
            if not self._interrupt_on_its_way:
                self.stop()
            return
        thrown = Thrown(what, place, len(self.saboteur.fired))
        if self._in_a_final_state:
            self.thrown_at_the_end += 1
        on_owner = threading.get_ident() == self._owner
        # the first interrupt is a stop, whatever comes behind it before it is heard; in a thread of
        # a worker's own it is an error like any
        first = self.interrupt is None and not self.driver.inbox.stop_requested
        if what == "interrupt" and on_owner and first:
            self.interrupt, self.asked_to_stop = thrown, True
        else:
            self.thrown.append(thrown)
        kinds = {"exit": SystemExit, "interrupt": KeyboardInterrupt}
        raise kinds.get(what, InjectedError)(str(thrown))

    @property
    def _in_a_final_state(self) -> bool:
        return self.driver.state != START and self.lifecycle.state(self.driver.state).final

    @property
    def _interrupt_on_its_way(self) -> bool:
        return self.interrupt is not None and not self.driver.inbox.stop_requested

    def stop(self) -> None:
        """Ask for the run to end in good order."""
        self.asked_to_stop = True
        self.stops.append(self.driver.inbox.stop())

    def stop_after(self, rounds: int) -> None:
        """Ask for it after so many rounds more."""
        self.stop_in = rounds
        self._stop_if_due()

    def _stop_if_due(self) -> None:
        if self.stop_in == 0 and not self.asked_to_stop:
            self.stop()

    def ask(self, ask: Ask) -> None:
        """Leave a request, whose answers are counted."""
        receipt = ask(self.context)
        self.receipts.append(receipt)
        if receipt.status == "waiting":
            receipt._answer = partial(self._answered, receipt, receipt._answer)  # type: ignore[method-assign]

    def _answered(
        self, receipt: Receipt, answer: Callable[..., None], status: str, *more: Any
    ) -> None:
        # a clean-up answers everybody once more, for whom a hook that was broken off has not
        if not (self.ended or self.thrown or self.interrupt) and receipt.status != "waiting":
            self.note(False, f"a request was answered twice: {receipt.status}, then {status}")
        answer(status, *more)

    def step(self) -> None:
        """Make one round, and see that all holds after it."""
        with _quietly():
            self.driver.step()
        self.check()
        if self.stop_in is not None:
            self.stop_in -= 1
            self._stop_if_due()

    def check(self) -> None:
        """Raise AssertionError with the first thing that does not hold."""
        self._refuse((*self.violations, *self.unsound()))

    def _refuse(self, violations: Sequence[str]) -> None:
        for told in violations:
            self.broken = True
            raise AssertionError(told)

    def run_state(self) -> RunState:
        """Say where the run stands."""
        return RunState(
            self.driver.state,
            self.driver.finished,
            self.context,
            tuple(self.moves),
            tuple(self.driver.failures),
            tuple(self.saboteur.fired),
            self.interrupt is not None,
            self.driver.inbox.stop_requested,
        )

    def unsound(self) -> Iterator[str]:
        """Say what does not hold between two steps."""
        if self._interrupt_on_its_way:
            yield f"somebody swallowed {self.interrupt}"
        yield from unsound_moves(self.lifecycle, self.moves, self.driver.state)
        yield from unsound_entries(self.lifecycle, self.moves, self.saboteur.calls)
        for promise in self.promises:
            yield from _broken(promise, self.run_state())

    def finish(self) -> None:
        """Let the run come to its end, and see what has to hold then. Safe twice."""
        try:
            if not self.broken and not self.ended:
                self._drain()
                self._refuse([*self._forgotten()])
                self.end()
                self._refuse((*self.violations, *self.unsound_end()))
        finally:
            self.end()

    def end(self) -> None:
        """Let go of everything. Safe twice."""
        if not self.ended:
            self.ended = True
            self.driver.end()

    def _drain(self) -> None:
        """Make rounds until the end; what is armed may still happen, each once."""
        if not self._ends() and self.runs_until_stopped:
            self.stop()
        if not self._ends():
            where = " -> ".join(move.target for move in self.moves[-4:])
            stopped = ", and a stop was asked for" if self.driver.inbox.stop_requested else ""
            self._refuse(
                [f"the run does not end: after {self.rounds} rounds it is at {where}{stopped}"]
            )

    def _ends(self) -> bool:
        for _ in range(self.rounds):
            if not self.running:
                break
            self.step()
        return not self.running

    def _forgotten(self) -> Iterator[str]:
        """Say who was taken from the inbox and not answered, where nothing broke that off."""
        waiting = sum(each.status == "waiting" for each in self.receipts)
        if waiting > self.driver.inbox.waiting and not self.thrown and not self.interrupt:
            yield "a request was taken and never answered: whoever asked would wait for the end"

    def unsound_end(self) -> Iterator[str]:
        """Say what does not hold at the end of a run."""
        state, failures = self.driver.state, self.driver.failures
        if self.thrown and not failures:
            yield f"somebody swallowed {self.thrown[0]}: the run ended in {state}"
        yield from unsound_failures(failures, self.thrown)
        failure = self.lifecycle.failure
        if failures and failure is not None and state != failure:
            yield f"the run failed, and ended in {state}: {failures[0]}"
        if not failures and not self.lifecycle.state(state).final:
            yield f"the run ended in {state}, which is not final"
        if any(each.status == "waiting" for each in (*self.receipts, *self.stops)):
            yield "a request was never answered"


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep from the log what a test lets go wrong: it would bury what the test has to say."""
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _broken(promise: Promise, run: RunState) -> Iterator[str]:
    summary = summary_of(promise)
    told = f"{name_of(promise)} does not hold in {run.state}{': ' + summary if summary else ''}"
    try:
        answer = promise(run)
    except Exception as error:  # noqa: BLE001 - an assertion, or the promise itself is at fault
        said = f"{type(error).__name__}: {error}".splitlines()[0]  # pytest has more to say
        yield f"{told} ({said})"
        return
    if answer is not None and answer is not True:
        yield told if answer is False else f"{name_of(promise)} answered {answer!r}, not a bool"


class PlainJourney(Journey):
    """A run of a lifecycle that knows no trading: a bare driver over a context of the user's.

    The driver's inbox is the context's, where it has one under ``inbox``.
    """

    def __init__(self, lifecycle: Lifecycle, context: Callable[[], Any], **more: Any) -> None:
        self._make = context
        super().__init__(lifecycle, **more)

    def begin(self, lifecycle: Lifecycle) -> tuple[Any, Driver]:
        """Make a fresh context and a driver over it."""
        context = self._make()
        inbox = getattr(context, "inbox", None)
        inbox = inbox if isinstance(inbox, Inbox) else Inbox()
        return context, Driver(lifecycle, context, inbox=inbox, observers=[self.told.append])

    def unsound_end(self) -> Iterator[str]:
        """Say what does not hold at the end: observers are told every error, too."""
        yield from super().unsound_end()
        told = [each for each in self.told if isinstance(each, Failure)]
        if told != self.driver.failures:
            yield f"the observers were told {len(told)} of {len(self.driver.failures)} errors"
