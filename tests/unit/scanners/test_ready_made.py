"""Ready-made scanners, their figures worked out by hand; and the figures of any other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import Found, FramesSource, Run, RunFailedError, SessionCoordinator
from fsm_session.errors import PartError, RequirementsError
from tests.small_market import SESSIONS, ZONE, wishes

MONDAY = "2024-07-01"
TUESDAY, HALF, FRIDAY = SESSIONS
#: symbol -> date -> bars: minutes after the open, open, close, volume; fractions are exact
MARKET: dict[str, dict[str, list[tuple[int, float, float, float]]]] = {
    "AAA": {
        MONDAY: [(0, 80, 80, 10)],
        TUESDAY: [(0, 99, 100, 100)],
        HALF: [(0, 112.5, 104, 50), (30, 104, 128, 500)],
        FRIDAY: [(0, 96, 98, 150), (1, 98, 99, 75), (45, 99, 100, 75)],
    },
    "BBB": {
        MONDAY: [(0, 64, 64, 10)],
        TUESDAY: [(0, 64, 64, 80)],
        HALF: [(0, 60, 64, 20)],
        FRIDAY: [(0, 66, 66, 75), (2, 66, 67, 25)],
    },
    "CCC": {
        MONDAY: [(0, 32, 32, 10)],
        TUESDAY: [(0, 30, 32, 80)],
        HALF: [(0, 34, 48, 20)],
        FRIDAY: [(0, 49.5, 50, 60), (1, 50, 51, 40)],
    },
    "DDD": {HALF: [(0, 40, 40, 0)], FRIDAY: [(0, 45, 45, 300)]},
}


def frame(days: dict[str, list[tuple[int, float, float, float]]]) -> pd.DataFrame:
    rows = {
        pd.Timestamp(f"{date} 09:30", tz=ZONE) + pd.Timedelta(minutes=minutes): {
            "open": open_, "high": max(open_, close), "low": min(open_, close), "close": close,
            "volume": volume,
        }
        for date, bars in days.items()
        for minutes, open_, close, volume in bars
    }  # fmt: skip
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("timestamp")


SOURCE = FramesSource({name: frame(days) for name, days in MARKET.items()}, interval="1m")
DATA = {
    "streams": ["1m", "1d"],
    "missing": "skip",
    "history": [{"trailing_days": 3, "intervals": ["1d"]}],
    "historical": [
        {"name": "usual_volume", "function": "mean", "column": "volume", "over": "2d",
         "interval": "1m", "absent": "zero"},
    ],
}  # fmt: skip
AT_TEN = {"every": "30m", "between": ["10:00", "10:20"]}
BEFORE = {"pre_session": True}


def run(scanner: str, parameters: dict[str, Any], times: dict[str, Any], **more: Any) -> Run:
    table = {"use": f"fsm_session.scanners:{scanner}", "parameters": parameters, **times, **more}
    config = wishes([*MARKET], FRIDAY, FRIDAY, data=DATA, scanners=[table])
    return SessionCoordinator(config, source=SOURCE).run()


def found(scanner: str, parameters: dict[str, Any], times: dict[str, Any]) -> list[Any]:
    (scan,) = run(scanner, parameters, times).sessions[0].scans
    return [(each.symbol, each.reason, dict(each.figures)) for each in scan.found]


def names(scanner: str, parameters: dict[str, Any], times: dict[str, Any]) -> list[str]:
    return [symbol for symbol, _, _ in found(scanner, parameters, times)]


class TestGap:
    """Find the symbols whose newest gap is large: an open over the close before it, less 1."""

    def test_before_the_session_it_is_that_of_the_last_one(self) -> None:
        assert found("Gap", {"at_least": 0.0625}, BEFORE) == [
            ("AAA", "gap +12.50%", {"gap": 0.125, "open": 112.5, "previous_close": 100.0}),
            # equal ones by name; DDD has one session of history, too little
            ("BBB", "gap -6.25%", {"gap": -0.0625, "open": 60.0, "previous_close": 64.0}),
            ("CCC", "gap +6.25%", {"gap": 0.0625, "open": 34.0, "previous_close": 32.0}),
        ]

    def test_within_it_that_of_today(self) -> None:
        assert found("Gap", {}, AT_TEN) == [
            ("AAA", "gap -25.00%", {"gap": -0.25, "open": 96.0, "previous_close": 128.0}),
            ("DDD", "gap +12.50%", {"gap": 0.125, "open": 45.0, "previous_close": 40.0}),
            ("BBB", "gap +3.12%", {"gap": 0.03125, "open": 66.0, "previous_close": 64.0}),
            ("CCC", "gap +3.12%", {"gap": 0.03125, "open": 49.5, "previous_close": 48.0}),
        ]

    @pytest.mark.parametrize(
        ("parameters", "expected"),
        [
            ({"at_least": 0.125}, ["AAA", "DDD"]),
            ({"at_least": 0.126}, ["AAA"]),
            ({"at_least": 1}, []),
            ({"at_least": 0, "top": 3}, ["AAA", "DDD", "BBB"]),
            ({"top": 9}, ["AAA", "DDD", "BBB", "CCC"]),
        ],
    )
    def test_at_least_and_top(self, parameters: dict[str, Any], expected: list[str]) -> None:
        assert names("Gap", parameters, AT_TEN) == expected

    def test_in_a_universe_it_finds_the_same(self) -> None:
        universe = {
            "symbols": [*MARKET], "streams": ["1d"],
            "history": [{"trailing_days": 2, "intervals": ["1d"]}],
        }  # fmt: skip
        table = {"use": "fsm_session.scanners:Gap", **BEFORE, "universe": universe}
        config = wishes(["DDD"], FRIDAY, FRIDAY, scanners=[table])
        session = SessionCoordinator(config, source=SOURCE).run().sessions[0]
        assert [each.symbol for each in session.scans[0].found] == ["AAA", "BBB", "CCC"]
        assert session.symbols == ("AAA", "BBB", "CCC", "DDD")

    def test_of_bars_that_end_at_the_close_nothing_is_known_of_today(self) -> None:
        days = [f"{date} 00:00" for date in (TUESDAY, HALF, FRIDAY)]
        daily = frame({TUESDAY: [(0, 64, 64, 1)], HALF: [(0, 80, 80, 1)], FRIDAY: [(0, 99, 99, 1)]})
        daily.index = pd.DatetimeIndex(days, tz="UTC")
        minutes = frame({date: [(0, 50, 50, 1), (90, 50, 50, 1)] for date in (HALF, FRIDAY)})
        source = FramesSource({("DAILY", "1d"): daily, ("TRADED", "1m"): minutes})
        universe = {
            "symbols": ["DAILY"], "streams": ["1d"],
            "history": [{"trailing_days": 2, "intervals": ["1d"]}],
        }  # fmt: skip
        times = {**BEFORE, "every": "1h"}
        table = {"use": "fsm_session.scanners:Gap", **times, "universe": universe}
        config = wishes(["TRADED"], FRIDAY, FRIDAY, scanners=[table], data={"streams": ["1m"]})
        scans = SessionCoordinator(config, source=source).run().sessions[0].scans
        # before the open that of the last session; then today's open would be needed
        assert [[each.figures["gap"] for each in scan.found] for scan in scans] == [
            [80 / 64 - 1], [], [], [], [], [], [],
        ]  # fmt: skip


class TestMomentum:
    """Find the symbols that moved most: the newest close over that ``bars`` before it, less 1."""

    def test_over_days(self) -> None:
        parameters = {"bars": 2, "interval": "1d", "at_least": 0.5}
        assert found("Momentum", parameters, BEFORE) == [
            ("AAA", "moved +60.00% over 2 bars of 1d",
             {"moved": 128 / 80 - 1, "last": 128.0, "before": 80.0}),
            ("CCC", "moved +50.00% over 2 bars of 1d",
             {"moved": 0.5, "last": 48.0, "before": 32.0}),
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("bars", "expected"),
        [
            (1, ["CCC", "AAA", "BBB"]),
            # there are three closes, two moves; of DDD there is one close
            (2, ["AAA", "CCC", "BBB"]),
            (3, []),
        ],
    )
    def test_too_few_bars_leave_a_symbol_out(self, bars: int, expected: list[str]) -> None:
        assert names("Momentum", {"bars": bars, "at_least": 0}, BEFORE) == expected

    def test_over_the_day_so_far(self) -> None:
        parameters = {"bars": 1, "interval": "1m", "at_least": 0, "top": 2}
        assert found("Momentum", parameters, AT_TEN) == [
            ("CCC", "moved +2.00% over 1 bars of 1m",
             {"moved": 51 / 50 - 1, "last": 51.0, "before": 50.0}),
            ("BBB", "moved +1.52% over 1 bars of 1m",
             {"moved": 67 / 66 - 1, "last": 67.0, "before": 66.0}),
        ]  # fmt: skip


class TestRelativeVolume:
    """Find the symbols with much volume: that of today so far over the usual one by now."""

    def test_by_the_time_of_day(self) -> None:
        # usual by 10:00: AAA (100 + 50) / 2, BBB and CCC (80 + 20) / 2; DDD never traded
        expected = [
            ("AAA", "3.00 x usual volume", {"ratio": 3.0, "volume": 225.0, "usual": 75.0}),
            ("BBB", "2.00 x usual volume", {"ratio": 2.0, "volume": 100.0, "usual": 50.0}),
            ("CCC", "2.00 x usual volume", {"ratio": 2.0, "volume": 100.0, "usual": 50.0}),
        ]
        assert found("RelativeVolume", {}, AT_TEN) == expected
        assert found("RelativeVolume", {"top": 2}, AT_TEN) == expected[:2]
        assert found("RelativeVolume", {"at_least": 2.5}, AT_TEN) == expected[:1]

    def test_later_more_of_the_day_is_usual(self) -> None:
        # by 11:00 there are the 500 of 10:00 on the half-day as well, and the 75 of 10:15
        times = {"every": "30m", "between": ["11:00", "11:20"]}
        figures = {"ratio": 300 / 325, "volume": 300.0, "usual": 75.0 + 250.0}
        assert found("RelativeVolume", {"at_least": 0}, times)[2:] == [
            ("AAA", "0.92 x usual volume", figures)
        ]

    def test_between_the_ends_of_slots_both_sides_end_with_the_slot(self) -> None:
        """Flat volume is as usual at any minute of the day."""
        flat = frame(
            {date: [(each, 50, 50, 100) for each in range(120)] for date in (TUESDAY, HALF, FRIDAY)}
        )
        usual = {"name": "usual_volume", "function": "mean", "column": "volume", "over": "2d"}
        data = {"streams": ["1m"], "historical": [{**usual, "interval": "15m"}]}
        times = {"every": "7m", "between": ["09:46", "11:15"]}
        table = {"use": "fsm_session.scanners:RelativeVolume", **times,
                 "parameters": {"at_least": 0}}  # fmt: skip
        config = wishes(["AAA"], FRIDAY, FRIDAY, data=data, scanners=[table])
        source = FramesSource({"AAA": flat}, interval="1m")
        scans = SessionCoordinator(config, source=source).run().sessions[0].scans
        assert [each.figures["ratio"] for scan in scans for each in scan.found] == [1.0] * 13

    def test_before_the_session_there_is_no_volume(self) -> None:
        assert found("RelativeVolume", {"at_least": 0}, BEFORE) == []


class TestParameters:
    """Bad parameters are refused in words at Validate."""

    @pytest.mark.parametrize(
        ("scanner", "parameters", "said"),
        [
            ("Gap", {"at_least": -0.1}, "at_least must be a number from 0 up, not -0.1"),
            ("Gap", {"at_least": True}, "at_least must be a number from 0 up, not True"),
            ("Gap", {"top": 0}, "top must be a whole number from 1 up, not 0"),
            ("Gap", {"top": True}, "top must be a whole number from 1 up, not True"),
            ("Gap", {"least": 0.1}, "unexpected keyword argument 'least'"),
            ("Momentum", {"bars": 0}, "bars must be a whole number from 1 up, not 0"),
            ("Momentum", {"bars": 2.0}, "bars must be a whole number from 1 up, not 2.0"),
            ("Momentum", {"interval": "5x"}, "'5x': no unit 'x'"),
            ("RelativeVolume", {"top": 1.5}, "top must be a whole number from 1 up, not 1.5"),
            ("RelativeVolume", {"at_least": -1}, "at_least must be a number from 0 up, not -1"),
        ],
    )
    def test_refused(self, scanner: str, parameters: dict[str, Any], said: str) -> None:
        with pytest.raises(RunFailedError) as caught:
            run(scanner, parameters, BEFORE)
        (error,) = caught.value.exceptions
        assert isinstance(error, RequirementsError)
        (fault,) = error.faults
        assert fault.key == "scanners[0].use"
        assert f"{scanner} can't be made" in fault.message
        assert said in fault.message
        moves: Any = caught.value.run
        assert [each.target for each in moves.moves] == ["Validate", "Failed"]


class TestFigures:
    """scan(view) -> symbols (with reasons and figures)"""

    def scan(self, answer: Any, **options: Any) -> Run:
        scanner = type("Finds", (), {"scan": lambda *_: answer})
        config = wishes(["AAA"], FRIDAY, FRIDAY)
        return SessionCoordinator(config, source=SOURCE, scanners=[scanner], **options).run()

    def test_they_go_on_record_as_plain_numbers(self, tmp_path: Path) -> None:
        figures: Any = {"gap": np.float32(0.5), "rank": np.int64(3), "odd": np.nan, "plain": 2}
        answer = [Found("BBB", "far", figures), Found("CCC"), "AAA", Found("NONE")]
        result = self.scan(answer, out=tmp_path)
        (held, *_) = result.sessions[0].scans[0].found
        assert {type(each) for each in held.figures.values()} == {float}
        record = json.loads((tmp_path / "sessions" / f"{FRIDAY}.json").read_bytes())
        (scan,) = record["scans"]
        assert list(scan.pop("refused")) == ["NONE"]
        plain = {"gap": 0.5, "rank": 3.0, "odd": None, "plain": 2.0}
        assert scan.pop("found") == [
            {"symbol": "BBB", "reason": "far", "figures": plain},
            {"symbol": "CCC", "reason": "", "figures": {}},
            {"symbol": "AAA", "reason": "", "figures": {}},
            {"symbol": "NONE", "reason": "", "figures": {}},
        ]
        assert scan == {"time": "2024-07-05T13:30:00Z", "scanner": "Finds"}
        assert list(record["symbols"]) == ["AAA", "BBB", "CCC"]

    @pytest.mark.parametrize("figures", [{"gap": "wide"}, {"gap": None}, {"gap": [1.0]}, 5, ["a"]])
    def test_what_is_no_number_names_the_scanner(self, figures: Any) -> None:
        with pytest.raises(RunFailedError) as caught:
            self.scan(Found("BBB", "", figures))
        (error,) = caught.value.exceptions
        assert isinstance(error, PartError)
        assert (error.kind, error.part, error.symbol) == ("scanner", "Finds", "BBB")
        assert "scanner 'Finds'" in str(error)
        assert "figures are not numbers" in str(error)
