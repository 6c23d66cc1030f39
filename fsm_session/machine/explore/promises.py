"""What has to hold in every configuration. The first line of each docstring is the promise.

A promise is looked at where it could be broken: before a hook that is marked with some effect
does its work, or at an end. Where no hook is marked with what it is about, it is not asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from fsm_session.machine.effects import Effect, effects_in
from fsm_session.machine.explore.configuration import Configuration, is_up
from fsm_session.machine.explore.places import Place
from fsm_session.machine.explore.work import ANSWERING, does_its_work
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import summary_of

Holds: TypeAlias = Callable[[Configuration, Place], bool]


@frozen(eq=False)
class Promise:
    """One promise: where it is looked at (None: at an end), and which marks it is about."""

    holds: Holds
    before: frozenset[Effect]
    about: frozenset[Effect]
    needs_failure_state: bool = False

    @property
    def said(self) -> str:
        """The promise, as a sentence."""
        return summary_of(self.holds)

    def is_asked_of(self, lifecycle: Lifecycle) -> bool:
        """Tell whether a lifecycle's marks say anything of what this is about."""
        if self.needs_failure_state:
            return lifecycle.failure is not None
        return not self.about.isdisjoint(effects_in(lifecycle))

    def is_due(self, place: Place, here: Configuration) -> bool:
        """Tell whether this is a configuration in which it could be broken."""
        if not self.before:
            return place.kind == "end"
        if self.before.isdisjoint(place.effects) or here.raised:
            return False
        return does_its_work(place.effects, here)


def validation_runs_once(here: Configuration, _: Place) -> bool:
    """Validation runs at most once."""
    return here.validation == "none"


def sessions_end_before_they_are_forgotten(here: Configuration, _: Place) -> bool:
    """Nothing is forgotten before a session has ended."""
    return here.session == "ended"


def nothing_is_loaded_over_a_session(here: Configuration, _: Place) -> bool:
    """Nothing is loaded over a session that has begun."""
    return here.session == "none"


def nothing_is_loaded_under_a_worker(here: Configuration, _: Place) -> bool:
    """Nothing is loaded while a worker is up."""
    return not any(map(is_up, here.workers))


def workers_are_down_before_they_are_set_up(here: Configuration, _: Place) -> bool:
    """No worker is set up that is not down."""
    return here.worker == len(here.workers) or here.workers[here.worker] == "down"


def workers_are_up_at_a_step(here: Configuration, _: Place) -> bool:
    """No step is taken with a worker that is not up."""
    return all(status == "up" for status in here.workers)


def sessions_are_active_at_a_step(here: Configuration, _: Place) -> bool:
    """No step is taken in a session that is not active."""
    return here.session == "active"


def requests_are_for_active_sessions(here: Configuration, _: Place) -> bool:
    """No request is carried out in a session that is not active."""
    return here.session == "active"


def sessions_are_committed_once(here: Configuration, _: Place) -> bool:
    """No session is committed twice, or before it has ended."""
    return here.session == "ended" and not here.committed


def no_work_begins_after_a_stop(here: Configuration, _: Place) -> bool:
    """No work begins in a state that was moved to after a stop.

    Work is to load, to set up workers, to begin a session, to take steps. What was begun before
    may end. A stop that comes after a move has been decided on is seen by the next decision.
    """
    return here.stop != "heeded"


def workers_come_down(here: Configuration, _: Place) -> bool:
    """At the end every worker that was set up has been torn down."""
    return not any(map(is_up, here.workers))


def data_stays(here: Configuration, _: Place) -> bool:
    """At the end the data of the last session that was loaded is there."""
    return not here.ever_loaded or here.data_at_the_end


def requests_are_answered(here: Configuration, _: Place) -> bool:
    """At the end every request that was left before it is answered.

    What is left while a final state cleans up is refused when the run lets go of its inbox; a
    receipt takes no second answer.
    """
    return here.request in ("none", "late")


def errors_end_in_the_failure_state(here: Configuration, place: Place) -> bool:
    """An error, or a worker that is unclean, ends in the failure state."""
    return place.failure or not (here.failed or "unclean" in here.workers)


def the_failure_state_means_an_error(here: Configuration, place: Place) -> bool:
    """A run that ends in the failure state has an error to show."""
    return here.failed or not place.failure


def _before(holds: Holds, *effects: Effect) -> Promise:
    return Promise(holds, frozenset(effects), frozenset(effects))


def _at_an_end(holds: Holds, *about: Effect) -> Promise:
    return Promise(holds, frozenset(), frozenset(about), needs_failure_state=not about)


WORK_OF_A_SESSION = (
    Effect.LOADS,
    Effect.SETS_UP_WORKERS,
    Effect.BEGINS_SESSION,
    Effect.TAKES_STEPS,
)
PROMISES = (
    _before(validation_runs_once, Effect.VALIDATES),
    _before(sessions_end_before_they_are_forgotten, Effect.FORGETS),
    _before(nothing_is_loaded_over_a_session, Effect.LOADS),
    _before(nothing_is_loaded_under_a_worker, Effect.LOADS),
    _before(workers_are_down_before_they_are_set_up, Effect.SETS_UP_WORKERS),
    _before(workers_are_up_at_a_step, Effect.TAKES_STEPS),
    _before(sessions_are_active_at_a_step, Effect.TAKES_STEPS),
    _before(requests_are_for_active_sessions, Effect.TAKES_REQUESTS),
    _before(sessions_are_committed_once, Effect.COMMITS_SESSION),
    _before(no_work_begins_after_a_stop, *WORK_OF_A_SESSION),
    _at_an_end(workers_come_down, Effect.SETS_UP_WORKERS),
    _at_an_end(data_stays, Effect.LOADS),
    _at_an_end(requests_are_answered, *ANSWERING),
    _at_an_end(errors_end_in_the_failure_state),
    _at_an_end(the_failure_state_means_an_error),
)
