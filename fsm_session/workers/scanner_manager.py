"""ScannerManager: runs the scanners before the session and at their times within it.

A scan runs while the clock stands still: in PreScan, or in Paused. What a scanner finds is put
on record, and symbols that are not there yet are promoted: registered like configured ones.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from attrs import define, field, frozen

from fsm_session.config import ScannerConfig
from fsm_session.errors import UserCodeError
from fsm_session.market.calendar import TradingSession
from fsm_session.plugins import Plugin
from fsm_session.session.player import Player
from fsm_session.session.signals import Found, RecordedScan
from fsm_session.workers.access import SessionAccess
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.worker import BaseWorker

#: registers a symbol; gives the reason where it is refused, "" where it is done
Promote = Callable[[str], str]


@frozen(eq=False)
class ScannerPlan:
    """A scanner and when it runs."""

    plugin: Plugin
    pre_session: bool = True
    every_ns: int = 0
    between: tuple[dt.time, dt.time] | None = None

    @classmethod
    def of(cls, plugin: Plugin, config: ScannerConfig) -> ScannerPlan:
        """Take the times from a configuration."""
        every_ns = config.every.ns if config.every else 0
        return cls(plugin, config.pre_session, every_ns, config.between)

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


@define(eq=False)
class _Running:
    """A scanner of this session and the scans that are still to come."""

    plan: ScannerPlan
    scanner: Any
    times: list[int] = field(factory=list)


class ScannerManager(BaseWorker):
    """Runs the scanners of a session, in the order in which they are configured."""

    name = "ScannerManager"

    def __init__(self, plans: Sequence[ScannerPlan], player: Player, promote: Promote) -> None:
        self._plans = tuple(plans)
        self._player = player
        self._promote = promote
        self._context: SessionParts | None = None
        self._running: list[_Running] = []

    @property
    def has_pre_session_scans(self) -> bool:
        """Whether a scanner runs before the session."""
        return any(plan.pre_session for plan in self._plans)

    def scan_due(self, now_ns: int) -> bool:
        """Tell whether a scan's time has come."""
        return any(each.times and each.times[0] <= now_ns for each in self._running)

    def setup(self, context: SessionParts) -> None:
        """Make the session's scanners, set up those that want it, and lay out their times."""
        self._context = context
        access = SessionAccess(self._player.view, context.inbox)
        for plan in self._plans:
            running = _Running(plan, plan.plugin.make(), plan.times(context.clock.session))
            self._running.append(running)
            if hasattr(running.scanner, "setup"):
                self._call(running, "setup", partial(running.scanner.setup, access))

    def run_pre_session_scans(self) -> None:
        """Run the scanners that look at the market before the session."""
        for running in [each for each in self._running if each.plan.pre_session]:
            self._scan(running)
        self._tear_down_finished()

    def run_due_scans(self) -> None:
        """Run the scans whose time has come, once each, however late it is."""
        assert self._context is not None
        now_ns = self._context.clock.now_ns
        for running in self._running:
            due = [each for each in running.times if each <= now_ns]
            running.times = running.times[len(due) :]
            if due:
                self._scan(running)
        self._tear_down_finished()

    def teardown(self) -> None:
        """Tear down the scanners that are still there, and forget all of them."""
        running, self._running = self._running, []
        errors: list[Exception] = []
        for each in running:
            try:
                self._tear_down(each)
            except Exception as error:  # noqa: BLE001 - raised together, below
                errors.append(error)
        self._context = None
        if errors:
            raise ExceptionGroup("scanners could not be torn down", errors)

    def _scan(self, running: _Running) -> None:
        assert self._context is not None
        found: list[Found] = []
        self._call(
            running,
            "scan",
            lambda: found.extend(_found(running.scanner.scan(self._player.view))),
        )
        refused = {each.symbol: self._promoted(each.symbol) for each in found}
        self._context.data.record_scan(
            RecordedScan(
                self._context.clock.now_ns,
                running.plan.plugin.name,
                tuple(found),
                {symbol: reason for symbol, reason in refused.items() if reason},
            )
        )

    def _promoted(self, symbol: str) -> str:
        """Register what is not there yet; what is there was found, and needs nothing."""
        assert self._context is not None
        return "" if symbol in self._context.data else self._promote(symbol)

    def _tear_down_finished(self) -> None:
        """Tear a scanner down after its last scan of the session."""
        finished = [each for each in self._running if not each.times]
        for each in finished:
            self._running.remove(each)
            self._tear_down(each)

    def _tear_down(self, running: _Running) -> None:
        if hasattr(running.scanner, "teardown"):
            self._call(running, "teardown", running.scanner.teardown)

    def _call(self, running: _Running, method: str, call: Callable[[], object]) -> None:
        assert self._context is not None
        try:
            call()
        except Exception as error:
            time = self._context.clock.get_current_time()
            raise UserCodeError(
                f"scanner {running.plan.plugin.name!r} raised in {method} at {time}:"
                f" {type(error).__name__}: {error}"
            ) from error


def _at(session: TradingSession, time: dt.time) -> int:
    """Find a time of day, the exchange's, in a session: one may open on the evening before."""
    evening_before = session.date - dt.timedelta(days=1)
    today, before = (
        int(local.tz_localize(session.zone).tz_convert("UTC").as_unit("ns").value)
        for local in (pd.Timestamp.combine(day, time) for day in (session.date, evening_before))
    )
    return before if today >= session.end_ns and before >= session.start_ns else today


def _found(said: Any) -> list[Found]:
    """Understand what a scanner answers: symbols, Founds, or nothing."""
    if said is None:
        return []
    if isinstance(said, (str, Found)) or not isinstance(said, Iterable):
        said = (said,)
    found = []
    for each in said:
        if not isinstance(each, (str, Found)):
            raise UserCodeError(f"a scan answers symbols or Found(symbol, ...), not {each!r}")
        found.append(each if isinstance(each, Found) else Found(str(each)))
    return found
