"""Visits every configuration that a lifecycle can come to, with its workers and requests.

A test that samples runs finds what it happens to sample. Here every outcome of every hook and
guard is followed, in every order, with a stop and a request at any moment, and what has to hold
is checked in each configuration there is. What hooks do is read off the marks that
:mod:`fsm_session.machine.effects` puts on them; what nothing is said of is free.
"""

from fsm_session.machine.explore.configuration import Configuration
from fsm_session.machine.explore.graph import Graph, visit
from fsm_session.machine.explore.promela import to_promela
from fsm_session.machine.explore.search import Exploration, Violation, explore, verify
from fsm_session.machine.explore.steps import Subject
from fsm_session.machine.explore.told import lines_of

__all__ = [
    "Configuration",
    "Exploration",
    "Graph",
    "Subject",
    "Violation",
    "explore",
    "lines_of",
    "to_promela",
    "verify",
    "visit",
]
