"""Collects what is wrong with a symbol's data: each broken rule once, with its place.

A rule looks at whole columns; what is told is the first row that breaks it, and how many do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from fsm_session.errors import Fault
from fsm_session.market.bars import Floats, Times

NOT_A_TIME = np.iinfo(np.int64).min
Mask = npt.NDArray[np.bool_]
#: the columns it looks at, what is wrong where it is broken, and where it is
Rule = tuple[tuple[str, ...], str, Callable[..., Mask]]


@frozen
class Faults:
    """The faults of one symbol. With ``times``, (n,) int64 nanoseconds UTC, a row has its time.

    ``rows``, (n,), are the numbers of the rows in the frame where some of it were left out.
    """

    symbol: str
    file: str
    times: Times | None = None
    rows: npt.NDArray[np.intp] | None = None
    found: list[Fault] = field(factory=list)

    def add(self, message: str, time: str = "") -> None:
        """Add a fault."""
        self.found.append(Fault(message, file=self.file, symbol=self.symbol, time=time))

    def add_where(self, message: str, broken: Mask) -> None:
        """Add a fault for the first row where a rule is broken, if there is one."""
        if broken.any():
            first, count = int(broken.argmax()), int(broken.sum())
            more = f" (and of {count - 1} more)" if count > 1 else ""
            self.add(message + more, self.when(first))

    def add_broken(self, rules: Iterable[Rule], columns: Mapping[str, Floats]) -> None:
        """Add a fault for each rule that is broken, of those whose columns there are."""
        for needs, message, broken in rules:
            if all(name in columns for name in needs):
                self.add_where(message, broken(*(columns[name] for name in needs)))

    def when(self, row: int) -> str:
        """Say which row it is: its time, or its number where that isn't known."""
        if self.times is None or self.times[row] == NOT_A_TIME:
            return f"row {row if self.rows is None else self.rows[row]}"
        return pd.Timestamp(int(self.times[row]), unit="ns", tz="UTC").isoformat()


def finite(name: str) -> Rule:
    """Make the rule that a column holds numbers, all of them finite."""
    return (name,), f"{name} is missing or infinite", lambda column: ~np.isfinite(column)


def above_zero(name: str) -> Rule:
    """Make the rule that a column is above 0."""
    return (name,), f"{name} is not above 0", lambda column: column <= 0


def not_below_zero(name: str) -> Rule:
    """Make the rule that a column is 0 or above."""
    return (name,), f"{name} is below 0", lambda column: column < 0
