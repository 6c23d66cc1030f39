"""SessionCoordinator: the front door. Configuration in, a run out.

It opens what the configuration names, puts the rooms together, lets the driver run the
lifecycle, and hands back what came of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, frozen

from fsm_session.config import SessionConfig
from fsm_session.context import SessionContext
from fsm_session.errors import (
    ConfigError,
    Fault,
    FaultyInputError,
    RequirementsError,
    RunFailedError,
    RunInterruptedError,
)
from fsm_session.export import RunRecords
from fsm_session.machine import Driver, Failure, Lifecycle, Move, Receipt
from fsm_session.resume import fingerprint
from fsm_session.session.data import SessionData
from fsm_session.session.needs import calendar_for
from fsm_session.session.requirements import Requirements
from fsm_session.session_result import SessionResult
from fsm_session.sources import Source, open_source
from fsm_session.sources.outside import checked
from fsm_session.states import TRADING_DAY
from fsm_session.user_parts import UserParts, collect
from fsm_session.workers.worker import Worker

Outcome = Literal["completed", "stopped", "failed"]


@frozen(eq=False)
class Run:
    """What came of a run. ``data`` is the last session's, to be looked at.

    ``out`` is the folder of the records, None where none were written. ``unclean`` names the
    workers whose teardown failed, or did not end by its deadline: something of them may be left.
    """

    outcome: Outcome
    sessions: tuple[SessionResult, ...]
    data: SessionData
    moves: tuple[Move, ...]
    errors: tuple[Failure, ...] = ()
    out: Path | None = None
    unclean: tuple[str, ...] = ()


@frozen
class Progress:
    """Where a run is: the phase, the session (number ``session`` of ``sessions``), the step.

    While the sessions are not known yet, ``step`` of ``steps`` symbols have been looked at.
    """

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
    session. ``out`` is the folder for the records; None writes nothing, and with
    ``summary_only`` no record of a session is written, but the run's and the journal. With
    ``resume`` it goes on from what an earlier run has finished there: the records are then those
    of a run that was never broken off. ``lifecycle`` is TRADING_DAY or one made from it.
    Without ``import_parts`` nothing that the configuration names is imported: :meth:`check` then
    says what it can, ``not_imported`` what it could not look at, and there can be no run.

    Raises ConfigError or DataError for what makes a run impossible: no such calendar, no source,
    nothing to resume from or to overwrite.
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
        resume: bool = False,
        summary_only: bool = False,
        lifecycle: Lifecycle = TRADING_DAY,
        import_parts: bool = True,
    ) -> None:
        self._config = config
        _refuse_unless_clear(out, overwrite=overwrite, resume=resume)
        self._overwrite, self._resume = overwrite, resume
        self._kept: SessionData | None = None
        self._out = None if out is None else Path(out)
        parts = collect(config, strategies, scanners, workers, import_parts=import_parts)
        #: what the configuration names and ``import_parts=False`` has left where it is
        self.not_imported = parts.not_imported
        opened = _Opened(config, source, parts)
        self._fingerprint = partial(
            fingerprint, config, lifecycle, parts, summary_only=summary_only
        )
        self._records = RunRecords(config, self._out, summary_only=summary_only)
        self.context = SessionContext(
            config, opened.calendar, opened.source, parts, self._records, self._keep
        )
        self._driver = Driver(
            lifecycle,
            self.context,
            inbox=self.context.inbox,
            observers=[self._records.observe, self.context.log.observe],
            where=self.context.where,
        )
        self.context.failures = self._driver.failures

    def run(self) -> Run:
        """Run all sessions. A stop, or Ctrl-C, ends the run in good order.

        Raises RunFailedError, a group of the first error and those of the clean-up, whose
        ``run`` holds what there is; RunInterruptedError where one of them is no Exception.
        ExportError or JournalError, before anything is done, where ``out`` can't be used, and
        ResumeError where what it holds is of another run. IllegalMoveError where it runs, or ran.
        """
        if self.not_imported:
            raise ConfigError(Fault(f"not imported: {each}") for each in self.not_imported)
        self._driver.claim()
        try:
            self._open_records()
            self._driver.run()
        except BaseException:
            self._driver.end()  # nobody is to wait for a run that never begins
            raise
        finally:
            self._records.close()
        run = self._result()
        if run.errors:
            raise _failed(run)
        return run

    def _open_records(self) -> None:
        """Take the folder, if there is one, and begin where an earlier run has left off."""
        if self._out is None:
            return
        clock = self.context.clock
        dates = [each.label for each in clock.sessions] if self._resume else []
        begin_at = self._records.open(self._fingerprint(), overwrite=self._overwrite, resume=dates)
        if begin_at:
            clock.begin_at(dt.date.fromisoformat(begin_at))

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
        steps = context.player.progress if sessions else context.symbols_looked_at
        return Progress(
            self._driver.state,
            session.label,
            sessions.index(session) + 1 if session in sessions else 0,
            len(sessions),
            *steps,
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
            tuple(self.context.workers.unclean),
        )


class _Opened:
    """Calendar and source of a configuration; what is wrong with either is raised together."""

    def __init__(self, config: SessionConfig, source: Source | None, parts: UserParts) -> None:
        faults: list[Fault] = []
        try:
            self.calendar = calendar_for(config, (parts.needs, *parts.universes.values()))
        except FaultyInputError as error:
            faults += [evolve(each, file=config.file, key="calendar") for each in error.faults]
        try:
            self.source = checked(source) if source is not None else self._open(config)
        except FaultyInputError as error:
            faults += [evolve(each, file=each.file or config.file) for each in error.faults]
        if faults:
            raise ConfigError([*faults, *parts.faults])

    def _open(self, config: SessionConfig) -> Source:
        if config.source is None:
            raise ConfigError(
                Fault("missing: where the market data comes from", config.file, "source")
            )
        return open_source(config.source, config.folder, config.calendar)


def _refuse_unless_clear(out: str | Path | None, *, overwrite: bool, resume: bool) -> None:
    if resume and overwrite:
        told = "resume keeps what overwrite replaces: ask for one of them"
        raise ConfigError(told, hint="leave out --resume, or --overwrite")
    if resume and out is None:
        told = "resume goes on from the records in a folder: say which, as out"
        raise ConfigError(told, hint="name the folder of that run with --out DIR")


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
