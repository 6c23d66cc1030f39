"""One kind of answer of a source, whole and by windows: bars, their times, ticks, quotes.

Which columns an answer has, and what is valid in them, is declared for each kind; what a window
has to be is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from attrs import frozen

from fsm_session.market.bars import ARRAYS, PRICES, Bars
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.sources.source import Source
from fsm_session.testing.checks.words import instant

Columns = Mapping[str, npt.NDArray[Any]]
Ask = Callable[[int, int], Columns]
#: which rows of columns break a rule, by what is wrong with them
Rules = Mapping[str, Callable[[Columns], Any]]


def _not_above_zero(*names: str) -> Callable[[Columns], Any]:
    return lambda columns: ~np.all([_finite(columns[n]) & (columns[n] > 0) for n in names], axis=0)


def _below_zero(*names: str) -> Callable[[Columns], Any]:
    return lambda columns: ~np.all([_finite(columns[n]) & (columns[n] >= 0) for n in names], axis=0)


def _finite(column: npt.NDArray[Any]) -> Any:
    return np.isfinite(column)


def _outside(columns: Columns) -> Any:
    ends = [columns["open"], columns["close"]]
    return (np.min(ends, axis=0) < columns["low"]) | (np.max(ends, axis=0) > columns["high"])


def _bar_rules(interval: Interval) -> Rules:
    return {
        "a price that is no number above 0": _not_above_zero(*PRICES),
        "a volume that is no number from 0 up": _below_zero("volume"),
        "an open or a close outside low to high": _outside,
        f"an end that isn't {interval} after its start": (
            lambda columns: columns["end"] - columns["time"] != interval.ns
        ),
        "a count that isn't 1": lambda columns: columns["count"] != 1,
    }


_EVENT_RULES: Mapping[EventKind, Rules] = {
    "ticks": {
        "a price that is no number above 0": _not_above_zero("price"),
        "a size that is no number from 0 up": _below_zero("size"),
    },
    "quotes": {"a number that is none from 0 up": _below_zero(*Quotes.FIELDS)},
}


@frozen
class Span:
    """The whole time that is asked about, and the zone in which people write it."""

    start_ns: int
    end_ns: int
    zone: str

    @property
    def window(self) -> tuple[int, int]:
        """From when to when, int64 nanoseconds UTC."""
        return self.start_ns, self.end_ns


@frozen(eq=False)
class Asked:
    """What a source is asked windows of: what to call it, how to ask, and all there is of it.

    ``ask(start_ns, end_ns)`` gives columns by name, ``time`` among them. ``doubled``: whether a
    time may be there twice. ``zone``: in which times are written.
    """

    what: str
    ask: Ask
    whole: Columns
    rules: Rules
    zone: str
    doubled: bool = False

    @property
    def time(self) -> npt.NDArray[Any]:
        """The times of the whole, int64 nanoseconds UTC."""
        return self.whole["time"]

    def faults(self) -> Iterator[str]:
        """Say what is wrong with the whole."""
        time = self.time
        for name, column in self.whole.items():
            if column.shape != time.shape:
                yield f"{self.what} have {len(time)} times, and {name} of the shape {column.shape}"
                return
        steps = time[1:] - time[:-1]
        for row in np.flatnonzero(steps < 0 if self.doubled else steps <= 0):
            yield f"{self.what} are out of order: {self.when(time[row + 1])} comes too late"
        for told, broken in self.rules.items():
            for row in np.flatnonzero(broken(self.whole)):
                yield f"{self.what} have {told} at {self.when(time[row])}"

    def broken(self, start_ns: int, end_ns: int) -> str:
        """Ask for a window, twice; say how it isn't what lies there of the whole, "" where it is.

        In between, what was given is written into, where that can be done.
        """
        given = self.ask(start_ns, end_ns)
        if told := self._differs(given, start_ns, end_ns):
            return f"{self.window(start_ns, end_ns)} {told}"
        writable = [column for column in given.values() if column.flags.writeable]
        were = [column.copy() for column in writable]
        for column in writable:
            column[...] = 0
        changed = self._differs(self.ask(start_ns, end_ns), start_ns, end_ns)
        for column, was in zip(writable, were, strict=True):
            column[...] = was
        return f"{self.what} change when somebody writes into what was given" if changed else ""

    def _differs(self, given: Columns, start_ns: int, end_ns: int) -> str:
        first, last = np.searchsorted(self.time, (start_ns, max(start_ns, end_ns)))
        time, wanted = given["time"], self.time[first:last]
        for outside in time[(time < start_ns) | (time >= end_ns)]:
            return f"have one of {self.when(outside)}, which lies outside"
        for name, column in given.items():
            there = self.whole[name][first:last]
            if name == "time" and not np.array_equal(column, there):
                return f"are not those of the whole time: {self._amiss(time, wanted)}"
            if not np.array_equal(column, there):
                return f"have another {name} than when all are asked for"
        return ""

    def _amiss(self, time: npt.NDArray[Any], wanted: npt.NDArray[Any]) -> str:
        for missing in np.setdiff1d(wanted, time):
            return f"that of {self.when(missing)} is missing"
        for strange in np.setdiff1d(time, wanted):
            return f"there is one of {self.when(strange)}"
        return f"{len(time)} for {len(wanted)}"

    def when(self, time_ns: int) -> str:
        """Write an instant."""
        return instant(time_ns, self.zone)

    def window(self, start_ns: int, end_ns: int) -> str:
        """Write what is asked for in a window."""
        return f"{self.what} from {self.when(start_ns)} to {self.when(end_ns)}"


def bars_asked(source: Source, symbol: str, interval: Interval, span: Span) -> Iterator[Asked]:
    """Ask for the bars of a symbol over the whole span, and for their times."""
    rules = _bar_rules(interval)
    bars = partial(_columns, ARRAYS, partial(source.bars, symbol, interval))
    whole = bars(*span.window)
    yield Asked(f"{interval} bars of {symbol}", bars, _own(whole), rules, span.zone)
    times: Ask = lambda *window: {"time": source.times(symbol, interval, *window)}  # noqa: E731
    what = f"times of {interval} bars of {symbol}"
    yield Asked(what, times, _own({"time": whole["time"]}), {}, span.zone)


def events_asked(source: object, symbol: str, kind: EventKind, span: Span) -> Iterator[Asked]:
    """Ask for the ticks or quotes of a symbol over the whole span."""
    names = (Ticks if kind == "ticks" else Quotes).ARRAYS
    ask = partial(_columns, names, partial(getattr(source, kind), symbol))
    whole, rules = _own(ask(*span.window)), _EVENT_RULES[kind]
    yield Asked(f"{kind} of {symbol}", ask, whole, rules, span.zone, doubled=True)


def whole_differs(whole: Bars, asked: Asked, span: Span) -> str:
    """Say how all bars that a source says to hold are not those it gives by windows."""
    first, last = np.searchsorted(whole.time, span.window)
    given = {name: whole.column(name)[first:last] for name in ARRAYS}
    same = all(np.array_equal(given[name], asked.whole[name]) for name in ARRAYS)
    return "" if same else f"{asked.what} are others by windows than as a whole"


def _columns(names: tuple[str, ...], ask: Callable[[int, int], Any], *window: int) -> Columns:
    answer = ask(*window)
    return {name: np.asarray(getattr(answer, name)) for name in names}


def _own(columns: Columns) -> Columns:
    """Copy columns: what is given may be written into."""
    return {name: column.copy() for name, column in columns.items()}
