"""PreScan: let the scanners look at the market before it opens.

On entry the workers are up and the clock stands at the session's start, so that a scanner sees
history only. On leaving the symbols it promoted stand there like configured ones.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State


def run_pre_session_scans(context: SessionContext) -> None:
    """Run the pre-session scanners and register the symbols they promote."""
    context.scanner_manager.run_pre_session_scans()


PRE_SCAN = State(
    "PreScan",
    entry=[run_pre_session_scans],
    summary="Runs the pre-session scanners; what they promote is registered like the rest.",
)
