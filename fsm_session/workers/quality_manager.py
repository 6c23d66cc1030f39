"""QualityManager: says how much of the day's data was there."""

from __future__ import annotations

from fsm_session.workers.parts import SessionParts
from fsm_session.workers.worker import BaseWorker


class QualityManager(BaseWorker):
    """Scores the day at its end, and at whatever moment it is asked to."""

    name = "QualityManager"

    def __init__(self) -> None:
        self._context: SessionParts | None = None

    def setup(self, context: SessionParts) -> None:
        """Remember which session to score."""
        self._context = context

    def on_session_end(self) -> None:
        """Score every symbol's day against the calendar, up to the clock."""
        if self._context is not None:
            self._context.registrar.score_day(self._context.data)

    def teardown(self) -> None:
        """Forget the session."""
        self._context = None
