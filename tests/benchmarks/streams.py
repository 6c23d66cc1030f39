"""How many real quotes and trades a second reach a strategy, beside a bare loop over the same.

    python -m tests.benchmarks.streams one|all|loop

runs two recorded days of one symbol once and prints one line. ``one``: on_quote and on_tick, a
call an event. ``all``: on_quotes and on_ticks, a call an instant. ``loop``: the files read with
pandas, their rows merged and handed to the same functions, and nothing else.
"""

from __future__ import annotations

import heapq
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from fsm_session import ParquetSource, SessionConfig, SessionCoordinator
from tests.benchmarks.fresh import interleaved, job, say
from tests.benchmarks.tables import Report, held_to, runs, times
from tests.benchmarks.workload import RECORDS, import_everything
from tests.real_data import SHARED

TICKS = str(SHARED / "data" / "highfrequency" / "{symbol}_ticks.parquet")
QUOTES = str(SHARED / "data" / "highfrequency" / "{symbol}_quote_ticks.parquet")
WISHES = {
    "backtest": {"start": "2018-01-02", "end": "2018-01-03"},
    "data": {"symbols": ["XXX"], "streams": ["1m", "quotes", "ticks"], "hours": "all"},
}
#: 131,401 quotes and 77,263 trades, of which two were corrected later
EVENTS = 131_401 + 77_261
TARGET = 200_000
STYLES = {"one": "a call an event", "all": "a call an instant", "loop": "a bare loop"}


class Counted:
    """Counts what it is shown; a copy counts into the same numbers."""

    def __init__(self) -> None:
        self.quotes = self.ticks = self.bought = 0

    def __deepcopy__(self, _memo: object) -> Counted:
        return self

    def quote(self, bid_price: float, ask_price: float) -> None:
        """Look at a quote."""
        self.quotes += 1
        self.bought += ask_price - bid_price < 0.01

    def tick(self, price: float, size: float) -> None:
        """Look at a trade."""
        self.ticks += 1
        self.bought += price * size > 1e6


class OneByOne(Counted):
    """Takes every event as plain values."""

    def on_quote(self, quote: Any) -> None:
        self.quote(quote.bid_price, quote.ask_price)

    def on_tick(self, tick: Any) -> None:
        self.tick(tick.price, tick.size)


class AllAtOnce(Counted):
    """Takes what happened at an instant out of columns."""

    def on_quotes(self, view: Any) -> None:
        self.quotes = len(view["XXX"].quotes())
        self.bought += view["XXX"].quote.spread < 0.01

    def on_ticks(self, view: Any) -> None:
        self.ticks = len(view["XXX"].ticks())
        self.bought += view.latest("price")[0] > 1e6


def measure(rounds: int) -> Report:
    """Run each style."""
    jobs = [job(told, "streams", style) for style, told in STYLES.items()]
    measured = interleaved(jobs, rounds)
    rows = []
    for told in STYLES.values() if not measured.faults else ():
        wall = measured.median(told, "wall")
        rate = EVENTS / wall
        held = held_to(rate / TARGET, 1) if told != STYLES["loop"] else ""
        to_loop = times(measured.median(STYLES["loop"], "wall") / wall)
        rows.append([told, f"{wall:.3f}", f"{rate:,.0f}", held, to_loop])
    faults = [*measured.faults, *_other_counts(measured.lines)]
    return Report(
        f"{EVENTS:,} quotes and trades of two days, one symbol",
        ("style", "wall s", "events/s", f"to {TARGET:,} a second", "to the loop"),
        rows,
        [runs(measured), "from files to run finished, 955 one-minute bars built from the trades"],
        measured.loads,
        faults,
    )


def _other_counts(lines: dict[str, list[dict[str, Any]]]) -> Iterator[str]:
    for told in (STYLES["one"], STYLES["loop"]):
        for line in lines.get(told, ()):
            if line["events"] != EVENTS:
                yield f"{told}: {line['events']} events"


def loop(counted: Counted) -> None:
    """Read, merge and show, as one would without any library."""
    import pandas as pd

    quotes = pd.read_parquet(QUOTES.format(symbol="XXX"))
    ticks = pd.read_parquet(TICKS.format(symbol="XXX")).query("correction == 0")
    rows = heapq.merge(
        _rows(quotes, counted.quote, "bid_price", "ask_price"),
        _rows(ticks, counted.tick, "price", "size"),
        key=lambda row: row[0],
    )
    for _, show, first, second in rows:
        show(first, second)


def _rows(frame: Any, show: Callable[..., None], *names: str) -> Iterator[tuple[Any, ...]]:
    times_ns = frame.timestamp.dt.as_unit("ns").astype("int64").tolist()
    shows = [show] * len(times_ns)
    return zip(times_ns, shows, *(frame[name].tolist() for name in names), strict=True)


def ours(counted: Counted) -> None:
    """Run both days through the public API."""
    source = ParquetSource(ticks=TICKS, quotes=QUOTES)
    config = SessionConfig.from_dict(WISHES)
    SessionCoordinator(config, source=source, strategies=[counted], **RECORDS).run()


def main() -> None:
    """Run one style once."""
    import_everything()
    style = sys.argv[1]
    counted: Counted = {"one": OneByOne, "all": AllAtOnce, "loop": Counted}[style]()
    started = time.perf_counter()
    (loop if style == "loop" else ours)(counted)
    wall = time.perf_counter() - started
    say(wall=wall, events=counted.quotes + counted.ticks)


if __name__ == "__main__":
    main()
