"""Streaming: the session runs, one step an instant.

On entry the session is active and every worker up. A step moves the clock, which reveals what
has happened by then, and calls the workers in the order of their set-up. On leaving every
worker has taken the last step; at the close nothing is left unfinished.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect, never_once_stop_requested


@never_once_stop_requested
def pause_due(context: SessionContext) -> bool:
    """A scan is due or a symbol waits to come or go, and the session goes on after it."""
    return context.player.pause_due


@effect(Effect.TAKES_STEPS, Effect.HEEDS_STOP)
def stream_the_tape(context: SessionContext) -> None:
    """Take one step of the tape per instant, until something is due or the tape is out."""
    context.player.play(context.workers.on_step, context.scanner_manager.next_scan_ns)


def wait_for_every_worker(context: SessionContext) -> None:
    """Wait until every worker has taken the last step."""
    context.workers.settle()


@effect(Effect.TAKES_STEPS, Effect.HEEDS_STOP)
def finish_what_is_unfinished(context: SessionContext) -> None:
    """At the close, finish the bars that end there: a half-day's last hour is a short bar."""
    context.player.finish(context.workers.on_step)


STREAMING = State(
    "Streaming",
    activity=stream_the_tape,
    exit=[wait_for_every_worker, finish_what_is_unfinished],
    summary="Takes one step per instant: clock, data, workers.",
)
