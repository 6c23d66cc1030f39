"""A small market, and a run over it: what the first line of a user's test calls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fsm_session import TRADING_DAY, BaseWorker, RunFailedError, Signal, State
from fsm_session.errors import ConfigError
from fsm_session.testing import SESSIONS, run_days, small_market
from fsm_session.testing.days import MINUTES

HALF_DAY = SESSIONS[1]


class Notes:
    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, "note")


class TestSmallMarket:
    """Prices depend on symbol and time alone, so a market cut short is the same up to the cut."""

    def test_it_has_the_minutes_of_each_session_and_no_others(self) -> None:
        frame = small_market(["AAA"])["AAA"]
        stamps = [f"{stamp:%Y-%m-%d %H:%M}" for stamp in frame.index]
        morning = ["09:30", "09:31", "09:32", "09:33", "09:34", "09:36", "09:39", "09:40", "09:41"]
        evenings = {"2024-07-03": ["12:58", "12:59"]}
        assert stamps == [
            f"{date} {time}"
            for date in ("2024-07-02", "2024-07-03", "2024-07-05")
            for time in (*morning, "10:29", *evenings.get(date, ["15:58", "15:59"]))
        ]

    def test_a_part_of_it_is_the_same_as_in_the_whole(self) -> None:
        whole = small_market(["AAA", "BBB"])
        fewer = small_market(["BBB"], SESSIONS[1:], MINUTES[:4])["BBB"]
        assert len(fewer) == 8
        pd.testing.assert_frame_equal(whole["BBB"].loc[fewer.index], fewer)
        assert not whole["AAA"].equals(whole["BBB"])

    def test_minutes_beyond_a_half_day_are_left_out(self) -> None:
        market = small_market(["AAA"], SESSIONS, [209, 210, 389, 390])["AAA"]
        dates = [f"{stamp:%Y-%m-%d}" for stamp in market.index]
        assert {date: dates.count(date) for date in SESSIONS} == dict(
            zip(SESSIONS, (3, 1, 3), strict=True)
        )


class TestRunDays:
    """The run is a real one, through the whole lifecycle; only the market is small."""

    def test_two_days_of_two_symbols(self) -> None:
        run = run_days(Notes())
        assert run.outcome == "completed"
        assert [(each.date, each.symbols, len(each.signals)) for each in run.sessions] == [
            ("2024-07-02", ("AAA", "BBB"), 24),
            ("2024-07-03", ("AAA", "BBB"), 24),
        ]
        assert run.out is None

    def test_so_many_days_of_those_that_have_bars(self) -> None:
        market = small_market(["AAA"], [SESSIONS[0], SESSIONS[2]])
        dates = [each.date for each in run_days(Notes, days=1, frames=market).sessions]
        assert dates == ["2024-07-02"]
        run = run_days(Notes, days=2, frames=market)
        # the day between has no bar, and is a session all the same
        assert [(e.date, e.symbols) for e in run.sessions] == [
            ("2024-07-02", ("AAA",)),
            ("2024-07-03", ()),
            ("2024-07-05", ("AAA",)),
        ]

    @pytest.mark.parametrize("days", [0, 4, -1])
    def test_more_days_than_there_are_is_an_error(self, days: int) -> None:
        with pytest.raises(ConfigError, match=r"days: must be from 1 to 3.*not -?\d"):
            run_days(Notes, days=days)

    def test_a_market_without_a_bar_is_an_error(self) -> None:
        with pytest.raises(ConfigError, match="from 1 to 0"):
            run_days(Notes, frames={"AAA": small_market(["AAA"])["AAA"].iloc[:0]})

    def test_all_that_a_run_can_be_given_reaches_it(self, tmp_path: Path) -> None:
        seen: list[str] = []

        class Worker(BaseWorker):
            def on_session_start(self) -> None:
                seen.append("worker")

        class Scanner:
            pre_session = True

            def scan(self, view: Any) -> list[str]:
                return ["BBB"]

        class Averages:
            def on_bars(self, view: Any) -> None:
                seen.append(f"{view.latest('sma', '5m')[0] > 0} {list(view.symbols)}")

        def note(context: Any) -> None:
            seen.append("auction")

        spec = {"name": "sma", "function": "SMA", "interval": "5m", "warm_up": False}
        run = run_days(
            Averages,
            days=1,
            scanners=[Scanner],
            workers=[Worker()],
            symbols=["AAA"],
            frames=small_market(),
            streams=["1m", "15m"],
            data={"indicators": [{**spec, "parameters": {"timeperiod": 2}}]},
            lifecycle=TRADING_DAY.insert(State("Auction", entry=[note]), after="Active"),
            out=tmp_path,
            name="everything",
            threads=True,
        )
        # set by hand: the second 5m bar ends at 09:40, where AAA's is there
        assert seen[:2] == ["worker", "auction"]
        assert seen[2] == "False ['AAA', 'BBB']"
        assert seen[-1] == "True ['AAA', 'BBB']"
        assert [scan.found[0].symbol for scan in run.sessions[0].scans] == ["BBB"]
        assert '"name":"everything"' in (tmp_path / "run.json").read_text()
        assert [str(each) for each in run.data["AAA"].intervals] == ["1m", "5m", "15m"]

    def test_another_calendar(self) -> None:
        bitcoin = small_market(["BTC"], ["2024-07-05"])
        run = run_days(Notes, days=1, frames=bitcoin, calendar="24/7")
        assert [(each.date, len(each.signals)) for each in run.sessions] == [("2024-07-05", 12)]

    def test_what_goes_wrong_is_raised(self) -> None:
        class Fails:
            def on_bar(self, bar: Any) -> None:
                raise ValueError("no")

        with pytest.raises(RunFailedError):
            run_days(Fails)

    def test_missing_bars_can_be_an_error(self) -> None:
        market = {**small_market(["AAA"]), **small_market(["BBB"], SESSIONS[:1])}
        assert run_days(Notes, frames=market).sessions[1].left_out == ("BBB",)
        with pytest.raises(RunFailedError):
            run_days(Notes, frames=market, data={"missing": "error"})
