"""Relative volume: which symbols trade more today than they use to by this time of day."""

from __future__ import annotations

import numpy as np

from fsm_session.scanners.ranking import Ranking, measured
from fsm_session.session.signals import Found
from fsm_session.session.view import SymbolView, View


class RelativeVolume:
    """Find the symbols with much volume: that of today so far over the usual one by now.

    ``profile``: the historical indicator that says what is usual, the mean volume of each slot
    of the day; with ``absent = "zero"`` its sum is the mean volume up to a time of day. Slots
    that have not ended are left out on both sides.
    ``at_least``: the least ratio, 2.0 is twice the usual. ``top``: no more than so many.
    """

    def __init__(
        self, profile: str = "usual_volume", at_least: float = 2.0, top: int | None = None
    ) -> None:
        self._profile = profile
        self._ranking = Ranking(at_least, top)

    def scan(self, view: View) -> list[Found]:
        """Measure every symbol; one without a usual volume by now is left out."""
        return self._ranking.pick(
            (Found(symbol, f"{figures['ratio']:.2f} x usual volume", figures), figures["ratio"])
            for symbol, figures in measured(view, lambda each: self._ratio(each, view))
        )

    def _ratio(self, symbol: SymbolView, view: View) -> dict[str, float] | None:
        so_far = symbol.profile_so_far(self._profile)
        usual = float(np.nansum(so_far))
        if not usual:
            return None
        # as far as the profile goes by now, and of regular hours as it is
        until_ns = symbol.historical(self._profile).ends[len(so_far) - 1]
        today = symbol.today()
        within = (today.time >= view.session.open_ns) & (today.end <= until_ns)
        volume = float(today.volume[within].sum())
        return {"ratio": volume / usual, "volume": volume, "usual": usual}
