"""Writes a lifecycle as a page of reStructuredText: the picture, two tables, every function.

The page is plain docutils, so that GitHub shows it and Sphinx can include it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from fsm_session.machine.diagram.model import Diagram, Edge, Function, Node
from fsm_session.machine.diagram.rst_text import block, code, item, lines, link, table, title

NOTICE = ".. Generated from the code, not to be edited."
HOW_TO_READ = (
    "Guards are violet. Where several ways lead out of a state they are tried in the order of\n"
    "their numbers, and the first whose guard holds is taken. The thick arrows are the way of a\n"
    "run in which nothing special happens, blue where it leads back to an earlier state. Double\n"
    "borders end the run; a final state that many ways lead to is drawn more than once."
)
KINDS = {"entry": "On entry", "do": "While it lasts", "exit": "On exit"}


def to_rst(diagram: Diagram, stem: str) -> str:
    """Write the page of a diagram whose picture is ``<stem>.svg``, ending in a newline."""
    image = f".. image:: {stem}.svg\n   :alt: {diagram.description}\n   :align: center"
    blocks = (NOTICE, title(diagram.name, "="), image, to_words(diagram, stem))
    return "\n\n".join(blocks)


def to_words(diagram: Diagram, stem: str) -> str:
    """Write all of the page but title and picture; ``stem`` begins each label of it."""
    sections = (part for node in diagram.nodes for part in _section(diagram, node, stem))
    header = ("State", "Hooks, as they run")
    blocks = (
        HOW_TO_READ,
        title("States", "-"),
        table(header, (_state(node, stem) for node in diagram.nodes)),
        title("Moves", "-"),
        table(("From", "Tried", "If", "To"), _moves(diagram, stem)),
        title("State by state", "-"),
        *sections,
    )
    return "\n\n".join(blocks) + "\n"


def _state(node: Node, stem: str) -> tuple[str, ...]:
    hooks = lines(
        line
        for kind, those in groupby(node.hooks, key=itemgetter(0))
        for line in (f"*{kind}*", *(f"  {code(hook.name)}" for _, hook in those))
    )
    summary = f"\n\n{block(node.summary)}" if node.summary else ""
    return f"{_to(node, stem)}{summary}", hooks


def _moves(diagram: Diagram, stem: str) -> Iterator[tuple[str, ...]]:
    """Give the rows state by state, as they are tried, then the ways that stand in no row."""
    for node in diagram.nodes:
        for edge in diagram.ways_out(node):
            guard = _guard(edge)
            yield _to(node, stem), str(edge.order), guard, _to(edge.target, stem)
    if diagram.failure is not None:
        yield "any other state", "", "something raises", _to(diagram.failure, stem)


def _guard(edge: Edge) -> str:
    if edge.guard is None:
        return "*otherwise*" if edge.ways > 1 else "*always*"
    return " or ".join(code(guard.name) for guard in edge.guards)


def _to(node: Node, stem: str) -> str:
    return link(node.name, _target(node, stem))


def _target(node: Node, stem: str) -> str:
    return f"{stem}-{node.id}".lower()


def _section(diagram: Diagram, node: Node, stem: str) -> Iterator[str]:
    yield f".. _{_target(node, stem)}:"
    yield title(node.name, "~")
    if node.summary:
        yield block(node.summary)
    yield from _role(node)
    if node.module:
        yield f"Declared in {code(node.module)}."
    for kind, heading in KINDS.items():
        if hooks := [hook for mark, hook in node.hooks if mark == kind]:
            yield f"**{heading}**"
            yield "\n".join(map(_described, hooks))
    if ways := diagram.ways_out(node):
        yield "**Ways out**" + (", tried in this order" if len(ways) > 1 else "")
        yield "\n".join(item(_way(edge, stem), *map(_described, edge.guards)) for edge in ways)


def _role(node: Node) -> Iterator[str]:
    if node.initial:
        yield "A run begins here."
    if node.failure:
        yield "An error in any other state leads here, and ends the run."
    elif node.final:
        yield "A run ends here."


def _way(edge: Edge, stem: str) -> str:
    condition = _guard(edge) if edge.guard is None else f"if {_guard(edge)}"
    return f"to {_to(edge.target, stem)}: {condition}"


def _described(function: Function) -> str:
    where = f", {code(function.where)}" if function.where else ""
    name = code(function.name)
    return item(
        (name if name.startswith("``") else block(function.name)) + where,
        block(function.summary) if function.summary else "",
    )
