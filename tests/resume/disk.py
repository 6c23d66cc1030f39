"""Everything that a run does to its folder, counted, so that any of it can be the last.

What is wrapped is what the operating system is asked for: writes, syncs, renames, removals. At the
chosen one, before it, within it or after it, the process kills itself, or is told that the disk
is full.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from attrs import define, field, frozen

from fsm_session.machine import journal

When = Literal["before", "within", "after"]
#: what happens there: the process is killed, or the call fails and has done nothing, or half of it
What = Literal["kill", "ENOSPC", "EIO", "short"]


@frozen
class Point:
    """A place in a run: the n-th thing that it does to its folder."""

    number: int
    when: When = "before"
    what: What = "kill"


@define
class Disk:
    """Counts what is done; at ``point`` something happens. ``done`` names what was done."""

    point: Point | None = None
    done: list[str] = field(factory=list)
    struck: bool = False

    def call(self, name: str, call: Callable[[], Any]) -> Any:
        """Do something, unless this is where it ends."""
        self.strike("before", name)
        answer = call()
        self.strike("after", name)
        self.done.append(name)
        return answer

    def strike(self, when: When, name: str) -> None:
        """Let happen what is to happen here, once."""
        if self.struck or self.point is None:
            return
        if (self.point.number, self.point.when) != (len(self.done), when):
            return
        self.struck = True
        if self.point.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(getattr(errno, self.point.what), os.strerror(errno.ENOSPC), name)

    @property
    def is_short_here(self) -> bool:
        """Whether the write that comes now takes only half of what it is given."""
        return not self.struck and self.point == Point(len(self.done), "within", "short")

    def wrap(self) -> None:
        """Put this between the library and its folder, for the rest of the process."""
        for name in ("fsync", "replace", "unlink"):
            setattr(os, name, self._counting(name, getattr(os, name)))
        plain_open = Path.open

        def opened(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
            file = plain_open(path, mode, *rest, **more)
            return _File(self, file) if mode == "xb" else file

        Path.open = opened  # type: ignore[method-assign, assignment]
        journal.open = (  # type: ignore[attr-defined]
            lambda *given, **more: _File(self, builtins.open(*given, **more))  # noqa: SIM115
        )

    def _counting(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, **more: self.call(name, lambda: call(*given, **more))


class _File:
    """A file whose writes and cuts are counted."""

    def __init__(self, disk: Disk, file: Any) -> None:
        self._disk, self._file = disk, file

    def write(self, content: bytes) -> int:
        # only one that is not buffered may take less than it is given
        name = "append" if isinstance(self._file, io.RawIOBase) else "write"
        return int(self._disk.call(name, lambda: self._write(content)))

    def _write(self, content: bytes) -> int:
        half = len(content) // 2
        written = int(self._file.write(content[:half]))
        self._file.flush()
        if self._disk.is_short_here:
            self._disk.struck = True
            return written
        self._disk.strike("within", "write")
        written += int(self._file.write(content[half:]))
        self._file.flush()
        return written

    def truncate(self, size: int) -> int:
        return int(self._disk.call("truncate", lambda: self._file.truncate(size)))

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
