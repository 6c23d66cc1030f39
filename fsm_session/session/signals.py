"""What is said and done in a session: values that cross from its parts into its data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import field, frozen


@frozen
class Signal:
    """What a strategy wants done: with which symbol, what, why, and with how much.

    ``action`` is the strategy's own word (buy, sell, flat, ...), ``quantity`` a finite number
    in whatever unit it thinks in, None where it does not say: nothing here trades.
    """

    symbol: str
    action: str
    reason: str = ""
    quantity: float | None = None


@frozen
class Found:
    """A symbol that a scanner found, why, and the figures it looked at."""

    symbol: str
    reason: str = ""
    figures: Mapping[str, float] = field(factory=dict)


@frozen
class RecordedSignal:
    """A signal with its time (the clock's, int64 nanoseconds UTC) and its strategy."""

    time_ns: int
    strategy: str
    signal: Signal


@frozen
class RecordedScan:
    """What one run of a scanner found, with its time (the clock's, int64 nanoseconds UTC)."""

    time_ns: int
    scanner: str
    found: tuple[Found, ...]
    refused: Mapping[str, str] = field(factory=dict)


@frozen
class RecordedChange:
    """A symbol that came or went, when (the clock, int64 nanoseconds UTC), and by whom.

    ``by`` is the scanner or strategy that asked for it, "" where it was somebody outside.
    """

    time_ns: int
    symbol: str
    change: Literal["added", "removed"]
    by: str = ""


@frozen
class RecordedDisabled:
    """A strategy or scanner that raised and was taken out, when (the clock's) and why.

    ``symbol`` is the one it was shown, "" where it was shown all of them.
    """

    time_ns: int
    kind: Literal["strategy", "scanner"]
    name: str
    symbol: str
    error: str
