"""The phases of a trading day, one a file, and the lifecycle that they make together."""

from __future__ import annotations

from fsm_session.machine import Lifecycle
from fsm_session.states.active import ACTIVE
from fsm_session.states.deactivate import DEACTIVATE
from fsm_session.states.done import DONE
from fsm_session.states.failed import FAILED
from fsm_session.states.init_threads import INIT_THREADS
from fsm_session.states.load import LOAD
from fsm_session.states.paused import PAUSED
from fsm_session.states.pre_scan import PRE_SCAN
from fsm_session.states.streaming import STREAMING
from fsm_session.states.table import TRANSITIONS
from fsm_session.states.teardown import TEARDOWN
from fsm_session.states.validate import VALIDATE

__all__ = ["STATES", "TRADING_DAY"]

#: in the order of a day
STATES = (
    VALIDATE,
    TEARDOWN,
    LOAD,
    INIT_THREADS,
    PRE_SCAN,
    ACTIVE,
    STREAMING,
    PAUSED,
    DEACTIVATE,
    DONE,
    FAILED,
)

TRADING_DAY = Lifecycle("TradingDay", STATES, TRANSITIONS, initial="Validate", failure="Failed")
