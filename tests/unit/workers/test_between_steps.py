"""What strategies see between two steps, where a symbol comes or goes at a scan's own time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from fsm_session import SessionCoordinator
from tests.small_market import SESSIONS, market, wishes

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
