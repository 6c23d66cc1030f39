"""Steps amid quotes and ticks: who is called when, pauses, errors, stops, bars of seconds."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import FramesSource
from tests.small_market import ZONE
from tests.unit.session.days import derived, same
from tests.unit.session.test_streams import (
    ALL,
    DAY,
    HALF,
    SOURCE,
    at,
    coordinator,
    failure,
    having,
    quotes,
    run,
    source,
    ticks,
)


class Notes:
    """A strategy that notes when it is called for what, and asks for symbols at given times."""

    def __init__(self, log: list[str], **asks: tuple[str, str]) -> None:
        self.log, self.asks = log, asks

    def __deepcopy__(self, memo: object) -> Notes:
        return self

    def setup(self, context: Any) -> None:
        self.context, self.view = context, context.view
        self.ask("setup")

    def note(self, what: str) -> None:
        self.log.append(f"{self.view.time:%H:%M:%S} {what}")

    def ask(self, when: str) -> None:
        what, symbol = self.asks.pop(when, ("", ""))
        if what:
            getattr(self.context, f"{what}_symbol")(symbol)

    def on_tick(self, tick: Any) -> None:
        self.note(f"tick {tick.symbol} {tick.time:%H:%M:%S}")
        self.ask(f"at_{tick.time:%H%M%S}")

    def on_bars(self, view: Any) -> None:
        fresh = [f"{each}{view.symbols[view.fresh(each)].tolist()}" for each in ("1m", "5m")]
        self.note(f"bars {' '.join(fresh)}")

    def on_symbol_added(self, symbol: str) -> None:
        self.note(f"{symbol} came")

    def on_symbol_removed(self, symbol: str) -> None:
        self.note(f"{symbol} went")


TICKS = ["1m", "5m", "ticks"]


def notes(given: FramesSource, *symbols: str, scans: Any = (), **asks: Any) -> list[str]:
    log: list[str] = []
    run(Notes(log, **asks), source=given, streams=TICKS, symbols=[*symbols], scanners=scans)
    return log


def finding(first: str, last: str, *symbols: str) -> Any:
    """Make a class of scanners that find symbols at each full minute from first to last."""
    between = dt.time.fromisoformat(first), dt.time.fromisoformat(last)
    fields = {"scan": lambda self, view: [*symbols], "every": "1m", "between": between}
    return type("Finds", (), fields)


class TestPauses:
    """What is asked for is carried out before the next step; a scan has its own time."""

    def test_a_symbol_asked_for_at_a_tick_is_there_at_the_next_step(self) -> None:
        # BBB's tick of 09:31 is of the instant at which it comes: it brings that along
        assert notes(SOURCE, "AAA", at_093100=("add", "BBB"), at_093110=("remove", "AAA")) == [
            "09:31:00 tick AAA 09:31:00", "09:31:00 tick AAA 09:31:00",
            "09:31:00 bars 1m['AAA'] 5m[]", "09:31:00 BBB came",
            "09:31:10 tick AAA 09:31:10", "09:31:10 AAA went",
            "09:36:20 tick BBB 09:36:20", "09:36:20 bars 1m[] 5m['BBB']",
            "09:41:00 bars 1m['BBB'] 5m[]", "16:00:00 bars 1m[] 5m['BBB']",
        ]  # fmt: skip

    def test_a_scan_sees_what_has_happened_by_its_own_time(self) -> None:
        seen: list[Any] = []

        def scan(view: Any) -> None:
            for symbol in view:
                shown = view[symbol]
                last = [shown.tick and shown.tick.price, shown.quote and shown.quote.ask_price]
                latest = [view.latest("price").tolist(), view.latest("ask_price").tolist()]
                lengths = [len(shown.ticks()), len(shown.quotes())]
                seen.append((f"{view.time:%H:%M}", symbol, lengths, last, latest))

        fields = {"every": "1h", "between": (dt.time(10), dt.time(11))}
        wide = {"symbols": ["CCC", "BBB"], "streams": ALL, "missing": "skip"}
        watches = having("scan", scan, **fields, universe=wide, name="watches")
        looks = having("scan", scan, **fields, name="looks")
        given = source(
            {"AAA": ("09:30",), "BBB": ("09:30",), "CCC": ("09:30",)},
            {"AAA": ticks("09:40", "10:00", "10:00:00.000000001"), "BBB": ticks("10:59:59"),
             "CCC": ticks("12:00", date=HALF)},
            {each: quotes("09:40", "10:00:01") for each in ("AAA", "BBB", "CCC")},
        )  # fmt: skip
        run(source=given, streams=ALL, symbols=["AAA"], scanners=[looks, watches])
        assert seen == [
            ("10:00", "AAA", [2, 1], [2.0, 1.5], [[2.0], [1.5]]),
            ("10:00", "BBB", [0, 1], [None, 1.5], [[pytest.approx(np.nan, nan_ok=True)], [1.5]]),
            ("11:00", "AAA", [3, 2], [3.0, 2.5], [[3.0], [2.5]]),
            ("11:00", "BBB", [1, 2], [1.0, 2.5], [[1.0], [2.5]]),
        ]

    def test_the_last_symbol_may_go_and_another_come(self) -> None:
        log = notes(
            SOURCE, "AAA", scans=[finding("09:36", "09:37", "BBB")], at_093110=("remove", "AAA")
        )
        assert log[3:] == [
            "09:31:10 tick AAA 09:31:10", "09:31:10 AAA went", "09:36:00 BBB came",
            "09:36:20 tick BBB 09:36:20", "09:41:00 bars 1m['BBB'] 5m[]",
            "16:00:00 bars 1m[] 5m['BBB']",
        ]  # fmt: skip

    def test_what_a_symbol_brings_along_is_not_told(self) -> None:
        given = source(
            {"AAA": ("09:30",), "BBB": ("09:34",)},
            {"AAA": ticks("09:36:10"), "BBB": ticks("09:32", "09:35:30", "09:36", "09:36:20")},
        )
        found = notes(given, "AAA", scans=[finding("09:36", "09:36:01", "BBB")])
        assert [each for each in found if "BBB" in each] == [
            "09:36:00 BBB came", "09:36:20 tick BBB 09:36:20",
        ]  # fmt: skip

    def test_a_bar_that_ended_before_a_scan_is_told_at_the_next_step(self) -> None:
        given = source(
            {"AAA": ("09:32",), "BBB": ("09:50",)},
            {"AAA": ticks("09:31:10", "09:36:10", "09:37:30"), "BBB": ticks("09:51")},
        )
        found = notes(given, "AAA", scans=[finding("09:36", "09:36:01", "BBB")])
        assert found[2:5] == [
            "09:36:00 BBB came", "09:36:10 tick AAA 09:36:10", "09:36:10 bars 1m[] 5m['AAA']",
        ]  # fmt: skip

    @pytest.mark.parametrize("asks", [True, False])
    def test_a_symbol_that_comes_at_the_open_changes_nothing_for_the_others(
        self, asks: bool
    ) -> None:
        given = source(
            {"AAA": ("09:32",), "BBB": ("09:50",)},
            {"AAA": ticks("09:30", "09:31:10"), "BBB": ticks("09:30", "10:10")},
        )
        if asks:
            found = notes(given, "AAA", setup=("add", "BBB"))
        else:
            found = notes(given, "AAA", scans=[finding("09:30", "09:30:01", "BBB")])
        told = [each for each in found if "tick AAA" in each]
        assert told == ["09:30:00 tick AAA 09:30:00", "09:31:10 tick AAA 09:31:10"]

    def test_what_it_brings_along_from_the_open_is_never_late(self) -> None:
        given = source(
            {"AAA": ("09:32",), "BBB": ("09:50",)},
            {"AAA": ticks("09:31:10"), "BBB": ticks("09:30", "10:10")},
        )
        found = notes(given, "AAA", scans=[finding("09:30", "09:30:01", "BBB")])
        assert "09:31:10 tick BBB 09:30:00" not in found


class TestSubscriptions:
    """With ``intervals`` it is called where a bar of one of them is finished, and not otherwise."""

    def test_amid_ticks(self) -> None:
        seen: dict[str, list[str]] = {"on_bars": [], "on_bar": [], "on_tick": []}
        fields = {"intervals": ["5m"]}
        for method, into in seen.items():

            def look(shown: Any, into: list[str] = into) -> None:
                name = getattr(shown, "symbol", "")
                into.append(f"{name} {shown.time:%H:%M:%S}".strip())

            run(having(method, look, **fields))
        # AAA's first five minutes and BBB's are finished by ticks, AAA's last by a quote
        assert seen["on_bars"] == ["09:36:20", "10:01:00", "10:30:00"]
        assert seen["on_bar"] == ["AAA 09:30:00", "BBB 09:30:00", "BBB 09:40:00", "AAA 10:00:00"]
        assert len(seen["on_tick"]) == 4 + 3

    def test_progress_counts_every_step(self) -> None:
        seen: list[tuple[int, int]] = []
        trades = ticks("09:30", "09:31", "09:31", "09:31:30")
        given = source({"AAA": ("09:30", "15:56")}, {"AAA": trades})

        def look(_tick: Any) -> None:
            now = some.progress()
            seen.append((now.step, now.steps))

        some = coordinator(having("on_tick", look), source=given, streams=TICKS, symbols=["AAA"])
        result = some.run()
        # three with ticks, one more with a bar, and the close, which finishes one
        assert seen == [(1, 4), (2, 4), (2, 4), (3, 4)]
        assert result.sessions[0].steps == 5


class TestErrors:
    """An exception names the strategy, symbol and time, and fails the run, or takes it out."""

    def stumbles(self, shown: list[str], **fields: Any) -> Any:
        def look(tick: Any) -> None:
            shown.append(f"{tick.symbol} {tick.time:%H:%M:%S} {tick.price}")
            if tick.time == at("09:31:10.5")[0]:
                raise ZeroDivisionError("no size")

        return having("on_tick", look, **fields)

    @pytest.mark.parametrize("threads", [False, True])
    def test_fails_the_run(self, threads: bool) -> None:
        shown: list[str] = []
        error = failure(self.stumbles(shown), workers={"threads": threads})
        assert (error.kind, error.part, error.symbol) == ("strategy", "Has", "AAA")
        assert error.time == f"{DAY} 09:31:10.500000-04:00"
        for each in ("'Has'", "AAA", "09:31:10.5", "ZeroDivisionError: no size"):
            assert each in str(error)
        assert shown[-1] == "AAA 09:31:10 4.0"

    @pytest.mark.parametrize("threads", [False, True])
    def test_or_takes_it_out(self, threads: bool, tmp_path: Path) -> None:
        shown: list[str] = []
        others: list[str] = []
        behind = having("on_tick", lambda tick: others.append(tick.symbol), name="behind")
        made = self.stumbles(shown, on_error="disable")
        run(made, behind, workers={"threads": threads}, out=tmp_path)
        assert shown[-1] == "AAA 09:31:10 4.0"
        assert len(others) == 7
        record = json.loads((tmp_path / "sessions" / f"{DAY}.json").read_bytes())
        (told,) = record["disabled"]
        assert "ZeroDivisionError: no size" in told.pop("error")
        assert told == {
            "time": "2024-07-02T13:31:10.500000Z", "kind": "strategy", "name": "Has",
            "symbol": "AAA",
        }  # fmt: skip

    def test_an_answer_that_is_none_names_the_time(self) -> None:
        error = failure(having("on_quote", lambda quote: "buy" if quote.symbol == "BBB" else None))
        assert error.time.startswith(f"{DAY} 09:31:00")
        assert "answered 'b'" in str(error)


@pytest.mark.parametrize("threads", [False, True])
def test_a_stop_ends_with_the_step_in_which_it_was_asked(threads: bool, tmp_path: Path) -> None:
    log: list[str] = []

    class Stops(Notes):
        def on_quote(self, quote: Any) -> None:
            self.note(f"quote {quote.symbol} {quote.bid_price}")
            if quote.bid_price == 2.0:
                self.context.stop()

    result = run(Stops(log), symbols=["AAA"], out=tmp_path, workers={"threads": threads})
    assert log == [
        "09:30:20 quote AAA 1.0", "09:31:00 quote AAA 2.0", "09:31:00 quote AAA 3.0",
        "09:31:00 tick AAA 09:31:00", "09:31:00 tick AAA 09:31:00",
        "09:31:00 bars 1m['AAA'] 5m[]",
    ]  # fmt: skip
    assert (result.outcome, result.sessions[0].complete, result.sessions[0].steps) == (
        "stopped", False, 2
    )  # fmt: skip
    record = json.loads((tmp_path / "sessions" / f"{DAY}.json").read_bytes())
    events = record["symbols"]["AAA"]["events"]
    assert {kind: each["count"] for kind, each in events.items()} == {"quotes": 3, "ticks": 2}


class TestBarsOfSeconds:
    """Base bars are built from ticks where the source holds no fitting bars."""

    def market(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Make trades of a whole day, some seconds full of them, and their bars of a second."""
        chance = np.random.default_rng(7)
        seconds = np.sort(chance.integers(0, 23_400, 6_000))
        offsets = np.sort(seconds * 10**9 + chance.integers(0, 4, 6_000) * 250_000_000)
        price, size = chance.integers(400, 500, 6_000) / 4, chance.integers(1, 9, 6_000) * 1.0
        index = at("09:30")[0].as_unit("ns") + pd.to_timedelta(offsets, "ns")
        trades = pd.DataFrame({"price": price, "size": size}, index=pd.DatetimeIndex(index))
        grouped = trades.resample("1s")
        made = grouped["price"].ohlc().assign(volume=grouped["size"].sum()).dropna()
        return trades, pd.DataFrame(made)

    @pytest.mark.parametrize("built", [False, True])
    def test_work_like_those_of_minutes(self, built: bool) -> None:
        trades, seconds = self.market()
        held = {} if built else {("AAA", "1s"): seconds}
        given = FramesSource(held, ticks={"AAA": trades})
        called: list[int] = []
        looks = having("on_bar", lambda bar: called.append(bar.time_ns), intervals=["1m"])
        streams = ["1s", "1m", "5m", *(["ticks"] if built else [])]
        result = run(looks, source=given, streams=streams, symbols=["AAA"])
        shown = result.data["AAA"]
        assert shown.base_interval.label == "1s"
        assert same(shown.today("1s"), seconds.tz_convert("UTC"))
        for interval, rule in {"1m": "1min", "5m": "5min"}.items():
            wanted = derived(seconds.tz_convert("UTC"), f"{DAY} 09:30", rule, ZONE)
            assert same(shown.today(interval), wanted)
        assert called == shown.today("1m").time.tolist()
        quality = shown.quality()
        assert (quality.expected, quality.present) == (23_400, len(seconds))
        assert quality.percent == 100 * len(seconds) / 23_400

    def test_minutes_are_the_same_from_seconds_and_from_ticks(self) -> None:
        trades, seconds = self.market()
        bases = []
        for streams, held in (["1m", "ticks"], {}), (["1m"], {("AAA", "1s"): seconds}):
            given = FramesSource(held, ticks={"AAA": trades})
            result = run(source=given, streams=streams, symbols=["AAA"])
            bases.append(result.data["AAA"].base_interval.label)
            wanted = derived(seconds.tz_convert("UTC"), f"{DAY} 09:30", "1min", ZONE)
            assert same(result.data["AAA"].today("1m"), wanted)
        assert bases == ["1m", "1s"]
