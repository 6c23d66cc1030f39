"""Reads a lifecycle into the model that is drawn: names, docstrings, the main way, the loop.

Names come from users: what isn't printable is written as its escape here, once, and every
face quotes the rest in its own way. Nothing of the user's is called.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from attrs import evolve

from fsm_session.errors import DiagramError
from fsm_session.machine.diagram.model import Diagram, Edge, Function, Kind, Node, Options
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import AnyOf, name_of, summary_of
from fsm_session.machine.texts import printable

#: what a function is called that has no name
UNNAMED = "(unnamed)"

#: as many states may lead to a final one by arrows of their own; more would hide the main way
FEW = 2

EVERYTHING = Options()


def diagram_of(lifecycle: Lifecycle, options: Options = EVERYTHING) -> Diagram:
    """Read a lifecycle into the model: a pure function of what is declared.

    Raises DiagramError with every state and way that is to be highlighted and isn't there.
    """
    _check(lifecycle, options.highlight)
    nodes = {node.name: node for node in _nodes(lifecycle, options)}
    edges = tuple(_edges(lifecycle, nodes))
    way = _main_way(edges, nodes[lifecycle.initial])
    name = printable(lifecycle.name).strip() or UNNAMED
    return Diagram(
        name,
        identifiers([name])[name],
        tuple(nodes.values()),
        tuple(
            evolve(
                each,
                kind=_kind(each, way),
                apart=_apart(each, edges),
                highlighted=way_of(each.source.name, each.target.name) in options.highlight,
            )
            for each in edges
        ),
    )


def way_of(source: str, target: str) -> str:
    """Name the rows from one state to another, as options do."""
    return f"{source} -> {target}"


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """Give each name an identifier of ASCII letters, digits and ``_``, never two in a row.

    It begins with a capital or with ``s_``, so that it is a keyword in none of our languages,
    and no two are the same even where case is ignored (reStructuredText ignores it).
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        plain = re.sub("[^A-Za-z0-9]+", "_", name).strip("_")
        first = plain if plain[:1].isupper() else f"s_{plain}".rstrip("_")
        count, chosen = 1, first
        while chosen.lower() in taken:
            count += 1
            chosen = f"{first}_{count}"
        taken.add(chosen.lower())
        found[name] = chosen
    return found


def _check(lifecycle: Lifecycle, wanted: Iterable[str]) -> None:
    known = {state.name for state in lifecycle.states}
    known |= {way_of(row.source, row.target) for row in lifecycle.transitions}
    if unknown := [each for each in wanted if each not in known]:
        raise DiagramError(
            "\n".join(f"{lifecycle.name!r} has no state or way {each!r}" for each in unknown)
        )


def _nodes(lifecycle: Lifecycle, options: Options) -> Iterator[Node]:
    ids = identifiers(state.name for state in lifecycle.states)
    for place, state in enumerate(lifecycle.states):
        shown = state if options.hooks else evolve(state, entry=(), activity=None, exit=())
        yield Node(
            place,
            ids[state.name],
            state.name,
            summary=printable(" ".join(state.summary.split())),
            entry=tuple(map(_function, shown.entry)),
            activity=None if shown.activity is None else _function(shown.activity),
            exit=tuple(map(_function, shown.exit)),
            initial=state.name == lifecycle.initial,
            final=state.final,
            failure=state.name == lifecycle.failure,
            highlighted=state.name in options.highlight,
            module=printable(state.module).strip(),
        )


def _edges(lifecycle: Lifecycle, nodes: Mapping[str, Node]) -> Iterator[Edge]:
    sources = [row.source for row in lifecycle.transitions]
    for number, row in enumerate(lifecycle.transitions, start=1):
        yield Edge(
            number,
            order=sources[:number].count(row.source),
            ways=sources.count(row.source),
            source=nodes[row.source],
            target=nodes[row.target],
            guard=None if row.guard is None else _function(row.guard),
            kind=Kind.PLAIN if row.guard is None else Kind.GUARDED,
        )


def _main_way(edges: tuple[Edge, ...], initial: Node) -> dict[str, Edge]:
    """Follow each state's last row that is no error, until a state is final or comes again."""
    last = {edge.source.id: edge for edge in edges if not edge.target.failure}
    way: dict[str, Edge] = {}
    at = initial.id
    while at in last and at not in way:
        way[at] = last[at]
        at = last[at].target.id
    return way


def _kind(edge: Edge, way: Mapping[str, Edge]) -> Kind:
    main = way.get(edge.source.id)
    if edge.target.failure:
        return Kind.ERROR
    if main is None:
        return edge.kind
    if edge.back and (main == edge or main.target.final):
        return Kind.LOOP
    return Kind.MAIN if main == edge else edge.kind


def _apart(edge: Edge, edges: tuple[Edge, ...]) -> bool:
    """Of many ways to a final state draw the one from the state declared last."""
    places = {each.source.place for each in edges if each.target.id == edge.target.id}
    many = edge.target.final and len(places) > FEW and edge.source.place < max(places)
    return edge.target.failure or many


def _function(function: Callable[..., Any]) -> Function:
    summary = printable(summary_of(function))
    if isinstance(function, AnyOf) and (parts := tuple(map(_function, _leaves(function)))):
        return Function(" or ".join(part.name for part in parts), summary, "", parts)
    return Function(printable(name_of(function)).strip() or UNNAMED, summary, _where(function))


def _leaves(guard: AnyOf) -> Iterator[Callable[..., Any]]:
    for part in guard.guards:
        if isinstance(part, AnyOf):
            yield from _leaves(part)
        else:
            yield part


def _where(function: Callable[..., Any]) -> str:
    """Say where a function is defined: of a partial what it calls, of an object its class."""
    while isinstance(function, partial):
        function = function.func
    function = inspect.unwrap(function)
    qualname = getattr(function, "__qualname__", None) or type(function).__qualname__
    return printable(f"{getattr(function, '__module__', None) or '?'}:{qualname}").strip()
