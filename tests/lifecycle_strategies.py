"""Random lifecycles that are sound, with names as unkind as a declaration lets them be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from fsm_session.machine import Lifecycle
from fsm_session.testing.lifecycles import lifecycles as sound_lifecycles

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


@st.composite
def lifecycles(draw: st.DrawFn) -> Lifecycle:
    """Draw a sound lifecycle with such names, hooks and summaries, as users' tests draw theirs."""
    drawn: Lifecycle = draw(
        sound_lifecycles(
            names=NAMES,
            titles=ANY_NAMES,
            hooks=functions(),
            guards=functions(answer=False),
            summaries=DOCSTRINGS.map(lambda text: text or ""),
        )
    )
    return drawn
