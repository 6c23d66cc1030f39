"""Holds a scanner to its promises, on markets of every kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fsm_session.testing.checks.memory import Memory
from fsm_session.testing.checks.parts import check_part, made_of, name_of
from fsm_session.testing.checks.trial import Trial
from fsm_session.testing.days import SESSIONS


def check_scanner(
    factory: Any,
    *,
    symbols: Sequence[str] = ("AAA", "BBB"),
    dates: Sequence[str] = SESSIONS[:2],
    streams: Sequence[str] = ("1m", "5m"),
    data: Mapping[str, Any] | None = None,
    max_examples: int = 25,
    **tables: Any,
) -> None:
    """Check that a scanner keeps its promises on random markets of one-minute bars.

    ``factory``, ``dates``, ``streams``, ``data`` and ``tables`` are those of
    :func:`~fsm_session.testing.check_strategy`. It runs at the times that it has as attributes
    (``pre_session``, ``every``, ``between``), before the session where it has none. ``symbols``
    are those that are traded; those of a ``universe`` of its own are on the market beside them.

    It promises what a strategy does: it raises on no market; what it finds is symbols with
    figures that are numbers; it finds the same each time it is run, on a day alone and after
    another, in threads, whatever the order of symbols, and whatever the future.

    Raises BrokenPromiseError, an AssertionError, that begins with one sentence about the smallest
    market found on which one of these doesn't hold. Raises RequirementsError where what it needs
    isn't there, ValueError where it never runs.
    """
    __tracebackhide__ = True
    made = made_of(factory)
    trial = Trial(
        {"scanners": [factory]},
        Memory(factory, made),
        tuple(symbols),
        tuple(dates),
        tuple(streams),
        data or {},
        tables,
        _watched(made),
    )
    check_part(trial, f"scanner {name_of(factory)!r}", max_examples)


def _watched(made: Any) -> tuple[str, ...]:
    """Give the symbols of a scanner's universe; () where it has none, or a file of them."""
    universe = getattr(made, "universe", None)
    named = universe.get("symbols", ()) if isinstance(universe, Mapping) else ()
    return () if isinstance(named, str) else tuple(named)
