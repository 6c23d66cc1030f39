"""Three weeks of six stocks with scanners, promoted symbols and a strategy, told by pandas alone.

One stock is configured. A scanner looks for gaps before the open and another for volume every
five minutes of the morning; what they find is promoted, and a strategy thinks on bars of 5m.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from fsm_session import Bar, Run, SessionCoordinator, Signal, View
from tests import oracle
from tests.real_data import needs_shared
from tests.scenarios.living_weeks import (
    ALL,
    CONFIGURED,
    DATA,
    EVERY,
    FEW,
    FIRST,
    HALF_DAY,
    LAST,
    LOOKED_AT,
    MANY,
    ZONE,
    Course,
    Wishes,
    before,
    config,
    course,
    daily,
    dates,
    hours,
    ns,
    profile,
    quality,
)

pytestmark = needs_shared


class Log:
    """What strategies see, a list a session, kept outside of them."""

    def __init__(self) -> None:
        self.steps = 0
        self.days: list[list[tuple[Any, ...]]] = [[]]
        self.qualities: list[tuple[str, pd.Timestamp, dict[str, Any], list[float]]] = []

    def strategies(self) -> list[type]:
        log = self

        class Watch:
            def on_bars(self, view: View) -> None:
                log.days[-1].append(("step", pd.Timestamp(view.now_ns, tz="UTC"), tuple(view)))
                log.days[-1].append(("fresh", tuple(view.symbols[view.fresh("5m")])))
                log.steps += 1
                if view.session.label in LOOKED_AT and log.steps % EVERY == 0:
                    log.look(view)

            def on_symbol_added(self, symbol: str) -> None:
                log.days[-1].append(("added", symbol))

            def on_session_end(self) -> None:
                log.days.append([])

        class FiveMinutes:
            intervals = ["5m"]

            def on_bar(self, bar: Bar) -> Signal | None:
                log.days[-1].append(("bar", bar.symbol, bar.time, bar.close, bar["sma_12"]))
                return Signal(bar.symbol, "buy") if bar.close > bar["sma_12"] else None

            def on_symbol_added(self, symbol: str) -> Signal:
                return Signal(symbol, "watch")

        return [Watch, FiveMinutes]

    def look(self, view: View) -> None:
        scores = {}
        for symbol in view:
            score = view[symbol].quality()
            gaps = [(each.start_ns, each.end_ns, each.missing) for each in score.gaps]
            last = score.open_gap
            scores[symbol] = {
                "percent": score.percent,
                "present": score.present,
                "expected": score.expected,
                "gaps": gaps,
                "open_gap": (last.start_ns, last.end_ns, last.missing) if last else None,
            }
        self.qualities.append((view.session.label, view.time, scores, view.quality().tolist()))


class Weeks:
    """A run, the folder of its records, and what its strategies saw."""

    def __init__(self, wishes: Wishes, out: Path) -> None:
        self.wishes = wishes
        self.log = Log()
        wish = config(FIRST, LAST, scanners=wishes.scanners())
        self.run: Run = SessionCoordinator(wish, strategies=self.log.strategies(), out=out).run()
        self.records: dict[str, dict[str, Any]] = {
            each.stem: orjson.loads(each.read_bytes()) for each in sorted(out.glob("sessions/*"))
        }

    def days(self) -> Iterator[tuple[Course, dict[str, Any]]]:
        for date, record in self.records.items():
            yield course(date, self.wishes), record


@pytest.fixture(scope="module", params=[FEW, MANY, ALL], ids=["few", "many", "all"])
def weeks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Weeks:
    return Weeks(request.param, tmp_path_factory.mktemp("weeks"))


def utc(time: Any) -> pd.Timestamp:
    return pd.Timestamp(time).tz_convert("UTC")


def test_every_session_completes(weeks: Weeks) -> None:
    assert weeks.run.outcome == "completed"
    assert list(weeks.records) == dates()
    assert len(weeks.records) == 14
    steps = [len(expected.steps) for expected, _ in weeks.days()]
    assert [each.steps for each in weeks.run.sessions] == steps


def test_scans_are_made_in_time_and_find_what_pandas_finds(weeks: Weeks) -> None:
    for expected, record in weeks.days():
        scans = [
            (
                utc(each["time"]),
                each["scanner"],
                [(found["symbol"], found["figures"]) for found in each["found"]],
            )
            for each in record["scans"]
        ]
        assert len(scans) == 17
        assert scans == [
            (
                utc(time),
                scanner,
                [(symbol, pytest.approx(each, rel=1e-12)) for symbol, each in found],
            )
            for time, scanner, found in expected.found
        ]
        assert not any("refused" in each for each in record["scans"])


def test_what_is_found_and_not_there_is_promoted_for_the_day(weeks: Weeks) -> None:
    for expected, record in weeks.days():
        changes = [
            (each["symbol"], utc(each["time"]), each["change"], each["by"])
            for each in record["changes"]
        ]
        assert changes == [
            (symbol, utc(time), "added", by) for symbol, (time, by) in expected.added.items()
        ]
        # until the end of the day, and the next one begins without them
        assert list(record["symbols"]) == sorted(expected.present)
        assert list(record["history"]) == sorted(expected.present)
        assert record["left_out"] == []


def test_a_promoted_symbol_is_like_a_configured_one(weeks: Weeks, tmp_path: Path) -> None:
    for date, record in weeks.records.items():
        promoted = [each["symbol"] for each in record["changes"]]
        SessionCoordinator(config(date, date, *promoted), out=tmp_path / date).run()
        alone = orjson.loads((tmp_path / date / "sessions" / f"{date}.json").read_bytes())
        assert alone["scans"] == alone["changes"] == []
        assert sorted(alone["symbols"]) == sorted([CONFIGURED, *promoted])
        for part in ("symbols", "history"):
            assert orjson.dumps(record[part]) == orjson.dumps(alone[part]), (date, part)


def test_strategies_are_told_of_each_step_arrival_and_finished_bar(weeks: Weeks) -> None:
    *days, rest = weeks.log.days
    assert rest == []
    bars = 0
    for (expected, _), told in zip(weeks.days(), days, strict=True):
        assert told == list(expected.events()), expected.date
        zones = {str(event[2].tz) for event in told if event[0] == "bar"}
        assert zones == {ZONE}
        bars += sum(event[0] == "bar" for event in told)
    assert bars > 1500


def test_signals_are_on_record_at_their_step(weeks: Weeks) -> None:
    for expected, record in weeks.days():
        found = [(utc(each["time"]), each["symbol"], each["action"]) for each in record["signals"]]
        assert found == [(utc(time), symbol, action) for time, symbol, action in expected.signals()]
        assert {each["strategy"] for each in record["signals"]} == {"FiveMinutes"}


def test_historical_indicators_are_those_of_pandas(weeks: Weeks) -> None:
    for date, record in weeks.records.items():
        for symbol, data in record["symbols"].items():
            found = data["historical"]
            for name, (sessions, value) in trailing(symbol, date).items():
                assert found[name]["sessions"] == sessions
                assert found[name]["value"] == pytest.approx(value, rel=1e-14)
            for name, absent in (("volume_5m", "skip"), ("volume_1m", "zero")):
                expected = profile(symbol, date, name[-2:], absent)
                values = oracle.read(found[name]["values"])
                np.testing.assert_allclose(values, expected.to_numpy(), rtol=1e-14)
                assert found[name]["sessions"] == 10
            assert found.keys() == {each["name"] for each in DATA["historical"]}


def trailing(symbol: str, date: str) -> dict[str, tuple[int, float]]:
    """Each of one number: of how many sessions it is made, and the number."""
    frame = daily(symbol).loc[before(date)]
    days = pd.DatetimeIndex(frame.index)
    today = pd.Timestamp(date)
    weeks_back = (days >= today - pd.Timedelta(days=28)) & (frame.index != HALF_DAY)
    month_back = days >= today - pd.DateOffset(months=1)
    return {
        "adv_20": (20, float(frame.volume[-20:].mean())),
        "volume_4w": (int(weeks_back.sum()), float(frame.volume[weeks_back].mean())),
        "high_1mo": (int(month_back.sum()), float(frame.high[month_back].max())),
    }


def test_quality_on_record_is_bars_over_minutes(weeks: Weeks) -> None:
    for date, record in weeks.records.items():
        _, closed = hours(date)
        for symbol, data in record["symbols"].items():
            expected = quality(symbol, date, closed)
            assert expected["expected"] == (210 if date == HALF_DAY else 390)
            for bars in data["bars"].values():
                assert bars["quality"] == expected["percent"]
                assert bars["expected"] == expected["expected"]
                gaps = [(ns(utc(start)), ns(utc(end)), count) for start, end, count in bars["gaps"]]
                assert gaps == expected["gaps"]


def test_quality_within_the_day_is_that_of_the_minutes_so_far(weeks: Weeks) -> None:
    assert {date for date, _, _, _ in weeks.log.qualities} == set(LOOKED_AT)
    assert len(weeks.log.qualities) > 30
    still_open = 0
    for date, now, scores, percents in weeks.log.qualities:
        expected = {symbol: quality(symbol, date, now) for symbol in scores}
        assert scores == expected
        assert percents == [each["percent"] for each in expected.values()]
        still_open += sum(each["open_gap"] is not None for each in expected.values())
    assert still_open > 10


# two of the days, as pandas had them: the gap in percent, the relative volume at the first and
# the last scan, and the minutes that there is a bar of
FIGURES = {
    "2024-06-27": {
        "BKNG": (-0.7577, 0.7835, 1.0061, 128),
        "CPAY": (-1.0129, 1.3385, 2.0604, 305),
        "FDS": (-0.8339, 0.5269, 0.7464, 213),
        "GWW": (-0.7493, 0.6397, 0.9450, 135),
        "LII": (-1.4116, 0.5555, 0.4978, 171),
        "NVR": (-0.1877, None, None, 171),
    },
    HALF_DAY: {
        "BKNG": (-0.1982, 0.3541, 0.4284, 62),
        "CPAY": (0.5408, 0.3124, 0.6832, 144),
        "FDS": (0.0413, 0.0734, 0.2668, 94),
        "GWW": (-0.2455, 0.7168, 1.0345, 90),
        "LII": (-0.0305, 0.2235, 0.6739, 108),
        "NVR": (-0.5036, None, None, 102),
    },
}
# what is promoted, the bars of 5m that are shown, how many signals, and the first to buy
COURSES = {
    ("2024-06-27", FEW): (
        ["09:30 LII", "09:30 CPAY"],
        {"CPAY": 78, "LII": 73, "NVR": 71},
        145,
        ["09:35 LII", "09:35 NVR", "09:40 NVR", "09:45 CPAY"],
    ),
    ("2024-06-27", MANY): (
        ["09:30 LII", "09:30 CPAY", "09:30 FDS", "09:55 BKNG"],
        {"BKNG": 61, "CPAY": 78, "FDS": 75, "LII": 73, "NVR": 71},
        210,
        ["09:35 LII", "09:35 NVR", "09:40 NVR", "09:45 CPAY"],
    ),
    (HALF_DAY, FEW): (
        [],
        {"NVR": 37},
        15,
        ["09:55 NVR", "10:00 NVR", "10:05 NVR", "10:10 NVR"],
    ),
    (HALF_DAY, MANY): (
        ["10:45 GWW"],
        {"GWW": 26, "NVR": 37},
        28,
        ["09:55 NVR", "10:00 NVR", "10:05 NVR", "10:10 NVR"],
    ),
}


@pytest.mark.parametrize("weeks", [ALL], indirect=True, ids=["all"])
@pytest.mark.parametrize("date", FIGURES)
def test_two_days_have_these_figures(weeks: Weeks, date: str) -> None:
    record = weeks.records[date]
    gaps, first, *_, last = [
        {found["symbol"]: found["figures"] for found in scan["found"]} for scan in record["scans"]
    ]
    for symbol, (gap_percent, first_ratio, last_ratio, minutes) in FIGURES[date].items():
        assert round(100 * gaps[symbol]["gap"], 4) == gap_percent
        for ratio, scan in ((first_ratio, first), (last_ratio, last)):
            found = round(scan[symbol]["ratio"], 4) if symbol in scan else None
            assert found == ratio
        bars = record["symbols"][symbol]["bars"]["1m"]
        assert bars["quality"] == 100 * minutes / bars["expected"]


@pytest.mark.parametrize("weeks", [FEW, MANY], indirect=True, ids=["few", "many"])
@pytest.mark.parametrize("date", FIGURES)
def test_two_days_take_this_course(weeks: Weeks, date: str) -> None:
    promoted, bars, signals, first = COURSES[date, weeks.wishes]
    record = weeks.records[date]
    told = weeks.log.days[dates().index(date)]
    bought = [each for each in record["signals"] if each["action"] == "buy"]
    assert list(map(at_what_time, record["changes"])) == promoted
    assert Counter(event[1] for event in told if event[0] == "bar") == bars
    assert len(record["signals"]) == signals
    assert list(map(at_what_time, bought[:4])) == first


def at_what_time(fact: dict[str, Any]) -> str:
    """The time of the exchange, and the symbol."""
    return f"{utc(fact['time']).tz_convert(ZONE):%H:%M} {fact['symbol']}"
