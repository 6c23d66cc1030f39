"""Two days of a real symbol, every quote and every trade, checked against pandas alone."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from fsm_session import Run, SessionConfig, SessionCoordinator
from fsm_session.sources import ParquetSource
from tests.oracle import COLUMNS, HOW
from tests.real_data import SHARED

FOLDER = SHARED / "data" / "highfrequency"
GOLDEN = SHARED / "golden" / "highfrequency" / "XXX_ticks_to_1m.parquet"

pytestmark = pytest.mark.skipif(
    not (FOLDER.is_dir() and GOLDEN.is_file()),
    reason=f"no recorded ticks and quotes in {FOLDER} (set FSM_SESSION_SHARED)",
)

DATES = ("2018-01-02", "2018-01-03")
ZONE = "America/New_York"
QUOTE = ["bid_price", "bid_size", "ask_price", "ask_size"]
TRADE = ["price", "size"]


@lru_cache
def recorded(kind: str) -> pd.DataFrame:
    """Read a file, the corrected trades left out, and tell the order of its rows."""
    name, columns = {"quotes": ("quote_ticks", QUOTE), "ticks": ("ticks", TRADE)}[kind]
    frame = pd.read_parquet(FOLDER / f"XXX_{name}.parquet")
    if kind == "ticks":
        frame = frame[frame["correction"] == 0]
    frame["time"] = frame["timestamp"].dt.as_unit("ns")
    frame["date"] = frame["time"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d")
    return pd.DataFrame(frame[["time", "date", *columns]].reset_index(drop=True))


@lru_cache
def minutes() -> pd.DataFrame:
    """Read the bars of a minute that somebody else made of the trades."""
    frame = pd.read_parquet(GOLDEN).set_index("timestamp")
    frame.index = pd.DatetimeIndex(frame.index).as_unit("ns")
    return frame


@lru_cache
def five_minutes() -> pd.DataFrame:
    derived = minutes().resample("5min", label="left", closed="left").agg(HOW).dropna()
    return pd.DataFrame(derived)


def steps(date: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Find the instants of a day at which anything happens; the last finishes what is left."""
    frames = [recorded(kind) for kind in ("quotes", "ticks")]
    times = [pd.DatetimeIndex(frame["time"][frame["date"] == date]).asi8 for frame in frames]
    times.append(pd.DatetimeIndex(on(date, minutes()).index).asi8 + 60 * 10**9)
    happens = np.unique(np.concatenate(times))
    last = pd.DatetimeIndex(on(date, five_minutes()).index).asi8[-1] + 300 * 10**9
    midnight = pd.Timestamp(date, tz=ZONE) + pd.Timedelta(days=1)
    closing = [midnight.as_unit("ns").value] if last > happens[-1] else []
    return np.append(happens, np.array(closing, np.int64))


def on(date: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Cut a day out of bars, by the clock of the exchange."""
    days = pd.DatetimeIndex(frame.index).tz_convert(ZONE).strftime("%Y-%m-%d")
    return pd.DataFrame(frame[days == date])


class Hears:
    """A strategy that writes down all that it is told, and what a view shows at each bar."""

    def __init__(self) -> None:
        self.told: list[tuple[int, Any]] = []
        #: the end of each bar of a minute, and the last quote and trade by then
        self.at_bars: list[tuple[Any, ...]] = []
        self.latest: list[list[float]] = []
        self.bars: dict[str, list[tuple[Any, ...]]] = {"1m": [], "5m": []}
        self.seen_at: list[int] = []

    # each session gets a copy: what it heard is kept outside of it
    def __deepcopy__(self, memo: object) -> Hears:
        return self

    def setup(self, context: Any) -> None:
        self.view = context.view

    def on_quote(self, quote: Any) -> None:
        self.told.append((0, quote))

    def on_tick(self, tick: Any) -> None:
        self.told.append((1, tick))

    def on_bars(self, view: Any) -> None:
        shown = view["XXX"]
        if view.fresh("1m")[0]:
            self.at_bars.append((view.now_ns, shown.quote, shown.tick, len(shown.quotes())))
            self.latest.append([view.latest(name)[0] for name in (*QUOTE, *TRADE)])
        if view.fresh("5m")[0]:
            self.seen_at.append(view.now_ns)
        for interval in self.bars:
            if view.fresh(interval)[0]:
                bars = shown.today(interval)
                self.bars[interval].append(tuple(bars.column(n)[-1] for n in ("time", *COLUMNS)))


def config(hours: str = "all") -> SessionConfig:
    return SessionConfig.from_dict(
        {
            "backtest": {"start": DATES[0], "end": DATES[1]},
            "data": {
                "symbols": ["XXX"],
                "streams": ["1m", "5m", "quotes", "ticks"],
                "hours": hours,
            },
        }
    )


def play(out: Path | None = None, hours: str = "all") -> tuple[Run, Hears]:
    hears = Hears()
    source = ParquetSource(
        ticks=FOLDER / "{symbol}_ticks.parquet", quotes=FOLDER / "{symbol}_quote_ticks.parquet"
    )
    run = SessionCoordinator(config(hours), source=source, strategies=[hears], out=out).run()
    return run, hears


class Days:
    """A run over both days, what was told in it, and the folder of its records."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.run, self.hears = play(out)

    def records(self) -> list[dict[str, Any]]:
        return [orjson.loads(path.read_bytes()) for path in sorted(self.out.glob("sessions/*"))]


@pytest.fixture(scope="module")
def days(tmp_path_factory: pytest.TempPathFactory) -> Days:
    return Days(tmp_path_factory.mktemp("days"))


def test_every_quote_and_trade_is_told_once_in_its_order(days: Days) -> None:
    for number, (kind, count) in enumerate({"quotes": 131_401, "ticks": 77_261}.items()):
        told = [each for which, each in days.hears.told if which == number]
        wanted = recorded(kind)
        assert len(told) == len(wanted) == count
        names = QUOTE if kind == "quotes" else TRADE
        found = [(each.time_ns, *(getattr(each, name) for name in names)) for each in told]
        times = pd.DatetimeIndex(wanted["time"]).asi8.tolist()
        columns = [wanted[name].astype(float).tolist() for name in names]
        assert found == [*zip(times, *columns, strict=True)]


def test_quotes_come_before_trades_of_the_same_instant(days: Days) -> None:
    frames = [recorded(kind).assign(which=which) for which, kind in enumerate(("quotes", "ticks"))]
    merged = pd.concat(frames).sort_values("time", kind="stable")
    assert [which for which, _ in days.hears.told] == merged["which"].tolist()
    shared = merged.groupby("time")["which"].nunique()
    assert (shared == 2).sum() > 100, "a market in which it makes no difference proves nothing"


def test_minutes_are_those_of_the_reference_file(days: Days) -> None:
    golden = minutes()
    told = pd.DataFrame(days.hears.bars["1m"], columns=["time", *COLUMNS])
    assert len(told) == len(golden) == 955
    assert told["time"].tolist() == pd.DatetimeIndex(golden.index).asi8.tolist()
    np.testing.assert_array_equal(told[COLUMNS], golden[COLUMNS].astype(float))
    for date, record in zip(DATES, days.records(), strict=True):
        columns = record["symbols"]["XXX"]["bars"]["1m"]["columns"]
        for name in COLUMNS:
            np.testing.assert_array_equal(columns[name], on(date, golden)[name])


def test_at_every_minute_the_last_quote_is_the_one_that_was(days: Days) -> None:
    frame = pd.DataFrame(days.hears.at_bars, columns=["end", "quote", "tick", "quotes"])
    starts = pd.DatetimeIndex(minutes().index)
    assert frame["end"].tolist() == (starts + pd.Timedelta(minutes=1)).asi8.tolist()
    end = pd.to_datetime(frame["end"], utc=True).dt.as_unit("ns")
    asked = pd.DataFrame({"time": end, "date": starts.tz_convert(ZONE).strftime("%Y-%m-%d")})
    for kind, names, shown in ("quotes", QUOTE, "quote"), ("ticks", TRADE, "tick"):
        merged = pd.merge_asof(asked, recorded(kind), on="time", by="date")
        found = [
            [np.nan if each is None else getattr(each, name) for name in names]
            for each in frame[shown]
        ]
        np.testing.assert_array_equal(found, merged[names].to_numpy(float))
        first = 0 if kind == "quotes" else len(QUOTE)
        latest = np.array(days.hears.latest)[:, first : first + len(names)]
        np.testing.assert_array_equal(latest, merged[names].to_numpy(float))


def test_at_every_minute_there_are_as_many_quotes_as_there_were(days: Days) -> None:
    quotes = recorded("quotes")
    for date in DATES:
        times = pd.DatetimeIndex(quotes["time"][quotes["date"] == date]).asi8
        starts = pd.DatetimeIndex(on(date, minutes()).index).asi8
        wanted = [int((times <= start + 60 * 10**9).sum()) for start in starts]
        ends = {int(start) + 60 * 10**9 for start in starts}
        assert [count for end, _, _, count in days.hears.at_bars if end in ends] == wanted


def test_five_minutes_are_those_of_pandas(days: Days) -> None:
    wanted = five_minutes()
    told = pd.DataFrame(days.hears.bars["5m"], columns=["time", *COLUMNS])
    assert told["time"].tolist() == pd.DatetimeIndex(wanted.index).asi8.tolist()
    np.testing.assert_array_equal(told[COLUMNS], wanted[COLUMNS].astype(float))


def test_five_minutes_are_seen_at_the_first_step_at_or_after_their_end(days: Days) -> None:
    all_steps = np.concatenate([steps(date) for date in DATES])
    ends = pd.DatetimeIndex(five_minutes().index).asi8 + 300 * 10**9
    assert days.hears.seen_at == all_steps[np.searchsorted(all_steps, ends)].tolist()


def test_the_record_counts_what_was_there(days: Days) -> None:
    for date, record in zip(DATES, days.records(), strict=True):
        events = record["symbols"]["XXX"]["events"]
        assert [*events] == ["quotes", "ticks"]
        for kind, told in events.items():
            frame = recorded(kind)
            frame = frame[frame["date"] == date]
            last = frame.iloc[-1]
            assert (told["derived"], told["base"], told["count"]) == (False, None, len(frame))
            assert pd.Timestamp(told["last"].pop("time")) == last["time"]
            assert told["last"] == {name: last[name] for name in told["last"]}
        bars = record["symbols"]["XXX"]["bars"]["1m"]
        regular = on(date, minutes()).tz_convert(ZONE).between_time("09:30", "15:59")
        assert bars["quality"] == 100 * len(regular) / 390
    assert [each.steps for each in days.run.sessions] == [len(steps(date)) for date in DATES]


def test_regular_hours_hold_only_what_lies_in_them(days: Days) -> None:
    run, hears = play(hours="regular")
    for which, kind in enumerate(("quotes", "ticks")):
        frame = recorded(kind).set_index("time").tz_convert(ZONE)
        within = frame.between_time("09:30", "16:00", inclusive="left")
        assert sum(number == which for number, _ in hears.told) == len(within) < len(frame)
    wanted = minutes().tz_convert(ZONE).between_time("09:30", "15:59")
    assert [each[0] for each in hears.bars["1m"]] == pd.DatetimeIndex(wanted.index).asi8.tolist()
    assert run.outcome == "completed"


def test_two_runs_give_the_same_bytes(days: Days, tmp_path: Path) -> None:
    play(tmp_path)
    paths = sorted(path.relative_to(tmp_path) for path in tmp_path.glob("**/*.json"))
    assert len(paths) == 3
    for path in paths:
        assert (tmp_path / path).read_bytes() == (days.out / path).read_bytes(), path
