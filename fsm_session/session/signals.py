"""What strategies and scanners say: values that cross from them into the session's data."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import field, frozen


@frozen
class Signal:
    """What a strategy wants done: with which symbol, what, and why.

    ``action`` is the strategy's own word (buy, sell, flat, ...): nothing here trades.
    """

    symbol: str
    action: str
    reason: str = ""


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
