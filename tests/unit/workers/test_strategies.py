"""Strategies: what they are shown, what they may answer, and what comes of their errors."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import Run, RunFailedError, SessionCoordinator, Signal
from fsm_session.errors import RequirementsError, UserCodeError
from tests.small_market import SESSIONS, ZONE, bars_of, market, wishes

MINUTES = {
    "AAA": {date: [0, 1, 2, 5, 30] for date in SESSIONS},
    "BBB": {date: [1, 2, 3] for date in SESSIONS},
}
SOURCE = market(MINUTES)


def run(*strategies: Any, end: str = SESSIONS[0], **options: Any) -> Run:
    config = wishes(["AAA", "BBB"], SESSIONS[0], end, **options)
    return SessionCoordinator(config, source=SOURCE, strategies=strategies).run()


def answering(method: str, answer: Any) -> Any:
    """Make a class of strategies whose one method gives the answer, or what it answers."""
    said = answer if callable(answer) else lambda _shown: answer
    return type("Says", (), {method: lambda self, shown: said(shown)})


def failure(*strategies: Any, **options: Any) -> str:
    with pytest.raises(RunFailedError) as caught:
        run(*strategies, **options)
    (error,) = caught.value.exceptions
    assert isinstance(error, UserCodeError)
    assert caught.value.run.outcome == "failed"  # type: ignore[attr-defined]
    assert caught.value.run.moves[-1].target == "Failed"  # type: ignore[attr-defined]
    return str(error)


def time_of(date: str, minutes: int) -> pd.Timestamp:
    return pd.Timestamp(f"{date} 09:30", tz=ZONE) + pd.Timedelta(minutes=minutes)


class TestBarByBar:
    """``on_bar``: once per symbol-bar, with plain Python values."""

    def test_every_bar_of_the_source_is_shown_once_in_its_order(self) -> None:
        shown: list[tuple[Any, ...]] = []

        class Notes:
            def on_bar(self, bar: Any) -> None:
                values = (bar.open, bar.high, bar.low, bar.close, bar.volume)
                assert {type(each) for each in values} == {float}
                assert type(bar.symbol) is str
                assert type(bar.time_ns) is int
                assert bar.time.value == bar.time_ns
                shown.append((bar.time, bar.symbol, *values))

        run(Notes, end=SESSIONS[2])
        expected = [
            (time, symbol, *row)
            for symbol, days in MINUTES.items()
            for date, minutes in days.items()
            for time, *row in bars_of(symbol, date, minutes).itertuples()
        ]
        assert shown == sorted(expected)

    def test_an_indicator_is_the_value_at_that_bar(self) -> None:
        shown: dict[str, list[float]] = {"AAA": [], "BBB": []}

        class Notes:
            def on_bar(self, bar: Any) -> None:
                assert type(bar["sma_2"]) is float
                shown[bar.symbol].append(bar["sma_2"])

        indicator = {"name": "sma_2", "function": "SMA", "interval": "1m", "warm_up": False}
        parameters = {"parameters": {"timeperiod": 2}}
        run(Notes, data={"indicators": [indicator | parameters]})
        for symbol, values in shown.items():
            close = bars_of(symbol, SESSIONS[0], MINUTES[symbol][SESSIONS[0]])["close"]
            np.testing.assert_allclose(values, close.rolling(2).mean(), rtol=1e-12)

    def test_it_shows_itself(self) -> None:
        shown: list[str] = []
        run(answering("on_bar", lambda bar: shown.append(repr(bar))))
        assert shown[0].startswith("<Bar AAA 2024-07-02 09:30 1m close ")

    @pytest.mark.parametrize("name", ["nothing", "macd.odd"])
    def test_an_unknown_indicator_is_told_with_the_bar(self, name: str) -> None:
        text = failure(answering("on_bar", lambda bar: bar[name]))
        assert "AAA" in text
        assert "09:30" in text
        assert name.split(".")[0] in text

    def test_after_a_symbol_has_come_each_bar_is_still_shown_once(self) -> None:
        shown: Counter[tuple[str, Any]] = Counter()

        class Adds:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bar(self, bar: Any) -> None:
                shown[bar.symbol, bar.time] += 1
                if len(shown) == 2:
                    self.access.add_symbol("BBB")

        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0])
        SessionCoordinator(config, source=SOURCE, strategies=[Adds]).run()
        assert set(shown.values()) == {1}
        aaa = {("AAA", time_of(SESSIONS[0], each)) for each in (0, 1, 2, 5, 30)}
        bbb = {("BBB", time_of(SESSIONS[0], each)) for each in (2, 3)}
        assert set(shown) == aaa | bbb


class TestAnswers:
    """Both ways of thinking may answer one signal, several, or nothing."""

    @pytest.mark.parametrize("method", ["on_bars", "on_bar"])
    @pytest.mark.parametrize(
        ("answer", "each_time"),
        [
            (None, 0),
            ([], 0),
            (Signal("AAA", "buy", "because"), 1),
            ([Signal("AAA", "buy"), Signal("BBB", "sell")], 2),
            ((Signal("AAA", "buy"),), 1),
        ],
    )
    def test_signals_are_kept_with_time_and_strategy(
        self, method: str, answer: Any, each_time: int
    ) -> None:
        result = run(answering(method, answer))
        signals = result.sessions[0].signals
        # the closing step finishes the last hour's bar, and shows no new base bar
        happened = [1, 2, 2, 3, 3, 4, 6, 31] if method == "on_bar" else [1, 2, 3, 4, 6, 31, 390]
        times = [time_of(SESSIONS[0], each).value for each in happened for _ in range(each_time)]
        assert [each.time_ns for each in signals] == times
        assert {each.strategy for each in signals} <= {"Says"}

    @pytest.mark.parametrize("method", ["on_bars", "on_bar"])
    def test_a_generator_is_taken_whole(self, method: str) -> None:
        def says(_shown: Any) -> Any:
            yield Signal("AAA", "one")
            yield Signal("AAA", "two")

        actions = [each.signal.action for each in run(answering(method, says)).sessions[0].signals]
        assert actions[:4] == ["one", "two", "one", "two"]

    @pytest.mark.parametrize("method", ["on_bars", "on_bar"])
    @pytest.mark.parametrize("answer", [5, "buy", [None], {"AAA": 1}, [("AAA", "buy")]])
    def test_what_is_no_signal_fails_the_run_in_words(self, method: str, answer: Any) -> None:
        text = failure(answering(method, answer))
        assert "'Says'" in text
        assert "Signal" in text

    @pytest.mark.parametrize("method", ["on_bars", "on_bar"])
    def test_a_symbol_that_is_not_there_fails_the_run_by_name(self, method: str) -> None:
        text = failure(answering(method, Signal("ZZZ", "buy")))
        assert "'Says'" in text
        assert "'ZZZ'" in text

    def test_strategies_speak_in_the_order_of_the_configuration(self) -> None:
        class First:
            name = "z first"

            def on_bars(self, view: Any) -> Signal:
                return Signal("AAA", "a")

        class Second(First):
            name = "a second"

        spoken = [each.strategy for each in run(First, Second()).sessions[0].signals]
        assert spoken[:4] == ["z first", "a second"] * 2


class TestErrors:
    """An exception names strategy, symbol and time, and fails the run."""

    def test_in_on_bar(self) -> None:
        def fails(bar: Any) -> None:
            if bar.symbol == "BBB" and bar.time.minute == 32:
                raise ZeroDivisionError("no volume")

        text = failure(answering("on_bar", fails))
        for part in ("'Says'", "BBB", "2024-07-02 09:32", "09:33", "ZeroDivisionError: no volume"):
            assert part in text

    def test_in_on_bars(self) -> None:
        def fails(view: Any) -> None:
            if view.time.minute == 33:
                raise KeyError("AAPL")

        text = failure(answering("on_bars", fails), end=SESSIONS[2])
        for part in ("'Says'", "2024-07-02 09:33", "KeyError: 'AAPL'"):
            assert part in text

    def test_in_a_generator(self) -> None:
        def fails(view: Any) -> Any:
            yield Signal("AAA", "said")
            raise ValueError("then stumbled")

        text = failure(answering("on_bars", fails))
        assert "then stumbled" in text
        assert "09:31" in text

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize("method", ["setup", "on_session_end", "teardown"])
    def test_in_the_other_methods(self, method: str, threads: bool) -> None:
        def fails(*_: Any) -> None:
            raise OSError("no network")

        made = type("Odd", (), {"on_bars": lambda *_: None, method: fails})
        text = failure(made, workers={"threads": threads})
        assert "'Odd'" in text
        assert method in text
        assert "no network" in text

    def test_the_first_one_counts_and_the_others_are_not_asked(self) -> None:
        asked: list[str] = []

        class Fails:
            def on_bars(self, view: Any) -> None:
                asked.append("first")
                raise ValueError("first")

        class Behind:
            def on_bars(self, view: Any) -> None:
                asked.append("second")

        failure(Fails, Behind)
        assert asked == ["first"]

    def test_a_request_from_a_strategy_can_not_wait_for_itself(self) -> None:
        class Waits:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None:
                self.access.add_symbol("AAA").wait(20)

        assert "would wait for itself" in failure(Waits)


class TestOneForEachSession:
    """Nothing survives Teardown, and an object of the user's could: each session gets its own."""

    @pytest.mark.parametrize("kind", ["object", "class", "factory"])
    def test_state_does_not_survive(self, kind: str) -> None:
        seen: list[list[str]] = []

        class Remembers:
            def __init__(self) -> None:
                self.days: list[str] = []

            def on_bars(self, view: Any) -> None:
                self.days.append(view.session.label)

            def on_session_end(self) -> None:
                seen.append(sorted(set(self.days)))

        def make() -> Remembers:
            return Remembers()

        given = {"object": Remembers(), "class": Remembers, "factory": make}[kind]
        assert run(given, end=SESSIONS[2]).outcome == "completed"
        assert seen == [[date] for date in SESSIONS]

    def test_an_object_keeps_what_it_was_made_with(self) -> None:
        class Threshold:
            def __init__(self, at: float) -> None:
                self.at = at

            def on_bar(self, bar: Any) -> Any:
                return Signal(bar.symbol, str(self.at))

        given = Threshold(2.5)
        result = run(given, end=SESSIONS[1])
        given.at = 3.0
        actions = {each.signal.action for day in result.sessions for each in day.signals}
        assert actions == {"2.5"}

    def test_from_a_configuration_with_parameters(self) -> None:
        use = f"{__name__}:Says"
        config = wishes(
            ["AAA"],
            SESSIONS[0],
            SESSIONS[0],
            strategies=[
                {"use": use, "name": "one", "parameters": {"word": "hold"}},
                {"use": use, "name": "two", "parameters": {"word": "sell"}},
            ],
        )
        result = SessionCoordinator(config, source=SOURCE).run()
        first = [(each.strategy, each.signal.action) for each in result.sessions[0].signals[:2]]
        assert first == [("one", "hold"), ("two", "sell")]

    @pytest.mark.parametrize(
        ("given", "told"),
        [
            (object(), "on_bars or on_bar"),
            (type("Empty", (), {}), "on_bars or on_bar"),
            (lambda: 1 / 0, "can't be made"),
            (5, "on_bars or on_bar"),
        ],
    )
    def test_what_is_no_strategy_is_refused_at_validate(self, given: Any, told: str) -> None:
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0])
        with pytest.raises(RunFailedError, match=r".") as caught:
            SessionCoordinator(config, source=SOURCE, strategies=[given]).run()
        assert told in str(caught.value.exceptions[0])
        assert [each.target for each in caught.value.run.moves] == ["Validate", "Failed"]  # type: ignore[attr-defined]

    def test_two_of_a_name_are_refused(self) -> None:
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0])
        given = [answering("on_bar", None), answering("on_bar", None)]
        with pytest.raises(RunFailedError, match=r".") as caught:
            SessionCoordinator(config, source=SOURCE, strategies=given).run()
        assert "'Says' is the name of two" in str(caught.value.exceptions[0])

    def test_a_misspelt_place_is_refused_before_anything_runs(self) -> None:
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0], strategies=[{"use": f"{__name__}:Sais"}])
        with pytest.raises(RequirementsError, match=r"strategies\[0\]\.use.*Sais"):
            SessionCoordinator(config, source=SOURCE).check()


class Says:
    """A strategy that says a word at every bar."""

    def __init__(self, word: str) -> None:
        self.word = word

    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, self.word)


def test_the_small_market_is_what_these_tests_think() -> None:
    assert dt.date.fromisoformat(SESSIONS[0]) == dt.date(2024, 7, 2)
    assert len(SOURCE.intervals("AAA")) == 1
