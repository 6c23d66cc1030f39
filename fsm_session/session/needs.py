"""What is asked for of each symbol of a list, with its indicators found.

The symbols that are traded have one, and so has each scanner's universe. A symbol that comes
later has that of the traded ones: there is one way to say what a symbol needs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from attrs import evolve, field, frozen

from fsm_session.config import DataConfig, SessionConfig, UniverseConfig
from fsm_session.errors import CalendarError, Fault, IndicatorError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.events import EventKind
from fsm_session.market.indicators import Indicator, IndicatorSpec, check_causal, resolve
from fsm_session.market.interval import Interval
from fsm_session.plugins import importable_from
from fsm_session.session.reach import Asked, Reach, Trailing, WarmUp, Wish

#: sessions before the first, at the first try: enough for nearly all
FIRST_TRY = 32


@frozen(eq=False)
class Needs:
    """A wish for streams, history and indicators; ``key`` is where it stands in the file.

    ``found`` has what computes each indicator, or why there is nothing.
    """

    config: DataConfig | UniverseConfig
    key: str
    found: tuple[Indicator | IndicatorError, ...]
    # by the history rules that cover a symbol: who is covered by the same is alike
    _intervals: dict[tuple[bool, ...], frozenset[Interval]] = field(factory=dict, init=False)
    _reaches: dict[tuple[object, ...], Reach] = field(factory=dict, init=False)

    @classmethod
    def of(cls, config: DataConfig | UniverseConfig, key: str, folder: Path) -> Needs:
        """Find the indicators; a user's functions may lie in the configuration's folder."""
        return cls(config, key, tuple(_resolved(spec, folder) for spec in config.indicators))

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols that it is about; others may come."""
        return tuple(self.config.symbols)

    @cached_property
    def events(self) -> tuple[EventKind, ...]:
        """What is streamed beside bars."""
        return self.config.events()

    @cached_property
    def indicators(self) -> tuple[Indicator, ...]:
        """Those that were found."""
        return tuple(each for each in self.found if isinstance(each, Indicator))

    def faults(self) -> Iterator[Fault]:
        """Say of each indicator that is not there, or looks ahead, where it is asked for."""
        for place, each in enumerate(self.found):
            error = each if isinstance(each, IndicatorError) else _acausal(each)
            for fault in error.faults if error else ():
                yield evolve(fault, key=f"{self.key}.indicators[{place}]")

    def wanted(self, symbol: str) -> frozenset[Interval]:
        """Give the intervals of which a symbol has bars, besides its base."""
        kind = self.kind(symbol)
        if kind not in self._intervals:
            self._intervals[kind] = frozenset(self.config.intervals(symbol))
        return self._intervals[kind]

    def given_by_base(self, symbol: str) -> frozenset[Interval]:
        """Give the intervals that the base must give: profiles want theirs, and keep none."""
        historical = self.config.historical
        wanted = self.wanted(symbol)
        return wanted.union(spec.interval for spec in historical) if historical else wanted

    def reach(self, symbol: str, intervals: Iterable[Interval]) -> Reach:
        """Put together why history is read for a symbol of which ``intervals`` are kept.

        One for all who are alike: it is asked for every symbol of every session.
        """
        kept = tuple(sorted(intervals))
        kind = (self.kind(symbol), kept)
        if kind not in self._reaches:
            self._reaches[kind] = Reach(tuple(self._wishes(symbol)), kept)
        return self._reaches[kind]

    def kind(self, symbol: str) -> tuple[bool, ...]:
        """Tell which of the history rules cover a symbol: in all else symbols are alike."""
        return tuple([rule.covers(symbol) for rule in self.config.history])

    def _wishes(self, symbol: str) -> Iterator[Wish]:
        for rule in self.config.history:
            for interval in rule.intervals if rule.covers(symbol) else ():
                yield Asked(f"{self.key}.history", interval, rule.trailing_days)
        for indicator in self.indicators:
            spec = indicator.spec
            yield WarmUp(spec.name, spec.interval, indicator.warm_up_bars)
        for each in self.config.historical:
            yield Trailing(each.name, each.over, each.half_days)


def calendar_for(config: SessionConfig, all_needs: Iterable[Needs]) -> MarketCalendar:
    """Load the calendar of a run, as far back as anything in it asks for.

    Raises CalendarError: no such calendar, or it does not reach as far back.
    """
    reaches = {
        needs.reach(symbol, needs.wanted(symbol)) for needs in all_needs for symbol in needs.symbols
    }
    try:
        return _reaching(config, reaches, FIRST_TRY)
    except CalendarError:  # it may begin shortly before the run
        return _reaching(config, reaches, 0)


def _reaching(config: SessionConfig, reaches: Iterable[Reach], before: int) -> MarketCalendar:
    """Load so many sessions before the run, or more where that is too few."""
    start, end, hours = config.backtest.start, config.backtest.end, config.data.hours
    calendar = MarketCalendar.load(config.calendar, start, end, hours, before=before)
    try:
        # later sessions reach back no further than the first
        for session in calendar.between(start, end)[:1]:
            for reach in reaches:
                reach.first(session, calendar)
    except CalendarError:
        return _reaching(config, reaches, max(4 * before, 1))
    return calendar


def _resolved(spec: IndicatorSpec, folder: Path) -> Indicator | IndicatorError:
    try:
        if ":" not in spec.function:
            # without the folder: a talib.py that lies there is nobody's wish
            return resolve(spec)
        with importable_from(folder):
            return resolve(spec)
    except IndicatorError as error:
        return error


def _acausal(indicator: Indicator) -> IndicatorError | None:
    """Try a user's function for looking ahead; TA-Lib's are known not to."""
    if ":" not in indicator.spec.function:
        return None
    try:
        check_causal(indicator)
    except IndicatorError as error:
        return error
    return None
