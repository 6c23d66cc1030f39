"""ScannerManager: runs the scanners before the session and at their times within it.

A scan runs while the clock stands still: in PreScan, or in Paused. What a scanner finds is put
on record, and symbols that are not there yet are promoted: registered like configured ones. One
with a universe is shown that, and of it only what it asks for; it is gone after its last scan.
To a scanner a step is a scan: what is fresh has come since the scan before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from attrs import define

from fsm_session.session.data import SymbolTable
from fsm_session.session.player import NEVER, Player
from fsm_session.session.reveal import Reveal
from fsm_session.session.signals import Found, RecordedScan
from fsm_session.session.view import View, renew, revoke
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.parts_manager import Part, PartsManager, number
from fsm_session.workers.scan_times import ScannerPlan

#: registers a symbol that a scanner found; gives the reason where it is refused, "" where not
Promote = Callable[[str, str], str]


@define(eq=False)
class _Running:
    """A scanner of this session, its scans that are still to come, and when its last one was."""

    part: Part
    times: list[int]
    scanned_ns: int = 0


class ScannerManager(PartsManager):
    """Runs the scanners of a session, in the order in which they are configured."""

    name = "ScannerManager"
    kind = "scanner"

    def __init__(self, plans: Sequence[ScannerPlan], player: Player, promote: Promote) -> None:
        super().__init__(player)
        self._plans = tuple(plans)
        self._promote = promote
        self._running: list[_Running] = []
        #: what each scanner is shown, by name
        self._views: dict[str, View] = {}

    @property
    def has_pre_session_scans(self) -> bool:
        """Whether a scanner runs before the session."""
        return any(plan.pre_session for plan in self._plans)

    @property
    def next_scan_ns(self) -> int:
        """When the next scan of the session is due: nanoseconds UTC, NEVER where none is."""
        return min((each.times[0] for each in self._running if each.times), default=NEVER)

    def setup(self, context: SessionParts) -> None:
        """Make the session's scanners, set up those that want it, and lay out their times."""
        self._context = context
        for plan in self._plans:
            table = self._table(plan)
            view = self._views[plan.plugin.name] = View(table, _at_instants(table))
            part = self.make(plan, view)
            if part is not None:
                self._running.append(_Running(part, plan.times(context.clock.session)))
        # those with no scan today; the others wait for PreScan, or for their times
        self._tear_down([each for each in self._running if not each.part.plan.pre_session])

    def run_pre_session_scans(self) -> None:
        """Run the scanners that look at the market before the session."""
        for running in [each for each in self._running if each.part.plan.pre_session]:
            self._scan(running)
        self._tear_down(self._running)

    def run_due_scans(self) -> None:
        """Run the scans whose time has come, once each, however late it is."""
        now_ns = self.context.clock.now_ns
        for running in tuple(self._running):
            due = [each for each in running.times if each <= now_ns]
            running.times = running.times[len(due) :]
            if due:
                self._scan(running)
        self._tear_down(self._running)

    def take_out(self, part: Part) -> None:
        """Run a scanner no more, and drop its universe."""
        self._running = [each for each in self._running if each.part is not part]
        self.context.data.universes.pop(part.name, None)

    def tear_down(self, part: Part) -> None:
        """Tear one scanner down; its view shows nothing from then on."""
        try:
            super().tear_down(part)
        finally:
            if (view := self._views.pop(part.name, None)) is not None:
                revoke(view)

    def teardown(self) -> None:
        """Tear down the scanners that are still there, and forget all of them."""
        self._running = []
        try:
            super().teardown()
        finally:
            for view in self._views.values():
                revoke(view)
            self._views = {}

    def _table(self, plan: ScannerPlan) -> SymbolTable:
        data = self.context.data
        return data.universes[plan.plugin.name] if plan.watches else data

    def _scan(self, running: _Running) -> None:
        found: list[Found] = []
        part, now_ns = running.part, self.context.clock.now_ns
        tables = _at_instants(self._table(part.plan), running.scanned_ns, now_ns)
        renew(self._views[part.name], tables)
        running.scanned_ns = now_ns
        if self.guarded(part, "scan", lambda: found.extend(self._ask(part))):
            self._promote_all(part.name, found)

    def _ask(self, part: Part) -> Iterable[Found]:
        said = part.made.scan(self._views[part.name])
        for each in _several(said):
            found = Found(each) if isinstance(each, str) else each
            if not isinstance(found, Found) or not isinstance(found.symbol, str):
                told = f"answered {each!r}: a scan answers symbols or Found(symbol, ...),"
                raise self.answered(part, told)
            yield Found(str(found.symbol), str(found.reason), self._figures(part, found))

    def _figures(self, part: Part, found: Found) -> dict[str, float]:
        """Take the figures as plain numbers: they go on record."""
        try:
            return {str(name): number(value) for name, value in found.figures.items()}
        except (AttributeError, ValueError):
            told = f"answered {found!r}, whose figures are not numbers by name,"
            raise self.answered(part, told, str(found.symbol)) from None

    def _promote_all(self, scanner: str, found: Sequence[Found]) -> None:
        """Register what was found and is not there yet, and put the scan on record."""
        data, now_ns = self.context.data, self.context.clock.now_ns
        new = [each.symbol for each in found if each.symbol not in data]
        # once each, however often it was found
        refused = {symbol: self._promote(symbol, scanner) for symbol in dict.fromkeys(new)}
        reasons = {symbol: reason for symbol, reason in refused.items() if reason}
        data.record_scan(RecordedScan(now_ns, scanner, tuple(found), reasons))

    def _tear_down(self, running: Sequence[_Running]) -> None:
        """Tear down those of the scanners that have no scan left in the session."""
        for each in [each for each in running if not each.times]:
            self.take_out(each.part)
            self.bring_down(each.part)


def _at_instants(table: SymbolTable, *instants: int) -> Reveal:
    """Lay the tables over the last scans, whatever the steps of the session."""
    later = sorted(each for each in set(instants) if each > table.session.start_ns)
    return Reveal(table, np.array(later, np.int64), row=len(later))


def _several(said: Any) -> Iterable[Any]:
    """Take one thing, many, or nothing, for many."""
    if said is None:
        return ()
    return (said,) if isinstance(said, (str, Found)) or not isinstance(said, Iterable) else said
