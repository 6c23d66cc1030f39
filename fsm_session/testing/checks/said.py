"""What was said and done in a run, as values to compare, and the first difference in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from attrs import frozen

from fsm_session.coordinator import Run
from fsm_session.session.signals import Found, Signal
from fsm_session.testing.checks.words import instant

NOTHING = "nothing"


@frozen
class Said:
    """One thing that a part said, or that came of it; ``exactly`` is all of it.

    ``when`` is its time in words, ``date`` that of its session.
    """

    time_ns: int
    when: str
    date: str
    words: str
    exactly: str


def all_said(run: Run, zone: str) -> list[Said]:
    """Give what was said in a run, in order: signals, scans, symbols that came and went."""
    return [
        Said(each.time_ns, instant(each.time_ns, zone), session.date, words, repr(each))
        for session in run.sessions
        for each, words in _of_session(session)
    ]


def _of_session(session: Any) -> Iterator[tuple[Any, str]]:
    for each in session.signals:
        yield each, _signal(each.signal)
    for each in session.scans:
        yield each, ", ".join(map(_found, each.found)) or "that nothing is found"
    for each in session.changes:
        yield each, f"that {each.symbol} is {each.change}"


def _signal(signal: Signal) -> str:
    quantity = "" if signal.quantity is None else f" {signal.quantity:g}"
    reason = f" ({signal.reason})" if signal.reason else ""
    return f"{signal.action}{quantity} {signal.symbol}{reason}"


def _found(found: Found) -> str:
    return f"{found.symbol} ({found.reason})" if found.reason else found.symbol


@frozen
class Difference:
    """Where two runs part: when, in words, and what was said there in each."""

    when: str
    first: str
    second: str


def first_difference(one: Sequence[Said], other: Sequence[Said]) -> Difference | None:
    """Find the first thing that was said in one and not, or otherwise, in the other."""
    for first, second in zip_longest(one, other):
        if first == second:
            continue
        there = [each for each in (first, second) if each is not None]
        now = min(there, key=lambda said: said.time_ns)
        said, instead = (_words_at(each, now.time_ns) for each in (first, second))
        if said == instead:  # what differs is not in the words
            said, instead = (each.exactly for each in there)
        return Difference(now.when, said, instead)
    return None


def _words_at(said: Said | None, now_ns: int) -> str:
    return said.words if said is not None and said.time_ns == now_ns else NOTHING
