"""TRADING_DAY broken in as many ways as there are promises, each of which breaks another one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import evolve, frozen

from fsm_session import TRADING_DAY
from fsm_session.machine import Lifecycle, Transition, any_of
from fsm_session.machine.effects import Effect, effect
from fsm_session.machine.explore import promises, search
from fsm_session.machine.state import Hook, name_of, summary_of
from fsm_session.states.common import stop_requested, tear_down_workers
from fsm_session.states.deactivate import commit_to_the_journal
from fsm_session.states.init_threads import set_up_workers
from fsm_session.states.load import retire_the_previous_session
from fsm_session.states.paused import add_and_remove_symbols
from fsm_session.states.teardown import clear_session_data
from fsm_session.states.validate import requirements_met, validate_requirements


@frozen
class Defect:
    """What was done to the lifecycle, the lifecycle, and the promise that it breaks."""

    told: str
    lifecycle: Lifecycle
    breaks: str


def with_hooks(
    name: str, change: Callable[[list[Hook]], list[Hook]], kind: str = "entry"
) -> Lifecycle:
    """Change the entry hooks, or those of another kind, of a state."""
    state = TRADING_DAY.state(name)
    changed: dict[str, Any] = {kind: change([*getattr(state, kind)])}
    return TRADING_DAY.replace(name, evolve(state, **changed))


def without(state: str, *hooks: str, kind: str = "entry") -> Lifecycle:
    """Leave hooks out of a state."""
    return with_hooks(state, lambda all_: [h for h in all_ if name_of(h) not in hooks], kind)


def with_first(state: str, hook: Hook) -> Lifecycle:
    """Let a state begin with another hook."""
    return with_hooks(state, lambda hooks: [hook, *hooks])


def with_last(state: str, hook: Hook) -> Lifecycle:
    """Let a state's entry end with another hook."""
    return with_hooks(state, lambda hooks: [*hooks, hook])


def with_rows(change: Callable[[Transition], Iterable[Transition]]) -> Lifecycle:
    """Put others in the place of each row."""
    rows = [row for each in TRADING_DAY.transitions for row in change(each)]
    return evolve(TRADING_DAY, transitions=rows)


def _load_what_is_forgotten(row: Transition) -> Iterator[Transition]:
    """Go by Teardown to the first session too."""
    yield (
        evolve(row, target="Teardown") if row.source == "Validate" and row.target == "Load" else row
    )


def _stop_before_work_unseen(row: Transition) -> Iterator[Transition]:
    """Look for a stop only where a session is over."""
    if row.guard is not stop_requested or row.source in ("Teardown", "Validate"):
        yield row


def _pause_after_a_stop(row: Transition) -> Iterator[Transition]:
    """Let the guard of a pause say what it likes, after a stop too."""
    yield evolve(row, guard=scans_are_due) if row.target == "Paused" else row


def _a_row_too_many(row: Transition) -> Iterator[Transition]:
    """Ask the same question again, in other words."""
    yield row
    if row.guard is requirements_met:
        yield Transition("Validate", "Teardown", any_of(requirements_met))


def scans_are_due(_: Any) -> bool:
    """Some scan may be due: nothing is said of a stop."""
    return False


@effect(Effect.TEARS_DOWN_WORKERS, Effect.SWALLOWS)
def tear_down_quietly(_: Any) -> None:
    """Tear the workers down and say nothing of what goes wrong."""


def with_quiet_teardown(state: str) -> Lifecycle:
    """Let a state tear the workers down and say nothing of what goes wrong."""
    return with_hooks(
        state,
        lambda hooks: [tear_down_quietly if each is tear_down_workers else each for each in hooks],
    )


def _with_a_dead_end() -> Lifecycle:
    """Leave out a last row, which no lifecycle that is built can lack."""
    broken = copy.copy(TRADING_DAY)
    rows = tuple(each for each in TRADING_DAY.transitions if each.target != "Active")
    object.__setattr__(broken, "transitions", rows)
    return broken


def _of(promise: Callable[..., bool]) -> str:
    return summary_of(promise)


DEFECTS = (
    Defect("validates before every session", with_first("Load", validate_requirements),
           _of(promises.validation_runs_once)),
    Defect("forgets before the first session", with_rows(_load_what_is_forgotten),
           _of(promises.sessions_end_before_they_are_forgotten)),
    Defect("does not forget", without("Teardown", "clear_session_data"),
           _of(promises.nothing_is_loaded_over_a_session)),
    Defect("leaves the workers up between sessions", without("Teardown", "tear_down_workers"),
           _of(promises.nothing_is_loaded_under_a_worker)),
    Defect("sets the workers up twice", with_first("Active", set_up_workers),
           _of(promises.workers_are_down_before_they_are_set_up)),
    Defect("does not set the workers up", without("InitThreads", "set_up_workers"),
           _of(promises.workers_are_up_at_a_step)),
    Defect("does not begin the session", without("Active", "mark_the_session_active"),
           _of(promises.sessions_are_active_at_a_step)),
    Defect("carries out requests while it loads", with_first("Load", add_and_remove_symbols),
           _of(promises.requests_are_for_active_sessions)),
    Defect("commits each session twice", with_last("Deactivate", commit_to_the_journal),
           _of(promises.sessions_are_committed_once)),
    Defect("goes on to work after a stop", with_rows(_stop_before_work_unseen),
           _of(promises.no_work_begins_after_a_stop)),
    Defect("leaves the workers up when it fails", without("Failed", "tear_down_workers"),
           _of(promises.workers_come_down)),
    Defect("retires before it has loaded", with_last("Teardown", retire_the_previous_session),
           _of(promises.data_stays)),
    Defect("forgets at the end, and again", with_first("Done", clear_session_data),
           _of(promises.data_stays)),
    Defect("answers nobody at the end", without("Done", "answer_pending_requests"),
           _of(promises.requests_are_answered)),
    Defect("says nothing of workers that do not come down", with_quiet_teardown("Done"),
           _of(promises.errors_end_in_the_failure_state)),
    Defect("fails without a word", without("Failed", "list_unmet_requirements"),
           _of(promises.the_failure_state_means_an_error)),
    Defect("pauses after a stop", with_rows(_pause_after_a_stop), search.ENDS),
    Defect("has a dead end", _with_a_dead_end(), search.NO_DEAD_END),
    Defect("has a row too many", with_rows(_a_row_too_many), search.ALL_TAKEN),
)  # fmt: skip
