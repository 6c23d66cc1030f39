"""Scanners: when they run, what they see, what they promote, and when they go."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import Found, FramesSource, Run, RunFailedError, SessionCoordinator
from fsm_session.config import SessionConfig
from fsm_session.market.calendar import MarketCalendar
from fsm_session.market.interval import Interval
from fsm_session.plugins import Plugin
from fsm_session.sources import SimulatedSource
from fsm_session.workers.scan_times import ScannerPlan
from tests.small_market import CLOSES, SESSIONS, ZONE, bars_of, last_minute, market, wishes

FULL = {date: list(range(last_minute(date) + 1)) for date in SESSIONS}
SOURCE = market({"AAA": FULL, "BBB": FULL, "CCC": FULL})
NEW_YORK = dt.date(2024, 7, 3)


class Log:
    """What the scanners of a run noted: a class attribute, since each session has its own."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []


def scanner(log: Log, answer: Any = (), **attributes: Any) -> Any:
    """Make a class of scanners that note their calls by session and time."""

    class Noting:
        def setup(self, access: Any) -> None:
            self.access = access
            self.note("setup", access.view)

        def scan(self, view: Any) -> Any:
            self.note("scan", view)
            return answer(view) if callable(answer) else list(answer)

        def teardown(self) -> None:
            self.note("teardown", self.access.view)

        def note(self, what: str, view: Any) -> None:
            log.calls.append((what, view.session.label, view.time.strftime("%H:%M")))

    for name, value in attributes.items():
        setattr(Noting, name, value)
    Noting.__name__ = str(attributes.get("name", "Noting"))
    return Noting


def run(*scanners: Any, start: str = SESSIONS[0], end: str = "", **options: Any) -> Run:
    symbols = options.pop("symbols", ["AAA"])
    source = options.pop("source", SOURCE)
    strategies = options.pop("strategies", [])
    config = wishes(symbols, start, end or start, **options)
    return SessionCoordinator(config, source=source, scanners=scanners, strategies=strategies).run()


def scans(run: Run, date: str = SESSIONS[0]) -> list[str]:
    (session,) = [each for each in run.sessions if each.date == date]
    times = pd.DatetimeIndex([each.time_ns for each in session.scans], tz="UTC")
    return [each.strftime("%H:%M") for each in times.tz_convert(ZONE)]


def every(minutes: int, first: str, last: str) -> list[str]:
    """Times of day by hand: both ends included."""
    clock = pd.date_range(f"2024-07-02 {first}", f"2024-07-02 {last}", freq=f"{minutes}min")
    return [each.strftime("%H:%M") for each in clock]


class TestTimes:
    """``every``, mid-session; ``between``, exchange time."""

    def plan(self, interval: str, between: tuple[str, str] | None = None) -> ScannerPlan:
        times = None if between is None else tuple(map(dt.time.fromisoformat, between))
        made: Any = times
        return ScannerPlan(Plugin("x", object), False, Interval.parse(interval).ns, made)

    def local(self, plan: ScannerPlan, calendar: str, date: dt.date) -> list[str]:
        session = MarketCalendar.load(calendar, date, date).session(date)
        times = pd.DatetimeIndex(plan.times(session), tz="UTC").tz_convert(session.zone)
        assert all(each.date() == date for each in times)
        return [each.strftime("%H:%M") for each in times]

    @pytest.mark.parametrize(
        ("calendar", "date", "expected"),
        [
            ("XNYS", dt.date(2024, 7, 2), every(60, "10:30", "15:30")),
            ("XNYS", dt.date(2024, 7, 3), every(60, "10:30", "12:30")),
            # the clocks went forward the day before, and back
            ("XNYS", dt.date(2024, 3, 11), every(60, "10:30", "15:30")),
            ("XNYS", dt.date(2024, 11, 4), every(60, "10:30", "15:30")),
            ("XLON", dt.date(2024, 7, 3), every(60, "09:00", "16:00")),
            ("24/7", dt.date(2024, 7, 6), every(60, "01:00", "23:00")),
        ],
    )
    def test_from_one_interval_after_the_open_to_before_the_close(
        self, calendar: str, date: dt.date, expected: list[str]
    ) -> None:
        assert self.local(self.plan("1h"), calendar, date) == expected

    @pytest.mark.parametrize(
        ("between", "date", "expected"),
        [
            (("09:35", "10:00"), NEW_YORK, every(5, "09:35", "10:00")),
            (("12:50", "14:00"), NEW_YORK, ["12:50", "12:55"]),
            (("13:00", "14:00"), NEW_YORK, []),
            (("14:00", "15:00"), NEW_YORK, []),
            (("09:20", "09:41"), NEW_YORK, ["09:30", "09:35", "09:40"]),
            (("15:50", "17:00"), dt.date(2024, 7, 2), ["15:50", "15:55"]),
        ],
    )
    def test_between_two_times_of_the_exchange(
        self, between: tuple[str, str], date: dt.date, expected: list[str]
    ) -> None:
        assert self.local(self.plan("5m", between), "XNYS", date) == expected

    def test_none_without_an_interval(self) -> None:
        assert self.local(ScannerPlan(Plugin("x", object)), "XNYS", NEW_YORK) == []


class TestScansOfARun:
    """Paused runs due scans; the simulated clock stands still."""

    @pytest.mark.parametrize(
        ("date", "expected"),
        [(SESSIONS[0], every(30, "10:00", "15:30")), (SESSIONS[1], every(30, "10:00", "12:30"))],
    )
    def test_a_dense_market_is_scanned_at_its_times(self, date: str, expected: list[str]) -> None:
        log = Log()
        result = run(scanner(log, every="30m"), start=date)
        assert scans(result, date) == expected
        assert [time for what, _, time in log.calls if what == "scan"] == expected

    def test_a_scan_has_its_own_time_whether_or_not_anything_happens_then(self) -> None:
        source = market({"AAA": {SESSIONS[0]: [0, 70, 71, 100]}})
        log = Log()
        expected = every(10, "09:40", "15:50")
        assert scans(run(scanner(log, every="10m"), source=source)) == expected
        assert [time for what, _, time in log.calls if what == "scan"] == expected

    def test_the_pause_is_in_the_moves_at_the_scans_time(self) -> None:
        result = run(scanner(Log(), every="1h", between=(dt.time(11), dt.time(12))))
        moves = [(each.source, each.target, each.guard) for each in result.moves]
        paused = [each for each in result.moves if each.target == "Paused"]
        assert [each.where["time"][11:16] for each in paused] == ["11:00", "12:00"]
        assert moves.count(("Streaming", "Paused", "pause_due")) == 2
        assert [(a, b) for a, b, _ in moves if a == "Paused"] == [("Paused", "Streaming")] * 2

    def test_no_pause_where_nothing_is_due(self) -> None:
        assert not [each for each in run().moves if each.target in ("Paused", "PreScan")]

    def test_the_clock_stands_still_and_no_step_is_taken(self) -> None:
        seen: list[int] = []
        steps: list[int] = []

        def looks(view: Any) -> list[str]:
            seen.append(view.now_ns)
            assert view["AAA"].bars().end[-1] <= view.now_ns
            return ["BBB", "CCC"]

        class Counts:
            def on_bars(self, view: Any) -> None:
                steps.append(view.now_ns)

        result = run(scanner(Log(), looks, every="1h"), strategies=[Counts])
        assert len(steps) == len(set(steps)) == 390
        assert set(seen) < set(steps)
        assert [each.time_ns for each in result.sessions[0].scans] == seen

    def test_before_the_session_it_sees_history_alone(self) -> None:
        shown: list[tuple[int, int, bool]] = []

        def looks(view: Any) -> None:
            symbol = view["AAA"]
            shown.append((len(symbol.today()), len(symbol.history()), bool(view.fresh("1m").any())))

        history = {"history": [{"trailing_days": 1, "intervals": ["1m"]}]}
        log = Log()
        result = run(scanner(log, looks), start=SESSIONS[1], end=SESSIONS[2], data=history)
        assert shown == [(0, 390, False), (0, 210, False)]
        assert [(date, time) for what, date, time in log.calls if what == "scan"] == [
            (SESSIONS[1], "09:30"), (SESSIONS[2], "09:30")
        ]  # fmt: skip
        assert [move.target for move in result.moves].count("PreScan") == 2

    def test_it_is_torn_down_after_its_last_scan(self) -> None:
        log = Log()
        times = {"every": "10m", "between": (dt.time(10), dt.time(10, 20))}
        run(scanner(log, **times), end=SESSIONS[1])
        day = [("setup", "09:30"), ("scan", "10:00"), ("scan", "10:10"), ("scan", "10:20")]
        day.append(("teardown", "10:20"))
        assert [(what, time) for what, _, time in log.calls] == day * 2

    def test_one_that_runs_before_the_session_only_goes_before_it(self) -> None:
        log = Log()
        run(scanner(log))
        assert [(what, time) for what, _, time in log.calls] == [
            ("setup", "09:30"), ("scan", "09:30"), ("teardown", "09:30")
        ]  # fmt: skip

    def test_each_session_has_its_own(self) -> None:
        """Nothing survives Teardown: an object that remembers is copied for every session."""
        counts: list[int] = []

        class Remembers:
            name = "remembers"

            def __init__(self) -> None:
                self.seen: list[int] = []

            def scan(self, view: Any) -> None:
                self.seen.append(1)
                counts.append(len(self.seen))

        run(Remembers(), end=SESSIONS[2])
        assert counts == [1, 1, 1]

    def test_an_instant_where_a_symbol_went_has_its_scan_all_the_same(self) -> None:
        """A scan's time is a time: the rows of the tape shift when a symbol goes."""
        minutes = {"AAA": list(range(20))}
        source = FramesSource(
            {name: bars_of(name, SESSIONS[0], each) for name, each in minutes.items()}
            | {"BBB": half_minutes()},
            interval="1m",
        )

        class Removes:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None:
                if view.time.strftime("%H:%M:%S") == "09:34:00" and "BBB" in view:
                    self.access.remove_symbol("BBB")

        log = Log()
        times = {"every": "1m", "between": (dt.time(9, 37), dt.time(9, 44))}
        run(scanner(log, **times), symbols=["AAA", "BBB"], source=source, strategies=[Removes])
        found = [time for what, _, time in log.calls if what == "scan"]
        assert found == every(1, "09:37", "09:44")


def half_minutes() -> pd.DataFrame:
    """Bars of a minute that begin at its half, so that they make instants of their own."""
    frame = bars_of("BBB", SESSIONS[0], list(range(4)))
    return frame.set_axis(frame.index + pd.Timedelta(seconds=30))


class TestPromotion:
    """Symbols they promote are registered like configured ones."""

    def test_a_symbol_found_before_the_session_is_what_a_configured_one_is(self) -> None:
        seen: dict[str, list[Any]] = {"found": [], "configured": []}

        def watcher(kind: str) -> Any:
            class Watches:
                def on_bars(self, view: Any) -> None:
                    symbol = view["CCC"]
                    values = [symbol.bars(each).close.tolist() for each in ("1m", "5m", "1h")]
                    values += [symbol.history().time.tolist(), repr(symbol.indicator("sma"))]
                    seen[kind].append((view.now_ns, list(view), values))

            return Watches

        data = {
            "history": [{"trailing_days": 1, "intervals": ["1m"]}],
            "indicators": [
                {"name": "sma", "function": "SMA", "interval": "5m",
                 "parameters": {"timeperiod": 3}}
            ],
        }  # fmt: skip
        options: dict[str, Any] = {"start": SESSIONS[1], "data": data}
        run(scanner(Log(), ["CCC"]), strategies=[watcher("found")], **options)
        run(symbols=["AAA", "CCC"], strategies=[watcher("configured")], **options)
        assert len(seen["found"]) == 210
        assert seen["found"] == seen["configured"]

    def test_it_is_there_at_the_next_step_with_the_day_so_far(self) -> None:
        seen: list[tuple[str, int]] = []

        class Watches:
            def on_bars(self, view: Any) -> None:
                if "BBB" in view:
                    seen.append((view.time.strftime("%H:%M"), len(view["BBB"].today())))

        run(
            scanner(Log(), ["BBB"], every="1h", between=(dt.time(11), dt.time(11, 30))),
            strategies=[Watches],
        )
        assert seen[0] == ("11:01", 91)
        assert len(seen) == 390 - 90

    def test_the_next_session_begins_without_it(self) -> None:
        here: list[tuple[str, bool]] = []
        first = [True]

        def finds(view: Any) -> list[str]:
            return ["BBB"] if view.session.label == SESSIONS[0] else []

        class Watches:
            def on_session_end(self) -> None:
                first.clear()

            def on_bars(self, view: Any) -> None:
                here.append((view.session.label, "BBB" in view))

        run(scanner(Log(), finds), strategies=[Watches], end=SESSIONS[1])
        assert set(here) == {(SESSIONS[0], True), (SESSIONS[1], False)}

    @pytest.mark.parametrize("missing", ["error", "skip"])
    @pytest.mark.parametrize("when", [{"pre_session": True}, {"every": "1h"}])
    def test_what_has_no_data_is_refused_and_recorded(
        self, missing: str, when: dict[str, Any]
    ) -> None:
        days = {"AAA": FULL, "LATE": {SESSIONS[1]: [0, 1, 2]}}
        found = [Found("LATE", "gap", {"percent": 2.0}), Found("NONE"), Found("AAA")]
        result = run(scanner(Log(), found, **when), source=market(days), data={"missing": missing})
        assert result.outcome == "completed"
        for scan in result.sessions[0].scans:
            assert [each.symbol for each in scan.found] == ["LATE", "NONE", "AAA"]
            assert set(scan.refused) == {"LATE", "NONE"}
            assert "LATE" in scan.refused["LATE"]
            assert SESSIONS[0] in scan.refused["LATE"]
        assert result.sessions[0].scans
        assert result.sessions[0].symbols == ("AAA",)

    @pytest.mark.parametrize("symbol", ["", " X", "a/b", "..", "x" * 65, "a\0b"])
    def test_what_could_not_be_configured_can_not_be_promoted(self, symbol: str) -> None:
        """Registered like configured ones: a configuration would refuse that name."""
        source = SimulatedSource()
        result = run(scanner(Log(), [symbol]), source=source)
        assert result.sessions[0].symbols == ("AAA",)
        assert set(result.sessions[0].scans[0].refused) == {symbol}

    @pytest.mark.parametrize("threads", [False, True])
    def test_threads_change_nothing(self, threads: bool) -> None:
        result = run(scanner(Log(), ["CCC"], every="1h"), workers={"threads": threads})
        assert result.sessions[0].symbols == ("AAA", "CCC")
        assert scans(result) == every(60, "10:30", "15:30")


class TestAnswers:
    """A scan answers symbols, Founds, or nothing."""

    @pytest.mark.parametrize(
        ("answer", "symbols"),
        [
            (None, []),
            ("BBB", ["BBB"]),
            (Found("BBB"), ["BBB"]),
            (("CCC", Found("BBB")), ["CCC", "BBB"]),
            (np.array(["BBB"], dtype=object), ["BBB"]),
        ],
    )
    def test_every_form_is_understood(self, answer: Any, symbols: list[str]) -> None:
        result = run(scanner(Log(), lambda _view: answer))
        (scan,) = result.sessions[0].scans
        assert [each.symbol for each in scan.found] == symbols
        assert set(result.sessions[0].symbols) == {"AAA", *symbols}

    @pytest.mark.parametrize("answer", [5, [5], [None], [("AAA", 1)]])
    def test_anything_else_fails_the_run_in_words(self, answer: Any) -> None:
        with pytest.raises(RunFailedError) as caught:
            run(scanner(Log(), lambda _view: answer, name="odd"))
        assert "odd" in str(caught.value.exceptions[0])

    @pytest.mark.parametrize("method", ["setup", "scan", "teardown"])
    def test_an_error_names_scanner_method_and_time(self, method: str) -> None:
        class Bad:
            name = "bad one"
            every = "1h"

        def fail(self: Any, *_: Any) -> None:
            raise ValueError("out of ideas")

        for each in ("setup", "scan", "teardown"):
            setattr(Bad, each, fail if each == method else lambda self, *_: None)
        with pytest.raises(RunFailedError) as caught:
            run(Bad)
        text = str(caught.value.exceptions[0])
        assert "'bad one'" in text
        assert method in text
        assert "out of ideas" in text
        assert "2024-07-02" in text

    def test_a_teardown_that_fails_keeps_no_other_scanner_up(self) -> None:
        log = Log()

        class Bad:
            name = "bad"

            def scan(self, view: Any) -> None: ...

            def teardown(self) -> None:
                raise ValueError("stays")

        with pytest.raises(RunFailedError):
            run(Bad, scanner(log))
        assert [what for what, _, _ in log.calls] == ["setup", "scan", "teardown"]


class TestTimesGivenInPython:
    """A scanner may have ``pre_session``, ``every`` and ``between``, as in the configuration."""

    def test_times_are_written_as_in_toml(self) -> None:
        result = run(scanner(Log(), every="10m", between=("10:00", "10:20")))
        assert scans(result) == ["10:00", "10:10", "10:20"]

    def test_from_a_configuration(self) -> None:
        config = wishes(
            ["AAA"],
            SESSIONS[1],
            SESSIONS[1],
            scanners=[
                {
                    "use": "tests.unit.workers.test_scanners:Finds",
                    "pre_session": True,
                    "every": "10m",
                    "between": ["12:40", "13:30"],
                    "parameters": {"what": "CCC"},
                }
            ],
        )
        assert isinstance(config, SessionConfig)
        result = SessionCoordinator(config, source=SOURCE).run()
        assert scans(result, SESSIONS[1]) == ["09:30", "12:40", "12:50"]
        assert {each.scanner for each in result.sessions[0].scans} == {"Finds"}
        assert result.sessions[0].symbols == ("AAA", "CCC")
        assert CLOSES[SESSIONS[1]] == "13:00"


class Finds:
    """A scanner that finds what it is told to."""

    def __init__(self, what: str) -> None:
        self.what = what

    def scan(self, view: Any) -> str:
        return self.what


class TestTimesOfUnusualSessions:
    """`between` is "exchange time", in whichever hours the session has."""

    @pytest.mark.parametrize(
        ("calendar", "hours", "between", "expected"),
        [
            # the session of the 9th opens at 17:00 Chicago time on the 8th
            ("CMES", "regular", (18, 19), ["07-08T18:00", "07-08T18:30", "07-08T19:00"]),
            ("CMES", "regular", (9, 10), ["07-09T09:00", "07-09T09:30", "07-09T10:00"]),
            ("XNYS", "all", (8, 9), ["07-09T08:00", "07-09T08:30", "07-09T09:00"]),
            ("XNYS", "regular", (8, 9), []),
        ],
    )
    def test_they_are_found_where_they_lie(
        self, calendar: str, hours: Any, between: tuple[int, int], expected: list[str]
    ) -> None:
        day = dt.date(2024, 7, 9)
        session = MarketCalendar.load(calendar, day, day, hours).session(day)
        first, last = (dt.time(each) for each in between)
        plan = ScannerPlan(Plugin("any", object), False, 30 * 60 * 10**9, (first, last))
        local = pd.DatetimeIndex(plan.times(session), tz="UTC").tz_convert(session.zone)
        assert [f"{each:%m-%dT%H:%M}" for each in local] == expected
