"""StrategyManager: shows each strategy the market at every step and keeps what it says.

A strategy is made anew for each session. It may think over all symbols at once
(``on_bars(view)``) or one bar at a time (``on_bar(bar)``); each pays for its own way only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from fsm_session.errors import FsmSessionError, UserCodeError
from fsm_session.plugins import Plugin
from fsm_session.session.bar import BarFeed
from fsm_session.session.player import Player, Step
from fsm_session.session.signals import RecordedSignal, Signal
from fsm_session.workers.access import SessionAccess
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.worker import BaseWorker


class StrategyManager(BaseWorker):
    """Runs the strategies of a session, in the order in which they are configured."""

    name = "StrategyManager"

    def __init__(self, strategies: Sequence[Plugin], player: Player) -> None:
        self._plugins = tuple(strategies)
        self._player = player
        self._context: SessionParts | None = None
        self._feed: tuple[object, BarFeed] | None = None
        #: this session's strategies by name
        self.strategies: dict[str, Any] = {}
        self._on_step: list[tuple[str, Callable[[Step], None]]] = []

    def setup(self, context: SessionParts) -> None:
        """Make the session's strategies and set up those that want it."""
        self._context = context
        access = SessionAccess(self._player.view, context.inbox)
        for plugin in self._plugins:
            strategy = plugin.make()
            self.strategies[plugin.name] = strategy
            if hasattr(strategy, "setup"):
                self._call(plugin.name, "setup", partial(strategy.setup, access))
            if hasattr(strategy, "on_bars"):
                self._on_step.append((plugin.name, self._over_all(plugin.name, strategy)))
            if hasattr(strategy, "on_bar"):
                self._on_step.append((plugin.name, self._bar_by_bar(plugin.name, strategy)))

    def on_step(self, step: Step) -> None:
        """Show every strategy what is new."""
        for name, take in self._on_step:
            try:
                take(step)
            except UserCodeError:
                raise
            except Exception as error:
                raise self._failed(name, "", error) from error

    def on_session_end(self) -> None:
        """Tell the strategies that want to know."""
        for name, strategy in self.strategies.items():
            if hasattr(strategy, "on_session_end"):
                self._call(name, "on_session_end", strategy.on_session_end)

    def teardown(self) -> None:
        """Tear down the strategies that want it, and forget all of them."""
        errors: list[Exception] = []
        for name, strategy in self.strategies.items():
            if hasattr(strategy, "teardown"):
                try:
                    self._call(name, "teardown", strategy.teardown)
                except Exception as error:  # noqa: BLE001 - raised together, below
                    errors.append(error)
        self.strategies, self._on_step = {}, []
        self._context = self._feed = None
        if errors:
            raise ExceptionGroup("strategies could not be torn down", errors)

    def _over_all(self, name: str, strategy: Any) -> Callable[[Step], None]:
        on_bars, player = strategy.on_bars, self._player

        def take(step: Step) -> None:
            said = on_bars(player.view)
            if said is not None:
                self._record(name, step, said)

        return take

    def _bar_by_bar(self, name: str, strategy: Any) -> Callable[[Step], None]:
        on_bar, player = strategy.on_bar, self._player

        def take(step: Step) -> None:
            for bar in self._bars().at(player.row):
                try:
                    said = on_bar(bar)
                    if said is not None:
                        self._record(name, step, said)
                except UserCodeError:
                    raise
                except Exception as error:
                    raise self._failed(name, f" at {bar!r}", error) from error

        return take

    def _bars(self) -> BarFeed:
        """Give the feed of the tape that is being played; it is laid anew where symbols change."""
        reveal = self._player.reveal
        assert self._context is not None
        assert reveal is not None
        if self._feed is None or self._feed[0] is not reveal:
            self._feed = (reveal, BarFeed(self._context.data, reveal))
        return self._feed[1]

    def _record(self, name: str, step: Step, said: Any) -> None:
        assert self._context is not None
        data = self._context.data
        for signal in _signals(said):
            if not isinstance(signal, Signal):
                raise UserCodeError(f"strategy {name!r} answered {signal!r}, which is no Signal")
            if signal.symbol not in data:
                raise UserCodeError(
                    f"strategy {name!r} signals {signal.symbol!r}, which is not registered"
                )
            data.record_signal(RecordedSignal(step.time_ns, name, signal))

    def _call(self, name: str, method: str, call: Callable[[], object]) -> None:
        try:
            call()
        except Exception as error:
            raise self._failed(name, f" in {method}", error) from error

    def _failed(self, name: str, place: str, error: Exception) -> FsmSessionError:
        assert self._context is not None
        time = self._context.clock.get_current_time()
        return UserCodeError(
            f"strategy {name!r} raised{place} at {time}: {type(error).__name__}: {error}"
        )


def _signals(said: Any) -> Iterable[Any]:
    return (said,) if isinstance(said, Signal) or not isinstance(said, Iterable) else said
