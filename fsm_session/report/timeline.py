"""What a run did, and how long it took: its moves as stays in states, ways taken, a line of phases.

Wall-clock time stands in the journal's ``meta`` and nowhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

Record = Mapping[str, Any]
Way = tuple[str, str, str]

#: of a session's time, what a part of its line must be to be seen
NARROWEST_PERCENT = 0.4
#: one session in so many may be longer than the line
FEW_OF = 20


@frozen
class Stay:
    """One stay in a state: on the way of which session, from when (the clock's, exchange time).

    ``seconds`` is how long it lasted by the wall clock, None where the journal does not say.
    """

    state: str
    session: str
    time: str
    seconds: float | None


@frozen
class Part:
    """A part of a session's line: states in a row, the longest first, in percent of the line."""

    states: tuple[str, ...]
    seconds: float
    percent: float


def stays(journal: Iterable[Record]) -> list[Stay]:
    """Give a run's stays in states, in order; the last one's length is unknown."""
    found: list[Stay] = []
    for record in journal:
        if record["kind"] == "resume":  # what was broken off has no end
            found = [*found[:-1], evolve(found[-1], seconds=None)] if found else []
        if record["kind"] not in ("move", "error"):
            continue
        if found and record.get("from", "") is not None:
            found[-1] = _longer(found[-1], record["meta"]["seconds"])
        if record["kind"] == "move":
            found.append(Stay(record["to"], record["session"], record["time"], 0.0))
    return [*found[:-1], evolve(found[-1], seconds=None)] if found else []


def _longer(stay: Stay, seconds: float) -> Stay:
    return evolve(stay, seconds=(stay.seconds or 0.0) + seconds)


def ways_taken(moves: Iterable[Record]) -> Counter[Way]:
    """Count the moves of each way: source, target, guard."""
    return Counter((each["from"], each["to"], each["guard"]) for each in moves if each["from"])


def seconds_in(all_stays: Iterable[Stay]) -> dict[str, float]:
    """Sum up how long each state that was entered lasted, by the wall clock."""
    found: dict[str, float] = {}
    for each in all_stays:
        found[each.state] = found.get(each.state, 0.0) + (each.seconds or 0.0)
    return found


def lasted(all_stays: Iterable[Stay]) -> float:
    """Sum up how long stays lasted together, in seconds by the wall clock."""
    return sum(each.seconds or 0.0 for each in all_stays)


def by_session(all_stays: Iterable[Stay]) -> dict[str, list[Stay]]:
    """Sort stays by session, in order; of a session that was done twice the later ones count."""
    found: dict[str, list[Stay]] = {}
    before = ""
    for each in all_stays:
        if each.session != before and each.session in found:
            del found[each.session]
        found.setdefault(each.session, []).append(each)
        before = each.session
    return found


def scale_of(seconds: Iterable[float]) -> float:
    """Give what makes 100 percent of a line, in seconds: of many sessions nearly the longest.

    The first one has Validate in it besides, and would make all others too short to be seen.
    """
    ordered = sorted(seconds)
    return ordered[-1 - len(ordered) // FEW_OF] if ordered else 0.0


def line_of(session: list[Stay], scale: float) -> list[Part]:
    """Give a session's line. ``scale`` is what makes 100 percent, in seconds.

    Stays too short to be seen are drawn together, so that the line is as long as the session was,
    or 100 percent where that was longer.
    """
    longest = max(scale, lasted(session))
    return [_part(each, longest) for each in _seen(session, longest)]


def _seen(session: Iterable[Stay], longest: float) -> Iterator[list[Stay]]:
    """Gather stays until they can be seen together."""
    gathered: list[Stay] = []
    seconds = 0.0
    for each in session:
        gathered.append(each)
        seconds += each.seconds or 0.0
        if 100 * seconds >= NARROWEST_PERCENT * longest:
            yield gathered
            gathered, seconds = [], 0.0
    if seconds:
        yield gathered


def _part(gathered: list[Stay], longest: float) -> Part:
    seconds = seconds_in(gathered)
    states = sorted(seconds, key=lambda state: -seconds[state])
    total = lasted(gathered)
    return Part(tuple(states), total, 100 * total / longest if longest else 0.0)
