"""What a run will need, found out once, before anything is registered.

For every symbol one plan: from which base bars, which intervals to derive, how much history,
which indicators, and on which sessions it has nothing. The same function decides for a symbol
that is configured, watched in a universe, promoted by a scanner or added from outside. What
can't be met is listed whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from attrs import evolve, field, frozen

from fsm_session.config import SessionConfig
from fsm_session.errors import Fault, FaultyInputError, RequirementsError
from fsm_session.market.calendar import MarketCalendar, TradingSession
from fsm_session.market.interval import Interval, choose_base, needed_base
from fsm_session.session.needs import Needs
from fsm_session.session.plan import SymbolPlan
from fsm_session.session.presence import Presence
from fsm_session.sources.source import Source

DAYS_SHOWN = 6
#: the base of bars from ticks where nothing shorter than a day is asked for
MINUTE = Interval(60)
_ADVICE = {"quotes": '; quotes = "from_bars" makes them from bars, bid = ask = close'}


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

    def history_sessions(self, plan: SymbolPlan) -> dict[Interval, int]:
        """Give by interval how many sessions before the first are kept as history."""
        assert self.calendar is not None
        first = self.sessions[0]
        return {each: plan.reach.days(each, first, self.calendar) for each in plan.intervals}

    def left_out(self, plan: SymbolPlan) -> list[str]:
        """Name the sessions that a symbol is left out of."""
        return [each.label for each in self.sessions if each.date in plan.missing]


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
        self._presence = Presence(source, calendar)
        # the plan of symbols that are alike; nearly all are
        self._alike: dict[object, SymbolPlan] = {}
        self._looked_at = 0

    @property
    def looked_at(self) -> tuple[int, int]:
        """How many symbols have been looked at, and how many there are to look at."""
        asked = (self._needs, *self._universes.values())
        return self._looked_at, sum(len(needs.symbols) for needs in asked)

    def validate(self) -> Requirements:
        """Check everything the run will need. Registers nothing and raises nothing for data."""
        self._looked_at = 0
        backtest = self._config.backtest
        sessions = self._calendar.between(backtest.start, backtest.end)
        unmet = [
            evolve(fault, file=self._config.file)
            for needs in (self._needs, *self._universes.values())
            for fault in needs.faults()
        ]
        if not sessions:
            told = f"{self._calendar.name} has no session from {backtest.start} to {backtest.end}"
            hint = "choose a start and an end with a trading day between them"
            unmet.append(Fault(told, file=self._config.file, key="backtest", hint=hint))
        plans = self._plans(self._needs.symbols, self._needs, sessions, unmet)
        universes = {
            name: self._plans(self._watched(needs), needs, sessions, unmet)
            for name, needs in self._universes.items()
        }
        # a file that can't be read is told once, not for every symbol in it
        each_once = tuple(dict.fromkeys(unmet))
        return Requirements(sessions, plans, universes, each_once, self._calendar)

    def plan(
        self, symbol: str, sessions: Sequence[TradingSession], needs: Needs | None = None
    ) -> SymbolPlan:
        """Decide what to load, derive and compute for a symbol, and see that it is there.

        ``needs``: those of the symbols that are traded if not given. Raises RequirementsError
        or DataError with every fault of the symbol.
        """
        needs = needs or self._needs
        unmet = list(self._unrecorded(symbol, needs))
        try:
            plan = evolve(self._plan_of_its_kind(symbol, needs), symbol=symbol)
        except RequirementsError as error:
            raise RequirementsError([*error.faults, *unmet]) from None
        lacking = self._presence.lacking(plan, sessions)
        if needs.config.missing == "error":
            unmet += self._missing_faults(plan, lacking, sessions, needs)
        if unmet:
            raise RequirementsError(unmet)
        dates = frozenset(e.date for each in lacking.values() for e in each)
        return evolve(plan, missing=dates) if dates else plan

    def _plan_of_its_kind(self, symbol: str, needs: Needs) -> SymbolPlan:
        """Give a plan but for what a symbol lacks: one for all of whom the same is there."""
        held = self._presence.events(symbol)
        kind = (needs, needs.kind(symbol), self._source.intervals(symbol), held)
        if kind not in self._alike:
            base, from_ticks = self._base(symbol, needs)
            derived = tuple(sorted(needs.wanted(symbol) - {base}))
            self._alike[kind] = SymbolPlan(
                symbol,
                base,
                derived,
                needs.reach(symbol, (base, *derived)),
                needs.indicators,
                needs.config.historical,
                needs.config.incomplete,
                from_ticks=from_ticks,
                events=needs.events,
                recorded=tuple(each for each in needs.events if each in held),
            )
        return self._alike[kind]

    def _watched(self, needs: Needs) -> Iterator[str]:
        """Give a universe's symbols; what nobody holds only where it must be held."""
        for symbol in needs.symbols:
            known = self._source.intervals(symbol) or self._presence.events(symbol)
            if (
                known and not any(self._unrecorded(symbol, needs))
            ) or needs.config.missing == "error":
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
            self._looked_at += 1
        return plans

    def _base(self, symbol: str, needs: Needs) -> tuple[Interval, bool]:
        """Choose the base interval, and tell whether its bars are built from ticks."""
        wanted = needs.given_by_base(symbol)
        present = self._source.intervals(symbol)
        base = choose_base(present, wanted) if present else None
        if base is not None:
            return base, False
        if "ticks" in self._presence.events(symbol):
            within = needed_base(wanted)
            return (within if within.within_a_day else MINUTE), True
        raise RequirementsError(self._no_base(symbol, needs, wanted, present))

    def _no_base(
        self, symbol: str, needs: Needs, wanted: Iterable[Interval], present: Sequence[Interval]
    ) -> Fault:
        source, events = self._source.name, self._presence.events(symbol)
        if present:
            told = (
                f"{_listed(_without_base(wanted, present))} can't be derived from"
                f" {_listed(present)}, which is all that {source} holds:"
                f" needs bars of {needed_base(wanted)}"
            )
        elif events:
            told = f"{source} holds only quotes of it, and bars are built from bars or ticks"
        else:
            told = f"{source} holds no data of it"
        key = f"{needs.key}.{'streams' if present or events else 'symbols'}"
        return Fault(told, file=self._config.file, key=key, symbol=symbol)

    def _unrecorded(self, symbol: str, needs: Needs) -> Iterator[Fault]:
        """Find the events that are neither there nor to be made from bars, of a known symbol."""
        held = self._presence.events(symbol) if needs.events else ()
        if not held and not self._source.intervals(symbol):
            return
        made = {"quotes"} if needs.config.quotes == "from_bars" else set()
        for kind in needs.events:
            if kind not in held and kind not in made:
                told = f"{self._source.name} holds no {kind} of it{_ADVICE.get(kind, '')}"
                key = f"{needs.key}.streams"
                yield Fault(told, file=self._config.file, key=key, symbol=symbol)

    def _missing_faults(
        self,
        plan: SymbolPlan,
        lacking: Mapping[str, Sequence[TradingSession]],
        sessions: Sequence[TradingSession],
        needs: Needs,
    ) -> Iterator[Fault]:
        if not lacking:
            return
        today = sessions[0]
        skip = f'missing = "skip" in [{needs.key}]'
        earlier = [each for each in lacking.get("bars", ()) if each.date < today.date]
        parts = [
            (f"no {what} of the session", f"{skip} leaves it out of such sessions", found)
            for what, all_lacking in lacking.items()
            if (found := [each for each in all_lacking if each.date >= today.date])
        ]
        if earlier:
            told = f"{self._too_little(plan, today)}: no bars"
            parts.append((told, f"start later, or say {skip}", earlier))
        for told, advice, found in parts:
            yield Fault(
                f"{told} on {_dates(found, self._calendar)} in {self._source.name} ({advice})",
                file=self._config.file,
                key=f"{needs.key}.symbols",
                symbol=plan.symbol,
            )

    def _too_little(self, plan: SymbolPlan, session: TradingSession) -> str:
        first = plan.reach.first(session, self._calendar)
        days = len(self._calendar.between(first.date, session.date)) - 1
        names = ", ".join(plan.reach.furthest(session, self._calendar))
        sessions = f"{days} session{'s' if days > 1 else ''}"
        return f"too little history, {sessions} before {session.label} for {names}"


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
