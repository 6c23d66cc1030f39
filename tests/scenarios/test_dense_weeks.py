"""Dense markets, some with extended hours, checked against other people's code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest
from attrs import evolve, frozen

from fsm_session import ParquetSource, Run, SessionConfig, SessionCoordinator
from tests import oracle
from tests.real_data import SHARED, needs_shared

pytestmark = needs_shared

INTERVALS = ["1m", "5m", "15m", "1h"]


@frozen
class Market:
    """A recorded market: where it lies, from when to when, and what is known of it by hand."""

    folder: str
    file: str
    symbol: str
    start: str
    end: str
    hours: str
    sessions: int
    rows: int

    def config(self, **tables: Any) -> SessionConfig:
        data = {"symbols": [self.symbol], "streams": INTERVALS, "hours": self.hours}
        backtest = {"start": self.start, "end": self.end}
        return SessionConfig.from_dict({"backtest": backtest, "data": data, **tables})

    def source(self) -> ParquetSource:
        name = self.file.replace(self.symbol, "{symbol}", 1)
        return ParquetSource(SHARED / "data" / self.folder / f"{name}.parquet", "1m")

    def golden(self) -> pd.DataFrame:
        path = SHARED / "golden" / self.folder / f"{self.file}_sessions.csv"
        return pd.read_csv(path).set_index("session")


REACT = "react_stockcharts"
MARKETS = [
    Market(REACT, "MSFT_1m_2016", "MSFT", "2016-04-15", "2016-05-13", "regular", 21, 0),
    Market(REACT, "MSFT_1m_2016", "MSFT", "2016-04-15", "2016-05-13", "all", 21, 8211),
    Market("market_prices", "MSFT_1m_2024", "MSFT", "2024-01-16", "2024-02-14", "regular", 22, 0),
    Market("pyalgotrade", "SPY_1m_201101", "SPY", "2011-01-03", "2011-01-31", "all", 20, 14180),
]  # fmt: skip


class Weeks:
    """A run over a market, and its records."""

    def __init__(self, market: Market, out: Path) -> None:
        self.market = market
        self.shown: list[int] = []
        weeks = self

        class Looks:
            def on_bar(self, bar: Any) -> None:
                weeks.shown.append(bar.time_ns)

        self.run: Run = SessionCoordinator(
            market.config(), source=market.source(), strategies=[Looks], out=out
        ).run()
        self.records = {
            each.stem: orjson.loads(each.read_bytes())["symbols"][market.symbol]
            for each in sorted(out.glob("sessions/*.json"))
        }
        first = pd.Timestamp(market.start) - pd.Timedelta(days=10)
        last = pd.Timestamp(market.end) + pd.Timedelta(days=10)
        self.table = oracle.schedule(str(first.date()), str(last.date()))
        self.frame = oracle.rows(market.folder, market.file)

    def day(self, date: str, interval: str) -> pd.DataFrame:
        times: Any = self.table.loc[pd.Timestamp(date)]
        if self.market.hours == "regular":
            return oracle.day(self.frame, date, interval, self.table)
        local = pd.DatetimeIndex(self.frame.index).tz_convert("America/New_York")
        whole = pd.DataFrame(self.frame[local.strftime("%Y-%m-%d") == date])
        return oracle.derive(whole, times, interval)


@pytest.fixture(scope="module", params=MARKETS, ids=lambda each: f"{each.file} {each.hours}")
def weeks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    return Weeks(request.param, tmp_path_factory.mktemp("weeks"))


def test_every_session_completes(weeks: Weeks) -> None:
    assert weeks.run.outcome == "completed"
    assert len(weeks.records) == weeks.market.sessions
    dates = weeks.table.loc[weeks.market.start : weeks.market.end].index
    assert list(weeks.records) == [str(each.date()) for each in dates]
    assert all(each.complete for each in weeks.run.sessions)


def test_bars_and_derived_bars_are_those_of_pandas(weeks: Weeks) -> None:
    compared = 0
    for date, record in weeks.records.items():
        for interval in INTERVALS:
            expected = weeks.day(date, interval)
            columns = record["bars"][interval]["columns"]
            times = pd.DatetimeIndex(pd.to_datetime(columns["time"], utc=True))
            assert list(times) == list(expected.index)
            for name in oracle.COLUMNS:
                found = np.array(columns[name], float)
                if name == "volume":  # a sum of integers, whatever the order
                    np.testing.assert_allclose(found, expected[name].to_numpy(float), rtol=1e-12)
                else:
                    np.testing.assert_array_equal(found, expected[name].to_numpy(float))
            compared += len(expected)
    assert compared > 8000


def test_quality_is_the_golden_one(weeks: Weeks) -> None:
    golden = weeks.market.golden()
    for date, record in weeks.records.items():
        told, known = record["bars"]["1m"], golden[["bars_regular", "missing"]].T[date].to_dict()
        minutes = known["bars_regular"] + known["missing"]
        assert told["expected"] == minutes
        assert told["quality"] == pytest.approx(100 * known["bars_regular"] / minutes)
        assert sum(missing for _, _, missing in told["gaps"]) == known["missing"]


def test_every_bar_is_shown_once(weeks: Weeks) -> None:
    expected = pd.concat([weeks.day(date, "1m") for date in weeks.records])
    starts = pd.DatetimeIndex(expected.index).as_unit("ns").asi8.tolist()
    assert weeks.shown == starts
    if weeks.market.rows:  # with all hours, not a row of the file is left out
        assert len(starts) == weeks.market.rows


def test_before_the_open_is_seen_with_all_hours_only(weeks: Weeks) -> None:
    opens = pd.DatetimeIndex(weeks.table.open)
    before = [
        weeks.records[date]["bars"]["1m"]["columns"]["time"][0]
        for date in weeks.records
        if pd.Timestamp(weeks.records[date]["bars"]["1m"]["columns"]["time"][0]) not in opens
    ]
    early = {"MSFT_1m_2016": 21, "SPY_1m_201101": 20}.get(weeks.market.file, 0)
    late_first = 1 if weeks.market.file == "MSFT_1m_2024" else 0  # it lacks its first minute
    assert len(before) == (early if weeks.market.hours == "all" else late_first)


def test_threads_give_the_same_bytes(tmp_path: Path) -> None:
    short = evolve(MARKETS[3], end="2011-01-05")
    for threads in (False, True):
        config = short.config(workers={"threads": threads})
        SessionCoordinator(config, source=short.source(), out=tmp_path / str(threads)).run()
    paths = sorted((tmp_path / "True").glob("sessions/*.json"))
    assert len(paths) == 3
    for path in paths:
        assert path.read_bytes() == (tmp_path / "False" / "sessions" / path.name).read_bytes()
