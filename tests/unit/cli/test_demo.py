"""The demonstration, with nothing but the installation."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fsm_session import demo
from tests.unit.cli.folder import begin, command, ended, sessions

#: the New York Stock Exchange rests on 2024-07-04
DATES = ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05"]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the demonstration once in an empty folder, the network out of reach."""
    folder = tmp_path_factory.mktemp("demo")
    no_network = """
import socket

def refuse(*_, **__):
    raise OSError("no network")

socket.socket.connect = socket.getaddrinfo = refuse
main()
"""
    status, out, err = ended(begin("demo", folder=folder, code=no_network))
    return SimpleNamespace(out=folder / "fsm-session-demo", status=status, stdout=out, stderr=err)


class TestDemo:
    """ "`demo` (a market it makes itself, a few days, a report: works with nothing but the
    installation)."
    """

    def test_it_ends_well_and_says_nothing_on_stderr(self, shown: Any) -> None:
        assert (shown.status, shown.stderr) == (0, "")

    def test_it_leaves_a_file_a_session_of_the_calendar(self, shown: Any) -> None:
        names = [f"{date}.json" for date in DATES]
        assert list(sessions(shown.out)) == names

    def test_one_session_is_a_half_day(self, shown: Any) -> None:
        records = [json.loads(each) for each in sessions(shown.out).values()]
        early = [each["date"] for each in records if each["early_close"]]
        assert early == ["2024-07-03"]
        assert records[2]["close"] == "2024-07-03T17:00:00Z"

    def test_eight_symbols_four_streams_and_what_hangs_under_them(self, shown: Any) -> None:
        for content in sessions(shown.out).values():
            record = json.loads(content)
            assert len(record["symbols"]) == 8
            for symbol in record["symbols"].values():
                assert set(symbol["bars"]) == {"1m", "5m", "15m", "1h"}
                functions = {each["function"] for each in symbol["indicators"].values()}
                assert functions >= {"SMA", "EMA", "RSI", "MACD"}
            assert {each["1m"]["sessions"] for each in record["history"].values()} == {3}

    def test_the_scanner_runs_before_the_session_and_every_half_hour(self, shown: Any) -> None:
        record = json.loads(sessions(shown.out)["2024-07-03.json"])
        opening = np.datetime64("2024-07-03T13:30")
        # from the open to the last half hour before the close at 13:00
        expected = opening + np.arange(7) * np.timedelta64(30, "m")
        assert [np.datetime64(each["time"][:-1]) for each in record["scans"]] == list(expected)
        assert {len(each["found"]) for each in record["scans"]} == {3}

    def test_every_file_is_said_to_be_where_it_is(self, shown: Any) -> None:
        files = [path for path in shown.out.rglob("*") if path.is_file()]
        assert len(files) == 8
        for path in files:
            assert str(path.relative_to(shown.out)) in shown.stdout
        assert "files in fsm-session-demo" in shown.stdout

    def test_its_closing_table_counts_what_the_files_hold(self, shown: Any) -> None:
        for content in sessions(shown.out).values():
            record = json.loads(content)
            columns = [each["bars"]["1m"]["columns"] for each in record["symbols"].values()]
            steps = len({time for each in columns for time in each["time"]})
            bars = sum(len(each["time"]) for each in columns)
            numbers = (8, steps, bars, len(record["signals"]), len(record["scans"]))
            (row,) = [line for line in shown.stdout.splitlines() if record["date"] in line][:1]
            assert row.split()[:6] == [record["date"], *(f"{each:,}" for each in numbers)]

    def test_its_signals_are_the_crosses_of_its_averages(self, shown: Any) -> None:
        for content in sessions(shown.out).values():
            record = json.loads(content)
            assert record["signals"]
            told = {name: [] for name in record["symbols"]}  # type: dict[str, list[str]]
            for each in record["signals"]:
                told[each["symbol"]].append(each["action"])
            for name, symbol in record["symbols"].items():
                fast, slow = (
                    np.array(symbol["indicators"][each]["values"]) for each in ("ema_10", "sma_30")
                )
                turns = np.diff((fast > slow).astype(int))
                expected = np.where(turns[turns != 0] > 0, "buy", "sell").tolist()
                # a minute without a bar shows the last one again: no turn more, none less
                assert told[name] == expected


class TestItsConfiguration:
    """It writes the configuration it ran, which runs like any other: to the same bytes."""

    def test_run_gives_the_same_sessions(self, shown: Any, tmp_path: Path) -> None:
        ran = command("run", shown.out / "demo.toml", "--out", tmp_path / "other")
        assert ran.exit_code == 0
        assert sessions(tmp_path / "other") == sessions(shown.out)

    def test_it_is_commented_toml(self, shown: Any) -> None:
        text = (shown.out / "demo.toml").read_text()
        assert tomllib.loads(text)["strategies"][0]["use"] == "fsm_session.demo:Cross"
        assert "#" in text

    def test_again_in_the_same_folder(self, shown: Any, tmp_path: Path) -> None:
        out = tmp_path / "twice"
        first = command("demo", "--out", out)
        assert (first.exit_code, sessions(out)) == (0, sessions(shown.out))
        next(out.glob("sessions/*")).write_text("spoilt")
        again = command("demo", "--out", out)
        assert (again.exit_code, sessions(out)) == (0, sessions(shown.out))


class TestWhatIsNotItsOwn:
    """It overwrites its own run and nothing else."""

    def test_sessions_of_another_run_are_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "sessions" / "2024-07-01.json"
        path.parent.mkdir()
        path.write_text("{}")
        refused = command("demo", "--out", tmp_path)
        assert refused.exit_code == 2
        assert "another run" in refused.stderr
        assert [each for each in tmp_path.rglob("*") if each.is_file()] == [path]
        assert path.read_text() == "{}"

    def test_a_changed_configuration_is_left_alone(self, tmp_path: Path) -> None:
        path = tmp_path / demo.FILE
        path.write_text("# mine\n" + demo.CONFIG)
        refused = command("demo", "--out", tmp_path)
        assert refused.exit_code == 2
        assert str(path) in refused.stderr
        assert path.read_text().startswith("# mine\n")

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.write_text("mine")
        refused = command("demo", "--out", path)
        assert refused.exit_code == 2
        assert str(path) in refused.stderr
        assert path.read_text() == "mine"
