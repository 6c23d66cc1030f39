"""Faults in workers: worker k of n raises, hangs, dies, is late; inline and in its thread.

A worker in its thread hangs for real, until the test lets it go. One on the machine's own thread
can't be broken off: it is late by a clock that the test moves.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

from attrs import evolve

from fsm_session.errors import WorkerError, WorkerHungError
from fsm_session.states import TRADING_DAY
from tests.faults.bugs import end_of_thread
from tests.faults.cells import Cell, at, both, clean_run, throwing
from tests.faults.in_hooks import ERRORS, no_new_work
from tests.faults.outcome import Expected, Told
from tests.faults.parts import METHODS, WORKERS
from tests.faults.places import Call, Spot
from tests.faults.stage import BoomError, Options, Stage

#: in which phase, and by which hook, a worker's methods are called: DESIGN, "What each phase does"
HOOKS = {
    "setup": ("InitThreads", "set_up_workers"),
    "on_session_start": ("Active", "tell_workers_the_session_began"),
    "on_step": ("Streaming", "stream_the_tape"),
    "on_session_end": ("Deactivate", "tell_workers_the_session_ended"),
    "teardown": ("Teardown", "tear_down_workers"),
}
INLINE, THREADS = Options(), Options(threads=True)
#: seconds; a hung worker costs its test two of them, and a thread needs some to be heard
DEADLINE = 0.25
HANGING = Options(threads=True, deadline=DEADLINE)
DYING = (SystemExit, KeyboardInterrupt)


def calls() -> Iterator[Call]:
    """Give every method of every worker that a run without a fault comes to."""
    trace = clean_run(TRADING_DAY).trace
    for worker in WORKERS:
        yield from (call for method in METHODS if (call := Call(worker, method)) in trace)


def visits_of(call: Call) -> list[int]:
    """Give a call's first visit and its last."""
    return sorted({1, len(clean_run(TRADING_DAY).trace[call])})


def told(spot: Spot, error: type[BaseException], *, mine: bool = True) -> Told:
    """Say how an error at a worker's call is told: by the hook that made the call."""
    assert isinstance(spot.where, Call)
    worker, method = spot.where.owner, spot.where.method
    state, hook = HOOKS[method]
    if method == "teardown" and spot.visit > 1:
        state = "Done"
    return Told(error, state, hook, worker, mine=mine)


def told_by(state: str, worker: str, error: type[BaseException], *, mine: bool = True) -> Told:
    """Say how an error is told that comes of taking a worker down after an earlier one."""
    hook = "set_up_workers" if state == "InitThreads" else "tear_down_workers"
    return Told(error, state, hook, worker, mine=mine)


def unclean(spot: Spot) -> tuple[str, ...]:
    """Name the worker where it is its teardown that goes wrong."""
    assert isinstance(spot.where, Call)
    return (spot.where.owner,) if spot.where.method == "teardown" else ()


def errors() -> Iterator[Cell]:
    """Worker k of n raises: an exception, MemoryError, SystemExit, in any method."""
    for call in calls():
        for what, make in ERRORS.items():
            for visit in visits_of(call)[: None if what == "error" else 1]:
                spot = Spot(call, "after", visit)
                kind = SystemExit if make is SystemExit else WorkerError
                expected = Expected((told(spot, kind),), unclean=unclean(spot))
                yield Cell(f"{spot}-{what}", at(spot, throwing(make, spot)), expected)


def errors_in_threads() -> Iterator[Cell]:
    """In its thread worker k of n raises, also what would end it: an error like any other."""
    for call in calls():
        for make in (BoomError, *DYING):
            spot = Spot(call)
            expected = Expected((told(spot, WorkerError),), unclean=unclean(spot))
            name = f"thread-{spot}-{make.__name__}"
            yield Cell(name, at(spot, throwing(make, spot)), expected, THREADS)


def interrupts() -> Iterator[Cell]:
    """Ctrl-C while a worker of the machine's own thread is at work: a stop; a second: an error."""
    for call in calls():
        for visit in visits_of(call):
            spot = Spot(call, "after", visit)
            interrupt = throwing(KeyboardInterrupt, spot)
            yield Cell(f"{spot}-interrupt", at(spot, interrupt), Expected(stopped=True))

            def second(stage: Stage, deed: Any = interrupt) -> None:
                stage.stop()
                deed(stage)

            # it is nobody's fault, and a teardown that it breaks off is done again
            expected = Expected((evolve(told(spot, KeyboardInterrupt), worker=""),), stopped=True)
            yield Cell(f"{spot}-second_interrupt", at(spot, second), expected)


def stops() -> Iterator[Cell]:
    """A stop from within a worker, in any method, inline or in its thread: nothing new is begun."""
    for options in (INLINE, THREADS):
        for call in calls():
            for visit in visits_of(call)[: 1 if options.threads else None]:
                spot = Spot(call, "before", visit)
                name = f"{'thread-' * options.threads}{spot}-stop"
                expected = Expected(stopped=True)
                yield Cell(name, at(spot, Stage.stop), expected, options, also=no_new_work)


def setup_and_teardown() -> Iterator[Cell]:
    """Worker k of n raises in setup, and again when what is up is taken down."""
    for options in (INLINE, THREADS):
        for worker in WORKERS:
            up, down = Spot(Call(worker, "setup")), Spot(Call(worker, "teardown"))
            errors = (told(up, WorkerError), told_by("InitThreads", worker, WorkerError))
            yield Cell(
                f"{'thread-' * options.threads}{worker}-setup_and_teardown-error",
                both(at(up, throwing(BoomError, up)), at(down, throwing(BoomError, down))),
                Expected(errors, unclean=(worker,)),
                options,
            )


def teardowns() -> Iterator[Cell]:
    """All workers raise in teardown; or one does, and Ctrl-C comes in the teardown of the next."""
    downs = {worker: Spot(Call(worker, "teardown")) for worker in reversed(WORKERS)}
    yield Cell(
        "all-teardown-error",
        both(*(at(spot, throwing(BoomError, spot)) for spot in downs.values())),
        Expected(tuple(told(spot, WorkerError) for spot in downs.values()), unclean=(*downs,)),
    )
    failing, interrupted = downs["gamma"], downs["beta"]
    yield Cell(
        "gamma-teardown-error-and-beta-teardown-interrupt",
        both(
            at(failing, throwing(BoomError, failing)),
            at(interrupted, throwing(KeyboardInterrupt, interrupted)),
        ),
        # it may be told by the teardown that goes on where the first was broken off
        Expected((evolve(told(failing, WorkerError), phase=""),), unclean=("gamma",), stopped=True),
    )


def hangs() -> Iterator[Cell]:
    """Worker k of n hangs in its thread, past its deadline, in any method."""
    for worker in ("alpha", "gamma", "delta"):
        for method in METHODS:
            spot = Spot(Call(worker, method), "after")
            errors = [told(spot, WorkerHungError, mine=False)]
            if method != "teardown":  # it does not take its teardown either
                by = "InitThreads" if method == "setup" else "Failed"
                errors.append(told_by(by, worker, WorkerHungError, mine=False))
            expected = Expected(tuple(errors), unclean=(worker,))
            yield Cell(f"thread-{spot}-hangs", at(spot, Stage.hang), expected, HANGING)


def ended_threads() -> Iterator[Cell]:
    """A worker's thread comes to its end by itself: the next thing it is told is not answered."""
    following_of = {"setup": "on_session_start", "on_session_start": "on_step"}
    for method in METHODS[:-1]:
        following = following_of.get(method, "on_step" if method == "on_step" else "teardown")
        spot, following_spot = Spot(Call("beta", method)), Spot(Call("beta", following))
        errors = [told(following_spot, WorkerHungError, mine=False)]
        if following != "teardown":
            errors.append(told_by("Failed", "beta", WorkerHungError, mine=False))
        expected = Expected(tuple(errors), unclean=("beta",))
        yield Cell(f"thread-{spot}-ends", at(spot, _end_the_thread), expected, HANGING)


def _end_the_thread(stage: Stage) -> None:
    """Let the thread that this runs in end once it has answered."""
    name = threading.current_thread().name.removeprefix("fsm-session ")
    (worker,) = (each for each in stage.context.workers.workers if each.name == name)
    stage.dead.append(name)
    worker._orders.put(end_of_thread())  # type: ignore[attr-defined]


def overruns() -> Iterator[Cell]:
    """A worker of the machine's own thread comes back only when its deadline has passed."""
    for call in calls():
        if call.method != "on_step":  # a step inline has no deadline
            for visit in visits_of(call):
                spot = Spot(call, "before", visit)
                expected = Expected(
                    (told(spot, WorkerHungError, mine=False),), unclean=unclean(spot)
                )
                yield Cell(f"{spot}-overruns", partial(_late, spot), expected)


def _late(spot: Spot, stage: Stage) -> None:
    """Let the deadline pass at a spot, on a clock that stands still but for that."""
    now = [1000.0]
    budget = stage.context.workers.budget
    budget.monotonic = lambda: now[0]
    budget.start()

    def passes() -> None:
        now[0] += 2 * budget.seconds

    stage.deeds[spot] = passes


KINDS = (
    errors,
    errors_in_threads,
    interrupts,
    stops,
    setup_and_teardown,
    teardowns,
    hangs,
    ended_threads,
    overruns,
)


def cells() -> Iterator[Cell]:
    """Give every cell of the workers."""
    for kind in KINDS:
        yield from kind()
