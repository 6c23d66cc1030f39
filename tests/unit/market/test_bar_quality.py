"""Quality: present against expected, and the gaps, by laws, by hand and on recorded sessions."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.market.bars import Times
from fsm_session.market.calendar import TradingSession
from fsm_session.market.gaps import Gap
from fsm_session.market.interval import Interval
from fsm_session.market.quality import (
    DayScore,
    Quality,
    combine,
    expected_starts,
    score,
    slots,
)
from tests.real_data import SHARED, needs_shared
from tests.unit.market.strategies import (
    MINUTE,
    MINUTE_NS,
    RECORDED,
    july,
    market,
    recorded,
    unhurried,
    utc,
)

parse = Interval.parse
DAYS = {s.label: s for s in july().sessions}
HONG_KONG = market("XHKG", "2024-07-02", "2024-07-02").session(dt.date(2024, 7, 2))
SESSIONS = (
    DAYS["2024-07-02"],
    DAYS["2024-07-03"],
    HONG_KONG,
    market("CMES", "2024-03-11", "2024-03-11").session(dt.date(2024, 3, 11)),
)
sessions = st.sampled_from(SESSIONS)
intervals = st.sampled_from(["1m", "5m", "7m", "1h", "90m", "1d"]).map(parse)


class TestExpected:
    """Expected from the calendar (390, or 210 on a 13:00 half-day)."""

    @pytest.mark.parametrize(
        ("session", "text", "count"),
        [
            (DAYS["2024-07-02"], "1m", 390),
            (DAYS["2024-07-03"], "1m", 210),
            (DAYS["2024-07-02"], "1h", 7),
            (DAYS["2024-07-03"], "1h", 4),
            (DAYS["2024-07-02"], "1d", 1),
            (HONG_KONG, "1m", 330),
            (HONG_KONG, "1h", 7),
            (HONG_KONG, "15m", 22),
            (HONG_KONG, "1d", 1),
        ],
    )
    def test_by_hand(self, session: TradingSession, text: str, count: int) -> None:
        starts = expected_starts(session, parse(text))
        assert len(starts) == count
        assert starts[0] == session.open_ns
        assert not starts.flags.writeable

    def test_no_bar_is_expected_during_lunch(self) -> None:
        starts = expected_starts(HONG_KONG, MINUTE).tolist()
        assert utc("2024-07-02 03:59") in starts
        assert utc("2024-07-02 04:00") not in starts
        assert utc("2024-07-02 04:59") not in starts
        assert utc("2024-07-02 05:00") in starts

    def test_the_wide_window_changes_nothing(self) -> None:
        wide = july("all").session(dt.date(2024, 7, 3))
        regular = expected_starts(DAYS["2024-07-03"], MINUTE)
        assert expected_starts(wide, MINUTE).tolist() == regular.tolist()


class TestSlots:
    """Slots are anchored at the open, and the last one is cut at the close."""

    @unhurried
    @given(sessions, intervals)
    def test_they_make_up_the_session(self, session: TradingSession, interval: Interval) -> None:
        starts, ends, expected = slots(session, interval)
        assert starts.tolist() == [session.open_ns, *ends[:-1].tolist()]
        assert ends[-1] == session.close_ns
        assert set(np.diff(starts).tolist()) <= {interval.ns}
        assert starts[expected].tolist() == expected_starts(session, interval).tolist()
        assert not any(column.flags.writeable for column in (starts, ends, expected))


class TestScore:
    """Quality is 100 x present / expected base bars, with the gaps named."""

    @unhurried
    @given(sessions, intervals, st.data())
    def test_the_gaps_are_what_is_not_present(
        self, session: TradingSession, interval: Interval, data: st.DataObject
    ) -> None:
        starts = expected_starts(session, interval).tolist()
        held = sorted(data.draw(st.sets(st.sampled_from(starts))))
        outside = [session.open_ns - MINUTE_NS, session.close_ns, session.close_ns + MINUTE_NS]
        quality = score(np.array(sorted(held + outside)), session, interval)
        assert (quality.present, quality.expected) == (len(held), len(starts))
        assert quality.percent == 100 * len(held) / len(starts)
        missing = [
            [start for start in starts if gap.start_ns <= start < gap.end_ns]
            for gap in quality.gaps
        ]
        assert [gap.missing for gap in quality.gaps] == [len(run) for run in missing]
        assert sorted(held + [start for run in missing for start in run]) == starts
        for gap, following in zip(quality.gaps, quality.gaps[1:], strict=False):
            assert gap.end_ns < following.start_ns

    @unhurried
    @given(sessions, intervals, st.data())
    def test_nothing_is_missing_before_it_has_ended(
        self, session: TradingSession, interval: Interval, data: st.DataObject
    ) -> None:
        starts = expected_starts(session, interval)
        step = interval.ns
        edges = [session.close_ns, *(starts + step).tolist()]
        now = data.draw(st.sampled_from(edges)) + data.draw(st.integers(-1, 1))
        ended = [s for s in starts.tolist() if min(s + step, session.close_ns) <= now]
        assert score(starts, session, interval, now) == Quality(100.0, len(ended), len(ended), ())
        none = score(starts[:0], session, interval, now)
        assert none.expected == len(ended)
        assert none.percent == (0.0 if ended else 100.0)

    @unhurried
    @given(sessions, intervals, st.permutations(range(12)))
    def test_twice_in_a_slot_is_once_and_order_is_nothing(
        self, session: TradingSession, interval: Interval, order: list[int]
    ) -> None:
        times = session.open_ns + np.array(order) * 20_000_000_000
        slots = {(i * 20_000_000_000) // interval.ns for i in order}
        assert score(times, session, interval).present == len(slots)

    def test_gaps_by_hand(self) -> None:
        session = DAYS["2024-07-03"]
        starts = expected_starts(session, MINUTE)
        held = np.delete(starts, [0, 1, 5, 209])
        assert score(held, session, MINUTE) == Quality(
            100 * 206 / 210,
            206,
            210,
            (
                Gap(utc("2024-07-03 13:30"), utc("2024-07-03 13:32"), 2),
                Gap(utc("2024-07-03 13:35"), utc("2024-07-03 13:36"), 1),
                Gap(utc("2024-07-03 16:59"), utc("2024-07-03 17:00"), 1),
            ),
        )

    def test_a_gap_stops_for_lunch(self) -> None:
        gaps = score(np.array([], np.int64), HONG_KONG, MINUTE).gaps
        assert [(gap.end_ns - gap.start_ns) // MINUTE_NS for gap in gaps] == [150, 180]

    @pytest.mark.parametrize(
        ("stamp", "present"),
        [
            ("2024-07-03", 1),
            ("2024-07-03 04:00", 1),
            ("2024-07-03 13:30", 1),
            ("2024-07-02", 0),
            ("2024-07-03 17:00", 0),
            ("2024-07-04", 0),
        ],
    )
    def test_a_daily_bar_by_its_stamp(self, stamp: str, present: int) -> None:
        quality = score(np.array([utc(stamp)]), DAYS["2024-07-03"], parse("1d"))
        assert (quality.present, quality.expected) == (present, 1)


@st.composite
def days(draw: st.DrawFn) -> tuple[TradingSession, Interval, Times]:
    """Give a session and bars of it: runs of slots, with some bars that start within a slot."""
    session, interval = draw(sessions), draw(intervals)
    starts = expected_starts(session, interval).tolist()
    places = st.integers(0, len(starts) - 1)
    times: set[int] = set()
    for first, length in draw(st.lists(st.tuples(places, st.integers(1, 60)), max_size=4)):
        times.update(starts[first : first + length])
    times.difference_update(draw(st.sets(st.sampled_from(starts), max_size=6)))
    within = st.integers(session.open_ns - MINUTE_NS, session.close_ns + MINUTE_NS)
    times.update(draw(st.sets(within, max_size=4)))
    if interval.is_daily and draw(st.booleans()):
        zone = draw(st.sampled_from(["UTC", session.zone]))
        times.add(pd.Timestamp(session.date, tz=zone).value)
    return session, interval, np.array(sorted(times), np.int64)


def ends_of(time: Times, session: TradingSession, interval: Interval) -> Times:
    return np.minimum(time + interval.ns, session.close_ns)


@st.composite
def instants(draw: st.DrawFn, day: tuple[TradingSession, Interval, Times]) -> int:
    """Give an instant of a day: one at which something ends, or one beside it, or any."""
    session, interval, time = day
    edges = [session.open_ns, *slots(session, interval)[1].tolist()]
    edges += ends_of(time, session, interval).tolist()
    near = draw(st.sampled_from(edges)) + draw(st.integers(-1, 1))
    return draw(st.just(near) | st.integers(session.open_ns - MINUTE_NS, session.close_ns + 1))


class TestDayScore:
    """What `score` would say of the bars that have happened by then: a bar's end is its start and
    the interval, no later than the close."""

    @unhurried
    @given(days(), st.data())
    def test_the_same_at_any_instant(
        self, day: tuple[TradingSession, Interval, Times], data: st.DataObject
    ) -> None:
        session, interval, time = day
        found = DayScore.of(time, session, interval)
        some = [data.draw(instants(day)) for _ in range(8)]
        for now in some:
            visible = time[ends_of(time, session, interval) <= now]
            assert found.at(now) == score(visible, session, interval, now)
        percent = found.percent_at(np.array(some)).tolist()
        assert percent == [found.at(now).percent for now in some]
        assert found.at(session.close_ns) == score(time, session, interval)

    def test_what_is_given_is_neither_kept_nor_ordered(self) -> None:
        session = DAYS["2024-07-02"]
        found = DayScore.of(time := expected_starts(session, MINUTE)[[5, 1, 3]], session, MINUTE)
        time[:] = 0
        present = [found.at(session.open_ns + k * MINUTE_NS).present for k in (1, 2, 4, 6)]
        assert present == [0, 1, 2, 3]

    def test_a_bar_within_a_slot_closes_its_gap_when_it_ends(self) -> None:
        session = DAYS["2024-07-02"]
        begin, second = session.open_ns, 1_000_000_000
        found = DayScore.of(np.array([begin + MINUTE_NS + second]), session, MINUTE)
        at = {k: found.at(begin + 2 * MINUTE_NS + k * second) for k in (0, 1)}
        assert at[0].gaps == (Gap(begin, begin + 2 * MINUTE_NS, 2),)
        assert at[1] == Quality(50.0, 1, 2, (Gap(begin, begin + MINUTE_NS, 1),))


class TestOpenGap:
    """The gap that is still open: the newest expected slot by now is empty and the session has not
    ended by then."""

    def test_by_hand(self) -> None:
        session = DAYS["2024-07-03"]
        held = np.delete(expected_starts(session, MINUTE), [1, 2, 208, 209])
        day = DayScore.of(held, session, MINUTE)
        first = Gap(utc("2024-07-03 13:31"), utc("2024-07-03 13:33"), 2)
        expected = {
            "13:31": ((), None),
            "13:32": ((Gap(first.start_ns, utc("2024-07-03 13:32"), 1),), 0),
            "13:33": ((first,), 0),
            "13:34": ((first,), None),
            "16:59": ((first, Gap(utc("2024-07-03 16:58"), utc("2024-07-03 16:59"), 1)), 1),
            "17:00": ((first, Gap(utc("2024-07-03 16:58"), utc("2024-07-03 17:00"), 2)), None),
        }
        for clock, (gaps, place) in expected.items():
            now = utc(f"2024-07-03 {clock}")
            for quality in (day.at(now), score(held[held < now], session, MINUTE, now)):
                assert quality.gaps == gaps
                assert quality.open_gap == (None if place is None else gaps[place])

    def test_it_stays_open_over_lunch(self) -> None:
        noon, one = utc("2024-07-02 04:00"), utc("2024-07-02 05:00")
        gap = Gap(noon - MINUTE_NS, noon, 1)
        held = np.delete(expected_starts(HONG_KONG, MINUTE), [149, 150])
        day = DayScore.of(held, HONG_KONG, MINUTE)
        assert [day.at(now).open_gap for now in (noon - 1, noon, one)] == [None, gap, gap]
        assert day.at(one + MINUTE_NS).open_gap == Gap(one, one + MINUTE_NS, 1)
        assert day.at(one + MINUTE_NS).gaps[0] == gap

    @unhurried
    @given(days(), st.data())
    def test_it_is_the_last_of_the_gaps(
        self, day: tuple[TradingSession, Interval, Times], data: st.DataObject
    ) -> None:
        session, interval, time = day
        now = data.draw(instants(day))
        quality = score(time, session, interval, now)
        _, ends, expected = slots(session, interval)
        ended = [end for end in ends[expected].tolist() if end <= now]
        still = bool(quality.gaps) and quality.gaps[-1].end_ns == ended[-1]
        last = quality.gaps[-1] if still and now < session.close_ns else None
        assert quality.open_gap == last

    def test_none_where_it_was_not_asked_until_when(self) -> None:
        session, nothing = DAYS["2024-07-03"], np.array([], np.int64)
        early = score(nothing, session, MINUTE, session.open_ns + MINUTE_NS)
        assert early.open_gap == early.gaps[0]
        assert combine([early]).open_gap is None
        assert score(nothing, session, MINUTE).open_gap is None
        assert score(nothing, session, parse("1d"), session.close_ns).open_gap is None


class TestCombine:
    """Score the quality of the history."""

    def test_sums_not_means(self) -> None:
        first = Quality(50.0, 1, 2, (Gap(1, 2, 1),))
        second = Quality(100.0, 8, 8, ())
        assert combine([first, second]) == Quality(90.0, 9, 10, (Gap(1, 2, 1),))
        assert combine([]) == Quality(100.0, 0, 0, ())


@needs_shared
class TestRecorded:
    """Reference counts of every recorded session, none of them by this project's code."""

    @pytest.mark.parametrize("name", RECORDED)
    def test_every_session(self, name: str) -> None:
        rows = pd.read_csv(SHARED / "golden" / f"{name}_sessions.csv")
        bars, calendar = recorded(name)
        found = []
        for label in rows["session"]:
            quality = score(bars.time, calendar.session(dt.date.fromisoformat(label)), MINUTE)
            longest = max((gap.missing for gap in quality.gaps), default=0)
            found.append(
                (quality.expected, quality.present, quality.expected - quality.present, longest)
            )
        columns = ["minutes", "bars_regular", "missing", "longest_gap_minutes"]
        assert found == list(rows[columns].itertuples(index=False, name=None))
