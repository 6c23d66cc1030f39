"""What each effect that a hook may be marked with does to a configuration.

The effects on workers are not among them: those come worker by worker, and are steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from fsm_session.machine.effects import Answer, Effect
from fsm_session.machine.explore.configuration import Configuration

#: what some hook has to do for requests to be looked at
ANSWERING = frozenset({Effect.TAKES_REQUESTS, Effect.ANSWERS_TAKEN, Effect.ANSWERS_ALL})


class Done(NamedTuple):
    """What has been done, in words where it might have been something else, and what is left."""

    told: str
    left: Configuration


Work: TypeAlias = Callable[[Configuration], list[Done]]


def does_its_work(effects: tuple[Effect, ...], here: Configuration) -> bool:
    """Tell whether a hook would do what it is marked with, were it run now."""
    return here.stop == "none" or Effect.HEEDS_STOP not in effects or has_begun(effects, here)


def has_begun(effects: tuple[Effect, ...], here: Configuration) -> bool:
    """Tell whether a hook is in the midst of its work, which it then ends."""
    if Effect.SETS_UP_WORKERS in effects:
        return here.raised or here.worker > 0
    return Effect.TEARS_DOWN_WORKERS in effects and here.worker < len(here.workers)


def work_of(effects: tuple[Effect, ...], here: Configuration) -> list[Done]:
    """Give what a hook of these effects may leave behind, all of its work done."""
    reached = [Done("", here)]
    if does_its_work(effects, here):
        for effect in effects:
            if work := WORK.get(effect):
                reached = [_joined(each, one) for each in reached for one in work(each.left)]
    return reached


def _joined(before: Done, done: Done) -> Done:
    return Done(", ".join(filter(None, (before.told, done.told))), done.left)


def answers(answer: Answer, here: Configuration) -> tuple[bool, ...]:
    """Give what a guard may say."""
    stop = here.stop != "none"
    if answer is Answer.STOP_REQUESTED:
        return (stop,)
    if answer is Answer.REQUIREMENTS_MET:
        return (here.validation != "unmet",)
    return (False,) if stop and answer is Answer.NOT_AFTER_STOP else (True, False)


def _validates(here: Configuration) -> list[Done]:
    met, unmet = here._replace(validation="met"), here._replace(validation="unmet")
    return [Done("all is met", met), Done("something is unmet", unmet)]


def _loads(here: Configuration) -> list[Done]:
    there = here._replace(loaded=True, ever_loaded=True, session="none", committed=False)
    return [Done("", there)]


def _retires(here: Configuration) -> list[Done]:
    return [Done("", here._replace(kept="nothing"))]


def _forgets(here: Configuration) -> list[Done]:
    kept = here._replace(kept="data" if here.loaded else "empty")
    return [Done("", kept._replace(loaded=False, session="none", committed=False))]


def _begins_session(here: Configuration) -> list[Done]:
    return [Done("", here._replace(session="active"))]


def _ends_session(here: Configuration) -> list[Done]:
    return [Done("", here._replace(session="ended") if here.session == "active" else here)]


def _commits_session(here: Configuration) -> list[Done]:
    return [Done("", here._replace(committed=True))]


def _finishes_session(here: Configuration) -> list[Done]:
    return [Done("", here if here.session == "none" else here._replace(committed=True))]


def _takes_requests(here: Configuration) -> list[Done]:
    if here.request in ("none", "taken"):
        return [Done("", here)]
    return [Done("takes the request", here._replace(request="taken")), Done("leaves it", here)]


def _answers_taken(here: Configuration) -> list[Done]:
    return [Done("", here._replace(request="none") if here.request == "taken" else here)]


def _answers_all(here: Configuration) -> list[Done]:
    return [Done("", here._replace(request="none"))]


WORK: dict[Effect, Work] = {
    Effect.VALIDATES: _validates,
    Effect.LOADS: _loads,
    Effect.RETIRES: _retires,
    Effect.FORGETS: _forgets,
    Effect.BEGINS_SESSION: _begins_session,
    Effect.ENDS_SESSION: _ends_session,
    Effect.COMMITS_SESSION: _commits_session,
    Effect.FINISHES_SESSION: _finishes_session,
    Effect.TAKES_REQUESTS: _takes_requests,
    Effect.ANSWERS_TAKEN: _answers_taken,
    Effect.ANSWERS_ALL: _answers_all,
}
