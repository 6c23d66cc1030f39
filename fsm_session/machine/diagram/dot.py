"""Writes a diagram as DOT: the text that the picture is drawn from, and is checked against.

One statement a line, in the order of the declaration, so that a difference can be read. Names
stand only in HTML-like labels, where everything can be quoted; identifiers are our own.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise

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

FONT = "Helvetica,Arial,sans-serif"

#: where a run begins, and what stands for an error anywhere
START, ERRORS = "start", "errors"

#: an opaque ground, since nobody knows what the picture will lie on; whatever the fonts of the
#: machine that draws, no wider (in inches) than a page is
DEFAULTS = (
    f'graph [rankdir="TB", bgcolor="{GROUND}", pad="0.1", nodesep="0.15", ranksep="0.4",'
    f' size="10,400", fontname="{FONT}"]',
    f'node [shape="box", style="rounded,filled", fillcolor="{FILL}", color="{LINE}",'
    f' margin="0.08,0.05", fontname="{FONT}", fontsize="11", fontcolor="{INK}"]',
    f'edge [color="{LINE}", arrowsize="0.7", fontname="{FONT}", fontsize="10", fontcolor="{LINE}"]',
)
LOOKS = {
    Kind.MAIN: f'color="{INK}", penwidth="1.8", weight="20"',
    Kind.LOOP: f'color="{BLUE}", penwidth="1.8", weight="0"',
    Kind.GUARDED: f'color="{LINE}"',
    Kind.PLAIN: f'color="{LINE}", weight="2"',
    Kind.ERROR: f'color="{PALE_RED}", style="dashed"',
}


def to_dot(diagram: Diagram) -> str:
    """Write a diagram as DOT, ending in a newline; the same diagram gives the same text."""
    column = set(diagram.column)
    lines = [*DEFAULTS, "", *_start(diagram)]
    lines += [line for node in diagram.nodes for line in _state(node, node in column)]
    lines += ["", *map(_way, diagram.edges)]
    lines += [_stand_in(own_id, node) for own_id, node in diagram.stand_ins.items()]
    lines += _errors(diagram)
    lines += [_below(*pair) for pair in pairwise(diagram.aside)]
    body = "\n".join(f"  {line}".rstrip() for line in lines)
    return f'// {diagram.name}\ndigraph "{diagram.id}" {{\n{body}\n}}\n'


def quoted(text: str) -> str:
    r"""Quote a text for an HTML-like label.

    Graphviz looks for its own escapes (``\N`` is the node's name) after it has read entities,
    so a backslash is doubled besides.
    """
    return escape(text).replace("\\", "&#92;&#92;")


def _start(diagram: Diagram) -> Iterator[str]:
    yield f'"{START}" [shape="point", width="0.12", fillcolor="{INK}", color="{INK}"]'
    yield f'"{START}" -> "{diagram.initial.id}" [{LOOKS[Kind.MAIN]}]'


def _state(node: Node, in_column: bool) -> Iterator[str]:
    group = ', group="main"' if in_column else ""
    yield f'"{node.id}" [id="state_{node.id}"{group}{_border(node)}, label=<'
    yield '  <TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
    yield f'  <TR><TD COLSPAN="2"><FONT POINT-SIZE="13"><B>{quoted(node.name)}</B></FONT></TD></TR>'
    above = ""
    for mark, hook in node.hooks:
        # Graphviz refuses an empty FONT, so what bears no mark is a cell with nothing in it
        cell = _mark(mark) if mark != above else "<TD></TD>"
        yield f'  <TR>{cell}<TD ALIGN="LEFT">{quoted(hook.name)}</TD></TR>'
        above = mark
    yield "  </TABLE>>]"


def _mark(mark: str) -> str:
    return f'<TD ALIGN="RIGHT"><FONT COLOR="{LINE}" POINT-SIZE="9">{mark}&#160;</FONT></TD>'


def _border(node: Node) -> str:
    colour = RED if node.failure else AMBER if node.highlighted else ""
    border = f', color="{colour}"' if colour else ""
    border += f', fillcolor="{PALE_AMBER}", penwidth="2"' if node.highlighted else ""
    return f'{border}, peripheries="2"' if node.final else border


def _way(edge: Edge) -> str:
    """Write a row; one that leads back is written from its end, so that the day runs down."""
    ends = f'"{edge.source.id}" -> "{edge.end}"'
    looks = LOOKS[edge.kind]
    if edge.back and not edge.apart:
        ends = f'"{edge.end}" -> "{edge.source.id}"'
        looks += ', dir="back"'
    if edge.highlighted:  # of an attribute given twice Graphviz takes the last
        looks += f', color="{AMBER}", penwidth="3"'
    label = _label(edge)
    shown = f", label=<&#160;{label}&#160;>" if label else ""
    return f'{ends} [id="row_{edge.number}", {looks}{shown}]'


def _label(edge: Edge) -> str:
    order = f"{edge.order} " if edge.ways > 1 else ""
    if edge.guard is None:
        return f"{order}<I>otherwise</I>" if order else ""
    lines = " or<BR/>".join(quoted(guard.name) for guard in edge.guards)
    return f'{order}<FONT COLOR="{VIOLET}">{lines}</FONT>'


def _stand_in(own_id: str, node: Node) -> str:
    return (
        f'"{own_id}" [fontsize="10", margin="0.05,0.02", width="0.3", height="0.2"{_border(node)},'
        f" label=<{quoted(node.name)}>]"
    )


def _errors(diagram: Diagram) -> Iterator[str]:
    """Write the one arrow that stands for all errors; an unseen one puts it near the foot."""
    if diagram.failure is None:
        return
    yield (
        f'"{ERRORS}" [shape="plaintext", style="solid", margin="0.04", height="0.2",'
        f' fontsize="10", fontcolor="{RED}", label="an error in any state"]'
    )
    yield f'"{ERRORS}" -> "{diagram.failure.id}" [{LOOKS[Kind.ERROR]}]'
    yield f'"{diagram.last.id}" -> "{diagram.failure.id}" [style="invis"]'


def _below(upper: Node, lower: Node) -> str:
    """Put what the main way doesn't pass in a column of its own, beside it."""
    return f'"{upper.id}" -> "{lower.id}" [style="invis"]'
