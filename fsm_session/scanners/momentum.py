"""Momentum: which symbols have come far within so many bars."""

from __future__ import annotations

from fsm_session.market.interval import Interval
from fsm_session.scanners.ranking import Ranking, measured
from fsm_session.session.signals import Found
from fsm_session.session.view import SymbolView, View


class Momentum:
    """Find the symbols that moved most: the newest close over that ``bars`` before it, less 1.

    ``interval``: of which bars, finished ones of history and day. ``at_least``: the least size
    of a move, up or down: 0.05 is five percent. ``top``: no more than so many.
    """

    def __init__(
        self, bars: int = 20, interval: str = "1d", at_least: float = 0.05, top: int | None = None
    ) -> None:
        if type(bars) is not int or bars < 1:
            raise ValueError(f"bars must be a whole number from 1 up, not {bars!r}")
        self._bars = bars
        self._interval = Interval.parse(interval)
        self._ranking = Ranking(at_least, top)

    def scan(self, view: View) -> list[Found]:
        """Measure every symbol; one with too few bars is left out."""
        over = f"over {self._bars} bars of {self._interval}"
        return self._ranking.pick(
            (Found(symbol, f"moved {figures['moved']:+.2%} {over}", figures), figures["moved"])
            for symbol, figures in measured(view, self._moved)
        )

    def _moved(self, symbol: SymbolView) -> dict[str, float] | None:
        close = symbol.bars(self._interval).close
        if len(close) <= self._bars:
            return None
        last, before = float(close[-1]), float(close[-1 - self._bars])
        return {"moved": last / before - 1, "last": last, "before": before}
