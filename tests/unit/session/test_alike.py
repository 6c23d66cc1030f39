"""Symbols that are alike are planned once; each has what it would have by itself.

The times of bars are shared by those who trade in the same minutes, and what they lack is found
out once for all of them: a symbol with other minutes, another interval, other events or another
history rule is never taken for one of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from attrs import asdict
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session import FramesSource, SessionConfig, SessionCoordinator
from tests.small_market import SESSIONS, ZONE
from tests.unit.session.days import bars

SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
#: interval -> who has a session of it as history
HISTORY = {"5m": {"AAA", "BBB"}, "1h": {"AAA", "BBB"}}
#: of each symbol: the interval of its bars, the dates that have any, and whether there are quotes
KINDS = st.tuples(
    st.sampled_from(["1m", "5m"]), st.sets(st.sampled_from(SESSIONS), min_size=1), st.booleans()
)


def source(kinds: Mapping[str, tuple[str, set[str], bool]]) -> FramesSource:
    frames, quotes = {}, {}
    for symbol, (interval, dates, quoted) in kinds.items():
        stamps = [pd.Timestamp(f"{date} 09:30", tz=ZONE) for date in sorted(dates)]
        frames[symbol, interval] = bars(stamps)
        if quoted:
            columns = {"bid_price": 1.0, "bid_size": 1.0, "ask_price": 2.0, "ask_size": 1.0}
            quotes[symbol] = pd.DataFrame(columns, index=pd.DatetimeIndex(stamps))
    return FramesSource(frames, quotes=quotes)


def plans(config: Mapping[str, Any], held: FramesSource) -> dict[str, dict[str, Any]]:
    coordinator = SessionCoordinator(SessionConfig.from_dict(config), source=held)
    return {name: asdict(plan, recurse=False) for name, plan in coordinator.check().plans.items()}


class TestAlike:
    """One for all of whom the same is there."""

    @settings(deadline=None)
    @given(st.fixed_dictionaries(dict.fromkeys(SYMBOLS, KINDS)), st.booleans())
    def test_each_has_what_it_has_by_itself(
        self, kinds: dict[str, tuple[str, set[str], bool]], from_bars: bool
    ) -> None:
        streams = {"streams": ["5m", "quotes"], "quotes": "from_bars"} if from_bars else {}
        backtest = {"start": SESSIONS[1], "end": SESSIONS[-1]}

        def wish(*symbols: str) -> dict[str, Any]:
            history = [
                {"trailing_days": 1, "intervals": [each], "symbols": sorted(who & {*symbols})}
                for each, who in HISTORY.items()
                if who & {*symbols}
            ]
            data = {"streams": ["5m"], "missing": "skip", "history": history, **streams}
            return {"backtest": backtest, "data": {**data, "symbols": [*symbols]}}

        together = plans(wish(*SYMBOLS), source(kinds))
        assert [*together] == [*SYMBOLS]
        for symbol in SYMBOLS:
            assert plans(wish(symbol), source(kinds))[symbol] == together[symbol]
        for symbol, (interval, dates, quoted) in kinds.items():
            needed = set(SESSIONS[0 if symbol in HISTORY["5m"] else 1 :])
            assert str(together[symbol]["base"]) == interval
            assert together[symbol]["recorded"] == (("quotes",) if quoted and from_bars else ())
            lacking = {str(each) for each in together[symbol]["missing"]}
            assert lacking == needed - dates
