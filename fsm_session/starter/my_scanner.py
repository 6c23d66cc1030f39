"""A scanner: it looks at the market at its times, and names the symbols that it finds."""

from fsm_session import Found, View


class Busiest:
    """Find the ``top`` symbols that traded most today, by price times volume."""

    every = "30m"

    def __init__(self, top: int = 2) -> None:
        self.top = top

    def scan(self, view: View) -> list[Found]:
        """Rank the symbols by what was traded until now; equal ones by name."""
        bars = {symbol: view[symbol].today() for symbol in view}
        traded = {symbol: float((day.close * day.volume).sum()) for symbol, day in bars.items()}
        ranked = sorted(traded, key=lambda symbol: (-traded[symbol], symbol))
        return [
            Found(symbol, f"traded {traded[symbol]:,.0f}", {"traded": traded[symbol]})
            for symbol in ranked[: self.top]
        ]
