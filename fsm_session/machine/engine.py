"""The only importer of ``transitions``, of which it uses little, on purpose.

A plain Machine, one trigger a row, callables only. Its queue, its locks, its conditions,
``on_exception`` and ``finalize_event`` each lose an error, a request or a thread somewhere; so
deciding, catching and waiting are the driver's, and what is left here is to move. Its event
and its transition would go by all of that in every move: these leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

from transitions import Event, EventData, Machine
from transitions import State as EngineState
from transitions import Transition as EngineTransition

from fsm_session.machine.checks import START
from fsm_session.machine.clean_up import Call
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import State, Transition

#: gives what is called on a state's way in, or out, in order
Calls: TypeAlias = Callable[[State], Sequence[Call]]


class _Model:
    """What ``transitions`` keeps its state on; it is shown to the machine only where one moves.

    To one that it were given it would add three dozen methods, for every run.
    """

    state: str = START


class _Transition(EngineTransition):
    """A row that has been decided on: nothing is asked, nothing called before or after it."""

    def execute(self, event_data: EventData) -> bool:
        """Go: way out, change of state, way in."""
        assert self.dest is not None  # every row leads somewhere
        machine = event_data.machine
        _make(machine.get_state(self.source).on_exit)
        machine.set_state(self.dest, event_data.model)
        _make(machine.get_state(self.dest).on_enter)
        return True


class _Event(Event):
    """A trigger that lets through whatever is raised, and wherever.

    That of ``transitions`` only logs what is raised while it finalizes, a Ctrl-C too.
    """

    def trigger(self, model: object, *args: object, **kwargs: object) -> bool:
        """Take the one row from the model's state; ``transitions`` refuses where there is none."""
        assert isinstance(model, _Model)
        if model.state not in self.transitions:
            return super().trigger(model)
        [row] = self.transitions[model.state]
        return row.execute(EventData(None, self, self.machine, model, args, kwargs))


class _Machine(Machine):
    """A Machine of these, to which ``*`` and ``=`` are names like any other."""

    event_cls, transition_cls = _Event, _Transition
    wildcard_all = wildcard_same = object()  # type: ignore[assignment]


class Engine:
    """Holds the state and moves it: one trigger for each row, to begin, and to fail.

    ``rows`` gives a state's rows in order, each with its trigger.
    """

    BEGIN = "begin"
    FAIL = "fail"

    def __init__(self, lifecycle: Lifecycle, on_enter: Calls, on_exit: Calls) -> None:
        names = [state.name for state in lifecycle.states]
        numbered = [(row, f"row {n}") for n, row in enumerate(lifecycle.transitions)]
        self.rows: dict[str, list[tuple[Transition, str]]] = {
            name: [(row, trigger) for row, trigger in numbered if row.source == name]
            for name in names
        }
        table = [(self.BEGIN, START, lifecycle.initial)]
        table += [(trigger, row.source, row.target) for row, trigger in numbered]
        if lifecycle.failure is not None:
            table += [(self.FAIL, name, lifecycle.failure) for name in (START, *names)]
        self._model = _Model()
        self._machine = _Machine(
            model=None,
            states=[
                EngineState(START),
                *(
                    EngineState(each.name, on_enter=[*on_enter(each)], on_exit=[*on_exit(each)])
                    for each in lifecycle.states
                ),
            ],
            transitions=[{"trigger": t, "source": s, "dest": d} for t, s, d in table],
            initial=START,
            auto_transitions=False,
        )

    @property
    def state(self) -> str:
        """Name the state; ``(start)`` before the first."""
        return self._model.state

    def fire(self, trigger: str) -> None:
        """Move as a trigger says: way out, change of state, way in. Lets through what is raised."""
        self._machine.events[trigger].trigger(self._model)

    def release(self) -> None:
        """Break the ring of machine, model and calls, so that a run is freed when dropped."""
        self._machine.states.clear()
        self._machine.events.clear()


def _make(calls: Iterable[Any]) -> None:
    for call in calls:
        call()
