"""SessionCoordinator: the front door. Configuration in, a run out.

It opens what the configuration names, puts the rooms together, lets the driver run the
lifecycle, and hands back what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from attrs import frozen

from fsm_session.config import ScannerConfig, SessionConfig
from fsm_session.context import SessionContext, UserParts
from fsm_session.errors import (
    ConfigError,
    Fault,
    FaultyInputError,
    RequirementsError,
    RunFailedError,
    RunInterruptedError,
)
from fsm_session.export import RunRecords, SessionResult
from fsm_session.machine import Driver, Failure, Lifecycle, Move, Receipt
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import Interval
from fsm_session.plugins import Plugin, check_parts, from_object, from_use
from fsm_session.session.data import SessionData
from fsm_session.session.requirements import Requirements
from fsm_session.sources import Source, open_source
from fsm_session.states import TRADING_DAY
from fsm_session.workers.scanner_manager import ScannerPlan
from fsm_session.workers.worker import Worker

Outcome = Literal["completed", "stopped", "failed"]
STRATEGY = ("on_bars", "on_bar")
SCANNER = ("scan",)


@frozen(eq=False)
class Run:
    """What came of a run. ``data`` is the last session's, to be looked at.

    ``out`` is the folder of the records, None where none were written.
    """

    outcome: Outcome
    sessions: tuple[SessionResult, ...]
    data: SessionData
    moves: tuple[Move, ...]
    errors: tuple[Failure, ...] = ()
    out: Path | None = None


@frozen
class Progress:
    """Where a run is: the phase, the session (number ``session`` of ``sessions``), the step."""

    phase: str
    date: str
    session: int
    sessions: int
    step: int
    steps: int


class SessionCoordinator:
    """Runs the sessions of a configuration.

    ``source`` takes the place of the configuration's ``[source]``. ``strategies`` and
    ``scanners`` are added to those it names: objects, which are copied for every session, or
    classes. A scanner may have ``pre_session``, ``every`` and ``between``, as in the
    configuration; without any it runs before the session. ``workers`` take part in every
    session. ``out`` is the folder for the records; None writes nothing. ``lifecycle`` is
    TRADING_DAY or one made from it.

    Raises ConfigError or DataError for what makes a run impossible: no such calendar, no source.
    """

    def __init__(
        self,
        config: SessionConfig,
        *,
        source: Source | None = None,
        strategies: Sequence[Any] = (),
        scanners: Sequence[Any] = (),
        workers: Sequence[Worker] = (),
        out: str | Path | None = None,
        overwrite: bool = False,
        lifecycle: Lifecycle = TRADING_DAY,
    ) -> None:
        self._config = config
        self._overwrite = overwrite
        self._kept: SessionData | None = None
        self._out = None if out is None else Path(out)
        parts = _Parts(config).collect(strategies, scanners, workers)
        opened = _Opened(config, source, parts.faults)
        self._records = RunRecords(config, self._out)
        self.context = SessionContext(
            config, opened.calendar, opened.source, parts, self._records, self._keep
        )
        self._driver = Driver(
            lifecycle,
            self.context,
            inbox=self.context.inbox,
            observers=[self._records.observe],
            where=self.context.where,
        )
        self.context.failures = self._driver.failures

    def run(self) -> Run:
        """Run all sessions. A stop, or Ctrl-C, ends the run in good order.

        Raises RunFailedError, a group of the first error and those of the clean-up, whose
        ``run`` holds what there is; RunInterruptedError where one of them is no Exception.
        ExportError or JournalError, before anything is done, where ``out`` can't be used.
        """
        digests = {
            "config": self._config.digest(),
            "lifecycle": self._driver.lifecycle.digest(),
        }
        self._records.open(digests, overwrite=self._overwrite)
        try:
            self._driver.run()
        finally:
            self._records.close()
        run = self._result()
        if run.errors:
            raise _failed(run)
        return run

    def check(self) -> Requirements:
        """Validate alone: find out what the run would need, and raise if it is not there.

        Raises RequirementsError with everything that is unmet.
        """
        self.context.validate()
        if unmet := self.context.requirements.unmet:
            raise RequirementsError(unmet)
        return self.context.requirements

    def stop(self) -> Receipt:
        """Ask for the run to end in good order; from any thread, or a signal handler."""
        return self.context.stop()

    def add_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol, from any thread; it comes at the next pause of the session."""
        return self.context.add_symbol(symbol)

    def remove_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol to go, from any thread; it goes at the next pause of the session."""
        return self.context.remove_symbol(symbol)

    def progress(self) -> Progress:
        """Say where the run is; from any thread, at the cost of a few look-ups."""
        context, session = self.context, self.context.clock.session
        sessions = context.requirements.sessions
        return Progress(
            self._driver.state,
            session.label,
            sessions.index(session) + 1 if session in sessions else 0,
            len(sessions),
            context.player.row,
            context.player.steps,
        )

    def _keep(self, data: SessionData | None) -> None:
        self._kept = data

    def _result(self) -> Run:
        outcome: Any = self.context.outcome
        return Run(
            outcome,
            tuple(self._records.sessions),
            self.context.data if self._kept is None else self._kept,
            tuple(self._records.moves),
            tuple(self._driver.failures),
            self._out if self._records.begun else None,
        )


class _Opened:
    """Calendar and source of a configuration; what is wrong with either is raised together."""

    def __init__(
        self, config: SessionConfig, source: Source | None, before: Sequence[Fault]
    ) -> None:
        faults: list[Fault] = []
        backtest = config.backtest
        days = max((rule.trailing_days for rule in config.data.history), default=0)
        try:
            self.calendar = MarketCalendar.load(
                config.calendar, backtest.start, backtest.end, config.data.hours, before=days
            )
        except FaultyInputError as error:
            faults += [Fault(each.message, config.file, "calendar") for each in error.faults]
        try:
            self.source = source or self._open(config)
        except FaultyInputError as error:
            faults += error.faults
        if faults:
            raise ConfigError([*faults, *before])

    def _open(self, config: SessionConfig) -> Source:
        if config.source is None:
            raise ConfigError(
                Fault("missing: where the market data comes from", config.file, "source")
            )
        return open_source(config.source, config.folder, config.calendar)


class _Parts:
    """Collects the user's strategies, scanners and workers, with all that is wrong with them."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._faults: list[Fault] = []

    def collect(
        self, strategies: Sequence[Any], scanners: Sequence[Any], workers: Sequence[Worker]
    ) -> UserParts:
        """Find what is named, take what is handed over, and make each of them once to see."""
        config = self._config
        named = [self._use(each, f"strategies[{n}]") for n, each in enumerate(config.strategies)]
        given = [self._object(each, f"strategies[{n}]") for n, each in enumerate(strategies)]
        found = self._sound([*named, *given], STRATEGY, "strategies")
        plans = self._scanners(scanners)
        self._distinct([each.name for each in found], "strategies")
        self._distinct([plan.plugin.name for plan in plans], "scanners")
        self._distinct([worker.name for worker in workers], "workers")
        return UserParts(tuple(found), tuple(plans), tuple(workers), tuple(self._faults))

    def _scanners(self, given: Sequence[Any]) -> list[ScannerPlan]:
        plans: list[ScannerPlan] = []
        for number, config in enumerate(self._config.scanners):
            plugin = self._use(config, f"scanners[{number}]")
            plans += [
                ScannerPlan.of(each, config) for each in self._sound([plugin], SCANNER, "scanners")
            ]
        for number, scanner in enumerate(given):
            plugin = self._object(scanner, f"scanners[{number}]")
            plans += [
                _planned(each, scanner) for each in self._sound([plugin], SCANNER, "scanners")
            ]
        return plans

    def _use(self, config: Any, key: str) -> Plugin | None:
        fault = Fault("", self._config.file, f"{key}.use")
        return self._tried(
            lambda: from_use(config.use, config.name, config.parameters, self._config.folder, fault)
        )

    def _object(self, given: Any, key: str) -> Plugin | None:
        return self._tried(lambda: from_object(given, Fault("", key=key)))

    def _sound(
        self, plugins: Iterable[Plugin | None], parts: tuple[str, ...], key: str
    ) -> list[Plugin]:
        """Give those that can be made and have what they need; the others are faults."""
        sound = []
        for plugin in filter(None, plugins):
            before = len(self._faults)
            self._tried(
                lambda plugin=plugin: check_parts(  # type: ignore[misc]
                    plugin, parts, Fault("", self._config.file, key)
                )
            )
            if len(self._faults) == before:
                sound.append(plugin)
        return sound

    def _tried(self, call: Callable[[], Plugin | None]) -> Plugin | None:
        try:
            return call()
        except FaultyInputError as error:
            self._faults += error.faults
            return None

    def _distinct(self, names: Sequence[str], key: str) -> None:
        for name in {name for name in names if names.count(name) > 1}:
            self._faults.append(
                Fault(f"{name!r} is the name of two: give each a name", self._config.file, key)
            )


def _planned(plugin: Plugin, scanner: Any) -> ScannerPlan:
    """Take a scanner's times from its attributes, as a configuration would give them."""
    every: str | None = getattr(scanner, "every", None)
    between: tuple[dt.time, dt.time] | None = getattr(scanner, "between", None)
    return ScannerPlan.of(
        plugin,
        ScannerConfig(
            "given:object",
            name=plugin.name,
            pre_session=getattr(scanner, "pre_session", every is None),
            every=Interval.parse(every) if isinstance(every, str) else every,
            between=between,
        ),
    )


def _failed(run: Run) -> BaseException:
    errors = [failure.error for failure in run.errors]
    for failure, error in zip(run.errors, errors, strict=True):
        error.add_note(f"in {failure}")
    told = f"the run failed: {run.errors[0]}"
    exceptions = [error for error in errors if isinstance(error, Exception)]
    group: RunFailedError | RunInterruptedError
    if len(exceptions) == len(errors):
        group = RunFailedError(told, exceptions)
    else:
        group = RunInterruptedError(told, errors)
    group.run = run
    return group
