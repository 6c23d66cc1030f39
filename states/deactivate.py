"""Deactivate: the session is over. Nothing is cleared.

On entry the close is reached, or a stop was requested. On leaving the session's record is
written and committed, and its data lies there to be looked at until the next Teardown.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect
from fsm_session.states.common import refuse_late_requests


def last_session(context: SessionContext) -> bool:
    """The calendar has no further session up to the end of the backtest."""
    return context.clock.is_last_session


@effect(Effect.ENDS_SESSION)
def mark_the_session_inactive(context: SessionContext) -> None:
    """Mark the session inactive: no step is taken any more."""
    context.data.end()


def tell_workers_the_session_ended(context: SessionContext) -> None:
    """Tell every worker that the session has ended; it is not to forget anything."""
    context.workers.on_session_end()


def write_session_export(context: SessionContext) -> None:
    """Write the session's record, whole or not at all."""
    context.write_session()


@effect(Effect.COMMITS_SESSION)
def commit_to_the_journal(context: SessionContext) -> None:
    """Commit the session to the journal: from here on a crash can't undo it."""
    context.commit_session()


DEACTIVATE = State(
    "Deactivate",
    entry=[
        mark_the_session_inactive,
        tell_workers_the_session_ended,
        refuse_late_requests,
        write_session_export,
    ],
    exit=[commit_to_the_journal],
    summary="Ends the session and records it. Clears nothing.",
)
