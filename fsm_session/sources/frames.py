"""A source of frames that are there already: a notebook's, a test's, another program's."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial

import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import strip_from_frame
from fsm_session.sources.event_frames import EventFrames
from fsm_session.sources.held import HeldSource, Table, snapshot
from fsm_session.sources.held_events import HeldEvents
from fsm_session.sources.strip import SharedStamps, Strip

# a mapping's keys are invariant, so each way to write them is named
Frames = (
    pd.DataFrame
    | Mapping[str, pd.DataFrame]
    | Mapping[tuple[str, str], pd.DataFrame]
    | Mapping[tuple[str, Interval], pd.DataFrame]
    | Mapping[str | tuple[str, Interval | str], pd.DataFrame]
)


class FramesSource(HeldSource, HeldEvents):
    """Bars out of frames, one a symbol, or one for all; ticks and quotes, one a symbol.

    ``frames``: a mapping symbol -> frame or (symbol, interval) -> frame, or one frame whose
    index has the levels (symbol, timestamp). Of what shape a frame is:
    :func:`~fsm_session.sources.columns.columns_from_frame`. ``interval``: that of every frame
    whose key has none; None: what its spacing tells. ``ticks`` and ``quotes``: mappings symbol
    -> frame, of the shapes that :mod:`~fsm_session.sources.event_columns` says; ``frames`` may be
    {} beside them. A frame is neither changed nor shared: what happens to it later is not seen
    here.

    Raises DataError where ``frames``, ``ticks`` or ``quotes`` is none of that, IntervalError for
    an interval that is none.
    """

    def __init__(
        self,
        frames: Frames,
        interval: Interval | str | None = None,
        *,
        ticks: Mapping[str, pd.DataFrame] | None = None,
        quotes: Mapping[str, pd.DataFrame] | None = None,
    ) -> None:
        default, shared = _interval(interval), SharedStamps()
        self._tables: dict[str, list[Table]] = {}
        for symbol, own, frame in _parts(frames):
            decode = partial(_decode, snapshot(frame))
            table = Table(symbol, own or default, decode, shared)
            self._tables.setdefault(symbol, []).append(table)
        self._events = EventFrames(ticks, quotes)

    @property
    def name(self) -> str:
        """What to call it in a message."""
        symbols = {*self._tables, *self._events.ticks, *self._events.quotes}
        return f"frames of {len(symbols)} symbols"

    def tables(self, symbol: str) -> Sequence[Table]:
        """Give the tables of a symbol, () for an unknown one."""
        return self._tables.get(symbol, ())

    def digest(self) -> str:
        """Give the SHA-256 of every column: by symbol and interval, then by kind and symbol."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        for symbol in sorted(self._tables):
            for table in sorted(self._tables[symbol], key=lambda table: table.interval):
                strip = table.strip
                total.update(f"{len(symbol)}:{symbol} {table.interval} {len(strip)}\n".encode())
                for each in strip.memory():
                    total.update(each)
        total.update(self._events.digest().encode())
        return total.hexdigest()


def _decode(
    read: Callable[[], pd.DataFrame],
    interval: Interval | None,
    symbol: str,
    file: str,
    shared: SharedStamps,
) -> Strip:
    return strip_from_frame(read(), interval, symbol, file, shared)


def _interval(given: Interval | str | None) -> Interval | None:
    return Interval.parse(given) if isinstance(given, str) else given


def _parts(frames: object) -> Iterator[tuple[str, Interval | None, pd.DataFrame]]:
    """Take apart what a FramesSource is given: symbol, interval if known, frame."""
    if isinstance(frames, pd.DataFrame):
        yield from _levels(frames)
    elif isinstance(frames, Mapping):
        for key, frame in frames.items():
            symbol, own = key if isinstance(key, tuple) and len(key) == 2 else (key, None)
            if not isinstance(symbol, str) or not isinstance(frame, pd.DataFrame):
                told = f"expected a symbol -> a DataFrame, not {key!r} -> {type(frame).__name__}"
                raise DataError(told)
            yield symbol, _interval(own), frame
    else:
        raise DataError(f"expected frames by symbol, or one frame, not {type(frames).__name__}")


def _levels(frame: pd.DataFrame) -> Iterator[tuple[str, Interval | None, pd.DataFrame]]:
    """Take one frame of many symbols apart, whichever of its two levels has the times."""
    levels = frame.index.levels if isinstance(frame.index, pd.MultiIndex) else ()
    timed = [isinstance(level, pd.DatetimeIndex) for level in levels]
    if sorted(timed) != [False, True]:
        raise DataError(
            Fault("one frame of all symbols has an index of two levels, symbol and timestamp")
        )
    symbols = timed.index(False)
    for symbol, part in frame.groupby(level=symbols, sort=True):
        yield str(symbol), None, part.droplevel(symbols)
