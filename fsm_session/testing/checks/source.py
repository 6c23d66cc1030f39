"""Holds a source to its promises: whichever windows it is asked for, in whichever order.

What it says of a symbol over the whole time is asked first; every window after that has to be
what lies in it of the whole, bit for bit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from hypothesis import strategies as st

from fsm_session.errors import DataError
from fsm_session.market.calendar import TradingSession
from fsm_session.market.events import EventKind
from fsm_session.market.interval import Interval
from fsm_session.sources.source import EventSource, Source, WholeSource
from fsm_session.testing.checks.promises import hold, search
from fsm_session.testing.checks.windows import Asked, Span, bars_asked, events_asked, whole_differs
from fsm_session.testing.checks.words import error_words
from fsm_session.testing.days import SESSIONS, session_on

_DAY_NS = 86_400_000_000_000
#: names that a source which knows only some symbols, or some intervals, doesn't know
_NO_SYMBOL, _NO_INTERVAL = "NO SUCH SYMBOL", Interval(86_399)

KINDS: tuple[EventKind, ...] = ("ticks", "quotes")
Windows = list[tuple[int, int, int]]


def check_source(
    source: Source,
    symbols: Sequence[str] | None = None,
    sessions: Sequence[str | TradingSession] | None = None,
    *,
    max_examples: int = 100,
) -> None:
    """Check that a source keeps its promises, about bars, and about ticks and quotes if it has any.

    ``symbols``: which ones to ask for; those that it has as an attribute where not given.
    ``sessions``: dates of XNYS, or sessions, in and around which windows are asked for: at least
    the first and the last; 2024-07-02 to 2024-07-05 where not given.

    Every window [start, end) holds what lies in it of the whole and nothing else, whatever was
    asked before; times are ascending, without doubles; ``times`` are those of ``bars``, and
    ``whole`` is whole; bars are finite, prices above 0, within low and high, ends are starts plus
    interval; who writes into an answer changes no other. An unknown symbol has no intervals, and
    what isn't held is a DataError. ``digest`` is a SHA-256 in hex, the same each time.

    Raises BrokenPromiseError, an AssertionError, that begins with one sentence about the smallest
    windows found for which one of these doesn't hold; ValueError where it holds nothing of the
    symbols in these sessions, or doesn't tell which symbols it has.
    """
    __tracebackhide__ = True
    hold(_no_source(source))
    named = _symbols(source, symbols)
    days = [session_on(each) if isinstance(each, str) else each for each in sessions or SESSIONS]
    span = Span(days[0].start_ns - _DAY_NS, days[-1].end_ns + _DAY_NS, days[0].zone)
    digest = source.digest()
    hold(_no_digest(source, digest))
    asked: list[Asked] = []
    hold(_first(source, _about_symbols(source, named, span, asked)))
    if not any(len(each.time) for each in asked):
        raise ValueError(f"{source.name} holds nothing of {', '.join(named)} in these sessions")
    search(_windows(asked, span), partial(_broken, source, asked, span), max_examples)
    if source.digest() != digest:
        hold(f"{source.name} has another digest after it has been asked for bars")


def _no_source(source: Any) -> str:
    if not isinstance(source, Source):
        return f"{source!r} is no source: it lacks a name or a method of the protocol"
    name: Any = source.name
    named = isinstance(name, str) and name.strip()
    return "" if named else f"{type(source).__name__} has no name but {name!r}"


def _no_digest(source: Source, digest: Any) -> str:
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        return f"{source.name} has the digest {digest!r}, which is no SHA-256 in hex"
    return "" if source.digest() == digest else f"{source.name} has another digest each time"


def _symbols(source: Any, symbols: Sequence[str] | None) -> tuple[str, ...]:
    known = symbols or getattr(source, "symbols", None)
    if not known:
        raise ValueError(f"{source.name} doesn't tell which symbols it has: say symbols=[...]")
    return tuple(known)


def _first(source: Source, told: Iterator[str]) -> str:
    """Give the first thing that is told, or what was raised instead."""
    try:
        return next(told, "")
    except Exception as error:  # noqa: BLE001 - whatever an author's source raises
        return f"{source.name} fails: {error_words(error)}"


def _about_symbols(
    source: Source, symbols: Sequence[str], span: Span, asked: list[Asked]
) -> Iterator[str]:
    """Ask for all of every symbol, which is put into ``asked``, and say what is wrong with it."""
    for symbol in symbols:
        intervals = source.intervals(symbol)
        yield from _wrong_intervals(source, symbol, intervals)
        for interval in intervals:
            bars, times = bars_asked(source, symbol, interval, span)
            asked += [bars, times]
            yield from bars.faults()
            whole = source.whole(symbol, interval) if isinstance(source, WholeSource) else None
            if whole is not None:
                yield from filter(None, [whole_differs(whole, bars, span)])
        yield from _not_refused(source, f"{_NO_INTERVAL} bars of {symbol}", symbol, _NO_INTERVAL)
        if isinstance(source, EventSource):
            yield from _about_events(source, symbol, span, asked)
    yield from _about_a_stranger(source)


def _wrong_intervals(source: Source, symbol: str, intervals: Any) -> Iterator[str]:
    sound = isinstance(intervals, tuple) and all(isinstance(each, Interval) for each in intervals)
    if not sound or list(intervals) != sorted(set(intervals)):
        said = f"gives {intervals!r} as intervals of {symbol}"
        yield f"{source.name} {said}: they are a tuple of intervals, the shortest first"
    if source.intervals(symbol) != intervals:
        yield f"{source.name} gives other intervals of {symbol} each time"


def _about_events(source: Any, symbol: str, span: Span, asked: list[Asked]) -> Iterator[str]:
    held = source.events(symbol)
    for kind in KINDS:
        if kind not in held:
            ask = partial(getattr(source, kind), symbol, *span.window)
            yield from _answered(source, f"{kind} of {symbol}", ask)
            continue
        for each in events_asked(source, symbol, kind, span):
            asked.append(each)
            yield from each.faults()


def _about_a_stranger(source: Source) -> Iterator[str]:
    """Ask for a symbol that isn't there, of a source that doesn't know all there could be."""
    name, intervals = source.name, source.intervals(_NO_SYMBOL)
    if not isinstance(intervals, tuple):
        yield f"{name} gives {intervals!r} as intervals of an unknown symbol, and not ()"
    if not intervals:
        yield from _not_refused(source, "bars of an unknown symbol", _NO_SYMBOL, Interval(60))
    if isinstance(source, EventSource) and source.events(_NO_SYMBOL) != ():
        yield f"{name} says that it holds events of an unknown symbol"


def _not_refused(source: Source, what: str, symbol: str, interval: Interval) -> Iterator[str]:
    for method in (source.bars, source.times):
        yield from _answered(source, what, partial(method, symbol, interval, 0, _DAY_NS))


def _answered(source: Any, what: str, ask: Callable[[], Any]) -> Iterator[str]:
    """Ask for what isn't held: that is a DataError, and neither an answer nor another error."""
    try:
        ask()
    except DataError:
        return
    except Exception as error:  # noqa: BLE001 - whatever an author's source raises
        yield f"{source.name} raises {error_words(error)} for {what}, and not a DataError"
        return
    yield f"{source.name} answers for {what}, which it doesn't hold, and raises no DataError"


def _windows(asked: Sequence[Asked], span: Span) -> st.SearchStrategy[Windows]:
    """Draw what is asked for, one window after the other, most of them between two rows."""
    times = sorted({*span.window, *(int(time) for each in asked for time in each.time)})
    # one draw each: of a list, no more than a few draws are taken out together
    near = st.sampled_from([time + off for off in (0, 1, -1) for time in times])
    window = st.tuples(st.integers(0, len(asked) - 1), near, near)
    return st.lists(window, min_size=1, max_size=4)


def _broken(source: Source, asked: Sequence[Asked], span: Span, windows: Windows) -> str:
    # the source is the same one for all examples: each begins where the one before did
    if said := _first(source, filter(None, [asked[0].broken(*span.window)])):
        return said
    told = (asked[each].broken(start_ns, end_ns) for each, start_ns, end_ns in windows)
    said = _first(source, filter(None, told))
    before = "".join(
        f"\nafter {asked[each].window(start_ns, end_ns)}" for each, start_ns, end_ns in windows[:-1]
    )
    return said and f"{said}{before}"
