"""Runs to tell of, of every ending, small enough to be made by each test that needs one."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fsm_session import RunFailedError, SessionConfig, SessionCoordinator, Signal
from fsm_session.market.interval import Interval
from fsm_session.session.signals import Found
from fsm_session.sources import FramesSource, SimulatedSource
from fsm_session.testing import run_days

#: what a page would run, were it put there as it is
HOSTILE = (
    '</script><script>window.hacked=1</script><img src=x onerror="window.hacked=1">'
    "<svg onload=window.hacked=1>'\"&amp;{{7*7}}javascript:window.hacked=1"
)
DATES = ("2024-07-02", "2024-07-03", "2024-07-05")

INDICATORS = [
    {"name": "sma_3", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 3}},
    {"name": "rsi_3", "function": "RSI", "interval": "1m", "parameters": {"timeperiod": 3}},
]


class Speaks:
    """Buys and sells in turn, a reason each."""

    def __init__(self, reason: str = "in turn") -> None:
        self.reason, self.turn = reason, False

    def on_bar(self, bar: Any) -> Signal:
        """Speak at each bar."""
        self.turn = not self.turn
        return Signal(bar.symbol, "buy" if self.turn else "sell", self.reason, quantity=1.5)


class Breaks:
    """Raises at the first bar of a date."""

    def __init__(self, date: str, message: str = "no more") -> None:
        self.date, self.message = date, message

    def on_bar(self, bar: Any) -> None:
        """Raise where it is time."""
        if str(bar.time)[:10] == self.date:
            raise ValueError(self.message)


class Finds:
    """Finds every symbol, before the session and once within it."""

    pre_session = True
    every = "60m"

    def __init__(self, reason: str = "is there") -> None:
        self.reason = reason

    def scan(self, view: Any) -> Iterator[Found]:
        """Find them all."""
        for symbol in view:
            yield Found(symbol, self.reason)


def completed(out: Path, *, days: int = 3, reason: str = "in turn", **more: Any) -> Path:
    """Make a run that ends well, with signals, scans and indicators."""
    data = {"indicators": [{**each, "warm_up": False} for each in INDICATORS]}
    more = {"data": data, **more}
    run_days(Speaks(reason), scanners=[Finds(reason)], days=days, out=out, **more)
    return out


def failed(out: Path, message: str = "no more") -> Path:
    """Make a run that fails at the first bar of its second session."""
    with contextlib.suppress(RunFailedError):
        run_days(Speaks(), Breaks("2024-07-03", message), days=3, out=out)
    return out


def stopped(out: Path) -> Path:
    """Make a run that is asked to stop in its first session."""
    config = SessionConfig.from_dict(wishes(["AAA"], DATES[0], DATES[2]))

    class Stops:
        def on_bar(self, _: Any) -> None:
            coordinator.stop()

    coordinator = SessionCoordinator(
        config, source=day_long(["AAA"]), strategies=[Stops()], out=out
    )
    coordinator.run()
    return out


def wishes(symbols: list[str], start: str, end: str, **data: Any) -> dict[str, Any]:
    """Give the wishes for a run of full days."""
    return {
        "backtest": {"start": start, "end": end},
        "data": {"symbols": symbols, "streams": ["1m", "5m"], **data},
    }


def day_long(symbols: list[str]) -> FramesSource:
    """Make a market of full days, in which some minutes are missing."""
    source = SimulatedSource(missing_percent=5.0)
    start, end = 1_719_878_400 * 10**9, 1_720_224_000 * 10**9  # 2024-07-02 to 2024-07-06, UTC
    return FramesSource(
        {each: source.bars(each, Interval.parse("1m"), start, end).frame() for each in symbols}
    )


def full_days(out: Path, symbols: list[str]) -> Path:
    """Make a run over three full days of a made-up market."""
    config = SessionConfig.from_dict(
        wishes(symbols, DATES[0], DATES[2], indicators=INDICATORS_COLD)
    )
    SessionCoordinator(
        config, source=day_long(symbols), strategies=[Speaks()], scanners=[Finds()], out=out
    ).run()
    return out


INDICATORS_COLD = [{**each, "warm_up": False} for each in INDICATORS]


def record(out: Path, date: str) -> Any:
    """Read the record of a session, as anybody would."""
    return json.loads((out / "sessions" / f"{date}.json").read_bytes())


def journal(out: Path) -> list[Any]:
    """Read the journal, as anybody would."""
    return [json.loads(line) for line in (out / "journal.jsonl").read_bytes().splitlines()]


#: what a journal adds to the facts of a record
OWN = ("number", "kind", "meta", "crc")


def sha256(path: Path) -> str:
    """Give the digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
