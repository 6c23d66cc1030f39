"""Faults of a source's trades and quotes: it raises, or answers with events that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from fsm_session import FramesSource
from fsm_session.errors import DataError, RequirementsError
from fsm_session.market.events import Events
from fsm_session.states import TRADING_DAY
from tests.faults.cells import Cell, clean_run
from tests.faults.in_parts import answering
from tests.faults.in_sources import (
    REFUSED,
    one_is_refused,
    raises,
    refuses,
    rows,
    source_calls,
)
from tests.faults.outcome import Ending, Expected, Told
from tests.faults.parts import FRAMES, MINUTES, SYMBOLS
from tests.faults.stage import Options
from tests.small_market import ZONE, bars_of

METHODS = ("events", "ticks", "quotes")
#: after each bar's open: one event, and two that share an instant
SECONDS = (1, 20, 20)


def _events_of(symbol: str) -> pd.DatetimeIndex:
    """Give the times of a symbol's events: some within each of its minutes."""
    starts = [bars_of(symbol, date, minutes).index for date, minutes in MINUTES.items()]
    return pd.DatetimeIndex(
        [start + pd.Timedelta(seconds=each) for day in starts for start in day for each in SECONDS],
        tz=ZONE,
    )


def _ticks(symbol: str) -> pd.DataFrame:
    return pd.DataFrame({"price": 100.0, "size": 5.0}, index=_events_of(symbol))


def _quotes(symbol: str) -> pd.DataFrame:
    sides = {"bid_price": 99.0, "bid_size": 1.0, "ask_price": 101.0, "ask_size": 2.0}
    return pd.DataFrame(sides, index=_events_of(symbol))


WITH_EVENTS = Options(
    source=FramesSource(
        FRAMES,
        "1m",
        ticks={symbol: _ticks(symbol) for symbol in SYMBOLS},
        quotes={symbol: _quotes(symbol) for symbol in SYMBOLS},
    ),
    events=True,
    data={"streams": ["1m", "5m", "1h", "ticks", "quotes"]},
    strategy={"on_ticks": lambda *_: None, "on_quotes": lambda *_: None},
)


def _changed(name: str, value: float, events: Events) -> Events:
    return rows(events, range(len(events)), **{name: (1, value)})


def _out_of_order(events: Events) -> Events:
    return rows(events, [1, 0, *range(2, len(events))])


def _with_one_beside(hours: int, events: Events) -> Events:
    """Put an event so many hours before the first, or behind the last."""
    places = [*range(len(events))]
    more = rows(events, [0, *places] if hours < 0 else [*places, -1])
    more.time[0 if hours < 0 else -1] += hours * 3600 * 10**9
    return more


#: what a source may answer with, and what is wrong with it
WRONG: dict[str, dict[str, Callable[[Any], Any]]] = {
    "ticks": {
        "out_of_order": _out_of_order,
        "nan": partial(_changed, "price", np.nan),
        "infinite": partial(_changed, "size", np.inf),
        "no_price": partial(_changed, "price", 0.0),
        "below_zero": partial(_changed, "size", -1.0),
        "none": lambda _: None,
    },
    "quotes": {
        "out_of_order": _out_of_order,
        "nan": partial(_changed, "bid_price", np.nan),
        "infinite": partial(_changed, "ask_size", np.inf),
        "below_zero": partial(_changed, "ask_price", -1.0),
        "none": lambda _: None,
    },
}


def wrong_events() -> Iterator[Cell]:
    """Events out of order, no numbers, none at all, in any phase that reads them: never passed."""
    for method, changes in WRONG.items():
        calls = [*source_calls(method, options=WITH_EVENTS)]
        firsts = {place: spot for spot, place in reversed(calls)}
        for place, spot in firsts.items():
            for what, change in changes.items():
                name, arm = f"{place.state}-{spot}-{what}", answering(spot, change)
                says = "gives NoneType" if what == "none" else "2024-07-0"
                if place.state in REFUSED:
                    also = partial(one_is_refused, says=says)
                    yield Cell(name, arm, Expected(same=False), WITH_EVENTS, also)
                else:
                    error = RequirementsError if place.state == "Validate" else DataError
                    told = Told(error, place.state, mine=False, says=("AAA", says))
                    yield Cell(name, arm, Expected((told,), same=False), WITH_EVENTS)


def events_outside() -> Iterator[Cell]:
    """Events outside the session are not taken: the records are the same as without them."""
    for spot, place in source_calls("ticks", "quotes", options=WITH_EVENTS):
        for what, hours in (("before_the_open", -1), ("behind_the_close", 12)):
            arm = answering(spot, partial(_with_one_beside, hours))
            name = f"{place.state}-{spot}-{what}"
            yield Cell(name, arm, Expected(same=False), WITH_EVENTS, _the_same_as_without)


def no_events() -> Iterator[Cell]:
    """Nothing there in Validate is told as missing; nobody who trades later on is no fault."""
    for kind in ("ticks", "quotes"):
        told = Told(RequirementsError, "Validate", mine=False, says=(f"no {kind} of the session",))
        for spot, place in source_calls(kind, options=WITH_EVENTS):
            arm = answering(spot, lambda events: events[:0])
            expected = Expected((told,) if place.state == "Validate" else (), same=False)
            yield Cell(f"{place.state}-{spot}-nothing", arm, expected, WITH_EVENTS)


def _the_same_as_without(ending: Ending) -> list[str]:
    clean = clean_run(TRADING_DAY, WITH_EVENTS).sessions
    there = {date: ending.stage.out / "sessions" / f"{date}.json" for date in clean}
    return [
        f"{path.name} is not the same as without a fault"
        for date, path in there.items()
        if not path.exists() or path.read_bytes() != clean[date]
    ]


KINDS = (
    partial(raises, METHODS, WITH_EVENTS),
    partial(refuses, METHODS, WITH_EVENTS),
    wrong_events,
    events_outside,
    no_events,
)


def cells() -> Iterator[Cell]:
    """Give every cell of trades and quotes."""
    for kind in KINDS:
        yield from kind()
