"""The only importer of ``transitions``, of which it uses little, on purpose.

A plain Machine, one trigger a row, callables only. Its queue, its locks, its conditions,
``on_exception`` and ``finalize_event`` each lose an error, a request or a thread somewhere; so
deciding, catching and waiting are the driver's, and what is left here is to move.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from transitions import Machine
from transitions import State as EngineState

from fsm_session.machine.checks import START
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import State, Transition

BEGIN = "begin"
FAIL = "fail"

Call: TypeAlias = Callable[[], None]
#: gives what is called on a state's way in, or out, in order
Calls: TypeAlias = Callable[[State], Sequence[Call]]


class _Machine(Machine):
    """A Machine to which ``*`` and ``=`` are names like any other."""

    wildcard_all = wildcard_same = object()  # type: ignore[assignment]


class _Model:
    """What ``transitions`` keeps its state on; compared by identity, with a ``__dict__``."""

    state: str
    trigger: Callable[[str], bool]


class Engine:
    """Holds the state and moves it: one trigger for each row, to begin, and to fail.

    ``rows`` gives a state's rows in order, each with its trigger.
    """

    def __init__(self, lifecycle: Lifecycle, on_enter: Calls, on_exit: Calls) -> None:
        names = [state.name for state in lifecycle.states]
        numbered = [(row, f"row {n}") for n, row in enumerate(lifecycle.transitions)]
        self.rows: dict[str, list[tuple[Transition, str]]] = {
            name: [(row, trigger) for row, trigger in numbered if row.source == name]
            for name in names
        }
        table = [(BEGIN, START, lifecycle.initial)]
        table += [(trigger, row.source, row.target) for row, trigger in numbered]
        if lifecycle.failure is not None:
            table += [(FAIL, name, lifecycle.failure) for name in (START, *names)]
        self._model = _Model()
        self._machine = _Machine(
            model=self._model,
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
        self._model.trigger(trigger)

    def release(self) -> None:
        """Break the ring of machine, model and calls, so that a run is freed when dropped."""
        state = self.state
        self._machine.states.clear()
        self._machine.events.clear()
        self._machine.models.clear()
        self._model.__dict__ = {"state": state}
