"""The edge: each rule a frame can break is named, with the first bar that breaks it."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import DataError, Fault
from fsm_session.market.bars import COLUMNS, PRICES
from fsm_session.market.interval import Interval
from fsm_session.sources.columns import columns_from_frame, spacing
from tests.unit.sources.markets import MINUTE, made_up

MINUTE_NS = 60_000_000_000


def sound(rows: int = 5) -> pd.DataFrame:
    """Make bars from 13:30 on, a minute apart."""
    index = pd.date_range("2024-07-03 13:30", periods=rows, freq="1min", tz="UTC")
    values = {"open": 10.0, "high": 12.0, "low": 9.0, "close": 11.0, "volume": 100.0}
    return pd.DataFrame(values, index=index.as_unit("us"))


def at(minute: int) -> str:
    return f"2024-07-03T13:{30 + minute}:00+00:00"


def faults(frame: pd.DataFrame, interval: Interval | None = MINUTE) -> list[Fault]:
    with pytest.raises(DataError) as refused:
        columns_from_frame(frame, interval, "AZO", "azo.csv")
    found = list(refused.value.faults)
    assert {(fault.symbol, fault.file) for fault in found} == {("AZO", "azo.csv")}
    return found


def told(frame: pd.DataFrame, interval: Interval | None = MINUTE) -> list[tuple[str, str]]:
    return [(fault.time, fault.message) for fault in faults(frame, interval)]


class TestTaken:
    """DESIGN.md 7: "Column names are lower-case; Title-case is understood on input"."""

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
    def test_any_unit_and_zone_is_nanoseconds_utc(self, unit: Any, zone: str) -> None:
        frame = sound()
        frame.index = frame.index.tz_convert(zone).as_unit(unit)  # type: ignore[attr-defined]
        start = int(dt.datetime(2024, 7, 3, 13, 30, tzinfo=dt.UTC).timestamp()) * 10**9
        bars = columns_from_frame(frame, MINUTE, "AZO")
        assert bars.time.tolist() == [start + n * MINUTE_NS for n in range(5)]
        assert bars.end.tolist() == [start + n * MINUTE_NS for n in range(1, 6)]

    @pytest.mark.parametrize("name", ["timestamp", "time", "date", "datetime", "Date", "Datetime"])
    def test_times_in_a_column(self, name: str) -> None:
        plain = columns_from_frame(sound(), MINUTE, "AZO")
        frame = sound().rename_axis(name).reset_index()
        assert columns_from_frame(frame, MINUTE, "AZO").same(plain)

    def test_title_case_and_other_columns_in_any_order(self) -> None:
        plain = columns_from_frame(sound(), MINUTE, "AZO")
        frame = sound().rename(columns=str.title).assign(Vwap="x", symbol="AZO")
        assert columns_from_frame(frame[sorted(map(str, frame))], MINUTE, "AZO").same(plain)

    @pytest.mark.parametrize("kind", ["float32", "int64", "int16", "Int64", "Float64"])
    def test_any_kind_of_number(self, kind: Any) -> None:
        bars = columns_from_frame(sound().astype(kind), MINUTE, "AZO")
        assert bars.same(columns_from_frame(sound(), MINUTE, "AZO"))
        mixed = sound().astype({"volume": kind})
        assert columns_from_frame(mixed, MINUTE, "AZO").same(bars)

    def test_no_rows(self) -> None:
        assert len(columns_from_frame(sound(0), MINUTE, "AZO")) == 0
        texts = pd.DataFrame({"timestamp": [], **{name: [] for name in COLUMNS}}, dtype=object)
        assert len(columns_from_frame(texts, MINUTE, "AZO")) == 0

    def test_nothing_is_shared(self) -> None:
        frame = sound()
        bars = columns_from_frame(frame, MINUTE, "AZO")
        frame.iloc[:, :] = 77.0
        assert bars.open.tolist() == [10.0] * 5

    def test_the_frame_is_left_as_it_was(self) -> None:
        frame = sound().rename(columns=str.title)
        before = frame.copy(deep=True)
        columns_from_frame(frame, MINUTE, "AZO")
        pd.testing.assert_frame_equal(frame, before)


class TestRefused:
    """DESIGN.md 5: "columns are checked at the edge and never hold" a NaN."""

    @pytest.mark.parametrize("name", COLUMNS)
    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_missing_or_infinite(self, name: str, value: float) -> None:
        frame = sound()
        frame.loc[frame.index[[1, 3]], name] = value
        assert (at(1), f"{name} is missing or infinite (and of 1 more)") in told(frame)

    @pytest.mark.parametrize("name", PRICES)
    @pytest.mark.parametrize("value", [0.0, -1.0])
    def test_prices_not_above_zero(self, name: str, value: float) -> None:
        frame = sound()
        frame.loc[frame.index[4], name] = value
        assert (at(4), f"{name} is not above 0") in told(frame)

    @pytest.mark.parametrize(
        ("name", "value", "message"),
        [
            ("volume", -1.0, "volume is below 0"),
            ("open", 12.5, "open is outside low to high"),
            ("open", 8.5, "open is outside low to high"),
            ("close", 12.5, "close is outside low to high"),
            ("close", 8.5, "close is outside low to high"),
            ("open", np.nan, "open is missing or infinite"),
        ],
    )
    def test_one_value(self, name: str, value: float, message: str) -> None:
        frame = sound()
        frame.loc[frame.index[2], name] = value
        assert told(frame) == [(at(2), message)]

    def test_high_below_low(self) -> None:
        frame = sound()
        frame.loc[frame.index[2], ["high", "low"]] = [9.5, 11.5]
        assert (at(2), "high is below low") in told(frame)

    @pytest.mark.parametrize("name", COLUMNS)
    def test_a_column_missing(self, name: str) -> None:
        ((_, message),) = told(sound().drop(columns=name))
        assert message.startswith(f"column {name} missing; there are: ")

    def test_a_column_twice(self) -> None:
        assert told(sound().assign(Open=1.0)) == [("", "there are two columns 'open'")]

    def test_text_among_numbers(self) -> None:
        frame = sound().astype({"close": object, "volume": object})
        frame.loc[frame.index[3], "close"] = "n/a"
        assert [fault.time for fault in faults(frame)] == [at(3), at(0)]
        assert [fault.message for fault in faults(frame)] == [
            "close holds object, not numbers, such as 'n/a'",
            "volume holds object, not numbers, such as 100.0",
        ]

    def test_true_is_no_price(self) -> None:
        ((_, message),) = told(sound().assign(open=True))
        assert message.startswith("open holds bool, not numbers")

    def test_no_zone(self) -> None:
        frame = sound()
        ((time, message),) = told(frame.tz_localize(None))
        assert (time, message[:22]) == ("2024-07-03 13:30:00", "times have no time zon")

    def test_no_times(self) -> None:
        ((_, message),) = told(sound().reset_index(drop=True))
        assert message.startswith("no times: expected a DatetimeIndex or a column timestamp")

    @pytest.mark.parametrize("stamp", ["2024-07-03T13:30:00Z", 1_720_013_400])
    def test_times_of_another_type(self, stamp: str | int) -> None:
        ((_, message),) = told(sound().reset_index(drop=True).assign(time=stamp))
        assert repr(stamp) in message
        assert message.endswith("expected datetime64 with a time zone")

    def test_times_beyond_nanoseconds(self) -> None:
        frame = sound()
        frame.index = pd.DatetimeIndex(["2900-01-01"] * 5, tz="UTC").as_unit("s")
        ((_, message),) = told(frame)
        assert message.startswith("times are beyond nanoseconds")

    @pytest.mark.parametrize("row", range(5))
    @pytest.mark.parametrize("unit", ["us", "ns"])
    def test_no_time_at_all_in_a_row(self, row: int, unit: Any) -> None:
        frame = sound()
        index = pd.DatetimeIndex(frame.index.where(np.arange(5) != row))
        frame.index = index.as_unit(unit)
        assert told(frame) == [(f"row {row}", "time is missing or unreadable")]

    def test_order(self) -> None:
        assert told(sound().iloc[[0, 2, 1, 3, 4]]) == [(at(1), "time is out of order")]
        assert told(sound().iloc[[0, 1, 1, 2, 2]]) == [
            (at(1), "time is there twice (and of 1 more)")
        ]
        assert told(sound().iloc[[0, 1, 2, 0]]) == [
            (at(0), "time is out of order"),
            (at(0), "time is there twice"),
        ]

    def test_another_interval(self) -> None:
        ((_, message),) = told(sound(), Interval(300))
        assert message == "bars are mostly closer together than 5m: the interval is wrong"

    def test_no_interval(self) -> None:
        ((_, message),) = told(sound(1), None)
        assert message == "the spacing of the bars tells no interval: say which it is"

    def test_all_at_once(self) -> None:
        frame = sound().iloc[[0, 2, 1, 3, 4]].drop(columns="low")
        frame.iloc[0, 0] = np.nan
        frame.iloc[3, 3] = -5
        messages = [message.split(";")[0] for _, message in told(frame)]
        assert messages == [
            "column low missing",
            "time is out of order",
            "open is missing or infinite",
            "volume is below 0",
        ]


bad = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -1.0, 8.0, 9.0, 10.0, 12.0, 13.0])


@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(COLUMNS), bad), min_size=0, max_size=4)
)
def test_what_is_taken_is_what_breaks_no_rule(changes: list[tuple[int, str, float]]) -> None:
    """The rules said once more, a bar at a time, in plain Python."""
    frame = sound()
    for row, name, value in changes:
        frame.loc[frame.index[row], name] = value
    broken = [row for row, bar in enumerate(frame.itertuples(index=False)) if not right(*bar)]
    if not broken:
        assert len(columns_from_frame(frame, MINUTE, "AZO")) == 5
    else:
        assert min(fault.time for fault in faults(frame)) == at(broken[0])


def right(start: float, high: float, low: float, end: float, volume: float) -> bool:
    if not all(map(math.isfinite, (start, high, low, end, volume))):
        return False
    return 0 < low <= min(start, end) and max(start, end) <= high and volume >= 0


class TestSpacing:
    """The interval of bars nobody named is what their spacing usually is."""

    @pytest.mark.parametrize("seconds", [1, 5, 60, 300, 3600])
    def test_gaps_do_not_mislead(self, seconds: int) -> None:
        chance = np.random.default_rng(seconds)
        times = np.flatnonzero(chance.random(2000) < 0.3) * seconds * 10**9
        assert spacing(times) == Interval(seconds)

    def test_days_with_weekends(self) -> None:
        days = pd.bdate_range("2024-01-01", "2024-02-29", tz="UTC").as_unit("ns")
        assert spacing(days.asi8) == Interval(86_400)

    def test_a_stray_print_does_not_mislead(self) -> None:
        times = np.append(np.arange(500) * MINUTE_NS, 499 * MINUTE_NS + 10**9)
        assert spacing(times) == MINUTE

    def test_nothing_to_tell_it_by(self) -> None:
        weeks = np.arange(9) * 7 * 86_400 * 10**9
        for times in (weeks, weeks[:1], weeks[:0], np.arange(9) * 1000):
            assert spacing(times) is None

    def test_a_made_up_market(self) -> None:
        assert columns_from_frame(made_up("AAA", 0.4), None, "AAA").interval == MINUTE
