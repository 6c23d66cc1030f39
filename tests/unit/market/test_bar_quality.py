"""Quality: present against expected, and the gaps, by laws, by hand and on recorded sessions."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.market.calendar import TradingSession
from fsm_session.market.interval import Interval
from fsm_session.market.quality import Gap, Quality, combine, expected_starts, score
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
