"""When a scanner runs: before the session, and at which instants within it."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
from attrs import frozen

from fsm_session.config import OnError, ScannerConfig
from fsm_session.market.calendar import TradingSession
from fsm_session.plugins import Plugin


@frozen(eq=False)
class ScannerPlan:
    """A scanner, when it runs, and whether it has a universe of its own."""

    plugin: Plugin
    pre_session: bool = True
    every_ns: int = 0
    between: tuple[dt.time, dt.time] | None = None
    watches: bool = False
    on_error: OnError = "fail"

    @classmethod
    def of(cls, plugin: Plugin, config: ScannerConfig) -> ScannerPlan:
        """Take the times from a configuration."""
        every_ns = config.every.ns if config.every else 0
        watches = config.universe is not None
        return cls(
            plugin, config.pre_session, every_ns, config.between, watches, config.on_error or "fail"
        )

    def times(self, session: TradingSession) -> list[int]:
        """Give the instants of the session's scans, int64 nanoseconds UTC, ascending.

        From the first time of ``between``, or one interval after the open, to the second, or
        the close; the end itself left out, since nothing follows it.
        """
        if not self.every_ns:
            return []
        first, last = session.open_ns + self.every_ns, session.close_ns - 1
        if self.between:
            first, last = (_at(session, each) for each in self.between)
        times = np.arange(first, min(last, session.end_ns - 1) + 1, self.every_ns)
        return [each for each in times.tolist() if each >= session.start_ns]


def _at(session: TradingSession, time: dt.time) -> int:
    """Find a time of day, the exchange's, in a session: one may open on the evening before."""
    evening_before = session.date - dt.timedelta(days=1)
    today, before = (
        int(local.tz_localize(session.zone).tz_convert("UTC").as_unit("ns").value)
        for local in (pd.Timestamp.combine(day, time) for day in (session.date, evening_before))
    )
    return before if today >= session.end_ns and before >= session.start_ns else today
