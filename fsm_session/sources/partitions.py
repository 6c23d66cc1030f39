"""A source of Parquet partitions, one folder a session date, many symbols in each.

Loading a session must cost what the session has, however many years lie beside it: a window
reads only the row groups that can hold the symbol in it, each of them once, and what of it was
there before is not touched again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import Bars, Times, sealed
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import check_times
from fsm_session.sources.faults import Faults
from fsm_session.sources.held import not_held, window
from fsm_session.sources.kept import KeptBars, KeptTimes
from fsm_session.sources.moving_window import MovingWindow
from fsm_session.sources.row_groups import Partitions, RowGroup
from fsm_session.sources.strip import NOTHING, Columns, SharedStamps


class PartitionsSource:
    """Bars out of ``FOLDER/date=YYYY-MM-DD/*.parquet``, by the date of their session.

    Columns: ``symbol``, ``timestamp`` (with a zone), ``open high low close volume``; others are
    left unread. A symbol's rows are in the order of time. All have one interval: the given one,
    or what the spacing on a symbol's first date tells. The folders are listed once.

    What was read is kept while the windows that are asked for have a part in it. ``intervals``
    and ``times`` read and check nothing but times, where those are as they should be.
    """

    def __init__(self, path: str | Path, interval: Interval | str | None = None) -> None:
        self._given = Interval.parse(interval) if isinstance(interval, str) else interval
        self._intervals: dict[str, tuple[Interval, ...]] = {}
        self._files = Partitions(str(path))
        self._times, self._bars = KeptTimes(self._files), KeptBars(self._files)
        self._windows: dict[str, MovingWindow] = {}
        self._shared = SharedStamps()
        # where the last windows end, and where the first of them begins
        self._end_ns, self._first_ns = -(2**63), -(2**63)

    @property
    def name(self) -> str:
        """The folder."""
        return self._files.folder

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        """Give the interval, if any date has bars of the symbol; () otherwise."""
        if symbol not in self._intervals:
            self._bars.expect(symbol)
            told = (self._told(group, symbol) for group in self._files.holding(symbol))
            first = next(filter(None, told), None)
            self._intervals[symbol] = (first,) if first else ()
        return self._intervals[symbol]

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        """Give the starts of the bars in [start_ns, end_ns); only times are read and checked."""
        self._prepare(symbol, interval)
        groups = tuple(self._files.holding(symbol, start_ns, end_ns))
        parts = self._gathered(symbol, interval, self._times, groups)
        times = sealed(np.concatenate([NOTHING.time, *(part.time for part in parts)]))
        if not len(times):
            self._require(symbol, interval)
        return times[window(times, start_ns, end_ns)]

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        """Give the bars that start in [start_ns, end_ns); only what is read is checked."""
        self._prepare(symbol, interval)
        self._let_go(start_ns, end_ns)
        groups = tuple(self._files.holding(symbol, start_ns, end_ns))
        held = self._window(symbol, interval, groups) if groups else None
        # nothing here: are there any elsewhere? Asked last, as it may open every date
        if held is None or not len(held):
            self._require(symbol, interval)
            return Bars.empty(interval)
        return held.bars(groups, start_ns, end_ns)

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._files.digest()

    def _told(self, group: RowGroup, symbol: str) -> Interval | None:
        """Give the interval of a symbol's bars in a row group, None where it has none."""
        part = self._times.part(group, symbol, self._given)
        if part is None or self._given is not None:
            return None if part is None else self._given
        faults = Faults(symbol, group.path)
        told = check_times(part.time, None, faults)
        if told is None:
            raise DataError(faults.found)
        return told

    def _prepare(self, symbol: str, interval: Interval) -> None:
        """Expect that more is asked of a symbol; DataError for an interval that it hasn't."""
        self._bars.expect(symbol)
        if interval != self._given:
            self._require(symbol, interval)

    def _require(self, symbol: str, interval: Interval) -> None:
        if interval not in (held := self.intervals(symbol)):
            raise not_held(self.name, symbol, interval, held)

    def _let_go(self, start_ns: int, end_ns: int) -> None:
        """Let go, when windows move on, of what lies before all that end where the last did."""
        if end_ns > self._end_ns:
            before_ns = self._first_ns
            self._files.close()
            self._times.let_go()
            self._bars.let_go(before_ns)
            held = self._windows.items()
            self._windows = {name: each for name, each in held if not each.is_before(before_ns)}
            self._end_ns, self._first_ns = end_ns, start_ns
        self._first_ns = min(self._first_ns, start_ns)

    def _window(self, symbol: str, interval: Interval, groups: Sequence[RowGroup]) -> MovingWindow:
        """Move a symbol's window on to these row groups, or make one of them."""
        held = self._windows.get(symbol)
        if held is None or not held.leads_to(groups):
            held = MovingWindow(interval, self._shared)
        held.move(groups, partial(self._gathered, symbol, interval, self._bars))
        self._windows[symbol] = held
        return held

    def _gathered(
        self,
        symbol: str,
        interval: Interval,
        kept: KeptBars | KeptTimes,
        groups: Sequence[RowGroup],
        after_ns: int | None = None,
    ) -> Sequence[Columns]:
        """Read a symbol's parts of row groups; DataError with the faults of all of them."""
        kept.read(groups)
        faults: list[Fault] = []
        parts = []
        for group in groups:
            try:
                parts.append(kept.part(group, symbol, interval) or NOTHING)
            except DataError as error:
                faults.extend(error.faults)
        faults.extend(self._out_of_order(symbol, parts, after_ns))
        if faults:
            raise DataError(faults)
        return parts

    def _out_of_order(
        self, symbol: str, parts: Iterable[Columns], after_ns: int | None
    ) -> Iterator[Fault]:
        """Find the first part that doesn't begin behind the one before it."""
        for part in filter(None, parts):
            if after_ns is not None and part.time[0] <= after_ns:
                when = pd.Timestamp(int(part.time[0]), unit="ns", tz="UTC").isoformat()
                told = (
                    "time is out of order, or there twice, from one file or row group to the next"
                )
                yield Fault(told, file=self.name, symbol=symbol, time=when)
                return
            after_ns = int(part.time[-1])
