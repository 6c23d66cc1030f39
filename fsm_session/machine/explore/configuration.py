"""A configuration: everything about a run that its further course depends on, as one value."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

#: ``failed``: it raised, and has not been torn down yet; ``unclean``: its teardown went wrong
Status: TypeAlias = Literal["down", "up", "failed", "unclean"]
#: ``heeded``: a move has been decided on since it was requested
Stop: TypeAlias = Literal["none", "requested", "heeded"]
#: one request stands for all; a ``late`` one was left when a final state had been entered
Request: TypeAlias = Literal["none", "waiting", "taken", "late"]
Validation: TypeAlias = Literal["none", "broken off", "met", "unmet"]
Session: TypeAlias = Literal["none", "active", "ended"]
#: what the owner keeps of the session before, ``empty`` where there was nothing in it
Kept: TypeAlias = Literal["nothing", "empty", "data"]


class Configuration(NamedTuple):
    """Where a run is, and what is up, waiting, loaded and on record.

    ``place`` names one of the lifecycle's places. ``worker``, ``raised`` and ``second_try``
    say how far the hook there has come: to which worker, whether one went wrong, and whether it
    is the second time that a final state's hook is tried.
    """

    place: str
    workers: tuple[Status, ...]
    worker: int = 0
    raised: bool = False
    second_try: bool = False
    stop: Stop = "none"
    request: Request = "none"
    failed: bool = False
    validation: Validation = "none"
    session: Session = "none"
    committed: bool = False
    loaded: bool = False
    kept: Kept = "nothing"
    ever_loaded: bool = False

    @property
    def data_at_the_end(self) -> bool:
        """Whether the owner would have a session's data, did the run end now."""
        return self.loaded if self.kept == "nothing" else self.kept == "data"


def is_up(status: Status) -> bool:
    """Tell whether a worker has been set up, or was begun to be, and is still to come down."""
    return status in ("up", "failed")
