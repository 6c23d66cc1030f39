"""Quotes and ticks in a session: what is refused, what a strategy is given, what goes on record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import FramesSource, Run, RunFailedError, SessionCoordinator
from fsm_session.errors import (
    ConfigError,
    PartError,
    RequirementsError,
    StaleSessionError,
    UnknownNameError,
)
from fsm_session.market.bars import Bars, Times
from fsm_session.market.interval import Interval
from tests.small_market import SESSIONS, ZONE
from tests.unit.session.days import bars, wish

DAY, HALF, LAST = SESSIONS
ALL = ["1m", "5m", "quotes", "ticks"]


def at(*times: str, date: str = DAY) -> pd.DatetimeIndex:
    return pd.DatetimeIndex([pd.Timestamp(f"{date} {each}", tz=ZONE) for each in times])


def ticks(*times: str, date: str = DAY) -> pd.DataFrame:
    """Make trades at 1, 2, ... for 10, 20, ..."""
    price = np.arange(1.0, len(times) + 1)
    return pd.DataFrame({"price": price, "size": 10 * price}, index=at(*times, date=date))


def quotes(*times: str, date: str = DAY) -> pd.DataFrame:
    """Make quotes of 1 to 1.5, 2 to 2.5, ..."""
    bid = np.arange(1.0, len(times) + 1)
    columns = {"bid_price": bid, "bid_size": 3 * bid, "ask_price": bid + 0.5, "ask_size": 4 * bid}
    return pd.DataFrame(columns, index=at(*times, date=date))


def source(
    held: dict[str, Any], ticks: dict[str, Any] | None = None, quotes: dict[str, Any] | None = None
) -> FramesSource:
    frames = {symbol: bars(at(*each)) if isinstance(each, tuple) else each
              for symbol, each in held.items()}  # fmt: skip
    return FramesSource(frames, interval="1m", ticks=ticks, quotes=quotes)


#: what most of these sessions are of
SOURCE = source(
    {"AAA": ("09:30", "09:31", "09:33", "10:00"), "BBB": ("09:30", "09:40")},
    {"AAA": ticks("09:29:59", "09:31", "09:31", "09:31:10.5", "09:36:20"),
     "BBB": ticks("09:30:30", "09:31", "09:36:20", "16:00")},
    {"AAA": quotes("09:30:20", "09:31", "09:31"), "BBB": quotes("09:31", "10:30")},
)  # fmt: skip


def coordinator(*strategies: Any, streams: list[str] = ALL, **options: Any) -> SessionCoordinator:
    beside = {each: options.pop(each) for each in ("scanners", "out") if each in options}
    start, symbols = options.pop("start", DAY), options.pop("symbols", ["AAA", "BBB"])
    given = options.pop("source", SOURCE)
    config = wish(symbols, streams, start, options.pop("end", start), **options)
    return SessionCoordinator(config, source=given, strategies=strategies, **beside)


def run(*strategies: Any, **options: Any) -> Run:
    return coordinator(*strategies, **options).run()


def having(method: str, does: Any, **fields: Any) -> Any:
    """Make a class of strategies that does something with what its one method is given."""
    return type("Has", (), {method: lambda self, shown: does(shown), **fields})


def refused(*strategies: Any, **options: Any) -> list[str]:
    """Tell what Validate says, fault by fault, without what it was asked of."""
    with pytest.raises(RequirementsError) as caught:
        coordinator(*strategies, **options).check()
    return [f"{each.key} {each.symbol}: {each.message}" for each in caught.value.faults]


def failure(*strategies: Any, **options: Any) -> PartError:
    with pytest.raises(RunFailedError) as caught:
        run(*strategies, **options)
    (error,) = caught.value.exceptions
    assert isinstance(error, PartError)
    return error


class BarsOnly:
    """A source as the protocol has it, that has never heard of events."""

    name = "bars only"

    def intervals(self, symbol: str) -> tuple[Interval, ...]:
        return SOURCE.intervals(symbol)

    def times(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Times:
        return SOURCE.times(symbol, interval, start_ns, end_ns)

    def bars(self, symbol: str, interval: Interval, start_ns: int, end_ns: int) -> Bars:
        return SOURCE.bars(symbol, interval, start_ns, end_ns)

    def digest(self) -> str:
        return SOURCE.digest()


class TestRefused:
    """A source without what is asked for is refused at Validate, all faults at once."""

    @pytest.mark.parametrize(
        ("method", "kind"),
        [("on_quotes", "quotes"), ("on_quote", "quotes"), ("on_ticks", "ticks"),
         ("on_tick", "ticks")],
    )  # fmt: skip
    def test_a_method_for_what_is_not_streamed(self, method: str, kind: str) -> None:
        streams = [each for each in ALL if each != kind]
        (told,) = refused(having(method, print), streams=streams)
        assert told == f'strategies[0] : Has has {method}, and "{kind}" is not in [data] streams'

    def test_what_a_source_does_not_hold_each_by_symbol(self) -> None:
        given = source({"AAA": ("09:30",), "BBB": ("09:30",)}, {"AAA": ticks("09:31")})
        told = refused(
            having("on_tick", print), having("scan", print),
            source=given, symbols=["AAA", "BBB", "CCC"],
        )  # fmt: skip
        assert [each.partition(" of it")[0] for each in told[1:]] == [
            "data.streams AAA: frames of 2 symbols holds no quotes",
            "data.streams BBB: frames of 2 symbols holds no quotes",
            "data.streams BBB: frames of 2 symbols holds no ticks",
            "data.symbols CCC: frames of 2 symbols holds no data",
        ]
        assert told[0].startswith("strategies[1] : Has has no method on_bars")
        assert 'quotes = "from_bars" makes them from bars' in told[1]
        assert "from_bars" not in told[3]

    def test_every_fault_of_one_symbol(self) -> None:
        given = source({"AAA": bars(at("09:30", date=HALF))})
        told = refused(source=given, symbols=["AAA"], end=HALF)
        assert len(told) == 3, "no quotes, no ticks, and no bars on the first day"

    def test_quotes_alone_make_no_bars(self) -> None:
        given = source({}, quotes={"AAA": quotes("09:31")})
        (told,) = refused(source=given, symbols=["AAA"], streams=["1m", "quotes"])
        assert told.startswith("data.streams AAA: frames of 1 symbols holds only quotes of it")

    def test_a_source_that_knows_nothing_of_events(self) -> None:
        told = refused(source=BarsOnly(), symbols=["AAA"])
        assert [each.split(";")[0] for each in told] == [
            "data.streams AAA: bars only holds no quotes of it",
            "data.streams AAA: bars only holds no ticks of it",
        ]
        streams = ["1m", "quotes"]
        made = run(source=BarsOnly(), streams=streams, data={"quotes": "from_bars"})
        assert (
            made.data["AAA"].quotes().bid_price.tolist() == made.data["AAA"].bars().close.tolist()
        )

    def test_quotes_from_bars_that_nobody_asked_for(self) -> None:
        with pytest.raises(ConfigError, match='"quotes" is not in streams'):
            coordinator(streams=["1m", "ticks"], data={"quotes": "from_bars"})


class TestASessionWithoutThem:
    """``missing = "skip"`` leaves a symbol out of a session without its events."""

    given = source(
        {"AAA": bars(at("09:30").append(at("09:30", date=HALF)))},
        {"AAA": ticks("09:31").iloc[:1]},
        {"AAA": pd.concat([quotes("09:30", "16:00"), quotes("09:30", date=HALF)])},
    )

    def test_is_an_error_by_name_and_date(self) -> None:
        (told,) = refused(source=self.given, symbols=["AAA"], end=HALF)
        assert told.startswith(f"data.symbols AAA: no ticks of the session on {HALF} in frames")
        assert 'missing = "skip" in [data] leaves it out' in told

    def test_or_is_left_out(self) -> None:
        shown: list[str] = []
        looks = having("on_tick", lambda tick: shown.append(f"{tick.time:%m-%d %H:%M}"))
        options: dict[str, Any] = {"source": self.given, "symbols": ["AAA"], "end": HALF}
        days = run(looks, data={"missing": "skip"}, **options).sessions
        assert [(each.symbols, each.left_out) for each in days] == [(("AAA",), ()), ((), ("AAA",))]
        assert shown == ["07-02 09:31"]
        streams = ["1m", "quotes"]
        assert len(run(streams=streams, **options).data["AAA"].quotes()) == 1


class TestWhatIsGiven:
    """``.quote`` is the last quote at or before now (None before the first); plain values, and
    arrays that can't be written to."""

    def test_quotes_and_ticks_are_plain_values(self) -> None:
        seen: dict[str, list[Any]] = {"on_quote": [], "on_tick": []}
        for method, into in seen.items():
            run(having(method, into.append))
        first, trade = seen["on_quote"][0], seen["on_tick"][0]
        assert (first.symbol, first.time) == ("AAA", at("09:30:20")[0])
        assert (first.mid_price, first.spread) == (1.25, 0.5)
        assert (trade.symbol, trade.time, trade.price, trade.size) == (
            "BBB", at("09:30:30")[0], 1.0, 10.0
        )  # fmt: skip
        kinds = [{type(value) for value in each} for each in (first, trade)]
        assert kinds == [{str, int, float}] * 2
        assert np.isnan(first._replace(ask_price=0.0).mid_price)
        assert np.isnan(first._replace(bid_price=0.0).spread)

    def test_before_the_first_there_is_none(self) -> None:
        seen: list[Any] = []

        def look(view: Any) -> None:
            if not seen:
                aaa = view["AAA"]
                seen.extend([view["BBB"].quote, view["BBB"].tick, len(view["BBB"].ticks())])
                seen.append((aaa.quote.bid_price, aaa.tick, len(aaa.quotes())))
                assert view.latest("bid_price").dtype == np.float64
                np.testing.assert_array_equal(view.latest("bid_price"), [1.0, np.nan])
                np.testing.assert_array_equal(view.latest("price"), [np.nan, np.nan])

        run(having("on_quotes", look))
        assert seen == [None, None, 0, (1.0, None, 1)]

    def test_nothing_can_be_written_to(self) -> None:
        refused: list[str] = []

        def write(view: Any) -> None:
            for kind in ("quotes", "ticks"):
                columns = getattr(view["AAA"], kind)()
                for name in columns.ARRAYS:
                    with pytest.raises(ValueError, match="read-only"):
                        columns.column(name)[...] = 0
                with pytest.raises(AttributeError):
                    columns.time = columns.time
            for name in ("bid_price", "ask_size", "price", "size"):
                with pytest.raises(ValueError, match="read-only"):
                    view.latest(name)[...] = 0
                refused.append(name)

        run(having("on_ticks", write))
        assert len(refused) == 4 * 4

    def test_what_is_not_streamed_has_no_name(self) -> None:
        told: list[str] = []

        def look(view: Any) -> None:
            asked = (view["AAA"].quotes, lambda: view["AAA"].quote, lambda: view.latest("bid_size"))
            for ask in asked:
                with pytest.raises(UnknownNameError) as caught:
                    ask()
                told.append(str(caught.value))

        run(having("on_bars", look), streams=["1m", "ticks"])
        assert set(told) == {"AAA has no quotes: they are not among the streams"}

    def test_a_view_kept_from_yesterday_shows_nothing(self) -> None:
        kept: list[Any] = []

        def look(view: Any) -> None:
            if kept and view is not kept[0]:
                for ask in (lambda: kept[0].latest("price"), lambda: kept[1].tick, kept[1].ticks):
                    with pytest.raises(StaleSessionError):
                        ask()
                kept.append("nothing")
            elif not kept:
                kept.extend([view, view["AAA"]])

        both = {"AAA": pd.concat([ticks("09:31"), ticks("09:31", date=HALF)])}
        given = source({}, both)
        run(having("on_ticks", look), source=given, streams=["1m", "ticks"], symbols=["AAA"],
            end=HALF)  # fmt: skip
        assert kept[2:] == ["nothing"]


class TestRecord:
    """``quotes = "from_bars"`` makes quotes from bars where none are recorded (bid = ask = close
    at the bar's end, sizes 0) and the session's record says so."""

    def test_of_each_kind(self, tmp_path: Path) -> None:
        given = source(
            {each: bars(at(*times, date=HALF)) for each, times in
             {"AAA": ("09:30",), "BBB": ("09:30", "12:59")}.items()},
            {each: ticks("09:30", "12:59:59.999999999", "13:00", date=HALF) for each in
             ("AAA", "BBB")},
            {"AAA": quotes("09:29", "09:31", date=HALF)},
        )  # fmt: skip
        run(source=given, start=HALF, data={"quotes": "from_bars"}, out=tmp_path)
        record = json.loads((tmp_path / "sessions" / f"{HALF}.json").read_bytes())
        told = {name: each["events"] for name, each in record["symbols"].items()}
        trades = {
            "derived": False, "base": None, "count": 2,
            "last": {"time": "2024-07-03T16:59:59.999999999Z", "price": 2.0, "size": 20.0},
        }  # fmt: skip
        close = float(bars(at("09:30", "12:59", date=HALF)).close.iloc[-1])
        recorded, made = told["AAA"]["quotes"], told["BBB"]["quotes"]
        assert recorded == {
            "derived": False, "base": None, "count": 1,
            "last": {"time": "2024-07-03T13:31:00Z", "bid_price": 2.0, "bid_size": 6.0,
                     "ask_price": 2.5, "ask_size": 8.0},
        }  # fmt: skip
        assert made == {
            "derived": True, "base": "1m", "count": 2,
            "last": {"time": "2024-07-03T17:00:00Z", "bid_price": close, "bid_size": 0.0,
                     "ask_price": close, "ask_size": 0.0},
        }  # fmt: skip
        assert [each["ticks"] for each in told.values()] == [trades, trades]
