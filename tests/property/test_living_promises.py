"""The promises, where symbols come and go, scanners watch others, and parts are taken out."""

from __future__ import annotations

import gc
import json
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given, settings

from fsm_session import Run
from fsm_session.errors import UnknownNameError
from tests.property.living import (
    DAYS,
    MINUTE_NS,
    PROFILES,
    RUN,
    SYMBOLS,
    TRADED,
    Log,
    World,
    close_ns,
    day_of,
    difference,
    open_ns,
    others,
    pick,
    play,
    records,
    spliced,
    steps,
    twins,
    worlds,
)
from tests.property.living_parts import (
    Asks,
    Bars,
    Counts,
    Fails,
    FindsAt,
    Looks,
    Moves,
    Part,
    Sees,
    Subscribed,
    Watches,
    asking,
    everything,
    universe,
)
from tests.property.test_promises import some as many
from tests.small_market import last_minute

some, few = settings(many, max_examples=15), settings(many, max_examples=8)
dates, traded, calls = st.sampled_from(RUN), st.sampled_from(TRADED), st.integers(1, 30)
#: which of so many steps or scans; the last of them where there are fewer
places = st.integers(0, 12) | st.just(999)


class TestNothingLaterThanNow:
    """Whatever a scanner or a strategy can reach ends at the clock."""

    @given(pair=twins(), date=dates, minute=st.integers(0, 390))
    @some
    def test_what_comes_later_changes_nothing_that_was_visible(
        self, pair: tuple[World, World], date: str, minute: int
    ) -> None:
        world, other = pair
        at_ns = min(open_ns(date) + minute * MINUTE_NS, close_ns(date))
        seen: list[Log] = []
        for frames in (world.frames(), spliced(world, other, at_ns)):
            log: Log = []
            play(world, RUN[0], RUN[-1], frames=frames, **everything(world, log))
            seen.append([each for each in log if each[0] <= at_ns])
        assert difference(*seen) == ""
        assert "finds" in [who for _, who, _ in seen[0]]

    @given(pair=twins(), date=dates)
    @few
    def test_what_is_historical_depends_on_earlier_sessions_only(
        self, pair: tuple[World, World], date: str
    ) -> None:
        world, other = pair
        seen: dict[str, set[Any]] = {}
        for frames in (world.frames(), spliced(world, other, open_ns(date))):
            log: Log = []
            play(world, date, frames=frames, symbols=SYMBOLS, **everything(world, log))
            for _, _, shown in steps(log):
                for name in ("trailing", *PROFILES):
                    for symbol in shown["symbols"]:
                        seen.setdefault(f"{symbol} {name}", set()).add(shown[f"{symbol} {name}"])
        assert len(seen) == len(SYMBOLS) * (1 + len(PROFILES))
        assert [name for name, values in seen.items() if len(values) > 1] == []


class TestNothingSurvivesTeardown:
    """A session is a pure function of (configuration, date)."""

    @given(world=worlds, at=calls)
    @some
    def test_a_day_after_another_equals_the_day_alone(self, world: World, at: int) -> None:
        parts = everything(world, [], at)
        together = records(world, RUN[0], RUN[-1], **parts)
        alone = {date: text for each in RUN for date, text in records(world, each, **parts).items()}
        assert [*together] == [*RUN]
        assert [date for date in RUN if together[date] != alone[date]] == []


class TestTheSameBytes:
    """The results are the same."""

    @given(world=worlds, at=calls)
    @few
    def test_threads_change_nothing(self, world: World, at: int) -> None:
        inline, threads = (
            records(world, RUN[0], RUN[-1], threads=each, **everything(world, [], at))
            for each in (False, True)
        )
        assert [date for date in RUN if inline[date] != threads[date]] == []


class TestASymbolThatIsAdded:
    """A symbol added has exactly what a configured one has."""

    @given(world=worlds, date=dates, place=places, outside=st.booleans(), symbol=traded)
    @some
    def test_at_any_step_of_the_others_their_last_included(
        self, world: World, date: str, place: int, outside: bool, symbol: str
    ) -> None:
        at_ns = pick(world.ends(others(symbol), date), place)
        asks = Asks({at_ns: ("add_symbol", symbol)})
        log = asking(world, date, asks, others(symbol), outside)
        (receipt,) = asks.receipts
        if at_ns == close_ns(date):
            assert (receipt.status, "over" in receipt.reason) == ("refused", True)
        else:
            assert receipt.status == "done"
            configured = asking(world, date, Asks({}), TRADED, outside)
            assert difference(steps(log, at_ns), steps(configured, at_ns)) == ""
            assert steps(log, at_ns)

    @given(world=worlds, date=dates, place=places, later=places, symbol=traded)
    @some
    def test_removed_and_added_again(
        self, world: World, date: str, place: int, later: int, symbol: str
    ) -> None:
        again = [each for each in world.ends(others(symbol), date) if each < close_ns(date)]
        gone = [each for each in world.ends(TRADED, date) if each < max(again, default=0)]
        assume(gone)
        gone_ns = pick(gone, place)
        back_ns = pick([each for each in again if each > gone_ns], later)
        asks = Asks({gone_ns: ("remove_symbol", symbol), back_ns: ("add_symbol", symbol)})
        log = asking(world, date, asks, TRADED)
        configured = asking(world, date, Asks({}), TRADED)
        assert [each.status for each in asks.receipts] == ["done", "done"]
        assert difference(steps(log, back_ns), steps(configured, back_ns)) == ""
        assert steps(log, back_ns)

    @given(
        world=worlds,
        date=dates,
        place=places,
        every=st.integers(7, 61),
        asks=st.booleans(),
        symbol=traded,
    )
    @some
    def test_by_a_scanner_at_its_own_time(
        self, world: World, date: str, place: int, every: int, asks: bool, symbol: str
    ) -> None:
        at_ns = open_ns(date) + pick(range(0, last_minute(date), every), place) * MINUTE_NS
        seen: list[Log] = []
        for symbols, changes in ((TRADED, []), (others(symbol), [at_ns])):
            log: Log = []
            own = universe(world)
            scanner = FindsAt(changes, symbol, every=f"{every}m", asks=asks, universe=own)
            strategies = [Looks(world=world, log=log)]
            run = play(world, date, symbols=symbols, strategies=strategies, scanners=[scanner])
            assert [each.time_ns for each in run.sessions[0].changes] == changes
            seen.append(steps(log, at_ns))
            # no step was taken at the scan: to the others, what is fresh came since the one before
            for name in world.intervals[1:]:
                del seen[-1][0][2][f"fresh {name}"]
        assert difference(*seen) == ""


class TestASymbolThatIsRemoved:
    """A symbol that goes leaves nothing of it behind."""

    @given(world=worlds, date=dates, place=places, symbol=st.sampled_from(SYMBOLS))
    @some
    def test_the_next_call_finds_nothing_of_it(
        self, world: World, date: str, place: int, symbol: str
    ) -> None:
        ends = [each for each in world.ends(SYMBOLS, date) if each < close_ns(date)]
        assume(ends)
        at_ns = pick(ends, place)
        watches, log = Watches(symbol), list[tuple[str, dict[str, bool]]]()

        class Tells(Part):
            name = "tells"

            def on_bars(self, view: Any) -> None:
                self.tell("on_bars")

            def on_bar(self, bar: Any) -> None: ...

            def on_symbol_removed(self, gone: str) -> None:
                with pytest.raises(UnknownNameError):
                    self.view[gone].bars()
                log.append((f"removed {gone}", {}))

            def on_session_end(self) -> None:
                self.tell("on_session_end")

            def tell(self, method: str) -> None:
                if self.view.now_ns >= at_ns and len(log) < 3:
                    if log:
                        gc.collect()
                    log.append((method, watches.places()))

        asks = Asks({at_ns: ("remove_symbol", symbol)})
        parts = [Looks(world=world), Bars(), Tells(), asks]
        play(world, date, symbols=SYMBOLS, strategies=parts, workers=[watches])
        (before, there), (told, _), (_, after) = log
        assert (before, told) == ("on_bars", f"removed {symbol}")
        assert there == dict.fromkeys(after, True)
        assert after == dict.fromkeys(after, False)


class TestScans:
    """Scans do not change what strategies see."""

    @given(world=worlds, every=st.integers(7, 61), watches=st.booleans(), pre=st.booleans())
    @some
    def test_one_that_finds_nothing_changes_nothing(
        self, world: World, every: int, watches: bool, pre: bool
    ) -> None:
        own = {"universe": universe(world)} if watches else {}
        scanner = Sees(world=world, every=f"{every}m", pre_session=pre, **own)
        seen: list[Log] = []
        found: list[dict[str, Any]] = []
        for scanners in ([], [scanner]):
            log: Log = []
            parts = [part(world=world, log=log) for part in (Looks, Bars, Moves)]
            texts = records(world, RUN[0], RUN[-1], strategies=parts, scanners=scanners)
            seen.append(log)
            found.append({date: json.loads(text) for date, text in texts.items()})
            for record in found[-1].values():
                assert bool(record.pop("scans")) == bool(scanners)
                record.pop("universes")
        assert difference(*seen) == ""
        assert [date for date in RUN if found[0][date] != found[1][date]] == []


class TestASubscription:
    """A strategy is called where a bar of its intervals is finished, and not otherwise."""

    @given(world=worlds, asked=st.lists(st.integers(0, 4), min_size=1, unique=True))
    @some
    def test_every_finished_bar_is_shown_once_in_order(
        self, world: World, asked: list[int]
    ) -> None:
        intervals = tuple(world.intervals[each] for each in asked)
        counts, told = Counts(asked=intervals, world=world), Subscribed(intervals=intervals)
        parts = everything(world, [])
        parts["strategies"] += [counts, told]
        play(world, RUN[0], RUN[-1], **parts)
        for is_step in (True, False):
            expected, shown = (
                [(now, what) for now, _, what in part.log if (what == "step") == is_step]
                for part in (counts, told)
            )
            assert shown == expected


class TestAPartThatIsTakenOut:
    """One that raises is taken out of the session; the others don't notice."""

    @given(world=worlds, at=calls)
    @some
    def test_the_others_see_and_say_what_they_would_have_without_it(
        self, world: World, at: int
    ) -> None:
        fails = Fails(at=at)
        seen: list[Log] = []
        runs: list[Run] = []
        for first in ([], [fails]):
            log: Log = []
            parts = [*first, *(part(world=world, log=log) for part in (Looks, Bars, Moves))]
            runs.append(play(world, RUN[0], RUN[-1], strategies=parts))
            seen.append(log)
        assert difference(*seen) == ""
        for without, session in zip(runs[0].sessions, runs[1].sessions, strict=True):
            rest = tuple(each for each in session.signals if each.strategy != "fails")
            assert rest == without.signals
            own = [each for each in session.signals if each.strategy == "fails"]
            did = [each for each in fails.log if day_of(each[0]) == session.date]
            said = [(now, what[1]) for now, _, what in did if what[0] == "said"]
            assert [(each.time_ns, each.signal.action) for each in own] == said
            raised = [(now, name) for now, name, what in did if what[0] == "raised"]
            assert [(each.time_ns, each.name) for each in session.disabled] == raised
            kinds = [what[0] for *_, what in did]
            assert kinds.count("teardown") == 1
            assert kinds[-2:] == ["raised" if raised else "called", "teardown"]
            assert bool(raised) == (kinds.count("called") + len(raised) >= at)


@pytest.mark.parametrize(("grain", "gap", "incomplete"), [(1, 7, "keep"), (30, 30, "drop")])
def test_the_logs_would_notice(grain: int, gap: int, incomplete: str) -> None:
    """Logs that never change prove nothing: every kind of value in them does."""
    market = {
        symbol: {date: [*range(0, last_minute(date) + 1, gap)] for date in DAYS}
        for symbol in SYMBOLS
    }
    world, log = World(market, grain, incomplete, 4), list[Any]()
    run = play(world, RUN[0], RUN[-1], **everything(world, log, at=20))
    seen: dict[str, set[str]] = {}
    for _, _, shown in steps(log):
        for key, value in shown.items():
            seen.setdefault(key, set()).add(repr(value))
    # of no month there is a bar for each day
    never = {f"{symbol} 1mo" for symbol in SYMBOLS if incomplete == "drop"}
    assert {key for key, values in seen.items() if len(values) == 1} == never
    changes = {(each.change, each.by) for session in run.sessions for each in session.changes}
    assert len(changes) == 4
    assert [len(session.disabled) for session in run.sessions] == [1, 1, 1]
    assert {who for _, who, _ in log} == {"looks", "told", "bars", "finds", "fails"}
