"""Writes a diagram as a Mermaid flowchart, for people's own Markdown.

Mermaid has no quoting: whatever it could take for a keyword, a directive, HTML or Markdown is
written as an entity (``#60;``), so that a name stays a name. Identifiers are our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fsm_session.machine.diagram.colours import (
    AMBER,
    BLUE,
    FILL,
    GROUND,
    INK,
    LINE,
    PALE_AMBER,
    PALE_RED,
    RED,
    VIOLET,
)
from fsm_session.machine.diagram.model import Diagram, Edge, Kind, Node

START, ERRORS = "start", "errors"

#: all but letters, digits, spaces between them, and an underscore within a word
UNSAFE = r"[^\w ]|(?<![^\W_])_|_(?![^\W_])|(?<![^ ]) | (?![^ ])"

#: Mermaid breaks a line of more than 200 pixels, and would part a hook from its mark
SETTINGS = '%%{init: {"flowchart": {"wrappingWidth": 600}}}%%'

CLASSES = (
    f"classDef default fill:{FILL},stroke:{LINE},color:{INK}",
    "classDef final stroke-width:3px",
    f"classDef failure stroke:{RED},stroke-width:3px",
    f"classDef begin fill:{INK},stroke:{INK}",
    f"classDef highlight fill:{PALE_AMBER},stroke:{AMBER},stroke-width:3px",
    f"classDef hint fill:{GROUND},stroke:{GROUND},color:{RED}",
)
ARROWS = {
    Kind.MAIN: "==>",
    Kind.LOOP: "==>",
    Kind.GUARDED: "-->",
    Kind.PLAIN: "-->",
    Kind.ERROR: "-.->",
}


def to_mermaid(diagram: Diagram) -> str:
    """Write a diagram as Mermaid, ending in a newline; the same diagram gives the same text."""
    lines = [SETTINGS, f"%% {quoted(diagram.name)}", "flowchart TD"]
    lines += [f"  {line}" for part in (_states, _ways, _looks) for line in part(diagram)]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """Write all but letters, digits, single spaces and the ``_`` within a word as entities.

    ``snake_case`` stays readable; elsewhere Markdown would take an underscore for emphasis.
    """
    return re.sub(UNSAFE, lambda found: f"#{ord(found[0])};", text)


def _states(diagram: Diagram) -> Iterator[str]:
    yield f'{START}((" "))'
    for node in diagram.nodes:
        yield _box(node, node.id, "<br/>".join([f"<b>{quoted(node.name)}</b>", *_hooks(node)]))
    for own_id, node in diagram.stand_ins.items():
        yield _box(node, own_id, quoted(node.name))
    if diagram.failure is not None:
        yield f'{ERRORS}["an error in any state"]'


def _box(node: Node, own_id: str, text: str) -> str:
    return f'{own_id}[["{text}"]]' if node.final else f'{own_id}("{text}")'


def _hooks(node: Node) -> Iterator[str]:
    return (f"<i>{mark}</i> {quoted(hook.name)}" for mark, hook in node.hooks)


def _ways(diagram: Diagram) -> Iterator[str]:
    yield f"{START} ==> {diagram.initial.id}"
    for edge in diagram.edges:
        yield f"{edge.source.id} {ARROWS[edge.kind]}{_label(edge)} {edge.end}"
    if diagram.failure is not None:
        yield f"{ERRORS} -.-> {diagram.failure.id}"


def _label(edge: Edge) -> str:
    order = f"<b>{edge.order}</b> " if edge.ways > 1 else ""
    if edge.guard is None:
        return f'|"{order}<i>otherwise</i>"|' if order else ""
    return f'|"{order}{" or<br/>".join(quoted(guard.name) for guard in edge.guards)}"|'


def _looks(diagram: Diagram) -> Iterator[str]:
    """Write the colours; Mermaid counts the arrows, and the first is the one from the start."""
    yield from CLASSES
    yield f"class {START} begin"
    for name, found in _classes(diagram).items():
        if found:
            yield f"class {','.join(found)} {name}"
    yield from _links(diagram)


def _links(diagram: Diagram) -> Iterator[str]:
    """Write one style for each arrow that has any: of two Mermaid keeps the last only."""
    found = {edge.number: _style(edge) for edge in diagram.edges}
    if diagram.failure is not None:
        found[len(diagram.edges) + 1] = f"stroke:{PALE_RED}"
    for style in dict.fromkeys(filter(None, found.values())):
        numbers = ",".join(str(number) for number, its in found.items() if its == style)
        yield f"linkStyle {numbers} {style}"


def _style(edge: Edge) -> str:
    strokes = {Kind.LOOP: f"stroke:{BLUE}", Kind.ERROR: f"stroke:{PALE_RED}"}
    stroke = f"stroke:{AMBER},stroke-width:4px" if edge.highlighted else strokes.get(edge.kind)
    return ",".join(filter(None, [f"color:{VIOLET}" if edge.guard else "", stroke]))


def _classes(diagram: Diagram) -> dict[str, list[str]]:
    drawn = {**{node.id: node for node in diagram.nodes}, **diagram.stand_ins}
    return {
        "final": [own_id for own_id, node in drawn.items() if node.final and not node.failure],
        "failure": [own_id for own_id, node in drawn.items() if node.failure],
        "highlight": [own_id for own_id, node in drawn.items() if node.highlighted],
        "hint": [ERRORS] if diagram.failure is not None else [],
    }
