"""StrategyManager: shows each strategy the market at every step and keeps what it says.

A strategy is made anew for each session. It may think over all symbols at once
(``on_bars(view)``) or one bar at a time (``on_bar(bar)``); each pays for its own way only. With
``intervals`` it is called where a bar of one of them is finished, and not otherwise. Quotes and
ticks have the same two ways, and come before the bars of their instant.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from attrs import evolve, frozen

from fsm_session.config import OnError, StrategyConfig
from fsm_session.errors import PartError
from fsm_session.market.events import EventKind
from fsm_session.market.interval import Interval
from fsm_session.plugins import Plugin
from fsm_session.session.bar import Bar, BarFeed
from fsm_session.session.event import Quote, Tick
from fsm_session.session.event_feed import EventFeed
from fsm_session.session.player import Player, Step
from fsm_session.session.signals import RecordedSignal, Signal
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.parts_manager import Part, PartsManager, number

#: takes one step of a strategy
Take = Callable[[], None]


@frozen(eq=False)
class StrategyPlan:
    """A strategy, and what it is called for: () for every step or base bar."""

    plugin: Plugin
    intervals: tuple[Interval, ...] = ()
    on_error: OnError = "fail"

    @classmethod
    def of(cls, plugin: Plugin, config: StrategyConfig) -> StrategyPlan:
        """Take the subscription from a configuration."""
        return cls(plugin, tuple(sorted(config.intervals or ())), config.on_error or "fail")


class StrategyManager(PartsManager):
    """Runs the strategies of a session, in the order in which they are configured."""

    name = "StrategyManager"
    kind = "strategy"

    def __init__(
        self, plans: Sequence[StrategyPlan], player: Player, events: Sequence[EventKind] = ()
    ) -> None:
        super().__init__(player)
        self._plans = tuple(plans)
        self._streamed = tuple(events)
        #: this session's strategies, those taken out left out
        self._running: list[Part] = []
        self._takes: list[tuple[Part, Take]] = []
        #: by the intervals that are asked for; of the tape that is being played
        self._feeds: dict[tuple[Interval, ...], BarFeed] = {}
        self._event_feeds: dict[EventKind, EventFeed] = {}

    @property
    def strategies(self) -> dict[str, Any]:
        """This session's strategies by name."""
        return {part.name: part.made for part in self._running}

    def setup(self, context: SessionParts) -> None:
        """Make the session's strategies and set up those that want it."""
        self._context = context
        for plan in self._plans:
            part = self.make(plan, self._player.view)
            if part is not None:
                self._running.append(part)
                self._takes.append((part, self._way(part)))

    def on_step(self, _step: Step) -> None:
        """Show every strategy what is new."""
        for part, take in self._takes:
            try:
                take()
            except Exception as error:  # noqa: BLE001 - whatever the user's code raises
                self.failed(part, self.blame(part, error))

    def on_symbol_added(self, symbol: str) -> None:
        """Tell the strategies that a symbol has come: it stands there with all that it has."""
        self._drop_feeds()
        self._tell("on_symbol_added", symbol)

    def on_symbol_removed(self, symbol: str) -> None:
        """Tell the strategies that a symbol has gone: it is not there any more."""
        self._drop_feeds()
        self._tell("on_symbol_removed", symbol)

    def on_session_end(self) -> None:
        """Tell the strategies that want to know."""
        for part in self._running:
            self.call(part, "on_session_end")

    def take_out(self, part: Part) -> None:
        """Call a strategy no more."""
        # new lists: the old ones may be gone through at this moment
        self._running = [each for each in self._running if each is not part]
        self._takes = [each for each in self._takes if each[0] is not part]

    def teardown(self) -> None:
        """Tear down the strategies that want it, and forget all of them."""
        self._running, self._takes = [], []
        self._drop_feeds()
        super().teardown()

    def _tell(self, method: str, symbol: str) -> None:
        """Tell each strategy of a symbol. What it says may be about it, also once it is gone."""
        for part in self._running:
            if part.has(method):
                hear = partial(self._hear, part, method, symbol)
                self.guarded(part, method, hear, symbol)

    def _hear(self, part: Part, method: str, symbol: str) -> None:
        self._record(part, getattr(part.made, method)(symbol), symbol)

    def _drop_feeds(self) -> None:
        self._feeds.clear()
        self._event_feeds.clear()

    def _way(self, part: Part) -> Take:
        """Give what a step is for a strategy: one way of thinking, or several in their order."""
        ways = [way for kind in self._streamed for way in self._event_ways(part, kind)]
        bars = [self._over_all(part)] if part.has("on_bars") else []
        bars += [self._bar_by_bar(part)] if part.has("on_bar") else []
        ways += [self._at_new_bars(each) if self._streamed else each for each in bars]
        if len(ways) == 1:
            return ways[0]

        def take() -> None:
            for way in ways:
                way()

        return take

    def _at_new_bars(self, way: Take) -> Take:
        """Leave out the steps at which there are only quotes or ticks."""
        player = self._player

        def take() -> None:
            if player.shows_new_bars:
                way()

        return take

    def _event_ways(self, part: Part, kind: EventKind) -> Iterator[Take]:
        """Give the ways of being told of ticks or quotes: over all symbols, and one by one."""
        if part.has(f"on_{kind}"):
            yield self._events_over_all(part, kind)
        if part.has(f"on_{kind[:-1]}"):
            yield self._event_by_event(part, kind)

    def _events_over_all(self, part: Part, kind: EventKind) -> Take:
        on_events, player, feeds = getattr(part.made, f"on_{kind}"), self._player, self._event_feeds

        def take() -> None:
            if (feeds.get(kind) or self._event_feed(kind)).any_at(player.step):
                said = on_events(player.view)
                if said is not None:
                    self._record(part, said)

        return take

    def _event_by_event(self, part: Part, kind: EventKind) -> Take:
        player, feeds = self._player, self._event_feeds

        def happened() -> Iterable[Tick | Quote]:
            return (feeds.get(kind) or self._event_feed(kind)).at(player.step)

        return self._one_by_one(part, getattr(part.made, f"on_{kind[:-1]}"), happened)

    def _over_all(self, part: Part) -> Take:
        on_bars, player, intervals = part.made.on_bars, self._player, part.plan.intervals

        def take() -> None:
            said = on_bars(player.view)
            if said is not None:
                self._record(part, said)

        def take_if_finished() -> None:
            reveal = player.reveal
            if reveal is not None and reveal.any_fresh(intervals)[reveal.row]:
                take()

        return take_if_finished if intervals else take

    def _bar_by_bar(self, part: Part) -> Take:
        feeds, intervals = self._feeds, part.plan.intervals

        def happened() -> Iterable[Bar]:
            return (feeds.get(intervals) or self._feed(intervals)).at_this_step()

        return self._one_by_one(part, part.made.on_bar, happened)

    def _one_by_one(
        self, part: Part, on_each: Callable[[Any], Any], happened: Callable[[], Iterable[Any]]
    ) -> Take:
        """Show a strategy one by one what happened at a step, and keep what it says."""

        def take() -> None:
            for each in happened():
                try:
                    said = on_each(each)
                    if said is not None:
                        self._record(part, said)
                except PartError:  # about what it answered
                    raise
                except Exception as error:
                    raise self.blame(part, error, f" at {each!r}", each.symbol) from error

        return take

    def _feed(self, intervals: tuple[Interval, ...]) -> BarFeed:
        """Lay out the feed of the tape that is being played; anew where symbols have changed."""
        assert self._player.reveal is not None
        feed = self._feeds[intervals] = BarFeed(self.context.data, self._player.reveal, intervals)
        return feed

    def _event_feed(self, kind: EventKind) -> EventFeed:
        player, data = self._player, self.context.data
        # made within a step, which is to be given too
        feed = EventFeed(data, kind, player.tape.instants, max(player.step - 1, 0))
        self._event_feeds[kind] = feed
        return feed

    def _record(self, part: Part, said: Any, gone: str = "") -> None:
        """Keep the signals that a strategy gives; ``gone`` is a symbol that has just gone."""
        data, now_ns = self.context.data, self.context.clock.now_ns
        for signal in _signals(said):
            if not isinstance(signal, Signal):
                raise self.answered(part, f"answered {signal!r}, which is no Signal,")
            if signal.symbol not in data and signal.symbol != gone:
                told = f"signals {signal.symbol!r}, which is not registered,"
                raise self.answered(part, told, str(signal.symbol))
            try:
                sound = _sound(signal)
            except ValueError as error:
                raise self.answered(part, f"signals {error},", signal.symbol) from None
            data.record_signal(RecordedSignal(now_ns, part.name, sound))


def _sound(signal: Signal) -> Signal:
    """Hold a signal to what can go on record; ValueError saying what can not."""
    texts: tuple[object, ...] = (signal.action, signal.reason)
    if not all(isinstance(each, str) for each in texts):
        raise ValueError(f"an action and a reason that are no texts: {texts}")
    if signal.quantity is None:
        return signal
    quantity = number(signal.quantity)
    if not math.isfinite(quantity):
        raise ValueError(f"a quantity of {quantity!r}, which is not finite")
    return evolve(signal, quantity=quantity)


def _signals(said: Any) -> Iterable[Any]:
    if said is None:
        return ()
    return (said,) if isinstance(said, Signal) or not isinstance(said, Iterable) else said
