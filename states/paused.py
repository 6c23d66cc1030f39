"""Paused: the clock stands still while symbols come and go.

On entry every worker has taken the last step. What waits at this moment is dealt with, what
comes later waits for a step, so that requests can't hold up the stream, and scans, which have
times of their own, don't change when they are carried out. On leaving a symbol that was added
has all that a configured one has, and every request that was dealt with is answered.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect


def run_due_scans(context: SessionContext) -> None:
    """Run the scans that are due at this instant."""
    if not context.player.note_pause():
        context.requests.hold_back()
    context.scanner_manager.run_due_scans()


@effect(Effect.TAKES_REQUESTS)
def add_and_remove_symbols(context: SessionContext) -> None:
    """Add and remove the symbols that were asked for, with all that hangs under them."""
    context.requests.carry_out()


@effect(Effect.ANSWERS_TAKEN)
def answer_what_was_asked(context: SessionContext) -> None:
    """Answer each request that was dealt with."""
    context.requests.answer()


PAUSED = State(
    "Paused",
    entry=[run_due_scans, add_and_remove_symbols],
    exit=[answer_what_was_asked],
    summary="Runs due scans, adds and removes symbols; the clock stands still.",
)
