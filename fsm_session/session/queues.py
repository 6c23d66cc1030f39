"""What waits to happen: each symbol's bars of the day, merged into one tape of instants.

Everything that happens at the same time is one instant, whatever the symbol: a step is taken
for the instant, not for the bar.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from fsm_session.market.bars import Bars, Times


class SessionQueues:
    """The bars of the day by symbol, in the order in which they happen."""

    def __init__(self) -> None:
        self.bars: dict[str, Bars] = {}

    def __len__(self) -> int:
        """Count the bars of all queues."""
        return sum(map(len, self.bars.values()))

    def put(self, symbol: str, bars: Bars) -> None:
        """Queue a symbol's bars of the day."""
        self.bars[symbol] = bars

    def remove(self, symbol: str) -> None:
        """Take a symbol's queue out."""
        self.bars.pop(symbol, None)

    def clear(self) -> None:
        """Empty every queue."""
        self.bars.clear()

    def tape(self) -> Times:
        """Merge the queues: every instant at which something happens, once, ascending."""
        return merge(bars.end for bars in self.bars.values())


def merge(times: Iterable[Times]) -> Times:
    """Merge ascending instants, int64 nanoseconds, into one ascending array without doubles."""
    distinct: list[Times] = []
    for each in times:
        # symbols of a dense market share their instants: merging equals costs more than seeing it
        if not any(np.array_equal(each, seen) for seen in distinct[-2:]):
            distinct.append(each)
    return np.unique(np.concatenate(distinct)) if distinct else np.empty(0, np.int64)
