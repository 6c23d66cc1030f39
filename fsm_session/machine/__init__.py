"""A lifecycle declared, checked, run, journaled and drawn. Nothing here knows of trading."""

from fsm_session.machine.driver import Driver
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.records import Failure, Move, Observer
from fsm_session.machine.requests import Inbox, Receipt, Request
from fsm_session.machine.state import AnyOf, Guard, Hook, State, Transition, any_of

__all__ = [
    "AnyOf",
    "Driver",
    "Failure",
    "Guard",
    "Hook",
    "Inbox",
    "Lifecycle",
    "Move",
    "Observer",
    "Receipt",
    "Request",
    "State",
    "Transition",
    "any_of",
]
