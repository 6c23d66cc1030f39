"""The row groups of a folder of Parquet partitions: which may hold a symbol in a window.

The folders are listed once. A file is opened when a window first comes near; what its footer says
of each row group, the first and the last symbol and time, is kept. The files that were read last
stay open until they are closed: to open one takes as long as to read the times of a row group.
"""

from __future__ import annotations

import datetime as dt
import glob
import os
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any

import pandas as pd
from attrs import frozen

from fsm_session.errors import DataError, Fault
from fsm_session.market.interval import DAY_NS
from fsm_session.sources.arrow_columns import unreadable
from fsm_session.sources.pattern import files_digest

_EPOCH = dt.date(1970, 1, 1)
_NEVER = 2**63 - 1
# a run goes through the files of its window symbol by symbol: a quarter of a year
_OPEN_FILES = 64


@frozen(eq=False)
class RowGroup:
    """A row group by its file and number, with the statistics of its footer; None: unknown.

    ``names`` are the columns of its file, ``midnight_ns`` is that of its folder's date, in UTC.
    """

    path: str
    number: int
    names: tuple[str, ...]
    midnight_ns: int
    first_symbol: str
    last_symbol: str | None
    first_ns: int | None
    last_ns: int | None

    def may_hold(self, symbol: str, start_ns: int, end_ns: int) -> bool:
        """Tell whether the statistics leave room for the symbol in a window."""
        if symbol < self.first_symbol or (self.last_symbol or symbol) < symbol:
            return False
        if self.first_ns is None or self.last_ns is None:
            return True
        return self.first_ns < end_ns and self.last_ns >= start_ns

    def is_before(self, time_ns: int) -> bool:
        """Tell whether all its bars are, by its date: in UTC they are on it or a neighbour."""
        return self.midnight_ns + 2 * DAY_NS <= time_ns


class _File:
    """The row groups of a file: of a sorted one, a symbol's are found without a look at all.

    ``as_it_was``: its size and time of change, by which it can be told from what replaces it.
    """

    def __init__(self, groups: Iterable[RowGroup], as_it_was: tuple[int, int]) -> None:
        self.as_it_was = as_it_was
        self._groups = tuple(groups)
        self._firsts = [group.first_symbol for group in self._groups]
        self._lasts = [group.last_symbol or "" for group in self._groups]
        bounds = (self._firsts, self._lasts)
        self._sorted = all(self._lasts) and all(each == sorted(each) for each in bounds)

    def around(self, symbol: str) -> tuple[RowGroup, ...]:
        """Give at least the row groups between whose first and last symbol it lies."""
        if not self._sorted:
            return self._groups
        first, stop = bisect_left(self._lasts, symbol), bisect_right(self._firsts, symbol)
        return self._groups[first:stop]


class Partitions:
    """The files ``FOLDER/date=YYYY-MM-DD/*.parquet`` and their row groups.

    Listing raises DataError: a folder of no date, or no file at all; opening and reading do for
    a file that can't be read, or has no column ``symbol``.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._opened: dict[str, _File] = {}
        # the one that was read last behind the others
        self._readers: dict[str, Any] = {}
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_readers": {}, "_lock": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=Lock())

    def holding(
        self, symbol: str, start_ns: int = -_NEVER, end_ns: int = _NEVER
    ) -> Iterator[RowGroup]:
        """Find the row groups that, by date and statistics, can hold the symbol in a window."""
        dates = self._midnights
        # a session's bars are on its date or a neighbour of it in UTC, in any zone
        near = slice(
            bisect_right(dates, start_ns - 2 * DAY_NS), bisect_left(dates, end_ns + DAY_NS)
        )
        for midnight, path in self._files[near]:
            if path not in self._opened:
                self._opened[path] = _File(self._open(path, midnight), _state(path))
            for group in self._opened[path].around(symbol):
                if group.may_hold(symbol, start_ns, end_ns):
                    yield group

    def read(self, group: RowGroup, names: Collection[str]) -> Any:
        """Read the columns of a row group whose names, in lower case, are wanted: a table."""
        wanted = [name for name in group.names if name.lower() in names]
        if _state(group.path) != self._opened[group.path].as_it_was:
            raise DataError(Fault("has changed since it was opened", file=group.path))
        try:
            return self._reader(group.path).read_row_group(group.number, columns=wanted)
        except (OSError, ValueError) as error:
            raise unreadable(group.path, error) from error

    def close(self) -> None:
        """Close the files; those that are read again are opened again."""
        while self._readers:
            self._readers.popitem()[1].close()

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return files_digest(self.folder, sorted(path for _, path in self._files))

    @cached_property
    def _midnights(self) -> list[int]:
        return [midnight for midnight, _ in self._files]

    @cached_property
    def _files(self) -> tuple[tuple[int, str], ...]:
        """List the files in the order of their dates: midnight UTC in nanoseconds, and path."""
        places = os.path.join(glob.escape(self.folder), "date=*", "*.parquet")
        faults, files = [], []
        try:
            paths = sorted(glob.glob(places))
        except ValueError:  # no folder can have such a name: there is NUL or half a character in it
            paths = []
        for path in paths:
            try:
                date = dt.date.fromisoformat(Path(path).parent.name.removeprefix("date="))
            except ValueError:
                faults.append(Fault("expected a folder such as date=2024-07-03", file=path))
            else:
                files.append(((date - _EPOCH).days * DAY_NS, path))
        if not files and not faults:
            faults = [Fault("there are no date=YYYY-MM-DD/*.parquet in it", file=self.folder)]
        if faults:
            raise DataError(faults)
        return tuple(sorted(files))

    def _open(self, path: str, midnight_ns: int) -> Iterator[RowGroup]:
        """Read the footer of a file: its row groups, with what it says of each."""
        try:
            reader = self._reader(path)
        except (OSError, ValueError) as error:
            raise unreadable(path, error) from error
        except KeyError:
            # it is named where the file is opened
            raise DataError(Fault("column symbol missing", file=path)) from None
        names, footer = tuple(reader.schema_arrow.names), reader.metadata
        places = {footer.schema.column(n).path: n for n in range(footer.num_columns)}
        for number in range(footer.num_row_groups):
            symbols, times = (
                _range(footer.row_group(number), places.get(name))
                for name in ("symbol", "timestamp")
            )
            first, last = map(_instant, times)
            low, high = symbols if all(isinstance(each, str) for each in symbols) else ("", None)
            yield RowGroup(path, number, names, midnight_ns, low, high, first, last)

    def _reader(self, path: str) -> Any:
        """Open a file, if it is not open still. Several threads may ask, each for its own."""
        import pyarrow.parquet as pq

        with self._lock:
            reader = self._readers.pop(path, None)
            if reader is None:
                while len(self._readers) >= _OPEN_FILES:
                    self._readers.pop(next(iter(self._readers))).close()
                # of a symbol's name, once a row group; of what is read at one go, no buffer before
                options: Any = {"read_dictionary": ["symbol"], "pre_buffer": False}
                reader = pq.ParquetFile(path, **options)
            self._readers[path] = reader
        return reader


def _state(path: str) -> tuple[int, int]:
    """Give a file's size and time of change; DataError where it is gone."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error) from error
    return found.st_size, found.st_mtime_ns


def _range(row_group: Any, place: int | None) -> tuple[Any, Any]:
    """Give the least and the greatest value of a column; None where the footer says neither."""
    said = None if place is None else row_group.column(place).statistics
    return (said.min, said.max) if said is not None and said.has_min_max else (None, None)


def _instant(stamp: Any) -> int | None:
    """Give nanoseconds UTC; None without a zone or beyond them, which is refused when read."""
    time = None if stamp is None else pd.Timestamp(stamp)
    try:
        return None if time is None or time.tz is None else int(time.as_unit("ns").value)
    except pd.errors.OutOfBoundsDatetime:
        return None
