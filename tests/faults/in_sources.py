"""Faults of a source: it raises, at each of its calls, or answers with rows that are none.

What a FramesSource is given is refused at the edge, before anything is loaded. A source of the
user's own is asked in several phases, and each of its answers may be wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd
from attrs import evolve

from fsm_session import FramesSource
from fsm_session.errors import DataError, FaultyInputError, RequirementsError
from fsm_session.market.bars import ARRAYS, Bars
from fsm_session.market.events import Events
from fsm_session.states import TRADING_DAY
from tests.faults.cells import Cell, at, clean_run, throwing
from tests.faults.in_parts import answering
from tests.faults.outcome import Ending, Expected, Told
from tests.faults.parts import FRAMES, MINUTES, RUN
from tests.faults.places import Call, Place, Spot
from tests.faults.stage import BoomError, Options

Columns = TypeVar("Columns", Bars, Events)

METHODS = ("intervals", "times", "bars", "digest")
#: where what can't be had is refused to who asked for it, and the session goes on
REFUSED = ("PreScan", "Paused")


def source_calls(*methods: str, options: Options | None = None) -> Iterator[tuple[Spot, Place]]:
    """Give every call that a run without a fault makes of its source, and where."""
    trace = clean_run(TRADING_DAY, options).trace
    for method in methods:
        for visit, place in enumerate(trace[Call("source", method)], 1):
            if place is not None:
                yield Spot(Call("source", method), "before", visit), place


def raises(methods: Sequence[str] = METHODS, options: Options | None = None) -> Iterator[Cell]:
    """A source that raises, at every one of its calls: what breaks is told, wherever it is."""
    for spot, place in source_calls(*methods, options=options):
        told = Told(BoomError, place.state, place.name)
        arm = at(spot, throwing(BoomError, spot))
        name, expected = f"{place.state}-{spot}-error", Expected((told,), same=False)
        yield Cell(name, arm, expected, options or Options())


def refuses(methods: Sequence[str] = METHODS, options: Options | None = None) -> Iterator[Cell]:
    """A source that says what is wrong with its data: with what is needed, or only asked for."""
    for spot, place in source_calls(*methods, options=options):
        told = () if place.state in REFUSED else (Told(FaultyInputError, place.state, mine=False),)
        arm = at(spot, throwing(lambda told: DataError(told), spot))
        name, expected = f"{place.state}-{spot}-data_error", Expected(told, same=False)
        yield Cell(name, arm, expected, options or Options())


def rows(given: Columns, places: Sequence[int], **changed: tuple[int, float]) -> Columns:
    """Put rows together anew, as a source might; ``changed`` by column: a row, and its value."""
    names = getattr(given, "ARRAYS", ARRAYS)  # bars have one set, each kind of events its own
    columns = {name: getattr(given, name)[[*places]].copy() for name in names}
    for name, (row, value) in changed.items():
        columns[name][row] = value
    return evolve(given, **columns)


def _outside(bars: Bars) -> Bars:
    """Put a bar before the open, and one behind the close."""
    more = rows(bars, [0, *range(len(bars)), -1])
    hour_ns = 3600 * 10**9
    more.time[0], more.end[0] = more.time[0] - hour_ns, more.end[0] - hour_ns
    more.time[-1], more.end[-1] = more.time[-1] + hour_ns, more.end[-1] + hour_ns
    return more


#: what a source of the user's own may answer with, and what is wrong with it
WRONG_ROWS: dict[str, Callable[[Bars], Bars]] = {
    "out_of_order": lambda bars: rows(bars, [0, 2, 1, *range(3, len(bars))]),
    "duplicated": lambda bars: rows(bars, [0, 1, 1, *range(2, len(bars))]),
    "nan": lambda bars: rows(bars, [*range(len(bars))], close=(1, np.nan)),
    "below_zero": lambda bars: rows(bars, [*range(len(bars))], low=(1, -1.0)),
}


def wrong_rows() -> Iterator[Cell]:
    """Rows out of order, double, no numbers, in any phase that reads bars: told, never passed."""
    firsts = {place: spot for spot, place in reversed([*source_calls("bars")])}
    for place, spot in firsts.items():
        for what, change in WRONG_ROWS.items():
            name, arm = f"{place.state}-{spot}-{what}", answering(spot, change)
            if place.state in REFUSED:
                yield Cell(name, arm, Expected(same=False), also=one_is_refused)
            else:
                told = Told(DataError, place.state, place.name, mine=False, says=("2024-07-0",))
                yield Cell(name, arm, Expected((told,), same=False))


def one_is_refused(ending: Ending, says: str = "2024-07-0") -> list[str]:
    """Who promoted or asked for the symbol is told that it can't be had, and what is wrong."""
    told = [each.reason for each in ending.stage.receipts if "CCC" in each.reason]
    for session in ending.run.sessions:
        told += [reason for scan in session.scans for reason in scan.refused.values()]
    return [] if len(told) == 1 and says in told[0] else [f"refused were {told}"]


def rows_outside() -> Iterator[Cell]:
    """Rows outside the session are not taken: the records are the same as without them."""
    for spot, place in source_calls("bars"):
        yield Cell(f"{place.state}-{spot}-outside_the_session", answering(spot, _outside))


def no_rows() -> Iterator[Cell]:
    """A source that had something when it was asked whether, and nothing when it is read."""
    for spot, place in source_calls("bars"):
        arm = answering(spot, lambda bars: bars[:0])
        expected = Expected(same=False, rows=False)
        also = lacks_bars if place.name == "load_history" else lambda _: []
        yield Cell(f"{place.state}-{spot}-nothing", arm, expected, also=also)


def lacks_bars(ending: Ending) -> list[str]:
    """The record of one session says that bars are missing, and how many."""
    counts = sorted(each.bars for each in ending.run.sessions)
    whole = [len(MINUTES[each.date]) * len(each.symbols) for each in ending.run.sessions]
    lacking = counts[1] - counts[0] == len(MINUTES[RUN[0]]) and counts[1] == whole[1]
    return [] if lacking else [f"there were {counts} bars, all would be {whole}"]


def _frames(**changed: Callable[[pd.DataFrame], pd.DataFrame]) -> Options:
    frames = FRAMES | {symbol: change(FRAMES[symbol]) for symbol, change in changed.items()}
    source = FramesSource({name: each for name, each in frames.items() if len(each)}, "1m")
    return Options(source=source)


def _with(row: int, **values: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    def change(frame: pd.DataFrame) -> pd.DataFrame:
        frame = frame.copy()
        frame.loc[frame.index[row], [*values]] = [*values.values()]
        return frame

    return change


def _moved(hours: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Add the bars again, so many hours later."""

    def change(frame: pd.DataFrame) -> pd.DataFrame:
        again = frame.set_axis(frame.index + pd.Timedelta(hours=hours))
        return pd.concat([frame, again]).sort_index()

    return change


#: a frame's faults, and whether they are refused: by the row of 09:31 of the second session
BAD_FRAMES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "out_of_order": lambda frame: frame.iloc[[*range(6), 7, 6, *range(8, 12)]],
    "duplicated": lambda frame: frame.iloc[[*range(8), 7, *range(8, 12)]],
    "nan": _with(7, close=np.nan),
    "infinite": _with(7, high=np.inf),
    "below_zero": _with(7, low=-1.0),
    "high_below_low": _with(7, high=1.0),
}


def frames() -> Iterator[Cell]:
    """Faulty frames of a symbol that is needed: refused in Validate, with symbol and time."""
    asked = at(Spot(Call("source", "times")), lambda _: None)
    for symbol in ("AAA", "DDD"):
        for what, change in BAD_FRAMES.items():
            told = Told(RequirementsError, "Validate", mine=False, says=(symbol, RUN[1]))
            options = _frames(**{symbol: change})
            yield Cell(f"frames-{symbol}-{what}", asked, Expected((told,)), options)
    for what, change in BAD_FRAMES.items():
        # nobody needs it yet, but the journal has the digest of all that a source holds
        told = Told(DataError, "Validate", mine=False, says=("CCC", RUN[1]))
        yield Cell(f"frames-CCC-{what}", asked, Expected((told,)), _frames(CCC=change))


def frames_outside_or_absent() -> Iterator[Cell]:
    """Rows outside every session's hours are not taken; a symbol without rows is missing."""
    asked = at(Spot(Call("source", "times")), lambda _: None)
    outside = _frames(AAA=_moved(-8), BBB=_moved(8), DDD=_moved(8), CCC=_moved(-8))
    yield Cell("frames-outside_the_session", asked, Expected(), outside)
    for what, change, says in (
        ("nothing", lambda frame: frame[:0], ("AAA",)),
        ("nothing_of_a_session", lambda frame: frame[:6], ("AAA", RUN[1])),
    ):
        told = Told(RequirementsError, "Validate", mine=False, says=says)
        yield Cell(f"frames-AAA-{what}", asked, Expected((told,)), _frames(AAA=change))


KINDS = (
    raises,
    refuses,
    wrong_rows,
    rows_outside,
    no_rows,
    frames,
    frames_outside_or_absent,
)


def cells() -> Iterator[Cell]:
    """Give every cell of the sources."""
    for kind in KINDS:
        yield from kind()
