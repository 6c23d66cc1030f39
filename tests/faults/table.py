"""The table: faults x phases, every cell of it, for a lifecycle."""

from __future__ import annotations

from functools import cache

from fsm_session.machine import Lifecycle
from tests.faults import in_events, in_hooks, in_parts, in_sources, in_time, in_workers, on_disk
from tests.faults.cells import Cell


@cache
def cells_of(lifecycle: Lifecycle) -> tuple[Cell, ...]:
    """Give the cells that come of a lifecycle's own declaration."""
    return (*in_hooks.cells(lifecycle), *in_time.cells(lifecycle))


@cache
def cells_beside() -> tuple[Cell, ...]:
    """Give the cells of what takes part in a run, whatever its lifecycle."""
    rooms = (in_workers, in_parts, in_sources, in_events, on_disk)
    return tuple(cell for room in rooms for cell in room.cells())
