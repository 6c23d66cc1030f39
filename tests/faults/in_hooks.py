"""Faults in hooks, activities and guards, at every place of a lifecycle.

Each kind of them is a function from a lifecycle to its cells: a phase or a hook that is added has
its row by itself.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from fsm_session.errors import FsmSessionError, GuardError, IllegalMoveError
from fsm_session.machine import Lifecycle
from tests.faults.cells import Arm, Cell, Deed, at, reaching, spots, throwing
from tests.faults.outcome import Ending, Expected, Told
from tests.faults.places import MOMENTS, Place, Spot, places
from tests.faults.stage import BoomError, Options, Stage
from tests.faults.witnesses import PATIENCE

#: what is thrown and leads to Failed, by name
ERRORS: dict[str, Callable[[str], BaseException]] = {
    "error": BoomError,
    "memory": MemoryError,
    "exit": SystemExit,
}
WRONG_ANSWERS = {"text": "yes", "nothing": None, "number": 1, "list": [True]}


def cell(
    lifecycle: Lifecycle, spot: Spot, what: str, arm: Arm, told: tuple[Told, ...], **more: Any
) -> Cell:
    """Make a cell of a fault at a place of a lifecycle, which has to lead to these errors."""
    assert isinstance(spot.where, Place)
    armed, earlier = reaching(lifecycle, spot.where, arm)
    also = more.pop("also", lambda _: [])
    expected = Expected(errors=(*earlier, *told), **more)
    return Cell(f"{spot}-{what}", armed, expected, Options(lifecycle=lifecycle), also)


def told_of(place: Place, error: type[BaseException], *, mine: bool = True) -> tuple[Told, ...]:
    """Say how an error at a place is told."""
    return (Told(error, place.state, place.name, mine=mine),)


def errors(lifecycle: Lifecycle) -> Iterator[Cell]:
    """An exception, MemoryError, SystemExit; before a function's work and after it."""
    for place in places(lifecycle):
        for what, make in ERRORS.items():
            for spot in spots(lifecycle, place, "before", "after"):
                told = told_of(place, type(make("")))
                # the others lead nowhere else: once a place, where a hook has done its work
                if what == "error" or (spot.moment, spot.visit) == ("after", 1):
                    yield cell(lifecycle, spot, what, at(spot, throwing(make, spot)), told)


def interrupts(lifecycle: Lifecycle) -> Iterator[Cell]:
    """Ctrl-C, which is a stop; and one after a stop, which is an error."""
    for place in places(lifecycle):
        for spot in map(partial(Spot, place), MOMENTS):
            interrupt = throwing(KeyboardInterrupt, spot)
            yield cell(lifecycle, spot, "interrupt", at(spot, interrupt), (), stopped=True)
            told = told_of(place, KeyboardInterrupt)
            second = at(spot, partial(_stop_and_then, interrupt))
            yield cell(lifecycle, spot, "second_interrupt", second, told, stopped=True)


def _stop_and_then(deed: Deed, stage: Stage) -> None:
    stage.stop()
    deed(stage)


def wrong_answers(lifecycle: Lifecycle) -> Iterator[Cell]:
    """A guard that answers neither True nor False."""
    for place in places(lifecycle):
        for what, answer in WRONG_ANSWERS.items() if place.kind == "guard" else ():
            for spot in spots(lifecycle, place, "after"):
                arm = partial(_answer, spot, answer)
                told = told_of(place, GuardError, mine=False)
                yield cell(lifecycle, spot, f"answers_{what}", arm, told)


def _answer(spot: Spot, answer: object, stage: Stage) -> None:
    stage.answers[spot] = lambda _: answer


def _stop_here(stage: Stage) -> None:
    stage.stop()


def _stop_from_another_thread(stage: Stage) -> None:
    thread = threading.Thread(target=stage.stop)
    thread.start()
    thread.join(PATIENCE)


def _stop_by(number: signal.Signals, stage: Stage) -> None:
    before = signal.signal(number, lambda *_: stage.stop())
    try:
        signal.raise_signal(number)
    finally:
        signal.signal(number, before)


STOPS: dict[str, Deed] = {
    "stop": _stop_here,
    "stop_from_a_thread": _stop_from_another_thread,
    "stop_by_a_signal": partial(_stop_by, signal.SIGTERM),
}


def stops(lifecycle: Lifecycle) -> Iterator[Cell]:
    """A stop before, during and after: from this thread, from another one, by a signal."""
    for place in places(lifecycle):
        for moment in MOMENTS:
            for n, (what, stop) in enumerate(STOPS.items()):
                # one of them at the last visit too: there the way on is another
                for spot in spots(lifecycle, place, moment)[: 1 if n or moment != "before" else 2]:
                    yield cell(
                        lifecycle, spot, what, at(spot, stop), (), stopped=True, also=no_new_work
                    )


def no_new_work(ending: Ending) -> list[str]:
    """After a stop no session is loaded, no worker set up, no step taken."""
    stage = ending.stage
    entered = [each for each in stage.after_the_stop if each.position in ("first", "only")]
    new = [each for each in entered if each.kind == "entry" and each.state in NEW_WORK]
    # what had been decided on when the stop came is entered, and nothing beyond it
    decided = ending.stage.stopped_at.kind in ("guard", "exit")
    broken = [f"begun after the stop: {new}"] if len(new) > decided and not stage.raised else []
    data, steps = stage.steps_then
    # a session that is being finished may be at its last step
    if data.steps > steps + (stage.stopped_at.name == "finish_what_is_unfinished"):
        broken.append(f"steps were taken after the stop: {data.steps - steps}")
    return broken


#: what is not entered once a stop is requested
NEW_WORK = ("Load", "InitThreads", "PreScan", "Paused", "Teardown")


def moves_from_within(lifecycle: Lifecycle) -> Iterator[Cell]:
    """Whoever moves the machine from within, or another thread, is refused; nothing changes."""
    for place in places(lifecycle):
        for spot in spots(lifecycle, place, "before")[:1]:
            yield cell(lifecycle, spot, "moves", at(spot, _try_to_move), ())


def _try_to_move(stage: Stage) -> None:
    thread = threading.Thread(target=_try, args=(stage, "from a thread"))
    thread.start()
    thread.join(PATIENCE)
    _try(stage, "from within")


def _try(stage: Stage, told: str) -> None:
    driver, before = stage.driver, (stage.driver.state, len(stage.coordinator._records.moves))
    tries: dict[str, tuple[Callable[[], object], type[Exception]]] = {
        "step": (driver.step, IllegalMoveError),
        "begin": (driver.begin, IllegalMoveError),
        "advance": (driver.advance, IllegalMoveError),
        "run": (driver.run, IllegalMoveError),
        "move_to": (lambda: driver.move_to("Done"), IllegalMoveError),
        "coordinator.run": (stage.coordinator.run, FsmSessionError),
    }
    if told == "from within":
        tries["wait"] = (stage.coordinator.add_symbol("NONE").wait, IllegalMoveError)
    for name, (attempt, error) in tries.items():
        try:
            attempt()
        except error:
            continue
        except BaseException as other:
            stage.note(False, f"{name} {told} raised {other!r}")
        else:
            stage.note(False, f"{name} {told} was let through")
    after = (driver.state, len(stage.coordinator._records.moves))
    stage.note(before == after, f"{told}: {before} became {after}")


def requests_from_within(lifecycle: Lifecycle) -> Iterator[Cell]:
    """Requests from within a hook: those that can be met, and those that can't."""
    for place in places(lifecycle):
        for spot in spots(lifecycle, place, "before"):
            yield cell(
                lifecycle, spot, "requests", at(spot, _ask), (), same=False, also=truly_answered
            )


def _ask(stage: Stage) -> None:
    coordinator = stage.coordinator
    coordinator.add_symbol("EEE")
    coordinator.add_symbol("AAA")
    coordinator.remove_symbol("EEE")
    coordinator.remove_symbol("ZZZ")


def truly_answered(ending: Ending) -> list[str]:
    """As many of EEE were done as symbols came and went; what can't be done was refused."""
    changes = [
        each.change
        for session in ending.run.sessions
        for each in session.changes
        if each.symbol == "EEE"
    ]
    done = sum(each.status == "done" for each in ending.stage.receipts)
    # CCC is added in each session that comes to its second step
    others = sum(
        each.symbol == "CCC" for session in ending.run.sessions for each in session.changes
    )
    stops = 1  # that of the check itself, after the end
    told = f"{done} were done, EEE: {changes}, CCC: {others}"
    sound = changes in ([], ["added", "removed"]) and done == len(changes) + others + stops
    return [] if sound else [told]


KINDS = (
    errors,
    interrupts,
    wrong_answers,
    stops,
    moves_from_within,
    requests_from_within,
)


def cells(lifecycle: Lifecycle) -> Iterator[Cell]:
    """Give every cell of a lifecycle's own functions."""
    for kind in KINDS:
        yield from kind(lifecycle)
