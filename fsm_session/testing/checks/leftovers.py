"""What is left behind in the process: threads, open files, and data that somebody still holds."""

from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import field, frozen

from fsm_session.workers.worker import BaseWorker

#: how long a thread may take to end that was told to
_SECONDS = 0.25
#: where a system lists what a process has open
_OPEN = next((each for each in ("/proc/self/fd", "/dev/fd") if Path(each).is_dir()), "")


@frozen(eq=False)
class Before:
    """The threads and the open files at one moment."""

    threads: frozenset[threading.Thread] = field(
        init=False, factory=lambda: frozenset(threading.enumerate())
    )
    files: frozenset[tuple[int, str]] = field(init=False, factory=lambda: frozenset(_open_files()))

    def left(self) -> Iterator[str]:
        """Name what has come since and is still there; a thread has a moment to end."""
        until = time.monotonic() + _SECONDS
        for thread in set(threading.enumerate()) - self.threads:
            thread.join(max(until - time.monotonic(), 0))
            if thread.is_alive():
                yield f"the thread {thread.name!r} running"
        for _, path in sorted(set(_open_files()) - self.files):
            yield f"{path} open"


def _open_files() -> list[tuple[int, str]]:
    """Give number and path of what is open, [] where the system doesn't tell."""
    found = []
    for number in map(int, os.listdir(_OPEN) if _OPEN else ()):
        try:
            os.fstat(number)
        except OSError:  # that of the listing itself
            continue
        try:
            found.append((number, os.readlink(f"{_OPEN}/{number}")))
        except OSError:
            found.append((number, f"file descriptor {number}"))
    return found


class Witness(BaseWorker):
    """A worker that notes which data each session has, without holding it."""

    name = "witness"

    def __init__(self) -> None:
        self._structures: list[tuple[str, weakref.ref[Any]]] = []
        self._columns: list[tuple[str, weakref.ref[Any]]] = []

    def setup(self, context: Any) -> None:
        """Note the session's data: the structures, and the columns at the bottom of them."""
        date, symbols = context.clock.session.label, context.data.values()
        structures = [context.data, *symbols]
        columns = [_owner(each.bars().close) for each in symbols]
        self._structures += [(date, weakref.ref(each)) for each in structures]
        self._columns += [(date, weakref.ref(each)) for each in columns]

    def still_there(self) -> str:
        """Give the date of a session of which something is still held, "" if of none."""
        gc.collect()
        held = (date for date, ref in (*self._structures, *self._columns) if ref() is not None)
        return next(held, "")


def _owner(array: Any) -> Any:
    """Find the array that holds what another one shows."""
    while array.base is not None:
        array = array.base
    return array
