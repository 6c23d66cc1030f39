"""A source of Parquet partitions, one folder a session date, many symbols in each.

Loading a session must cost what the session has, however many years lie beside it: a window
reads only the row groups that can hold the symbol in it. As a run asks for symbol after symbol,
a row group that was read serves its other symbols too.
"""

from __future__ import annotations

import datetime as dt
import glob
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from attrs import field, frozen

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import COLUMNS, Bars, Times
from fsm_session.market.interval import DAY_NS, Interval
from fsm_session.sources.columns import columns_from_frame
from fsm_session.sources.frame_parts import TIME_NAMES
from fsm_session.sources.held import joined, not_held, window
from fsm_session.sources.pattern import files_digest

_EPOCH = dt.date(1970, 1, 1)
_NEVER = 2**63 - 1
# rows of row groups kept for their other symbols: some 250 MB
_KEPT_ROWS = 4_000_000


@frozen
class _RowGroup:
    """A row group by its file and number, with the statistics of its footer; None: unknown."""

    path: str
    number: int
    first_symbol: str = field(eq=False)
    last_symbol: str | None = field(eq=False)
    first_ns: int | None = field(eq=False)
    last_ns: int | None = field(eq=False)
    fragment: Any = field(eq=False, repr=False)

    def may_hold(self, symbol: str, start_ns: int, end_ns: int) -> bool:
        """Tell whether the statistics leave room for the symbol in a window."""
        if symbol < self.first_symbol or (self.last_symbol or symbol) < symbol:
            return False
        if self.first_ns is None or self.last_ns is None:
            return True
        return self.first_ns < end_ns and self.last_ns >= start_ns


class PartitionsSource:
    """Bars out of ``FOLDER/date=YYYY-MM-DD/*.parquet``, by the date of their session.

    Columns: ``symbol``, ``timestamp`` (with a zone), ``open high low close volume``; others are
    left unread. A symbol's rows are in the order of time. All have one interval: the given one,
    or what the spacing on a symbol's first date tells. The folders are listed once.
    """

    def __init__(self, path: str | Path, interval: Interval | str | None = None) -> None:
        self._folder = str(path)
        self._given = Interval.parse(interval) if isinstance(interval, str) else interval
        self._intervals: dict[str, tuple[Interval, ...]] = {}
        self._footers: dict[str, tuple[_RowGroup, ...]] = {}
        self._groups: dict[_RowGroup, dict[str, pd.DataFrame]] = {}
        self._bars: dict[tuple[_RowGroup, str], Bars] = {}

    @property
    def name(self) -> str:
        """The folder."""
        return self._folder

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the interval, if any date has bars of the symbol; () otherwise."""
        if symbol not in self._intervals:
            parts = (self._decoded(group, symbol, self._given) for group in self._found(symbol))
            first = next(filter(None, parts), None)
            self._intervals[symbol] = (first.interval,) if first else ()
        return self._intervals[symbol]

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns)."""
        return self.bars(symbol, interval, start_ns, end_ns).time

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns); only what is read is checked."""
        if interval != self._given:
            self._require(symbol, interval)
        faults: list[Fault] = []
        parts = [Bars.empty(interval)]
        for group in self._found(symbol, start_ns, end_ns):
            try:
                parts.append(self._decoded(group, symbol, interval) or parts[0])
            except DataError as error:
                faults.extend(error.faults)
        whole = joined(parts)
        faults.extend(self._out_of_order(whole.time, symbol))
        if faults:
            raise DataError(faults)
        # nothing here: are there any elsewhere? Asked last, as it may open every date
        if not len(whole):
            self._require(symbol, interval)
        return whole[window(whole.time, start_ns, end_ns)]

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._digest

    @cached_property
    def _digest(self) -> str:
        return files_digest(self._folder, [path for _, path in self._files])

    @cached_property
    def _files(self) -> tuple[tuple[int, str], ...]:
        """List the files in the order of their dates: midnight UTC in nanoseconds, and path."""
        places = os.path.join(glob.escape(self._folder), "date=*", "*.parquet")
        faults, files = [], []
        for path in sorted(glob.glob(places)):
            try:
                date = dt.date.fromisoformat(Path(path).parent.name.removeprefix("date="))
            except ValueError:
                faults.append(Fault("expected a folder such as date=2024-07-03", file=path))
            else:
                files.append(((date - _EPOCH).days * DAY_NS, path))
        if not files and not faults:
            faults = [Fault("there are no date=YYYY-MM-DD/*.parquet in it", file=self._folder)]
        if faults:
            raise DataError(faults)
        return tuple(files)

    def _found(
        self, symbol: str, start_ns: int = -_NEVER, end_ns: int = _NEVER
    ) -> Iterator[_RowGroup]:
        """Find the row groups that, by date and statistics, can hold the symbol in a window."""
        for midnight, path in self._files:
            # a session's bars are on its date or a neighbour of it in UTC, in any zone
            if midnight - DAY_NS < end_ns and midnight + 2 * DAY_NS > start_ns:
                for group in self._opened(path):
                    if group.may_hold(symbol, start_ns, end_ns):
                        yield group

    def _opened(self, path: str) -> tuple[_RowGroup, ...]:
        if path not in self._footers:
            self._footers[path] = tuple(_row_groups(path))
        return self._footers[path]

    def _require(self, symbol: str, interval: Interval) -> None:
        if interval not in (held := self.intervals(symbol)):
            raise not_held(self.name, symbol, interval, held)

    def _decoded(self, group: _RowGroup, symbol: str, interval: Interval | None) -> Bars | None:
        """Give the symbol's checked bars of a row group; None where there are none."""
        if (group, symbol) not in self._bars:
            frame = self._frames(group).get(symbol)
            if frame is None:
                return None
            self._bars[group, symbol] = columns_from_frame(frame, interval, symbol, group.path)
        return self._bars[group, symbol]

    def _frames(self, group: _RowGroup) -> dict[str, pd.DataFrame]:
        """Read a row group, and keep it for its other symbols."""
        if group not in self._groups:
            while sum(map(_rows, self._groups.values())) > _KEPT_ROWS:
                del self._groups[next(iter(self._groups))]
            self._groups[group] = _by_symbol(group)
        return self._groups[group]

    def _out_of_order(self, times: Times, symbol: str) -> Iterator[Fault]:
        behind = np.diff(times) <= 0
        if behind.any():
            when = pd.Timestamp(int(times[1:][behind][0]), unit="ns", tz="UTC").isoformat()
            told = "time is out of order, or there twice, from one file or row group to the next"
            yield Fault(told, file=self._folder, symbol=symbol, time=when)


def _row_groups(path: str) -> Iterator[_RowGroup]:
    """Read the footer of a file: its row groups, with what it says of each."""
    from pyarrow import dataset

    try:
        (file,) = dataset.dataset([path], format="parquet").get_fragments()
        groups = file.split_by_row_group()
    except (OSError, ValueError) as error:
        raise DataError(Fault(f"can't be read as Parquet: {error}", file=path)) from error
    if "symbol" not in file.physical_schema.names:
        raise DataError(Fault("column symbol missing", file=path))
    for number, group in enumerate(groups):
        said = group.row_groups[0].statistics or {}
        symbols, times = said.get("symbol"), said.get("timestamp")
        first, last = map(_instant, (times["min"], times["max"])) if times else (None, None)
        low, high = (symbols["min"], symbols["max"]) if symbols else ("", None)
        yield _RowGroup(path, number, low, high, first, last, group)


def _instant(stamp: Any) -> int | None:
    """Give nanoseconds UTC; None without a zone, which is refused when it is read."""
    time = pd.Timestamp(stamp)
    return None if time.tz is None else int(time.as_unit("ns").value)


def _by_symbol(group: _RowGroup) -> dict[str, pd.DataFrame]:
    known = ("symbol", *TIME_NAMES, *COLUMNS)
    fragment = group.fragment
    columns = [name for name in fragment.physical_schema.names if name.lower() in known]
    try:
        frame: pd.DataFrame = fragment.to_table(columns=columns).to_pandas()
    except (OSError, ValueError) as error:
        raise DataError(Fault(f"can't be read as Parquet: {error}", file=group.path)) from error
    if "timestamp" in frame:
        frame = frame.set_index("timestamp")
    parts = frame.groupby(frame.pop("symbol").to_numpy(), sort=False)
    return {str(symbol): part for symbol, part in parts}


def _rows(frames: dict[str, pd.DataFrame]) -> int:
    return sum(map(len, frames.values()))
