"""Parts that write down all they are shown, and let symbols come and go as the lots fall."""

from __future__ import annotations

import copy
import weakref
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from fsm_session import BaseWorker, Signal
from fsm_session.machine import Receipt
from fsm_session.market.interval import Interval
from tests.property.living import NAMES, SYMBOLS, WATCHED, Log, World, play, shot


def coin(view: Any) -> int:
    """Draw lots that depend on what is shown, and on nothing else."""
    return zlib.crc32(view.latest("close").tobytes() + view.now_ns.to_bytes(8))


class Part:
    """What each session gets a copy of; what it writes down is kept outside of it."""

    name = ""

    def __init__(self, **attributes: Any) -> None:
        self.log: Log = []
        vars(self).update(attributes)

    def __deepcopy__(self, memo: object) -> Part:
        return copy.copy(self)

    def setup(self, context: Any) -> None:
        self.context = context
        self.view = context.view

    def note(self, what: Any) -> None:
        self.log.append((self.view.now_ns, self.name, what))


class Looks(Part):
    """A strategy that looks at everything, and signals what it notices."""

    name, world = "looks", World({}, 1, "keep", 0)

    def on_bars(self, view: Any) -> Iterator[Signal]:
        seen = shot(view, self.world)
        self.note(seen)
        for symbol, quality in zip(seen["symbols"], seen["quality"], strict=True):
            yield Signal(symbol, "seen", f"{coin(view)}", quality)

    def tell(self, *what: Any) -> None:
        self.log.append((self.view.now_ns, "told", what))

    def on_symbol_added(self, symbol: str) -> Signal:
        self.tell("added", symbol, self.view[symbol].quality())
        return Signal(symbol, "added")

    def on_symbol_removed(self, symbol: str) -> Signal:
        self.tell("removed", symbol, [*self.view])
        return Signal(symbol, "removed")


class Bars(Part):
    """A strategy that is shown each bar of some intervals."""

    name, intervals = "bars", ("1h", "1d", "1w")

    def on_bar(self, bar: Any) -> Signal:
        values = repr([bar.close, *(bar[name] for name in NAMES[5:])])
        self.note((bar.symbol, bar.interval.label, bar.time_ns, values))
        return Signal(bar.symbol, bar.interval.label)


class Moves(Part):
    """A strategy that asks for symbols to come and go, as the lots fall."""

    name = "moves"

    def on_bars(self, view: Any) -> None:
        lot = coin(view) % 12
        if lot < 3:
            self.context.add_symbol(SYMBOLS[lot + 1])
        elif lot < 6:
            self.context.remove_symbol(SYMBOLS[lot - 2])


class Asks(Part):
    """A strategy, or a worker, that asks at given instants for a symbol to come or go."""

    name = "asks"

    def __init__(self, plan: dict[int, tuple[str, str]]) -> None:
        super().__init__()
        self.plan = plan
        self.receipts: list[Receipt] = []

    def setup(self, context: Any) -> None:
        self.context = context

    def on_bars(self, view: Any) -> None:
        if view.now_ns in self.plan:
            method, symbol = self.plan[view.now_ns]
            self.receipts.append(getattr(self.context, method)(symbol))

    def on_step(self, step: Any) -> None:
        self.on_bars(self.context.player.view)

    def on_session_end(self) -> None: ...

    def teardown(self) -> None: ...


class Finds(Part):
    """A scanner that looks at everything in its universe, finds some of it, and asks for more."""

    name, world, pre_session, every = "finds", World({}, 1, "keep", 0), True, "37m"

    def scan(self, view: Any) -> list[str]:
        self.note(shot(view, self.world))
        lot = coin(view)
        if lot % 5 < 2:
            getattr(self.context, ("add_symbol", "remove_symbol")[lot % 5])(SYMBOLS[lot % 3 + 1])
        return [symbol for place, symbol in enumerate(view) if lot >> place + 8 & 3 == 0]


class Fails(Part):
    """A strategy that raises at one of its calls, and is taken out."""

    name, on_error, calls, at = "fails", "disable", 0, -1

    def setup(self, context: Any) -> None:
        super().setup(context)
        self.called("setup")

    def on_bars(self, view: Any) -> Iterator[Signal]:
        yield self.said("before")
        self.called("on_bars")
        yield self.said("after")

    def on_bar(self, bar: Any) -> Signal:
        self.called("on_bar")
        return self.said(bar.symbol)

    def on_symbol_added(self, symbol: str) -> Signal:
        self.called("on_symbol_added")
        return self.said(symbol)

    def on_session_end(self) -> None:
        self.called("on_session_end")

    def teardown(self) -> None:
        self.note(("teardown",))

    def called(self, method: str) -> None:
        self.calls += 1
        raises = self.calls == self.at
        self.note(("raised" if raises else "called", method))
        if raises:
            raise ValueError(f"call {self.calls}")

    def said(self, action: str) -> Signal:
        self.note(("said", action))
        return Signal("AAA", action)


class FindsAt(Part):
    """A scanner that finds a symbol, or asks for it, at one of its scans."""

    name, pre_session, asks = "finds at", True, False

    def __init__(self, at: list[int], symbol: str, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.at, self.symbol = at, symbol

    def scan(self, view: Any) -> list[str]:
        if view.now_ns not in self.at:
            return []
        if self.asks:
            self.context.add_symbol(self.symbol)
        return [] if self.asks else [self.symbol]


class Watches(BaseWorker):
    """A worker that holds on to the data of a symbol, but lets it go."""

    name = "watches"

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol

    def setup(self, context: Any) -> None:
        self.context = context
        self.ref = weakref.ref(context.data[self.symbol])

    def places(self) -> dict[str, bool]:
        """Tell where the symbol still is."""
        context = self.context
        view = context.player.view
        return {
            "data": self.symbol in context.data,
            "queues": self.symbol in context.queues.times,
            "view": self.symbol in view or self.symbol in [*view],
            "symbols": self.symbol in view.symbols,
            "rows": len(view.latest("close")) == 4,
            "memory": self.ref() is not None,
        }


class Sees(Part):
    """A scanner that looks at everything, and finds nothing."""

    name, world = "sees", World({}, 1, "keep", 0)

    def scan(self, view: Any) -> None:
        self.note(shot(view, self.world))


class Subscribed(Part):
    """A strategy that is called where a bar of some intervals is finished."""

    name = "subscribed"

    def on_bars(self, view: Any) -> None:
        self.note("step")

    def on_bar(self, bar: Any) -> None:
        values = repr([bar[name] for name in SAMPLES])
        self.note((bar.symbol, bar.interval, bar.time_ns, values))


class Counts(Part):
    """A strategy that is called at every step, and says what one subscribed is to be shown."""

    name, world = "counts", World({}, 1, "keep", 0)
    asked: tuple[str, ...] = ()

    def setup(self, context: Any) -> None:
        super().setup(context)
        self.came: dict[str, int] = {}
        self.before = 0

    def on_symbol_added(self, symbol: str) -> None:
        self.came[symbol] = self.view.now_ns

    def on_bars(self, view: Any) -> None:
        if any(view.fresh(each).any() for each in self.asked):
            self.note("step")
        for symbol in view:
            since = max(self.before, self.came.get(symbol, 0))
            for each in sorted(map(Interval.parse, self.asked)):
                bars = view[symbol].today(each)
                for time, end in zip(bars.time.tolist(), bars.end.tolist(), strict=True):
                    if end > since:
                        values = repr([self.at(view[symbol], name, end) for name in SAMPLES])
                        self.note((symbol, each, time, values))
        self.before = view.now_ns

    def at(self, shown: Any, name: str, end_ns: int) -> float:
        """Find the newest value of an indicator at an instant."""
        ends = shown.bars(self.world.intervals[SAMPLES[name]]).end
        count = int(np.searchsorted(ends, end_ns, side="right"))
        return float(shown.indicator(name)[count - 1]) if count else float("nan")


#: some indicators, and on which of the intervals they are computed
SAMPLES = {"sma_3": 0, "rsi_2": 1, "sma_2d": -3, "sma_2w": -2}


def universe(world: World) -> dict[str, Any]:
    return {"symbols": [*WATCHED], **world.needs()}


def everything(world: World, log: Log, at: int = 9) -> dict[str, Any]:
    """Make parts that do all there is to be done."""
    given: dict[str, Any] = {"world": world, "log": log}
    strategies = [Looks(**given), Bars(**given), Moves(**given), Fails(log=log, at=at)]
    return {"strategies": strategies, "scanners": [Finds(**given, universe=universe(world))]}


def asking(world: World, date: str, asks: Asks, symbols: Any, outside: bool = False) -> Log:
    """Play a day in which a strategy, or somebody outside, asks for symbols to come and go."""
    log: Log = []
    parts = [Looks(world=world, log=log), *([] if outside else [asks])]
    workers = [asks] if outside else []
    play(world, date, symbols=symbols, strategies=parts, workers=workers)
    return log
