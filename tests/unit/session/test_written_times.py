"""An instant as text: without pandas, and to the letter as pandas writes it."""

from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.session.clock import iso_in

ZONES = ("UTC", "America/New_York", "Europe/London", "Asia/Kolkata", "Australia/Lord_Howe")
YEAR_NS = 366 * 86_400 * 10**9
#: 1970 to 2069: behind 2037 the rules of a zone go on, before its first it has local mean time
instants = st.integers(0, 99 * YEAR_NS)
units = st.sampled_from([1, 1_000, 10**6, 10**9, 60 * 10**9])


@given(instants, units, st.sampled_from(ZONES))
def test_as_pandas_writes_it(time_ns: int, unit: int, zone: str) -> None:
    """iso_in: "Write an instant as ISO 8601 in a zone, as pandas does"."""
    time_ns -= time_ns % unit
    stamp = pd.Timestamp(time_ns, unit="ns", tz="UTC").tz_convert(zone)
    assert iso_in(zone, time_ns) == stamp.isoformat()


@pytest.mark.parametrize(
    ("time_ns", "expected"),
    [
        (0, "1969-12-31T19:00:00-05:00"),
        (-1, "1969-12-31T18:59:59.999999999-05:00"),
        (1_720_013_400 * 10**9, "2024-07-03T09:30:00-04:00"),
        (1_720_013_400 * 10**9 + 1_500, "2024-07-03T09:30:00.000001500-04:00"),
        (1_720_013_400 * 10**9 + 2_000, "2024-07-03T09:30:00.000002-04:00"),
        # the hour that comes twice
        (1_730_611_800 * 10**9, "2024-11-03T01:30:00-04:00"),
        (1_730_615_400 * 10**9, "2024-11-03T01:30:00-05:00"),
    ],
)
def test_by_hand(time_ns: int, expected: str) -> None:
    assert iso_in("America/New_York", time_ns) == expected


def test_whatever_the_zone_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        written = iso_in("America/New_York", 1_720_013_401 * 10**9)
    time.tzset()
    assert written == "2024-07-03T09:30:01-04:00"
