"""The command line: ``fsm-session`` and ``python -m fsm_session``.

A thin front on :class:`~fsm_session.coordinator.SessionCoordinator`. What it adds is what a
library must not do: it takes the signals, prints, and turns errors into exit statuses.
"""

from fsm_session.cli import beginnings, lifecycles, reports, runs
from fsm_session.cli.group import main

__all__ = ["beginnings", "lifecycles", "main", "reports", "runs"]
