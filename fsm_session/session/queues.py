"""What waits to happen: each symbol's bars, quotes and ticks of the day, on one tape of instants.

Everything that happens at the same time is one instant, whatever the symbol: a step is taken
for the instant, not for what happens in it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fsm_session.market.bars import Times, same_times


class SessionQueues:
    """When something happens to each symbol, one column a stream: bars, then quotes and ticks.

    Each is ascending, int64 nanoseconds UTC; many events may share an instant.
    """

    def __init__(self) -> None:
        self.times: dict[str, tuple[Times, ...]] = {}

    def __len__(self) -> int:
        """Count what waits in all queues."""
        return sum(len(each) for streams in self.times.values() for each in streams)

    def put(self, symbol: str, *times: Times) -> None:
        """Queue a symbol's streams of the day."""
        self.times[symbol] = times

    def remove(self, symbol: str) -> None:
        """Take a symbol's queues out."""
        self.times.pop(symbol, None)

    def clear(self) -> None:
        """Empty every queue."""
        self.times.clear()

    def tape(self) -> Times:
        """Merge the queues: every instant at which something happens, once, ascending."""
        return merge(each for streams in self.times.values() for each in streams)


def merge(times: Iterable[Times]) -> Times:
    """Merge ascending instants, int64 nanoseconds, into one ascending array without doubles."""
    distinct: list[Times] = []
    for each in times:
        # symbols of a dense market share their instants: merging equals costs more than seeing it
        if not any(same_times(each, seen) for seen in distinct[-2:]):
            distinct.append(each)
    if len(distinct) == 1 and (distinct[0][1:] > distinct[0][:-1]).all():
        return distinct[0]
    return np.unique(np.concatenate(distinct)) if distinct else np.empty(0, np.int64)
