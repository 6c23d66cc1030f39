"""What a run will need, found out once, before anything is registered.

For every symbol one plan: from which base bars, which intervals to derive, how much history,
which indicators, and on which sessions it has nothing. The same plan serves a symbol that is
configured, promoted by a scanner or added from outside. What can't be met is listed whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from attrs import evolve, field, frozen

from fsm_session.config import DataConfig, SessionConfig
from fsm_session.errors import DataError, Fault, FaultyInputError, IndicatorError, RequirementsError
from fsm_session.market.bars import Times
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.indicators import Indicator, check_causal, resolve
from fsm_session.market.interval import DAY_NS, Interval, choose_base, needed_base
from fsm_session.plugins import importable_from
from fsm_session.sources.source import Source

DAYS_SHOWN = 6


@frozen(eq=False)
class SymbolPlan:
    """What to load, derive and compute for one symbol in any session of the run.

    ``history_days`` says for each interval how many earlier sessions of it are kept, and
    ``missing`` on which dates the source has nothing (only where that is allowed).
    """

    symbol: str
    base: Interval
    derived: tuple[Interval, ...]
    history_days: Mapping[Interval, int]
    indicators: tuple[Indicator, ...]
    missing: frozenset[dt.date] = frozenset()

    @property
    def trailing_days(self) -> int:
        """How many sessions before today are read."""
        return max(self.history_days.values())


@frozen(eq=False)
class Requirements:
    """The result of validation: the sessions, a plan a symbol, or what is unmet."""

    sessions: tuple[TradingSession, ...] = ()
    plans: Mapping[str, SymbolPlan] = field(factory=dict)
    indicators: tuple[Indicator, ...] = ()
    unmet: tuple[Fault, ...] = ()


class StreamRequirementsCoordinator:
    """Finds out what a configuration requires of a source, and whether it is there."""

    def __init__(self, config: SessionConfig, source: Source, calendar: MarketCalendar) -> None:
        self._config = config
        self._source = source
        self._calendar = calendar

    def validate(self) -> Requirements:
        """Check everything the run will need. Registers nothing and raises nothing for data."""
        backtest = self._config.backtest
        sessions = self._calendar.between(backtest.start, backtest.end)
        indicators, unmet = self._indicators()
        if not sessions:
            told = f"{self._calendar.name} has no session from {backtest.start} to {backtest.end}"
            unmet.append(self._fault(told, "backtest"))
        plans = {}
        for symbol in self._config.data.symbols:
            try:
                plans[symbol] = self.plan(symbol, indicators, sessions)
            except FaultyInputError as error:
                unmet += error.faults
        return Requirements(sessions, plans, tuple(indicators), tuple(unmet))

    def plan(
        self, symbol: str, indicators: Sequence[Indicator], sessions: Sequence[TradingSession]
    ) -> SymbolPlan:
        """Decide what to load, derive and compute for a symbol, and see that it is there.

        Raises RequirementsError or DataError with every fault of the symbol.
        """
        data = self._config.data
        wanted = _wanted_intervals(data, symbol, indicators)
        base = self._base(symbol, wanted)
        derived = tuple(sorted(wanted - {base}))
        days = {each: _history_days(data, symbol, each) for each in (base, *derived)}
        plan = SymbolPlan(symbol, base, derived, days, tuple(indicators))
        missing = self._missing(plan, sessions) if sessions else ()
        if missing and data.missing == "error":
            raise RequirementsError(self._missing_faults(plan, missing, sessions))
        return evolve(plan, missing=frozenset(session.date for session in missing))

    def _indicators(self) -> tuple[list[Indicator], list[Fault]]:
        found, faults = [], []
        for place, spec in enumerate(self._config.data.indicators):
            try:
                with importable_from(self._config.folder):
                    indicator = resolve(spec)
                if ":" in spec.function:
                    check_causal(indicator)
                found.append(indicator)
            except IndicatorError as error:
                key = f"data.indicators[{place}]"
                faults += [self._fault(fault.message, key) for fault in error.faults]
        return found, faults

    def _base(self, symbol: str, wanted: Iterable[Interval]) -> Interval:
        present = self._source.intervals(symbol)
        if not present:
            raise RequirementsError(
                Fault(
                    f"{self._source.name} holds no data of it",
                    file=self._config.file,
                    key="data.symbols",
                    symbol=symbol,
                )
            )
        base = choose_base(present, wanted)
        if base is None:
            raise RequirementsError(
                Fault(
                    f"{_listed(_without_base(wanted, present))} can't be derived from"
                    f" {_listed(present)}, which is all that {self._source.name} holds:"
                    f" needs bars of {needed_base(wanted)}",
                    symbol=symbol,
                    key="data.streams",
                    file=self._config.file,
                )
            )
        return base

    def _missing(
        self, plan: SymbolPlan, sessions: Sequence[TradingSession]
    ) -> tuple[TradingSession, ...]:
        """Find the sessions, history included, for which the source has not one bar."""
        history = self._calendar.before(sessions[0].date, plan.trailing_days)
        needed = (*history, *sessions)
        # the whole last day and the whole first: outside regular hours there may be rows too
        start_ns, end_ns = needed[0].start_ns - DAY_NS, needed[-1].end_ns + DAY_NS
        times = self._source.times(plan.symbol, plan.base, start_ns, end_ns)
        daily = plan.base.is_daily
        places = self._calendar.locate_days(times) if daily else self._calendar.locate(times)
        self._refuse_closed_days(plan.symbol, times[places < 0], needed)
        present = {self._calendar.sessions[place].date for place in np.unique(places[places >= 0])}
        return tuple(session for session in needed if session.date not in present)

    def _refuse_closed_days(
        self, symbol: str, times: Times, needed: Sequence[TradingSession]
    ) -> None:
        """Refuse bars on days between the first and the last that have no session at all."""
        days = pd.DatetimeIndex(times.view("M8[ns]"), tz="UTC").tz_convert(self._calendar.zone)
        dates, counts = np.unique(days.date, return_counts=True)
        open_days = {session.date for session in needed}
        closed = [
            Fault(
                f"{count} bars outside every session: {self._calendar.name} is closed all day",
                symbol=symbol,
                time=str(date),
                file=self._source.name.replace("{symbol}", symbol),
            )
            for date, count in zip(dates, counts, strict=True)
            if date not in open_days and needed[0].date < date < needed[-1].date
        ]
        if closed:
            raise DataError(closed)

    def _missing_faults(
        self,
        plan: SymbolPlan,
        missing: Sequence[TradingSession],
        sessions: Sequence[TradingSession],
    ) -> Iterator[Fault]:
        first = sessions[0].date
        parts = {
            "no bars of the session": [each for each in missing if each.date >= first],
            f"too little history, {plan.trailing_days} sessions are asked for: no bars": [
                each for each in missing if each.date < first
            ],
        }
        for told, part in parts.items():
            if part:
                yield Fault(
                    f"{told} on {_dates(part, self._calendar)} in {self._source.name}"
                    ' (missing = "skip" in [data] leaves it out of such sessions)',
                    file=self._config.file,
                    key="data.symbols",
                    symbol=plan.symbol,
                )

    def _fault(self, message: str, key: str) -> Fault:
        return Fault(message, file=self._config.file, key=key)


def _wanted_intervals(
    data: DataConfig, symbol: str, indicators: Iterable[Indicator]
) -> set[Interval]:
    rules = [rule for rule in data.history if rule.symbols == "all" or symbol in rule.symbols]
    return {
        *data.streams,
        *(indicator.spec.interval for indicator in indicators),
        *(interval for rule in rules for interval in rule.intervals),
    }


def _history_days(data: DataConfig, symbol: str, interval: Interval) -> int:
    """Say how many earlier sessions of an interval are wished for, by name or by derivation."""
    return max(
        (
            rule.trailing_days
            for rule in data.history
            if (rule.symbols == "all" or symbol in rule.symbols)
            and any(interval == each or interval.derives_from(each) for each in rule.intervals)
        ),
        default=0,
    )


def _without_base(wanted: Iterable[Interval], present: Iterable[Interval]) -> list[Interval]:
    """Name the intervals that none of those present gives; all, where each is given by another."""
    bases = tuple(present)
    asked = list(wanted)
    lacking = [each for each in asked if not any(each == b or each.derives_from(b) for b in bases)]
    return lacking or asked


def _listed(intervals: Iterable[Interval]) -> str:
    return ", ".join(map(str, sorted(intervals)))


def _dates(sessions: Sequence[TradingSession], calendar: MarketCalendar) -> str:
    """Name sessions by date, a run of them by its ends: ``2024-01-02 to 2024-03-22 (56)``."""
    places = [calendar.sessions.index(session) for session in sessions]
    runs = np.split(np.array(sessions, dtype=object), np.flatnonzero(np.diff(places) > 1) + 1)
    shown = [
        run[0].label if len(run) == 1 else f"{run[0].label} to {run[-1].label} ({len(run)})"
        for run in runs
    ]
    more = f" and {len(shown) - DAYS_SHOWN} more times" if len(shown) > DAYS_SHOWN else ""
    return ", ".join(shown[:DAYS_SHOWN]) + more
