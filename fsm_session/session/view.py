"""What a scanner or a strategy sees: read-only, and it ends now.

A View shows the whole market at the clock's instant; a SymbolView one symbol up to then. There
is one View a session, which moves with its steps, and one for each scanner, which moves with its
scans. After the session a view shows nothing at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NoReturn

import numpy.typing as npt
import pandas as pd

from fsm_session.errors import StaleSessionError
from fsm_session.market.bars import Bars, Floats
from fsm_session.market.calendar import TradingSession
from fsm_session.market.events import Quotes, Ticks
from fsm_session.market.historical import Historical
from fsm_session.market.interval import Interval
from fsm_session.market.quality import Quality
from fsm_session.session.data import SymbolTable
from fsm_session.session.event import Quote, Tick
from fsm_session.session.reveal import Flags, Reveal
from fsm_session.session.symbol_data import SymbolSessionData


class View:
    """The market now, over all symbols. Rows are in the order of ``symbols``.

    The table of a name is made when it is first asked for; from then on a row is a look-up.
    After the session whatever is asked raises StaleSessionError.
    """

    __slots__ = ("_data", "_reveal")

    def __init__(self, data: SymbolTable, reveal: Reveal) -> None:
        self._data = data
        self._reveal = reveal

    @property
    def symbols(self) -> npt.NDArray[Any]:
        """The symbols, text (n_symbols,), in the order of their names."""
        return self._reveal.symbols

    @property
    def now_ns(self) -> int:
        """The clock, int64 nanoseconds UTC."""
        return self._data.clock.now_ns

    @property
    def time(self) -> pd.Timestamp:
        """The clock, in the exchange's zone."""
        return self._data.clock.get_current_time()

    @property
    def session(self) -> TradingSession:
        """The session: date, open, close, early close."""
        return self._data.session

    def fresh(self, interval: str | Interval) -> Flags:
        """Tell which symbols have a bar of the interval that happened at this step.

        To a scanner: since the scan before. Returns bool (n_symbols,).
        """
        reveal = self._reveal
        row: Flags = reveal.fresh(interval)[reveal.fresh_row]
        return row

    def latest(self, name: str, interval: str | Interval | None = None) -> Floats:
        """Give the newest value of a column (``"close"``) or an indicator for every symbol.

        Returns float64 (n_symbols,), NaN where there is none yet. A column comes from the base
        bars where no interval is named. A historical indicator has its one value all day, a
        profile that of the slot which has just ended. ``"bid_price"``, ``"price"`` and the like
        are those of the newest quote or tick of the day. Raises UnknownNameError.
        """
        reveal = self._reveal
        try:
            rows = reveal.latest[name, interval]
        except KeyError:
            rows = reveal.lay_latest(name, interval)
        return rows[reveal.row]

    def quality(self) -> Floats:
        """Give the day's quality so far of every symbol, in percent: float64 (n_symbols,)."""
        reveal = self._reveal
        row: Floats = reveal.quality()[reveal.row]
        return row

    def __getitem__(self, symbol: str) -> SymbolView:
        """Look at one symbol; UnknownNameError, a KeyError, where it is not there."""
        return SymbolView(self, self._data[symbol].symbol)

    def __contains__(self, symbol: object) -> bool:
        """Tell whether a symbol is there."""
        return symbol in self._data

    def __iter__(self) -> Iterator[str]:
        """Go through the symbols in the order of their names."""
        return iter(self._data)

    def __len__(self) -> int:
        """Count the symbols."""
        return len(self._data)


class SymbolView:
    """One symbol up to now. Arrays are oldest first and can't be written to."""

    __slots__ = ("_symbol", "_view")

    def __init__(self, view: View, symbol: str) -> None:
        self._view = view
        self._symbol = symbol

    @property
    def symbol(self) -> str:
        """The symbol's name."""
        return self._symbol

    def bars(self, interval: str | Interval | None = None) -> Bars:
        """Give history's and the day's bars so far (default: the base bars)."""
        return self._here().bars(interval)

    def today(self, interval: str | Interval | None = None) -> Bars:
        """Give the day's bars so far."""
        return self._here().today(interval)

    def history(self, interval: str | Interval | None = None) -> Bars:
        """Give the bars of the earlier sessions that the configuration asks for."""
        return self._here().history(interval)

    def indicator(self, name: str) -> Floats:
        """Give an indicator's values so far, float64, one a bar of ``bars(its interval)``."""
        return self._here().indicator(name)

    @property
    def quote(self) -> Quote | None:
        """The last quote at or before now, of the day; None before the first."""
        return self._here().last_quote()

    def quotes(self) -> Quotes:
        """Give the day's quotes so far, in the order in which they came."""
        return self._here().quotes()

    @property
    def tick(self) -> Tick | None:
        """The last trade at or before now, of the day; None before the first."""
        return self._here().last_tick()

    def ticks(self) -> Ticks:
        """Give the day's trades so far, in the order in which they came."""
        return self._here().ticks()

    def historical(self, name: str) -> Historical:
        """Give a historical indicator whole: values, slots, how many sessions had a bar."""
        return self._here().find_historical(name)

    def trailing(self, name: str) -> float:
        """Give a historical indicator's one number; NaN where it covers no bar."""
        return self._here().trailing(name)

    def profile(self, name: str) -> Floats:
        """Give a historical profile, float64 (n_slots,): a value for each slot of today."""
        return self._here().profile(name)

    def profile_so_far(self, name: str) -> Floats:
        """Give a historical profile up to now: of the slots that have ended, float64 (n,)."""
        return self._here().profile_so_far(name)

    def quality(self, interval: str | Interval | None = None) -> Quality:
        """Give the day's quality so far: percent, present, expected, gaps, and the open gap."""
        return self._here().quality(interval)

    def history_quality(self, interval: str | Interval | None = None) -> Quality:
        """Give the quality of the history, as scored when it was loaded."""
        return self._here().history_quality(interval)

    def _here(self) -> SymbolSessionData:
        return self._view._data[self._symbol]


class _Over:
    """What stands behind a view once its session is over."""

    def __getattr__(self, name: str) -> NoReturn:
        raise StaleSessionError("the session of this view is over: what it showed is forgotten")

    def __getitem__(self, symbol: str) -> NoReturn:
        self.__getattr__(symbol)


def renew(view: View, reveal: Reveal) -> None:
    """Give a view new tables: a symbol came or went."""
    view._reveal = reveal


def revoke(view: View) -> None:
    """Take everything out of a view: its session is being forgotten."""
    view._data = _Over()  # type: ignore[assignment]
    view._reveal = _Over()  # type: ignore[assignment]
