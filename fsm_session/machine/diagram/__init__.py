"""Pictures of a lifecycle that can't be wrong: drawn from the declaration that is run."""

from fsm_session.machine.diagram.dot import to_dot
from fsm_session.machine.diagram.files import differences, render, texts, write
from fsm_session.machine.diagram.mermaid import to_mermaid
from fsm_session.machine.diagram.model import Diagram, Edge, Function, Kind, Node, Options
from fsm_session.machine.diagram.reading import diagram_of
from fsm_session.machine.diagram.rst import to_rst, to_words
from fsm_session.machine.diagram.svg import to_svg

__all__ = [
    "Diagram",
    "Edge",
    "Function",
    "Kind",
    "Node",
    "Options",
    "diagram_of",
    "differences",
    "render",
    "texts",
    "to_dot",
    "to_mermaid",
    "to_rst",
    "to_svg",
    "to_words",
    "write",
]
