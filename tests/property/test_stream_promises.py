"""The promises, kept by sessions in which quotes and ticks happen between the bars."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import hypothesis.strategies as st
import pandas as pd
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings

from fsm_session import Signal
from tests.property.living import close_ns, day_of, open_ns
from tests.property.streams import (
    DAYS,
    FIELDS,
    MINUTE,
    NEVER,
    RUN,
    SYMBOLS,
    Entry,
    World,
    play,
    records,
    twins,
    worlds,
)
from tests.property.streams_shown import Asked, Day, Sees, Spans

some = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: at which call of a session to ask for what
asks = st.dictionaries(
    st.integers(0, 40),
    st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from(SYMBOLS)),
    min_size=1,
    max_size=4,
)


#: ticks right after a bar, and right after a scan at 09:44, by which a bar of 5m has ended
LATE = World(
    bars={symbol: {date: [0] for date in DAYS} for symbol in SYMBOLS},
    ticks={symbol: {date: [0, MINUTE + 1, 15 * MINUTE - 1] for date in DAYS} for symbol in SYMBOLS},
    quotes={symbol: {date: [0] for date in DAYS} for symbol in SYMBOLS},
)


def same(found: list[Entry], wanted: list[Entry]) -> None:
    """Hold two logs to be equal: the calls first, then what was shown at each, thing by thing."""
    assert [each[:3] for each in found] == [each[:3] for each in wanted]
    for one, other in zip(found, wanted, strict=True):
        for key in one[3] | other[3]:
            assert one[3].get(key) == other[3].get(key), (one[:3], key)


class TestAStepIsOneInstant:
    """A step is one instant: everything that happens at the same time, in the order quotes,
    ticks, bars, then by symbol; file order is event order."""

    @given(world=worlds(), order=st.permutations(SYMBOLS))
    @some
    def test_each_call_and_all_it_can_see_is_what_a_merge_by_hand_says(
        self, world: World, order: list[str]
    ) -> None:
        sees = Sees(world.kinds)
        run = play(world, sees, symbols=[each for each in order if each in world.symbols])
        days = [[*Day.of(world, date).entries()] for date in RUN]
        same(sees.log, [entry for day in days for entry in day])
        assert [each.steps for each in run.sessions] == [len({e[0] for e in day}) for day in days]

    @given(world=worlds())
    @some
    def test_an_event_is_shown_at_its_own_time_and_is_the_newest(self, world: World) -> None:
        sees = Sees(world.kinds)
        play(world, sees)
        singles = {"on_quote": "quote", "on_tick": "tick"}
        groups: dict[tuple[int, str, str], list[Any]] = {}
        for now, method, of, shown in sees.log:
            if method in singles:
                assert of[1] == now
                groups.setdefault((now, singles[method], of[0]), []).append((of, shown))
        for (_, kind, symbol), each in groups.items():
            # of several at one time the last one in the file, from the first call on
            assert {shown[symbol][kind] for _, shown in each} == {each[-1][0]}
        assert sum(map(len, groups.values())) == sum(
            len(world.rows(kind, symbol, date))
            for kind in world.kinds
            for date in RUN
            for symbol in world.symbols
            if world.has(symbol, date)
        )


class TestNothingLaterThanNow:
    """Nothing later than now: whatever a strategy can reach ends at the clock."""

    @given(both=twins(), date=st.sampled_from(RUN), offset=st.integers(0, 400 * MINUTE))
    @some
    def test_another_future_changes_nothing_that_was_visible(
        self, both: tuple[World, World], date: str, offset: int
    ) -> None:
        world, other = both
        happens = [now for now, *_ in Day.of(world, date).merged]
        # at something that happens, or anywhere after the first
        anywhere_ns = max(happens[0], open_ns(date) + offset)
        at_ns = happens[offset % len(happens)] if offset % 2 else anywhere_ns
        logs = []
        for source in world.source(), world.source(other, at_ns):
            sees = Sees(world.kinds)
            play(world, sees, source=source)
            logs.append([entry for entry in sees.log if entry[0] <= at_ns])
        assert logs[0]
        same(*logs)


class TestNothingSurvivesTeardown:
    """Nothing survives Teardown but the clock, the configuration and the result of validation."""

    @given(world=worlds(), asked=asks)
    @some
    def test_days_together_are_the_days_one_by_one(self, world: World, asked: Any) -> None:
        together = records(world, Sees(world.kinds, asked))
        assert [*together] == [*RUN]
        for date in RUN:
            alone = records(world, Sees(world.kinds, asked), start=date, end=date)
            assert alone == {date: together[date]}

    @given(world=worlds(), asked=asks)
    @settings(some, max_examples=8)
    def test_threads_change_nothing(self, world: World, asked: Any) -> None:
        logs = []
        for threads in (False, True):
            sees = Sees(world.kinds, asked)
            logs.append((records(world, sees, threads=threads), sees.log))
        assert logs[0] == logs[1]

    @given(world=worlds())
    @some
    def test_the_record_tells_what_was_there(self, world: World) -> None:
        sees = Sees(world.kinds)
        for date, content in records(world, sees).items():
            record = json.loads(content)
            there = [each for each in world.symbols if world.has(each, date)]
            assert [*record["symbols"]] == there
            assert record["left_out"] == sorted({*world.symbols} - {*there})
            for symbol in there:
                told = record["symbols"][symbol]["events"]
                assert told == {kind: self.told(world, kind, symbol, date) for kind in told}
                assert [*told] == [*world.kinds]
            calls = sum(day_of(now) == date for now, *_ in sees.log)
            assert len(record["signals"]) == calls

    def told(self, world: World, kind: str, symbol: str, date: str) -> dict[str, Any]:
        rows, made = world.rows(kind, symbol, date), kind == "quotes" and symbol in world.unquoted
        time = f"{pd.Timestamp(rows[-1][0], unit='ns').isoformat()}Z"
        last = {"time": time, **dict(zip(FIELDS[kind], rows[-1][1:], strict=True))}
        base = "1m" if made else None
        return {"derived": made, "base": base, "count": len(rows), "last": last}


class TestASymbolThatComesOrGoes:
    """Today's quotes, ticks and bars so far, exactly as a configured symbol has them; nothing of
    what it brings along is new."""

    @given(world=worlds(at_least=len(SYMBOLS)), asked=asks, date=st.sampled_from(RUN))
    @some
    def test_from_then_on_each_call_shows_what_it_would_have_shown(
        self, world: World, asked: Any, date: str
    ) -> None:
        sees = Sees(world.kinds, asked)
        run = play(world, sees, start=date, end=date, symbols=SYMBOLS[:2])
        spans = spans_of(sees.asked, world, date)
        wanted = [*Day.of(world, date, SYMBOLS[:2], spans).entries()]
        same(sees.log, wanted)
        assert run.sessions[0].steps == len({now for now, *_ in wanted})

    @given(world=worlds(at_least=len(SYMBOLS)), asked=asks, date=st.sampled_from(RUN))
    @example(world=LATE, asked={1: ("add", "CCC")}, date=RUN[1])
    @some
    def test_at_a_scans_own_time_too(self, world: World, asked: Any, date: str) -> None:
        sees, scans = Sees(world.kinds), Scans(world.kinds, asked)
        play(world, sees, start=date, end=date, symbols=SYMBOLS[:2], scanners=[scans])
        spans = spans_of(scans.asked, world, date)
        same(sees.log, [*Day.of(world, date, SYMBOLS[:2], spans).entries()])

    @given(world=worlds(at_least=len(SYMBOLS)), asked=asks, date=st.sampled_from(RUN))
    @some
    def test_a_scan_is_shown_what_has_happened_by_its_own_time(
        self, world: World, asked: Any, date: str
    ) -> None:
        scans = Scans(world.kinds, asked)
        play(world, start=date, end=date, symbols=SYMBOLS[:2], scanners=[scans])
        day = Day.of(world, date, SYMBOLS[:2], spans_of(scans.asked, world, date))
        wanted = range(open_ns(date) + 7 * MINUTE, close_ns(date), 7 * MINUTE)
        same(scans.log, [(now, "scan", None, day.shot(now)) for now in wanted][: len(scans.log)])
        assert len(scans.log) == min(len(wanted), 40)


def spans_of(asked: list[Asked], world: World, date: str) -> dict[str, Spans]:
    """Follow what was asked for, and hold each answer to what it had to be."""
    spans: dict[str, Spans] = {symbol: [] for symbol in SYMBOLS}
    spans |= {each: [(open_ns(date) - 1, NEVER)] for each in SYMBOLS[:2]}
    for now, what, symbol, receipt in asked:
        held = spans[symbol] if world.has(symbol, date) else []
        is_there = bool(held) and held[-1][1] == NEVER
        may = world.has(symbol, date) and is_there == (what == "remove") and now < close_ns(date)
        assert receipt.status == ("done" if may else "refused"), (now, what, symbol)
        if may and what == "add":
            held.append((now, NEVER))
        elif may:
            held[-1] = (held[-1][0], now)
    return spans


class Scans(Sees):
    """A scanner that asks for symbols at some of its scans."""

    every, between = "7m", (dt.time(9, 37), dt.time(14, 10))

    def scan(self, view: Any) -> None:
        self.note("scan", None)


class TestBarsAreTheSame:
    """Adding quotes and ticks changes nothing of what a strategy of bars sees, nor its signals."""

    @given(world=worlds())
    @some
    def test_with_and_without(self, world: World) -> None:
        both = []
        for kinds in (), world.kinds:
            looks, says = OfBars(), Says()
            told = records(evolve(world.at_the_open(), kinds=kinds), looks, says)
            both.append((looks.log, {date: without_events(each) for date, each in told.items()}))
        assert both[0][0]
        same(both[0][0], both[1][0])
        assert both[0][1] == both[1][1]


class OfBars(Sees):
    """A strategy that is called where a base bar is finished."""

    name, intervals = "of bars", ("1m",)

    def __init__(self) -> None:
        super().__init__(())


class Says:
    """A strategy of bars that says what it thinks of each."""

    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, "bar", f"{bar.close} {bar['sma_3']} {bar['sma_2']}")


def without_events(record: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(record)
    for symbol in told["symbols"].values():
        del symbol["events"]
    return told


class TestFresh:
    """Tell which symbols have a bar of the interval that happened at this step."""

    @given(world=worlds(at_least=len(SYMBOLS)), asked=asks, date=st.sampled_from(RUN))
    @example(world=LATE, asked={}, date=RUN[0])
    @some
    def test_at_every_call(self, world: World, asked: Any, date: str) -> None:
        flags = Flags(world.kinds, asked)
        play(world, flags, start=date, end=date, symbols=SYMBOLS[:2])
        day = Day.of(world, date, SYMBOLS[:2], spans_of(flags.asked, world, date))
        for now, method, _, shown in flags.log:
            there = [each for each in day.spans if day.since(each, now) < NEVER]
            for interval, fresh in shown.items():
                wanted = [(now, each) in day.finished[interval] for each in there]
                assert fresh == wanted, (now, method, interval)


class Flags(Sees):
    """A strategy that looks at what is new."""

    def look(self) -> dict[str, Any]:
        return {each: self.view.fresh(each).tolist() for each in ("1m", "5m", "1h")}
