"""Which indicators are drawn on the price, and which have a pane of their own.

An average of prices belongs on the price, an oscillator from 0 to 100 doesn't, though a price may
be in that range too. TA-Lib says of its functions which they are; of the others their values do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from attrs import field, frozen

from fsm_session.report.chart import lines_of

Record = Mapping[str, Any]

#: how far from the day's prices a value may be, as a factor, and still be drawn on them
WIDE = 1.25
SAME_SCALE = "Output scale same as input"


@frozen
class Panes:
    """Gathers, over the sessions of a run, where its indicators belong."""

    votes: Counter[tuple[str, bool]] = field(factory=Counter)
    layouts: dict[tuple[str, ...], None] = field(factory=dict)

    def look_at(self, session: Record) -> None:
        """Look at the indicators of every symbol of a session's record."""
        for symbol in session["symbols"].values():
            self.layouts[tuple(symbol["indicators"])] = None
            metrics = symbol["metrics"]
            for name, values in lines_of(symbol):
                function = symbol["indicators"][name]["function"]
                line = np.array(values, np.float64)
                line = line[np.isfinite(line)]
                if len(line):
                    fits = _fits(line, metrics["low"], metrics["high"])
                    self.votes[name, fits and scale_is_price(function)] += 1

    def apart(self, name: str) -> bool:
        """Tell whether an indicator has a pane of its own."""
        return self.votes[name, False] >= max(self.votes[name, True], 1)

    def names(self) -> list[str]:
        """Name the indicators that have a pane of their own, as they were met."""
        met = dict.fromkeys(name for layout in self.layouts for name in layout)
        return [name for name in met if self.apart(name)]

    def counts(self) -> list[int]:
        """Give how many panes there are on any symbol's chart: every number that occurs."""
        return sorted({sum(map(self.apart, layout)) for layout in self.layouts} or {0})


def _fits(line: Any, low: float | None, high: float | None) -> bool:
    if low is None or high is None:
        return False
    return bool(low / WIDE <= np.median(line) <= high * WIDE)


@cache
def scale_is_price(function: str) -> bool:
    """Tell whether a function's values may be prices: True where TA-Lib does not say."""
    import talib.abstract

    abstract: Any = talib.abstract

    if ":" in function:
        return True
    try:
        return SAME_SCALE in (abstract.Function(function).info["function_flags"] or ())
    except Exception:  # noqa: BLE001 - of what it doesn't know it says so in several ways
        return True
