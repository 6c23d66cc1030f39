"""Active: the session begins.

On entry everything is loaded and every worker is up. On leaving the session is marked active
and every worker that wants to know has been told.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect


@effect(Effect.BEGINS_SESSION)
def mark_the_session_active(context: SessionContext) -> None:
    """Mark the session active: from here on steps are taken."""
    context.data.begin()


def tell_workers_the_session_began(context: SessionContext) -> None:
    """Tell each worker that wants to know that the session has begun."""
    context.workers.tell("on_session_start")


ACTIVE = State(
    "Active",
    entry=[mark_the_session_active, tell_workers_the_session_began],
    summary="Marks the session active and tells the workers.",
)
