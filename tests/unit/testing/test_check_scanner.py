"""The ready-made scanners keep their promises; each broken one is told in a sentence."""

from __future__ import annotations

import random
from typing import Any

import pytest

from fsm_session import Found
from fsm_session.scanners import Gap, Momentum, RelativeVolume
from fsm_session.testing import check_scanner
from tests.unit.testing.caught import sentence, told

DAILY: dict[str, Any] = {
    "streams": ["1m", "1d"],
    "data": {"history": [{"trailing_days": 3, "intervals": ["1d"]}]},
}
USUAL = {
    "name": "usual_volume",
    "over": "3d",
    "interval": "1m",
    "function": "mean",
    "column": "volume",
    "absent": "zero",
}


class TwiceGap(Gap):
    pre_session = True
    every = "1m"


class Often(Momentum):
    every = "2m"


class Busy(RelativeVolume):
    every = "1m"


class Watches:
    """Has a universe of its own, of which what it finds is promoted."""

    every = "2m"
    universe = {"symbols": ["BBB", "CCC"], "streams": ["1m"]}

    def scan(self, view: Any) -> list[Found]:
        return [
            Found(symbol, figures={"close": float(view[symbol].bars("1m").close[-1])})
            for symbol in view
            if len(view[symbol].bars("1m"))
        ]


class TestOursKeepThem:
    """The ready-made scanners (fsm_session/scanners) pass, before the session and within it."""

    def test_gap(self) -> None:
        check_scanner(TwiceGap(0.0), max_examples=10, **DAILY)
        check_scanner(lambda: Gap(at_least=0.01, top=1), max_examples=5, **DAILY)

    def test_momentum(self) -> None:
        check_scanner(Often(2, "1m", 0.0001), max_examples=10)

    def test_relative_volume(self) -> None:
        check_scanner(Busy(at_least=0.0), max_examples=10, data={"historical": [USUAL]})

    def test_one_with_a_universe(self) -> None:
        check_scanner(Watches, symbols=["AAA"], max_examples=10)


class Random:
    pre_session = True

    def scan(self, view: Any) -> list[str]:
        return [symbol for symbol in view if random.random() < 0.5]


class Counts:
    """Finds something in the first session only."""

    pre_session = True
    scanned = 0

    def scan(self, view: Any) -> list[str]:
        type(self).scanned += 1
        return list(view) if self.scanned == 1 else []


class Peeks:
    every = "1m"

    def scan(self, view: Any) -> list[str]:
        # before the first scan of all nothing may have come
        return [each for each in view if len(view[each]._here().whole_day("1m")) > 2]


class Unnumbered:
    pre_session = True

    def scan(self, view: Any) -> list[Found]:
        return [Found(symbol, figures={"rank": "high"}) for symbol in view]  # type: ignore[dict-item]


class Odd:
    pre_session = True

    def scan(self, view: Any) -> Any:
        return [1]


class First:
    """Takes for granted that there is a bar already."""

    pre_session = True

    def scan(self, view: Any) -> list[str]:
        return [each for each in view if view[each].bars("1m").close[-1] > 0]


class TestOffendersAreTold:
    """It says in one sentence which promise is broken, by which scanner, when."""

    @pytest.mark.parametrize(
        ("factory", "said"),
        [
            (Random, "when it is run again: it is not the same twice"),
            (Counts, "scanner 'Counts' says BBB at 2024-07-03 09:30 when 2024-07-03 is run alone, "
                     "and that nothing is found after 2024-07-02: Counts.scanned survives"),
            (Unnumbered, "scanner 'Unnumbered' answered Found(symbol='AAA', reason='', "
                         "figures={'rank': 'high'}), whose figures are not numbers by name"),
            (Odd, "scanner 'Odd' answered 1: a scan answers symbols or Found(symbol, ...)"),
            (First, "scanner 'First' raised in scan at 2024-07-02 09:30:00-04:00: IndexError: "
                    "index -1 is out of bounds for axis 0 with size 0"),
        ],
    )  # fmt: skip
    def test_with_the_sentence(self, factory: Any, said: str) -> None:
        assert said in sentence(check_scanner, factory)

    def test_looking_ahead_and_the_example_is_small(self) -> None:
        said, *lines = told(check_scanner, Peeks)
        assert said.startswith("scanner 'Peeks' says ")
        assert said.endswith(" is cut off: it looks ahead")
        assert len([line for line in lines if line.startswith("2024-")]) <= 5
