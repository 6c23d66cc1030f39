"""What to load, derive and compute for one symbol: the result of validation, one a symbol."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from fsm_session.market.events import EventKind
from fsm_session.market.historical import HistoricalSpec
from fsm_session.market.indicators import Indicator
from fsm_session.market.interval import Interval
from fsm_session.market.resample import Incomplete
from fsm_session.session.reach import Reach


@frozen(eq=False)
class SymbolPlan:
    """What to load, derive and compute for one symbol in any session of the run.

    ``reach`` says how far back, and ``missing`` on which dates the source has nothing (only
    where that is allowed). ``from_ticks``: the base bars are built from ticks. ``events``: what
    is streamed beside bars; ``recorded`` of them are read, others made from bars.
    """

    symbol: str
    base: Interval
    derived: tuple[Interval, ...]
    reach: Reach
    indicators: tuple[Indicator, ...]
    historical: tuple[HistoricalSpec, ...]
    incomplete: Incomplete = "keep"
    missing: frozenset[dt.date] = frozenset()
    from_ticks: bool = False
    events: tuple[EventKind, ...] = ()
    recorded: tuple[EventKind, ...] = ()

    @property
    def indicator_names(self) -> tuple[str, ...]:
        """Name the indicators: those of the session's bars, then those of earlier sessions."""
        return (*(e.spec.name for e in self.indicators), *(e.name for e in self.historical))

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The intervals of which bars are kept: the base first, then those derived from it."""
        return (self.base, *self.derived)
