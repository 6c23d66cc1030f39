"""What a session shows of a market of streams, and what it should: worked out in plain Python."""

from __future__ import annotations

import copy
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import groupby
from typing import Any

from attrs import define

from fsm_session import Signal
from fsm_session.machine import Receipt
from tests.property.living import close_ns, open_ns
from tests.property.streams import (
    DAYS,
    FIELDS,
    INDICATORS,
    KINDS,
    LENGTHS,
    MINUTE,
    NEVER,
    Entry,
    Row,
    World,
    joined,
)
from tests.small_market import ZONE

#: from when (not at it) to when (at it too) a symbol is there
Spans = list[tuple[int, int]]
#: time, kind's order, symbol, place in the file
Happening = tuple[int, int, str, int]
#: when, what, of which symbol, and the answer
Asked = tuple[int, str, str, Receipt]


class Sees:
    """A strategy that writes down each call and all that is shown, and asks for symbols.

    ``asks``: what to ask for at which call, counted from 0 in each session.
    """

    name = "sees"

    def __init__(self, kinds: Sequence[str], asks: dict[int, tuple[str, str]] | None = None):
        self.kinds = tuple(kinds)
        self.asks = asks or {}
        self.log: list[Entry] = []
        self.asked: list[Asked] = []
        # what is not streamed must not be waited for
        for kind in {"quotes", "ticks"} - {*kinds}:
            vars(self).update({f"on_{kind}": None, f"on_{kind[:-1]}": None})

    # each session gets a copy: what it saw is kept outside of it
    def __deepcopy__(self, memo: object) -> Sees:
        return copy.copy(self)

    def setup(self, context: Any) -> None:
        self.context, self.view = context, context.view
        self.calls = 0

    def on_quotes(self, view: Any) -> Signal | None:
        return self.note("on_quotes", None)

    def on_quote(self, quote: Any) -> Signal | None:
        return self.note("on_quote", tuple(quote))

    def on_ticks(self, view: Any) -> Signal | None:
        return self.note("on_ticks", None)

    def on_tick(self, tick: Any) -> Signal | None:
        return self.note("on_tick", tuple(tick))

    def on_bars(self, view: Any) -> Signal | None:
        return self.note("on_bars", None)

    def on_bar(self, bar: Any) -> Signal | None:
        values = (getattr(bar, name) for name in FIELDS["bars"])
        return self.note("on_bar", (bar.symbol, bar.time_ns, *values, _known(bar["sma_3"])))

    def look(self) -> dict[str, Any]:
        return shot(self.view, self.kinds)

    def note(self, method: str, of: Any) -> Signal | None:
        shown = self.look()
        self.log.append((self.view.now_ns, method, of, shown))
        if self.calls in self.asks:
            what, symbol = self.asks[self.calls]
            receipt = getattr(self.context, f"{what}_symbol")(symbol)
            self.asked.append((self.view.now_ns, what, symbol, receipt))
        self.calls += 1
        names = [*self.view]
        return Signal(names[-1], method, f"{zlib.crc32(repr(shown).encode())}") if names else None


def shot(view: Any, kinds: Sequence[str]) -> dict[str, Any]:
    """Take down all that a view shows; NaN as None, so that it equals itself."""
    latest = {name: _all_known(view.latest(name)) for kind in kinds for name in FIELDS[kind]}
    latest |= {name: _all_known(view.latest(name)) for name in (*FIELDS["bars"], *INDICATORS)}
    latest |= {f"close {each}": _all_known(view.latest("close", each)) for each in LENGTHS}
    shown = {symbol: _symbol_shot(view[symbol], kinds) for symbol in view}
    quality = view.quality().tolist()
    return {"now": view.now_ns, **shown, "latest": latest, "quality": quality}


def _symbol_shot(symbol: Any, kinds: Sequence[str]) -> dict[str, Any]:
    bars = {each: symbol.bars(each) for each in ("1m", *LENGTHS)}
    shown: dict[str, Any] = {key: _rows_of(each, FIELDS["bars"]) for key, each in bars.items()}
    shown |= {name: _all_known(symbol.indicator(name)) for name in INDICATORS}
    for kind in kinds:
        shown[kind] = _rows_of(getattr(symbol, kind)(), FIELDS[kind])
        last = getattr(symbol, kind[:-1])
        shown[kind[:-1]] = None if last is None else tuple(last)
    quality = symbol.quality()
    return {**shown, "quality": (quality.percent, quality.present, quality.expected)}


def _rows_of(columns: Any, fields: Sequence[str]) -> list[Row]:
    values = [columns.column(name).tolist() for name in ("time", *fields)]
    return [*zip(*values, strict=True)]


def _known(value: float) -> float | None:
    return None if value != value else value


def _all_known(values: Any) -> list[float | None]:
    return [_known(each) for each in values.tolist()]


@define(eq=False, slots=False)
class Day:
    """What a session should show, with the symbols that are there, by when they are.

    It is worked out row by row, from the market alone.
    """

    world: World
    date: str
    spans: dict[str, Spans]

    @classmethod
    def of(
        cls, world: World, date: str, symbols: Sequence[str] = (), others: Mapping[str, Spans] = {}
    ) -> Day:
        """Take symbols that are there from the open, and others by their spans."""
        always: Spans = [(open_ns(date) - 1, NEVER)]
        spans = {**dict.fromkeys(symbols or world.symbols, always), **others}
        return cls(world, date, {s: spans[s] for s in sorted(spans) if world.has(s, date)})

    def since(self, symbol: str, now_ns: int) -> int:
        """Tell since when a symbol is there; NEVER where it is not."""
        held = [first for first, last in self.spans[symbol] if first < now_ns <= last]
        return held[0] if held else NEVER

    @cached_property
    def merged(self) -> list[Happening]:
        """All that happens: by time, kind, symbol, and place in the file."""
        return sorted(
            (time, KINDS.index(kind), symbol, place)
            for symbol in self.spans
            for kind in (*self.world.kinds, "bars")
            for place, row in enumerate(self.world.rows(kind, symbol, self.date))
            for time in [row[0] + (MINUTE if kind == "bars" else 0)]
            if self.since(symbol, time) < NEVER
        )

    @cached_property
    def finished(self) -> dict[str, set[tuple[int, str]]]:
        """At which steps bars are finished, of whom, by interval: the first at or after the end."""
        steps = [*sorted({time for time, *_ in self.merged}), close_ns(self.date)]
        found: dict[str, set[tuple[int, str]]] = {each: set() for each in ("1m", *LENGTHS)}
        for interval, symbol in ((i, s) for i in found for s in self.spans):
            for end, _ in self.bars(symbol, self.date, interval):
                step = next(each for each in steps if each >= end)
                if self.since(symbol, step) < end:
                    found[interval].add((step, symbol))
        return found

    def entries(self) -> Iterator[Entry]:
        """Go through the steps: first quotes, then ticks, then bars; each over all, then singly."""
        new_bars = {step for some in self.finished.values() for step, _ in some}
        for now in sorted({time for time, *_ in self.merged} | new_bars):
            shown = self.shot(now)
            for order, kind in enumerate(KINDS):
                here = [
                    (s, place) for time, o, s, place in self.merged if (time, o) == (now, order)
                ]
                if here or (kind == "bars" and now in new_bars):
                    yield now, f"on_{kind}", None, shown
                for symbol, place in here:
                    yield now, f"on_{kind[:-1]}", self.single(kind, symbol, place), shown

    def single(self, kind: str, symbol: str, place: int) -> Row:
        """Give one bar, tick or quote as plain values; a bar with its average."""
        time, *values = self.world.rows(kind, symbol, self.date)[place]
        if kind != "bars":
            return (symbol, time, *values, ZONE)
        return (symbol, time, *values, self.average("sma_3", symbol, time + MINUTE)[-1])

    def bars(self, symbol: str, date: str, interval: str) -> Iterator[tuple[int, Row]]:
        """Derive the bars of a day, each with its end; those of a minute are what they are."""
        first, length = open_ns(date), LENGTHS.get(interval, 1) * MINUTE
        rows = self.world.rows("bars", symbol, date)
        for place, some in groupby(rows, lambda row: (row[0] - first) // length):
            start = first + place * length
            yield min(start + length, close_ns(date)), (start, *joined([r[1:] for r in some]))

    def happened(self, symbol: str, interval: str, now_ns: int) -> list[Row]:
        """Give the bars up to an instant, those of the history first."""
        place = DAYS.index(self.date)
        days = DAYS[place - self.world.days : place + 1]
        bars = [each for day in days for each in self.bars(symbol, day, interval)]
        return [row for end, row in bars if end <= now_ns]

    def average(self, name: str, symbol: str, now_ns: int) -> list[float | None]:
        interval, length = INDICATORS[name]
        closes = [row[4] for row in self.happened(symbol, interval, now_ns)]
        means = [sum(closes[n - length : n]) / length for n in range(length, len(closes) + 1)]
        return [*[None] * (len(closes) - len(means)), *means]

    def shot(self, now_ns: int) -> dict[str, Any]:
        """Give all that a view should show."""
        names = [each for each in self.spans if self.since(each, now_ns) < NEVER]
        shown = {each: self.symbol(each, now_ns) for each in names}
        latest = {name: [newest(shown[each], name) for each in names] for name in self.names()}
        quality = [shown[each]["quality"][0] for each in names]
        return {"now": now_ns, **shown, "latest": latest, "quality": quality}

    def names(self) -> list[str]:
        """Name what has a newest value."""
        fields = [name for kind in (*self.world.kinds, "bars") for name in FIELDS[kind]]
        return [*fields, *INDICATORS, *(f"close {each}" for each in LENGTHS)]

    def symbol(self, symbol: str, now_ns: int) -> dict[str, Any]:
        """Give all that is to be seen of one symbol."""
        shown: dict[str, Any] = {
            each: self.happened(symbol, each, now_ns) for each in ("1m", *LENGTHS)
        }
        shown |= {name: self.average(name, symbol, now_ns) for name in INDICATORS}
        for kind in self.world.kinds:
            rows = self.world.rows(kind, symbol, self.date)
            some = shown[kind] = [row for row in rows if row[0] <= now_ns]
            shown[kind[:-1]] = (symbol, *some[-1], ZONE) if some else None
        return {**shown, "quality": self.quality(symbol, now_ns)}

    def quality(self, symbol: str, now_ns: int) -> tuple[float, int, int]:
        """Count the minutes that have ended, and those of them with a bar."""
        expected = (min(now_ns, close_ns(self.date)) - open_ns(self.date)) // MINUTE
        rows = self.world.rows("bars", symbol, self.date)
        present = sum(row[0] + MINUTE <= now_ns for row in rows)
        return (100.0 * present / expected if expected else 100.0), present, expected


def newest(shown: Mapping[str, Any], name: str) -> float | None:
    """Find the newest value of a field, an indicator, or a field of longer bars."""
    column, _, interval = name.partition(" ")
    if column in INDICATORS:
        return shown[column][-1] if shown[column] else None
    kind = next(kind for kind in KINDS if column in FIELDS[kind])
    rows = shown[interval or "1m"] if kind == "bars" else shown[kind]
    return rows[-1][1 + FIELDS[kind].index(column)] if rows else None
