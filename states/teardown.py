"""Teardown: forget yesterday. The only phase that forgets.

On entry the ended session lies there whole. On leaving there is an empty SessionData, no queue,
no worker, no request, and the clock stands at the next session's start. What went on before
survives in the clock, the configuration and the result of validation, and nowhere else.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect
from fsm_session.states.common import refuse_late_requests, tear_down_workers


@effect(Effect.FORGETS)
def clear_session_data(context: SessionContext) -> None:
    """Start from empty data; the run keeps the old until the next session is loaded."""
    context.forget()


def clear_queues(context: SessionContext) -> None:
    """Empty the queues of bars, quotes and ticks."""
    context.queues.clear()


def advance_the_clock(context: SessionContext) -> None:
    """Move the clock to the start of the next session of the calendar."""
    context.clock.enter_next_session()


TEARDOWN = State(
    "Teardown",
    entry=[
        clear_session_data,
        clear_queues,
        tear_down_workers,
        # what a worker asks for on its way down is not for the next session
        refuse_late_requests,
        advance_the_clock,
    ],
    summary="Forgets the last session and moves the clock to the next one.",
)
