"""Runs a lifecycle: decides purely, then acts, and keeps the state true when something raises.

The guards are asked before anything moves, and whatever a hook raises is caught here, with its
place: what moves the state underneath only moves it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from attrs import frozen

from fsm_session.errors import GuardError, IllegalMoveError
from fsm_session.machine.checks import START
from fsm_session.machine.clean_up import Call, CleanUp
from fsm_session.machine.effects import heeds_stop
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.records import Failure, Move, Observer
from fsm_session.machine.requests import Inbox
from fsm_session.machine.state import Hook, State, Transition, name_of

if TYPE_CHECKING:
    from fsm_session.machine.engine import Engine


@frozen
class _Place:
    """Where the driver is at work, for the error that may come of it."""

    phase: str
    kind: str = ""
    hook: str = ""


class Driver:
    """Runs one lifecycle once, on one thread, over one context.

    ``observers`` are told every :class:`Move` and :class:`Failure` as it happens; ``where`` says
    in words where the context is (which session, which time). ``failures`` holds the errors in
    the order in which they happened.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        context: Any,
        *,
        inbox: Inbox | None = None,
        observers: Sequence[Observer] = (),
        where: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        self.lifecycle = lifecycle
        self.context = context
        self.inbox = inbox or Inbox()
        self.failures: list[Failure] = []
        self._observers = tuple(observers)
        self._where = where
        self._states = {state.name: state for state in lifecycle.states}
        self._place = _Place(START)
        #: what was raised and is still to be put on record, in the order in which it came
        self._raised: list[BaseException] = []
        self._stopped_by: KeyboardInterrupt | None = None
        self._moving: Transition | None = None
        self._trigger = ""
        self._untold = False
        self._moves = 0
        self._busy = 0
        self._ended = False
        self._cut_short = False
        self._clean_up = CleanUp()
        self._engine = self._make_engine()
        # by trigger, and named once: for a guard that joins several, its name is work
        self._guards = {self._engine.BEGIN: _Place(START)} | {
            trigger: _Place(row.source, "guard", name_of(row.guard))
            for rows in self._engine.rows.values()
            for row, trigger in rows
        }

    def _make_engine(self) -> Engine:
        from fsm_session.machine.engine import Engine  # who declares, or reads, needs none

        return Engine(self.lifecycle, self._ways_in, self._ways_out)

    @property
    def state(self) -> str:
        """Name the state the machine is in; ``(start)`` before the first."""
        return self._engine.state

    @property
    def finished(self) -> bool:
        """Tell whether the run has come to its end, in good order or not."""
        if self._raised:
            return False
        if self.failures and self.lifecycle.failure not in (None, self.state):
            return False
        if self.state != START and self._states[self.state].final:
            return not self._clean_up.is_due(self.state)
        return bool(self.failures)

    def run(self) -> str:
        """Run from the initial state to a final one; give that state's name.

        Nothing is raised for what hooks, guards and activities raise: it leads to the failure
        state and stands in ``failures``. A KeyboardInterrupt is a stop; one after that an error.
        """
        if self._ended:
            return self.state
        self.claim()
        try:
            while not self._ran_to_the_end():
                pass
        finally:
            self.end()
        return self.state

    def step(self) -> None:
        """Make one round of a run, whatever is raised in it: an error leads to the next round."""
        self.claim()
        try:
            self._go_on()
        except BaseException as raised:  # noqa: BLE001 - leads to the failure state
            self._raised.append(raised)  # at once: an interrupt may come right behind it
            self._moving, self._busy = None, 0  # whatever broke off, nothing is under way now
            error = self._unless_stop(raised)
            self._raised[-1:] = [] if error is None else [error]

    def _ran_to_the_end(self) -> bool:
        """Make rounds until the run is finished; False where something comes between two."""
        try:
            while not self.finished:
                self.step()
        except IllegalMoveError:  # of the claim: what a hook raises is caught in its round
            raise
        except BaseException as raised:  # noqa: BLE001 - an interrupt comes anywhere
            self._raised.append(raised)
            return False
        return True

    def end(self) -> None:
        """Answer whoever still waits, and let go of everything. The run can't go on after it."""
        self.inbox.close(f"the run has ended: {self.state}")
        self._ended = True
        self._engine.release()
        self._clean_up.release()

    def begin(self) -> None:
        """Enter the initial state and run its entry hooks."""
        self.claim()
        if self.state != START:
            raise IllegalMoveError(f"the run has begun already, it is in {self.state}")
        self._move(Transition(START, self.lifecycle.initial), self._engine.BEGIN)

    def advance(self) -> None:
        """Make one round: the state's activity, a decision, the move."""
        self.claim()
        if self.state == START:
            raise IllegalMoveError("the run has not begun")
        self._advance()

    def decide(self) -> Transition:
        """Say which row would be taken now: the first whose guard holds. Changes nothing.

        Raises GuardError where a guard answers anything but True or False, and IllegalMoveError
        in a final state.
        """
        return self._decide()[0]

    def move_to(self, target: str) -> None:
        """Make the move to ``target`` now, if that is the one the table decides on.

        Raises IllegalMoveError, which says why, and has then changed nothing.
        """
        self.claim()
        row, trigger = self._decide() if self._engine.rows.get(self.state) else (None, "")
        if row is None or row.target != target:
            reason = self.why_not(target) or f"{target}: a guard has changed its mind"
            raise IllegalMoveError(reason)
        self._move(row, trigger)

    def why_not(self, target: str) -> str:
        """Say why the machine would not move to ``target`` now; empty where it would."""
        ways = [way for way in self._engine.rows.get(self.state, ()) if way[0].target == target]
        if not ways:
            return f"no row of the table leads from {self.state} to {target}"
        row = self.decide()
        if row.target == target:
            return ""
        if not any(self._ask(*way) for way in ways):
            names = [self._guards[trigger].hook for _, trigger in ways]
            told = f"guard {names[0]} says" if len(names) == 1 else f"guards {_listed(names)} say"
            return f"from {self.state} to {target}: the {told} no"
        return (
            f"from {self.state} to {target}: the row to {row.target}"
            f" ({name_of(row.guard)}) is tried first, and holds"
        )

    def _go_on(self) -> None:
        if self._raised:
            self._note_raised()
        elif self._clean_up.is_due(self.state):
            self._clean_up.go_on(self.state, self._noted)
        elif self.failures:
            self._enter_failure()
        elif self.state == START:
            self.begin()
        else:
            self._advance()

    def _advance(self) -> None:
        activity = self._states[self.state].activity
        if activity is not None and not self._cut_short:
            self._call(activity, _Place(self.state, "activity", name_of(activity)))
        self._move(*self._decide())

    def _decide(self) -> tuple[Transition, str]:
        for row, trigger in self._engine.rows.get(self.state, ()):
            if self._ask(row, trigger):
                return row, trigger
        raise IllegalMoveError(f"no way leads out of {self.state}")

    def _ask(self, row: Transition, trigger: str) -> bool:
        if row.guard is None:
            return True
        before, place = self._place, self._guards[trigger]
        answer = self._call(row.guard, place)
        if not isinstance(answer, bool):
            raise GuardError(
                f"the guard {place.hook} of {place.phase} answered {answer!r};"
                " a guard answers True or False"
            )
        self._place = before
        return answer

    def _call(self, function: Callable[[Any], Any], place: _Place) -> Any:
        """Call what was declared. Until it is back, nothing else moves the machine."""
        self._place = place
        self._busy += 1
        try:
            return function(self.context)
        finally:
            self._busy -= 1

    def _move(self, row: Transition, trigger: str) -> None:
        self._moving, self._trigger, self._untold = row, trigger, True
        try:
            self._engine.fire(trigger)
        except KeyboardInterrupt:
            # between the change of state and the telling of it: nobody would hear of the move
            if row.source != row.target == self.state:
                self._arrive(_Place(row.target, "move"))
            raise
        finally:
            self._moving = None
        if self.state != row.target:
            raise IllegalMoveError(f"the machine is in {self.state}, not in {row.target}")

    @property
    def _failing(self) -> bool:
        return self._trigger == self._engine.FAIL

    def claim(self) -> None:
        """Make the calling thread the one that runs the machine.

        Raises IllegalMoveError where another does, something is under way, or the run has ended.
        """
        if self._ended:
            raise IllegalMoveError(f"the run has ended: {self.state}")
        if not self.inbox.own():
            raise IllegalMoveError("another thread runs this machine; leave a request instead")
        if self._moving is not None:
            raise IllegalMoveError(
                f"the move from {self._moving.source} to {self._moving.target} is still under way;"
                " a hook leaves a request instead"
            )
        if self._busy:
            raise IllegalMoveError(
                f"{self._place.hook} of {self._place.phase} is still at work;"
                " leave a request instead"
            )

    def _unless_stop(self, error: BaseException) -> BaseException | None:
        """Take an interrupt for a stop, unless one was requested before: then it is an error.

        Gives what else there is.
        """
        errors = [*_one_by_one(error)]
        interrupt = next((each for each in errors if isinstance(each, KeyboardInterrupt)), None)
        again = self.inbox.stop_requested and interrupt is not self._stopped_by
        if interrupt is None or again:
            return error
        self._stopped_by = interrupt
        self.inbox.stop()
        # what the interrupt broke off is neither begun again nor ended: on to a decision
        self._cut_short = True
        rest = [each for each in errors if each is not interrupt]
        return BaseExceptionGroup("", rest) if rest else None

    def _noted(self, raised: BaseException) -> bool:
        """Note what a final state's hook raised; False where that was taken for a stop."""
        error = self._unless_stop(raised)
        if error is not None:
            self._note(error)
        return error is not None

    def _note_raised(self) -> None:
        """Put on record what was raised; each is let go only then."""
        while self._raised:
            error = self._unless_stop(self._raised[0])
            if error is not None:
                self._note(error)
            del self._raised[0]

    def _note(self, error: BaseException) -> None:
        """Put an error on record, each of a group by itself, and tell the observers."""
        place = self._place
        where: Mapping[str, str] = {}
        try:
            where = self._where()
        except BaseException as second:  # noqa: BLE001 - must not take the first one's place
            error = BaseExceptionGroup("", [error, second])
        errors = error.exceptions if isinstance(error, BaseExceptionGroup) else (error,)
        for each in errors:
            # an error may say itself which phase it is of: what one found, another may raise
            phase = str(getattr(each, "phase", place.phase))
            failure = Failure(each, phase, place.kind, place.hook, where)
            if not any(known.error is each for known in self.failures):  # noted half-way before
                self.failures.append(failure)
            try:
                self._tell(failure)
            except BaseException as second:  # noqa: BLE001 - an observer's error is one more
                self.failures.append(Failure(second, place.phase, "observer", "", where))

    def _enter_failure(self) -> None:
        assert self.lifecycle.failure is not None  # asked by those who call
        self._move(Transition(self.state, self.lifecycle.failure), self._engine.FAIL)

    def _tell(self, record: Move | Failure) -> None:
        if isinstance(record, Move):
            self._moves, self._untold = record.number, False
        for observer in self._observers:
            try:
                observer(record)
            except KeyboardInterrupt as interrupt:
                if self._unless_stop(interrupt) is not None:
                    raise
                observer(record)  # what it was told half-way it is told again

    def _arrive(self, place: _Place) -> None:
        """Tell the move that is being made, once, as the first thing in the new state."""
        self._cut_short = False
        if not self._untold:
            return
        row, self._place = self._moving, place
        assert row is not None  # this is called only within _move
        guard = "error" if self._failing else self._guards[self._trigger].hook
        source = None if row.source == START else row.source
        self._tell(Move(self._moves + 1, source, row.target, guard, self._where()))

    def _ways_in(self, state: State) -> list[Call]:
        arrive = partial(self._arrive, _Place(state.name, "move"))
        calls: list[Call] = [arrive]
        heeds = heeds_stop(state.name, self.lifecycle)
        calls += [self._on_the_way_in(state, hook, heeds) for hook in state.entry]
        if not state.final:
            return calls
        self._clean_up.add(state.name, calls)
        return [lambda: self._clean_up.go_on(state.name, self._noted)]

    def _ways_out(self, state: State) -> list[Call]:
        return [self._on_the_way_out(state, hook) for hook in state.exit]

    def _on_the_way_in(self, state: State, hook: Hook, heeds_stop: bool) -> Call:
        place = _Place(state.name, "entry", name_of(hook))

        def enter() -> None:
            if heeds_stop and self.inbox.stop_requested:
                self._cut_short = True  # no new work begins
            else:
                self._call(hook, place)

        return enter

    def _on_the_way_out(self, state: State, hook: Hook) -> Call:
        place = _Place(state.name, "exit", name_of(hook))

        def leave() -> None:
            # what a phase does at its end is not for one that was broken off
            if not self._failing and not self._cut_short:
                self._call(hook, place)

        return leave


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _one_by_one(error: BaseException) -> Iterator[BaseException]:
    """Take a group of errors apart."""
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _one_by_one(each)
    else:
        yield error
