"""Every move of a trading day, in one table.

The rows of a state are tried in this order; the first whose guard holds is taken. What raises
in any state leads to Failed, which is not a row: it is the lifecycle's ``failure`` state.
"""

from __future__ import annotations

from fsm_session.machine import Transition as Row
from fsm_session.machine import any_of
from fsm_session.states.common import stop_requested
from fsm_session.states.deactivate import last_session
from fsm_session.states.init_threads import pre_session_scans_configured
from fsm_session.states.streaming import pause_due
from fsm_session.states.validate import requirements_met

TRANSITIONS = (
    Row("Validate", "Done", stop_requested),
    Row("Validate", "Load", requirements_met),
    Row("Validate", "Failed"),
    Row("Load", "Done", stop_requested),
    Row("Load", "InitThreads"),
    Row("InitThreads", "Done", stop_requested),
    Row("InitThreads", "PreScan", pre_session_scans_configured),
    Row("InitThreads", "Active"),
    Row("PreScan", "Done", stop_requested),
    Row("PreScan", "Active"),
    Row("Active", "Streaming"),
    Row("Streaming", "Paused", pause_due),
    Row("Streaming", "Deactivate"),
    Row("Paused", "Streaming"),
    Row("Deactivate", "Done", any_of(stop_requested, last_session)),
    Row("Deactivate", "Teardown"),
    Row("Teardown", "Done", stop_requested),
    Row("Teardown", "Load"),
)
