"""What watches a run from outside: a watchdog, a count of open files, who is answered how often."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fsm_session.errors import IllegalMoveError
from fsm_session.machine import Receipt
from fsm_session.machine.driver import Driver

#: seconds after which a run that still goes on never ends; it takes some hundredths
PATIENCE = 30.0

#: takes what has to hold, and what is broken where it doesn't
Note = Callable[[bool, str], None]


@contextmanager
def watchdog(note: Note) -> Iterator[None]:
    """Break a run off that does not end, and note it: an error alone might be swallowed."""

    def barks(*_: object) -> None:
        note(False, f"it did not end within {PATIENCE} seconds")
        patches.setattr(Driver, "step", bites)
        bites()

    def bites(*_: object) -> None:
        raise IllegalMoveError("it went on and on")  # what no round of a run may swallow

    before = signal.signal(signal.SIGALRM, barks)
    with pytest.MonkeyPatch.context() as patches:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE, 1.0)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def open_files() -> Counter[str]:
    """Count what the descriptors of this process are open on; nothing where that can't be told."""
    folder, found = Path("/proc/self/fd"), Counter[str]()
    for descriptor in os.listdir(folder) if folder.exists() else ():
        try:
            found[os.readlink(folder / descriptor)] += 1
        except OSError:  # the one that was open on the folder itself
            continue
    return found


class Receipts(list[Receipt]):
    """The receipts of a run, and how often each was answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: Counter[int] = Counter()

    def answers_to(self, receipt: Receipt) -> int:
        """Count the answers that made a difference."""
        return self.answers[id(receipt)]


def watch_receipts(patches: pytest.MonkeyPatch, note: Note) -> Receipts:
    """See every receipt that is made, and every answer that it is given."""
    receipts = Receipts()
    init = Receipt.__init__

    def made(receipt: Receipt, *arguments: object) -> None:
        init(receipt, *arguments)  # type: ignore[arg-type]
        receipts.append(receipt)

    def counted(answer: Callable[..., None]) -> Callable[..., None]:
        def answers(receipt: Receipt, *arguments: object) -> None:
            before = receipt.status
            try:
                answer(receipt, *arguments)
            finally:
                receipts.answers[id(receipt)] += before == "waiting" != receipt.status
            note(before in ("waiting", receipt.status), f"{receipt} was {before} before")

        return answers

    patches.setattr(Receipt, "__init__", made)
    for name in ("done", "refuse", "fail"):
        patches.setattr(Receipt, name, counted(getattr(Receipt, name)))
    return receipts
