"""DataProcessor: lays the day out as steps.

In a backtest the columns are there already; what is left is to merge the queues into a tape and
to keep the tables that say what may be seen at which step. It is set up first, so that the
workers behind it find the market in place.
"""

from __future__ import annotations

from fsm_session.session.player import Player
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.worker import BaseWorker


class DataProcessor(BaseWorker):
    """Keeps the player's tape in step with the queues."""

    name = "DataProcessor"

    def __init__(self, player: Player) -> None:
        self._player = player

    def setup(self, context: SessionParts) -> None:
        """Lay the tape of the session."""
        self._player.lay(context.data, context.queues)

    def teardown(self) -> None:
        """Clear the tape; views of it show nothing from now on."""
        self._player.clear()
