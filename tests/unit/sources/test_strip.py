"""Bars as sources hold them: times are shared, days put behind days, and nothing given changes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.market.bars import ARRAYS, COLUMNS, Bars
from fsm_session.sources.strip import Columns, Roll, SharedStamps, Stamps, Strip
from tests.unit.sources.markets import MINUTE

MINUTE_NS = MINUTE.ns


def columns(*minutes: int) -> Columns:
    time = np.array(minutes, np.int64) * MINUTE_NS
    return Columns(time, [time / MINUTE_NS + number for number in range(len(COLUMNS))])


def naive(*parts: Columns) -> Bars:
    """Join by numpy alone, into bars that share nothing."""
    time = np.concatenate([part.time for part in parts])
    numbers = [np.concatenate([part.numbers[n] for part in parts]) for n in range(len(COLUMNS))]
    return Bars.base(MINUTE, time, *numbers)


class TestRoll:
    """ "A row that is there never changes"."""

    def test_what_was_cut_out_stays_when_more_is_put(self) -> None:
        roll = Roll(2, np.int64, 4)
        roll.put([np.array([1, 2]), np.array([3, 4])])
        before = roll.cut(0, 2)
        roll.put([np.array([5, 6]), np.array([7, 8])])
        assert before.tolist() == [[1, 2], [3, 4]]
        assert roll.cut(1, 4).tolist() == [[2, 5, 6], [4, 7, 8]]

    def test_room(self) -> None:
        roll = Roll(1, np.int64, 2)
        assert roll.has_room(2)
        roll.put([np.array([1])])
        assert (len(roll), roll.has_room(1), roll.has_room(2)) == (1, True, False)

    def test_nothing_can_be_written(self) -> None:
        roll = Roll(1, np.float64, 1)
        roll.put([np.array([1.0])])
        for array in (roll.cut(0, 1), *roll.cut(0, 1)):
            with pytest.raises(ValueError, match="read-only"):
                array[...] = 2


class TestStamps:
    """Times, "and what follows from them, whatever the prices"."""

    def test_what_follows(self) -> None:
        stamps = Stamps(MINUTE, columns(3, 4, 7).time)
        time, end, count = (each.tolist() for each in stamps.cut(slice(1, 3)))
        assert time == [4 * MINUTE_NS, 7 * MINUTE_NS]
        assert end == [5 * MINUTE_NS, 8 * MINUTE_NS]
        assert count == [1, 1]

    @pytest.mark.parametrize(
        ("row", "minutes", "can_be"),
        [
            (0, (3, 4), True),
            (1, (4,), True),
            (1, (4, 7), False),
            (1, (5,), False),
            (2, (7,), True),
            (2, (7, 8, 9), False),
        ],
    )
    def test_put(self, row: int, minutes: tuple[int, ...], can_be: bool) -> None:
        stamps = Stamps(MINUTE, columns(3, 4).time, room=2)
        assert stamps.put(row, columns(*minutes).time) is can_be
        assert len(stamps) == (3 if can_be and row == 2 else 2)

    def test_all_are_given_the_same_arrays(self) -> None:
        stamps = Stamps(MINUTE, columns(3, 4, 7).time)
        window = stamps.window(3 * MINUTE_NS, 7 * MINUTE_NS, 0, 3)
        for one, other in zip(stamps.cut(window), stamps.cut(slice(0, 2)), strict=True):
            assert one is other

    @given(
        st.sets(st.integers(0, 30), max_size=12),
        st.lists(st.tuples(*[st.integers(-2, 32)] * 2, *[st.integers(0, 12)] * 2), max_size=6),
    )
    def test_windows(self, minutes: set[int], asked: list[tuple[int, int, int, int]]) -> None:
        stamps = Stamps(MINUTE, columns(*sorted(minutes)).time)
        for start, end, *rows in asked:
            first, last = sorted(min(row, len(stamps)) for row in rows)
            part = stamps.window(start * MINUTE_NS, end * MINUTE_NS, first, last)
            wanted = [minute for minute in sorted(minutes)[first:last] if start <= minute < end]
            assert (stamps.cut(part)[0] // MINUTE_NS).tolist() == wanted


class TestSharedStamps:
    """ "The stamps that were made last, for the next symbols that have the same times"."""

    def test_the_same_times(self) -> None:
        shared = SharedStamps()
        stamps = shared.of(columns(1, 2).time, MINUTE, 0)
        assert shared.find(columns(1, 2).time, MINUTE) is stamps
        assert shared.of(columns(1, 2).time, MINUTE, 5) is stamps
        for other in (columns(1, 3), columns(1), columns(1, 2, 3), columns()):
            assert shared.find(other.time, MINUTE) is None

    def test_what_was_asked_is_not_what_the_spacing_told(self) -> None:
        shared = SharedStamps()
        stamps = shared.keep(Stamps(MINUTE, columns(1, 2).time), None)
        assert shared.find(columns(1, 2).time, MINUTE) is None
        assert shared.find(columns(1, 2).time, None) is stamps

    def test_thin_symbols_between_do_not_part_the_busy_ones(self) -> None:
        shared, busy = SharedStamps(), columns(*range(9)).time
        stamps = shared.of(busy, MINUTE, 0)
        for minute in range(5):
            shared.of(columns(minute).time, MINUTE, 0)
            assert shared.of(busy, MINUTE, 0) is stamps


ascending = st.lists(st.integers(1, 3), max_size=4)


class TestStrip:
    """Symbols whose times are the same for a while are not mixed up when they part."""

    @given(st.lists(st.tuples(ascending, ascending), max_size=6), st.integers(0, 20))
    def test_what_is_put_is_there_and_what_was_there_stays(
        self, days: list[tuple[list[int], list[int]]], room: int
    ) -> None:
        stamps = Stamps(MINUTE, columns(1, 2).time, room)
        strips = [Strip(stamps, [columns(1, 2)], room) for _ in range(2)]
        put: list[list[Columns]] = [[columns(1, 2)], [columns(1, 2)]]
        given_before: list[tuple[Bars, Bars]] = []
        for day, both in enumerate(days):
            for strip, parts, steps in zip(strips, put, both, strict=True):
                part = columns(*(10 * (day + 1) + np.cumsum(steps, dtype=int)))
                if strip.put([part]):
                    parts.append(part)
                given_before.append((strip.bars(), naive(*parts)))
        for bars, wanted in given_before:
            assert bars.same(wanted)

    def test_several_parts_are_put_all_or_none(self) -> None:
        strip = Strip(Stamps(MINUTE, columns(1).time, 2), [columns(1)], 2)
        assert not strip.put([columns(2), columns(3, 4)])
        assert strip.put([columns(2), columns(3)])
        assert strip.bars().same(naive(columns(1, 2, 3)))

    def test_nothing_can_be_written(self) -> None:
        strip = Strip(Stamps(MINUTE, columns(1, 2).time, 2), [columns(1, 2)], 2)
        for bars in (strip.bars(), strip.window(0, 2**62), strip.bars(slice(1, 2))):
            for name in ARRAYS:
                with pytest.raises(ValueError, match="read-only"):
                    bars.column(name)[0] = 0
