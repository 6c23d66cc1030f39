"""Days of every kind, as frames made by hand, and a run that writes down what it is shown."""

from __future__ import annotations

from collections import Counter
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from fsm_session import FramesSource, Run, SessionConfig, SessionCoordinator

COLUMNS = ["open", "high", "low", "close", "volume"]
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


def bars(starts: Any, seed: int = 0) -> pd.DataFrame:
    """Make a bar for each start: prices in quarters, so that sums are exact."""
    index = pd.DatetimeIndex(starts).tz_convert("UTC").as_unit("ns").rename("timestamp")
    chance = np.random.default_rng(seed)
    open_, close = 100 + chance.integers(-40, 40, (2, len(index))) / 4
    return pd.DataFrame(
        {
            "open": open_,
            "high": np.maximum(open_, close) + 0.5,
            "low": np.minimum(open_, close) - 0.5,
            "close": close,
            "volume": chance.integers(1, 100, len(index)).astype(float),
        },
        index=index,
    )


def span(first: str, last: str, every: str, zone: str) -> pd.DatetimeIndex:
    """Make the starts from the first to the last, both included."""
    return pd.date_range(first, last, freq=every, tz=zone)


def wish(symbols: list[str], streams: list[str], start: str, end: str, **tables: Any) -> Any:
    data = {"symbols": symbols, "streams": streams, **tables.pop("data", {})}
    backtest = {"start": start, "end": end}
    return SessionConfig.from_dict({"backtest": backtest, "data": data, **tables})


class Shown:
    """What a strategy was shown at each step, kept outside of it."""

    def __init__(self) -> None:
        self.steps: list[pd.Timestamp] = []
        #: (symbol, interval, start) -> the instant of the step at which it was first there
        self.first: dict[tuple[str, str, pd.Timestamp], pd.Timestamp] = {}
        self.bars: list[tuple[str, pd.Timestamp]] = []

    def strategy(self, intervals: list[str]) -> type:
        shown = self

        class Looks:
            def __init__(self) -> None:
                self.seen: Counter[tuple[str, str]] = Counter()

            def on_bars(self, view: Any) -> None:
                shown.steps.append(view.time)
                for symbol, interval in product(view, intervals):
                    starts = view[symbol].today(interval).time[self.seen[symbol, interval] :]
                    self.seen[symbol, interval] += len(starts)
                    for start in starts.tolist():
                        time = pd.Timestamp(start, tz=view.session.zone)
                        assert (symbol, interval, time) not in shown.first
                        shown.first[symbol, interval, time] = view.time

            def on_bar(self, bar: Any) -> None:
                shown.bars.append((bar.symbol, bar.time))

        return Looks


def watch(
    config: SessionConfig, frames: dict[str, pd.DataFrame], interval: str, **options: Any
) -> tuple[Run, Shown]:
    shown = Shown()
    strategy = shown.strategy([str(each) for each in config.data.streams])
    run = SessionCoordinator(
        config, source=FramesSource(frames, interval=interval), strategies=[strategy], **options
    ).run()
    return run, shown


def derived(frame: pd.DataFrame, origin: str, rule: str, zone: str) -> pd.DataFrame:
    """Derive with pandas, anchored at ``origin``."""
    anchor = pd.Timestamp(origin, tz=zone).tz_convert("UTC")
    grouped = frame.resample(rule, origin=anchor, label="left", closed="left")
    return pd.DataFrame(grouped.agg(HOW)).dropna()


def same(found: Any, expected: pd.DataFrame) -> bool:
    """Tell whether bars are those of a frame, start for start and value for value."""
    frame = found.frame()
    times = bool((frame.index == expected.index).all()) and len(frame) == len(expected)
    return times and bool((frame[COLUMNS].to_numpy() == expected[COLUMNS].to_numpy()).all())
