"""Gap: which symbols opened far from where they had closed."""

from __future__ import annotations

from fsm_session.scanners.ranking import Ranking, measured
from fsm_session.session.signals import Found
from fsm_session.session.view import SymbolView, View


class Gap:
    """Find the symbols whose newest gap is large: an open over the close before it, less 1.

    Within the session that is today's first open over the last session's close. Before it
    nothing of today is known, so it is the gap with which the last session opened.

    ``at_least``: the least size of a gap, up or down: 0.02 is two percent. ``top``: no more
    than so many. Needs bars of ``1d``, with history of 2 sessions (1 within the session).
    """

    def __init__(self, at_least: float = 0.02, top: int | None = None) -> None:
        self._ranking = Ranking(at_least, top)

    def scan(self, view: View) -> list[Found]:
        """Measure every symbol; one with too little history, or no open yet, is left out."""
        measure = _todays_gap if view.now_ns > view.session.open_ns else _last_gap
        return self._ranking.pick(
            (Found(symbol, f"gap {figures['gap']:+.2%}", figures), figures["gap"])
            for symbol, figures in measured(view, measure)
        )


def _todays_gap(symbol: SymbolView) -> dict[str, float] | None:
    today, days = symbol.today(), symbol.history("1d")
    return _between(days.close[-1], today.open[0]) if len(today) and len(days) else None


def _last_gap(symbol: SymbolView) -> dict[str, float] | None:
    days = symbol.history("1d")
    return _between(days.close[-2], days.open[-1]) if len(days) > 1 else None


def _between(close: float, open: float) -> dict[str, float]:
    return {"gap": float(open / close) - 1, "open": float(open), "previous_close": float(close)}
