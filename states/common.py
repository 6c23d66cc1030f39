"""What several phases share: the guard that lets a stop through, and the way of cleaning up.

Done and Failed clean up alike. Each hook can be run twice, and all of them run even where one
raises, so that nothing stays up, unanswered or half-written because of something else.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine.effects import Effect, effect, holds_when_stop_requested


@holds_when_stop_requested
def stop_requested(context: SessionContext) -> bool:
    """Somebody asked for the run to end: by ``stop()``, or with Ctrl-C."""
    return context.inbox.stop_requested


@effect(Effect.TEARS_DOWN_WORKERS)
def tear_down_workers(context: SessionContext) -> None:
    """Tear down every worker that is up, in the reverse order of their set-up."""
    context.workers.teardown()


def shut_the_session_data(context: SessionContext) -> None:
    """Keep the session's data to be looked at, and refuse whatever is still written into it."""
    context.data.shut()


@effect(Effect.ANSWERS_ALL)
def answer_pending_requests(context: SessionContext) -> None:
    """Answer every request that still waits: the run is over."""
    context.requests.refuse_all("the run is over")


@effect(Effect.ANSWERS_ALL)
def refuse_late_requests(context: SessionContext) -> None:
    """Answer the requests that came after the last pause: this session is over."""
    context.requests.refuse_all("the session is over")


@effect(Effect.FINISHES_SESSION)
def finish_the_session_export(context: SessionContext) -> None:
    """Write the record of a session that was broken off, marked as not complete."""
    context.finish_session()


def write_run_export(context: SessionContext) -> None:
    """Write the run's record: how it ended, its sessions, its errors."""
    context.records.write_run(context.outcome, context.failures, context.workers.unclean)


CLEAN_UP = (
    tear_down_workers,
    shut_the_session_data,
    answer_pending_requests,
    finish_the_session_export,
    write_run_export,
)
