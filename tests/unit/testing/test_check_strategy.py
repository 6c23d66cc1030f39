"""Sound strategies pass, whatever they need; each broken promise is told in a sentence."""

from __future__ import annotations

import random
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsm_session import Signal
from fsm_session.errors import RequirementsError
from fsm_session.testing import check_strategy
from tests.unit.testing.caught import sentence, told

SEEN = 0
STARTED: list[str] = []
SMA = {"name": "sma", "function": "SMA", "interval": "1m", "parameters": {"timeperiod": 3}}


class Cross:
    """Over all symbols, with an indicator that is warm at the open."""

    def on_bars(self, view: Any) -> Iterator[Signal]:
        up = (view.latest("close") > view.latest("sma")) & view.fresh("1m")
        for symbol in view.symbols[up]:
            yield Signal(symbol, "buy", "above", quantity=float(view[symbol].bars().close[-1]))


class Counts:
    """One bar at a time, with a memory of its own, which is the session's."""

    def __init__(self, every: int = 2) -> None:
        self.every, self.seen = every, 0

    def on_bar(self, bar: Any) -> Signal | None:
        self.seen += 1
        return Signal(bar.symbol, "nth", str(self.seen)) if self.seen % self.every == 0 else None


class Asks:
    """Asks for a symbol, and for another to go."""

    def setup(self, context: Any) -> None:
        self.context = context

    def on_bars(self, view: Any) -> None:
        self.context.add_symbol("BBB")

    def on_symbol_added(self, symbol: str) -> Signal:
        return Signal(symbol, "welcome")


class Caches:
    """Remembers in its class what depends on nothing of a session: that is allowed."""

    squares: dict[int, int] = {}

    def on_bar(self, bar: Any) -> Signal:
        whole = int(bar.close)
        return Signal(bar.symbol, "square", str(self.squares.setdefault(whole, whole * whole)))


class TestSoundOnesPass:
    """Runs without error in kinds of markets; says the same whenever, wherever, however it runs."""

    @pytest.mark.parametrize("factory", [Counts, lambda: Counts(3), Counts(1), Caches])
    def test_a_class_a_maker_an_object(self, factory: Any) -> None:
        check_strategy(factory, max_examples=12)

    def test_with_what_it_needs(self) -> None:
        check_strategy(Cross, data={"indicators": [SMA]}, max_examples=12)
        history = {"history": [{"trailing_days": 5, "intervals": ["1d"]}]}

        class Yesterday:
            def on_bar(self, bar: Any) -> Signal:
                return Signal(bar.symbol, "note", f"{bar['usual']:.2f}")

        usual = {"name": "usual", "function": "mean", "column": "close", "over": "5d"}
        data = {**history, "historical": [{**usual, "interval": "1m"}]}
        check_strategy(Yesterday, data=data, streams=["1m", "1d"], max_examples=6)

    def test_that_changes_the_session(self) -> None:
        check_strategy(Asks, symbols=["AAA"], max_examples=6)

    def test_what_it_needs_and_does_not_have_is_not_a_broken_promise(self) -> None:
        with pytest.raises(RequirementsError, match="7s can't be derived"):
            check_strategy(Cross, streams=["7s"])

    def test_one_that_is_never_called_proves_nothing(self) -> None:
        class Hourly:
            intervals = ["1h"]

            def on_bar(self, bar: Any) -> Signal:
                return Signal(bar.symbol, "hour")

        check_strategy(Hourly, streams=["1m", "1h"], max_examples=6)


class Once:
    """Buys once a symbol, and remembers it in its class."""

    bought: set[str] = set()

    def on_bar(self, bar: Any) -> Signal | None:
        if bar.symbol in self.bought:
            return None
        self.bought.add(bar.symbol)
        return Signal(bar.symbol, "buy")


class Global:
    """Counts in a global of its module."""

    def on_bar(self, bar: Any) -> Signal | None:
        global SEEN
        SEEN += 1
        return Signal(bar.symbol, "second") if SEEN == 2 else None


class Listed:
    """Fills a list of its module."""

    def on_bars(self, view: Any) -> Signal | None:
        STARTED.append(view.session.label)
        return Signal(view.symbols[0], "first") if len(set(STARTED)) == 1 else None


class Defaults:
    """Fills a default argument."""

    def on_bar(self, bar: Any, seen: list[str] = []) -> Signal:  # noqa: B006
        seen.append(bar.symbol)
        return Signal(bar.symbol, "nth", str(len(seen)))


def enclosed() -> type:
    days: set[str] = set()

    class Enclosed:
        """Fills what is around it."""

        def on_bars(self, view: Any) -> Signal:
            days.add(view.session.label)
            return Signal(view.symbols[0], "day", quantity=len(days))

    return Enclosed


class Dice:
    def on_bar(self, bar: Any) -> Signal | None:
        return Signal(bar.symbol, "buy") if random.random() < 0.5 else None


class Peeks:
    """Reaches behind its view, to the columns of the whole day."""

    def on_bars(self, view: Any) -> Iterator[Signal]:
        for symbol in view:
            day = view[symbol]._here().whole_day("1m")
            if day.close[-1] > view[symbol].bars("1m").close[-1] * 1.0001:
                yield Signal(symbol, "buy")


class Foresees:
    """Knows only whether there is a bar in the next minute."""

    def on_bar(self, bar: Any) -> Signal | None:
        whole = self.view[bar.symbol]._here().whole_day("1m").time
        return Signal(bar.symbol, "go on") if (whole == self.view.now_ns).any() else None

    def setup(self, context: Any) -> None:
        self.view = context.view


class Threaded:
    def on_bar(self, bar: Any) -> Signal | None:
        alone = threading.current_thread() is threading.main_thread()
        return Signal(bar.symbol, "main") if alone else None


class Configured:
    """Finds out, from those that call it, how the symbols were written down."""

    def on_bars(self, view: Any) -> Signal:
        frame: Any = sys._getframe()
        while not hasattr(frame.f_locals.get("self"), "context"):
            frame = frame.f_back
        symbols = frame.f_locals["self"].context.config.data.symbols
        return Signal(view.symbols[0], "of", symbols[0])


class Stranger:
    def on_bar(self, bar: Any) -> Signal:
        return Signal("ZZZ", "buy")


class Endless:
    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, "buy", quantity=float("inf"))


class Numbers:
    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, 1)  # type: ignore[arg-type]


class Divides:
    def on_bar(self, bar: Any) -> Signal:
        return Signal(bar.symbol, "buy", quantity=1 / bar.volume)


class Expects:
    """Takes for granted that a symbol is there."""

    def on_bars(self, view: Any) -> None:
        view["BBB"].bars("1m")


class Patient(Divides):
    """Is taken out of the session where it raises, which breaks its promise all the same."""

    on_error = "disable"


class Falls:
    """Raises as it is torn down."""

    def on_bar(self, bar: Any) -> None: ...

    def teardown(self) -> None:
        raise OSError("gone")


FIRST, SECOND = "2024-07-02", "2024-07-03"


class TestOffendersAreTold:
    """Messages name strategy, symbol, time, in one readable sentence first."""

    @pytest.mark.parametrize(
        ("factory", "said"),
        [
            (Once, f"strategy 'Once' says buy BBB at {SECOND} 09:31 when {SECOND} is run alone, "
                   f"and nothing after {FIRST}: Once.bought survives Teardown"),
            (Global, f"after {FIRST}: test_check_strategy.SEEN survives Teardown"),
            (Listed, f"nothing after {FIRST}: test_check_strategy.STARTED survives Teardown"),
            (Defaults, "a default argument of Defaults.on_bar survives Teardown"),
            (enclosed(), f"after {FIRST}: days around Enclosed.on_bars survives Teardown"),
            (Dice, "when it is run again: it is not the same twice"),
            (Peeks, "strategy 'Peeks' says buy ... is cut off: it looks ahead"),
            (Threaded, f"strategy 'Threaded' says main AAA at {FIRST} 09:31, and nothing when "
                       "workers run in threads: it depends on its thread"),
            (Configured, f"strategy 'Configured' says of AAA (AAA) at {FIRST} 09:31, and of AAA "
                         "(BBB) when symbols are configured in another order: it depends on that"),
            (Stranger, "strategy 'Stranger' signals 'ZZZ', which is not registered, at "
                       f"{FIRST} 09:31:00-04:00"),
            (Endless, "strategy 'Endless' signals a quantity of inf, which is not finite, at "),
            (Numbers, "strategy 'Numbers' signals an action and a reason that are no texts: (1,"),
            (Divides, "ZeroDivisionError: float division by zero; ...  has bars without volume"),
            (Expects, "strategy 'Expects' raised at 2024-07-0 ... UnknownNameError: no symbol "
                      "'BBB'; registered: AAA; BBB has no bar on 2024"),
            (Patient, "strategy 'Patient' raised at <Bar "),
            (Falls, "strategy 'Falls' raised in teardown at "),
        ],
    )  # fmt: skip
    def test_with_the_sentence(self, factory: Any, said: str) -> None:
        line = sentence(check_strategy, factory)
        assert all(part.strip() in line for part in said.split("..."))
        assert line.count("strategy '") == 1

    def test_twice_as_well(self) -> None:
        """A memory that is filled for good by the first check does not hide from the second."""
        first, second = sentence(check_strategy, Once), sentence(check_strategy, Once)
        assert first == second
        assert not Once.bought
        assert SEEN == 0

    def test_in_another_zone(self) -> None:
        """Times are those of the exchange, here with a lunch break."""
        said, *lines = told(check_strategy, Once, calendar="XHKG")
        assert said.startswith(f"strategy 'Once' says buy BBB at {SECOND} 09:31 when {SECOND} is")
        assert any(line.startswith(f"{SECOND} 09:30") for line in lines)

    def test_the_name_is_that_of_the_records(self) -> None:
        named = Stranger()
        named.name = "my strategy"  # type: ignore[attr-defined]
        assert sentence(check_strategy, named).startswith("strategy 'my strategy' signals")


class TestTheExampleIsSmall:
    """The market under the sentence is the smallest that shows it."""

    def rows(self, factory: Callable[[], Any]) -> list[str]:
        return [line for line in told(check_strategy, factory) if line.startswith("2024-")]

    def test_a_stranger_takes_one_bar_a_symbol(self) -> None:
        assert len(self.rows(Stranger)) == 2

    def test_looking_ahead_takes_two_bars_of_one(self) -> None:
        said, *lines = told(check_strategy, Foresees)
        assert said.startswith("strategy 'Foresees' says go on ")
        assert " and nothing when what comes after " in said
        assert len([line for line in lines if line.startswith("2024-")]) <= 4

    def test_a_memory_takes_a_bar_in_each_session(self) -> None:
        rows = self.rows(Once)
        assert {row[:10] for row in rows} == {FIRST, SECOND}
        assert len(rows) <= 4
