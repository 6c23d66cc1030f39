"""What must hold of the moves and errors of any run, said as sentences about what does not.

Only the declaration and what the run told of itself are looked at, never the driver's insides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fsm_session.machine import Failure, Lifecycle, Move
from fsm_session.machine.checks import START
from fsm_session.machine.state import name_of
from fsm_session.testing.faults import WORKER, Place, Thrown

#: how a driver names the reason of a move to the failure state
ERROR = "error"


def unsound_moves(lifecycle: Lifecycle, moves: Sequence[Move], state: str) -> Iterator[str]:
    """Say where the moves that were told are no way through the table that ends in ``state``."""
    here: str | None = None
    for number, move in enumerate(moves, start=1):
        told = f"the move from {move.source or START} to {move.target}"
        if move.number != number:
            yield f"{told} is number {number}, and was told as number {move.number}"
        if move.source != here:
            yield f"{told} was told, and the run was in {here or START}"
        if not _in_the_table(lifecycle, move):
            yield f"{told}{f' by {move.guard}' if move.guard else ''} is not in the table"
        here = move.target
    if state != (here or START):
        yield f"the run is in {state}, and was told to have moved to {here or START}"


def _in_the_table(lifecycle: Lifecycle, move: Move) -> bool:
    if move.guard == ERROR and move.target == lifecycle.failure:
        return True
    if move.source is None:
        return move.target == lifecycle.initial
    row = (move.source, move.target, move.guard)
    return row in {(row.source, row.target, name_of(row.guard)) for row in lifecycle.transitions}


def unsound_entries(
    lifecycle: Lifecycle, moves: Sequence[Move], calls: Sequence[tuple[str, str, str]]
) -> Iterator[str]:
    """Say which entry hooks ran more often than their state was entered.

    In a final state one that raised is tried once more, and one that a first Ctrl-C broke off too:
    three times is the most.
    """
    entered, called = Counter(move.target for move in moves), Counter(calls)
    for state in lifecycle.states:
        for name, listed in Counter(map(name_of, state.entry)).items():
            count = called[state.name, "entry", name]
            if count > entered[state.name] * listed * (3 if state.final else 1):
                entries = f"was entered {entered[state.name]} times"
                yield f"{state.name} {entries}, and {name} ran {count} times"


def unsound_failures(failures: Sequence[Failure], thrown: Sequence[Thrown]) -> Iterator[str]:
    """Say where the errors on record are not those that were thrown, in order and in place."""
    told = [_thrown_as(failure, thrown) for failure in failures]
    for failure, one in zip(failures, told, strict=True):
        if one is None and thrown:
            yield f"after {thrown[0]} something else failed by itself: {failure}"
        elif one is None:
            yield f"the run failed, and nothing was made to fail: {failure}"
        elif not _is_at(failure, one.place):
            yield f"{one} was raised, and is told of {failure.phase}, {failure.hook}"
    for each in thrown:
        if each not in told:
            yield f"{each} was raised, and is not among the errors of the run"
    firsts = list(dict.fromkeys(filter(None, told)))
    if firsts != [each for each in thrown if each in firsts]:
        yield f"{thrown[0]} was raised first, and the run says it was {firsts[0]}"


def _thrown_as(failure: Failure, thrown: Sequence[Thrown]) -> Thrown | None:
    said = _texts(failure.error)
    return next((each for each in thrown if str(each) in said), None)


def _texts(error: BaseException) -> str:
    """Give all that an error says, and those of its group and its cause."""
    parts = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return " ".join(
        [str(error), *map(_texts, parts), *map(_texts, filter(None, [error.__cause__]))]
    )


def _is_at(failure: Failure, place: Place) -> bool:
    if place.kind == WORKER:
        # what is no Exception goes through as it is, and says nothing of a worker
        return failure.worker in (place.state, "")
    return (failure.phase, failure.kind, failure.hook) == (place.state, place.kind, place.name)
