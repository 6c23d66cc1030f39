"""Failed: the run has ended with an error.

On entry anything may be up or half-done. At the end the same holds as in Done, and the first
error is on record with its place, followed by those of the clean-up.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.errors import RequirementsError
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect
from fsm_session.states.common import CLEAN_UP


@effect(Effect.RAISES_UNMET)
def list_unmet_requirements(context: SessionContext) -> None:
    """Say every requirement that validation found unmet, not just the first."""
    if unmet := context.requirements.unmet:
        raise RequirementsError(unmet)


FAILED = State(
    "Failed",
    entry=[list_unmet_requirements, *CLEAN_UP],
    final=True,
    summary="Ends the run with its errors: the workers come down, the data stays.",
)
