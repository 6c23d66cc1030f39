"""The two promises why people come, and what follows from them, on random small markets."""

from __future__ import annotations

import gc
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from fsm_session import FramesSource, Run, SessionCoordinator, Signal
from fsm_session.errors import StaleSessionError
from tests.small_market import SESSIONS, bars_of, last_minute, wishes

SYMBOLS = ("AAA", "BBB", "CCC")
INDICATORS = [
    {"name": "sma_3", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 3}},
    {"name": "rsi_2", "function": "RSI", "interval": "5m", "parameters": {"timeperiod": 2}},
    {"name": "macd", "function": "MACD", "interval": "1m",
     "parameters": {"fastperiod": 2, "slowperiod": 3, "signalperiod": 2}},
]  # fmt: skip
NAMES = ("open", "high", "low", "close", "volume", "sma_3", "rsi_2", "macd.macdsignal")
INTERVALS = ("1m", "5m", "1h")

some = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def minutes(date: str) -> st.SearchStrategy[list[int]]:
    """Minutes with a bar: crowded at both ends of the day, where things go wrong."""
    last = last_minute(date)
    near = st.integers(0, 12) | st.integers(last - 6, last) | st.integers(0, last)
    return st.lists(near, min_size=1, max_size=12, unique=True)


Market = dict[str, dict[str, list[int]]]
markets: st.SearchStrategy[Market] = st.fixed_dictionaries(
    {symbol: st.fixed_dictionaries({d: minutes(d) for d in SESSIONS}) for symbol in SYMBOLS}
)


def frames(market: Market) -> dict[str, pd.DataFrame]:
    return {
        symbol: pd.concat([bars_of(symbol, date, days[date]) for date in sorted(days)])
        for symbol, days in market.items()
    }


def starts_ns(frame: pd.DataFrame) -> list[int]:
    starts: list[int] = pd.DatetimeIndex(frame.index).as_unit("ns").asi8.tolist()
    return starts


class Watcher:
    """A strategy that writes down everything it can see, and trades on a memory of its own."""

    def __init__(self, log: list[Any]) -> None:
        self.log = log
        self.seen = 0

    # each session gets a copy: what it saw is kept outside of it
    def __deepcopy__(self, memo: object) -> Watcher:
        return Watcher(self.log)

    def on_bars(self, view: Any) -> Any:
        self.seen += 1
        self.log.append((view.now_ns, snapshot(view), self.seen))
        for symbol in view.symbols[view.fresh("1m")]:
            yield Signal(symbol, "seen", reason=f"step {self.seen}")

    def on_bar(self, bar: Any) -> Any:
        values = [bar[name] for name in ("sma_3", "rsi_2", "macd.macdsignal")]
        self.log.append((bar.time_ns + 60 * 10**9, repr((bar.symbol, bar.close, values)), 0))
        return Signal(bar.symbol, "bar") if bar.close > bar.open else None


def snapshot(view: Any) -> str:
    """Everything a view shows, as text: NaN equals NaN then."""
    seen: list[Any] = [view.time, list(view.symbols), view.session.label]
    seen += [view.latest(name).tolist() for name in NAMES]
    seen += [view.latest("close", each).tolist() for each in INTERVALS]
    seen += [view.fresh(each).tolist() for each in INTERVALS]
    for symbol in view:
        for each in INTERVALS:
            bars = view[symbol].bars(each)
            assert not len(bars) or bars.end[-1] <= view.now_ns
            seen += [bars.time.tolist(), bars.close.tolist(), bars.volume.tolist()]
            seen += [len(view[symbol].today(each)), len(view[symbol].history(each))]
        seen += [view[symbol].indicator(name).tolist() for name in NAMES[5:]]
    return repr(seen)


def run(
    source: dict[str, pd.DataFrame],
    start: str = SESSIONS[0],
    end: str = SESSIONS[-1],
    symbols: tuple[str, ...] = SYMBOLS,
    out: Path | None = None,
    **options: Any,
) -> tuple[Run, list[Any]]:
    log: list[Any] = []
    threads = options.pop("threads", False)
    data = {"missing": "skip", "indicators": INDICATORS, **options.pop("data", {})}
    config = wishes([*symbols], start, end, data=data, workers={"threads": threads})
    strategies = [Watcher(log), *options.pop("strategies", [])]
    frames = FramesSource(source, interval="1m")
    coordinator = SessionCoordinator(
        config, source=frames, strategies=strategies, out=out, **options
    )
    return coordinator.run(), log


def with_history(days: int) -> dict[str, Any]:
    return {"history": [{"trailing_days": days, "intervals": ["1m"]}]}


class TestNothingLaterThanNow:
    """Whatever a scanner or a strategy can reach ends at the clock."""

    @given(market=markets, session=st.sampled_from(SESSIONS), minute=st.integers(1, 400))
    @some
    def test_cutting_the_future_off_changes_nothing_that_was_visible(
        self, market: Market, session: str, minute: int
    ) -> None:
        cut = pd.Timestamp(f"{session} 09:30", tz="America/New_York") + pd.Timedelta(minutes=minute)
        # a symbol without a bar on a day would be left out of it: let each have its first minute
        whole = frames({s: {d: [0, *m] for d, m in days.items()} for s, days in market.items()})
        past = {name: frame[frame.index < cut] for name, frame in whole.items()}
        _, everything = run(whole)
        _, until_then = run(past)
        now_ns = cut.as_unit("ns").value
        assert any(each[0] <= now_ns for each in until_then)
        assert [each for each in everything if each[0] <= now_ns] == [
            each for each in until_then if each[0] <= now_ns
        ]

    @given(market=markets)
    @some
    def test_a_bar_is_seen_when_it_has_ended_and_not_before(self, market: Market) -> None:
        whole = frames(market)
        seen: dict[tuple[str, int], int] = {}

        class First:
            def on_bars(self, view: Any) -> None:
                for symbol in view:
                    for start in view[symbol].today("1m").time.tolist():
                        seen.setdefault((symbol, start), view.now_ns)

        run(whole, strategies=[First])
        starts = {
            (name, start): start + 60 * 10**9
            for name, frame in whole.items()
            for start in starts_ns(frame)
        }
        assert seen == starts

    @given(market=markets)
    @some
    def test_a_derived_bar_is_seen_at_the_first_step_at_or_after_its_end(
        self, market: Market
    ) -> None:
        whole = frames(market)
        seen: dict[tuple[str, int], int] = {}
        steps: list[int] = []

        class First:
            def on_bars(self, view: Any) -> None:
                steps.append(view.now_ns)
                for symbol in view:
                    for start in view[symbol].today("5m").time.tolist():
                        seen.setdefault((symbol, start), view.now_ns)

        result, _ = run(whole, strategies=[First])
        assert result.outcome == "completed"
        five = 5 * 60 * 10**9
        for name, frame in whole.items():
            bins = {start // five * five for start in starts_ns(frame)}
            for start in bins:
                # every session's end is a multiple of five minutes, and ends with a step
                assert seen[name, start] == min(each for each in steps if each >= start + five)


class TestNothingSurvivesTeardown:
    """A session is a pure function of (configuration, date)."""

    @given(market=markets, days=st.integers(0, 1))
    @some
    def test_a_day_after_another_equals_the_day_alone(self, market: Market, days: int) -> None:
        whole, data = frames(market), with_history(days)
        with tempfile.TemporaryDirectory() as folder:
            first = SESSIONS[days]
            together, _ = run(whole, first, SESSIONS[-1], out=Path(folder) / "all", data=data)
            for date in SESSIONS[days:]:
                run(whole, date, date, out=Path(folder) / date, data=data)
                name = f"sessions/{date}.json"
                alone = (Path(folder) / date / name).read_bytes()
                assert alone == (Path(folder) / "all" / name).read_bytes()
            assert together.outcome == "completed"

    def test_the_data_of_a_day_is_freed_once_the_next_is_loaded(self) -> None:
        alive: list[tuple[str, int]] = []
        refs: list[weakref.ref[Any]] = []

        class Observer:
            name = "observer"

            def setup(self, context: Any) -> None:
                refs.append(weakref.ref(context.data))
                refs.append(weakref.ref(context.player.view._data))

            def on_step(self, step: Any) -> None: ...

            def on_session_end(self) -> None:
                gc.collect()
                alive.append(("end", sum(ref() is not None for ref in refs)))

            def teardown(self) -> None: ...

        market = {symbol: {date: [0, 1, 2] for date in SESSIONS} for symbol in SYMBOLS}
        result, _ = run(frames(market), workers=[Observer()])
        assert alive == [("end", 2)] * 3
        del result
        gc.collect()
        assert [ref() for ref in refs] == [None] * 6

    def test_a_view_kept_from_yesterday_shows_nothing(self) -> None:
        kept: list[Any] = []
        shown: list[str] = []

        class Keeper:
            def on_bars(self, view: Any) -> None:
                if kept and view is not kept[0]:
                    shown.extend(look(kept[0]))
                    shown.extend(look_at(kept[1]))
                elif not kept:
                    kept.extend((view, view["AAA"]))

        def look(view: Any) -> list[str]:
            asked: list[Callable[[], Any]] = [
                lambda: view.latest("close"), lambda: view.symbols, lambda: view.time,
                lambda: view["AAA"], lambda: list(view), lambda: view.fresh("1m"),
            ]  # fmt: skip
            return [answer(each) for each in asked]

        def look_at(symbol: Any) -> list[str]:
            return [answer(symbol.bars), answer(lambda: symbol.indicator("sma_3"))]

        def answer(ask: Callable[[], Any]) -> str:
            try:
                return repr(ask())
            except StaleSessionError:
                return "nothing"

        market = {symbol: {date: [0, 1, 2] for date in SESSIONS} for symbol in SYMBOLS}
        run(frames(market), strategies=[Keeper])
        assert len(shown) > 8
        assert set(shown) == {"nothing"}


class TestAViewIsReadOnly:
    """What a strategy gets, each read-only and ending now."""

    def test_whatever_is_written_to_is_refused(self) -> None:
        refused: list[bool] = []

        class Writer:
            def on_bars(self, view: Any) -> None:
                bars = view["AAA"].bars("5m")
                arrays = [view.latest("close"), view.latest("sma_3"), view.fresh("1m")]
                arrays += [view.symbols, bars.close, bars.time, view["AAA"].indicator("sma_3")]
                for array in arrays:
                    with pytest.raises(ValueError, match="read-only"):
                        array[...] = array[::-1].copy()
                    refused.append(True)
                for target, name in ((view, "now_ns"), (view["AAA"], "symbol"), (bars, "close")):
                    with pytest.raises(AttributeError):
                        setattr(target, name, 1)
                    refused.append(True)

        market = {symbol: {SESSIONS[0]: [0, 1, 2, 9]} for symbol in SYMBOLS}
        run(frames(market), SESSIONS[0], SESSIONS[0], strategies=[Writer])
        assert len(refused) >= 10


class TestTheSameBytes:
    """The results are the same."""

    @given(market=markets, order=st.permutations(SYMBOLS))
    @some
    def test_the_order_of_symbols_in_the_configuration_changes_nothing(
        self, market: Market, order: list[str]
    ) -> None:
        whole = frames(market)
        assert self.bytes_of(whole) == self.bytes_of(whole, symbols=tuple(order))

    @given(market=markets)
    @settings(some, max_examples=8)
    def test_threads_change_nothing(self, market: Market) -> None:
        whole = frames(market)
        assert self.bytes_of(whole) == self.bytes_of(whole, threads=True)

    def bytes_of(self, whole: dict[str, pd.DataFrame], **options: Any) -> list[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            run(whole, out=Path(folder), **options)
            return [path.read_bytes() for path in sorted(Path(folder).glob("**/*.json"))]


class TestASymbolThatIsAdded:
    """A symbol added has exactly what a configured one has: history, indicators, today's bars."""

    @given(market=markets, after=st.integers(0, 8), days=st.integers(0, 1))
    @some
    def test_every_later_step_shows_what_it_would_have_shown(
        self, market: Market, after: int, days: int
    ) -> None:
        whole, receipts = frames(market), []
        first = SESSIONS[days]

        class Adds:
            def setup(self, context: Any) -> None:
                self.context = context
                self.steps = 0

            def on_bars(self, view: Any) -> None:
                self.steps += 1
                if self.steps == after + 1:
                    receipts.append((view.now_ns, self.context.add_symbol("CCC")))

        data = with_history(days)
        _, configured = run(whole, first, first, data=data)
        _, added = run(whole, first, first, SYMBOLS[:2], strategies=[Adds], data=data)
        if not receipts:
            return
        ((asked_ns, receipt),) = receipts
        if receipt.status == "refused":
            assert "over" in receipt.reason
            return
        assert receipt.status == "done"
        seen = {now: text for now, text, count in added if count and now > asked_ns}
        expected = {now: text for now, text, count in configured if count and now > asked_ns}
        assert seen == expected

    def test_what_can_not_be_added_is_refused_and_the_session_goes_on(self) -> None:
        receipts: dict[str, Any] = {}

        class Asks:
            def setup(self, context: Any) -> None:
                self.context = context

            def on_bars(self, view: Any) -> None:
                if not receipts:
                    for symbol in ("AAA", "NONE", "CCC"):
                        receipts[symbol] = self.context.add_symbol(symbol)
                    receipts["gone"] = self.context.remove_symbol("BBB")
                    receipts["never"] = self.context.remove_symbol("ZZZ")

        market = {symbol: {SESSIONS[0]: [0, 1, 2, 9]} for symbol in ("AAA", "BBB")}
        result, _ = run(frames(market), SESSIONS[0], SESSIONS[0], ("AAA", "BBB"), strategies=[Asks])
        assert {name: each.status for name, each in receipts.items()} == {
            "AAA": "refused", "NONE": "refused", "CCC": "refused", "gone": "done",
            "never": "refused",
        }  # fmt: skip
        assert "already" in receipts["AAA"].reason
        assert result.outcome == "completed"
        assert list(result.data) == ["AAA"]


def test_the_snapshot_would_notice() -> None:
    """A harness that sees nothing proves nothing: the log has every kind of value in it."""
    market = {symbol: {SESSIONS[0]: list(range(30))} for symbol in SYMBOLS}
    _, log = run(frames(market), SESSIONS[0], SESSIONS[0])
    texts = [text for _, text, count in log if count]
    assert len(set(texts)) == len(texts) == 31
    assert np.mean([text.count("nan") for text in texts]) > 1
