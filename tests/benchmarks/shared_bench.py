"""The workload as its own folder defines it, and what it should say, worked out independently.

``../shared/bench`` (or ``$FSM_SESSION_SHARED/bench``) holds the reference workload W, the peers'
scripts and the limits. The signals are worked out here, over whole columns at once: once as
TA-Lib starts its averages, once as the peers start theirs.
"""

from __future__ import annotations

import datetime as dt
import importlib
import sys
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import talib
from attrs import frozen

from tests.real_data import SHARED

BENCH = SHARED / "bench"

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Frames = dict[str, pd.DataFrame]


@lru_cache
def common() -> Any:
    """Import the module that defines W; nothing is written beside it."""
    written, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(BENCH))
    try:
        return importlib.import_module("common")
    finally:
        sys.path.remove(str(BENCH))
        sys.dont_write_bytecode = written


def dates(n_sessions: int) -> list[dt.date]:
    """Give the dates of W's sessions."""
    return [each.date() for each in common().SESSIONS[:n_sessions]]


@frozen
class Signals:
    """How many signals there should be: ours, the peers', and where the two differ."""

    ours: int
    peers: int
    differing: int
    last_minute: int


def expected_signals(frames: Frames) -> Signals:
    """Count the signals of either way to start an average; ``last_minute`` that differs, from 1."""
    closes = [frame["close"].to_numpy(np.float64) for frame in frames.values()]
    ours = np.stack([_flags(close, *_as_talib(close)) for close in closes])
    peers = np.stack([_flags(close, *_as_peers(close)) for close in closes])
    apart = (ours != peers).any(axis=0)
    last = int(np.flatnonzero(apart)[-1]) + 1 if apart.any() else 0
    return Signals(int(ours.sum()), int(peers.sum()), int((ours != peers).sum()), last)


def _as_talib(close: Floats) -> tuple[Floats, Floats, Floats]:
    """Start from means: EMA from that of the first 20 closes, RSI of the first 14 changes."""
    n = common()
    return talib.SMA(close, n.SMA_N), talib.EMA(close, n.EMA_N), talib.RSI(close, n.RSI_N)


def _as_peers(close: Floats) -> tuple[Floats, Floats, Floats]:
    """Start from the first bar, and say nothing before the simple average is full."""
    n, change = common(), np.diff(close, prepend=close[0])
    up = _smoothed(np.maximum(change, 0.0), 1.0 / n.RSI_N)
    down = _smoothed(np.maximum(-change, 0.0), 1.0 / n.RSI_N)
    with np.errstate(invalid="ignore"):
        rsi = 100.0 * up / (up + down)
    mean = pd.Series(close).rolling(n.SMA_N).mean().to_numpy(np.float64)
    return mean, _smoothed(close, 2.0 / (n.EMA_N + 1)), rsi


def _smoothed(values: Floats, alpha: float) -> Floats:
    return pd.Series(values).ewm(alpha=alpha, adjust=False).mean().to_numpy(np.float64)


def _flags(close: Floats, sma: Floats, ema: Floats, rsi: Floats) -> Flags:
    tie = common().TIE
    flags: Flags = (close > sma + tie) & (close > ema + tie) & (rsi < 70.0)
    return flags
