"""What a run will need, found out once, before anything is registered.

For every symbol one plan: from which base bars, which intervals to derive, how much history,
which indicators, and on which sessions it has nothing. The same function decides for a symbol
that is configured, watched in a universe, promoted by a scanner or added from outside. What
can't be met is listed whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
from attrs import evolve, field, frozen

from fsm_session.config import SessionConfig
from fsm_session.errors import DataError, Fault, FaultyInputError, RequirementsError
from fsm_session.market.bars import Times
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.historical import HistoricalSpec
from fsm_session.market.indicators import Indicator
from fsm_session.market.interval import DAY_NS, Interval, choose_base, needed_base
from fsm_session.market.resample import Incomplete
from fsm_session.session.needs import Needs
from fsm_session.session.reach import Reach
from fsm_session.sources.source import Source

DAYS_SHOWN = 6


@frozen(eq=False)
class SymbolPlan:
    """What to load, derive and compute for one symbol in any session of the run.

    ``reach`` says how far back, and ``missing`` on which dates the source has nothing (only
    where that is allowed).
    """

    symbol: str
    base: Interval
    derived: tuple[Interval, ...]
    reach: Reach
    indicators: tuple[Indicator, ...]
    historical: tuple[HistoricalSpec, ...]
    incomplete: Incomplete = "keep"
    missing: frozenset[dt.date] = frozenset()

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The intervals of which bars are kept: the base first, then those derived from it."""
        return (self.base, *self.derived)


@frozen(eq=False)
class Requirements:
    """The result of validation: the sessions, a plan a symbol, or what is unmet.

    ``universes``: the plans of the symbols that scanners watch, by scanner.
    """

    sessions: tuple[TradingSession, ...] = ()
    plans: Mapping[str, SymbolPlan] = field(factory=dict)
    universes: Mapping[str, Mapping[str, SymbolPlan]] = field(factory=dict)
    unmet: tuple[Fault, ...] = ()
    calendar: MarketCalendar | None = None


class StreamRequirementsCoordinator:
    """Finds out what a configuration requires of a source, and whether it is there.

    ``needs`` are those of the symbols that are traded, ``universes`` those of scanners, by name.
    """

    def __init__(
        self,
        config: SessionConfig,
        source: Source,
        calendar: MarketCalendar,
        needs: Needs,
        universes: Mapping[str, Needs],
    ) -> None:
        self._config = config
        self._source = source
        self._calendar = calendar
        self._needs = needs
        self._universes = universes

    def validate(self) -> Requirements:
        """Check everything the run will need. Registers nothing and raises nothing for data."""
        backtest = self._config.backtest
        sessions = self._calendar.between(backtest.start, backtest.end)
        unmet = [
            self._fault(message, key)
            for needs in (self._needs, *self._universes.values())
            for key, message in needs.faults()
        ]
        if not sessions:
            told = f"{self._calendar.name} has no session from {backtest.start} to {backtest.end}"
            unmet.append(self._fault(told, "backtest"))
        plans = self._plans(self._needs.symbols, self._needs, sessions, unmet)
        universes = {
            name: self._plans(self._watched(needs), needs, sessions, unmet)
            for name, needs in self._universes.items()
        }
        return Requirements(sessions, plans, universes, tuple(unmet), self._calendar)

    def plan(
        self, symbol: str, sessions: Sequence[TradingSession], needs: Needs | None = None
    ) -> SymbolPlan:
        """Decide what to load, derive and compute for a symbol, and see that it is there.

        ``needs``: those of the symbols that are traded if not given. Raises RequirementsError
        or DataError with every fault of the symbol.
        """
        needs = needs or self._needs
        base = self._base(symbol, needs)
        derived = tuple(sorted(needs.wanted(symbol) - {base}))
        plan = SymbolPlan(
            symbol,
            base,
            derived,
            needs.reach(symbol, (base, *derived)),
            needs.indicators,
            needs.config.historical,
            needs.config.incomplete,
        )
        missing = self._missing(plan, sessions) if sessions else ()
        if missing and needs.config.missing == "error":
            raise RequirementsError(self._missing_faults(plan, missing, sessions, needs))
        return evolve(plan, missing=frozenset(session.date for session in missing))

    def _watched(self, needs: Needs) -> Iterator[str]:
        """Give a universe's symbols; those that nobody knows only where they must be known."""
        for symbol in needs.symbols:
            if needs.config.missing == "error" or self._source.intervals(symbol):
                yield symbol

    def _plans(
        self,
        symbols: Iterable[str],
        needs: Needs,
        sessions: Sequence[TradingSession],
        unmet: list[Fault],
    ) -> dict[str, SymbolPlan]:
        plans = {}
        for symbol in symbols:
            try:
                plans[symbol] = self.plan(symbol, sessions, needs)
            except FaultyInputError as error:
                unmet += error.faults
        return plans

    def _base(self, symbol: str, needs: Needs) -> Interval:
        wanted = needs.given_by_base(symbol)
        present = self._source.intervals(symbol)
        if not present:
            raise RequirementsError(
                Fault(
                    f"{self._source.name} holds no data of it",
                    file=self._config.file,
                    key=f"{needs.key}.symbols",
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
                    key=f"{needs.key}.streams",
                    file=self._config.file,
                )
            )
        return base

    def _missing(
        self, plan: SymbolPlan, sessions: Sequence[TradingSession]
    ) -> tuple[TradingSession, ...]:
        """Find the sessions, history included, for which the source has not one bar."""
        calendar = self._calendar
        first = plan.reach.first(sessions[0], calendar)
        needed = calendar.between(first.date, sessions[-1].date)
        # a daily bar may be stamped with a midnight before its session, or behind it
        margin_ns = DAY_NS if plan.base.is_daily else 0
        start_ns, end_ns = needed[0].start_ns - margin_ns, needed[-1].end_ns + margin_ns
        times = self._source.times(plan.symbol, plan.base, start_ns, end_ns)
        counts = self._count(times, plan.base, needed)
        if counts.sum() < len(times):
            locate = calendar.locate_days if plan.base.is_daily else calendar.locate
            self._refuse_closed_days(plan.symbol, times[locate(times) < 0], needed)
        return tuple(needed[place] for place in np.flatnonzero(counts == 0))

    def _count(self, times: Times, base: Interval, needed: Sequence[TradingSession]) -> Times:
        """Count the bars of each session: few edges are looked up among many bars."""
        place = int(np.searchsorted(self._calendar.starts_ns, needed[0].start_ns))
        if base.is_daily:
            places = self._calendar.locate_days(times) - place
            return np.bincount(places[places >= 0], minlength=len(needed))[: len(needed)]
        part = slice(place, place + len(needed))
        edges = (self._calendar.starts_ns[part], self._calendar.ends_ns[part])
        starts, ends = (np.searchsorted(times, each) for each in edges)
        counts: Times = ends - starts
        return counts

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
        needs: Needs,
    ) -> Iterator[Fault]:
        today = sessions[0]
        skip = f'missing = "skip" in [{needs.key}]'
        parts = {
            ("no bars of the session", f"{skip} leaves it out of such sessions"): [
                each for each in missing if each.date >= today.date
            ],
            (self._too_little(plan, today), f"start later, or say {skip}"): [
                each for each in missing if each.date < today.date
            ],
        }
        for (told, advice), part in parts.items():
            if part:
                yield Fault(
                    f"{told} on {_dates(part, self._calendar)} in {self._source.name} ({advice})",
                    file=self._config.file,
                    key=f"{needs.key}.symbols",
                    symbol=plan.symbol,
                )

    def _too_little(self, plan: SymbolPlan, session: TradingSession) -> str:
        first = plan.reach.first(session, self._calendar)
        days = len(self._calendar.between(first.date, session.date)) - 1
        names = ", ".join(plan.reach.furthest(session, self._calendar))
        sessions = f"{days} session{'s' if days > 1 else ''}"
        return f"too little history, {sessions} before {session.label} for {names}: no bars"

    def _fault(self, message: str, key: str) -> Fault:
        return Fault(message, file=self._config.file, key=key)


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
