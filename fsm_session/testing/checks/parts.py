"""What strategies and scanners promise alike, on one market: each broken promise in a sentence.

What they say depends on the market up to now, on nothing else: not on chance, not on an earlier
session, not on threads, not on the order of the symbols, not on what comes later.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen
from hypothesis import strategies as st

from fsm_session.errors import Fault, RunFailedError, RunInterruptedError, UserCodeError
from fsm_session.market.calendar import TradingSession
from fsm_session.plugins import from_object
from fsm_session.testing import strategies
from fsm_session.testing.checks.promises import search
from fsm_session.testing.checks.said import Difference, Said, all_said, first_difference
from fsm_session.testing.checks.trial import Market, Trial
from fsm_session.testing.checks.words import instant, kinds_of, market_shown

_MINUTE_NS = 60_000_000_000
_MOST_BARS = 12


@frozen(eq=False)
class _Example:
    """A market, and where its future is cut off: behind a bar of a session."""

    market: dict[str, pd.DataFrame]
    session: int
    bar: int


def check_part(trial: Trial, what: str, max_examples: int) -> None:
    """Check a part, called ``what`` in the sentence, on random markets."""
    __tracebackhide__ = True
    drawn = st.builds(
        _Example,
        strategies.markets(trial.all_symbols, trial.sessions, _MOST_BARS),
        st.integers(0, len(trial.dates) - 1),
        st.integers(0, _MOST_BARS - 2),
    )
    try:
        search(drawn, partial(_broken, trial, what), max_examples)
    finally:
        trial.memory.restore()
    if not trial.steps:
        raise ValueError(f"{what} was never called: no market has what the wishes ask for")


def _broken(trial: Trial, what: str, example: _Example) -> str:
    market = example.market
    try:
        told = next(_broken_promises(trial, example), "")
    except (RunFailedError, RunInterruptedError) as group:
        return f"{error_of(group, market, trial.zone)}\n{market_shown(market, trial.zone)}"
    return f"{what} {told}\n{market_shown(market, trial.zone)}" if told else ""


def error_of(group: RunFailedError | RunInterruptedError, market: Market, zone: str) -> str:
    """Say which part failed, when and why, and what is unusual about that day's market.

    Raises the group where it isn't the doing of a part.
    """
    run: Any = group.run
    for error, failure in zip(group.exceptions, run.errors, strict=True):
        if isinstance(error, UserCodeError):
            said = str(error).partition("\n")[0]
            date, time = (failure.where.get(each, "") for each in ("session", "time"))
            when = "" if date in said else f" (at {time[:16].replace('T', ' ')})"
            return "; ".join([said + when, *kinds_of(market, date, zone)])
    raise group


def _broken_promises(trial: Trial, example: _Example) -> Iterator[str]:
    market = example.market
    run = trial.run(market)
    remembered = trial.memory.changed()
    for disabled in (each for session in run.sessions for each in session.disabled):
        yield disabled.error.removeprefix(f"{disabled.kind} {disabled.name!r} ")
    once = all_said(run, trial.zone)
    yield from _each_time(once, _said(trial, market))
    for before, date in zip(trial.dates, trial.dates[1:], strict=False):
        after = [said for said in once if said.date == date]
        alone = _said(trial, market, dates=[date])
        yield from _after_another_day(after, alone, before, date, remembered)
    yield from _in_threads(once, _said(trial, market, threads=True))
    yield from _in_order(once, _said(trial, market, symbols=trial.symbols[::-1]))
    yield from _ahead(trial, example, once)


def _said(trial: Trial, market: Market, **options: Any) -> list[Said]:
    return all_said(trial.run(market, **options), trial.zone)


def _each_time(once: list[Said], again: list[Said]) -> Iterator[str]:
    if found := first_difference(once, again):
        yield f"{_says(found)} when it is run again: it is not the same twice"


def _after_another_day(
    after: list[Said], alone: list[Said], before: str, date: str, remembered: list[str]
) -> Iterator[str]:
    if found := first_difference(alone, after):
        what = " and ".join(remembered) or "something"
        survives = "survives" if len(remembered) < 2 else "survive"
        told = f"when {date} is run alone, and {found.second} after {before}"
        yield f"says {found.first} at {found.when} {told}: {what} {survives} Teardown"


def _in_threads(once: list[Said], threaded: list[Said]) -> Iterator[str]:
    if found := first_difference(once, threaded):
        yield f"{_says(found)} when workers run in threads: it depends on its thread"


def _in_order(once: list[Said], turned: list[Said]) -> Iterator[str]:
    if found := first_difference(once, turned):
        yield f"{_says(found)} when symbols are configured in another order: it depends on that"


def _ahead(trial: Trial, example: _Example, once: list[Said]) -> Iterator[str]:
    session = trial.sessions[example.session]
    cut_ns = _cut(example.market, session, example.bar)
    if cut_ns is None:
        return
    altered = _said(trial, _with_another_future(example.market, session, cut_ns))
    past, same_past = (
        [each for each in some if each.time_ns <= cut_ns] for some in (once, altered)
    )
    if found := first_difference(past, same_past):
        cut = instant(cut_ns, trial.zone)
        yield f"{_says(found)} when what comes after {cut} is cut off: it looks ahead"


def _says(found: Difference) -> str:
    return f"says {found.first} at {found.when}, and {found.second}"


def _cut(market: Market, session: TradingSession, bar: int) -> int | None:
    """Give the end of a session's bar, int64 nanoseconds UTC; None where it has too few."""
    starts = np.unique(np.concatenate([_starts(frame) for frame in market.values()]))
    today = starts[(starts >= session.start_ns) & (starts < session.end_ns - _MINUTE_NS)]
    return int(today[bar]) + _MINUTE_NS if bar < len(today) else None


def _with_another_future(
    market: Market, session: TradingSession, cut_ns: int
) -> dict[str, pd.DataFrame]:
    """Take away what comes later; a symbol that had some has one last bar, so that it is there."""
    altered = {}
    for symbol, frame in market.items():
        starts = _starts(frame)
        past = frame[starts < cut_ns]
        later = (starts >= cut_ns) & (starts < session.end_ns)
        altered[symbol] = pd.concat([past, _last_bar(past, session)]) if later.any() else past
    return altered


def _last_bar(past: pd.DataFrame, session: TradingSession) -> pd.DataFrame:
    price = float(past["close"].iloc[-1]) if len(past) else 100.0
    columns = {**dict.fromkeys(("open", "high", "low", "close"), price), "volume": 100.0}
    stamp = pd.to_datetime([session.end_ns - _MINUTE_NS], utc=True)
    return pd.DataFrame(columns, index=stamp.rename(past.index.name))


def _starts(frame: pd.DataFrame) -> Any:
    return pd.DatetimeIndex(frame.index).as_unit("ns").asi8


def made_of(factory: Any) -> Any:
    """Make one of what a coordinator takes, to look at: a class, a maker, or an object."""
    return from_object(factory, Fault("")).make()


def name_of(factory: Any) -> str:
    """Give what records call a part."""
    return from_object(factory, Fault("")).name
