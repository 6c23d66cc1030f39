"""Thinning keeps what an eye would miss, and pandas says what that is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fsm_session.report.thinning import bucket_seconds, starts_of, thin_bars, thin_line

INTERVALS = (1, 5, 60, 300)
OPEN = pd.Timestamp("2024-07-03 13:30", tz="UTC")


@st.composite
def bars(draw: st.DrawFn) -> tuple[int, dict[str, np.ndarray]]:
    """Draw an interval and bars of it, with gaps, some before the open."""
    interval = draw(st.sampled_from(INTERVALS))
    places = sorted(draw(st.sets(st.integers(-50, 2000), min_size=1, max_size=120)))
    count = len(places)
    prices = draw(
        hnp.arrays(np.float64, (4, count), elements=st.integers(1, 10**6).map(lambda n: n / 100))
    )
    volume = draw(hnp.arrays(np.float64, count, elements=st.integers(0, 10**6).map(float)))
    columns = {
        "seconds": np.array(places, np.int64) * interval,
        "open": prices[0],
        "high": prices.max(axis=0),
        "low": prices.min(axis=0),
        "close": prices[3],
        "volume": volume,
    }
    return interval, columns


lines = hnp.arrays(
    np.float64, st.integers(1, 80), elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan))
)


#: a busy machine is no fault
patient = settings(deadline=None, max_examples=50)


class TestBars:
    """ "Open, high, low, close, volume of every thinned bucket equal pandas' resample of its
    bars."
    """

    @patient
    @given(bars(), st.integers(1, 60))
    def test_as_pandas_resamples(
        self, made: tuple[int, dict[str, np.ndarray]], at_most: int
    ) -> None:
        interval, columns = made
        width = bucket_seconds(columns["seconds"], interval, at_most)
        thin = pd.DataFrame(thin_bars(columns, width)).set_index("seconds")
        index = OPEN + pd.to_timedelta(columns["seconds"], unit="s")
        frame = pd.DataFrame({k: v for k, v in columns.items() if k != "seconds"}, index=index)
        told = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        expected = frame.resample(f"{width}s", origin=OPEN).agg(told).dropna()
        expected.index = pd.Index(
            (pd.DatetimeIndex(expected.index) - OPEN).total_seconds().astype(np.int64)
        )
        pd.testing.assert_frame_equal(
            thin, expected, check_names=False, check_index_type=False, check_dtype=False, rtol=0
        )

    @patient
    @given(bars(), st.integers(1, 60))
    def test_no_more_than_asked_for(
        self, made: tuple[int, dict[str, np.ndarray]], at_most: int
    ) -> None:
        interval, columns = made
        width = bucket_seconds(columns["seconds"], interval, at_most)
        # one side of the open each, where one bar is before it and one behind
        sides = 1 + bool(columns["seconds"][0] < 0 <= columns["seconds"][-1])
        assert len(thin_bars(columns, width)["seconds"]) <= max(at_most, sides)

    @patient
    @given(bars())
    def test_few_stay_as_they_are(self, made: tuple[int, dict[str, np.ndarray]]) -> None:
        interval, columns = made
        width = bucket_seconds(columns["seconds"], interval, len(columns["seconds"]))
        assert width == interval
        for name, column in thin_bars(columns, width).items():
            np.testing.assert_array_equal(column, columns[name])

    def test_of_no_bars_there_are_none(self) -> None:
        columns = {name: np.empty(0) for name in ("seconds", "open", "high", "low", "close")}
        columns["volume"] = np.empty(0)
        width = bucket_seconds(np.empty(0, np.int64), 60, 10)
        assert width == 60
        assert {len(each) for each in thin_bars(columns, width).values()} == {0}


class TestLines:
    """ "A bucket of a line keeps its lowest and its highest value, in the order in which they
    came."
    """

    @patient
    @given(lines, st.integers(1, 20))
    def test_the_lowest_and_highest_of_every_bucket(self, line: np.ndarray, size: int) -> None:
        seconds = np.arange(len(line), dtype=np.int64)
        kept = thin_line(line, starts_of(seconds, size))
        assert list(kept) == sorted(set(kept))
        for at in range(0, len(line), size):
            own = line[at : at + size]
            told = [line[each] for each in kept if at <= each < at + size]
            assert 1 <= len(told) <= 2
            if np.isnan(own).all():
                assert np.isnan(told).all()
            else:
                assert (min(told), max(told)) == (np.nanmin(own), np.nanmax(own))
