"""Sessions of every kind: all hours, no hours at all, half a day, a bar a day, five seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import SessionCoordinator
from tests.small_market import SESSIONS, ZONE, market, wishes
from tests.unit.session.days import HOW, bars, derived, same, span, watch, wish

MINUTE = pd.Timedelta(minutes=1)
HALF_DAY = "2024-07-03"


def local(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """The starts of bars, in the exchange's zone."""
    return pd.DatetimeIndex(frame.index).tz_convert(ZONE)


class TestAllHours:
    """``hours = "regular"`` takes bars that start in [open, close); ``"all"`` takes all."""

    frame = bars(span("2024-07-02 04:00", "2024-07-02 19:59", "1min", ZONE))

    def test_the_day_begins_before_the_open_and_ends_after_the_close(self) -> None:
        config = wish(["AAA"], ["1m", "5m", "1h"], SESSIONS[0], SESSIONS[0], data={"hours": "all"})
        run, shown = watch(config, {"AAA": self.frame}, "1m")
        starts = local(self.frame)
        # the hour from 19:30 is finished where the day ends
        midnight = pd.Timestamp("2024-07-03 00:00", tz=ZONE)
        assert shown.steps == [*(each + MINUTE for each in starts), midnight]
        assert [time for _, time in shown.bars] == list(starts)
        data = run.data["AAA"]
        assert same(data.today("1m"), self.frame)
        for interval, rule in (("5m", "5min"), ("1h", "1h")):
            expected = derived(self.frame, "2024-07-02 09:30", rule, ZONE)
            assert same(data.today(interval), expected)
        # hours are anchored at the open: 04:00 lies in the one from 03:30
        first = data.today("1h").frame(ZONE).index[0]
        assert first == pd.Timestamp("2024-07-02 03:30", tz=ZONE)
        assert run.outcome == "completed"

    def test_regular_hours_leave_them_out(self) -> None:
        config = wish(["AAA"], ["1m", "5m", "1h"], SESSIONS[0], SESSIONS[0])
        run, shown = watch(config, {"AAA": self.frame}, "1m")
        inside = self.frame.between_time("13:30", "19:59")
        assert len(inside) == 390
        assert same(run.data["AAA"].today(), inside)
        assert shown.steps == [each + MINUTE for each in local(inside)]

    def test_quality_is_of_regular_hours(self) -> None:
        config = wish(["AAA"], ["1m"], SESSIONS[0], SESSIONS[0], data={"hours": "all"})
        hours = local(self.frame).hour
        part = pd.DataFrame(self.frame[(hours < 11) | (hours >= 12)])
        run, _ = watch(config, {"AAA": part}, "1m")
        quality = run.data["AAA"].quality()
        assert quality is not None
        assert (quality.present, quality.expected) == (330, 390)

    def test_a_derived_bar_is_whole_before_the_open_too(self) -> None:
        config = wish(["AAA"], ["1m", "5m"], SESSIONS[0], SESSIONS[0], data={"hours": "all"})
        _, shown = watch(config, {"AAA": self.frame}, "1m")
        five = {k[2]: v for k, v in shown.first.items() if k[1] == "5m"}
        assert len(five) == 192
        assert all(when == start + 5 * MINUTE for start, when in five.items())

    def test_the_clock_starts_before_the_open(self) -> None:
        seen: list[tuple[pd.Timestamp, int]] = []

        class Scans:
            def scan(self, view: Any) -> None:
                seen.append((view.time, len(view["AAA"].bars())))

        config = wish(["AAA"], ["1m"], SESSIONS[0], SESSIONS[0], data={"hours": "all"})
        watch(config, {"AAA": self.frame}, "1m", scanners=[Scans])
        ((time, count),) = seen
        assert time <= self.frame.index[0]
        assert count == 0

    def test_each_bar_belongs_to_one_session(self) -> None:
        nights = [
            bars(span(f"{date} 00:00", f"{date} 23:55", "5min", ZONE), seed)
            for seed, date in enumerate(SESSIONS[:2])
        ]
        whole = pd.concat(nights)
        config = wish(["AAA"], ["5m", "1h"], SESSIONS[0], SESSIONS[1], data={"hours": "all"})
        run, shown = watch(config, {"AAA": whole}, "5m")
        assert [time for _, time in shown.bars] == list(local(whole))
        assert [each.bars for each in run.sessions] == [288, 288]


class TestAMarketThatNeverShuts:
    """At the close of a market that never shuts the next session's open is the same instant."""

    frame = bars(span("2024-07-05 00:00", "2024-07-07 23:45", "15min", "UTC"))
    dates = ("2024-07-05", "2024-07-06", "2024-07-07")

    def test_every_bar_of_every_day_is_shown_once(self) -> None:
        config = wish(["BTC"], ["15m", "1h", "1d"], self.dates[0], self.dates[2], calendar="24/7")
        run, shown = watch(config, {"BTC": self.frame}, "15m")
        assert [each.date for each in run.sessions] == list(self.dates)
        assert [each.bars for each in run.sessions] == [96, 96, 96]
        assert [time for _, time in shown.bars] == list(self.frame.index)
        for kind, count, length in (("15m", 288, "15min"), ("1h", 72, "1h"), ("1d", 3, "1D")):
            found = {k[2]: v for k, v in shown.first.items() if k[1] == kind}
            assert len(found) == count
            assert all(when == start + pd.Timedelta(length) for start, when in found.items())

    def test_history_is_the_days_before(self) -> None:
        data = {"history": [{"trailing_days": 2, "intervals": ["1d", "15m"]}]}
        config = wish(
            ["BTC"], ["15m", "1d"], self.dates[2], self.dates[2], calendar="24/7", data=data
        )
        run, _ = watch(config, {"BTC": self.frame}, "15m")
        days = self.frame.groupby(pd.DatetimeIndex(self.frame.index).normalize())
        daily = pd.DataFrame(days.agg(HOW))
        assert same(run.data["BTC"].history("1d"), daily[:2])
        assert same(run.data["BTC"].today("1d"), daily[2:])
        assert len(run.data["BTC"].history()) == 192

    def test_days_one_by_one_are_the_days_together(self) -> None:
        records = [
            watch(
                wish(["BTC"], ["15m", "1h"], start, end, calendar="24/7"),
                {"BTC": self.frame},
                "15m",
            )
            for start, end in [(self.dates[0], self.dates[2]), (self.dates[2], self.dates[2])]
        ]
        together, alone = (shown for _, shown in records)
        assert together.steps[-96:] == alone.steps


class TestDailyBars:
    """Days from the source, and days derived from minutes: labelled by the session's open."""

    days = ("2024-06-28", "2024-07-01", *SESSIONS)

    def frame(self, stamp: str, zone: str) -> pd.DataFrame:
        return bars([pd.Timestamp(f"{day} {stamp}", tz=zone) for day in self.days])

    @pytest.mark.parametrize(
        ("stamp", "zone"), [("00:00", "UTC"), ("00:00", ZONE), ("09:30", ZONE)]
    )
    def test_from_the_source_however_it_stamps_them(self, stamp: str, zone: str) -> None:
        frame = self.frame(stamp, zone)
        data = {"history": [{"trailing_days": 2, "intervals": ["1d"]}]}
        config = wish(["AAA"], ["1d"], SESSIONS[0], SESSIONS[2], data=data)
        run, shown = watch(config, {"AAA": frame}, "1d")
        opens = [pd.Timestamp(f"{day} 09:30", tz=ZONE) for day in self.days]
        closes = ["16:00", "13:00", "16:00"]
        assert [time for _, time in shown.bars] == opens[2:]
        assert shown.steps == [
            pd.Timestamp(f"{day} {close}", tz=ZONE)
            for day, close in zip(SESSIONS, closes, strict=True)
        ]
        found = run.data["AAA"].bars("1d").frame(ZONE)
        assert list(found.index) == opens[2:]
        np.testing.assert_array_equal(found.to_numpy(), frame.to_numpy()[2:])
        assert [each.quality_percent for each in run.sessions] == [100.0] * 3

    def test_derived_from_minutes(self) -> None:
        source = market({"AAA": {date: [0, 1, 100, 209] for date in SESSIONS}})
        config = wishes(
            ["AAA"], SESSIONS[1], SESSIONS[1],
            data={"streams": ["1m", "1d"], "history": [{"trailing_days": 1, "intervals": ["1d"]}]},
        )  # fmt: skip
        seen: list[tuple[str, int]] = []

        class Looks:
            def on_bars(self, view: Any) -> None:
                seen.append((view.time.strftime("%H:%M"), len(view["AAA"].bars("1d"))))

        run = SessionCoordinator(config, source=source, strategies=[Looks]).run()
        assert seen == [("09:31", 1), ("09:32", 1), ("11:11", 1), ("13:00", 2)]
        day = run.data["AAA"].bars("1d").frame(ZONE)
        minutes = run.data["AAA"].today("1m")
        assert list(day.index) == [pd.Timestamp(f"{date} 09:30", tz=ZONE) for date in SESSIONS[:2]]
        assert day["volume"].iloc[1] == minutes.volume.sum()
        assert day["high"].iloc[1] == minutes.high.max()
        assert day["open"].iloc[1] == minutes.open[0]


class TestSeconds:
    """Sub-minute base bars: 5s, and what derives from them."""

    def test_five_seconds(self) -> None:
        starts = span(f"{HALF_DAY} 09:30", f"{HALF_DAY} 12:59:55", "5s", ZONE)
        frame = bars(starts)[::7]
        config = wish(["AAA"], ["5s", "15s", "1m"], HALF_DAY, HALF_DAY)
        run, shown = watch(config, {"AAA": frame}, "5s")
        assert [time for _, time in shown.bars] == list(local(frame))
        for interval, rule in (("15s", "15s"), ("1m", "1min")):
            expected = derived(frame, f"{HALF_DAY} 09:30", rule, ZONE)
            assert same(run.data["AAA"].today(interval), expected)
        quality = run.data["AAA"].quality()
        assert quality is not None
        assert (quality.present, quality.expected) == (len(frame), 2520)


class TestTheClose:
    """At the close, what is unfinished is finished: a half-day's last hour is a short bar."""

    def test_a_last_bar_long_before_the_close(self) -> None:
        source = market({"AAA": {HALF_DAY: [0, 62]}, "BBB": {HALF_DAY: [0, 181]}})
        seen: list[tuple[str, list[int], list[int]]] = []

        class Looks:
            def on_bars(self, view: Any) -> None:
                fresh = [view.fresh(each).astype(int).tolist() for each in ("1m", "1h")]
                seen.append((view.time.strftime("%H:%M"), *fresh))

        config = wishes(["AAA", "BBB"], HALF_DAY, HALF_DAY, data={"streams": ["1m", "1h"]})
        run = SessionCoordinator(config, source=source, strategies=[Looks]).run()
        # hours end at 10:30, 11:30, 12:30, and at the close, 13:00
        assert seen == [
            ("09:31", [1, 1], [0, 0]),
            ("10:33", [1, 0], [1, 1]),
            ("12:32", [0, 1], [1, 0]),
            ("13:00", [0, 0], [0, 1]),
        ]
        short = run.data["BBB"].today("1h")
        ends = pd.DatetimeIndex(short.end, tz="UTC").tz_convert(ZONE).strftime("%H:%M")
        assert list(ends) == ["10:30", "13:00"]
        assert run.sessions[0].steps == 4
        assert run.sessions[0].complete

    def test_no_closing_step_where_nothing_is_unfinished(self) -> None:
        source = market({"AAA": {HALF_DAY: [58, 59]}})
        config = wishes(["AAA"], HALF_DAY, HALF_DAY, data={"streams": ["1m", "1h"]})
        run = SessionCoordinator(config, source=source).run()
        assert run.sessions[0].steps == 2
        assert run.sessions[0].complete

    @pytest.mark.parametrize("threads", [False, True])
    def test_a_session_without_a_symbol_is_a_session(self, threads: bool) -> None:
        source = market({"AAA": {SESSIONS[0]: [0, 1], SESSIONS[2]: [0]}})
        config = wishes(
            ["AAA"], SESSIONS[0], SESSIONS[2],
            data={"missing": "skip"}, workers={"threads": threads},
        )  # fmt: skip
        days: list[str] = []

        class Ends:
            def on_bars(self, view: Any) -> None:
                assert len(view) == 1

            def setup(self, access: Any) -> None:
                days.append(access.view.session.label)
                assert len(access.view.symbols) == len(access.view.latest("close"))

        run = SessionCoordinator(config, source=source, strategies=[Ends]).run()
        assert days == list(SESSIONS)
        assert [each.symbols for each in run.sessions] == [("AAA",), (), ("AAA",)]
        assert [each.left_out for each in run.sessions] == [(), ("AAA",), ()]
        assert [each.bars for each in run.sessions] == [2, 0, 1]
        assert run.sessions[1].steps == 0
        assert all(each.complete for each in run.sessions)

    def test_two_bars_that_end_with_the_close_are_each_shown(self) -> None:
        """``on_bar``: once per symbol-bar."""
        starts = [f"{HALF_DAY} 12:58:00", f"{HALF_DAY} 12:59:10", f"{HALF_DAY} 12:59:40"]
        frame = bars([pd.Timestamp(each, tz=ZONE) for each in starts])
        config = wish(["AAA"], ["1m"], HALF_DAY, HALF_DAY)
        _, shown = watch(config, {"AAA": frame}, "1m")
        assert [time for _, time in shown.bars] == list(local(frame))
