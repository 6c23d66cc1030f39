"""What the fields of a configuration have in common: their rules, and the types that carry them."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Sequence
from typing import Annotated, Protocol

from fsm_session.config.reading import rule
from fsm_session.errors import Fault
from fsm_session.market.bars import COLUMNS
from fsm_session.market.events import EventKind, Quotes, Ticks
from fsm_session.market.interval import Interval
from fsm_session.named import place_fault

LONGEST_NAME = 200
COLUMN_NAMES = ("time", *COLUMNS, *Quotes.FIELDS, *Ticks.FIELDS)


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """What it is called."""


def symbol_fault(symbol: str) -> str:
    """Say why a text can be no symbol ("" where it can): it becomes part of file names."""
    if not symbol or symbol != symbol.strip() or not symbol.isprintable():
        return "a symbol is printable, not empty, without space around it"
    if symbol in (".", "..") or "/" in symbol or "\\" in symbol:
        return 'a symbol is no path: not ".", "..", nor with / or \\ in it'
    return "a symbol has at most 64 characters" if len(symbol) > 64 else ""


def check_symbol(symbol: str) -> Iterator[Fault]:
    """Check one symbol."""
    if wrong := symbol_fault(symbol):
        yield Fault(f"{wrong}: {symbol[:80]!r}")


def distinct(items: Sequence[object]) -> Iterator[Fault]:
    """Check that no item is there twice."""
    seen: dict[object, int] = {}
    for place, item in enumerate(items):
        if (first := seen.setdefault(item, place)) < place:
            yield Fault(f"{item} is already at [{first}]", key=f"[{place}]")


def names_distinct(items: Sequence[Named]) -> Iterator[Fault]:
    """Check that no name is there twice."""
    seen: dict[str, int] = {}
    for place, item in enumerate(items):
        if (first := seen.setdefault(item.name, place)) < place:
            told = f"{item.name!r} is already the name of [{first}]: give each one of its own"
            yield Fault(told, key=f"[{place}].name")


def _place(use: str) -> Iterator[Fault]:
    if wrong := place_fault(use):
        yield Fault(f"{wrong}, not {reprlib.repr(use)}")


def _is_name(text: str) -> bool:
    return bool(text.strip()) and text.isprintable() and len(text) <= LONGEST_NAME


def _some_bars(streams: Sequence[object]) -> Iterator[Fault]:
    if streams and all(isinstance(each, str) for each in streams):
        yield Fault("ticks and quotes come beside bars: name an interval too, such as 1m")


filled = rule(lambda it: bool(it), "must not be empty")
no_nul = rule(lambda path: "\0" not in path, "must be a path")
not_negative = rule(lambda number: number >= 0, "must be 0 or above")
above_zero = rule(lambda number: number > 0, "must be above 0")
_clean = rule(_is_name, f"must be a printable name of at most {LONGEST_NAME} characters")

Symbols = Annotated[tuple[Annotated[str, check_symbol], ...], filled, distinct]
Intervals = Annotated[tuple[Interval, ...], filled, distinct]
Streams = Annotated[tuple[Interval | EventKind, ...], filled, distinct, _some_bars]
Name = Annotated[str, _clean]
Use = Annotated[str, _place]
