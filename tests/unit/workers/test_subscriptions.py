"""Strategies: what they are called for, how much they want, and what takes one out."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import Run, RunFailedError, SessionConfig, SessionCoordinator, Signal
from fsm_session.errors import ConfigError, PartError, RequirementsError
from tests.small_market import SESSIONS, ZONE, bars_of, last_minute, market, wishes
from tests.unit.session.days import COLUMNS, derived

FULL = {date: list(range(last_minute(date) + 1)) for date in SESSIONS}
HALF = SESSIONS[1]
DENSE = market({"AAA": FULL})
FEW = {"AAA": [0, 1, 2, 5, 30], "BBB": [1, 61], "CCC": [0, 2, 3]}
SPARSE = market({symbol: dict.fromkeys(SESSIONS, each) for symbol, each in FEW.items()})


def config(start: str, end: str, symbols: tuple[str, ...], **tables: Any) -> SessionConfig:
    data = {"streams": ["1m", "5m", "1h", "1d"], **tables.pop("data", {})}
    return wishes([*symbols], start, end, data=data, **tables)


def run(*strategies: Any, start: str = SESSIONS[0], end: str = "", **options: Any) -> Run:
    out, source = options.pop("out", None), options.pop("source", SPARSE)
    wished = config(start, end or start, options.pop("symbols", ("AAA", "BBB")), **options)
    return SessionCoordinator(wished, source=source, strategies=strategies, out=out).run()


def failure(*strategies: Any, **options: Any) -> PartError:
    with pytest.raises(RunFailedError) as caught:
        run(*strategies, **options)
    (error,) = caught.value.exceptions
    assert isinstance(error, PartError)
    return error


def every(minutes: int, last: int) -> list[str]:
    opened = pd.Timestamp("2024-07-03 09:30")
    ends = [*range(minutes, last, minutes), last]
    return [f"{opened + pd.Timedelta(minutes=each):%H:%M}" for each in ends]


class TestIntervals:
    """subscriptions by interval (called when a 5m bar is finished, say)"""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize(
        ("intervals", "expected"),
        [
            (["5m"], every(5, 210)),
            # at the close, what is unfinished is finished: the last hour is half of one
            (["1h"], ["10:30", "11:30", "12:30", "13:00"]),
            (["1d"], ["13:00"]),
            (["1d", "1h"], ["10:30", "11:30", "12:30", "13:00"]),
            ([], every(1, 210)),
        ],
    )
    def test_over_all_symbols_on_a_half_day(
        self, intervals: list[str], expected: list[str], threads: bool
    ) -> None:
        called: list[str] = []

        class Subscribes:
            def on_bars(self, view: Any) -> None:
                called.append(f"{view.time:%H:%M}")

        Subscribes.intervals = intervals  # type: ignore[attr-defined]
        workers = {"threads": threads}
        run(Subscribes, start=HALF, symbols=("AAA",), source=DENSE, workers=workers)
        assert called == expected

    def test_bar_by_bar_on_a_half_day(self) -> None:
        shown: list[tuple[Any, ...]] = []

        class Subscribes:
            intervals = ("1d", "5m", "1h")

            def on_bar(self, bar: Any) -> None:
                values = [getattr(bar, name) for name in COLUMNS]
                shown.append((str(bar.interval), bar.time, *values))

        run(Subscribes, start=HALF, symbols=("AAA",), source=DENSE)
        base, origin = bars_of("AAA", HALF, FULL[HALF]), f"{HALF} 09:30"
        expected: dict[str, list[tuple[Any, ...]]] = {
            label: [
                (label, time.tz_convert(ZONE), *row)
                for time, *row in derived(base.tz_convert("UTC"), origin, rule, ZONE).itertuples()
            ]
            for label, rule in {"5m": "5min", "1h": "1h", "1d": "24h"}.items()
        }
        assert {key: len(each) for key, each in expected.items()} == {"5m": 42, "1h": 4, "1d": 1}
        for label, rows in expected.items():
            assert [each for each in shown if each[0] == label] == rows
        # the shorter first, where several are finished at an instant
        assert [each[0] for each in shown[11:14]] == ["5m", "1h", "5m"]
        assert [each[0] for each in shown[-3:]] == ["5m", "1h", "1d"]

    def test_a_bar_is_finished_at_the_first_step_at_or_after_its_end(self) -> None:
        called: list[tuple[str, list[str]]] = []

        class Subscribes:
            intervals = ("5m",)

            def on_bars(self, view: Any) -> None:
                fresh = view.symbols[view.fresh("5m")].tolist()
                called.append((f"{view.time:%H:%M}", fresh))

        run(Subscribes)
        # AAA trades at 0, 1, 2, 5, 30, BBB at 1, 61 minutes after the open
        assert called == [
            ("09:36", ["AAA", "BBB"]), ("10:01", ["AAA"]),
            ("10:32", ["AAA"]), ("16:00", ["BBB"]),
        ]  # fmt: skip

    def test_each_strategy_has_its_own(self) -> None:
        wished = config(
            HALF, HALF, ("AAA",),
            strategies=[
                {"use": f"{__name__}:Says", "name": each, "intervals": [each]}
                for each in ("1d", "1h", "1m")
            ],
        )  # fmt: skip
        result = SessionCoordinator(wished, source=DENSE, strategies=[Says]).run()
        signals = result.sessions[0].signals
        counts = Counter(each.strategy for each in signals)
        assert counts == {"1m": 210, "1h": 4, "1d": 1, "Says": 210}
        assert [each.strategy for each in signals[-4:]] == ["1d", "1h", "1m", "Says"]

    def test_after_a_symbol_has_come_each_finished_bar_is_shown_once(self) -> None:
        shown: list[tuple[str, str]] = []

        class Adds:
            intervals = ("5m",)

            def setup(self, access: Any) -> None:
                self.access = access

            def on_bar(self, bar: Any) -> None:
                shown.append((bar.symbol, f"{bar.time:%H:%M}"))
                if len(shown) == 1:
                    self.access.add_symbol("BBB")

        run(Adds, symbols=("AAA",))
        # BBB's bar of 09:30 was finished before it came
        assert shown == [("AAA", "09:30"), ("AAA", "09:35"), ("AAA", "10:00"), ("BBB", "10:30")]

    def test_a_week_is_finished_on_its_last_day_only(self) -> None:
        called: list[str] = []

        class Subscribes:
            intervals = ("1w",)

            def on_bars(self, view: Any) -> None:
                called.append(f"{view.time:%Y-%m-%d %H:%M}")

        source = market({"AAA": {date: [0, 1] for date in ("2024-07-01", *SESSIONS)}})
        data = {"streams": ["1m", "1w"]}
        run(Subscribes, end=SESSIONS[2], symbols=("AAA",), source=source, data=data)
        assert called == ["2024-07-05 16:00"]

    def test_what_nobody_asks_for_is_refused(self) -> None:
        tables = [{"use": f"{__name__}:Says", "intervals": ["15m", "5m"]}]
        with pytest.raises(ConfigError) as caught:
            config(HALF, HALF, ("AAA",), strategies=tables)
        (fault,) = caught.value.faults
        assert fault.key == "strategies[0].intervals[0]"
        assert "15m" in fault.message and "1m, 5m, 1h, 1d" in fault.message

    def test_what_a_class_says_is_held_to_the_same(self) -> None:
        odd = type("Odd", (Says,), {"intervals": ["15m"]})
        coordinator = SessionCoordinator(
            config(HALF, HALF, ("AAA",)), source=DENSE, strategies=[odd]
        )
        with pytest.raises(RequirementsError, match=r"intervals\[0\]: no bars of 15m"):
            coordinator.check()


class Says:
    """A strategy that says something whenever it is called."""

    def on_bars(self, view: Any) -> Signal:
        return Signal("AAA", "hold")


class TestQuantity:
    """``quantity`` a finite number in whatever unit it thinks in, None where it does not say."""

    @pytest.mark.parametrize("quantity", [None, 0, -2, 1.5, np.float64(0.25), np.int64(7)])
    def test_any_finite_number_goes_on_record(self, quantity: Any, tmp_path: Path) -> None:
        says = type("Says", (), {"on_bars": lambda *_: Signal("AAA", "buy", "why", quantity)})
        result = run(says, out=tmp_path)
        assert {each.signal.quantity for each in result.sessions[0].signals} == {quantity}
        record = json.loads((tmp_path / "sessions" / f"{SESSIONS[0]}.json").read_bytes())
        assert record["signals"][0] == {
            "time": "2024-07-02T13:31:00Z", "strategy": "Says", "symbol": "AAA",
            "action": "buy", "quantity": quantity, "reason": "why",
        }  # fmt: skip

    @pytest.mark.parametrize("method", ["on_bars", "on_bar"])
    @pytest.mark.parametrize("quantity", [float("nan"), float("-inf"), "x", True, 1j, [1]])
    def test_anything_else_names_strategy_and_symbol(self, quantity: Any, method: str) -> None:
        says = type("Says", (), {method: lambda *_: Signal("BBB", "buy", quantity=quantity)})
        error = failure(says)
        assert (error.kind, error.part, error.symbol) == ("strategy", "Says", "BBB")
        assert "'Says'" in str(error)
        assert repr(quantity) in str(error)
        assert "09:31" in error.time


def trouble(raises: str, date: str, minute: str = "", **fields: Any) -> Any:
    """Make a class of strategies that raise in a method, on a day, from a minute on."""
    log: list[tuple[str, str]] = []
    made: list[Any] = []

    def init(self: Any) -> None:
        made.append(self)
        # one is made at Validate, and one more for each session
        if raises == "made" and len(made) == 2 + SESSIONS.index(date):
            raise OSError("no network")

    def calls(method: str) -> Any:
        def call(self: Any, shown: Any = None) -> None:
            if method == "setup":
                self.access = shown
            now = f"{self.access.view.time:%Y-%m-%d %H:%M}"
            log.append((now[:10], method))
            if method == raises and now.startswith(date) and now[11:] >= minute:
                raise OSError("no network")
            if method == "on_bars" and now.endswith("09:32"):
                self.access.add_symbol("CCC")
                self.access.remove_symbol("BBB")

        return call

    methods = {each: calls(each) for each in METHODS}
    return type("Trouble", (), {"__init__": init, **methods, **fields, "log": log})


METHODS = (
    "setup", "on_bars", "on_bar", "on_symbol_added", "on_symbol_removed", "on_session_end",
    "teardown",
)  # fmt: skip


@pytest.mark.parametrize("threads", [False, True])
@pytest.mark.parametrize(
    ("method", "symbol", "time"),
    [
        ("made", "", "09:30"),
        ("setup", "", "09:30"),
        ("on_bars", "", "09:33"),
        ("on_bar", "AAA", "09:33"),
        ("on_symbol_added", "CCC", "09:32"),
        ("on_symbol_removed", "BBB", "09:32"),
        ("on_session_end", "", "13:00"),
    ],
)
class TestErrors:
    """an exception in one names the strategy, symbol and time, and fails the run, or with
    on_error = "disable" takes that strategy out and goes on, said in the export."""

    def test_named(self, method: str, symbol: str, time: str, threads: bool) -> None:
        made = trouble(method, HALF, time)
        error = failure(made, Says, end=HALF, workers={"threads": threads})
        assert (error.kind, error.part, error.symbol) == ("strategy", "Trouble", symbol)
        assert error.time.startswith(f"{HALF} {time}")
        for each in ("'Trouble'", f"{HALF} {time}", "OSError: no network"):
            assert each in str(error)

    def test_taken_out(
        self, method: str, symbol: str, time: str, threads: bool, tmp_path: Path
    ) -> None:
        made = trouble(method, HALF, time, on_error="disable")
        run(made, Says, end=SESSIONS[2], workers={"threads": threads}, out=tmp_path)
        files = [tmp_path / "sessions" / f"{date}.json" for date in SESSIONS]
        records = [json.loads(each.read_bytes()) for each in files]
        assert [len(each["disabled"]) for each in records] == [0, 1, 0]
        (told,) = records[1]["disabled"]
        assert told.pop("error").startswith("strategy 'Trouble' raised ")
        at = pd.Timestamp(f"{HALF} {time}", tz=ZONE).tz_convert("UTC")
        assert told == {
            "time": f"{at:%Y-%m-%dT%H:%M:%SZ}", "kind": "strategy", "name": "Trouble",
            "symbol": symbol,
        }  # fmt: skip
        whole = json.loads((tmp_path / "run.json").read_bytes())
        assert whole["outcome"] == "completed"
        assert [each["disabled"] for each in whole["sessions"]] == [[], ["Trouble"], []]
        # the others go on; the next session has it again; whatever was set up is torn down once
        assert [len(day["signals"]) for day in records] == [7, 7, 7]
        days = {date: [each for day, each in made.log if day == date] for date in SESSIONS}
        assert days[SESSIONS[0]] == days[SESSIONS[2]]
        assert days[HALF][-2:] == ([] if method == "made" else [method, "teardown"])
        assert [days[each].count("teardown") for each in SESSIONS] == [1, method != "made", 1]


def test_what_was_said_before_the_error_stays() -> None:
    """takes that strategy out and goes on"""

    def says(view: Any) -> Any:
        yield Signal("AAA", "said")
        raise OSError("half-way")

    fields = {"on_bars": lambda self, view: says(view), "on_error": "disable"}
    session = run(type("Stumbles", (), fields)).sessions[0]
    assert [(each.strategy, each.signal.action) for each in session.signals] == [
        ("Stumbles", "said")
    ]
    (disabled,) = session.disabled
    assert "half-way" in disabled.error


def test_a_teardown_that_raises_fails_the_run_all_the_same() -> None:
    """What it raises then fails the run: something of it may be left."""
    error = failure(trouble("teardown", HALF, on_error="disable"), end=SESSIONS[2])
    assert error.time.startswith(HALF)
