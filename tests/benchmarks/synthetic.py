"""W's frames on as many real sessions of XNYS as one run of full days has.

From 2024-07-05 to 2024-11-01 there is no half-day and no change of the clocks, so the open is
at 13:30 UTC throughout, as W has it.
"""

from __future__ import annotations

import datetime as dt
import warnings

import exchange_calendars
import pandas as pd

from tests.benchmarks.shared_bench import Frames, common

FIRST, LAST = "2024-07-05", "2024-11-01"


def sessions(count: int) -> list[dt.date]:
    """Give the dates of the first sessions; there are 85."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST).sessions
    assert count <= len(found), f"{count} sessions, where there are {len(found)}"
    return [each.date() for each in found[:count]]


def frames(symbols: int, count: int) -> Frames:
    """Make the frames of so many symbols over the first sessions."""
    bench, own = common(), common().SESSIONS
    bench.SESSIONS = [pd.Timestamp(each) for each in sessions(count)]
    try:
        made: Frames = bench.make_frames(symbols, count)
    finally:
        bench.SESSIONS = own
    return made
