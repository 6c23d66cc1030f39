"""What the user brings beside the configuration's wishes: strategies, scanners and workers.

Each is made once to see that it can be, and all that is wrong with any of them is collected: it
is told at Validate, together with whatever else is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import evolve, frozen

from fsm_session.config import ScannerConfig, SessionConfig, StrategyConfig
from fsm_session.errors import Fault, FaultyInputError
from fsm_session.plugins import Plugin, check_parts, from_object, from_use
from fsm_session.workers.scanner_manager import ScannerPlan
from fsm_session.workers.worker import Worker

STRATEGY = ("on_bars", "on_bar")
SCANNER = ("scan",)


@frozen(eq=False)
class UserParts:
    """Strategies, scanners and workers, ready to be made; ``faults`` is what is wrong."""

    strategies: tuple[Plugin, ...] = ()
    scanners: tuple[ScannerPlan, ...] = ()
    workers: tuple[Worker, ...] = ()
    faults: tuple[Fault, ...] = ()


def collect(
    config: SessionConfig,
    strategies: Sequence[Any],
    scanners: Sequence[Any],
    workers: Sequence[Worker],
) -> UserParts:
    """Find what the configuration names, and add what is handed over beside it.

    Raises nothing for what is wrong with them: that stands in ``faults``.
    """
    return _Collector(config).collect(strategies, scanners, workers)


class _Collector:
    """Collects the user's strategies, scanners and workers, with all that is wrong with them."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._faults: list[Fault] = []

    def collect(
        self, strategies: Sequence[Any], scanners: Sequence[Any], workers: Sequence[Worker]
    ) -> UserParts:
        """Find what is named, take what is handed over, and make each of them once to see."""
        found = [
            plugin
            for number, wish in enumerate(self._config.strategies)
            for plugin in self._named(wish, f"strategies[{number}]", STRATEGY)
        ]
        for number, given in enumerate(strategies):
            found += self._given(given, f"strategies[{number}]", STRATEGY)
        plans = self._scanners(scanners)
        self._distinct([each.name for each in found], "strategies")
        self._distinct([plan.plugin.name for plan in plans], "scanners")
        sound = tuple(self._workers(workers))
        self._distinct([worker.name for worker in sound], "workers")
        return UserParts(tuple(found), tuple(plans), sound, tuple(self._faults))

    def _workers(self, workers: Sequence[Worker]) -> Iterator[Worker]:
        for number, worker in enumerate(workers):
            given: object = worker
            if isinstance(given, Worker) and not isinstance(given, type):
                yield worker
            else:
                told = f"{worker!r} is no worker: it lacks a name or a method of the protocol"
                self._faults.append(Fault(told, key=f"workers[{number}]"))

    def _scanners(self, scanners: Sequence[Any]) -> list[ScannerPlan]:
        plans = [
            ScannerPlan.of(plugin, wish)
            for number, wish in enumerate(self._config.scanners)
            for plugin in self._named(wish, f"scanners[{number}]", SCANNER)
        ]
        for number, given in enumerate(scanners):
            for plugin in self._given(given, f"scanners[{number}]", SCANNER):
                with self._noting():
                    plans.append(ScannerPlan.of(plugin, self._times(plugin, given)))
        return plans

    def _named(
        self, wish: ScannerConfig | StrategyConfig, key: str, methods: tuple[str, ...]
    ) -> list[Plugin]:
        """Find what the configuration names; nothing where it can't be found or made."""
        fault = Fault("", self._config.file, f"{key}.use")
        with self._noting():
            found = from_use(wish.use, wish.name, wish.parameters, self._config.folder, fault)
            check_parts(found, methods, fault)
            return [found]
        return []

    def _given(self, given: Any, key: str, methods: tuple[str, ...]) -> list[Plugin]:
        """Take what was handed over; nothing where it can't be copied or made."""
        with self._noting():
            taken = from_object(given, Fault("", key=key))
            check_parts(taken, methods, Fault("", key=key))
            return [taken]
        return []

    def _times(self, plugin: Plugin, scanner: Any) -> ScannerConfig:
        """Take a scanner's times from its attributes, by the rules of the configuration."""
        names = ("pre_session", "every", "between")
        given = {name: getattr(scanner, name, None) for name in names}
        times = {name: value for name, value in given.items() if value is not None}
        wish = {"use": "given:object", "name": plugin.name, **(times or {"pre_session": True})}
        read = evolve(self._config, scanners=(wish,))  # type: ignore[arg-type]
        return read.scanners[0]

    @contextmanager
    def _noting(self) -> Iterator[None]:
        """Note what is wrong instead of raising it."""
        try:
            yield
        except FaultyInputError as error:
            self._faults += error.faults

    def _distinct(self, names: Sequence[str], key: str) -> None:
        for name in sorted({name for name in names if names.count(name) > 1}):
            told = f"{name!r} is the name of two: give each a name"
            self._faults.append(Fault(told, self._config.file, key))
