"""Draws the picture: our DOT through the Graphviz that pygraphviz brings along.

The bytes of an SVG depend on fonts and on Graphviz' version, so it can't be compared with one
drawn elsewhere. It carries the SHA-256 of its DOT instead, and that is what can be checked.
A style sheet of its own has the colours for dark pages: DOT knows only one set.
"""

from __future__ import annotations

import hashlib
import re

from fsm_session.errors import DiagramError
from fsm_session.machine.diagram.colours import style


def to_svg(dot: str) -> str:
    """Draw a DOT text as SVG; the same text gives the same bytes on the same machine.

    Graphviz isn't thread-safe: draw from one thread at a time. Raises DiagramError where the
    extra ``diagrams`` isn't installed, or where Graphviz can't draw the text.
    """
    try:
        from pygraphviz import AGraph
    except ImportError as error:
        raise DiagramError(
            "drawing an SVG needs pygraphviz: pip install 'fsm-session[diagrams]'"
            f" (Mermaid, DOT and the page need nothing more): {error}"
        ) from error
    try:
        drawn = AGraph(string=dot).draw(format="svg", prog="dot").decode("utf-8")
    except (ValueError, OSError, RuntimeWarning) as error:
        raise DiagramError(f"Graphviz can't draw the diagram: {error}") from error
    before, ground, after = drawn[drawn.index("<svg") :].partition("<g ")
    return f"{_header(dot)}\n{before}{style()}{ground}{after}"


def is_drawn_from(svg: str, dot: str) -> bool:
    """Tell whether an SVG says that it was drawn from this DOT, and has our colours."""
    found = re.search(r"<!-- drawn from DOT with SHA-256 ([0-9a-f]{64}) -->", svg)
    return found is not None and found[1] == _digest(dot) and style() in svg


def _header(dot: str) -> str:
    """Take the place of Graphviz' own, which names its version and an external DTD."""
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n'
        f"<!-- drawn from DOT with SHA-256 {_digest(dot)} -->"
    )


def _digest(dot: str) -> str:
    return hashlib.sha256(dot.encode()).hexdigest()
