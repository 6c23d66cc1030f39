"""Bugs that somebody might make, put into the library by hand: each undoes one of its promises."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from fsm_session import context, export
from fsm_session.errors import WorkerError
from fsm_session.machine import Inbox, Receipt
from fsm_session.machine.driver import Driver
from fsm_session.machine.journal import Journal
from fsm_session.session.clock import TimeManager
from fsm_session.session.player import Player
from fsm_session.workers import threads
from fsm_session.workers.threads import ThreadedWorker
from fsm_session.workers.worker import Budget, Worker, WorkerGroup

Patch = pytest.MonkeyPatch


def in_order(patch: Patch) -> None:
    """Workers come down in the order of their set-up."""

    def teardown(group: WorkerGroup) -> None:
        for worker in tuple(group.up):
            worker.teardown()
            group.up.remove(worker)

    patch.setattr(WorkerGroup, "teardown", teardown)


def stops_at_the_first(patch: Patch) -> None:
    """A teardown that raises keeps the others up."""

    def teardown(group: WorkerGroup) -> None:
        for worker in reversed(tuple(group.up)):
            group.up.remove(worker)
            worker.teardown()

    patch.setattr(WorkerGroup, "teardown", teardown)


def forgets_the_failing_one(patch: Patch) -> None:
    """A worker is owned only once its set-up has succeeded."""

    def setup(group: WorkerGroup, given: Any) -> None:
        for worker in group.workers:
            group._call(worker, "setup", given)
            group.up.append(worker)
            group._ready.add(worker.name)
        group._steps = [(each, each.on_step) for each in group.workers]

    patch.setattr(WorkerGroup, "setup", setup)


def nobody_is_unclean(patch: Patch) -> None:
    """A teardown that fails leaves no name."""
    teardown = WorkerGroup.teardown

    def forgetful(group: WorkerGroup) -> None:
        try:
            teardown(group)
        finally:
            group.unclean.clear()

    patch.setattr(WorkerGroup, "teardown", forgetful)


def leaves_its_thread(patch: Patch) -> None:
    """A worker's thread is not ended, and nobody looks."""
    work = threads._work

    def on_and_on(worker: Worker, orders: threads._Orders) -> None:
        left.append(orders)
        for _ in range(2):
            work(worker, orders)

    patch.setattr(threads, "_work", on_and_on)
    patch.setattr(ThreadedWorker, "_end", lambda *_: None)


class _Last:
    """Equal to what a thread does last, and no method of anybody."""

    def __ne__(self, other: object) -> bool:
        return False


def end_of_thread() -> threads._Order:
    """Make an order with which a thread ends, and its worker is not torn down."""
    return threads._Order(cast(str, _Last()))


#: the orders of workers whose threads have not been ended
left: list[threads._Orders] = []


def end_what_is_left() -> None:
    """End the threads and close the files that bugs have left."""
    while left:
        left.pop().put(end_of_thread())
    while kept:
        kept.pop()._file.close()


def no_deadline(patch: Patch) -> None:
    """Nobody looks how long a worker takes."""
    patch.setattr(Budget, "left", lambda _: 1e9)


def answers_nobody(patch: Patch) -> None:
    """Requests that wait at the end are dropped."""
    patch.setattr(Inbox, "refuse_all", lambda inbox, _: inbox.take())
    patch.setattr(Inbox, "close", lambda inbox, _: inbox._answer_stops())


def answers_twice(patch: Patch) -> None:
    """A later answer takes the place of the first."""

    def answer(receipt: Receipt, status: Any, reason: str, error: BaseException | None) -> None:
        receipt.reason, receipt.error, receipt.status = reason, error, status

    def close(inbox: Inbox, reason: str) -> None:
        for receipt in answered:
            receipt.refuse(reason)

    answered: list[Receipt] = []
    submit = Inbox.submit

    def submitted(inbox: Inbox, kind: str, **arguments: Any) -> Receipt:
        answered.append(submit(inbox, kind, **arguments))
        return answered[-1]

    patch.setattr(Receipt, "_answer", answer)
    patch.setattr(Inbox, "submit", submitted)
    patch.setattr(Inbox, "close", close)


def deaf(patch: Patch) -> None:
    """A stop is heard by nobody."""

    def stop(inbox: Inbox) -> Receipt:
        receipt = Receipt(inbox)
        inbox._stops.append(receipt)
        if inbox._closed:
            inbox._answer_stops()
        return receipt

    patch.setattr(Inbox, "stop", stop)


def takes_one_more_step(patch: Patch) -> None:
    """The tape is played to its end, whatever is asked."""
    take = Player._take_steps

    def all_of_it(player: Player, on_step: Any, until_ns: int) -> bool:
        took = False
        while take(player, on_step, until_ns):
            took = True
        return took

    patch.setattr(Player, "_take_steps", all_of_it)


def last_error_first(patch: Patch) -> None:
    """What went wrong last is told first."""
    note = Driver._note

    def noted(driver: Driver, error: BaseException) -> None:
        note(driver, error)
        driver.failures.insert(0, driver.failures.pop())

    patch.setattr(Driver, "_note", noted)


def leaves_workers_up(patch: Patch) -> None:
    """Nobody is torn down."""
    patch.setattr(WorkerGroup, "teardown", lambda _: None)


def swallows_ctrl_c(patch: Patch) -> None:
    """Every interrupt is a stop, the second one too."""
    unless_stop = Driver._unless_stop

    def swallowed(driver: Driver, error: BaseException) -> BaseException | None:
        if isinstance(error, KeyboardInterrupt):
            driver.inbox.stop_requested = False
        return unless_stop(driver, error)

    patch.setattr(Driver, "_unless_stop", swallowed)


def believes_guards(patch: Patch) -> None:
    """A guard may answer with anything."""
    call = Driver._call

    def called(driver: Driver, function: Any, place: Any) -> Any:
        answer = call(driver, function, place)
        return bool(answer) if place.kind == "guard" else answer

    patch.setattr(Driver, "_call", called)


def lets_anybody_move(patch: Patch) -> None:
    """Hooks and other threads move the machine."""
    patch.setattr(Driver, "claim", lambda _: None)


def keeps_no_data(patch: Patch) -> None:
    """What Teardown forgets is gone at once."""

    def forget(self: context.SessionContext) -> None:
        self.data = type(self.data)(self.clock)

    patch.setattr(context.SessionContext, "forget", forget)


def forgets_at_the_end(patch: Patch) -> None:
    """Workers forget the session's data with themselves."""
    teardown = WorkerGroup.teardown

    def forgetful(group: WorkerGroup) -> None:
        for worker in group.up:
            data = getattr(getattr(worker, "context", None), "data", None)
            if data is not None:
                data._symbols = {}
        teardown(group)

    patch.setattr(WorkerGroup, "teardown", forgetful)


def leaves_parts(patch: Patch) -> None:
    """What was written aside is left there."""
    patch.setattr(Path, "unlink", lambda *_, **__: None)


def writes_in_place(patch: Patch) -> None:
    """A file is written where it stands."""

    def written(path: Path, content: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)

    patch.setattr(export, "write_whole", written)


def writes_behind_a_torn_record(patch: Patch) -> None:
    """A write that failed is forgotten: the next record goes behind it."""
    write = Journal._write

    def again(self: Journal, line: bytes, *, sync: bool) -> None:
        self._broken, self._settled = "", True
        write(self, line, sync=sync)

    patch.setattr(Journal, "_write", again)


#: the journals that are still open
kept: list[Journal] = []


def commits_something_else(patch: Patch) -> None:
    """The journal has the sum of another file."""
    write = export.RunRecords.write_session

    def written(self: export.RunRecords, *arguments: Any, **named: Any) -> None:
        write(self, *arguments, **named)
        self._digests = dict.fromkeys(self._digests, "0" * 64)

    patch.setattr(export.RunRecords, "write_session", written)


def leaks_files(patch: Patch) -> None:
    """What is open is not closed."""
    patch.setattr(Journal, "close", lambda self: kept.append(self))


def lets_the_clock_go_back(patch: Patch) -> None:
    """Time may run backwards."""
    patch.setattr(TimeManager, "set_backtest_time", lambda self, now: setattr(self, "now_ns", now))


def blames_nobody(patch: Patch) -> None:
    """An error of a worker doesn't say whose it is."""

    def made(self: WorkerError, _: str, told: str) -> None:
        Exception.__init__(self, told)

    patch.setattr(WorkerError, "__init__", made)
