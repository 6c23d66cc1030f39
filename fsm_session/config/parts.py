"""What is wished of a run beside its data: where that comes from, who looks at it, and how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Annotated, Literal

from attrs import Factory, field, frozen

from fsm_session.config.data import UniverseConfig
from fsm_session.config.reading import near, rule
from fsm_session.config.rules import Name, Use, above_zero, distinct, no_nul
from fsm_session.errors import Fault
from fsm_session.market.interval import Interval

SOURCE_KINDS = ("parquet", "csv", "simulated")
_LATER_KINDS = ("sql", "alpaca")

#: whether a part of the user's that raises fails the run, or is taken out of the session
OnError = Literal["fail", "disable"]


def _known_kind(kind: str) -> Iterator[Fault]:
    if kind in _LATER_KINDS:
        yield Fault(f"{kind!r} comes later; for now: {', '.join(SOURCE_KINDS)}")
    elif kind not in SOURCE_KINDS:
        yield Fault(f"no source is called {kind!r}; {near(kind, SOURCE_KINDS)}")


def _only_fast(speed: float) -> Iterator[Fault]:
    if speed < 0:
        yield Fault(f"must be 0 (as fast as it goes) or above, not {speed:g}")
    elif speed:
        yield Fault(f"a speed other than 0 (as fast as it goes) comes later, so {speed:g} too")


_within_a_day = rule(
    lambda every: every is None or every.within_a_day, "must be shorter than a day"
)


def _own_name(part: ScannerConfig | StrategyConfig) -> str:
    return str(part.use).rpartition(":")[2]


@frozen
class BacktestConfig:
    """From which date to which (both inclusive, need not be trading days), and how fast.

    ``speed`` is simulated seconds a second; 0, the only one for now, is as fast as it goes.
    """

    start: dt.date
    end: dt.date
    speed: Annotated[float, _only_fast] = 0.0

    def _faults(self) -> Iterator[Fault]:
        if self.start > self.end:
            yield Fault(f"the dates are reversed: {self.start} is after {self.end}", key="start")


@frozen
class SourceConfig:
    """Where the market data comes from.

    ``path`` of the bars, and the patterns of ``ticks`` and ``quotes``, are as written, relative
    to the configuration's folder: one of them at least, none for a simulated market.
    ``interval`` is that of the bars there, None where their names or their spacing tell it.
    """

    kind: Annotated[str, _known_kind]
    path: Annotated[str, no_nul] = ""
    interval: Interval | None = None
    parameters: Mapping[str, object] = field(factory=dict)
    ticks: Annotated[str, no_nul] = ""
    quotes: Annotated[str, no_nul] = ""

    def _faults(self) -> Iterator[Fault]:
        if self.kind == "simulated":
            written = {"path": self.path, "ticks": self.ticks, "quotes": self.quotes}
            for name in filter(written.get, written):
                yield Fault(f"a simulated market is read from no {name}: leave it out", key=name)
        elif not (self.path + self.ticks + self.quotes).strip():
            yield Fault(f"missing: where the {self.kind} files are", key="path")


@frozen
class ScannerConfig:
    """A scanner, when it runs, and what it looks at.

    ``pre_session``: before the session; ``every``: so often within it; ``between``: two times
    of day in exchange time, None means the whole session. ``universe``: the symbols it is
    shown, None for those of the session. What is None of ``universe`` and ``on_error`` may be
    an attribute of the scanner; an error fails the run where neither says otherwise.
    """

    use: Use
    name: Name = field(default=Factory(_own_name, takes_self=True))
    pre_session: bool = False
    every: Annotated[Interval | None, _within_a_day] = None
    between: tuple[dt.time, dt.time] | None = None
    parameters: Mapping[str, object] = field(factory=dict)
    universe: UniverseConfig | None = None
    on_error: OnError | None = None

    def _faults(self) -> Iterator[Fault]:
        if self.between and self.every is None:
            yield Fault("says when a scan repeats, but every is not given", key="between")
        if self.between and self.between[0] >= self.between[1]:
            start, end = (time.isoformat() for time in self.between)
            yield Fault(f"must be from earlier to later, not {start} to {end}", key="between")
        if not self.pre_session and self.every is None:
            told = 'never runs: say pre_session = true, or every = "5m", or both'
            yield Fault(told, key="every")


@frozen
class StrategyConfig:
    """A strategy: where its class or function is, what it is made with, what it is called for.

    ``intervals``: only where a bar of one of these is finished; without any, for every step or
    every base bar. What is None may be an attribute of the strategy; an error fails the run
    where neither says otherwise.
    """

    use: Use
    name: Name = field(default=Factory(_own_name, takes_self=True))
    parameters: Mapping[str, object] = field(factory=dict)
    intervals: Annotated[tuple[Interval, ...], distinct] | None = None
    on_error: OnError | None = None


@frozen
class WorkersConfig:
    """Whether workers run in threads, and the seconds a set-up or a teardown may take."""

    threads: bool = False
    deadline: Annotated[float, above_zero] = 10.0
