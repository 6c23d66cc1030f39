"""What a source holds whole is derived once, and a session is a slice: the same as any window."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session import FramesSource, SessionCoordinator
from fsm_session.market.bars import Bars
from fsm_session.market.interval import Interval
from tests.small_market import ZONE
from tests.unit.session.days import bars, wish

#: a week before the run, with a half-day in it, and two days behind: both are in the tables
DATES = pd.bdate_range("2024-06-24", "2024-07-10").difference(pd.DatetimeIndex(["2024-07-04"]))
START, END = "2024-07-02", "2024-07-08"


class Windows(FramesSource):
    """A source that gives windows of its own, so that it is never asked for more."""

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the same windows."""
        return super().bars(symbol, interval, start_ns, end_ns)


@st.composite
def markets(draw: st.DrawFn) -> dict[str, pd.DataFrame]:
    """Make symbols that share their minutes, or most of them, or none; before the open too."""
    minutes = draw(st.lists(st.integers(-20, 395), min_size=1, max_size=25, unique=True))
    frames = {}
    for number, symbol in enumerate(("AAA", "BBB", "CCC")[: draw(st.integers(1, 3))]):
        own = draw(st.sampled_from([[], [7], [60, 389]]))
        starts = [
            pd.Timestamp(f"{date:%Y-%m-%d} 09:30", tz=ZONE) + pd.Timedelta(minutes=each)
            for date in DATES
            for each in sorted({*minutes, *own})
        ]
        frames[symbol] = bars(starts, seed=number)
    return frames


@st.composite
def needs(draw: st.DrawFn) -> dict[str, Any]:
    """Make wishes that derive, keep history, and reach back by weeks."""
    streams = draw(st.lists(st.sampled_from(["5m", "1h", "1d", "1w", "1mo"]), unique=True))
    days = draw(st.integers(0, 3))
    return {
        "streams": ["1m", *streams],
        "hours": draw(st.sampled_from(["regular", "all"])),
        "incomplete": draw(st.sampled_from(["keep", "drop"])),
        "missing": "skip",
        "history": [{"trailing_days": days, "intervals": ["1m"]}] if days else [],
        "indicators": [
            {"name": "ema", "function": "EMA", "interval": streams[0], "parameters": {
                "timeperiod": 2}, "warm_up": draw(st.booleans())}
        ] if streams and "1mo" not in streams else [],
    }  # fmt: skip


def records(source: FramesSource, symbols: list[str], wished: dict[str, Any]) -> dict[str, bytes]:
    """Run, and give the bytes of each session's record."""
    config = wish(symbols, wished["streams"], START, END, data=wished)
    with tempfile.TemporaryDirectory() as folder:
        SessionCoordinator(config, source=source, out=folder).run()
        written = sorted(Path(folder, "sessions").iterdir())
        assert len(written) == 4
        return {path.name: path.read_bytes() for path in written}


class TestWholeAndWindows:
    """A session is a pure function of (configuration, date)."""

    @settings(max_examples=60, deadline=None)
    @given(markets(), needs())
    def test_the_same_bytes(self, frames: dict[str, pd.DataFrame], wished: dict[str, Any]) -> None:
        symbols = list(frames)
        whole = FramesSource(frames, interval="1m")
        windows = Windows(frames, interval="1m")
        assert whole.whole(symbols[0], Interval(60)) is not None
        assert windows.whole(symbols[0], Interval(60)) is None
        assert records(whole, symbols, wished) == records(windows, symbols, wished)

    @settings(max_examples=20, deadline=None)
    @given(st.lists(st.integers(0, len(DATES) - 1), min_size=1, unique=True), st.booleans())
    def test_of_daily_bars(self, places: list[int], at_midnight: bool) -> None:
        stamps = [DATES[place] for place in sorted(places)]
        hour = "00:00" if at_midnight else "09:30"
        starts = [pd.Timestamp(f"{each:%Y-%m-%d} {hour}", tz=ZONE) for each in stamps]
        frames = {"AAA": bars(starts)}
        wished = {
            "streams": ["1d", "1w"],
            "missing": "skip",
            "history": [{"trailing_days": 2, "intervals": ["1d"]}],
        }
        found = [
            records(kind(frames, interval="1d"), ["AAA"], wished)
            for kind in (FramesSource, Windows)
        ]
        assert found[0] == found[1]
