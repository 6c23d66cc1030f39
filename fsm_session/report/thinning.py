"""Thins columns to what an eye can tell apart, and keeps what it would miss.

A bucket of bars keeps its first open, highest high, lowest low, last close and the sum of its
volumes. A bucket of a line keeps its lowest and its highest value, in the order in which they
came. Buckets are anchored at the session's open, as derived bars are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: what a bucket may be in bars, before it is doubled again and again
FACTORS = (1, 2, 3, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600)


def bucket_seconds(seconds: Ints, interval: int, at_most: int) -> int:
    """Give the width of buckets, in seconds, that leaves ``at_most`` of these bars, or fewer.

    ``seconds`` are the starts of bars behind the open, ascending; ``interval`` is their length.
    """
    for factor in FACTORS:
        width = interval * factor
        if _count(seconds, width) <= at_most:
            return width
    while _count(seconds, width) > max(at_most, 2):  # the open divides whatever lies around it
        width *= 2
    return width


def _count(seconds: Ints, width: int) -> int:
    return int(np.count_nonzero(np.diff(seconds // width))) + bool(len(seconds))


def starts_of(seconds: Ints, width: int) -> Ints:
    """Give the index of each bucket's first bar, in buckets of ``width`` seconds."""
    if not len(seconds):
        return np.empty(0, np.int64)
    return np.flatnonzero(np.diff(seconds // width, prepend=seconds[0] // width - 1))


def thin_bars(columns: Mapping[str, npt.NDArray[np.generic]], width: int) -> dict[str, Floats]:
    """Thin bars to buckets of ``width`` seconds; buckets without bars are left out.

    ``columns`` are ``seconds`` (int64 behind the open), open, high, low, close and volume.
    """
    seconds = np.asarray(columns["seconds"], np.int64)
    starts = starts_of(seconds, width)
    if not len(starts):
        return {name: np.asarray(column, np.float64) for name, column in columns.items()}
    ends = np.append(starts[1:], len(seconds)) - 1
    return {
        "seconds": seconds[starts] // width * width,
        "open": columns["open"][starts],
        "high": np.maximum.reduceat(columns["high"], starts),
        "low": np.minimum.reduceat(columns["low"], starts),
        "close": columns["close"][ends],
        "volume": np.add.reduceat(columns["volume"], starts),
    }


def thin_line(values: Floats, starts: Ints) -> Ints:
    """Give the indices of a line's values to keep: lowest and highest of each bucket, in order.

    ``starts`` are the buckets' first indices. Of a bucket without a number its first NaN is kept,
    so that the line is broken there.
    """
    if not len(starts):
        return np.empty(0, np.int64)
    lowest = np.where(np.isnan(values), np.inf, values)
    highest = np.where(np.isnan(values), -np.inf, values)
    kept = {*_where(lowest, np.minimum, starts), *_where(highest, np.maximum, starts)}
    return np.array(sorted(kept), np.int64)


def _where(values: Floats, extreme: np.ufunc, starts: Ints) -> list[int]:
    """Give the index of each bucket's extreme; of equal ones the first."""
    lengths = np.diff(np.append(starts, len(values)))
    hits = np.flatnonzero(values == np.repeat(extreme.reduceat(values, starts), lengths))
    buckets = np.searchsorted(starts, hits, side="right")
    first = np.flatnonzero(np.diff(buckets, prepend=0))
    found: list[int] = hits[first].tolist()
    return found
