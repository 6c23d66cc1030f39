"""The least that W costs with what a run of ours promises, in bare numpy and Python.

    python -m tests.benchmarks.floor SYMBOLS SESSIONS on_bars|on_bar

No engine: no lifecycle, no checks, no calendar, no view. The frames are copied, so that nobody can
change them, and digested for the record; each session derives its indicators over its history and
day as it must, with TA-Lib; a line of each is safe on the disk before the next begins; and the
strategy is called with nothing but what it reads. Whatever ours costs less than a peer, this costs
less still: where it misses a target, no run that keeps the promises can reach it.
"""

from __future__ import annotations

import hashlib
import inspect
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.benchmarks.shared_bench import Floats, Frames, common
from tests.benchmarks.workload import OVERBOUGHT, TIE

FIVE = 5
#: a day's newest close and three values, each (n_bars, n_symbols)
Tables = Sequence[Floats]


class OnBars:
    """Thinks over all symbols at once, as ours does."""

    signals = 0

    def __call__(self, close: Floats, sma: Floats, ema: Floats, rsi: Floats) -> None:
        """Count the symbols that are up, and not overbought."""
        up = (close > sma + TIE) & (close > ema + TIE) & (rsi < OVERBOUGHT)
        self.signals += int(np.count_nonzero(up))

    def play(self, day: Tables) -> None:
        """Call once a minute."""
        for row in zip(*day, strict=True):
            self(*row)


class OnBar:
    """Thinks one bar at a time, as ours does."""

    signals = 0

    def __call__(self, close: float, sma: float, ema: float, rsi: float) -> None:
        """Count the bar if it is up, and not overbought."""
        if close > sma + TIE and close > ema + TIE and rsi < OVERBOUGHT:
            self.signals += 1

    def play(self, day: Tables) -> None:
        """Call once a bar, in plain floats."""
        for rows in zip(*(table.tolist() for table in day), strict=True):
            for row in zip(*rows, strict=True):
                self(*row)


STYLES: dict[str, Callable[[], OnBars | OnBar]] = {"on_bars": OnBars, "on_bar": OnBar}


def run(frames: Frames, style: str) -> dict[str, Any]:
    """Run W over all sessions; give what the harness of the peers asks for."""
    digest = hashlib.sha256()
    columns = [_taken(frame, digest) for frame in frames.values()]
    five = sum(len(_five_minutes(each)) for each in columns)
    strategy, bars = STYLES[style](), int(common().BARS)
    ends = range(bars, len(columns[0][0]) + 1, bars)
    with tempfile.TemporaryFile(dir=os.environ.get("BENCHMARK_OUT"), buffering=0) as journal:
        for end in ends:
            values = [_values(each[3, :end]) for each in columns]
            day = [[each[-bars:] for each in of_all] for of_all in zip(*values, strict=True)]
            strategy.play([np.stack(each, axis=1) for each in day])
            journal.write(f"{digest.hexdigest()} {end} {strategy.signals}\n".encode())
            os.fsync(journal.fileno())
    last = [tuple(float(each[-1]) for each in of_one[1:]) for of_one in values]
    seen = {"bars": len(columns) * ends[-1], "n5": five, "signals": strategy.signals}
    return {**seen, "final": dict(zip(frames, last, strict=True))}


def _taken(frame: pd.DataFrame, digest: hashlib._Hash) -> Floats:
    """Copy the columns of a frame, and digest them with its times."""
    columns = frame.to_numpy(np.float64).T.copy()
    digest.update(pd.DatetimeIndex(frame.index).asi8.data)
    digest.update(columns.reshape(-1).data)
    return columns


#: beneath the wrapper that takes frames apart, which costs more than what is computed
SMA, EMA, RSI = map(inspect.unwrap, (talib.SMA, talib.EMA, talib.RSI))


def _values(close: Floats) -> Tables:
    n = common()
    return close, SMA(close, n.SMA_N), EMA(close, n.EMA_N), RSI(close, n.RSI_N)


def _five_minutes(columns: Floats) -> Floats:
    """Derive the 5m bars of a symbol that has every minute."""
    _, high, low, close, volume = columns
    first = np.arange(0, len(close), FIVE)
    derived = (np.maximum.reduceat(high, first), np.minimum.reduceat(low, first),
               close[FIVE - 1 :: FIVE], np.add.reduceat(volume, first))  # fmt: skip
    return np.stack(derived, 1)


def main() -> None:
    """Measure as the harness of the peers measures."""
    symbols, sessions, style = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    common().measure(f"floor {style}", lambda frames: run(frames, style), symbols, sessions)


if __name__ == "__main__":
    main()
