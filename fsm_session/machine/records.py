"""What a driver tells of a run: each move it made, each error it met."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from attrs import field, frozen


@frozen
class Move:
    """One move that happened. ``source`` is None for the first, ``where`` is the context's word."""

    number: int
    source: str | None
    target: str
    guard: str
    where: Mapping[str, str] = field(factory=dict)


@frozen
class Failure:
    """One error and its place: phase, kind of hook, the hook's name, and the context's word."""

    error: BaseException
    phase: str
    kind: str = ""
    hook: str = ""
    where: Mapping[str, str] = field(factory=dict)

    @property
    def worker(self) -> str:
        """The worker that failed, where the error names one."""
        return str(getattr(self.error, "worker", ""))

    def __str__(self) -> str:
        """Write the place, then the error: ``Load, load_history, session 2024-07-03: ...``."""
        where = [f"{key} {value}" for key, value in self.where.items() if value]
        place = ", ".join(filter(None, (self.phase, self.hook, *where)))
        return f"{place}: {type(self.error).__name__}: {self.error}"


Observer: TypeAlias = Callable[["Move | Failure"], None]
