"""What has to hold at the end of a run, whatever went wrong in it: one check a promise.

A check yields what does not hold, in words; nothing is asserted here, so that one cell tells all
that is wrong with it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any

from attrs import frozen

from fsm_session.coordinator import Run
from fsm_session.errors import JournalError, RunFailedError, RunInterruptedError
from fsm_session.machine import Failure
from fsm_session.machine.journal import JournalRecords, read_journal, replay
from tests.faults.parts import MINUTES, RUN
from tests.faults.stage import Stage
from tests.faults.witnesses import PATIENCE


@frozen
class Told:
    """An error that has to be told: its type, and its place; "" where that may be anything.

    ``mine``: it is what was thrown, or that is its cause. ``says``: what its message has in it.
    """

    error: type[BaseException]
    phase: str = ""
    hook: str = ""
    worker: str = ""
    mine: bool = True
    says: tuple[str, ...] = ()


@frozen
class Expected:
    """What a fault has to lead to: Failed with these errors, in this order, or Done with none.

    ``more``: others may come behind them. ``same``: sessions that are complete have left the
    same bytes as without any fault, ``rows``: all bars are there. ``disk``: files may be missing,
    but none may be half.
    """

    errors: tuple[Told, ...] = ()
    more: bool = False
    unclean: tuple[str, ...] = ()
    stopped: bool = False
    same: bool = True
    rows: bool = True
    disk: bool = False
    refused: type[BaseException] | None = None

    @property
    def state(self) -> str:
        """The final state."""
        return "Failed" if self.errors else "Done"


class Ending:
    """A run that has ended, and what was expected of it."""

    def __init__(self, stage: Stage, expected: Expected, clean: dict[str, bytes]) -> None:
        self.stage, self.expected, self.clean = stage, expected, clean
        assert stage.result is not None, f"there is no run: {stage.raised!r}"
        self.run: Run = stage.result

    @cached_property
    def journal(self) -> JournalRecords | None:
        """What the journal holds; None where it has not even a header."""
        try:
            return read_journal(self.stage.out / "journal.jsonl")
        except JournalError:
            return None

    @cached_property
    def record(self) -> dict[str, Any] | None:
        """The run's record, None where there is none."""
        path = self.stage.out / "run.json"
        return json.loads(path.read_bytes()) if path.is_file() else None


Check = Callable[[Ending], Iterator[str]]


def ends_in_done_or_failed(ending: Ending) -> Iterator[str]:
    """Ends in Done or Failed within the deadline."""
    stage, run, state = ending.stage, ending.run, ending.expected.state
    if stage.driver.state != state or run.moves[-1].target != state:
        yield f"it ended in {stage.driver.state}, not {state}: {[*map(str, run.errors)]}"
    if stage.seconds > PATIENCE:
        yield f"it took {stage.seconds} seconds"
    done = sum(each.complete for each in run.sessions) == len(RUN)
    outcome = "failed" if ending.expected.errors else "completed" if done else "stopped"
    if run.outcome != outcome:
        yield f"its outcome is {run.outcome}, not {outcome}"
    if outcome == "stopped" and not ending.expected.stopped:
        yield "it stopped, and nobody had asked for it"


def the_state_is_what_is_set_up(ending: Ending) -> Iterator[str]:
    """The state equals what is set up; it was held to that all the way, too."""
    stage, context = ending.stage, ending.stage.context
    yield from stage.violations
    if context.workers.up or context.data.active:
        yield f"up are {context.workers.up}, active is {context.data.active}"
    if stage.driver.state != run_through_table(ending):
        yield "the moves don't lead through the table to the state"
    times = [(each.where.get("session"), each.where.get("time", "")) for each in ending.run.moves]
    if any(one[0] == other[0] and one[1] > other[1] for one, other in pairwise(times)):
        yield f"the clock went back within a session: {times}"


def run_through_table(ending: Ending) -> str:
    """Follow the moves of the run through its table."""
    moves = [
        {"kind": "move", "number": each.number, "from": each.source, "to": each.target}
        for each in ending.run.moves
    ]
    return replay(ending.stage.options.lifecycle, moves)


def every_worker_came_down(ending: Ending) -> Iterator[str]:
    """Every worker set up is torn down exactly once, in reverse (the order is noted as it goes)."""
    # who has no thread any more can't be told; it is named as unclean
    if left := [each for each in ending.stage.up if each not in ending.stage.dead]:
        yield f"set up and not torn down: {left}"


def the_first_error_is_raised(ending: Ending) -> Iterator[str]:
    """The first error is raised to the caller with the clean-up's added (ExceptionGroup)."""
    raised, run, expected = ending.stage.raised, ending.run, ending.expected
    if not expected.errors:
        if raised is not None or run.errors:
            yield f"it raised {raised!r} with {[*map(str, run.errors)]}"
        return
    errors = [failure.error for failure in run.errors]
    whole = all(isinstance(each, Exception) for each in errors)
    kind = RunFailedError if whole else RunInterruptedError
    if not isinstance(raised, RunFailedError | RunInterruptedError) or type(raised) is not kind:
        yield f"it raised {raised!r}"
    elif [*raised.exceptions] != errors or raised.run is not run:
        yield f"it raised {raised.exceptions}, but on record are {errors}"
    missing = len(expected.errors) - len(errors)
    if missing > 0 or (missing and not expected.more):
        yield f"expected were {len(expected.errors)} errors, told are {[*map(str, run.errors)]}"
    thrown = iter(ending.stage.thrown)
    for told, failure in zip(expected.errors, run.errors, strict=False):
        yield from _as_told(told, failure, next(thrown, None) if told.mine else None)


def _as_told(told: Told, failure: Failure, thrown: BaseException | None) -> Iterator[str]:
    """The first error is told naming phase, hook, worker."""
    error = failure.error
    if not isinstance(error, told.error):
        yield f"{error!r} is no {told.error.__name__}"
    if told.mine and (thrown is None or thrown not in _causes(error)):
        yield f"{error!r} is not what was thrown, {thrown!r}"
    for name, wish in (("phase", told.phase), ("hook", told.hook), ("worker", told.worker)):
        if wish and getattr(failure, name) != wish:
            yield f"{failure}: its {name} is {getattr(failure, name)!r}, not {wish!r}"
    notes = " ".join(getattr(error, "__notes__", ()))
    for part in (failure.phase, told.hook, failure.where.get("session", "?")):
        if part not in notes:
            yield f"the notes of {error!r} don't name {part!r}: {notes!r}"
    for part in told.says:
        if part not in f"{error} {notes}":
            yield f"{error!r} doesn't name {part!r}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def errors_name_their_session(ending: Ending) -> Iterator[str]:
    """The first error is told naming its session; the records say the same as what is raised."""
    errors = ending.run.errors
    if errors and errors[0].where.get("session") != ending.stage.session_fired:
        yield f"{errors[0]} is of session {ending.stage.session_fired}"
    if ending.record is not None:
        told = [(each["phase"], each["hook"], each["worker"]) for each in ending.record["errors"]]
        if told != [(each.phase, each.hook, each.worker) for each in errors][: len(told)]:
            yield f"run.json tells of {told}"
        if not ending.expected.disk and len(told) != len(errors):
            yield f"run.json tells of {len(told)} of {len(errors)} errors"


def the_data_is_kept(ending: Ending) -> Iterator[str]:
    """SessionData kept: that of the last session whose Load had succeeded."""
    loaded, begun = (
        sum(n for place, n in count.items() if str(place).endswith("retire_the_previous_session"))
        for count in (ending.stage.ended, ending.stage.visits)
    )
    if not loaded:
        return
    data, date = ending.run.data, ending.run.data.session.label
    # where an interrupt came in the midst of changing them, either is whole
    if date not in RUN[loaded - 1 : begun]:
        yield f"kept is the data of {date}, not of {RUN[loaded - 1]}"
    for symbol in ending.stage.options.symbols:
        count = len(data[symbol].whole_day("1m")) if symbol in data else -1
        if count != len(MINUTES[date]) and (ending.expected.rows or count < 0):
            yield f"of {symbol} not all is kept: {[*data]}"


def nothing_is_left(ending: Ending) -> Iterator[str]:
    """No thread, file or temporary file left."""
    stage = ending.stage
    if stage.threads_left:
        yield f"threads are left: {stage.threads_left}"
    if stage.files_left:
        yield f"files are open: {stage.files_left}"
    known = {"journal.jsonl", "run.json", *(f"sessions/{date}.json" for date in RUN)}
    there = {str(each.relative_to(stage.out)) for each in stage.out.rglob("*") if each.is_file()}
    if there - known - {stage.obstacle}:
        yield f"files are left: {there - known}"


def what_was_exported_is_whole(ending: Ending) -> Iterator[str]:
    """What was exported before is whole: what the journal says, and the same as without a fault."""
    complete = {each.date for each in ending.run.sessions if each.complete}
    digests = dict(_digests(ending))
    for path in sorted(ending.stage.out.glob("sessions/*.json")):
        content, date = path.read_bytes(), path.stem
        json.loads(content)
        if date in digests and hashlib.sha256(content).hexdigest() != digests[date]:
            yield f"{path.name} is not what the journal says"
        if ending.expected.same and date in complete and content != ending.clean[date]:
            yield f"{path.name} is not the same as without a fault"
    if missing := [each for each in digests if not _session(ending, each).exists()]:
        yield f"the journal has sessions that are not there: {missing}"
    if uncommitted := complete - {*digests}:
        yield f"told as complete, and not in the journal: {uncommitted}"
    if not ending.expected.disk and {*digests} != {each.date for each in ending.run.sessions}:
        yield f"the journal has the sessions {[*digests]}"


def _session(ending: Ending, date: str) -> Any:
    return ending.stage.out / "sessions" / f"{date}.json"


def _digests(ending: Ending) -> Iterator[tuple[str, str]]:
    for each in ending.journal.records if ending.journal else ():
        if each["kind"] == "session":
            yield each["date"], each["sha256"]


def the_journal_reads_back(ending: Ending) -> Iterator[str]:
    """The journal reads back and replays; torn it may only be where the disk was at fault."""
    journal, run, disk = ending.journal, ending.run, ending.expected.disk
    if journal is None or ending.record is None:
        if not disk:
            yield "there is no journal, or no record of the run"
        return
    moves = [(each["from"], each["to"]) for each in journal.records if each["kind"] == "move"]
    if moves != [(each.source, each.target) for each in run.moves][: len(moves) if disk else None]:
        yield f"the journal has the moves {moves}"
    state = replay(ending.stage.options.lifecycle, journal.records)
    if not disk and (journal.torn or state != ending.stage.driver.state):
        yield f"the journal leads to {state}, torn: {journal.torn}"
    if not disk and ending.record["outcome"] != run.outcome:
        yield f"run.json says {ending.record['outcome']}"


def the_unclean_are_named(ending: Ending) -> Iterator[str]:
    """Workers whose teardown failed or hung are named as unclean, and nobody else."""
    if ending.run.unclean != ending.expected.unclean:
        yield f"unclean are {ending.run.unclean}, not {ending.expected.unclean}"
    if ending.expected.disk or ending.record is None:
        return
    if ending.record["unclean"] != [*ending.expected.unclean]:
        yield f"run.json says unclean are {ending.record['unclean']}"


def every_request_is_answered_once(ending: Ending) -> Iterator[str]:
    """Every request answered exactly once, those that come after the end too."""
    stage = ending.stage
    late, stop = stage.coordinator.add_symbol("EEE"), stage.coordinator.stop()
    if (late.status, stop.status) != ("refused", "done"):
        yield f"asked after the end: {late}, {stop}"
    for receipt in stage.receipts:
        if receipt.status == "waiting" or stage.receipts.answers_to(receipt) != 1:
            yield f"{receipt} was answered {stage.receipts.answers_to(receipt)} times"
        if receipt.status == "refused" and not receipt.reason:
            yield f"{receipt} has no reason"
        if (receipt.error is None) == (receipt.status == "failed"):
            yield f"{receipt} failed without an error, or has one"


CHECKS: tuple[Check, ...] = (
    ends_in_done_or_failed,
    the_state_is_what_is_set_up,
    every_worker_came_down,
    the_first_error_is_raised,
    errors_name_their_session,
    the_data_is_kept,
    nothing_is_left,
    what_was_exported_is_whole,
    the_journal_reads_back,
    the_unclean_are_named,
    every_request_is_answered_once,
)


def violations(ending: Ending) -> list[str]:
    """Give all that does not hold of a run that has ended, each with the promise it breaks."""
    return [f"{check.__name__}: {broken}" for check in CHECKS for broken in check(ending)]
