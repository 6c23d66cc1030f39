"""Decodes a row group for all of its symbols at once: each one's bars are slices of its columns.

The rules are held against whole columns too. Where one is broken, or a column is not as it should
be, the symbols are told apart as frames, each to be decoded by itself when it is asked for: then
what is wrong is said of the symbol that has it, and no other.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate, pairwise, starmap
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from fsm_session.errors import DataError
from fsm_session.market.bars import COLUMNS, Times
from fsm_session.market.interval import Interval
from fsm_session.sources.arrow_columns import frame_of, plain_columns
from fsm_session.sources.columns import check_times, columns_from_frame, sound
from fsm_session.sources.faults import NOT_A_TIME, Faults
from fsm_session.sources.frame_parts import TIME_NAMES
from fsm_session.sources.row_groups import Partitions, RowGroup
from fsm_session.sources.strip import Columns

_TIMES = ("symbol", *TIME_NAMES)
_ALL = (*_TIMES, *COLUMNS)
_FAR = 2**62


class Block(Protocol):
    """The symbols of a row group, decoded or soon to be."""

    @property
    def symbols(self) -> Collection[str]:
        """The symbols that are there."""

    @property
    def nbytes(self) -> int:
        """How much memory it takes, about."""

    def part(self, symbol: str, interval: Interval | None) -> Columns | None:
        """Give a symbol's checked bars, None where there are none; DataError with its faults."""

    def only(self, symbols: Collection[str]) -> Block:
        """Copy what is there of some symbols, so that the rest may go."""


class PlainBlock:
    """Sound columns, and which rows of them are a symbol's: those of some may be the same.

    ``closest_ns`` is the least distance of two bars of a symbol.
    """

    def __init__(
        self, path: str, columns: Columns, places: Mapping[str, slice], closest_ns: int
    ) -> None:
        self._path, self._columns, self._places = path, columns, places
        self._closest_ns = closest_ns

    @property
    def symbols(self) -> Collection[str]:
        """The symbols that are there."""
        return self._places.keys()

    @property
    def nbytes(self) -> int:
        """How much memory it takes, about."""
        return self._columns.nbytes

    def part(self, symbol: str, interval: Interval | None) -> Columns | None:
        """Give a symbol's bars; DataError where they are too close for the interval."""
        if symbol not in self._places:
            return None
        part = self._columns[self._places[symbol]]
        if interval is not None and self._closest_ns < interval.ns:
            faults = Faults(symbol, self._path)
            check_times(part.time, interval, faults)
            if faults.found:
                raise DataError(faults.found)
        return part

    def only(self, symbols: Collection[str]) -> PlainBlock:
        """Copy the bars of some symbols."""
        places = {name: place for name, place in self._places.items() if name in symbols}
        rows = np.r_[(slice(0, 0), *places.values())]
        edges = accumulate((each.stop - each.start for each in places.values()), initial=0)
        moved = dict(zip(places, starmap(slice, pairwise(edges)), strict=True))
        return PlainBlock(self._path, self._columns[rows], moved, self._closest_ns)


class FrameBlock:
    """Frames by symbol, of which something may be wrong."""

    def __init__(self, path: str, frames: Mapping[str, pd.DataFrame]) -> None:
        self._path, self._frames = path, frames
        self.nbytes = sum(int(frame.memory_usage().sum()) for frame in frames.values())

    @property
    def symbols(self) -> Collection[str]:
        """The symbols that are there."""
        return self._frames.keys()

    def part(self, symbol: str, interval: Interval | None) -> Columns | None:
        """Decode a symbol's bars; DataError with every fault of them."""
        frame = self._frames.get(symbol)
        if frame is None:
            return None
        bars = columns_from_frame(frame, interval, symbol, self._path)
        return Columns(bars.time, [bars.column(name) for name in COLUMNS])

    def only(self, symbols: Collection[str]) -> FrameBlock:
        """Copy the frames of some symbols."""
        frames = {name: frame.copy() for name, frame in self._frames.items() if name in symbols}
        return FrameBlock(self._path, frames)


def read_bars(files: Partitions, group: RowGroup) -> Block:
    """Read a row group; DataError where it can't be."""
    table = files.read(group, _ALL)
    block = _plain(table, group.path, COLUMNS)
    return _by_frames(table, group.path) if block is None else block


def read_times(files: Partitions, group: RowGroup) -> Block:
    """Read no more than the times of a row group, where that does; DataError where it can't be."""
    block = _plain(files.read(group, _TIMES), group.path, ())
    return read_bars(files, group) if block is None else block


def _plain(table: Any, path: str, names: Sequence[str]) -> PlainBlock | None:
    """Take a table apart; None where anything of it is not as it should be."""
    columns = plain_columns(table, names, "timestamp")
    runs = None if columns is None else _runs_of_symbols(table.column("symbol"))
    if columns is None or runs is None:
        return None
    places, order = runs
    columns = columns if order is None else columns[order]
    closest_ns = _closest(columns.time, [place.start for place in places.values()])
    if closest_ns is None or (names and not sound(columns.numbers)):
        return None
    if not names:
        columns, places = _once(columns.time, places)
    return PlainBlock(path, columns, places, closest_ns)


def _once(times: Times, places: Mapping[str, slice]) -> tuple[Columns, Mapping[str, slice]]:
    """Copy the times of each symbol; those of symbols that have the same, once."""
    known: dict[bytes, slice] = {}
    found, rows = {}, 0
    for symbol, place in places.items():
        told = times[place].tobytes()
        if told not in known:
            first, rows = rows, rows + place.stop - place.start
            known[told] = slice(first, rows)
        found[symbol] = known[told]
    return Columns(np.frombuffer(b"".join(known), np.int64), ()), found


def _closest(times: Times, starts: Sequence[int]) -> int | None:
    """Find the least distance of two bars of a symbol; None if any is not behind the other."""
    # compared, not only subtracted: what is centuries off is beyond int64
    ascending, steps = times[1:] > times[:-1], times[1:] - times[:-1]
    between = np.asarray(starts[1:], np.intp) - 1
    ascending[between], steps[between] = True, _FAR
    if not ascending.all() or (times == NOT_A_TIME).any():
        return None
    return int(steps.min(initial=_FAR))


def _runs_of_symbols(
    column: Any,
) -> tuple[Mapping[str, slice], npt.NDArray[np.intp] | None] | None:
    """Find the rows of each symbol, in the order in which they come.

    Where symbols come by turns, also the order, (n,), to put the rows into before: each symbol's
    stay as they were. None where one is missing, or is no text.
    """
    import pyarrow as pa

    whole = column.combine_chunks()
    coded = whole if pa.types.is_dictionary(whole.type) else whole.dictionary_encode()
    names, order = coded.dictionary.to_pylist(), None
    if coded.indices.null_count or not all(isinstance(name, str) for name in names):
        return None
    codes = coded.indices.to_numpy()
    places = _runs(codes, names)
    if places is None:
        order = np.argsort(codes, kind="stable")
        places = _runs(codes[order], names)
    return None if places is None else (places, order)


def _runs(codes: npt.NDArray[np.integer[Any]], names: Sequence[str]) -> Mapping[str, slice] | None:
    """Give the rows of each symbol; None where one comes again behind another."""
    changes = np.flatnonzero(codes[1:] != codes[:-1]) + 1
    if len(changes) >= len(names):
        return None
    edges = [0, *changes.tolist(), len(codes)]
    places = {}
    for start, stop in pairwise(edges):
        # as a name is in every row group, there is to be but one text of it
        places[sys.intern(names[codes[start]])] = slice(start, stop)
    return places if len(places) == len(changes) + 1 else None


def _by_frames(table: Any, path: str) -> FrameBlock:
    """Tell the symbols of a table apart as frames."""
    frame = frame_of(table, path)
    if "timestamp" in frame:
        frame = frame.set_index("timestamp")
    parts = frame.groupby(frame.pop("symbol").to_numpy(), sort=False)
    return FrameBlock(path, {str(symbol): part for symbol, part in parts})
