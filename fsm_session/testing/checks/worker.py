"""Holds a worker to its promises, in real runs over markets of every kind, inline and in threads.

A worker lives through all sessions of a run, so it has every opportunity to remember one, to
keep it alive, or to leave something running. Teardown is where it must not.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from attrs import frozen

from fsm_session.errors import RunFailedError, RunInterruptedError
from fsm_session.testing import strategies
from fsm_session.testing.checks.leftovers import Before, Witness
from fsm_session.testing.checks.memory import Memory
from fsm_session.testing.checks.parts import error_of
from fsm_session.testing.checks.promises import hold, search
from fsm_session.testing.checks.trial import Trial
from fsm_session.testing.checks.words import error_words, market_shown
from fsm_session.testing.days import SESSIONS, small_market
from fsm_session.workers.worker import BaseWorker, Worker

Observe = Callable[[Any], Any]
Market = dict[str, pd.DataFrame]
_MOST_BARS = 8
_LONGEST = 60


def check_worker(
    factory: Callable[[], Worker],
    *,
    observe: Observe | None = None,
    symbols: Sequence[str] = ("AAA", "BBB"),
    dates: Sequence[str] = SESSIONS[:2],
    streams: Sequence[str] = ("1m", "5m"),
    data: Mapping[str, Any] | None = None,
    max_examples: int = 15,
    **tables: Any,
) -> None:
    """Check that a worker keeps its promises in runs over random markets of one-minute bars.

    ``factory`` makes one. ``observe``: takes a worker and gives what it has come to in a session,
    a value to compare, asked when the session has ended; what survives from one session to the
    next can only be seen in it. The others are those of
    :func:`~fsm_session.testing.check_strategy`.

    It has a name; its teardown is safe before its set-up, and twice; it raises on no market: with
    gaps, halts, no volume, a symbol that comes late, a day without any bar. On a day after
    another it comes to what it comes to on that day alone, in threads too. After its teardown no
    thread of it is running, no file is open, and nothing of the session's data is held.

    Raises BrokenPromiseError, an AssertionError, that begins with one sentence about the smallest
    market found on which one of these doesn't hold: "worker 'Feed' leaves the thread 'poll'
    running after its teardown". RequirementsError where what it needs isn't there.
    """
    __tracebackhide__ = True
    worker = factory()
    hold(_no_worker(worker))
    for times in ("before its set-up", "twice before its set-up"):
        hold(_unsafe_teardown(worker, times))
    memory = Memory(factory, worker)
    wishes = (tuple(symbols), tuple(dates), tuple(streams), data or {}, tables)
    check = _Check(factory, observe, Trial({}, memory, *wishes), f"worker {worker.name!r}")
    # what the library itself opens, and keeps, is open before anything is compared
    check.trial.run(small_market(symbols, dates))
    try:
        search(
            strategies.markets(symbols, check.trial.sessions, _MOST_BARS),
            check.broken,
            max_examples,
        )
    finally:
        memory.restore()


def _no_worker(worker: Any) -> str:
    if isinstance(worker, type) or not isinstance(worker, Worker):
        return f"{worker!r} is no worker: it lacks a name or a method of the protocol"
    name: Any = worker.name
    named = isinstance(name, str) and name.strip()
    return "" if named else f"{type(worker).__name__} has no name but {name!r}"


def _unsafe_teardown(worker: Worker, when: str) -> str:
    try:
        worker.teardown()
    except Exception as error:  # noqa: BLE001 - whatever an author's worker raises
        return f"worker {worker.name!r} can't be torn down {when}: {error_words(error)}"
    return ""


class _Observer(BaseWorker):
    """Looks at a worker when each session has ended: it is set up, and told, behind it."""

    name = "observer"

    def __init__(self, worker: Worker, observe: Observe | None) -> None:
        self._worker, self._observe = worker, observe
        self._context: Any = None
        #: what was seen, by the date of the session
        self.seen: dict[str, Any] = {}

    def setup(self, context: Any) -> None:
        self._context = context

    def on_session_end(self) -> None:
        if self._observe is not None:
            date = self._context.clock.session.label
            self.seen[date] = copy.deepcopy(self._observe(self._worker))

    def teardown(self) -> None:
        self._context = None


@frozen(eq=False)
class _Check:
    """A worker's check on one market after another; ``what`` names it in the sentence."""

    factory: Callable[[], Worker]
    observe: Observe | None
    trial: Trial
    what: str

    def broken(self, market: Market) -> str:
        """Say which promise it breaks on this market, and show that."""
        try:
            told = next(self._broken_promises(market), "")
        except (RunFailedError, RunInterruptedError) as group:
            told = error_of(group, market, self.trial.zone)
        return f"{told}\n{market_shown(market, self.trial.zone)}" if told else ""

    def _broken_promises(self, market: Market) -> Iterator[str]:
        inline = yield from self._run(market)
        threaded = yield from self._run(market, threads=True)
        for date in self.trial.dates:
            if found := _differing(inline, threaded, date):
                first, second = found
                yield f"{self.what} comes to {first} on {date}, and to {second} in threads"
        for before, date in zip(self.trial.dates, self.trial.dates[1:], strict=False):
            alone = yield from self._run(market, dates=[date])
            if found := _differing(alone, inline, date):
                first, second = found
                told = f"comes to {first} on {date} alone, and to {second} after {before}"
                yield f"{self.what} {told}: {self._what_survives(market)} Teardown"

    def _run(self, market: Market, **options: Any) -> Generator[str, None, dict[str, Any]]:
        """Run a new worker, say what of it is left behind, and give what was observed."""
        worker, witness = self.factory(), Witness()
        observer, before = _Observer(worker, self.observe), Before()
        self.trial.run(market, workers=[witness, worker, observer], **options)
        for left in before.left():
            yield f"{self.what} leaves {left} after its teardown"
        if date := witness.still_there():
            yield f"{self.what} holds data of {date} after its teardown"
        if told := _unsafe_teardown(worker, "twice"):
            yield told
        return observer.seen

    def _what_survives(self, market: Market) -> str:
        """Name what is not as it was: attributes of the worker, and what is outside of it."""
        worker = self.factory()
        self.trial.run(market, workers=[worker])
        found = self.trial.memory.changed()
        fresh, used = (getattr(each, "__dict__", {}) for each in (self.factory(), worker))
        found += [name for name in used if name not in fresh or not _same(used[name], fresh[name])]
        names = " and ".join(found) or "something"
        return f"{names} {'survives' if len(found) < 2 else 'survive'}"


def _differing(one: dict[str, Any], other: dict[str, Any], date: str) -> tuple[str, str] | None:
    """Give what was observed on a date in each, in words, where that differs."""
    first, second = one.get(date), other.get(date)
    return None if _same(first, second) else (_short(first), _short(second))


def _same(one: Any, other: Any) -> bool:
    """Compare values as they are, with arrays and NaN in them too."""
    try:
        np.testing.assert_equal(one, other)
    except Exception:  # noqa: BLE001 - AssertionError, or whatever compares by itself
        return False
    return True


def _short(value: Any) -> str:
    said = repr(value)
    return said if len(said) <= _LONGEST else f"{said[:_LONGEST]}..."
