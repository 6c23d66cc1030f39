"""What the user brings beside the configuration's wishes: strategies, scanners and workers.

Each is made once to see that it can be, and all that is wrong with any of them is collected: it
is told at Validate, together with whatever else is missing. What is asked for of the symbols
that are traded, and of those that scanners watch, is put together here too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import evolve, frozen

from fsm_session.config import (
    DataConfig,
    ScannerConfig,
    SessionConfig,
    StrategyConfig,
    UniverseConfig,
)
from fsm_session.config.rules import LONGEST_NAME
from fsm_session.errors import ConfigError, Fault, FaultyInputError, IndicatorError
from fsm_session.market.events import EventKind
from fsm_session.market.indicators import Indicator, IndicatorSpec, resolve
from fsm_session.named import place_fault
from fsm_session.plugins import Plugin, check_parts, from_object, from_use
from fsm_session.session.needs import Needs
from fsm_session.workers.scan_times import ScannerPlan
from fsm_session.workers.strategy_manager import StrategyPlan
from fsm_session.workers.worker import Worker

STRATEGY = ("on_bars", "on_bar")
#: what a strategy may have beside or instead of these, by what has to be streamed for it
EVENT_METHODS: Mapping[EventKind, tuple[str, str]] = {
    "quotes": ("on_quotes", "on_quote"),
    "ticks": ("on_ticks", "on_tick"),
}
SCANNER = ("scan",)
#: what a part may say as attributes where its table does not, and one handed over of its times
STRATEGY_KEYS = ("intervals", "on_error")
SCANNER_KEYS = ("universe", "on_error")
SCANNER_TIMES = ("pre_session", "every", "between")
#: what stands for a place where there is none: the part itself was handed over
GIVEN = "given:object"

Part = ScannerConfig | StrategyConfig
Wish = TypeVar("Wish", ScannerConfig, StrategyConfig)
#: how to make a part, and one that was made
Found = tuple[Plugin, Any]


@frozen(eq=False)
class UserParts:
    """Strategies, scanners and workers, ready to be made; ``faults`` is what is wrong.

    ``needs`` are those of the symbols that are traded, ``universes`` those of scanners, by name.
    ``not_imported`` tells what is named and was left where it is, each with its key; with any, no
    run can be made of them.
    """

    needs: Needs
    universes: Mapping[str, Needs]
    strategies: tuple[StrategyPlan, ...] = ()
    scanners: tuple[ScannerPlan, ...] = ()
    workers: tuple[Worker, ...] = ()
    faults: tuple[Fault, ...] = ()
    not_imported: tuple[str, ...] = ()


def collect(
    config: SessionConfig,
    strategies: Sequence[Any],
    scanners: Sequence[Any],
    workers: Sequence[Worker],
    *,
    import_parts: bool = True,
) -> UserParts:
    """Find what the configuration names, and add what is handed over beside it.

    Without ``import_parts`` nothing of what it names is imported, only told: what such a part
    would say of itself, and how much history an indicator of one's own needs, is not known.
    Raises nothing for what is wrong with them: that stands in ``faults``.
    """
    collector = (_Collector if import_parts else _Onlooker)(config)
    return collector.collect(strategies, scanners, workers)


class _Collector:
    """Collects the user's strategies, scanners and workers, with all that is wrong with them."""

    def __init__(self, config: SessionConfig) -> None:
        self._config = config
        self._faults: list[Fault] = []
        self._universes: dict[str, Needs] = {}
        self._not_imported: list[str] = []

    def collect(
        self, strategies: Sequence[Any], scanners: Sequence[Any], workers: Sequence[Worker]
    ) -> UserParts:
        """Find what is named, take what is handed over, and make each of them once to see."""
        found = tuple(self._strategies(strategies))
        plans = tuple(self._scanners(scanners))
        self._distinct([plan.plugin.name for plan in found], "strategies")
        self._distinct([plan.plugin.name for plan in plans], "scanners")
        sound = tuple(self._workers(workers))
        self._distinct([worker.name for worker in sound], "workers")
        needs = self._needs(self._config.data, "data")
        faults, unseen = tuple(self._faults), tuple(self._not_imported)
        return UserParts(needs, self._universes, found, plans, sound, faults, unseen)

    def _needs(self, wishes: DataConfig | UniverseConfig, key: str) -> Needs:
        return Needs.of(wishes, key, self._config.folder)

    def _workers(self, workers: Sequence[Worker]) -> Iterator[Worker]:
        for number, worker in enumerate(workers):
            given: object = worker
            if isinstance(given, Worker) and not isinstance(given, type):
                yield worker
            else:
                told = f"{worker!r} is no worker: it lacks a name or a method of the protocol"
                self._faults.append(Fault(told, key=f"workers[{number}]"))

    def _strategies(self, strategies: Sequence[Any]) -> Iterator[StrategyPlan]:
        methods = (*STRATEGY, *(name for names in EVENT_METHODS.values() for name in names))
        for number, wish, plugin, made in self._all("strategies", strategies, methods):
            self._never_called(plugin, made, number)
            with self._noting():
                filled = _filled(wish or StrategyConfig(GIVEN, plugin.name), made, STRATEGY_KEYS)
                yield StrategyPlan.of(plugin, self._read("strategies", filled, number))

    def _never_called(self, plugin: Plugin, made: Any, number: int) -> None:
        """Refuse a method for events that are not streamed: it would wait for ever."""
        streamed = self._config.data.events()
        for kind, names in EVENT_METHODS.items():
            for name in names if kind not in streamed else ():
                if callable(getattr(made, name, None)):
                    told = f'{plugin.name} has {name}, and "{kind}" is not in [data] streams'
                    self._faults.append(Fault(told, self._config.file, f"strategies[{number}]"))

    def _scanners(self, scanners: Sequence[Any]) -> Iterator[ScannerPlan]:
        for number, wish, plugin, made in self._all("scanners", scanners, SCANNER):
            with self._noting():
                filled = _filled(wish or _timed(plugin, made), made, SCANNER_KEYS)
                yield self._scanner(plugin, filled, number)

    def _all(
        self, kind: str, given: Sequence[Any], methods: tuple[str, ...]
    ) -> Iterator[tuple[int, Any, Plugin, Any]]:
        """Give number, wish, plugin and one that was made: of those named, then those handed over.

        Those that were handed over have no wish.
        """
        for number, wish in enumerate(getattr(self._config, kind)):
            for plugin, made in self._named(wish, f"{kind}[{number}]", methods):
                yield number, wish, plugin, made
        for number, part in enumerate(given):
            for plugin, made in self._given(part, f"{kind}[{number}]", methods):
                yield number, None, plugin, made

    def _scanner(self, plugin: Plugin, wish: ScannerConfig, number: int) -> ScannerPlan:
        read: ScannerConfig = self._read("scanners", wish, number)
        if read.universe is not None:
            place = f"scanners[{number}]" if wish.use != GIVEN else f"scanner {plugin.name!r}"
            self._universes[plugin.name] = self._needs(read.universe, f"{place}.universe")
        return ScannerPlan.of(plugin, read)

    def _read(self, kind: str, wish: Part, number: int) -> Any:
        """Hold what a part says of itself to the rules of the configuration."""
        # it says nothing that has not been read, or nothing at all
        if wish in getattr(self._config, kind) or wish == StrategyConfig(GIVEN, _plain_name(wish)):
            return wish
        tables: dict[str, Any] = {"scanners": (), "strategies": (), kind: (wish,)}
        try:
            (read,) = getattr(evolve(self._config, **tables), kind)
        except ConfigError as error:
            # it was read as the first and only one, out of a file that does not have all of it
            key, file = f"{kind}[{number}]", "" if wish.use == GIVEN else self._config.file
            raise ConfigError(
                evolve(each, file=file, key=each.key.replace(f"{kind}[0]", key, 1))
                for each in error.faults
            ) from error
        return read

    def _named(self, wish: Part, key: str, methods: tuple[str, ...]) -> Iterator[Found]:
        """Find what the configuration names; nothing where it can't be found or made."""
        fault = Fault("", self._config.file, f"{key}.use")
        with self._noting():
            plugin = from_use(wish.use, wish.name, wish.parameters, self._config.folder, fault)
            yield plugin, check_parts(plugin, methods, fault)

    def _given(self, given: Any, key: str, methods: tuple[str, ...]) -> Iterator[Found]:
        """Take what was handed over; nothing where it can't be copied or made."""
        with self._noting():
            plugin = from_object(given, Fault("", key=key))
            yield plugin, check_parts(plugin, methods, Fault("", key=key))

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


class _Onlooker(_Collector):
    """Collects without importing: what is named is told, and checked as far as that goes."""

    def _named(self, wish: Part, key: str, *_: object) -> Iterator[Found]:
        """Give nothing; of a scanner's universe that stands in its table, all is known."""
        self._not_imported.append(f"{key}.use: {wish.use}")
        if isinstance(wish, ScannerConfig) and wish.universe is not None:
            self._universes[wish.name] = self._needs(wish.universe, f"{key}.universe")
        return iter(())

    def _needs(self, wishes: DataConfig | UniverseConfig, key: str) -> Needs:
        """Find TA-Lib's indicators, and tell the others: how much history they need is unknown."""
        for place, spec in enumerate(wishes.indicators):
            if ":" in spec.function:
                told = f"{key}.indicators[{place}].function: {spec.function}"
                self._not_imported.append(f"{told} (nor was its history looked at)")
        return Needs(wishes, key, tuple(map(_looked_at, wishes.indicators)))


def _looked_at(spec: IndicatorSpec) -> Indicator | IndicatorError:
    """Find an indicator of TA-Lib's; of another see only that its place can be one.

    An error without a fault stands for it: there is nothing, and nothing is wrong.
    """
    try:
        if ":" not in spec.function:
            return resolve(spec)
    except IndicatorError as error:
        return error
    wrong = place_fault(spec.function)
    return IndicatorError([Fault(f"{spec} {wrong}")] if wrong else ())


def _plain_name(wish: Part) -> str:
    """Give its name where that needs no checking: a class's mostly doesn't."""
    return wish.name if wish.name.isidentifier() and len(wish.name) <= LONGEST_NAME else ""


def _timed(plugin: Plugin, made: Any) -> ScannerConfig:
    """Take the times of a scanner handed over; one that says none runs before the session."""
    wish = _filled(ScannerConfig(GIVEN, plugin.name), made, SCANNER_TIMES)
    return wish if wish.every or wish.between else evolve(wish, pre_session=True)


def _filled(wish: Wish, made: Any, keys: Sequence[str]) -> Wish:
    """Fill what a wish leaves open with the attributes that a part has of these names."""
    open_ = (key for key in keys if getattr(wish, key) in (None, False))
    given = {key: getattr(made, key, None) for key in open_}
    return evolve(wish, **{key: value for key, value in given.items() if value is not None})
