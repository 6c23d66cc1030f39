"""InitThreads: set the workers up.

On entry the data is loaded and every worker is down. On leaving every worker is up and ready;
if one could not be set up, those already up are down again and the run fails.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect


def pre_session_scans_configured(context: SessionContext) -> bool:
    """A scanner wants to look at the market before the session begins."""
    return context.scanner_manager.has_pre_session_scans


@effect(Effect.SETS_UP_WORKERS)
def set_up_workers(context: SessionContext) -> None:
    """Set every worker up, in order; undo those that are up if one fails."""
    context.workers.setup(context)


def see_that_every_worker_is_ready(context: SessionContext) -> None:
    """Make sure that every worker has said it is ready, within the deadline."""
    context.workers.check_ready()


INIT_THREADS = State(
    "InitThreads",
    entry=[set_up_workers],
    exit=[see_that_every_worker_is_ready],
    summary="Sets up the workers, inline or each in its thread.",
)
