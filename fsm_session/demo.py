"""The demonstration: a configuration, a strategy and a scanner that need nothing but this library.

The market is made up, the same for everybody. The configuration is a text, so that it reaches
its reader with its comments: written beside the records, it runs there like any other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fsm_session.errors import ExportError
from fsm_session.session.signals import Found, Signal
from fsm_session.session.view import SymbolView, View
from fsm_session.whole_files import write_whole

FILE = "demo.toml"

CONFIG = """\
# What `fsm-session demo` runs. Change a copy of it, and run that:
#     fsm-session run copy.toml --out DIR

name = "a made-up market over a half-day"
mode = "backtest"
calendar = "XNYS"                     # the New York Stock Exchange's sessions

[backtest]
start = 2024-07-01
end = 2024-07-05                      # 2024-07-03 closes at 13:00, 2024-07-04 is a holiday

[data]
symbols = ["ALFA", "BRVO", "CHRL", "DLTA", "ECHO", "FXTR", "GOLF", "HOTL"]
streams = ["1m", "5m", "15m", "1h"]   # the longer ones are derived from the 1m bars

[[data.history]]                      # what warms the indicators up
trailing_days = 3
intervals = ["1m"]
symbols = "all"

[[data.indicators]]
name = "ema_10"                       # what strategies call it
function = "EMA"                      # a function of TA-Lib's, or "package.module:function"
interval = "1m"
parameters = { timeperiod = 10 }

[[data.indicators]]
name = "sma_30"
function = "SMA"
interval = "1m"
parameters = { timeperiod = 30 }

[[data.indicators]]
name = "rsi_14"
function = "RSI"
interval = "5m"
parameters = { timeperiod = 14 }

[[data.indicators]]
name = "macd"                         # three outputs: macd.macd, macd.macdsignal, macd.macdhist
function = "MACD"
interval = "5m"

[[data.indicators]]
name = "atr_14"
function = "ATR"
interval = "15m"
parameters = { timeperiod = 14 }

[source]
kind = "simulated"
interval = "1m"
parameters = { seed = 2024, missing_percent = 2.0 }

[[scanners]]
use = "fsm_session.demo:Movers"
pre_session = true                    # before the open, over the history
every = "30m"                         # and within the session, over the day so far
parameters = { count = 3 }

[[strategies]]
use = "fsm_session.demo:Cross"
parameters = { fast = "ema_10", slow = "sma_30" }
"""


class Cross:
    """Buy when the fast average crosses above the slow one, sell when it crosses below.

    ``fast`` and ``slow`` are names of indicators. What was above at the first step is no cross.
    """

    def __init__(self, fast: str, slow: str) -> None:
        self.fast = fast
        self.slow = slow
        self._above: dict[str, bool] = {}

    def on_bars(self, view: View) -> Iterator[Signal]:
        """Compare the averages of every symbol at once; speak where the order has turned."""
        lead = view.latest(self.fast) - view.latest(self.slow)
        known = ~np.isnan(lead)
        for symbol, above in zip(view.symbols[known], (lead[known] > 0).tolist(), strict=True):
            if above != self._above.setdefault(symbol, above):
                self._above[symbol] = above
                action, way = ("buy", "above") if above else ("sell", "below")
                yield Signal(symbol, action, reason=f"{self.fast} crossed {way} {self.slow}")


class Movers:
    """Find the ``count`` symbols that moved most, up or down.

    Before the session over its history, within it over the day so far.
    """

    def __init__(self, count: int = 3) -> None:
        self.count = count

    def scan(self, view: View) -> list[Found]:
        """Rank the symbols by how far they moved; equal ones by name."""
        moved = {symbol: _moved(view[symbol]) for symbol in view}
        ranked = sorted(moved, key=lambda symbol: (-abs(moved[symbol]), symbol))
        return [
            Found(symbol, f"moved {moved[symbol]:+.2%}", {"moved": moved[symbol]})
            for symbol in ranked[: self.count]
        ]


def _moved(symbol: SymbolView) -> float:
    """Give the last close over the first open, less 1; 0 where there is no bar."""
    today = symbol.today()
    bars = today if len(today) else symbol.history()
    return float(bars.close[-1] / bars.open[0]) - 1 if len(bars) else 0.0


def write_config(out: Path) -> Path:
    """Write the configuration into a folder that is the demonstration's own; give its path.

    Raises ExportError where the folder holds another run, or a configuration that was changed:
    neither is ours to overwrite.
    """
    path = out / FILE
    before = _read(path)
    if before not in (None, CONFIG.encode()):
        raise ExportError(
            f"{path} is not what the demonstration writes, so it is left alone: run it with"
            " 'fsm-session run', or choose another folder with --out",
            hint="fsm-session demo --out OTHER, or run what is there with fsm-session run",
        )
    if before is None and any(out.glob("sessions/*.json")):
        raise ExportError(
            f"{out} holds the sessions of another run: choose another folder with --out",
            hint="fsm-session demo --out OTHER",
        )
    write_whole(path, CONFIG.encode())
    return path


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ExportError(f"{path} can't be read: {error.strerror}") from error
