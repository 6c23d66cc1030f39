"""A symbol's day in four numbers."""

from __future__ import annotations

from attrs import frozen

from fsm_session.market.bars import Bars


@frozen
class Metrics:
    """Volume, high, low and last price of the day's bars so far; None where there is no bar."""

    volume: float = 0.0
    high: float | None = None
    low: float | None = None
    last: float | None = None


def measure(bars: Bars) -> Metrics:
    """Measure the bars of a day."""
    if not len(bars):
        return Metrics()
    return Metrics(
        volume=float(bars.volume.sum()),
        high=float(bars.high.max()),
        low=float(bars.low.min()),
        last=float(bars.close[-1]),
    )
