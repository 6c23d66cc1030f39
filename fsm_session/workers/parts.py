"""The part of a session's context that the library's own workers use."""

from __future__ import annotations

from typing import Protocol

from fsm_session.machine import Inbox
from fsm_session.run_log import RunLog
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData
from fsm_session.session.player import Player
from fsm_session.session.queues import SessionQueues


class SessionParts(Protocol):
    """What ``setup(context)`` is given; the context has more."""

    clock: TimeManager
    inbox: Inbox
    log: RunLog
    data: SessionData
    queues: SessionQueues
    player: Player
