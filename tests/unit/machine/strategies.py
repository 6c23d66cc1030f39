"""Random lifecycles with hooks that write down that they ran, and a little model to hold them to.

Each hook and guard logs its own place, and raises or answers what a script says. The model reads
the table by itself: it shares no line with the driver.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from attrs import define, field, frozen
from hypothesis import settings
from hypothesis import strategies as st

from fsm_session.machine import Driver, Failure, Inbox, Lifecycle, Move, State, Transition

#: for properties that run machines: how long an example takes is the computer's affair
patient = settings(deadline=None)
#: after so many moves no guard says yes any more, and the last rows lead to an end
LAST_YES = 8


@frozen
class Event:
    """One thing that ran: in which phase, of which kind (entry, activity, ...), the how-manieth."""

    phase: str
    kind: str
    place: int = 0


@define(eq=False)
class Script:
    """The context of a run: what the guards answer, what is raised at the n-th event, the log."""

    yes: frozenset[tuple[int, int]] = frozenset()
    raises: dict[int, BaseException] = field(factory=dict)
    log: list[Event] = field(factory=list)
    told: list[Move | Failure] = field(factory=list)
    moves: int = 0

    def happen(self, event: Event) -> None:
        """Log the event, and raise what the script has for it."""
        self.log.append(event)
        if error := self.raises.get(len(self.log) - 1):
            raise error

    def observe(self, record: Move | Failure) -> None:
        """Take part as an observer: it hears of moves and failures, and can be made to raise."""
        self.told.append(record)
        if isinstance(record, Move):
            self.moves = record.number
            self.happen(Event(record.target, "move"))

    def answer(self, row: int) -> bool:
        """Answer for the guard of a row; the same all the while nothing moves."""
        return self.moves <= LAST_YES and (row, self.moves) in self.yes


class BoundedInbox(Inbox):
    """An inbox that ends a run which would never end: the driver comes by in every round."""

    rounds = 0

    def own(self) -> bool:
        """Count the round."""
        self.rounds += 1
        assert self.rounds < 600, "the run does not end"
        return super().own()


def _hook(event: Event) -> Callable[[Script], None]:
    def hook(script: Script) -> None:
        script.happen(event)

    hook.__name__ = f"{event.kind}{event.place}"
    return hook


def _guard(row: int, phase: str) -> Callable[[Script], bool]:
    def guard(script: Script) -> bool:
        script.happen(Event(phase, "guard", row))
        return script.answer(row)

    guard.__name__ = f"guard{row}"
    return guard


def _state(name: str, byte: int, *, final: bool) -> State:
    """Make a state whose numbers of hooks stand in the bits of a byte."""

    def hooks(kind: str, count: int) -> list[Callable[[Script], None]]:
        return [_hook(Event(name, kind, place)) for place in range(count)]

    entry = hooks("entry", byte & 3)
    if final:
        return State(name, entry=entry, final=True)
    activity = _hook(Event(name, "activity")) if byte & 4 else None
    return State(name, entry=entry, activity=activity, exit=hooks("exit", byte >> 3 & 1))


@st.composite
def scripted_lifecycles(draw: st.DrawFn, *, failing: bool = False) -> Lifecycle:
    """Draw a sound lifecycle for scripts: up to five states that aren't final, up to three finals.

    Each state's last row leads on in an order of its own, so that every run can end; a guarded
    row from an earlier state makes each reachable, further ones lead anywhere. ``failing`` ones
    have a failure state. All is read off one string of bytes, which draws and shrinks quickly.
    """
    choices = iter(draw(st.binary(min_size=64, max_size=64)))
    going_count, final_count = 1 + next(choices) % 5, 1 + next(choices) % 3
    names = _names(next(choices))[: going_count + final_count]
    going, ending = names[:going_count], names[going_count:]
    ends = [(going[next(choices) % min(at, going_count)], names[at]) for at in range(1, len(names))]
    ends += [
        (going[next(choices) % going_count], names[next(choices) % len(names)])
        for _ in range(next(choices) % 5)
    ]
    onward = [
        (name, names[at + 1 + next(choices) % (len(names) - at - 1)])
        for at, name in enumerate(going)
    ]
    rows = [Transition(*ends, _guard(row, ends[0])) for row, ends in enumerate(ends)]
    rows += [Transition(*ends) for ends in onward]
    return Lifecycle(
        "drawn",
        [_state(name, next(choices), final=name in ending) for name in _turned(names, choices)],
        rows,
        initial=names[0],
        failure=ending[-1] if failing or next(choices) % 2 else None,
    )


def _names(turn: int) -> list[str]:
    unkind = ["Idle", "begin", "fail", "row 0", "a_b", "is_a", "trigger", "*", "日本", "None"]
    return unkind[turn % len(unkind) :] + unkind[: turn % len(unkind)]


def _turned(names: list[str], choices: Iterator[int]) -> list[str]:
    turn = next(choices) % len(names)
    return names[turn:] + names[:turn]


def answers() -> st.SearchStrategy[frozenset[tuple[int, int]]]:
    """Draw which guard says yes when: pairs of a row's number and the number of moves made."""
    return st.frozensets(st.tuples(st.integers(0, 15), st.integers(1, LAST_YES)), max_size=30)


def drive(lifecycle: Lifecycle, script: Script, **more: Any) -> Driver:
    """Run a lifecycle over a script to its end."""
    more = {"inbox": BoundedInbox(), "observers": [script.observe], **more}
    driver = Driver(lifecycle, script, **more)
    driver.run()
    return driver


def expected_log(lifecycle: Lifecycle, yes: frozenset[tuple[int, int]]) -> list[Event]:
    """Say what would run, and in which order, were nothing to go wrong."""
    return list(_walk(lifecycle, yes))


def _walk(lifecycle: Lifecycle, yes: frozenset[tuple[int, int]]) -> Iterator[Event]:
    here, moves = lifecycle.initial, 1
    while True:
        state = next(state for state in lifecycle.states if state.name == here)
        yield from entered(state)
        if state.final:
            return
        if state.activity:
            yield Event(here, "activity")
        for number, row in enumerate(lifecycle.transitions):
            if row.source != here:
                continue
            if row.guard:
                yield Event(here, "guard", number)
            if row.guard is None or ((number, moves) in yes and moves <= LAST_YES):
                yield from (Event(here, "exit", place) for place in range(len(state.exit)))
                here, moves = row.target, moves + 1
                break


def entered(state: State) -> list[Event]:
    """Say what runs when a state is entered: the move is told, then its entry hooks run."""
    entry = [Event(state.name, "entry", place) for place in range(len(state.entry))]
    return [Event(state.name, "move"), *entry]
