"""Done: the run has ended, by itself or because it was asked to.

On entry workers may be up. At the end none is, every request is answered, the records are
written, and the last session's data is there to be looked at.
"""

from __future__ import annotations

from fsm_session.machine import State
from fsm_session.states.common import CLEAN_UP

DONE = State(
    "Done",
    entry=CLEAN_UP,
    final=True,
    summary="Ends the run: the workers come down, the data stays.",
)
