"""Faults in what a user brings: a strategy, scanner, indicator that raises or answers nonsense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from attrs import evolve

from fsm_session import Signal
from fsm_session.errors import IndicatorError, PartError, RequirementsError
from fsm_session.states import TRADING_DAY
from tests.faults.cells import Arm, Cell, at, clean_run, throwing
from tests.faults.outcome import Ending, Expected, Told
from tests.faults.places import Call, Place, Spot
from tests.faults.stage import BoomError, Options, Stage

MANAGERS = {"strategy": "StrategyManager", "scanner": "ScannerManager"}
INDICATOR = {
    "name": "own", "function": "tests.faults.parts:own_indicator", "interval": "1m",
    "warm_up": False,
}  # fmt: skip
WITH_INDICATOR = Options(data={"indicators": [INDICATOR]})


DISABLING = {
    "strategy": Options(strategy={"on_error": "disable"}),
    "scanner": Options(scanner={"on_error": "disable"}),
}


def part_calls() -> list[Call]:
    """Give every method of the parts that a run without a fault comes to."""
    return [call for call in clean_run(TRADING_DAY).trace if call.owner in MANAGERS]


def visits(call: Call, options: Options | None = None) -> Iterator[tuple[Spot, Place]]:
    """Give the first and the last of a call's visits within a run, and where each is made."""
    trace = clean_run(TRADING_DAY, options).trace[call]
    made = [(visit, place) for visit, place in enumerate(trace, 1) if place is not None]
    for visit, place in dict((made[0], made[-1])).items():
        yield Spot(call, "before", visit), place


def told_of(call: Call, place: Place, error: type[BaseException], **more: Any) -> Told:
    """Say how an error of a part is told: its manager's; that of a scan is of no worker."""
    worker = "" if (call.owner, call.method) in SCANS else MANAGERS[call.owner]
    return Told(error, place.state, place.name, worker, **more)


#: done by the hooks that scan, and not by way of the workers
SCANS = (("scanner", "scan"), ("scanner", "teardown"))


def raises(what: str, make: Callable[[str], BaseException], told: Told) -> Iterator[Cell]:
    """Let a part raise in any method; ``told`` is what all the errors have in common."""
    for call in part_calls():
        for spot, place in visits(call):
            error = told_of(call, place, told.error, says=(*told.says,))
            unclean = (error.worker,) if place.name == "tear_down_workers" else ()
            yield Cell(
                f"{spot}-{what}",
                at(spot, throwing(make, spot)),
                Expected((error,), unclean=unclean),
            )


def errors() -> Iterator[Cell]:
    """A scanner, a strategy that raises: the error names it, with the time."""
    for cell in raises("error", BoomError, Told(PartError, says=("2024-07-0",))):
        part = cell.name.partition("-")[0]
        (told,) = cell.expected.errors
        named = evolve(told, says=(*told.says, repr(part)))
        yield evolve(cell, expected=evolve(cell.expected, errors=(named,)))


def exits() -> Iterator[Cell]:
    """A part that raises SystemExit: that is no way to leave a run."""
    yield from raises("exit", SystemExit, Told(SystemExit))


def disabled() -> Iterator[Cell]:
    """One with ``on_error = "disable"`` is taken out of the session, and the session goes on."""
    for call in part_calls():
        if call.method == "teardown":  # something of it may be left: that fails, whatever it says
            continue
        options = DISABLING[call.owner]
        for spot, _ in visits(call):
            name = f"{spot}-error_disables"
            is_out = partial(_is_disabled, call.owner)
            arm = at(spot, throwing(BoomError, spot))
            yield Cell(name, arm, Expected(same=False), options, is_out)


def _is_disabled(part: str, ending: Ending) -> list[str]:
    disabled = [
        (each.name, "BoomError" in each.error)
        for session in ending.run.sessions
        for each in session.disabled
    ]
    return [] if disabled == [(part, True)] else [f"disabled are {disabled}"]


#: what a part may not answer
NONSENSE: dict[Call, dict[str, Any]] = {
    Call("strategy", "on_bars"): {
        "number": 42,
        "unknown_symbol": Signal("ZZZ", "buy"),
        "no_text": Signal("AAA", 7),  # type: ignore[arg-type]
    },
    Call("scanner", "scan"): {"number": 42, "numbers": [1, 2]},
}


def nonsense() -> Iterator[Cell]:
    """A part that answers what is no answer."""
    for call, answers in NONSENSE.items():
        for what, answer in answers.items():
            for spot, place in visits(call):
                told = told_of(call, place, PartError, mine=False, says=(call.owner,))
                arm = answering(spot, partial(_instead, answer))
                yield Cell(f"{spot}-answers_{what}", arm, Expected((told,)))


def _instead(answer: object, _: object) -> object:
    return answer


def answering(spot: Spot, change: Callable[[Any], Any]) -> Arm:
    """Let a call be answered with something else."""

    def arm(stage: Stage) -> None:
        stage.answers[evolve(spot, moment="after")] = change

    return arm


#: what an indicator may not answer
WRONG: dict[str, Callable[[Any], Any]] = {
    "too_short": lambda answer: answer[1:],
    "text": lambda _: "no array",
}
INDICATOR_CALL = Call("indicator", "own")


def indicators() -> Iterator[Cell]:
    """An indicator that raises, or answers with something else, in each phase that computes it."""
    trace = clean_run(TRADING_DAY, WITH_INDICATOR).trace[INDICATOR_CALL]
    firsts = {place: visit for visit, place in reversed([*enumerate(trace, 1)]) if place}
    for place, visit in firsts.items():
        spot = Spot(INDICATOR_CALL, "before", visit)
        name = f"{place.state}-{spot}"
        raises = at(spot, throwing(BoomError, spot))
        yield Cell(f"{name}-error", raises, _of_indicator(place, True), WITH_INDICATOR)
        for what, change in WRONG.items():
            arm = answering(spot, change)
            yield Cell(f"{name}-answers_{what}", arm, _of_indicator(place, False), WITH_INDICATOR)


def _of_indicator(place: Place, mine: bool) -> Expected:
    """Say what comes of it: a symbol that comes later is refused, the others are needed."""
    if place.state == "Validate":
        told = Told(RequirementsError, "Validate", mine=False, says=("own",))
        return Expected((told,), same=False)
    if place.state == "Load":
        told = Told(IndicatorError, "Load", place.name, mine=mine, says=("own",))
        return Expected((told,), same=False)
    return Expected(same=False)


KINDS = (errors, exits, disabled, nonsense, indicators)


def cells() -> Iterator[Cell]:
    """Give every cell of the parts."""
    for kind in KINDS:
        yield from kind()
