"""Validate: is there all that this run will need?

On entry nothing is known and nothing is up. On leaving it is known, once and for all sessions,
what to load, derive and compute for every symbol, or what is missing; nothing is registered.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect, holds_when_requirements_met


@holds_when_requirements_met
def requirements_met(context: SessionContext) -> bool:
    """The source holds what the configuration asks for; the first session can be loaded."""
    return not context.requirements.unmet


@effect(Effect.VALIDATES)
def validate_requirements(context: SessionContext) -> None:
    """Check configuration, data of every symbol and session, intervals and indicators, once."""
    context.validate()


VALIDATE = State(
    "Validate",
    entry=[validate_requirements],
    summary="Checks once, before anything is registered, that all sessions have what they need.",
)
