"""The neutral model of a picture: what is to be shown of a lifecycle, before any syntax.

Each face (Mermaid, DOT, reStructuredText) only writes down what stands here, so that none of
them can say something else than the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from attrs import field, frozen


class Kind(StrEnum):
    """What a move is to a person who looks at the picture."""

    MAIN = "main"  #: on the way that a run takes where nothing special happens
    LOOP = "loop"  #: from that way back to an earlier state: on to the next day
    GUARDED = "guarded"  #: taken only where a guard holds
    PLAIN = "plain"  #: always open, off the main way
    ERROR = "error"  #: declared, and to the failure state


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(texts)


@frozen
class Options:
    """How much of a lifecycle is drawn, and what of it is to stand out.

    Without ``hooks`` there are only states and moves. ``highlight`` names states
    (``"Streaming"``) and ways (``"Streaming -> Paused"``: all rows from the one to the other).
    """

    hooks: bool = True
    highlight: tuple[str, ...] = field(default=(), converter=_texts)


@frozen
class Function:
    """A hook or a guard: its name, its docstring's first paragraph, ``module:qualname``.

    A guard made by ``any_of`` is defined nowhere; ``parts`` are the guards it joins, flat.
    """

    name: str
    summary: str
    where: str
    parts: tuple[Function, ...] = ()


@frozen
class Node:
    """A state, and its ``place`` in the declaration, from 0.

    ``id`` is the name as an identifier, unique even where case is ignored; ``module`` declares it.
    """

    place: int
    id: str
    name: str
    summary: str
    entry: tuple[Function, ...]
    activity: Function | None
    exit: tuple[Function, ...]
    initial: bool
    final: bool
    failure: bool
    highlighted: bool
    module: str

    @property
    def hooks(self) -> Iterator[tuple[str, Function]]:
        """Give each hook with the mark of its kind, in the order in which they run."""
        yield from (("entry", hook) for hook in self.entry)
        yield from (("do", hook) for hook in [self.activity] if hook is not None)
        yield from (("exit", hook) for hook in self.exit)


@frozen
class Edge:
    """A row of the table: its ``number`` there, its ``order`` among the ``ways`` out, from 1.

    ``apart``: it leads to a final state that many lead to, and is drawn to a small stand-in
    beside its source, not across the whole picture.
    """

    number: int
    order: int
    ways: int
    source: Node
    target: Node
    guard: Function | None
    kind: Kind
    apart: bool = False
    highlighted: bool = False

    @property
    def guards(self) -> tuple[Function, ...]:
        """Give the guards that are asked, one by one where they are joined; () for none."""
        return () if self.guard is None else self.guard.parts or (self.guard,)

    @property
    def back(self) -> bool:
        """Tell whether it leads to a state declared earlier."""
        return self.target.place < self.source.place

    @property
    def onward(self) -> bool:
        """Tell whether it leads to a state declared later: not back, nor to where it begins."""
        return self.target.place > self.source.place

    @property
    def end(self) -> str:
        """Give the id of what is drawn at its end; ``__`` stands in the id of no state."""
        return f"{self.source.id}__{self.target.id}" if self.apart else self.target.id


@frozen
class Diagram:
    """All that the faces show: states as declared, rows in the order of the table."""

    name: str
    id: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def initial(self) -> Node:
        """Give the state that a run begins in."""
        return next(node for node in self.nodes if node.initial)

    @property
    def failure(self) -> Node | None:
        """Give the state that an error leads to from any other.

        These ways stand in no row, and are shown as one.
        """
        return next((node for node in self.nodes if node.failure), None)

    @property
    def last(self) -> Node:
        """Give the state declared last of those that aren't final."""
        return [node for node in self.nodes if not node.final][-1]

    @property
    def description(self) -> str:
        """Say in a line what the picture shows, for those who don't see it."""
        count = f"{_counted(self.nodes, 'state')} and {_counted(self.edges, 'move')}"
        way = ", ".join(node.name for node in self.column)
        onward = [edge.target.name for edge in self._ways if edge.source == self.column[-1]]
        end = "".join(f", then {name}" for name in onward)
        return f"Diagram of {self.name}: {count}. The main way: {way}{end}."

    @property
    def _ways(self) -> tuple[Edge, ...]:
        return tuple(edge for edge in self.edges if edge.kind in (Kind.MAIN, Kind.LOOP))

    @property
    def column(self) -> tuple[Node, ...]:
        """Give the states of the main way, from the first to where it ends or leads back."""
        ways = {edge.source.id: edge for edge in self._ways}
        found = [self.initial]
        while (way := ways.get(found[-1].id)) and way.onward and not way.target.final:
            found.append(way.target)
        return tuple(found)

    @property
    def aside(self) -> tuple[Node, ...]:
        """Give the states that the main way doesn't pass, nor ends in."""
        passed = {edge.source.id for edge in self._ways}
        return tuple(each for each in self.nodes if not (each.final or each.id in passed))

    @property
    def stand_ins(self) -> dict[str, Node]:
        """Give the stand-ins by their id, each with the final state that it stands for."""
        return {edge.end: edge.target for edge in self.edges if edge.apart}

    def ways_out(self, node: Node) -> tuple[Edge, ...]:
        """Give the rows of a state, in the order in which they are tried."""
        return tuple(edge for edge in self.edges if edge.source.id == node.id)


def _counted(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
