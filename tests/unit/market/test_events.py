"""Ticks and quotes: cheap slices, read-only columns, the order of events kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import UnknownNameError
from fsm_session.market.bars import Bars
from fsm_session.market.events import Events, Quotes, Ticks, quotes_from_bars, take
from tests.unit.market.strategies import MINUTE, july, sparse_bars, unhurried, utc

COLUMNS: dict[type[Events], list[str]] = {
    Ticks: ["price", "size"],
    Quotes: ["bid_price", "bid_size", "ask_price", "ask_size"],
}
KINDS = list(COLUMNS)
values = st.integers(0, 10_000).map(lambda cents: cents / 100)
#: few instants, so that many events share one
times = st.lists(st.integers(0, 4).map(lambda second: second * 10**9), max_size=12).map(sorted)


@st.composite
def events(draw: st.DrawFn) -> Events:
    """Draw events of either kind."""
    kind, time = draw(st.sampled_from(KINDS)), draw(times)
    column = st.lists(values, min_size=len(time), max_size=len(time))
    return kind.of(time, **{name: draw(column) for name in COLUMNS[kind]})


def two_ticks() -> Ticks:
    return Ticks.of([5, 5], price=[1.0, 2.0], size=[10.0, 20.0])


def two_quotes() -> Quotes:
    return Quotes.of([5, 6], bid_price=[1, 0], bid_size=[3, 0], ask_price=[2, 2], ask_size=[4, 4])


both = pytest.mark.parametrize("made", [two_ticks, two_quotes])


class TestReadOnly:
    """What crosses a room is frozen; a view really is read-only, and a test tries to write."""

    @both
    def test_no_column_can_be_written(self, made: Callable[[], Events]) -> None:
        whole = made()
        for one in (whole, whole[:1], take(whole, np.array([True, False])), type(whole).empty()):
            for name in ["time", *COLUMNS[type(whole)]]:
                with pytest.raises(ValueError, match="read-only"):
                    one.column(name)[:] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            whole[:1].time.flags.writeable = True
        with pytest.raises(AttributeError):
            whole.time = whole.time  # type: ignore[misc]

    def test_what_they_were_made_of_is_not_shared(self) -> None:
        time, price = np.array([5]), np.ones(1)
        ticks = Ticks.of(time, price=price, size=price)
        time[0], price[0] = 99, 99.0
        assert (ticks.time.tolist(), ticks.price.tolist(), ticks.size.tolist()) == ([5], [1], [1])


class TestSlices:
    """A view is the slice up to there: the order of the rows is the order of events."""

    @given(events(), st.slices(12))
    def test_a_slice_cuts_every_column(self, whole: Events, part: slice) -> None:
        cut = whole[part]
        assert type(cut) is type(whole)
        assert len(cut) == len(range(len(whole))[part])
        for name in ["time", *COLUMNS[type(whole)]]:
            assert cut.column(name).tolist() == whole.column(name).tolist()[part]
            assert np.shares_memory(cut.column(name), whole.column(name)) or not len(cut)

    @given(events(), st.data())
    def test_what_is_taken_stays_in_order(self, whole: Events, data: st.DataObject) -> None:
        kept = data.draw(st.lists(st.booleans(), min_size=len(whole), max_size=len(whole)))
        some = take(whole, np.array(kept, bool))
        rows = [row for row, keep in enumerate(kept) if keep]
        for name in ["time", *COLUMNS[type(whole)]]:
            assert some.column(name).tolist() == [whole.column(name).tolist()[r] for r in rows]

    def test_only_slices(self) -> None:
        with pytest.raises(TypeError, match=r"cut by a slice, not by 0: take ticks\.price\[i\]"):
            two_ticks()[0]  # type: ignore[index]

    @given(events(), events())
    def test_same_is_of_one_kind_with_equal_columns(self, one: Events, other: Events) -> None:
        frames = one.frame(), other.frame()
        assert one.same(other) is (type(one) is type(other) and frames[0].equals(frames[1]))
        assert one.same(one[:])
        assert other.same(one) is one.same(other)

    @both
    def test_same_sees_each_column(self, made: Callable[[], Events]) -> None:
        whole = made()
        columns: dict[str, Any] = {name: whole.column(name) for name in COLUMNS[type(whole)]}
        last = np.array([0, 1])
        for name, column in columns.items():
            other = type(whole).of(whole.time, **{**columns, name: column + last})
            assert not whole.same(other)
        assert not whole.same(type(whole).of(whole.time + 1, **columns))


class TestColumns:
    """Column names are lower-case: price size, bid_price bid_size ask_price ask_size."""

    @both
    def test_by_name(self, made: Callable[[], Events]) -> None:
        whole = made()
        names = COLUMNS[type(whole)]
        assert (list(whole.FIELDS), list(whole.ARRAYS)) == (names, ["time", *names])
        assert {whole.column(name).dtype for name in names} == {np.dtype("float64")}
        assert whole.column("time").dtype == np.dtype("int64")
        kind = type(whole).__name__.lower()
        with pytest.raises(UnknownNameError, match=rf"{kind} have no column 'close'.*{names[-1]}"):
            whole.column("close")

    def test_values_stay_where_they_were_put(self) -> None:
        assert two_ticks().size.tolist() == [10, 20]
        assert two_quotes().bid_price.tolist() == [1, 0]
        assert two_quotes().ask_size.tolist() == [4, 4]

    def test_others_are_refused(self) -> None:
        with pytest.raises(TypeError, match="volume"):
            Ticks.of([1], price=[1], volume=[1])
        with pytest.raises(TypeError, match="size"):
            Ticks.of([1], price=[1])

    @given(events(), st.sampled_from(["UTC", "America/New_York"]))
    def test_a_frame_holds_the_same(self, whole: Events, zone: str) -> None:
        frame = whole.frame(zone)
        assert frame.columns.tolist() == COLUMNS[type(whole)]
        assert isinstance(frame.index, pd.DatetimeIndex)
        assert (str(frame.index.tz), frame.index.name) == (zone, "time")
        assert frame.index.as_unit("ns").asi8.tolist() == whole.time.tolist()
        for name in COLUMNS[type(whole)]:
            assert frame[name].tolist() == whole.column(name).tolist()

    def test_a_frame_can_be_changed_without_harm(self) -> None:
        ticks = two_ticks()
        frame = ticks.frame()
        frame.loc[:, "price"] = 7.0
        assert ticks.price.tolist() == [1.0, 2.0]

    @pytest.mark.parametrize("kind", KINDS)
    def test_none(self, kind: type[Events]) -> None:
        assert (len(kind.empty()), len(kind.empty().frame())) == (0, 0)
        assert kind.empty().same(kind.of([], **{name: [] for name in COLUMNS[kind]}))


class TestQuotesFromBars:
    """One quote of each bar: at its ``end``, when its close is known, from both sides."""

    @unhurried
    @given(sparse_bars(july()))
    def test_each_bar_is_quoted_at_its_end(self, bars: Bars) -> None:
        quotes = quotes_from_bars(bars)
        closes, ends = bars.frame()["close"].tolist(), bars.end.tolist()
        assert quotes.time.tolist() == ends
        assert quotes.bid_price.tolist() == quotes.ask_price.tolist() == closes
        assert quotes.bid_size.tolist() == quotes.ask_size.tolist() == [0.0] * len(bars)

    def test_not_before_the_close_is_known(self) -> None:
        ones = [1.0]
        start = utc("2024-07-01 13:30")
        bars = Bars.base(MINUTE, [start], ones, ones, ones, ones, ones)
        assert quotes_from_bars(bars).time.tolist() == [utc("2024-07-01 13:31")]
        assert len(quotes_from_bars(bars[:0])) == 0

    def test_nothing_can_be_written(self) -> None:
        bars = Bars.base(MINUTE, [0], [1], [1], [1], [1], [1])
        for name in Quotes.ARRAYS:
            with pytest.raises(ValueError, match="read-only"):
                quotes_from_bars(bars).column(name)[:] = 1
