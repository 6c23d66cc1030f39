"""What came of an exploration, as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from fsm_session.machine.explore.search import Exploration, Violation
from fsm_session.machine.explore.told_steps import RUNS


def lines_of(exploration: Exploration) -> list[str]:
    """Write what was visited and proved, or how what does not hold can be broken, as lines."""
    found = exploration
    lines = [
        f"{found.lifecycle}, with {_counted(found.workers, 'worker')}",
        f"visited {_counted(found.configurations, 'configuration')} and"
        f" {_counted(found.ways, 'step')} between them, up to {found.depth} from the beginning",
        f"entered {_counted(len(found.states), 'state')}, took {_counted(len(found.rows), 'row')}",
    ]
    for promise in found.promises:
        violation = found.broken(promise)
        lines += [f"holds: {promise}"] if violation is None else _broken(found, violation)
    return lines + [f"not asked, no hook is marked for it: {each}" for each in found.not_asked]


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _broken(found: Exploration, violation: Violation) -> list[str]:
    lines = [f'{found.lifecycle} does NOT hold: "{violation.promise}"']
    lines += [f"  {number:>2}. {step}" for number, step in enumerate(folded(violation.way), 1)]
    lines.append(f"  ==> {violation.facts}")
    if violation.again:
        lines.append("      and from there again and again:")
        lines += [f"      {step}" for step in folded(violation.again)]
    return lines


#: of more hooks in a row the first and the last are named
NAMED = 3


def folded(steps: Sequence[str]) -> list[str]:
    """Write hooks that ran one after the other in a state as one line."""
    return [
        line
        for (state, _), group in groupby(steps, _state_where_it_ran)
        for line in (_run_in(state, [*group]) if state else group)
    ]


def _state_where_it_ran(step: str) -> tuple[str, bool]:
    state, colon, _ = step.partition(": ")
    runs = bool(colon) and step.endswith(RUNS)
    return (state if runs else "", runs)


def _run_in(state: str, steps: Sequence[str]) -> list[str]:
    names = [step.removeprefix(f"{state}: ").removesuffix(RUNS) for step in steps]
    if len(names) == 1:
        return [*steps]
    if len(names) > NAMED:
        names = [names[0], f"{len(names) - 2} more", names[-1]]
    return [f"{state}: {', '.join(names)} run"]
