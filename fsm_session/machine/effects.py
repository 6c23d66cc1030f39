"""What hooks do and what guards say, marked on the functions, for whoever can't run them.

To a table of moves its hooks and guards are opaque: a hook may do anything, and a guard say yes
or no. A mark says more. It changes nothing of the function but one attribute, and nothing of a
run. :mod:`fsm_session.machine.explore` reads the marks; tests hold real runs to them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeVar

from fsm_session.machine.checks import hooks_by_kind

if TYPE_CHECKING:
    from fsm_session.machine.lifecycle import Lifecycle

Function = TypeVar("Function", bound=Callable[..., Any])

EFFECTS, ANSWER = "__effects__", "__answer__"


class Effect(Enum):
    """What a hook does. One that raises may have done it or not."""

    VALIDATES = "finds out what the run needs, and whether that is met"
    RAISES_UNMET = "raises where something was found unmet"
    LOADS = "fills the session's data: it is a new session's"
    RETIRES = "lets go of the data that was kept when the last session's was forgotten"
    FORGETS = "lets go of the session's data, which its owner keeps until it is retired"
    SETS_UP_WORKERS = "sets up every worker, in order; if one fails, it and those before come down"
    TEARS_DOWN_WORKERS = "tears down the workers that are up, in reverse, past those that fail"
    BEGINS_SESSION = "makes the session active"
    TAKES_STEPS = "lets the workers take steps, or may"
    ENDS_SESSION = "makes the session inactive"
    COMMITS_SESSION = "puts the session on record, for good"
    FINISHES_SESSION = "puts the session on record if it has begun and is not there yet"
    TAKES_REQUESTS = "takes requests that wait into its hands, or leaves them for the next time"
    ANSWERS_TAKEN = "answers the requests that were taken"
    ANSWERS_ALL = "answers every request, whether it was taken or waits"
    HEEDS_STOP = "does nothing of that once a stop is requested"
    SWALLOWS = "raises nothing, whatever goes wrong in it"


#: what is not left undone because a stop is requested
CLEANING = frozenset({Effect.FORGETS, Effect.TEARS_DOWN_WORKERS})


class Answer(Enum):
    """What a guard says."""

    FREE = "yes or no"
    STOP_REQUESTED = "yes if a stop is requested, otherwise no"
    NOT_AFTER_STOP = "no once a stop is requested, otherwise yes or no"
    REQUIREMENTS_MET = "no if something was found unmet, otherwise yes"


def effect(*effects: Effect) -> Callable[[Function], Function]:
    """Mark a hook with what it does, in this order: ``@effect(Effect.LOADS)``.

    Raises ValueError for a hook that both sets up workers and tears them down: those are two.
    """
    if {Effect.SETS_UP_WORKERS, Effect.TEARS_DOWN_WORKERS} <= {*effects}:
        raise ValueError("to set workers up and to tear them down takes two hooks")

    def mark(hook: Function) -> Function:
        setattr(hook, EFFECTS, effects)
        return hook

    return mark


def holds_when_stop_requested(guard: Function) -> Function:
    """Mark a guard that says yes if a stop is requested, and otherwise no."""
    setattr(guard, ANSWER, Answer.STOP_REQUESTED)
    return guard


def never_once_stop_requested(guard: Function) -> Function:
    """Mark a guard that says no once a stop is requested."""
    setattr(guard, ANSWER, Answer.NOT_AFTER_STOP)
    return guard


def holds_when_requirements_met(guard: Function) -> Function:
    """Mark a guard that says no if validation found something unmet, and otherwise yes."""
    setattr(guard, ANSWER, Answer.REQUIREMENTS_MET)
    return guard


def effects_of(hook: object) -> tuple[Effect, ...]:
    """Give what a hook is marked with; nothing where it is not."""
    return tuple(getattr(hook, EFFECTS, ()))


def effects_in(lifecycle: Lifecycle) -> frozenset[Effect]:
    """Give all that any hook of a lifecycle is marked with."""
    kinds = [hooks for state in lifecycle.states for hooks in hooks_by_kind(state).values()]
    return frozenset(effect for hooks in kinds for hook in hooks for effect in effects_of(hook))


def heeds_stop(state: str, lifecycle: Lifecycle) -> bool:
    """Tell whether a stop leads out of a state before anything else does.

    Such a state begins no further entry hook once a stop is requested, and what is skipped is
    not ended by its exit hooks either. One that cleans up does so whole.
    """
    guards = (row.guard for row in lifecycle.transitions if row.source == state)
    done = {effect for hook in lifecycle.state(state).entry for effect in effects_of(hook)}
    return answer_of(next(guards, None)) is Answer.STOP_REQUESTED and done.isdisjoint(CLEANING)


def answer_of(guard: object) -> Answer:
    """Give what a guard is marked with; FREE where it is not."""
    answer: Answer = getattr(guard, ANSWER, Answer.FREE)
    return answer
