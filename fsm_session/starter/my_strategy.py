"""A strategy: it is shown each step of a session, and answers with signals."""

from collections.abc import Iterator

import numpy as np

from fsm_session import Signal, View


class Cross:
    """Buy when the close crosses above its average, on a bar that ends strong.

    ``average`` is the name of an indicator, ``at_least`` the least strength of the bar. Each
    session begins with a new one: nothing has to be forgotten overnight.
    """

    def __init__(self, average: str = "sma_20", at_least: float = 0.5) -> None:
        self.average = average
        self.at_least = at_least
        self._above: dict[str, bool] = {}

    def on_bars(self, view: View) -> Iterator[Signal]:
        """Look at all symbols at once: the arrays have a place for each of ``view.symbols``."""
        lead = view.latest("close") - view.latest(self.average)
        strong = view.latest("strength") >= self.at_least
        known = view.fresh("1m") & ~np.isnan(lead)  # a new bar, and an average that is defined
        for symbol, above, ends_strong in zip(
            view.symbols[known], (lead[known] > 0).tolist(), strong[known].tolist(), strict=True
        ):
            was_above = self._above.setdefault(symbol, above)
            self._above[symbol] = above
            if above and not was_above and ends_strong:
                yield Signal(symbol, "buy", reason=f"crossed above {self.average}")
