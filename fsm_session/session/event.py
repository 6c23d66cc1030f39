"""One trade, one quote, as plain Python values."""

from __future__ import annotations

import math
from typing import NamedTuple

import pandas as pd


class Tick(NamedTuple):
    """A trade: ``size`` at ``price``; ``time_ns`` is int64 nanoseconds UTC."""

    symbol: str
    time_ns: int
    price: float
    size: float
    zone: str = "UTC"

    @property
    def time(self) -> pd.Timestamp:
        """When it happened, in the exchange's zone."""
        return pd.Timestamp(self.time_ns, unit="ns", tz=self.zone)


class Quote(NamedTuple):
    """What is bid and asked. The price and size of a side that nobody quotes are 0.

    ``time_ns`` is int64 nanoseconds UTC. A quote made from bars has sizes of 0.
    """

    symbol: str
    time_ns: int
    bid_price: float
    bid_size: float
    ask_price: float
    ask_size: float
    zone: str = "UTC"

    @property
    def time(self) -> pd.Timestamp:
        """When it was quoted, in the exchange's zone."""
        return pd.Timestamp(self.time_ns, unit="ns", tz=self.zone)

    @property
    def mid_price(self) -> float:
        """The middle of bid and ask; NaN where a side is missing."""
        return (self.bid_price + self.ask_price) / 2 if self._two_sided else math.nan

    @property
    def spread(self) -> float:
        """Ask less bid, below 0 where exchanges cross; NaN where a side is missing."""
        return self.ask_price - self.bid_price if self._two_sided else math.nan

    @property
    def _two_sided(self) -> bool:
        return self.bid_price > 0 and self.ask_price > 0
