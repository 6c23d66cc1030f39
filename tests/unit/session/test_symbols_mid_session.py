"""Symbols that come and go while a session runs: what comes of it, and who is told."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fsm_session import Run, RunFailedError, SessionCoordinator, Signal
from fsm_session.errors import PartError
from fsm_session.machine import Receipt
from tests.small_market import SESSIONS, ZONE, bars_of, market, wishes

DAY, HALF, LAST = SESSIONS
MINUTES = {"AAA": [0, 1, 2, 5, 30], "BBB": [1, 61], "CCC": [0, 2, 3], "DDD": [0, 1, 3, 31, 200]}
MARKET = {symbol: dict.fromkeys(SESSIONS, each) for symbol, each in MINUTES.items()}
SOURCE = market({**MARKET, "LATE": {LAST: [0, 1]}})
PATIENCE = 20.0
NEEDS = {
    "streams": ["1m", "5m"],
    "history": [{"trailing_days": 1, "intervals": ["1m"]}],
    "indicators": [
        {"name": "sma", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 2}}
    ],
    "historical": [{"name": "usual", "function": "mean", "column": "volume", "over": "1d"}],
}


def coordinator(
    *strategies: Any, symbols: tuple[str, ...] = ("AAA", "BBB"), date: str = DAY, **options: Any
) -> SessionCoordinator:
    beside = {key: options.pop(key) for key in ("scanners", "out") if key in options}
    config = wishes([*symbols], date, options.pop("end", date), **options)
    return SessionCoordinator(config, source=SOURCE, strategies=strategies, **beside)


class Asks:
    """A strategy that asks for something at given minutes; what came of it, and what it saw."""

    def __init__(self, *asked: tuple[str, str, str]) -> None:
        self.asked = asked
        self.receipts: list[Receipt] = []
        #: at each step the time and the symbols
        self.steps: list[tuple[str, list[str]]] = []

    def strategy(self) -> Any:
        log = self

        class Asking:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None:
                now = f"{view.time:%H:%M}"
                log.steps.append((now, list(view)))
                for at, what, symbol in log.asked:
                    if at == now:
                        log.receipts.append(getattr(self.access, f"{what}_symbol")(symbol))

        return Asking

    def run(self, **options: Any) -> Run:
        return coordinator(self.strategy(), **options).run()

    @property
    def answers(self) -> list[tuple[str, str]]:
        return [(each.status, each.reason) for each in self.receipts]


def changes(run: Run) -> list[tuple[str, str, str, str]]:
    return [
        (f"{pd.Timestamp(each.time_ns, tz=ZONE):%H:%M}", each.change, each.symbol, each.by)
        for each in run.sessions[0].changes
    ]


class TestRefusals:
    """Adding what is there is a refusal with a reason; adding what has no data is a refusal,
    the session goes on"""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize(
        ("what", "symbol", "reason"),
        [
            ("add", "AAA", "AAA is registered already"),
            ("add", "NONE", "holds no data of it"),
            ("add", "LATE", DAY),
            ("add", "a/b", "a symbol is no path"),
            ("remove", "CCC", "CCC is not registered"),
        ],
    )
    def test_with_a_reason(self, what: str, symbol: str, reason: str, threads: bool) -> None:
        asks = Asks(("09:32", what, symbol))
        run = asks.run(workers={"threads": threads})
        ((status, told),) = asks.answers
        assert status == "refused"
        assert reason in told
        assert (run.outcome, changes(run)) == ("completed", [])
        assert asks.steps == [
            (time, ["AAA", "BBB"])
            for time in ("09:31", "09:32", "09:33", "09:36", "10:01", "10:32", "16:00")
        ]

    def test_too_little_history_is_no_data(self) -> None:
        asks = Asks(("09:31", "add", "LATE"))
        asks.run(date=LAST, data=NEEDS)
        ((status, told),) = asks.answers
        assert status == "refused"
        assert "too little history" in told and HALF in told

    def test_what_was_left_out_is_refused_too(self) -> None:
        asks = Asks(("09:32", "add", "LATE"))
        run = asks.run(symbols=("AAA", "LATE"), data={"missing": "skip"})
        assert asks.answers == [("refused", f"frames of 5 symbols has no data of LATE for {DAY}")]
        assert run.sessions[0].left_out == ("LATE",)


class TestAdding:
    """A symbol that is added has history, indicators and today's bars so far, exactly as a
    configured symbol has them."""

    def look(self, seen: list[Any]) -> Any:
        def on_bars(self: Any, view: Any) -> None:
            if f"{view.time:%H:%M}" >= "09:33":
                symbol = view["DDD"]
                bars = [symbol.bars(each).frame().to_csv() for each in ("1m", "5m")]
                seen.append((
                    view.now_ns, bars, symbol.indicator("sma").tobytes(),
                    symbol.trailing("usual"), symbol.quality(), symbol.history_quality(),
                    view.latest("close").tolist(), view.fresh("5m").tolist(),
                ))  # fmt: skip

        return type("Looks", (), {"on_bars": on_bars})

    def test_it_has_all_that_a_configured_one_has(self, tmp_path: Path) -> None:
        seen: tuple[list[Any], list[Any]] = ([], [])
        asking = Asks(("09:32", "add", "DDD")).strategy()
        options: dict[str, Any] = {"date": HALF, "data": NEEDS}
        coordinator(asking, self.look(seen[0]), out=tmp_path / "added", **options).run()
        options |= {"symbols": ("AAA", "BBB", "DDD"), "out": tmp_path / "configured"}
        coordinator(self.look(seen[1]), **options).run()
        assert len(seen[0]) == len({each[0] for each in seen[0]}) == 8
        assert seen[0] == seen[1]
        files = [tmp_path / each / "sessions" / f"{HALF}.json" for each in ("added", "configured")]
        added, configured = (json.loads(each.read_bytes()) for each in files)
        assert added.pop("changes") == [
            {"time": "2024-07-03T13:32:00Z", "symbol": "DDD", "change": "added", "by": "Asking"}
        ]
        assert configured.pop("changes") == []
        assert added == configured

    @pytest.mark.parametrize(("symbol", "later"), [("CCC", []), ("DDD", ["12:51"])])
    def test_at_the_last_step_before_the_close(self, symbol: str, later: list[str]) -> None:
        # 10:32 is the last of AAA and BBB; the close finishes the hour of whatever has come
        asks = Asks(("10:32", "add", symbol))
        run = asks.run()
        assert asks.answers == [("done", "")]
        assert changes(run) == [("10:32", "added", symbol, "Asking")]
        after = [each for each in asks.steps if each[0] > "10:32"]
        assert after == [(time, ["AAA", "BBB", symbol]) for time in (*later, "16:00")]
        close = bars_of(symbol, DAY, MINUTES[symbol]).close
        assert run.data[symbol].today().close.tolist() == close.tolist()

    def test_at_the_close_it_is_over(self) -> None:
        asks = Asks(("16:00", "add", "DDD"), ("16:00", "remove", "AAA"))
        run = asks.run()
        assert asks.answers == [("refused", "the session is over")] * 2
        assert (run.outcome, run.sessions[0].symbols) == ("completed", ("AAA", "BBB"))

    def test_the_next_day_starts_from_the_configuration(self) -> None:
        """A symbol added stays until Teardown: the next day starts from the configuration."""
        asks = Asks(("09:33", "add", "CCC"), ("09:33", "remove", "AAA"))
        run = asks.run(end=LAST)
        assert [each for time, each in asks.steps if time == "09:31"] == [["AAA", "BBB"]] * 3
        assert [each.symbols for each in run.sessions] == [("BBB", "CCC")] * 3
        assert [len(each.changes) for each in run.sessions] == [2, 2, 2]


class TestRemoving:
    """removing deletes the structure and everything under it, in one go, and a strategy that is
    called next sees it gone."""

    def test_it_is_gone_everywhere(self) -> None:
        asks = Asks(("09:32", "remove", "AAA"))
        some = coordinator(asks.strategy(), data=NEEDS, date=HALF)
        run = some.run()
        assert asks.answers == [("done", "")]
        # without AAA's there is but one more bar to come
        assert asks.steps[2:] == [("10:32", ["BBB"]), ("13:00", ["BBB"])]
        assert set(some.context.queues.times) == set(run.data) == {"BBB"}
        assert run.sessions[0].bars == 2
        assert changes(run) == [("09:32", "removed", "AAA", "Asking")]

    def test_and_added_again(self) -> None:
        shown: list[tuple[str, int]] = []

        class Shown:
            def on_bar(self, bar: Any) -> None:
                minutes = (bar.time - pd.Timestamp(f"{DAY} 09:30", tz=ZONE)).total_seconds() / 60
                shown.append((bar.symbol, int(minutes)))

        at_once = ("09:32", "remove", "AAA"), ("09:32", "add", "AAA")
        asks = Asks(*at_once, ("09:33", "remove", "BBB"), ("09:36", "add", "BBB"))
        run = coordinator(asks.strategy(), Shown).run()
        assert asks.answers == [("done", "")] * 4
        assert [each[1:3] for each in changes(run)] == [
            ("removed", "AAA"), ("added", "AAA"), ("removed", "BBB"), ("added", "BBB")
        ]  # fmt: skip
        assert sorted(shown) == [(name, each) for name in ("AAA", "BBB") for each in MINUTES[name]]
        assert run.sessions[0].bars == 7

    def test_the_last_one_may_go(self) -> None:
        asks = Asks(("09:31", "remove", "AAA"))
        run = asks.run(symbols=("AAA",))
        assert (run.outcome, run.sessions[0].symbols) == ("completed", ())
        assert asks.steps == [("09:31", ["AAA"])]


class TestFromAnotherThread:
    """every request gets exactly one answer"""

    @pytest.mark.parametrize("threads", [False, True])
    def test_it_comes_before_the_next_step(self, threads: bool) -> None:
        steps: list[tuple[str, list[str]]] = []
        answers: list[tuple[bool, str]] = []
        go, asked = threading.Event(), threading.Event()

        class Waits:
            def on_bars(self, view: Any) -> None:
                steps.append((f"{view.time:%H:%M}", list(view)))
                if steps[-1][0] == "09:32":
                    go.set()
                    assert asked.wait(PATIENCE)

        some = coordinator(Waits, workers={"threads": threads})

        def asks() -> None:
            assert go.wait(PATIENCE)
            receipts = [some.add_symbol("CCC"), some.remove_symbol("BBB"), some.add_symbol("NONE")]
            asked.set()
            answers.extend((each.wait(PATIENCE), each.status) for each in receipts)

        thread = threading.Thread(target=asks)
        thread.start()
        run = some.run()
        thread.join(PATIENCE)
        assert answers == [(True, "done"), (True, "done"), (True, "refused")]
        assert steps[1:4] == [
            ("09:32", ["AAA", "BBB"]), ("09:33", ["AAA", "CCC"]), ("09:34", ["AAA", "CCC"])
        ]  # fmt: skip
        assert changes(run) == [("09:32", "added", "CCC", ""), ("09:32", "removed", "BBB", "")]


class TestToldOfSymbols:
    """several at once, each told on_symbol_added/on_symbol_removed"""

    asked = ("09:32", "add", "CCC"), ("09:32", "remove", "BBB")

    def told(self, log: list[Any], name: str, answer: Any = lambda what, symbol: None) -> type:
        """Make a class of strategies that note what they are told, and answer something."""

        def setup(self: Any, access: Any) -> None:
            self.access = access

        def on_bars(self: Any, view: Any) -> None:
            log.append((name, f"{view.time:%H:%M}", "step", ""))

        def tell(what: str) -> Any:
            def method(self: Any, symbol: str) -> Any:
                assert (symbol in self.access.view) == (what == "added")
                log.append((name, f"{self.access.view.time:%H:%M}", what, symbol))
                return answer(what, symbol)

            return method

        methods = {f"on_symbol_{each}": tell(each) for each in ("added", "removed")}
        return type(name, (), {"setup": setup, "on_bars": on_bars, **methods})

    @pytest.mark.parametrize("threads", [False, True])
    def test_before_the_next_step_and_when_it_has_happened(self, threads: bool) -> None:
        log: list[Any] = []
        one, two = self.told(log, "one"), self.told(log, "two")
        coordinator(Asks(*self.asked).strategy(), one, two, workers={"threads": threads}).run()
        assert log[2:10] == [
            (name, *told)
            for told in (
                ("09:32", "step", ""), ("09:32", "added", "CCC"), ("09:32", "removed", "BBB"),
                ("09:33", "step", ""),
            )
            for name in ("one", "two")
        ]  # fmt: skip
        assert [each[2] for each in log].count("added") == 2

    def test_of_what_is_found_before_the_session_too(self) -> None:
        log: list[Any] = []
        finds = type("Finds", (), {"scan": lambda self, view: "CCC"})
        coordinator(self.told(log, "one"), scanners=[finds]).run()
        assert log[0] == ("one", "09:30", "added", "CCC")

    def test_what_they_say_then_is_taken_also_of_what_has_gone(self) -> None:
        """signals with time, action, quantity and reason"""

        def says(what: str, symbol: str) -> Any:
            yield Signal(symbol, what, "told", 3)
            yield Signal("AAA", what)

        run = coordinator(Asks(*self.asked).strategy(), self.told([], "one", says)).run()
        time_ns = pd.Timestamp(f"{DAY} 09:32", tz=ZONE).value
        assert [(each.time_ns, each.strategy, each.signal) for each in run.sessions[0].signals] == [
            (time_ns, "one", Signal("CCC", "added", "told", 3)),
            (time_ns, "one", Signal("AAA", "added")),
            (time_ns, "one", Signal("BBB", "removed", "told", 3)),
            (time_ns, "one", Signal("AAA", "removed")),
        ]

    @pytest.mark.parametrize("when", ["added", "removed"])
    def test_of_others_they_may_say_nothing(self, when: str) -> None:
        says = self.told([], "one", lambda what, _: Signal("ZZZ", "a") if what == when else None)
        with pytest.raises(RunFailedError) as caught:
            coordinator(Asks(*self.asked).strategy(), says).run()
        (error,) = caught.value.exceptions
        assert isinstance(error, PartError)
        assert (error.kind, error.part, error.symbol) == ("strategy", "one", "ZZZ")
        assert "signals 'ZZZ', which is not registered" in str(error)
