"""Runs a part over a market, as often as it takes to compare: each time as if for the first time.

What all runs of a check have in common is held here: the wishes, and the sessions before the
first one, which are the same for all markets, since only history is read of them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from attrs import define, field

from fsm_session.config import SessionConfig
from fsm_session.coordinator import Run, SessionCoordinator
from fsm_session.market.calendar import TradingSession
from fsm_session.sources import FramesSource
from fsm_session.testing.checks.memory import Memory
from fsm_session.testing.days import MINUTES, day_of, session_on

Market = Mapping[str, pd.DataFrame]


@define(eq=False)
class Trial:
    """What a check runs: ``parts`` are the coordinator's keywords for what is on trial.

    ``symbols`` are those that are configured, ``watched`` others of which there are bars.
    ``steps`` counts those of all runs: a check of a part that was never called proves nothing.
    """

    parts: Mapping[str, Any]
    memory: Memory
    symbols: tuple[str, ...]
    dates: tuple[str, ...]
    streams: tuple[str, ...] = ("1m", "5m")
    data: Mapping[str, Any] = field(factory=dict)
    tables: Mapping[str, Any] = field(factory=dict)
    watched: tuple[str, ...] = ()
    steps: int = field(default=0, init=False)
    _earlier: dict[str, pd.DataFrame] = field(factory=dict, init=False)

    def __attrs_post_init__(self) -> None:
        """Find out how much history is asked for, and make it."""
        days = self._days_before()
        for symbol in self.all_symbols if days else ():
            parts = [day_of(symbol, day, MINUTES) for day in days]
            self._earlier[symbol] = pd.concat(parts).tz_convert("UTC")

    @property
    def all_symbols(self) -> tuple[str, ...]:
        """The symbols of which there are bars."""
        return tuple(dict.fromkeys((*self.symbols, *self.watched)))

    @property
    def calendar(self) -> str:
        """The name of the calendar."""
        return str(self.tables.get("calendar", "XNYS"))

    @property
    def zone(self) -> str:
        """The exchange's zone."""
        return self.sessions[0].zone

    @property
    def sessions(self) -> tuple[TradingSession, ...]:
        """The sessions of a run."""
        return tuple(session_on(date, self.calendar) for date in self.dates)

    def run(
        self,
        market: Market,
        dates: Sequence[str] = (),
        *,
        symbols: Sequence[str] = (),
        threads: bool = False,
        **parts: Any,
    ) -> Run:
        """Run over some of the dates, or all; the part remembers nothing of an earlier run."""
        self.memory.restore()
        run = self._coordinator(market, dates, symbols, threads=threads, **parts).run()
        self.steps += sum(session.steps for session in run.sessions)
        return run

    def _coordinator(
        self,
        market: Market,
        dates: Sequence[str] = (),
        symbols: Sequence[str] = (),
        *,
        threads: bool = False,
        **parts: Any,
    ) -> SessionCoordinator:
        first, *_, last = (*(dates or self.dates),) * 2
        named = {"symbols": list(symbols or self.symbols), "streams": list(self.streams)}
        config = SessionConfig.from_dict(
            {
                "backtest": {"start": first, "end": last},
                "data": {"missing": "skip", **named, **self.data},
                **self.tables,
                "workers": {"deadline": 10, **self.tables.get("workers", {}), "threads": threads},
            }
        )
        source = FramesSource(self._with_earlier(market), "1m")
        return SessionCoordinator(config, source=source, **{**self.parts, **parts})

    def _with_earlier(self, market: Market) -> Market:
        if not self._earlier:
            return market
        return {name: pd.concat([self._earlier[name], frame]) for name, frame in market.items()}

    def _days_before(self) -> list[TradingSession]:
        """Give the sessions before the first that any of the symbols' wishes reach back to."""
        probe = {symbol: day_of(symbol, self.sessions[0], MINUTES) for symbol in self.all_symbols}
        needed = self._coordinator(probe, self.dates[:1]).check()
        assert needed.calendar is not None
        first = needed.sessions[0]
        every = [
            *needed.plans.values(),
            *(p for u in needed.universes.values() for p in u.values()),
        ]
        begins = [plan.reach.first(first, needed.calendar).date for plan in every]
        before = first.date - dt.timedelta(days=1)
        return list(needed.calendar.between(min(begins), before)) if begins else []
