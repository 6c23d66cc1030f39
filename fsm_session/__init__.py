"""Trading sessions as an explicit finite-state machine.

The way in: :class:`SessionConfig` says what is wished for, :class:`SessionCoordinator` runs it.

Rooms: ``machine`` (the framework, knows no trading), ``market`` (facts: calendar, intervals,
bars, indicators, quality), ``config``, ``session`` (the state of one session), ``sources`` (where
bars come from), ``workers`` (what is set up and torn down), ``scanners`` (ready-made ones),
``states`` (the phases, one a file), ``coordinator`` (the front door), ``export`` (what a run
leaves behind), ``report`` (that for a person), ``run_log`` (what it says meanwhile),
``terminal`` and ``cli``.

A name is imported when it is first asked for, with what it needs and no more.
"""

import logging
from typing import TYPE_CHECKING

from fsm_session.late import late
from fsm_session.version import __version__

if TYPE_CHECKING:
    from fsm_session.config import SessionConfig
    from fsm_session.coordinator import Run, SessionCoordinator
    from fsm_session.errors import FsmSessionError, RunFailedError
    from fsm_session.machine import Lifecycle, State, Transition
    from fsm_session.session.bar import Bar
    from fsm_session.session.signals import Found, Signal
    from fsm_session.session.view import View
    from fsm_session.sources import CsvSource, FramesSource, ParquetSource, SimulatedSource
    from fsm_session.states import STATES, TRADING_DAY
    from fsm_session.workers import BaseWorker, Worker
else:  # with this in sight a type checker would take any name for one of ours
    __getattr__ = late(
        __name__,
        {
            "config": ("SessionConfig",),
            "coordinator": ("Run", "SessionCoordinator"),
            "errors": ("FsmSessionError", "RunFailedError"),
            "machine": ("Lifecycle", "State", "Transition"),
            "session.bar": ("Bar",),
            "session.signals": ("Found", "Signal"),
            "session.view": ("View",),
            "sources": ("CsvSource", "FramesSource", "ParquetSource", "SimulatedSource"),
            "states": ("STATES", "TRADING_DAY"),
            "workers": ("BaseWorker", "Worker"),
        },
    )

logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "STATES",
    "TRADING_DAY",
    "Bar",
    "BaseWorker",
    "CsvSource",
    "Found",
    "FramesSource",
    "FsmSessionError",
    "Lifecycle",
    "ParquetSource",
    "Run",
    "RunFailedError",
    "SessionConfig",
    "SessionCoordinator",
    "Signal",
    "SimulatedSource",
    "State",
    "Transition",
    "View",
    "Worker",
    "__version__",
]


def __dir__() -> list[str]:
    """Name the public names, whether they have been asked for or not."""
    return __all__
