"""What strategies see between two steps, where a symbol comes or goes at a scan's own time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from fsm_session import SessionCoordinator
from fsm_session.machine import Receipt
from tests.small_market import SESSIONS, ZONE, market, wishes

DAY = SESSIONS[0]


class TestBetweenSteps:
    """A View shows the whole market at the clock's instant; a SymbolView one symbol up to then."""

    def test_both_show_the_same_when_a_symbol_comes_and_goes_at_a_scans_time(self) -> None:
        told: list[str] = []

        class Compares:
            intervals = ["5m"]

            def setup(self, access: Any) -> None:
                self.view = access.view

            def on_bar(self, bar: Any) -> None:
                told.append(f"{self.view.time:%H:%M} {bar.symbol} {bar.time:%H:%M}")

            def on_symbol_added(self, symbol: str) -> None:
                self.compare(f"{symbol} came")

            def on_symbol_removed(self, symbol: str) -> None:
                self.compare(f"{symbol} went")

            def compare(self, what: str) -> None:
                view = self.view
                told.append(f"{view.time:%H:%M} {what}")
                assert view.quality().tolist() == [view[s].quality().percent for s in view]
                for interval in ("1m", "5m"):
                    newest = [[np.nan, *view[s].bars(interval).close][-1] for s in view]
                    np.testing.assert_array_equal(view.latest("close", interval), newest)

        class Finds:
            every = "8m"
            between = (pd.Timestamp("09:38").time(), pd.Timestamp("09:46").time())

            def setup(self, access: Any) -> None:
                self.access = access

            def scan(self, view: Any) -> list[str]:
                if view.time.minute == 38:
                    return ["BBB"]
                self.access.remove_symbol("BBB")
                return []

        source = market({"AAA": {DAY: [2, 20]}, "BBB": {DAY: [7, 20]}})
        config = wishes(["AAA"], DAY, DAY, data={"streams": ["1m", "5m"]})
        parts: dict[str, Any] = {"strategies": [Compares], "scanners": [Finds]}
        SessionCoordinator(config, source=source, **parts).run()
        # the bar of 09:30 has ended by 09:38, and is shown at the next step all the same
        assert told == [
            "09:38 BBB came", "09:46 BBB went", "09:51 AAA 09:30", "16:00 AAA 09:50",
        ]  # fmt: skip


class TestWhatIsAskedInAPause:
    """What comes during a pause waits for a step: scans do not change what strategies see."""

    @pytest.mark.parametrize("threads", [False, True])
    @pytest.mark.parametrize("scans", [False, True])
    def test_it_comes_after_the_next_step_with_and_without_scans(
        self, scans: bool, threads: bool
    ) -> None:
        receipts: list[Receipt] = []

        class Asks:
            def setup(self, access: Any) -> None:
                self.access = access

            def on_bars(self, view: Any) -> None:
                if view.time.minute == 31 and view.time.hour == 9:
                    receipts.append(self.access.add_symbol("BBB"))

            def on_symbol_added(self, symbol: str) -> None:
                if symbol == "BBB":
                    receipts.append(self.access.add_symbol("CCC"))

        class Drops:
            every = "30m"

            def setup(self, access: Any) -> None:
                self.access = access

            def scan(self, view: Any) -> None:
                if view.time.hour == 11:
                    receipts.append(self.access.remove_symbol("BBB"))

        minutes = {DAY: [0, 60, 120]}
        source = market({"AAA": minutes, "BBB": minutes, "CCC": {DAY: [0, 60, 70, 120]}})
        config = wishes(["AAA"], DAY, DAY, workers={"threads": threads})
        parts: dict[str, Any] = {"strategies": [Asks], "scanners": [Drops] if scans else []}
        run = SessionCoordinator(config, source=source, **parts).run()
        changes = [
            (f"{pd.Timestamp(each.time_ns, tz='UTC').tz_convert(ZONE):%H:%M}", each.symbol)
            for each in run.sessions[0].changes
        ]
        # what a scan itself asks for is done at its own time
        gone = [("11:00", "BBB")] if scans else []
        assert changes == [("09:31", "BBB"), ("10:31", "CCC"), *gone]
        assert {each.status for each in receipts} <= {"done", "refused"}
        assert [each.status for each in receipts[:2]] == ["done", "done"]
