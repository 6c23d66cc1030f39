"""Bars: cheap slices, read-only columns, and the instant at which each happens."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IntervalError, UnknownNameError
from fsm_session.market.bars import ARRAYS, COLUMNS, Bars, concat, with_ends
from fsm_session.market.interval import Interval
from tests.unit.market.strategies import (
    MINUTE,
    MINUTE_NS,
    bars_at,
    july,
    market,
    sparse_bars,
    unhurried,
    utc,
)

DAY = Interval.parse("1d")


def flat(interval: Interval, *times: int) -> Bars:
    ones = np.ones(len(times))
    return Bars.base(interval, times, ones, ones, ones, ones, ones)


class TestReadOnly:
    """What crosses a room is frozen; a view really is read-only, and a test tries to write."""

    @pytest.mark.parametrize("name", ARRAYS)
    def test_no_column_can_be_written(self, name: str) -> None:
        bars = flat(MINUTE, 0, MINUTE_NS)
        joined = concat(bars, flat(MINUTE, 2 * MINUTE_NS))
        for one in (bars, bars[:1], joined, with_ends(joined, july()), Bars.empty(MINUTE)):
            with pytest.raises(ValueError, match="read-only"):
                getattr(one, name)[:] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            getattr(bars[:1], name).flags.writeable = True

    def test_what_they_were_made_of_is_not_shared(self) -> None:
        close = np.ones(1)
        bars = Bars.base(MINUTE, [0], close, close, close, close, close)
        close[0] = 99.0
        assert bars.close.tolist() == [1.0]


class TestSlices:
    """A view is the slice up to there."""

    @unhurried
    @given(sparse_bars(july()), st.slices(50))
    def test_a_slice_cuts_every_column(self, bars: Bars, part: slice) -> None:
        cut = bars[part]
        assert len(cut) == len(range(len(bars))[part])
        for name in ARRAYS:
            assert cut.column(name).tolist() == bars.column(name).tolist()[part]
            assert cut.column(name).base is not None or not len(cut)

    @unhurried
    @given(sparse_bars(july()), st.integers(0, 50))
    def test_parts_join_to_the_whole(self, bars: Bars, at: int) -> None:
        assert concat(bars[:at], bars[at:]).same(bars)

    def test_only_slices(self) -> None:
        with pytest.raises(TypeError, match="slice"):
            flat(MINUTE, 0)[0]  # type: ignore[index]

    def test_only_one_interval(self) -> None:
        with pytest.raises(IntervalError, match="1m and 1d"):
            concat(flat(MINUTE, 0), flat(DAY, MINUTE_NS))

    def test_same_sees_each_column(self) -> None:
        bars = bars_at([0], [[1, 2, 3, 4, 5]])
        assert bars.same(bars[:])
        assert not bars.same(bars[:0])
        for change in range(5):
            other = bars_at([0], [[1, 2, 3, 4, 5 + 10 * (change == 4)]])
            assert bars.same(other) is (change != 4)
        assert not bars.same(bars_at([1], [[1, 2, 3, 4, 5]]))


class TestColumns:
    """Column names are lower-case: open high low close volume."""

    def test_by_name(self) -> None:
        bars = bars_at([0, MINUTE_NS], [[1, 2, 3, 4, 50], [5, 6, 7, 8, 60]])
        assert bars.column("volume").tolist() == [50.0, 60.0]
        assert bars.column("end").tolist() == [MINUTE_NS, 2 * MINUTE_NS]
        assert bars.column("count").tolist() == [1, 1]
        with pytest.raises(UnknownNameError, match=r"no column 'vwap'.*volume"):
            bars.column("vwap")

    @unhurried
    @given(sparse_bars(july()), st.sampled_from(["UTC", "America/New_York"]))
    def test_a_frame_holds_the_same(self, bars: Bars, zone: str) -> None:
        frame = bars.frame(zone)
        assert frame.columns.tolist() == list(COLUMNS)
        assert isinstance(frame.index, pd.DatetimeIndex)
        assert str(frame.index.tz) == zone
        assert frame.index.as_unit("ns").asi8.tolist() == bars.time.tolist()
        for name in COLUMNS:
            assert frame[name].tolist() == bars.column(name).tolist()

    def test_a_frame_can_be_changed_without_harm(self) -> None:
        bars = flat(MINUTE, 0)
        frame = bars.frame()
        frame.loc[:, "close"] = 7.0
        assert bars.close.tolist() == [1.0]


class TestEnds:
    """A bar is labelled by the start of its interval and happens at its end. At the close, what
    is unfinished is finished: a half-day's last hour is a short bar."""

    @unhurried
    @given(sparse_bars(july()), st.sampled_from(["1m", "5m", "1h"]))
    def test_never_beyond_the_window(self, bars: Bars, text: str) -> None:
        wide = Interval.parse(text)
        columns = (bars.column(name) for name in COLUMNS)
        ended = with_ends(Bars.base(wide, bars.time, *columns), july())
        for time, end in zip(ended.time.tolist(), ended.end.tolist(), strict=True):
            session = next(s for s in july().sessions if s.start_ns <= time < s.end_ns)
            assert end == min(time + wide.ns, session.end_ns)

    def test_the_last_hour_of_a_half_day(self) -> None:
        bars = flat(Interval.parse("1h"), utc("2024-07-03 15:30"), utc("2024-07-03 16:30"))
        ends = with_ends(bars, july()).end.tolist()
        assert ends == [utc("2024-07-03 16:30"), utc("2024-07-03 17:00")]

    def test_session_ends_given(self) -> None:
        ones = np.ones(2)
        bars = Bars.base(MINUTE, [0, MINUTE_NS], ones, ones, ones, ones, ones, session_ends=90)
        assert bars.end.tolist() == [90, 90]

    def test_outside_every_session(self) -> None:
        bars = with_ends(flat(MINUTE, utc("2024-07-04 15:00")), july())
        assert bars.end.tolist() == [utc("2024-07-04 15:01")]

    @pytest.mark.parametrize("stamp", ["2024-07-03", "2024-07-03 04:00", "2024-07-03 13:30"])
    @pytest.mark.parametrize("hours", ["regular", "all"])
    def test_a_daily_bar_happens_at_its_sessions_close(self, stamp: str, hours: str) -> None:
        bars = with_ends(flat(DAY, utc(stamp)), july("all" if hours == "all" else "regular"))
        assert bars.end.tolist() == [utc("2024-07-03 17:00")]
        assert bars.time.tolist() == [utc(stamp)]

    @pytest.mark.parametrize("stamp", ["2024-07-01", "2024-07-01 04:00", "2024-07-01 13:30"])
    @pytest.mark.parametrize(("text", "end"), [("1w", "07-05 20:00"), ("1mo", "07-31 20:00")])
    def test_a_weekly_or_monthly_bar_happens_with_its_last_session(
        self, stamp: str, text: str, end: str
    ) -> None:
        bars = with_ends(flat(Interval.parse(text), utc(stamp)), july())
        assert bars.end.tolist() == [utc(f"2024-{end}")]

    def test_a_daily_bar_of_tokyo(self) -> None:
        calendar = market("XTKS", "2024-07-01", "2024-07-05", "all")
        for stamp in ("2024-07-03", "2024-07-02 15:00"):
            ended = with_ends(flat(DAY, utc(stamp)), calendar)
            assert ended.end.tolist() == [utc("2024-07-03 06:00")]
