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
        """Measure every symbol; one with too little history is left out."""
        return self._ranking.pick(
            (Found(symbol, f"gap {figures['gap']:+.2%}", figures), figures["gap"])
            for symbol, figures in measured(view, _gap)
        )


def _gap(symbol: SymbolView) -> dict[str, float] | None:
    today, days = symbol.today(), symbol.history("1d")
    opens = [*days.open[-2:].tolist(), *today.open[:1].tolist()]
    closes = days.close[-2:].tolist()
    if len(opens) < 2:
        return None
    # the close before the newest open: of the day itself there is none yet
    close = closes[-1] if len(today) else closes[-2]
    return {"gap": opens[-1] / close - 1, "open": opens[-1], "previous_close": close}
