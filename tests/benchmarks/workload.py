"""The reference workload W through our public API: one run, one line of JSON.

    python -m tests.benchmarks.workload SYMBOLS SESSIONS on_bars|on_bar

The clock runs as it does for the peers, by their own harness: from frames in memory to the run
finished, imports not counted. What a run saw is read when the clock has stopped. 5m bars are
derived in the timed run; it does not look at them at every step, as the question which symbols
have a new one would be a part of what is timed, so they are counted by a run of its own, after it.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from typing import Any

import numpy as np

import fsm_session
from fsm_session import Bar, FramesSource, Run, SessionConfig, SessionCoordinator, View
from tests.benchmarks.shared_bench import Frames, common, dates

#: the journal and the run's record, in a folder of this process; without one nothing is written
RECORDS: dict[str, Any] = {
    "out": os.environ.get("BENCHMARK_OUT"),
    "summary_only": True,
    "overwrite": True,  # a second, untimed run counts what the first one was shown
}
TIE, OVERBOUGHT = 1e-6, 70.0


class Tally:
    """Counts over all sessions; each works with a copy of its strategy, and all share this."""

    def __init__(self) -> None:
        self.signals = 0
        self.five_minute_bars = 0

    def __deepcopy__(self, _: object) -> Tally:
        """Stay the one there is."""
        return self


class OnBars:
    """Thinks over all symbols at once."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.signals = 0

    def on_bars(self, view: View) -> None:
        """Count the symbols that are up, and not overbought; NaN, before warm-up, is neither."""
        close, sma = view.latest("close"), view.latest("sma")
        ema, rsi = view.latest("ema"), view.latest("rsi")
        up = (close > sma + TIE) & (close > ema + TIE) & (rsi < OVERBOUGHT)
        self.signals += int(np.count_nonzero(up))

    def on_session_end(self) -> None:
        """Hand in the day's count."""
        self.tally.signals += self.signals


class OnBar:
    """Thinks one bar at a time."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.signals = 0

    def on_bar(self, bar: Bar) -> None:
        """Count the bar if it is up, and not overbought."""
        close = bar.close
        if close > bar["sma"] + TIE and close > bar["ema"] + TIE and bar["rsi"] < OVERBOUGHT:
            self.signals += 1

    def on_session_end(self) -> None:
        """Hand in the day's count."""
        self.tally.signals += self.signals


class FiveMinutes:
    """Counts the 5m bars as they appear."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally

    def on_bars(self, view: View) -> None:
        """Count the symbols that have a new one."""
        self.tally.five_minute_bars += int(np.count_nonzero(view.fresh("5m")))


STYLES: dict[str, type[OnBars] | type[OnBar]] = {"on_bars": OnBars, "on_bar": OnBar}
INDICATORS = (("sma", "SMA", 20), ("ema", "EMA", 20), ("rsi", "RSI", 14))


def indicators() -> list[dict[str, Any]]:
    """Wish for the three indicators."""
    return [
        {"name": n, "function": f, "interval": "1m", "parameters": {"timeperiod": p}}
        for n, f, p in INDICATORS
    ]


def wishes(symbols: list[str], start: object, end: object, trailing_days: int) -> SessionConfig:
    """Wish for W over some symbols and dates."""
    data: dict[str, Any] = {
        "symbols": symbols,
        "streams": ["1m", "5m"],
        "missing": "skip",
        "indicators": indicators(),
    }
    if trailing_days:
        data["history"] = [{"trailing_days": trailing_days, "intervals": ["1m"]}]
    backtest = {"start": str(start), "end": str(end)}
    return SessionConfig.from_dict({"backtest": backtest, "data": data})


class Seen:
    """What a run of W saw, by the names the harness has for it, read when it is asked for."""

    def __init__(self, frames: Frames, run: Run, tally: Tally, modules: frozenset[str]) -> None:
        self._frames, self._run, self._tally, self._modules = frames, run, tally, modules

    def __getitem__(self, name: str) -> Any:
        """Give one of the things that were seen."""
        return getattr(self, name)()

    def get(self, name: str, default: object) -> Any:
        """Give one of the things that were seen: all of them were."""
        return self[name]

    def bars(self) -> int:
        """Count the bars of the base interval."""
        return sum(each.bars for each in self._run.sessions)

    def n5(self) -> int:
        """Count the 5m bars, in a run of its own; those of the timed run's last day are there."""
        last = [len(each.today("5m")) for each in self._run.data.values()]
        tally = Tally()
        run(self._frames, FiveMinutes(tally))
        whole = tally.five_minute_bars
        assert sum(last) * len(self._run.sessions) == whole, "the timed run derived other 5m bars"
        return whole

    def signals(self) -> int:
        """Count the signals."""
        return self._tally.signals

    def final(self) -> dict[str, tuple[float, ...]]:
        """Give the last values of the three indicators by symbol."""
        names = [name for name, *_ in INDICATORS]
        return {
            symbol: tuple(float(data.indicator(name)[-1]) for name in names)
            for symbol, data in self._run.data.items()
        }

    def phases(self) -> dict[str, list[str]]:
        """Name the modules that were imported while the clock ran: there should be none."""
        return {"imported_late": sorted(sys.modules.keys() - self._modules)}


def run(frames: Frames, strategy: object) -> Run:
    """Run W: every session with all earlier ones as its history."""
    days = dates(len(next(iter(frames.values()))) // common().BARS)
    config = wishes(list(frames), days[0], days[-1], len(days) - 1)
    source = FramesSource(frames, interval="1m")
    return SessionCoordinator(config, source=source, strategies=[strategy], **RECORDS).run()


def see(frames: Frames, style: str) -> Seen:
    """Run W in a style, and give what was seen."""
    modules, tally = frozenset(sys.modules), Tally()
    return Seen(frames, run(frames, STYLES[style](tally)), tally, modules)


def import_everything() -> None:
    """Import what a run would import on its way: the peers' scripts begin with their imports."""
    ours = ("exchange_calendars", "talib", "talib.abstract", "pyarrow.parquet")
    for name in (*ours, "cattrs", "platformdirs", "tomllib"):
        importlib.import_module(name)
    for module in pkgutil.walk_packages(fsm_session.__path__, "fsm_session."):
        # what `new` lays into a folder is imported there
        if not module.name.startswith(("fsm_session.__main__", "fsm_session.starter.")):
            importlib.import_module(module.name)


def main() -> None:
    """Measure as the harness of the peers measures."""
    symbols, sessions, style = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    import_everything()
    common().measure(f"ours {style}", lambda frames: see(frames, style), symbols, sessions)


if __name__ == "__main__":
    main()
