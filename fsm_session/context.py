"""SessionContext: the rooms that a hook may enter. Every hook, guard and worker is given it.

It puts the rooms together and does what takes several of them: validate, forget, register. The
data of a session that has been forgotten is not among them: its owner keeps it, outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from attrs import evolve

from fsm_session.config import SessionConfig, symbol_fault
from fsm_session.errors import FaultyInputError
from fsm_session.export import RunRecords
from fsm_session.machine import Failure, Inbox, Receipt
from fsm_session.market.calendar import MarketCalendar
from fsm_session.run_log import RunLog
from fsm_session.session.arrivals import SymbolRequests
from fsm_session.session.clock import TimeManager, iso_in
from fsm_session.session.data import SessionData
from fsm_session.session.plan import SymbolPlan
from fsm_session.session.player import Player
from fsm_session.session.queues import SessionQueues
from fsm_session.session.registration import Registrar
from fsm_session.session.requirements import Requirements, StreamRequirementsCoordinator
from fsm_session.session.signals import RecordedChange
from fsm_session.sources.source import Source
from fsm_session.user_parts import UserParts
from fsm_session.workers.data_processor import DataProcessor
from fsm_session.workers.scanner_manager import ScannerManager
from fsm_session.workers.strategy_manager import StrategyManager
from fsm_session.workers.worker import Budget, Worker, WorkerGroup


class SessionContext:
    """The rooms of one run.

    ``keep`` is told of the data that Teardown forgets, and of None once it is not needed any
    more: what it was told is out of reach from here.
    """

    def __init__(
        self,
        config: SessionConfig,
        calendar: MarketCalendar,
        source: Source,
        parts: UserParts,
        records: RunRecords,
        keep: Callable[[SessionData | None], None],
    ) -> None:
        self.config = config
        self.source = source
        self.records = records
        self.inbox = Inbox()
        self.log = RunLog()
        self.clock = TimeManager(calendar, config.backtest.start, config.backtest.end)
        self.requirements = Requirements()
        self.failures: Sequence[Failure] = ()
        self.data = SessionData(self.clock)
        self.queues = SessionQueues()
        self.registrar = Registrar(source, self.clock)
        self.requests = SymbolRequests(
            self.inbox, {"add_symbol": self._add, "remove_symbol": self._remove}
        )
        self._keep = keep
        self._parts = parts
        self._coordinator = StreamRequirementsCoordinator(
            config, source, calendar, parts.needs, parts.universes
        )
        self._make_workers()

    def _make_workers(self) -> None:
        self.player = Player(self.clock, self.inbox)
        self.scanner_manager = ScannerManager(self._parts.scanners, self.player, self._promote)
        streamed = self.config.data.events()
        self.strategy_manager = StrategyManager(self._parts.strategies, self.player, streamed)
        all_workers: list[Worker] = [
            DataProcessor(self.player),
            self.scanner_manager,
            self.strategy_manager,
            *self._parts.workers,
        ]
        budget = Budget(self.config.workers.deadline)
        if self.config.workers.threads:
            from fsm_session.workers.threads import ThreadedWorker

            all_workers = [ThreadedWorker(each, budget) for each in all_workers]
        self.workers = WorkerGroup(all_workers, budget)

    def validate(self) -> None:
        """Find out once what the run needs, and what of it is missing; nothing is registered."""
        found = self._coordinator.validate()
        self.requirements = evolve(found, unmet=(*self._parts.faults, *found.unmet))
        if not self.requirements.unmet:
            self.records.begin(self.source.digest)

    @property
    def symbols_looked_at(self) -> tuple[int, int]:
        """How many symbols validation has looked at, and how many there are; from any thread."""
        return self._coordinator.looked_at

    def plans_today(self) -> list[SymbolPlan]:
        """Give the plans of the configured symbols that have data for this session."""
        return self._having_data(self.requirements.plans)

    def watched_today(self) -> dict[str, list[SymbolPlan]]:
        """Give the plans of each universe's symbols that have data for this session."""
        universes = self.requirements.universes
        return {name: self._having_data(plans) for name, plans in universes.items()}

    def left_out(self) -> dict[str, list[str]]:
        """Name the symbols without data for this session: "" the configured ones, and universes."""
        today = {"": self.plans_today(), **self.watched_today()}
        asked = {"": self._parts.needs, **self._parts.universes}
        return {
            name: sorted({*needs.symbols} - {plan.symbol for plan in today.get(name, ())})
            for name, needs in asked.items()
        }

    def _having_data(self, plans: Mapping[str, SymbolPlan]) -> list[SymbolPlan]:
        today = self.clock.session.date
        return [plan for plan in plans.values() if today not in plan.missing]

    @property
    def session_is_complete(self) -> bool:
        """Whether the session ran to its close, and nothing has gone wrong since."""
        return self.data.finished and not self.failures

    @property
    def outcome(self) -> str:
        """Say how the run ended, or would if it ended now: completed, stopped or failed."""
        if self.failures:
            return "failed"
        done = sum(each.complete for each in self.records.sessions)
        # before Validate it is not known how many there are: a run stopped there did none
        return "completed" if done and done == len(self.requirements.sessions) else "stopped"

    def forget(self) -> None:
        """Start from empty data. The owner keeps the old until :meth:`retire`."""
        self._keep(self.data)
        self.data.shut()
        self.data = SessionData(self.clock)

    def retire(self) -> None:
        """Let the owner drop what it kept: this session's data has taken its place."""
        self._keep(None)

    def write_session(self) -> None:
        """Write the session's record."""
        self.records.write_session(
            self.data, complete=self.session_is_complete, left_out=self.left_out()
        )

    def commit_session(self) -> None:
        """Count the session as done."""
        self.records.commit_session(
            self.data,
            complete=self.session_is_complete,
            left_out=self.left_out(),
        )

    def finish_session(self) -> None:
        """Put a session on record that was broken off; does nothing where none was."""
        if self.data.began and not self.records.has(self.data.session.label):
            self.write_session()
            self.commit_session()

    def where(self) -> Mapping[str, str]:
        """Say in words where the run is: the session's date and the clock's time."""
        clock = self.clock
        return {"session": clock.session.label, "time": iso_in(clock.calendar.zone, clock.now_ns)}

    def add_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol, from any thread; it comes at the next pause."""
        return self.inbox.submit("add_symbol", symbol=symbol)

    def remove_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol to go, from any thread; it goes at the next pause."""
        return self.inbox.submit("remove_symbol", symbol=symbol)

    def stop(self) -> Receipt:
        """Ask for the run to end in good order."""
        return self.inbox.stop()

    def _add(self, symbol: str, by: str) -> str:
        if wrong := _no_symbol(symbol):
            return wrong
        symbol = str(symbol)  # numpy has texts of its own, which no record takes
        if symbol in self.data:
            return f"{symbol} is registered already"
        today = self.clock.session
        plan = self.requirements.plans.get(symbol) or self._coordinator.plan(symbol, [today])
        if today.date in plan.missing:
            return f"{self.source.name} has no data of {symbol} for {today.label}"
        self.registrar.register(plan, self.data)
        self.registrar.fill_queue(plan, self.data, self.queues)
        self._changed(symbol, "added", by)
        return ""

    def _remove(self, symbol: str, by: str) -> str:
        if wrong := _no_symbol(symbol):
            return wrong
        if symbol not in self.data:
            return f"{symbol} is not registered"
        self.data.remove(symbol)
        self.queues.remove(symbol)
        self._changed(symbol, "removed", by)
        return ""

    def _changed(self, symbol: str, change: Literal["added", "removed"], by: str) -> None:
        """Lay the tape anew over what is there now, and tell the workers of it."""
        self.player.lay(self.data, self.queues)
        self.data.record_change(RecordedChange(self.clock.now_ns, symbol, change, by))
        self.log.about(symbol, "%s by %s", change, by or "a request")
        self.workers.tell(f"on_symbol_{change}", symbol)

    def _promote(self, symbol: str, scanner: str) -> str:
        try:
            return self._add(symbol, scanner)
        except FaultyInputError as error:
            return str(error)


def _no_symbol(symbol: object) -> str:
    return symbol_fault(symbol) if isinstance(symbol, str) else f"a symbol is text, not {symbol!r}"
