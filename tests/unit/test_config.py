"""What a configuration says when it is read, from TOML and from Python, and of which file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from fsm_session.config import (
    BacktestConfig,
    DataConfig,
    HistoryConfig,
    ScannerConfig,
    SessionConfig,
    SourceConfig,
    StrategyConfig,
    WorkersConfig,
)
from fsm_session.errors import ConfigError
from fsm_session.market.indicators import IndicatorSpec
from fsm_session.market.interval import Interval
from tests.unit.test_config_refusals import small

# the example of DESIGN.md, section 7
EXAMPLE = """
name = "six stocks over a half-day"
mode = "backtest"                    # or "live"
calendar = "XNYS"                    # any exchange_calendars name, "24/7" too

[backtest]
start = 2024-07-01                   # need not be a trading day
end = 2024-07-05
speed = 0                            # 0: as fast as it goes; 60: a minute a second

[data]
symbols = ["BKNG", "NVR"]
streams = ["1m", "5m", "15m"]        # 1s 5s .. 1m .. 1h 1d, "quotes", "ticks"; 1min = 1m
hours = "regular"

[[data.history]]
trailing_days = 3
intervals = ["1m"]
symbols = "all"

[[data.indicators]]
name = "sma_20"
function = "SMA"                     # TA-Lib's name, or "package.module:function"
interval = "1m"
parameters = { timeperiod = 20 }

[source]
kind = "parquet"                     # parquet, csv, simulated, sql, alpaca
path = "bars/{symbol}_{interval}.parquet"    # or a folder of date=YYYY-MM-DD/ partitions

[[scanners]]
use = "my_scanners:Gap"
pre_session = true
every = "5m"                         # mid-session
between = ["09:35", "10:30"]         # exchange time
parameters = { at_least = 0.02 }

[[strategies]]
use = "my_strategies:Cross"

[workers]
threads = false
deadline = 10                        # seconds for a setup or a teardown
"""
ONE, FIVE, QUARTER = Interval(60), Interval(300), Interval(900)
IN_PYTHON = SessionConfig(
    name="six stocks over a half-day",
    backtest=BacktestConfig(dt.date(2024, 7, 1), dt.date(2024, 7, 5)),
    data=DataConfig(
        symbols=("BKNG", "NVR"),
        streams=(ONE, FIVE, QUARTER),
        history=(HistoryConfig(3, (ONE,)),),
        indicators=(IndicatorSpec("sma_20", "SMA", ONE, {"timeperiod": 20}),),
    ),
    source=SourceConfig("parquet", "bars/{symbol}_{interval}.parquet"),
    scanners=(
        ScannerConfig(
            "my_scanners:Gap",
            "Gap",
            pre_session=True,
            every=FIVE,
            between=(dt.time(9, 35), dt.time(10, 30)),
            parameters={"at_least": 0.02},
        ),
    ),
    strategies=(StrategyConfig("my_strategies:Cross"),),
    workers=WorkersConfig(threads=False, deadline=10),
)


class TestReading:
    """DESIGN.md 7: "TOML or the same attrs classes in Python"."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = tmp_path / "week.toml"
        path.write_text(EXAMPLE)
        return path

    def test_the_example_is_what_python_says(self, path: Path) -> None:
        assert SessionConfig.from_toml(path) == IN_PYTHON
        assert SessionConfig.from_toml(path).digest() == IN_PYTHON.digest()

    def test_it_knows_its_file_and_folder(self, path: Path) -> None:
        config = SessionConfig.from_toml(str(path))
        assert (config.file, config.folder) == (str(path), path.parent)

    def test_windows_files_are_read_too(self, path: Path) -> None:
        path.write_bytes(b"\xef\xbb\xbf" + EXAMPLE.replace("\n", "\r\n").encode())
        assert SessionConfig.from_toml(path) == IN_PYTHON

    def test_defaults(self) -> None:
        config = SessionConfig.from_dict(small())
        assert (config.name, config.mode, config.calendar) == ("session", "backtest", "XNYS")
        assert (config.source, config.scanners, config.strategies) == (None, (), ())
        assert config.workers == WorkersConfig(threads=False, deadline=10.0)
        assert (config.data.hours, config.data.missing) == ("regular", "error")
        assert config.folder == Path()

    @pytest.mark.parametrize("text", ["1min", "1Min", "60s", "1m"])
    def test_intervals_are_written_as_one_likes(self, text: str) -> None:
        assert SessionConfig.from_dict(small(data={"streams": [text]})).data.streams == (ONE,)

    def test_names_come_from_use(self) -> None:
        tables = small(strategies=[{"use": "a.b:Cross"}, {"use": "a.b:Cross", "name": "two"}])
        assert [s.name for s in SessionConfig.from_dict(tables).strategies] == ["Cross", "two"]

    def test_a_date_in_parameters_becomes_its_text(self) -> None:
        tables = small(strategies=[{"use": "a:B", "parameters": {"since": dt.date(2024, 7, 1)}}])
        (strategy,) = SessionConfig.from_dict(tables).strategies
        assert strategy.parameters == {"since": "2024-07-01"}

    def test_python_may_give_lists_and_texts(self) -> None:
        loose: Any = DataConfig(symbols=["BKNG"], streams=["1m", "5m"])  # type: ignore[arg-type]
        config = SessionConfig(backtest=IN_PYTHON.backtest, data=loose)
        assert config.data == DataConfig(symbols=("BKNG",), streams=(ONE, FIVE))


class TestFiles:
    """DESIGN.md 7: "An error names the file, the key and what would be right"."""

    def refused(self, path: Path) -> list[tuple[str, str, str]]:
        with pytest.raises(ConfigError) as error:
            SessionConfig.from_toml(path)
        return [(fault.file, fault.key, fault.message) for fault in error.value.faults]

    def test_no_file(self, tmp_path: Path) -> None:
        path = tmp_path / "none.toml"
        told = [(str(path), "", "can't be read: No such file or directory")]
        assert self.refused(path) == told
        assert self.refused(tmp_path)[0][2] == "can't be read: Is a directory"

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b'name = "x"\nmode = \n', "line 2"),
            (b"[backtest]\nstart = 2024-07-01\nstart = 2024-07-02\n", "line 3"),
            (b'name = "\xff"', "utf-8"),
            (b"x = " + b"[" * 5000, "recursion"),
        ],
    )
    def test_no_toml(self, tmp_path: Path, content: bytes, said: str) -> None:
        path = tmp_path / "week.toml"
        path.write_bytes(content)
        ((file, _, message),) = self.refused(path)
        assert file == str(path)
        assert message.startswith("is not TOML: ")
        assert said in message

    def test_every_fault_has_the_file_and_its_key(self, tmp_path: Path) -> None:
        path = tmp_path / "week.toml"
        path.write_text(
            EXAMPLE.replace("2024-07-05", "2024-06-05").replace('"5m", "15', '"5x", "15')
        )
        found = self.refused(path)
        assert [key for _, key, _ in found] == ["backtest.start", "data.streams[1]"]
        assert {file for file, _, _ in found} == {str(path)}
        assert "2024-07-01 is after 2024-06-05" in found[0][2]
        assert "5x" in found[1][2] and "5m" in found[1][2]
