"""The edge: a frame from outside becomes Bars, or every rule it breaks is named.

What has passed here is never checked again, and one NaN would silently spoil every indicator
behind it. So each rule looks at whole columns, and each broken one is reported once: the first
bar that breaks it, and how many do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from attrs import field, frozen

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import COLUMNS, PRICES, Bars, Floats, Times
from fsm_session.market.interval import Interval

TIME_NAMES = ("timestamp", "time", "date", "datetime")
_A_SECOND = 1_000_000_000
_A_DAY = 86_400 * _A_SECOND
_NOT_A_TIME = np.iinfo(np.int64).min
_Mask = npt.NDArray[np.bool_]
_Rule = tuple[tuple[str, ...], str, Callable[..., _Mask]]

_RULES: tuple[_Rule, ...] = (
    *(((name,), f"{name} is missing or infinite", lambda x: ~np.isfinite(x)) for name in COLUMNS),
    *(((name,), f"{name} is not above 0", lambda x: x <= 0) for name in PRICES),
    (("volume",), "volume is below 0", lambda volume: volume < 0),
    (("high", "low"), "high is below low", lambda high, low: high < low),
    *(
        (
            (name, "low", "high"),
            f"{name} is outside low to high",
            lambda x, low, high: (x < low) | (x > high),
        )
        for name in ("open", "close")
    ),
)


@frozen
class _Faults:
    """The faults of one symbol, each with its place."""

    symbol: str
    file: str
    times: Times | None = None
    found: list[Fault] = field(factory=list)

    def add(self, message: str, time: str = "") -> None:
        self.found.append(Fault(message, file=self.file, symbol=self.symbol, time=time))

    def add_where(self, message: str, broken: _Mask) -> None:
        """Add a fault for the first bar where a rule is broken, if there is one."""
        if broken.any():
            first, count = int(broken.argmax()), int(broken.sum())
            more = f" (and of {count - 1} more)" if count > 1 else ""
            self.add(message + more, self.when(first))

    def when(self, row: int) -> str:
        if self.times is None or self.times[row] == _NOT_A_TIME:
            return f"row {row}"
        return pd.Timestamp(int(self.times[row]), unit="ns", tz="UTC").isoformat()


def columns_from_frame(
    frame: pd.DataFrame, interval: Interval | None, symbol: str, file: str = ""
) -> Bars:
    """Turn a frame into checked base bars that share nothing with it.

    The starts are a DatetimeIndex, or a column ``timestamp``, ``time``, ``date`` or
    ``datetime``, in any zone and unit. ``open high low close volume`` are numbers, their names
    in lower or Title case; every other column is dropped. ``interval`` None: what the spacing
    tells (:func:`spacing`).

    Raises DataError with every fault of the symbol at once: columns that are missing, double or
    not numbers; times without a zone, missing, out of order, double, or mostly closer together
    than the interval; values missing or infinite, prices not above 0, volumes below 0, a high
    below its low, an open or a close outside them.
    """
    faults = _Faults(symbol, file)
    places = _places(frame, faults)
    times = _times(frame, places, faults)
    faults = _Faults(symbol, file, times, faults.found)
    columns = dict(_numbers(frame, places, faults))
    if times is not None:
        interval = _check_times(times, interval, faults)
    if len(columns) < len(COLUMNS) or not _sound(**columns):
        _break_down(columns, faults)
    if faults.found or times is None or interval is None:
        raise DataError(faults.found)
    return Bars.base(interval, times, **columns)


def spacing(times: Times) -> Interval | None:
    """Tell the interval of bars from their starts: the shortest usual distance between two.

    Usual is what at least one distance in a hundred is, so that neither minutes without a trade
    nor a stray print mislead. None where there are too few bars, or no distance is an interval.
    """
    steps, counts = np.unique(np.diff(times), return_counts=True)
    usual = steps[(steps > 0) & (counts * 100 >= counts.sum())]
    fitting = usual[(usual <= _A_DAY) & (usual % _A_SECOND == 0)]
    return Interval(int(fitting[0]) // _A_SECOND) if len(fitting) else None


def _places(frame: pd.DataFrame, faults: _Faults) -> Mapping[str, int]:
    """Find the columns that matter, by name in lower case: their positions in the frame."""
    places: dict[str, int] = {}
    for place, label in enumerate(frame.columns):
        name = str(label).lower()
        if name in COLUMNS or name in TIME_NAMES:
            if name in places:
                faults.add(f"there are two columns {name!r}")
            places.setdefault(name, place)
    missing = [name for name in COLUMNS if name not in places]
    if missing:
        there = ", ".join(map(str, frame.columns)) or "none"
        faults.add(f"column {', '.join(missing)} missing; there are: {there}")
    return places


def _times(frame: pd.DataFrame, places: Mapping[str, int], faults: _Faults) -> Times | None:
    """Take the starts as int64 nanoseconds UTC; None, with a fault, where that can't be."""
    stamps = _stamps(frame, places)
    if stamps is None:
        faults.add(f"no times: expected a DatetimeIndex or a column {' or '.join(TIME_NAMES)}")
    elif not len(stamps):
        return np.empty(0, np.int64)
    elif not isinstance(stamps, pd.DatetimeIndex):
        told = f"times are {stamps.dtype}, such as {stamps[0]!r}"
        faults.add(f"{told}: expected datetime64 with a time zone")
    elif stamps.tz is None:
        faults.add("times have no time zone: localize them, or write them with one", str(stamps[0]))
    else:
        try:
            times: Times = stamps.as_unit("ns").asi8
        except pd.errors.OutOfBoundsDatetime as error:
            faults.add(f"times are beyond nanoseconds: {error}")
        else:
            return times
    return None


def _stamps(frame: pd.DataFrame, places: Mapping[str, int]) -> Any:
    if isinstance(frame.index, pd.DatetimeIndex):
        return frame.index
    for name in TIME_NAMES:
        if name in places:
            return pd.Index(frame.iloc[:, places[name]])
    return frame.index if str(frame.index.name).lower() in TIME_NAMES else None


def _sound(open: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> bool:
    """Tell whether no rule is broken, in one pass; what is NaN compares as False."""
    held = (low > 0) & (low <= open) & (open <= high) & (low <= close) & (close <= high)
    return bool((held & (high < np.inf) & (volume >= 0) & (volume < np.inf)).all())


def _break_down(columns: Mapping[str, Floats], faults: _Faults) -> None:
    """Name each rule that is broken, of those whose columns there are."""
    for needs, message, broken in _RULES:
        if all(name in columns for name in needs):
            faults.add_where(message, broken(*(columns[name] for name in needs)))


def _numbers(
    frame: pd.DataFrame, places: Mapping[str, int], faults: _Faults
) -> Iterator[tuple[str, Floats]]:
    """Take the columns that are numbers as float64, those that are not as faults."""
    block = frame.to_numpy() if len(frame.columns) == len(COLUMNS) == len(places) else None
    for name in COLUMNS:
        if block is not None and block.dtype.kind in "iuf" and name in places:
            # nothing but numbers: a column at a time, pandas takes ten times as long
            yield name, block[:, places[name]].astype(np.float64, copy=False)
        elif name in places:
            column = frame.iloc[:, places[name]]
            # of no rows, no reader can tell the type
            if column.dtype.kind in "iuf" or not len(column):
                yield name, column.to_numpy(np.float64, na_value=np.nan)
            else:
                text = pd.to_numeric(column, errors="coerce").isna() & column.notna()
                row = int(text.to_numpy(bool).argmax())
                told = f"{name} holds {column.dtype}, not numbers, such as {column.iloc[row]!r}"
                faults.add(told, faults.when(row))


def _check_times(times: Times, interval: Interval | None, faults: _Faults) -> Interval | None:
    """Hold the starts to their rules; give the interval, from the spacing where it is None."""
    # NaT is the least of all numbers: in ascending times it can only be the first. Compared, not
    # subtracted: a step to it is beyond int64, and comes out positive
    if not (times[1:] > times[:-1]).all() or (times[:1] == _NOT_A_TIME).any():
        _disorder(times, faults)
        times = np.unique(times[times != _NOT_A_TIME])
    if interval is None:
        if (interval := spacing(times)) is None:
            faults.add("the spacing of the bars tells no interval: say which it is")
    elif (times[1:] - times[:-1] < interval.ns).sum() * 2 > len(times):
        faults.add(f"bars are mostly closer together than {interval}: the interval is wrong")
    return interval


def _disorder(times: Times, faults: _Faults) -> None:
    lost = times == _NOT_A_TIME
    faults.add_where("time is missing or unreadable", lost)
    faults.add_where("time is out of order", np.r_[False, (times[1:] < times[:-1]) & ~lost[1:]])
    faults.add_where("time is there twice", pd.Index(times).duplicated() & ~lost)
