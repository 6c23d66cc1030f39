"""How much is read: what indicators need, what is asked for outright, and bars that lack some."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import talib

from fsm_session import FramesSource, Run, RunFailedError, SessionCoordinator
from fsm_session.errors import Fault, RequirementsError
from tests.oracle import HOW, schedule
from tests.small_market import bars_of, market, wishes
from tests.unit.session.days import same

#: the sessions of XNYS around a half-day, 07-03; 06-19 and 07-04 are holidays
DATES = [
    "2024-06-21", "2024-06-24", "2024-06-25", "2024-06-26", "2024-06-27", "2024-06-28",
    "2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05", "2024-07-08",
]  # fmt: skip
HALF, FRIDAY, MONDAY = DATES[-3:]
RULES = {"5m": "5min", "1h": "1h", "1d": "24h"}


def minutes(date: str, every: int = 5) -> list[int]:
    return list(range(0, 210 if date == HALF else 390, every))


FRAMES = {date: bars_of("AAA", date, minutes(date)) for date in DATES}


def source(first: str = DATES[0]) -> FramesSource:
    """Make a market that begins on a date."""
    days = [frame for date, frame in FRAMES.items() if date >= first]
    return FramesSource({"AAA": pd.concat(days)}, interval="1m")


def derived(dates: list[str], interval: str) -> pd.DataFrame:
    """Derive the bars of some sessions with pandas, each anchored at its open."""
    days = [
        FRAMES[date].resample(RULES[interval], origin=f"{date} 09:30-04:00").agg(HOW)
        for date in dates
    ]
    return pd.concat(days)


def spec(name: str, function: str, interval: str, period: int, **more: Any) -> dict[str, Any]:
    parameters = {"timeperiod": period}
    return {
        "name": name, "function": function, "interval": interval, "parameters": parameters, **more
    }  # fmt: skip


SMA_1H = spec("sma", "SMA", "1h", 20)


def coordinator(
    start: str, *indicators: Any, first: str = DATES[0], strategies: Any = (), **data: Any
) -> SessionCoordinator:
    out, end = data.pop("out", None), data.pop("end", start)
    made = data.pop("source", None) or source(first)
    asked = {"streams": ["1m"], "indicators": [*indicators], **data}
    config = wishes(["AAA"], start, end, data=asked)
    return SessionCoordinator(config, source=made, strategies=strategies, out=out)


def unmet(some: SessionCoordinator) -> tuple[Fault, ...]:
    with pytest.raises(RunFailedError) as caught:
        some.run()
    run: Any = caught.value.run
    assert [each.target for each in run.moves] == ["Validate", "Failed"]
    (error,) = caught.value.exceptions
    assert isinstance(error, RequirementsError)
    return error.faults


def sessions(run: Run) -> dict[str, int]:
    return {each.label: count for each, count in run.data["AAA"].history_sessions.items()}


@pytest.mark.parametrize(
    ("date", "indicator", "history"),
    [
        # 20 hours: a full day has 7 of them, the half-day 4
        ("2024-07-02", SMA_1H, ["2024-06-27", "2024-06-28", "2024-07-01"]),
        ("2024-07-03", SMA_1H, ["2024-06-28", "2024-07-01", "2024-07-02"]),
        ("2024-07-05", SMA_1H, ["2024-06-28", "2024-07-01", "2024-07-02", "2024-07-03"]),
        ("2024-07-08", SMA_1H, ["2024-07-01", "2024-07-02", "2024-07-03", "2024-07-05"]),
        # 78 bars of 5 minutes, or 42; an average of 43 does not fit into the half-day
        ("2024-07-05", spec("ema", "EMA", "5m", 42), ["2024-07-03"]),
        ("2024-07-05", spec("ema", "EMA", "5m", 43), ["2024-07-02", "2024-07-03"]),
        ("2024-07-03", spec("ema", "EMA", "5m", 43), ["2024-07-02"]),
        # the change from one bar to the next takes one more
        ("2024-07-05", spec("rsi", "RSI", "5m", 14), ["2024-07-03"]),
        ("2024-07-05", spec("rsi", "RSI", "5m", 42), ["2024-07-02", "2024-07-03"]),
        ("2024-07-08", spec("sma", "SMA", "1d", 3), ["2024-07-02", "2024-07-03", "2024-07-05"]),
    ],
)
class TestWarmUp:
    """the requirement is derived from it, as it is for the warm-up of every indicator (TA-Lib's
    lookback, converted through the derived interval into sessions of base bars)."""

    def test_it_is_defined_from_the_first_bar_of_the_day(
        self, date: str, indicator: dict[str, Any], history: list[str]
    ) -> None:
        seen: list[float] = []

        class Notes:
            def on_bar(self, bar: Any) -> None:
                seen.append(bar[indicator["name"]])

        data = coordinator(date, indicator, first=history[0], strategies=[Notes]).run().data["AAA"]
        compute = getattr(talib, indicator["function"])
        period, interval = indicator["parameters"]["timeperiod"], indicator["interval"]
        close = derived([*history, date], interval).close
        expected = compute(close.to_numpy(), period)
        np.testing.assert_array_equal(data.indicator(indicator["name"]), expected)
        # at the first bar of the day the newest is that of the last session's last, or its own
        before = len(derived(history, interval))
        assert not np.isnan(seen[0])
        assert seen[0] in expected[before - 1 : before + 1]
        assert not np.isnan(expected[before - 1])

    def test_no_more_is_read_than_it_takes(
        self, date: str, indicator: dict[str, Any], history: list[str]
    ) -> None:
        run = coordinator(date, indicator).run()
        counts = {"1m": 0, indicator["interval"]: len(history)}
        assert sessions(run) == counts
        assert len(run.data["AAA"].history()) == 0
        kept = len(derived(history, indicator["interval"]))
        assert len(run.data["AAA"].history(indicator["interval"])) == kept

    def test_less_is_refused_with_who_needs_it(
        self, date: str, indicator: dict[str, Any], history: list[str]
    ) -> None:
        later = [*history, date][1]
        (fault,) = unmet(coordinator(date, indicator, first=later))
        assert (fault.key, fault.symbol) == ("data.symbols", "AAA")
        count = f"{len(history)} session{'s' if len(history) > 1 else ''}"
        name = indicator["name"]
        told = f"too little history, {count} before {date} for {name}: no bars on {history[0]} in"
        assert fault.message.startswith(told)


class TestBesideOthers:
    """If the configuration asks for one and not for the history it needs, the requirement is
    derived from it"""

    def test_without_a_warm_up_it_is_as_it_was(self) -> None:
        cold = spec("sma", "SMA", "1h", 3, warm_up=False)
        run = coordinator(FRIDAY, cold, first=FRIDAY).run()
        assert sessions(run) == {"1m": 0, "1h": 0}
        values = run.data["AAA"].indicator("sma")
        assert np.isnan(values).tolist() == [True] * 2 + [False] * 5

    @pytest.mark.parametrize(("asked", "there"), [(6, 6), (4, 4), (1, 4)])
    def test_the_longer_one_wins(self, asked: int, there: int) -> None:
        history = [{"trailing_days": asked, "intervals": ["1h"]}]
        run = coordinator(FRIDAY, SMA_1H, history=history).run()
        assert sessions(run) == {"1m": 0, "1h": there}
        close = derived(DATES[DATES.index(FRIDAY) - there : -1], "1h").close
        np.testing.assert_array_equal(
            run.data["AAA"].indicator("sma"), talib.SMA(close.to_numpy(), 20)
        )

    def test_each_interval_keeps_its_own(self) -> None:
        others = spec("ema", "EMA", "5m", 43), spec("day", "SMA", "1d", 5)
        history = [{"trailing_days": 1, "intervals": ["1m"]}]
        run = coordinator(FRIDAY, SMA_1H, *others, history=history, streams=["1m", "15m"]).run()
        # what is asked of 1m holds for all that derives from it
        assert sessions(run) == {"1m": 1, "15m": 1, "5m": 2, "1h": 4, "1d": 5}
        assert len(run.data["AAA"].history("1m")) == 42
        assert len(run.data["AAA"].history("1d")) == 5

    def test_all_who_reach_as_far_are_named(self) -> None:
        twin, near = spec("twin", "WMA", "1h", 20), spec("near", "SMA", "5m", 5)
        trailing = {"name": "adv", "function": "mean", "column": "volume", "over": "4d"}
        some = coordinator(FRIDAY, SMA_1H, twin, near, historical=[trailing], first=HALF)
        (fault,) = unmet(some)
        told = (
            "4 sessions before 2024-07-05 for sma, twin, adv: no bars on 2024-06-28 to 2024-07-02"
        )
        assert told in fault.message

    def test_a_universe_has_its_own(self) -> None:
        seen: list[tuple[int, int, float]] = []

        class Looks:
            universe = {"symbols": ["AAA"], "streams": ["5m"], "indicators": [SMA_1H]}

            def scan(self, view: Any) -> None:
                symbol = view["AAA"]
                kept = len(symbol.history("5m")), len(symbol.history("1h"))
                seen.append((*kept, float(symbol.indicator("sma")[-1])))

        config = wishes(["AAA"], FRIDAY, FRIDAY, data={"streams": ["1m"]})
        run = SessionCoordinator(config, source=source(DATES[5]), scanners=[Looks]).run()
        close = derived(DATES[5:-2], "1h").close
        assert seen == [(0, 25, talib.SMA(close.to_numpy(), 20)[-1])]
        assert sessions(run) == {"1m": 0}


TRADED = [str(each.date()) for each in schedule("2024-01-01", "2024-07-31").index]


def long(first: str) -> FramesSource:
    """Make a market of two bars a session, that begins on a date."""
    days = [bars_of("AAA", each, [0, 100]) for each in TRADED if first <= each <= MONDAY]
    return FramesSource({"AAA": pd.concat(days)}, interval="1m")


class TestTrailing:
    """historical over 20d/4w/3mo reads as far back as needed though no history is configured and
    view.history stays what was asked for"""

    spans = [
        # seven dates to a week, and the same day of an earlier month
        ("20d", "count", "2024-06-05", 20),
        ("20d", "skip", "2024-06-04", 20),
        ("4w", "count", "2024-06-07", 18),
        ("3mo", "count", "2024-04-05", 62),
        ("3mo", "skip", "2024-04-05", 61),
    ]

    def wish(self, over: str, half_days: str) -> list[dict[str, Any]]:
        common = {"over": over, "half_days": half_days}
        return [
            {"name": "top", "function": "max", "column": "high", **common},
            {"name": "adv", "function": "mean", "column": "volume", **common},
        ]

    @pytest.mark.parametrize("asked", [0, 1])
    @pytest.mark.parametrize(("over", "half_days", "first", "count"), spans)
    def test_it_is_read_and_not_kept(
        self, over: str, half_days: str, first: str, count: int, asked: int
    ) -> None:
        shown: list[tuple[float, float, int]] = []

        class Notes:
            def on_bars(self, view: Any) -> None:
                symbol = view["AAA"]
                history = len(symbol.history())
                shown.append((symbol.trailing("top"), symbol.trailing("adv"), history))

        history = [{"trailing_days": asked, "intervals": ["1m"]}]
        some = coordinator(
            FRIDAY, historical=self.wish(over, half_days), history=history,
            strategies=[Notes], source=long(first),
        )  # fmt: skip
        run = some.run()
        covered = [each for each in TRADED if first <= each < FRIDAY]
        covered = [each for each in covered if half_days == "count" or each != HALF]
        assert len(covered) == count
        days = [bars_of("AAA", each, [0, 100]) for each in covered]
        top = max(each.high.max() for each in days)
        adv = sum(each.volume.sum() for each in days) / count
        assert shown[0][::2] == (top, 2 * asked)
        assert shown[0][1] == pytest.approx(adv, rel=1e-12)
        assert sessions(run) == {"1m": asked}

    @pytest.mark.parametrize(("over", "half_days", "first", "count"), spans)
    def test_less_is_refused(self, over: str, half_days: str, first: str, count: int) -> None:
        later = TRADED[TRADED.index(first) + 1]
        asked = self.wish(over, half_days)
        (fault,) = unmet(coordinator(FRIDAY, historical=asked, source=long(later)))
        assert f"before {FRIDAY} for top, adv: no bars on {first} in" in fault.message


def test_a_day_alone_is_that_day_of_a_run(tmp_path: Path) -> None:
    """A session is a pure function of (configuration, date)."""
    indicators = SMA_1H, spec("ema", "EMA", "5m", 43), spec("day", "SMA", "1d", 4)
    historical = [
        {"name": "adv", "function": "mean", "column": "volume", "over": "1w"},
        {"name": "usual", "function": "mean", "column": "volume", "over": "4d", "interval": "15m"},
    ]
    days = DATES[-4:]
    coordinator(
        days[0], *indicators, historical=historical, end=days[-1], out=tmp_path / "run"
    ).run()
    for date in days:
        coordinator(date, *indicators, historical=historical, out=tmp_path / date).run()
        name = f"sessions/{date}.json"
        assert (tmp_path / date / name).read_bytes() == (tmp_path / "run" / name).read_bytes()


class TestIncomplete:
    """``incomplete``: whether a derived bar is made from the base bars that are there, or only
    of a full set of them."""

    @pytest.mark.parametrize(("interval", "full"), [("5m", 5), ("1h", 60), ("1d", 210)])
    @pytest.mark.parametrize("asked", [{"incomplete": "keep"}, {"incomplete": "drop"}, {}])
    def test_of_a_run(
        self, asked: dict[str, str], interval: str, full: int, tmp_path: Path
    ) -> None:
        there = [each for each in minutes(HALF, 1) if each not in {7, *range(120, 125)}]
        made = market({"AAA": {HALF: there}})
        some = coordinator(HALF, streams=["1m", interval], source=made, out=tmp_path, **asked)
        found = some.run().data["AAA"].today(interval)
        frame = bars_of("AAA", HALF, there).tz_convert("UTC")
        grouped = frame.resample(RULES[interval], origin=f"{HALF} 09:30-04:00")
        counts = grouped.close.count().to_numpy()
        # the half-day's last hour has but 30 minutes
        needed = np.minimum(full, 210 - full * np.arange(len(counts)))
        kept = counts >= (needed if asked == {"incomplete": "drop"} else 1)
        assert found.count.tolist() == counts[kept].tolist()
        assert same(found, pd.DataFrame(grouped.agg(HOW)[kept]))
        held = json.loads((tmp_path / "sessions" / f"{HALF}.json").read_bytes())["symbols"]["AAA"]
        assert held["bars"][interval]["columns"]["count"] == counts[kept].tolist()
        assert "count" not in held["bars"]["1m"]["columns"]
