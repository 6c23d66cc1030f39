"""What a run leaves behind: section 8, format 1, to the letter."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

from fsm_session import Found, RunFailedError, SessionCoordinator, Signal
from fsm_session.machine.journal import Journal, read_journal, replay
from fsm_session.states import TRADING_DAY
from tests.small_market import SESSIONS, bars_of, market, wishes

MINUTES = list(range(60))
SOURCE = market({name: dict.fromkeys(SESSIONS, MINUTES) for name in ("AAA", "BBB")})
INDICATORS = [
    {"name": "sma", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 3},
     "warm_up": False},
    {"name": "macd", "function": "MACD", "interval": "1m", "parameters": {},
     "warm_up": False},
]  # fmt: skip
KEYS = {
    "format", "date", "calendar", "open", "close", "early_close", "complete", "symbols",
    "signals", "scans", "changes", "disabled", "universes", "history",
}  # fmt: skip


class Says:
    def on_bars(self, view: Any) -> Any:
        return Signal("AAA", "buy", "a reason") if view.time.minute == 31 else None


class Fails:
    def on_bar(self, bar: Any) -> None:
        if bar.time.date() == dt.date(2024, 7, 3) and bar.time.minute == 40:
            raise ValueError("no idea")


class Looks:
    every = "1h"
    between = (dt.time(10, 15), dt.time(10, 20))

    def scan(self, view: Any) -> list[Found]:
        return [Found("BBB"), Found("NONE")]


def run(out: Path, *strategies: Any, **options: Any) -> Any:
    data = {
        "indicators": INDICATORS,
        "history": [{"trailing_days": 1, "intervals": ["5m"]}],
        "missing": "skip",
    }
    config = wishes(["AAA"], SESSIONS[1], options.pop("end", SESSIONS[1]), data=data)
    return SessionCoordinator(
        config, source=SOURCE, strategies=strategies, out=out, **options
    ).run()


def read(path: Path) -> Any:
    def refuse(text: str) -> None:
        raise AssertionError(f"{text} is no JSON")

    return json.loads(path.read_bytes(), parse_constant=refuse)


@pytest.fixture
def record(tmp_path: Path) -> Any:
    run(tmp_path, Says, scanners=[Looks])
    return read(tmp_path / "sessions" / f"{SESSIONS[1]}.json")


class TestASession:
    """Keys of a session's JSON (format 1)."""

    def test_its_keys(self, record: Any) -> None:
        # left_out: symbols without data for the day, which the record has to name
        assert set(record) == KEYS | {"left_out"}
        assert record["format"] == 1
        assert record["date"] == SESSIONS[1]
        assert record["calendar"] == "XNYS"
        assert record["open"] == "2024-07-03T13:30:00Z"
        assert record["close"] == "2024-07-03T17:00:00Z"
        assert record["early_close"] is True
        assert record["complete"] is True
        assert record["left_out"] == []

    def test_a_symbol(self, record: Any) -> None:
        assert set(record["symbols"]) == {"AAA", "BBB"}
        symbol = record["symbols"]["AAA"]
        assert set(symbol) == {
            *("base_interval", "bars", "indicators", "historical", "events", "metrics"),
        }
        assert symbol["base_interval"] == "1m"
        assert set(symbol["bars"]) == {"1m", "5m", "1h"}
        frame = bars_of("AAA", SESSIONS[1], MINUTES)
        assert symbol["metrics"] == {
            "volume": frame.volume.sum(), "high": frame.high.max(), "low": frame.low.min(),
            "last": frame.close.iloc[-1],
        }  # fmt: skip

    def test_bars(self, record: Any) -> None:
        bars = record["symbols"]["AAA"]["bars"]
        for interval, held in bars.items():
            assert set(held) == {"derived", "base", "quality", "expected", "gaps", "columns"}
            assert held["derived"] is (interval != "1m")
            assert held["base"] == (None if interval == "1m" else "1m")
            # 60 of the half-day's 210 minutes are there, the rest is one gap up to the close
            assert held["expected"] == 210
            assert held["quality"] == pytest.approx(100 * 60 / 210)
            assert held["gaps"] == [["2024-07-03T14:30:00Z", "2024-07-03T17:00:00Z", 150]]
            columns = held["columns"]
            # a derived bar says of how many it is made
            count = [] if interval == "1m" else ["count"]
            assert list(columns) == ["time", "open", "high", "low", "close", "volume", *count]
            assert sum(columns.get("count", [60])) == 60
        frame = bars_of("AAA", SESSIONS[1], MINUTES)
        assert bars["1m"]["columns"]["close"] == frame.close.tolist()
        assert bars["1m"]["columns"]["time"][:2] == ["2024-07-03T13:30:00Z", "2024-07-03T13:31:00Z"]
        assert len(bars["5m"]["columns"]["time"]) == 12
        assert bars["1h"]["columns"]["volume"] == [frame.volume.sum()]

    def test_indicators_with_null_for_nan(self, record: Any) -> None:
        indicators = record["symbols"]["AAA"]["indicators"]
        assert list(indicators) == ["sma", "macd"]
        assert set(indicators["sma"]) == {"function", "interval", "parameters", "values"}
        assert indicators["sma"]["function"] == "SMA"
        assert indicators["sma"]["parameters"] == {"timeperiod": 3}
        close = bars_of("AAA", SESSIONS[1], MINUTES).close.to_numpy()
        assert indicators["sma"]["values"][:2] == [None, None]
        np.testing.assert_array_equal(indicators["sma"]["values"][2:], talib.SMA(close, 3)[2:])
        values = indicators["macd"]["values"]
        assert list(values) == ["macd", "macdsignal", "macdhist"]
        for found, expected in zip(values.values(), talib.MACD(close), strict=True):
            assert found[:33] == [None] * 33
            np.testing.assert_array_equal(found[33:], expected[33:])

    def test_signals_scans_and_history(self, record: Any) -> None:
        assert record["signals"] == [
            {"time": "2024-07-03T13:31:00Z", "strategy": "Says", "symbol": "AAA",
             "action": "buy", "quantity": None, "reason": "a reason"},
        ]  # fmt: skip
        (scan,) = record["scans"]
        assert scan["time"] == "2024-07-03T14:15:00Z"
        assert scan["scanner"] == "Looks"
        assert scan["found"] == [
            {"symbol": "BBB", "reason": "", "figures": {}},
            {"symbol": "NONE", "reason": "", "figures": {}},
        ]
        assert record["changes"] == [
            {"time": "2024-07-03T14:15:00Z", "symbol": "BBB", "change": "added", "by": "Looks"},
        ]
        assert set(scan) == {"time", "scanner", "found", "refused"}
        assert set(record["history"]) == {"AAA", "BBB"}
        history = record["history"]["AAA"]
        assert set(history) == {"1m", "5m", "1h"}
        assert set(history["5m"]) == {"sessions", "bars", "quality"}
        assert (history["5m"]["sessions"], history["5m"]["bars"]) == (1, 12)
        assert history["5m"]["quality"] == pytest.approx(100 * 60 / 390)
        assert (history["1m"]["sessions"], history["1m"]["bars"]) == (0, 0)


class TestARun:
    """``DIR/run.json``: outcome, the sessions with their counts, errors."""

    def test_completed(self, tmp_path: Path) -> None:
        run(tmp_path, Says, end=SESSIONS[2])
        record = read(tmp_path / "run.json")
        assert record["outcome"] == "completed"
        assert [each["date"] for each in record["sessions"]] == [*SESSIONS[1:]]
        assert [each["bars"] for each in record["sessions"]] == [60, 60]
        assert [each["signals"] for each in record["sessions"]] == [1, 1]
        assert record["errors"] == []

    def test_stopped_midway(self, tmp_path: Path) -> None:
        class Stops:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None:
                if view.time.minute == 45:
                    self.access.stop()

        result = run(tmp_path, Stops, end=SESSIONS[2])
        assert result.outcome == "stopped"
        assert read(tmp_path / "run.json")["outcome"] == "stopped"
        assert [each.name for each in tmp_path.glob("sessions/*")] == [f"{SESSIONS[1]}.json"]
        session = read(tmp_path / "sessions" / f"{SESSIONS[1]}.json")
        assert session["complete"] is False
        columns = session["symbols"]["AAA"]["bars"]["1m"]
        assert len(columns["columns"]["time"]) == 15
        # scored up to the clock: what has not happened is not missing
        assert (columns["expected"], columns["quality"], columns["gaps"]) == (15, 100.0, [])
        assert len(session["symbols"]["AAA"]["indicators"]["sma"]["values"]) == 15

    @pytest.mark.parametrize("threads", [False, True])
    def test_failed_midway(self, tmp_path: Path, threads: bool) -> None:
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[2], workers={"threads": threads})
        with pytest.raises(RunFailedError):
            SessionCoordinator(config, source=SOURCE, strategies=[Fails], out=tmp_path).run()
        record = read(tmp_path / "run.json")
        assert record["outcome"] == "failed"
        assert [each["complete"] for each in record["sessions"]] == [True, False]
        (error,) = record["errors"]
        assert error["phase"] == "Streaming"
        assert error["worker"] == "StrategyManager"
        assert error["session"] == SESSIONS[1]
        assert error["time"].startswith("2024-07-03T10:11:00") is False
        assert error["time"].startswith("2024-07-03T09:41:00")
        for part in ("Fails", "AAA", "no idea"):
            assert part in error["message"]
        session = read(tmp_path / "sessions" / f"{SESSIONS[1]}.json")
        assert session["complete"] is False
        assert len(session["symbols"]["AAA"]["bars"]["1m"]["columns"]["time"]) == 11
        assert not list(tmp_path.rglob("*.part"))

    def test_two_runs_give_the_same_bytes(self, tmp_path: Path) -> None:
        for name in ("a", "b"):
            run(tmp_path / name, Says, scanners=[Looks], end=SESSIONS[2])
        names = ["run.json", *(f"sessions/{date}.json" for date in SESSIONS[1:])]
        for name in names:
            assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()

    def test_what_went_wrong_twice_is_told_twice(self, tmp_path: Path) -> None:
        class Worse:
            name = "worse"

            def on_bars(self, view: Any) -> None:
                raise ValueError("first")

            def teardown(self) -> None:
                raise OSError("second")

        with pytest.raises(RunFailedError) as caught:
            run(tmp_path, Worse)
        messages = [each["message"] for each in read(tmp_path / "run.json")["errors"]]
        assert len(messages) == len(caught.value.exceptions) == 2
        assert "first" in messages[0]
        assert "second" in messages[1]


class TestTheJournal:
    """DESIGN: "every move: number, session, from, to, guard, simulated time, and under `meta`"."""

    def test_a_move(self, tmp_path: Path) -> None:
        done = run(tmp_path, Says)
        moves = [each for each in read_journal(tmp_path / "journal.jsonl").records
                 if each["kind"] == "move"]  # fmt: skip
        keys = ["number", "kind", "move", "session", "from", "to", "guard", "time", "meta", "crc"]
        assert [[*each] for each in moves] == [keys] * len(done.moves)
        assert [[each["session"], each["time"]] for each in moves] == [
            [move.where["session"], move.where["time"]] for move in done.moves
        ]
        assert {each["time"] for each in moves} == {
            "2024-07-03T09:30:00-04:00", "2024-07-03T13:00:00-04:00"
        }  # fmt: skip
        for each in moves:
            assert [*each["meta"]] == ["wall", "seconds"]
            wall = pd.Timestamp(each["meta"]["wall"])
            assert wall.isoformat().replace("+00:00", "Z") == each["meta"]["wall"]
            assert abs(wall - pd.Timestamp.now("UTC")) < pd.Timedelta("1h")

    @pytest.mark.parametrize("at", range(1, 9))
    def test_ctrl_c_while_it_is_written_loses_no_move_and_doubles_none(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
    ) -> None:
        write, calls = Journal._write, iter(range(1, 100))

        def interrupted(journal: Journal, line: bytes, *, sync: bool) -> None:
            write(journal, line, sync=sync)
            if next(calls) == at:
                raise KeyboardInterrupt

        monkeypatch.setattr(Journal, "_write", interrupted)
        done = run(tmp_path, Says)
        records = read_journal(tmp_path / "journal.jsonl").records
        told = [each["move"] for each in records if each["kind"] == "move"]
        assert told == [move.number for move in done.moves] == [*range(1, len(told) + 1)]
        assert replay(TRADING_DAY, records) == "Done"
