"""Random lifecycles that are sound, with names as unkind as a declaration lets them be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fsm_session.machine import Lifecycle, State, Transition, any_of

#: what has a meaning in one of the languages that a lifecycle is written in
MARKUP = (
    *"\"'<>&|\\`*_#%;:{}[]()=-+~^$@!?/.,",
    *("end", "graph", "node", "style a:b#;", "class", "click", "%%{init: {}}%%", "<br/>", "</b>"),
    *("&lt;", "#35;", "&#35;", "\\N", "\\", "]]", '"]', "|", "-->", "A --> B", "1. a", "- a"),
    *(".. note::", "::", "__", "a_", "`a`_", "``", "|a|", "|a|_", "[1]_", "* a", "====", "a::"),
    *("<script>alert(1)</script>", "A. a", ":a: b", "--x", ">>> a", "http://a.b/c_", "Zürich"),
    *("日本", "e\u0301", "\U0001f600", "start", "errors", "States", "a  b", " a ", "Ab", "aB"),
)


#: names that a state may have: printable and not blank
NAMES = (
    st.lists(st.sampled_from(MARKUP), min_size=1, max_size=3).map("".join)
    | st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=9)
    | st.text("ab AB_1", min_size=1, max_size=4)
).filter(lambda name: bool(name.strip()) and name.isprintable() and name != "(start)")

#: names that a function or a lifecycle may have: anything
ANY_NAMES = NAMES | st.sampled_from(["", " ", "<lambda>", "a\nb", "\t", "\ud800", "\u2028"])

#: docstrings: none, markup, several paragraphs
DOCSTRINGS = st.none() | st.lists(st.sampled_from([*MARKUP, " ", "\n", "\n\n"]), max_size=6).map(
    " ".join
)


@st.composite
def functions(draw: st.DrawFn, answer: Any = None) -> Callable[[Any], Any]:
    """Draw a function with a name, a docstring and a module of its own, that answers the same."""

    def function(_context: Any) -> Any:
        return answer

    function.__name__ = function.__qualname__ = draw(ANY_NAMES)
    function.__doc__ = draw(DOCSTRINGS)
    function.__module__ = draw(st.sampled_from(["package.module", "__main__", "a`b"]))
    return function


#: guards, some of them joined
GUARDS = functions(answer=False) | st.lists(functions(answer=False), min_size=1, max_size=3).map(
    lambda some: any_of(*some)
)


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    """Draw a sound lifecycle: up to six states that aren't final, in any order, up to three finals.

    Each state's last row leads on in an order of its own, so that every run can end; a guarded
    row from an earlier state makes it reachable. Further guarded rows lead anywhere.
    """
    drawn = draw(st.lists(NAMES, min_size=2, max_size=9, unique=True))
    finals = draw(st.integers(1, min(3, len(drawn) - 1)))
    going, ending = drawn[:-finals], drawn[-finals:]
    rows: dict[str, list[Transition]] = {name: [] for name in going}
    for at, name in enumerate(drawn[1:], start=1):
        source = draw(st.sampled_from(going[:at]))
        rows[source].append(Transition(source, name, draw(GUARDS)))
    for _ in range(draw(st.integers(0, 8))):
        source, target = draw(st.sampled_from(going)), draw(st.sampled_from(drawn))
        rows[source].append(Transition(source, target, draw(GUARDS)))
    for at, name in enumerate(going, start=1):
        rows[name] = draw(st.permutations(rows[name]))
        rows[name].append(Transition(name, draw(st.sampled_from(drawn[at:]))))
    return Lifecycle(
        draw(ANY_NAMES),
        [draw(states(name, final=name in ending)) for name in draw(st.permutations(drawn))],
        draw(st.permutations([row for name in going for row in rows[name][:-1]]))
        + [rows[name][-1] for name in going],
        initial=drawn[0],
        failure=draw(st.none() | st.sampled_from(ending)),
    )


@st.composite
def states(draw: st.DrawFn, name: str, *, final: bool) -> State:
    """Draw a state of that name; a final one has entry hooks only."""
    hooks = st.lists(functions(), max_size=0 if final else 2)
    return State(
        name,
        entry=draw(st.lists(functions(), max_size=3)),
        activity=None if final else draw(st.none() | functions()),
        exit=draw(hooks),
        final=final,
        summary=draw(DOCSTRINGS) or "",
    )
