"""Scanners with a universe: the little that is loaded of it, when they run, and what they leave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import FramesSource, RunFailedError, SessionCoordinator
from fsm_session.errors import PartError, StaleSessionError, UnknownNameError
from fsm_session.market.bars import Bars
from fsm_session.market.interval import Interval
from tests.small_market import SESSIONS, ZONE, bars_of, last_minute, wishes
from tests.unit.session.days import derived

DAY, HALF, LAST = SESSIONS
DATES = ("2024-06-28", "2024-07-01", *SESSIONS)
NAMES = ("AAA", "BBB", "CCC")


def daily(symbol: str, dates: tuple[str, ...]) -> pd.DataFrame:
    """Make daily bars that no minutes give: they show from where a bar comes."""
    bars = pd.concat([bars_of(symbol, date, [0]) for date in dates]) + 1000.0
    return bars.set_axis(pd.DatetimeIndex(pd.to_datetime(dates), tz="UTC", name="timestamp"))


FRAMES = {(name, "1d"): daily(name, DATES) for name in NAMES} | {
    (name, "1m"): pd.concat(
        [bars_of(name, date, list(range(last_minute(date) + 1))) for date in DATES]
    )
    for name in NAMES
}
FRAMES["LATE", "1d"] = daily("LATE", (LAST,))


class Noted(FramesSource):
    """A source that notes of what it has given bars."""

    def __init__(self) -> None:
        super().__init__(FRAMES)
        self.read: set[tuple[str, str]] = set()

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        self.read.add((symbol, interval.label))
        return super().bars(symbol, interval, start_ns, end_ns)


WIDE = {
    "symbols": ["BBB", "CCC"],
    "streams": ["1d"],
    "historical": [{"name": "adv", "function": "mean", "column": "volume", "over": "2d"}],
}


class Wide:
    """A scanner of a universe that does what it is told, and notes when it was called."""

    universe: Any = WIDE
    log: list[tuple[str, str]] = []

    def setup(self, access: Any) -> None:
        self.access = access
        self.log.append(("setup", f"{access.view.time:%H:%M}"))

    def scan(self, view: Any) -> Any:
        self.log.append(("scan", f"{view.time:%H:%M}"))
        return self.look(view)

    def look(self, view: Any) -> Any: ...

    def teardown(self) -> None:
        self.log.append(("teardown", f"{self.access.view.time:%H:%M}"))


def wide(look: Any = None, **fields: Any) -> Any:
    """Make such a scanner; ``look(scanner, view)`` is its scan."""
    fields |= {"look": look} if look else {}
    return type("Wide", (Wide,), {"log": [], **fields})


def stepping(what: Any) -> Any:
    return type("Steps", (), {"on_bars": lambda self, view: what(view)})


def coordinator(*scanners: Any, start: str = DAY, **options: Any) -> SessionCoordinator:
    names = "source", "strategies", "out"
    beside = {name: options.pop(name) for name in names if name in options}
    config = wishes(["AAA"], start, options.pop("end", start), **options)
    return SessionCoordinator(config, scanners=scanners, **{"source": Noted(), **beside})


def record(out: Path, date: str = DAY) -> Any:
    return json.loads((out / "sessions" / f"{date}.json").read_bytes())


class TestWhatIsLoaded:
    """A universe may be larger than what is traded: a scanner names a universe (list or file) and
    what little it needs (say daily bars and an average volume), and that is all that is loaded for
    it until a symbol is promoted."""

    def test_before_load_nothing_is_registered(self) -> None:
        source = Noted()
        some = coordinator(wide(), source=source)
        found = some.check()
        assert {*found.universes["Wide"]} == {"BBB", "CCC"}
        assert source.read == set()
        assert len(some.context.data) == 0
        assert some.context.data.universes == {}

    def test_then_only_what_is_asked_for(self) -> None:
        source, seen = Noted(), dict[str, Any]()

        def look(_: Any, view: Any) -> None:
            for symbol, data in some.context.data.universes["Wide"].items():
                intervals = [str(each) for each in data.intervals]
                seen[symbol] = intervals, list(data.indicators), list(data.historical)
                assert len(view[symbol].history()) == len(view[symbol].bars()) == 0
                volume = daily(symbol, DATES[:2]).volume
                assert view[symbol].trailing("adv") == volume.mean()
                with pytest.raises(UnknownNameError, match="registered: 1d"):
                    view[symbol].bars("1m")
                with pytest.raises(UnknownNameError):
                    view.latest("sma")

        sma = {"name": "sma", "function": "SMA", "interval": "5m"}
        data = {"indicators": [sma], "history": [{"trailing_days": 1, "intervals": ["1m"]}]}
        some = coordinator(wide(look), source=source, data=data)
        some.run()
        assert seen == dict.fromkeys(("BBB", "CCC"), (["1d"], [], ["adv"]))
        assert source.read == {("AAA", "1m"), ("BBB", "1d"), ("CCC", "1d")}

    def test_strategies_are_shown_none_of_it(self) -> None:
        def looks(view: Any) -> None:
            assert list(view) == view.symbols.tolist() == ["AAA"]
            assert "BBB" not in view
            with pytest.raises(UnknownNameError):
                view["BBB"]

        def look(_: Any, view: Any) -> None:
            assert list(view) == view.symbols.tolist() == ["BBB", "CCC"]
            assert "AAA" not in view

        run = coordinator(wide(look, every="1h"), strategies=[stepping(looks)]).run()
        assert run.outcome == "completed"
        assert len(run.sessions[0].scans) == 6

    def test_each_scanner_has_its_own(self) -> None:
        """Also of a symbol that is traded."""
        seen: list[tuple[list[str], list[str]]] = []

        def look(scanner: Any, view: Any) -> None:
            watched = some.context.data.universes[scanner.name]["AAA"]
            seen.append((list(view), [str(each) for each in watched.intervals]))

        scanners = [
            wide(look, name=interval, universe={"symbols": [*symbols], "streams": [interval]})
            for interval, symbols in (("1d", ("BBB", "AAA")), ("1h", ("AAA",)))
        ]
        some = coordinator(*scanners)
        some.run()
        assert seen == [(["AAA", "BBB"], ["1d"]), (["AAA"], ["1m", "1h"])]

    def test_what_is_promoted_has_all_that_a_configured_one_has(self, tmp_path: Path) -> None:
        data = {
            "history": [{"trailing_days": 1, "intervals": ["5m"]}],
            "indicators": [{"name": "ema", "function": "EMA", "interval": "5m"}],
            "historical": WIDE["historical"],
        }
        coordinator(wide(lambda *_: "CCC"), data=data, out=tmp_path / "found").run()
        config = wishes(["AAA", "CCC"], DAY, DAY, data=data)
        SessionCoordinator(config, source=Noted(), out=tmp_path / "asked").run()
        found, asked = record(tmp_path / "found"), record(tmp_path / "asked")
        assert found["symbols"]["CCC"]["base_interval"] == "1m"
        for key in ("symbols", "history", "signals", "left_out"):
            assert found[key] == asked[key]
        change = {"symbol": "CCC", "change": "added", "by": "Wide", "time": "2024-07-02T13:30:00Z"}
        assert found["changes"] == [change]


class TestOnTime:
    """pre_session, every/between schedules in exchange time, both at once; torn down after the
    last scheduled scan. The clock stands still while a scan runs."""

    times = {"pre_session": True, "every": "10m", "between": ("10:00", "10:20")}

    @pytest.mark.parametrize("threads", [False, True])
    def test_it_is_gone_after_its_last_scan(self, threads: bool) -> None:
        there: list[tuple[int, bool]] = []
        kept: list[Any] = []

        def looks(view: Any) -> None:
            there.append((len(there), "Wide" in some.context.data.universes))
            if not there[-1][1]:
                with pytest.raises(StaleSessionError):
                    kept[-1].latest("close")

        scanner = wide(lambda _, view: kept.append(view), **self.times)
        options: dict[str, Any] = {"workers": {"threads": threads}, "end": HALF}
        some = coordinator(scanner, strategies=[stepping(looks)], **options)
        run = some.run()
        times = [("setup", "09:30"), ("scan", "09:30"), ("scan", "10:00"), ("scan", "10:10")]
        assert scanner.log == [*times, ("scan", "10:20"), ("teardown", "10:20")] * 2
        # 10:20 is the 50th step of a day; the first day has 390
        assert [number for number, here in there if here] == [*range(50), *range(390, 440)]
        assert len(there) == 600
        assert run.data.universes == {}

    def test_it_sees_the_day_so_far_and_what_has_come_since_the_scan_before(self) -> None:
        seen: list[tuple[str, bool, int, float]] = []

        def look(_: Any, view: Any) -> None:
            before = view.now_ns
            bars, fresh = view["BBB"].today("15m"), bool(view.fresh("15m")[0])
            seen.append((f"{view.time:%H:%M}", fresh, len(bars), view.latest("close", "15m")[0]))
            assert view.now_ns == before
            assert view["BBB"].today("1m").end.tolist()[-1:] in ([], [before])
            assert view.quality().tolist() == [100.0]

        universe = {"symbols": ["BBB"], "streams": ["1m", "15m"]}
        coordinator(wide(look, universe=universe, **self.times)).run()
        minutes = bars_of("BBB", DAY, list(range(390))).tz_convert("UTC")
        first, second, third = derived(minutes, f"{DAY} 09:30", "15min", ZONE).close[:3].tolist()
        assert seen[0][:3] == ("09:30", False, 0)
        assert np.isnan(seen[0][3])
        assert seen[1:] == [
            ("10:00", True, 2, second), ("10:10", False, 2, second), ("10:20", True, 3, third)
        ]  # fmt: skip
        assert first != second


class TestDroppingOthers:
    """A scanner that drops others: gone before the next step."""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize(
        ("times", "gone", "time"),
        [({"pre_session": True}, "09:31", "13:30"), ({"every": "6h"}, "15:31", "19:30")],
    )
    def test_by_name(self, times: Any, gone: str, time: str, threads: bool, tmp_path: Path) -> None:
        seen: list[tuple[str, list[str]]] = []

        def look(scanner: Any, view: Any) -> str:
            scanner.access.remove_symbol("AAA")
            return "BBB"

        steps = stepping(lambda view: seen.append((f"{view.time:%H:%M}", list(view))))
        options: dict[str, Any] = {"workers": {"threads": threads}, "out": tmp_path}
        run = coordinator(wide(look, **times), strategies=[steps], **options).run()
        assert run.sessions[0].symbols == ("BBB",)
        assert [at for at, _ in seen].count(gone) == 1
        assert all(each == (["BBB"] if at >= gone else ["AAA"]) for at, each in seen)
        assert record(tmp_path)["changes"] == [
            {"time": f"2024-07-02T{time}:00Z", "symbol": symbol, "change": change, "by": "Wide"}
            for symbol, change in (("BBB", "added"), ("AAA", "removed"))
        ]


class TestLeftOut:
    """missing="skip" leaves unknown symbols out and names them in the session record"""

    def test_what_has_no_data_is_left_out_and_named(self, tmp_path: Path) -> None:
        seen: list[list[str]] = []
        universe = {**WIDE, "symbols": ["ZZZ", "LATE", "BBB", "NONE"]}
        scanner = wide(lambda _, view: seen.append(list(view)), universe=universe)
        coordinator(scanner, start=HALF, end=LAST, out=tmp_path).run()
        assert seen == [["BBB"], ["BBB", "LATE"]]
        for date, late in ((HALF, ["LATE"]), (LAST, [])):
            left_out = {"Wide": {"left_out": [*late, "NONE", "ZZZ"]}}
            assert record(tmp_path, date)["universes"] == left_out


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize(
    # which call is the first on the half-day: one is made at Validate, and the day has six scans
    ("method", "number", "time"),
    [("__init__", 3, "09:30"), ("setup", 2, "09:30"), ("scan", 7, "10:30")],
)
class TestErrors:
    """an exception in one names the strategy, symbol and time, and fails the run, or with
    on_error = "disable" takes that strategy out and goes on, said in the export."""

    def failing(self, method: str, number: int, on_error: str) -> Any:
        scanner = wide(every="1h", on_error=on_error)
        sound, calls = getattr(scanner, method), list[Any]()

        def fails(self: Any, *given: Any) -> Any:
            said = sound(self, *given)
            calls.append(self)
            if len(calls) == number:
                raise OSError("no network")
            return said

        setattr(scanner, method, fails)
        return scanner

    def test_named(self, method: str, number: int, time: str, threads: bool) -> None:
        scanner = self.failing(method, number, "fail")
        with pytest.raises(RunFailedError) as caught:
            coordinator(scanner, end=LAST, workers={"threads": threads}).run()
        (error,) = caught.value.exceptions
        assert isinstance(error, PartError)
        assert (error.kind, error.part, error.symbol) == ("scanner", "Wide", "")
        assert error.time.startswith(f"{HALF} {time}")
        assert "scanner 'Wide' raised" in str(error) and "no network" in str(error)

    def test_taken_out(
        self, method: str, number: int, time: str, threads: bool, tmp_path: Path
    ) -> None:
        scanner, other = self.failing(method, number, "disable"), wide(name="other", every="1h")
        options: dict[str, Any] = {"end": LAST, "workers": {"threads": threads}, "out": tmp_path}
        assert coordinator(scanner, other, **options).run().outcome == "completed"
        days = [record(tmp_path, date) for date in SESSIONS]
        assert [len(day["disabled"]) for day in days] == [0, 1, 0]
        (told,) = days[1]["disabled"]
        at = pd.Timestamp(f"{HALF} {time}", tz=ZONE).tz_convert("UTC")
        assert (told["kind"], told["name"], told["symbol"]) == ("scanner", "Wide", "")
        assert told["time"] == f"{at:%Y-%m-%dT%H:%M:%SZ}"
        assert "no network" in told["error"]
        # the other goes on; the next session has it again; what was set up is torn down once
        scans = [[each["scanner"] for each in day["scans"]] for day in days]
        assert [each.count("other") for each in scans] == [6, 3, 6]
        assert [each.count("Wide") for each in scans] == [6, 0, 6]
        down = [each for what, each in scanner.log if what == "teardown"]
        assert down == ["15:30", *(["13:00"] if method != "__init__" else []), "15:30"]
