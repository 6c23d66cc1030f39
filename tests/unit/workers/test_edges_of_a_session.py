"""What parts ask for and say at the edges: after the close, in odd types, with nothing to do."""

from __future__ import annotations

import json
import traceback
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import Found, Run, RunFailedError, SessionConfig, SessionCoordinator, Signal
from fsm_session.errors import Fault, FaultyInputError, PartError
from fsm_session.machine import Receipt
from tests.small_market import SESSIONS, market, wishes

DAY, HALF, LAST = SESSIONS
MINUTES = {"AAA": [0, 1, 2, 30], "BBB": [0, 1, 60]}
SOURCE = market({symbol: dict.fromkeys(SESSIONS, each) for symbol, each in MINUTES.items()})


def run(
    *strategies: Any, start: str = DAY, end: str = DAY, out: Path | None = None, **parts: Any
) -> Run:
    config = parts.pop("config", wishes(["AAA"], start, end))
    return SessionCoordinator(config, source=SOURCE, strategies=strategies, out=out, **parts).run()


def saying(answer: Any, **attributes: Any) -> Any:
    """Make a strategy that gives the answer at its first step."""

    def on_bars(self: Any, view: Any) -> Any:
        return answer if view.time.minute == 31 else None

    return type("Says", (), {"on_bars": on_bars, **attributes})


def failure(*strategies: Any, **options: Any) -> PartError:
    with pytest.raises(RunFailedError) as caught:
        run(*strategies, **options)
    (error,) = caught.value.exceptions
    assert isinstance(error, PartError)
    return error


class TestAfterTheClose:
    """A symbol added stays until Teardown: the next day starts from the configuration."""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize("method", ["on_session_end", "teardown"])
    def test_what_is_asked_for_after_the_close_is_refused(self, method: str, threads: bool) -> None:
        receipts: list[Receipt] = []

        class Late:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None: ...

        def ask(self: Any) -> None:
            receipts.append(self.access.add_symbol("BBB"))

        setattr(Late, method, ask)
        config = wishes(["AAA"], DAY, LAST, workers={"threads": threads})
        result = run(Late, config=config)
        assert [each.symbols for each in result.sessions] == [("AAA",)] * 3
        assert [each.status for each in receipts] == ["refused"] * 3
        # the last one's workers come down in Done
        assert [each.reason for each in receipts[:2]] == ["the session is over"] * 2


class TestTheCause:
    """An exception in one names the strategy, symbol and time."""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize("method", ["on_bars", "on_bar", "on_session_end", "teardown"])
    def test_what_the_strategy_raised_is_in_the_traceback(self, method: str, threads: bool) -> None:
        class Fails:
            def on_bars(self, view: Any) -> None: ...

        def fail(self: Any, *_: Any) -> None:
            raise OSError("out of paper")

        setattr(Fails, method, fail)
        error = failure(Fails, config=wishes(["AAA"], DAY, DAY, workers={"threads": threads}))
        assert isinstance(error.__cause__, OSError)
        assert error.part == "Fails"
        shown = "".join(traceback.format_exception(error))
        assert 'raise OSError("out of paper")' in shown


class TestOddTypes:
    """Bad input gets a clear error, and nothing is lost."""

    def test_texts_of_numpy_are_texts(self, tmp_path: Path) -> None:
        class Asks:
            def setup(self, access: Any) -> None:
                access.add_symbol(np.str_("BBB"))

            def on_bars(self, view: Any) -> None: ...

        class Finds:
            def scan(self, view: Any) -> Any:
                return np.array(["BBB", "NONE"])

        both: list[dict[str, Any]] = [{"strategies": [Asks]}, {"scanners": [Finds]}]
        for number, parts in enumerate(both):
            config = wishes(["AAA"], DAY, DAY)
            out = tmp_path / str(number)
            SessionCoordinator(config, source=SOURCE, out=out, **parts).run()
            record = json.loads((out / "sessions" / f"{DAY}.json").read_bytes())
            assert list(record["symbols"]) == ["AAA", "BBB"]

    def test_what_is_no_text_is_refused_both_ways(self) -> None:
        receipts: list[Receipt] = []

        class Asks:
            def setup(self, access: Any) -> None:
                for odd in (["AAA"], 5, None, ""):
                    receipts.extend((access.add_symbol(odd), access.remove_symbol(odd)))

            def on_bars(self, view: Any) -> None: ...

        assert run(Asks).outcome == "completed"
        assert [each.status for each in receipts] == ["refused"] * 8
        assert all("a symbol is" in each.reason for each in receipts)

    @pytest.mark.parametrize(
        ("quantity", "recorded"),
        [
            (100, 100.0), (2.5, 2.5), (-1, -1.0), (0, 0.0), (np.int64(7), 7.0),
            (np.float32(0.5), 0.5), (np.longdouble(1.5), 1.5), (Fraction(1, 2), 0.5),
            (2**70, 2.0**70),
        ],
    )  # fmt: skip
    def test_a_quantity_is_recorded_as_a_plain_number(
        self, tmp_path: Path, quantity: Any, recorded: float
    ) -> None:
        result = run(saying(Signal("AAA", "buy", quantity=quantity)), out=tmp_path)
        (signal,) = json.loads((tmp_path / "sessions" / f"{DAY}.json").read_bytes())["signals"]
        assert signal["quantity"] == recorded
        assert type(result.sessions[0].signals[0].signal.quantity) is float

    @pytest.mark.parametrize("quantity", [10**400, float("nan"), "7", True, [1], 1j])
    def test_any_other_names_the_strategy(self, quantity: Any) -> None:
        error = failure(saying(Signal("AAA", "buy", quantity=quantity)))
        assert (error.part, error.symbol) == ("Says", "AAA")
        out = run(saying(Signal("AAA", "buy", quantity=quantity), on_error="disable"))
        assert [each.name for each in out.sessions[0].disabled] == ["Says"]

    @pytest.mark.parametrize(("action", "reason"), [(5, ""), (None, ""), ("buy", None), ("buy", 5)])
    def test_what_is_no_word_names_the_strategy(self, action: Any, reason: Any) -> None:
        assert "no texts" in str(failure(saying(Signal("AAA", action, reason))))

    def test_half_a_character_is_written_as_its_escape(self, tmp_path: Path) -> None:
        class Finds:
            def scan(self, view: Any) -> Found:
                return Found("AAA", "\ud800", {"\udfff": 1.0})

        run(saying(Signal("AAA", "\ud800", "é\ud800")), out=tmp_path, scanners=[Finds])
        record = json.loads((tmp_path / "sessions" / f"{DAY}.json").read_bytes())
        assert record["signals"][0]["action"] == "\\ud800"
        assert record["signals"][0]["reason"] == "é\\ud800"
        assert record["scans"][0]["found"][0]["figures"] == {"\\udfff": 1.0}

        class Fails:
            def on_bars(self, view: Any) -> None:
                raise ValueError("\ud800")

        with pytest.raises(RunFailedError):
            run(Fails, out=tmp_path / "failed")
        told = json.loads((tmp_path / "failed" / "run.json").read_bytes())["errors"][0]["message"]
        assert told.endswith("ValueError: \\ud800")

    @pytest.mark.parametrize("figure", ["3", True, b"7", None, 10**400])
    def test_figures_are_numbers(self, figure: Any) -> None:
        class Finds:
            def scan(self, view: Any) -> Found:
                return Found("AAA", "", {"size": figure})

        assert "not numbers" in str(failure(scanners=[Finds]))


class TestUniversesGo:
    """A structure lives exactly as long as its reason."""

    universe = {"symbols": ["BBB"], "streams": ["1m"]}

    def shown(self, **attributes: Any) -> list[list[str]]:
        """Run a scanner with a universe over the half-day; give the universes at each step."""
        seen: list[list[str]] = []

        class Looks:
            universe = self.universe
            on_error = "disable"

            def scan(self, view: Any) -> None:
                raise ValueError("nothing there")

        class Sees:
            name = "sees"

            def setup(self, context: Any) -> None:
                self.context = context

            def on_step(self, step: Any) -> None:
                seen.append(list(self.context.data.universes))

            def on_session_end(self) -> None: ...

            def teardown(self) -> None: ...

        for name, value in attributes.items():
            setattr(Looks, name, value)
        run(start=HALF, end=HALF, scanners=[Looks], workers=[Sees()])
        return seen

    def test_that_of_a_scanner_taken_out_goes_with_it(self) -> None:
        seen = self.shown(every="1h")
        # minutes 0, 1, 2 and 30 have ended by 10:30, the first scan; the close is after it
        assert seen == [["Looks"]] * 4 + [[]]

    def test_that_of_a_scanner_without_a_scan_that_day_is_gone_at_once(self) -> None:
        every_day_but_this = (pd.Timestamp("15:00").time(), pd.Timestamp("15:30").time())
        seen = self.shown(every="5m", between=every_day_but_this)
        assert seen == [[]] * 5


class TestWhoIsAtFault:
    """Bad input gets a clear error, naming file, key, symbol, time."""

    def faults(self, **parts: Any) -> list[Fault]:
        config = parts.pop("config", wishes(["AAA"], DAY, DAY))
        with pytest.raises(RunFailedError) as caught:
            SessionCoordinator(config, source=SOURCE, **parts).run()
        errors = [each for each in caught.value.exceptions if isinstance(each, FaultyInputError)]
        return [fault for each in errors for fault in each.faults]

    def test_the_second_is_not_called_the_first(self) -> None:
        one, two = saying(None, name="one"), saying(None, name="two", intervals=["15m"])
        (fault,) = self.faults(strategies=[one, two])
        assert fault.key == "strategies[1].intervals[0]"
        assert "15m" in fault.message

    def test_a_universe_handed_over_goes_by_its_scanners_name(self) -> None:
        class Looks:
            universe = {"symbols": ["NONE"], "streams": ["1m"], "missing": "error"}

            def scan(self, view: Any) -> None: ...

        (fault,) = self.faults(scanners=[Looks])
        assert fault.key == "scanner 'Looks'.universe.symbols"
        assert fault.symbol == "NONE"


class Subscribed:
    """A strategy that a configuration can name, and that would rather have bars of 5m."""

    intervals = ["5m"]
    seen: list[str] = []

    def on_bars(self, view: Any) -> None:
        self.seen.append(f"{view.time:%H:%M}")


class TestTheTableOrTheClass:
    """What is None may be an attribute of the strategy."""

    @pytest.mark.parametrize(
        ("table", "expected"),
        [
            # the bar of 09:30 is seen at the next step, that of 10:00 and the hour at the close
            ({}, ["10:01", "16:00"]),
            ({"intervals": ["1h"]}, ["16:00"]),
            ({"intervals": []}, ["09:31", "09:32", "09:33", "10:01", "16:00"]),
        ],
    )
    def test_the_table_comes_first(self, table: dict[str, Any], expected: list[str]) -> None:
        Subscribed.seen = []
        use = "tests.unit.workers.test_edges_of_a_session:Subscribed"
        minutes = {DAY: [0, 1, 2, 30]}
        config: SessionConfig = wishes(["AAA"], DAY, DAY, strategies=[{"use": use, **table}])
        SessionCoordinator(config, source=market({"AAA": minutes})).run()
        assert Subscribed.seen == expected
