"""The lifecycle with what happened on it: each way with how often it was taken, each state with
how long it lasted, and where it failed.

Drawn from the declaration where that is the one that ran, and otherwise from the journal alone.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from fsm_session.machine.diagram import diagram_of, to_svg
from fsm_session.machine.diagram.dot import FONT, quoted
from fsm_session.machine.diagram.model import Diagram
from fsm_session.machine.diagram.reading import identifiers
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.texts import printable
from fsm_session.report.quiet import quiet_about_fonts
from fsm_session.report.reading import RunFolder
from fsm_session.report.timeline import Stay, Way, seconds_in, ways_taken
from fsm_session.report.words import duration

#: what the journal has for a guard where an error was the way
ERROR = "error"
TIMES = "\N{MULTIPLICATION SIGN}"
#: colours are the page's: each thing drawn has a class, and a style sheet knows it
DEFAULTS = (
    'graph [rankdir="TB", bgcolor="transparent", pad="0.1", nodesep="0.35", ranksep="0.35"]',
    f'node [shape="box", style="rounded,filled", margin="0.16,0.07", fontname="{FONT}",'
    ' fontsize="13"]',
    f'edge [arrowsize="0.7", fontname="{FONT}", fontsize="11"]',
)


@frozen
class Place:
    """A state as it is drawn: what it is, and what happened there."""

    id: str
    name: str
    marks: str  #: classes: initial, final, failure, failed, entered
    told: str


@frozen
class Taken:
    """A way as it is drawn, from and to the ids of states, and how often it was taken."""

    source: str
    target: str
    guard: str
    times: int
    back: bool
    error: bool


@frozen
class Happened:
    """A lifecycle and what a run did on it. ``declared`` is False where only the journal tells."""

    places: tuple[Place, ...]
    ways: tuple[Taken, ...]
    declared: bool


def happened(run: RunFolder, all_stays: list[Stay], lifecycle: Lifecycle) -> Happened:
    """Put what a run did on its lifecycle; on what the journal says of it where it is another."""
    taken = ways_taken(run.moves)
    if run.header.get("lifecycle") == lifecycle.digest():
        diagram = diagram_of(lifecycle)
        names = [node.name for node in diagram.nodes]
        failure = diagram.failure.name if diagram.failure else ""
        ends = {node.name for node in diagram.nodes if node.final}
        rows = [*_declared(diagram, taken)]
        return _put(run, all_stays, names, failure, ends, rows, declared=True)
    names = _names_in(run)
    left = {source for source, _, _ in taken}
    rows = [(*way, times) for way, times in taken.items()]
    failure = next((target for _, target, guard in taken if guard == ERROR), "")
    return _put(run, all_stays, names, failure, {*names} - left, rows, declared=False)


def _put(
    run: RunFolder,
    all_stays: list[Stay],
    names: list[str],
    failure: str,
    ends: set[str],
    rows: Iterable[tuple[str, str, str, int]],
    *,
    declared: bool,
) -> Happened:
    ids, order = identifiers(names), {name: number for number, name in enumerate(names)}
    failed = {each.phase for each in run.errors}
    lasted, entered = seconds_in(all_stays), Counter(each.state for each in all_stays)
    places = []
    for name in names:
        marks = {
            "final": name in ends,
            "failure": name == failure,
            "failed": name in failed,
            "entered": name in entered,
        }
        told = _told(entered[name], lasted.get(name, 0.0))
        words = " ".join(mark for mark, holds in marks.items() if holds)
        places.append(Place(ids[name], printable(name), words, told))
    ways = tuple(
        Taken(
            *(ids[source], ids[target], printable(guard), times),
            back=order[target] < order[source] and target not in ends,
            error=target == failure,
        )
        for source, target, guard, times in rows
    )
    return Happened(tuple(places), ways, declared)


def _told(entered: int, seconds: float) -> str:
    if not entered:
        return "never entered"
    return f"{entered:,} {TIMES}" + (f" · {duration(seconds)}" if seconds else "")


def _declared(diagram: Diagram, taken: Counter[Way]) -> Iterator[tuple[str, str, str, int]]:
    """Give the rows of the table, and the ways of errors that were taken, which stand in no row."""
    rows = {(e.source.name, e.target.name, e.guard.name if e.guard else "") for e in diagram.edges}
    for edge in diagram.edges:
        guard = edge.guard.name if edge.guard else ""
        way = (edge.source.name, edge.target.name, guard)
        if edge.target != diagram.failure:
            yield *way, taken[way]
    for way, times in taken.items():
        if way not in rows or (diagram.failure and way[1] == diagram.failure.name):
            yield *way, times


def _names_in(run: RunFolder) -> list[str]:
    """Name the states of a lifecycle that is not at hand, from the journal's header and moves."""
    made_of: Mapping[str, str] = run.header.get("made_of", {})
    prefix = "lifecycle state "
    names = [key.removeprefix(prefix) for key in made_of if key.startswith(prefix)]
    names += [each[end] for each in run.moves for end in ("from", "to") if each[end]]
    return list(dict.fromkeys(names))


def to_dot(what: Happened) -> str:
    """Write it as DOT. Ways to a final state that were never taken are left out."""
    ends = {place.id for place in what.places if "final" in place.marks}
    ways = [each for each in what.ways if each.times or each.target not in ends]
    met = {way.target for way in ways} | {place.id for place in what.places[:1]}
    lines = [*DEFAULTS, *_start(what)]
    lines += [_place(each) for each in what.places if each.id in met or each.id not in ends]
    lines += map(_way, ways)
    body = "\n".join(f"  {line}" for line in lines)
    return f'digraph "run" {{\n{body}\n}}\n'


def drawn(what: Happened) -> str:
    """Draw it as SVG to stand in a page, whose style sheet colours it.

    Raises DiagramError where Graphviz isn't there, or can't draw it.
    """
    with quiet_about_fonts():
        svg = to_svg(to_dot(what))
    svg = re.sub(r"<style.*?</style>", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    return re.sub(r"<!--.*?-->\n?", "", svg, flags=re.DOTALL)


def _start(what: Happened) -> Iterator[str]:
    if what.places:
        yield '"start" [shape="point", width="0.12", class="start"]'
        yield f'"start" -> "{what.places[0].id}" [class="taken", penwidth="1.8"]'


def _place(place: Place) -> str:
    border = ', peripheries="2"' if "final" in place.marks else ""
    return (
        f'"{place.id}" [class="{place.marks or "idle"}"{border}, tooltip="{place.id}",'
        f" label=<<B>{quoted(place.name)}</B><BR/>"
        f'<FONT POINT-SIZE="10.5">{quoted(place.told)}</FONT>>]'
    )


def _way(way: Taken) -> str:
    """Write a way; one that leads back is written from its end, so that the day runs down."""
    ends, looks = f'"{way.source}" -> "{way.target}"', ""
    if way.back:
        ends, looks = f'"{way.target}" -> "{way.source}"', ', dir="back"'
    words = ["error" if way.error else "taken" if way.times else "idle"]
    guard = f"{quoted(way.guard)} " if way.guard else ""
    count = f"<B>{way.times:,} {TIMES}</B>" if way.times else ""
    label = f", label=<&#160;{guard}{count}&#160;>" if guard or count else ""
    width = "1.8" if way.times else "0.8"
    return f'{ends} [class="{" ".join(words)}", penwidth="{width}"{looks}{label}]'
