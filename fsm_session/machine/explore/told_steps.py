"""A step and a configuration, each as a line that a person can read."""

from __future__ import annotations

from collections.abc import Iterator

from fsm_session.machine.explore.configuration import Configuration
from fsm_session.machine.explore.places import Place
from fsm_session.machine.explore.steps import REQUEST_COMES, STOP_COMES

#: how a step begins that comes from outside
OUTSIDE = (STOP_COMES, REQUEST_COMES)
#: how one ends in which a hook did what it always does
RUNS = " runs"


def step_of(place: Place, told: str) -> str:
    """Write one step: where it is made and what happens."""
    if told in OUTSIDE:
        return told
    if place.kind == "move":
        return f"{place.state} -> {place.target}{', ' * bool(told)}{told}"
    if place.kind == "guard" and told in ("yes", "no"):
        told = f"says {told}"
    # "set_up_workers raises", but "set_up_workers: worker 1 is set up"
    colon = "" if told.startswith(("runs", "raises", "says")) else ":"
    return f"{place.state}: {place.function_name}{colon} {told}"


def facts_of(place: Place, here: Configuration) -> str:
    """Write what is so in a configuration: where it is, and what is not as in the beginning."""
    workers = f"workers {' '.join(here.workers)}"
    facts = [
        (_at(place), True),
        (workers, not {"down"}.issuperset(here.workers)),
    ]
    return ", ".join(fact for fact, so in (*facts, *_facts(here)) if so)


def _at(place: Place) -> str:
    if place.kind == "end":
        return f"{place.state}: the run has ended"
    if place.kind == "stuck":
        return f"{place.state}: no row can be taken"
    if place.kind == "move":
        return f"about to move from {place.state} to {place.target}"
    return f"{place.state}: {place.function_name} is about to be {_asked_or_run(place)}"


def _asked_or_run(place: Place) -> str:
    return "asked" if place.kind == "guard" else "run"


def _facts(here: Configuration) -> Iterator[tuple[str, bool]]:
    yield "a stop is requested", here.stop == "requested"
    yield "a stop was requested before the last move", here.stop == "heeded"
    yield f"a request is {here.request}", here.request != "none"
    yield f"validation {here.validation}", here.validation in ("broken off", "unmet")
    yield f"the session {here.session}", here.session != "none"
    yield "committed", here.committed
    yield "data loaded", here.loaded
    yield f"{here.kept} kept of the session before", here.kept != "nothing"
    yield "an error on record", here.failed
