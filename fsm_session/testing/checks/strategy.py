"""Holds a strategy to its promises, on markets of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fsm_session.testing.checks.memory import Memory
from fsm_session.testing.checks.parts import check_part, made_of, name_of
from fsm_session.testing.checks.trial import Trial
from fsm_session.testing.days import SESSIONS


def check_strategy(
    factory: Any,
    *,
    symbols: Sequence[str] = ("AAA", "BBB"),
    dates: Sequence[str] = SESSIONS[:2],
    streams: Sequence[str] = ("1m", "5m"),
    data: Mapping[str, Any] | None = None,
    max_examples: int = 25,
    **tables: Any,
) -> None:
    """Check that a strategy keeps its promises on random markets of one-minute bars.

    ``factory``: what a coordinator takes: a class, a function that makes one, or an object, of
    which each session gets a copy. ``dates``: sessions, the second of these a half-day; how much
    history comes before them is found out. ``streams``, ``data`` (indicators, history, ...) and
    ``tables`` are the configuration's, as it needs them.

    It raises on no market: with gaps, halts, half-days, no volume, a symbol that comes late or is
    missing. Its signals name registered symbols, with texts and finite quantities. It says the
    same each time it is run; on a day after another what it says on that day alone, so nothing
    survives Teardown; the same in threads, and in whatever order symbols are configured; and
    nothing that it would not say if the future were another.

    Raises BrokenPromiseError, an AssertionError, that begins with one sentence about the smallest
    market found on which one of these doesn't hold: "strategy 'Once' says buy AAA at 2024-07-03
    09:31 when 2024-07-03 is run alone, and nothing after 2024-07-02: Once.bought survives
    Teardown". Raises RequirementsError where what it needs isn't there, ValueError where it is
    never called.
    """
    __tracebackhide__ = True
    trial = Trial(
        {"strategies": [factory]},
        Memory(factory, made_of(factory)),
        tuple(symbols),
        tuple(dates),
        tuple(streams),
        data or {},
        tables,
    )
    check_part(trial, f"strategy {name_of(factory)!r}", max_examples)
