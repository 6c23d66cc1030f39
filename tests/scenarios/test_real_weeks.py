"""Nine months of six sparse stocks, every exported number checked against other people's code."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
import talib

from fsm_session import Run, RunFailedError, SessionConfig, SessionCoordinator
from tests import oracle
from tests.real_data import SHARED, needs_shared

pytestmark = needs_shared

SYMBOLS = ["NVR", "BKNG", "CPAY", "FDS", "LII", "GWW"]
INTERVALS = ["1m", "5m", "15m", "1h"]
DAYS = 3
FIRST, LAST = "2024-01-05", "2024-09-30"


def indicator(name: str, function: str, interval: str, **parameters: object) -> dict[str, Any]:
    return {"name": name, "function": function, "interval": interval, "parameters": parameters}


INDICATORS = [
    indicator("sma_20", "SMA", "1m", timeperiod=20),
    indicator("ema_20", "EMA", "5m", timeperiod=20),
    indicator("rsi_14", "RSI", "1m", timeperiod=14),
    indicator("macd", "MACD", "1m"),
    indicator("atr_14", "ATR", "15m", timeperiod=14),
    indicator("bbands", "BBANDS", "1h", timeperiod=20),
]
#: how many bars are needed before the open for a value to be there
WARM_UP = {"sma_20": 20, "ema_20": 20, "rsi_14": 15, "macd": 34, "atr_14": 15, "bbands": 20}


def config(start: str = FIRST, end: str = LAST, **data: Any) -> SessionConfig:
    tables = {
        "symbols": SYMBOLS,
        "streams": INTERVALS,
        "missing": "skip",
        "history": [{"trailing_days": DAYS, "intervals": ["1m"]}],
        "indicators": INDICATORS,
    }
    return SessionConfig.from_dict(
        {
            "name": "six stocks",
            "backtest": {"start": start, "end": end},
            "data": tables | data,
            "source": {"kind": "parquet", "path": "data/blaizard/{symbol}_{interval}.parquet"},
        },
        folder=SHARED,
    )


class Year:
    """A run and the folder of its records."""

    def __init__(self, run: Run, out: Path) -> None:
        self.run = run
        self.out = out
        self.table = oracle.schedule("2023-12-20", LAST)
        self.dates = [str(each.date()) for each in self.table.loc[FIRST:].index]

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for date in self.dates:
            path = self.out / "sessions" / f"{date}.json"
            yield date, orjson.loads(path.read_bytes())

    def symbols(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for date, record in self.records():
            for symbol, data in record["symbols"].items():
                yield date, symbol, data


@pytest.fixture(scope="module")
def year(tmp_path_factory: pytest.TempPathFactory) -> Year:
    out = tmp_path_factory.mktemp("year")
    return Year(SessionCoordinator(config(), out=out).run(), out)


def instants(texts: list[str]) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(pd.to_datetime(texts, utc=True)).as_unit("ns")


def test_it_completes_every_session_of_the_calendar(year: Year) -> None:
    assert year.run.outcome == "completed"
    assert [each.date for each in year.run.sessions] == year.dates
    assert len(year.dates) == 185
    assert all(each.complete for each in year.run.sessions)
    assert orjson.loads((year.out / "run.json").read_bytes())["outcome"] == "completed"
    assert sorted(each.name for each in (year.out / "sessions").iterdir()) == [
        f"{date}.json" for date in year.dates
    ]


def test_opens_closes_and_half_days_are_the_calendars(year: Year) -> None:
    for date, record in year.records():
        times = year.table.loc[date]
        assert pd.Timestamp(record["open"]) == times.open
        assert pd.Timestamp(record["close"]) == times.close
        assert record["early_close"] == (date == "2024-07-03")
        assert record["date"] == date
        assert record["calendar"] == "XNYS"


def test_bars_and_derived_bars_are_those_of_pandas(year: Year) -> None:
    compared = 0
    # every third is enough: with six symbols, it goes through all days and all symbols
    for date, symbol, data in list(year.symbols())[::3]:
        frame = oracle.rows("blaizard", f"{symbol}_1m")
        for interval in INTERVALS:
            expected = oracle.day(frame, date, interval, year.table)
            bars = data["bars"][interval]
            assert bars["derived"] == (interval != "1m")
            assert bars["base"] == ("1m" if interval != "1m" else None)
            assert (instants(bars["columns"]["time"]) == expected.index).all()
            for name in oracle.COLUMNS:
                np.testing.assert_array_equal(bars["columns"][name], expected[name].to_numpy(float))
            compared += len(expected)
    assert compared > 80_000


@pytest.mark.parametrize("symbol", ["BKNG", "CPAY", "NVR"])
def test_derived_bars_are_those_of_the_reference_files(year: Year, symbol: str) -> None:
    path = SHARED / "golden" / "blaizard" / f"{symbol}_1m_resample.parquet"
    golden = pd.read_parquet(path).query("anchor == 'session'")
    records = {(date, name): data for date, name, data in year.symbols()}
    days = golden.timestamp.dt.tz_convert("America/New_York").dt.date.astype(str)
    for key, expected in golden.groupby(["rule", days]):
        rule, date = map(str, key)
        interval = {rule: label for label, rule in oracle.RULES.items()}[rule]
        columns = records[date, symbol]["bars"][interval]["columns"]
        assert (instants(columns["time"]) == pd.DatetimeIndex(expected.timestamp)).all()
        for name in oracle.COLUMNS:
            np.testing.assert_array_equal(columns[name], expected[name].to_numpy(float))


def test_quality_and_gaps_are_those_of_the_reference_files(year: Year) -> None:
    golden = {
        symbol: pd.read_csv(
            SHARED / "golden" / "blaizard" / f"{symbol}_1m_sessions.csv", index_col="session"
        )
        for symbol in SYMBOLS
    }
    for date, symbol, data in year.symbols():
        row = golden[symbol].loc[date]
        for bars in data["bars"].values():
            assert bars["expected"] == row.minutes
            assert bars["quality"] == pytest.approx(100 * row.bars_regular / row.minutes, rel=1e-15)
            assert sum(missing for _, _, missing in bars["gaps"]) == row.missing
            longest = max((missing for _, _, missing in bars["gaps"]), default=0)
            # the file measures a gap between bars: what is missing at an end of the day is not one
            assert longest >= row.longest_gap_minutes - 1


def test_indicators_are_those_of_talib_on_history_and_day(year: Year) -> None:
    compared = 0
    for date, symbol, data in list(year.symbols())[::7]:
        frame = oracle.rows("blaizard", f"{symbol}_1m")
        for spec in INDICATORS:
            interval = spec["interval"]
            needed = oracle.sessions_holding(year.table, date, interval, WARM_UP[spec["name"]])
            days = max(DAYS, needed)
            table, skip = oracle.with_history(frame, date, interval, year.table, days)
            columns = {name: table[name].to_numpy(float) for name in oracle.COLUMNS}
            values = data["indicators"][spec["name"]]["values"]
            expected = talib_values(spec, columns)
            if not isinstance(values, dict):
                values = {"": values}
            assert len(values) == len(expected)
            for found, wanted in zip(values.values(), expected, strict=True):
                np.testing.assert_array_equal(oracle.read(found), wanted[skip:])
                compared += len(found)
    assert compared > 100_000


def talib_values(spec: dict[str, Any], columns: dict[str, Any]) -> list[Any]:
    close, high, low = columns["close"], columns["high"], columns["low"]
    inputs = (high, low, close) if spec["function"] == "ATR" else (close,)
    answer = getattr(talib, spec["function"])(*inputs, **spec["parameters"])
    return list(answer) if isinstance(answer, tuple) else [answer]


def test_metrics_are_the_days(year: Year) -> None:
    for date, symbol, data in year.symbols():
        frame = oracle.day(oracle.rows("blaizard", f"{symbol}_1m"), date, "1m", year.table)
        assert data["metrics"] == {
            "volume": frame.volume.sum(),
            "high": frame.high.max(),
            "low": frame.low.min(),
            "last": frame.close.iloc[-1],
        }


def test_a_symbol_is_left_out_on_the_days_it_has_nothing(year: Year) -> None:
    for date, record in year.records():
        before = date < "2024-03-25"
        assert record["left_out"] == (["CPAY"] if before else [])
        assert ("CPAY" in record["symbols"]) == (not before)
    history = dict(year.records())
    assert history["2024-03-25"]["history"]["CPAY"]["1m"]["sessions"] == 0
    assert history["2024-03-26"]["history"]["CPAY"]["1m"]["sessions"] == 1
    assert history["2024-07-03"]["history"]["CPAY"]["1m"]["sessions"] == 3


def test_history_counts_what_was_there(year: Year) -> None:
    for date, record in list(year.records())[::7]:
        for symbol, history in record["history"].items():
            frame = oracle.rows("blaizard", f"{symbol}_1m")
            for interval in INTERVALS:
                # an hour's average of 20 needs a fourth session where a half-day is among them
                needed = oracle.sessions_holding(year.table, date, interval, 20)
                days = max(DAYS, needed) if interval == "1h" else DAYS
                _, bars = oracle.with_history(frame, date, interval, year.table, days)
                assert history[interval]["bars"] == bars


def test_the_last_day_stays_to_be_looked_at(year: Year) -> None:
    expected = oracle.day(oracle.rows("blaizard", "BKNG_1m"), LAST, "5m", year.table)
    found = year.run.data["BKNG"].today("5m").frame()
    np.testing.assert_array_equal(found.to_numpy(), expected.to_numpy(float))
    assert (found.index == expected.index).all()


def test_a_symbol_without_data_is_refused_by_name_and_dates() -> None:
    with pytest.raises(RunFailedError) as caught:
        SessionCoordinator(config(missing="error")).run()
    (error,) = caught.value.exceptions
    text = str(error)
    assert "CPAY" in text
    assert "2024-01-05 to 2024-03-22" in text
    assert "2024-01-02 to 2024-01-04" in text
    run: Any = caught.value.run
    assert len(run.data) == 0
    assert [failure.phase for failure in run.errors] == ["Validate"]
    assert [move.target for move in run.moves] == ["Validate", "Failed"]


def test_two_runs_give_the_same_bytes_inline_and_in_threads(tmp_path: Path) -> None:
    dates = {"start": "2024-06-27", "end": "2024-07-08"}
    folders = [tmp_path / name for name in ("first", "second", "threads")]
    for folder in folders:
        wishes = config(**dates).to_dict()
        wishes["workers"]["threads"] = folder.name == "threads"
        SessionCoordinator(SessionConfig.from_dict(wishes, folder=SHARED), out=folder).run()
    for path in sorted(folders[0].glob("**/*.json")):
        name = path.relative_to(folders[0])
        assert len({(folder / name).read_bytes() for folder in folders}) == 1, name


def test_days_one_by_one_are_the_days_together(year: Year, tmp_path: Path) -> None:
    around_every_change = ["2024-01-05", "2024-03-08", "2024-03-11", "2024-03-25", "2024-03-26"]
    for date in [*around_every_change, "2024-07-03", "2024-07-05", "2024-09-30"]:
        SessionCoordinator(config(date, date), out=tmp_path / date).run()
        alone = (tmp_path / date / "sessions" / f"{date}.json").read_bytes()
        assert alone == (year.out / "sessions" / f"{date}.json").read_bytes(), date
