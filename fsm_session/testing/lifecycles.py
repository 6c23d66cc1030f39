"""Random lifecycles that are sound, for tests of whatever takes a lifecycle.

Names are readable, so that what a test has found can be read. Hooks do nothing and guards always
answer the same; whoever wants something to happen in them hands over functions of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st

from fsm_session.machine import Lifecycle, State, Transition, any_of

Function: TypeAlias = Callable[[Any], Any]

#: what a phase may be called, and what is done in one
PHASES = ("Idle", "Check", "Load", "Warm", "Open", "Run", "Rest", "Close", "Done", "Failed")
VERBS = ("begin", "count", "fetch", "fill", "look", "note", "open", "sort", "tell", "wait")
QUESTIONS = ("is_due", "is_empty", "is_full", "is_late", "is_ready", "wants_more")


@st.composite
def _named(draw: st.DrawFn, names: tuple[str, ...], answer: Any) -> Function:
    name = draw(st.sampled_from(names))

    def function(_context: Any) -> Any:
        return answer

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"{name.replace('_', ' ').capitalize()}."
    return function


#: hooks that do nothing, and guards that say no: one that always said yes would hide later rows
HOOKS = _named(VERBS, None)
GUARDS = _named(QUESTIONS, False)


@st.composite
def lifecycles(
    draw: st.DrawFn,
    *,
    names: st.SearchStrategy[str] | None = None,
    titles: st.SearchStrategy[str] | None = None,
    hooks: st.SearchStrategy[Function] = HOOKS,
    guards: st.SearchStrategy[Function] = GUARDS,
    summaries: st.SearchStrategy[str] | None = None,
) -> Lifecycle:
    """Draw a sound lifecycle: up to six states that aren't final, in any order, up to three finals.

    Each state's last row leads on in an order of its own, so that every run can end; a guarded
    row from an earlier state makes it reachable. Further guarded rows lead anywhere. ``names``
    are those of states, ``titles`` those of lifecycles; some of the ``guards`` are joined.
    """
    state_names = st.sampled_from(PHASES) if names is None else names
    drawn = draw(st.lists(state_names, min_size=2, max_size=9, unique=True))
    finals = draw(st.integers(1, min(3, len(drawn) - 1)))
    going, ending = drawn[:-finals], drawn[-finals:]
    some = guards | st.lists(guards, min_size=1, max_size=3).map(lambda each: any_of(*each))
    rows = _rows(draw, drawn, going, some)
    declared = [
        draw(_states(name, name in ending, hooks, st.just("") if summaries is None else summaries))
        for name in draw(st.permutations(drawn))
    ]
    return Lifecycle(
        draw(st.just("Drawn") if titles is None else titles),
        declared,
        draw(st.permutations([row for name in going for row in rows[name][:-1]]))
        + [rows[name][-1] for name in going],
        initial=drawn[0],
        failure=draw(st.none() | st.sampled_from(ending)),
    )


def _rows(
    draw: st.DrawFn, names: list[str], going: list[str], guards: st.SearchStrategy[Function]
) -> dict[str, list[Transition]]:
    """Draw the rows of each state that isn't final, its own way on as the last."""
    rows: dict[str, list[Transition]] = {name: [] for name in going}
    for at, name in enumerate(names[1:], start=1):
        source = draw(st.sampled_from(going[:at]))
        rows[source].append(Transition(source, name, draw(guards)))
    for _ in range(draw(st.integers(0, 8))):
        source, target = draw(st.sampled_from(going)), draw(st.sampled_from(names))
        rows[source].append(Transition(source, target, draw(guards)))
    for at, name in enumerate(going, start=1):
        rows[name] = draw(st.permutations(rows[name]))
        rows[name].append(Transition(name, draw(st.sampled_from(names[at:]))))
    return rows


@st.composite
def _states(
    draw: st.DrawFn,
    name: str,
    final: bool,
    hooks: st.SearchStrategy[Function],
    summaries: st.SearchStrategy[str],
) -> State:
    """Draw a state of that name; a final one has entry hooks only."""
    return State(
        name,
        entry=draw(st.lists(hooks, max_size=3)),
        activity=None if final else draw(st.none() | hooks),
        exit=draw(st.lists(hooks, max_size=0 if final else 2)),
        final=final,
        summary=draw(summaries),
    )
