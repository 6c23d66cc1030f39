"""How single values of a configuration are read: texts, numbers, dates, intervals, free tables."""

from __future__ import annotations

import datetime as dt
import math
import reprlib
from collections.abc import Callable, Iterator, Mapping
from types import NoneType
from typing import Any, NoReturn

from fsm_session.errors import ConfigError, Fault
from fsm_session.market.interval import Interval
from fsm_session.market.span import Span

#: reads a value as a type; ConfigError where it is none
Hook = Callable[[Any, Any], Any]


def refuse(value: object, wanted: str) -> NoReturn:
    """Raise ConfigError: what is wanted, and what there is instead."""
    raise ConfigError(f"expected {wanted}, not {reprlib.repr(value)}")


def _text(value: object, _: object) -> str:
    return value if isinstance(value, str) else refuse(value, "a text")


def _flag(value: object, _: object) -> bool:
    return value if isinstance(value, bool) else refuse(value, "true or false")


def _whole(value: object, _: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        refuse(value, "a whole number")
    return value


def _number(value: object, _: object) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        # an int beyond float's range is no more finite than inf
        with_size = float(value) if abs(value) < 1e300 else math.inf
        if math.isfinite(with_size):
            return with_size
    refuse(value, "a finite number")


def _date(value: object, _: object) -> dt.date:
    try:
        return dt.date.fromisoformat(_text(value, _))
    except (ValueError, ConfigError):
        refuse(value, "a date such as 2024-07-01")


def _time(value: object, _: object) -> dt.time:
    try:
        time = dt.time.fromisoformat(_text(value, _))
    except (ValueError, ConfigError):
        refuse(value, 'a time of day such as "09:35"')
    if time.tzinfo is not None:
        refuse(value, 'exchange time without a zone, such as "09:35"')
    return time


def _interval(value: object, _: object) -> Interval:
    return Interval.parse(value)  # type: ignore[arg-type]  # it refuses what is no text


def _span(value: object, _: object) -> Span:
    return Span.parse(_text(value, _))


def read_table(value: object, _: object) -> dict[str, object]:
    """Read a table of parameters, of whatever JSON can give back."""
    if not isinstance(value, Mapping):
        refuse(value, "a table { key = value }")
    if faults := [*_unplain(value)]:
        raise ConfigError(faults)
    return dict(value)


def _unplain(value: object, place: str = "") -> Iterator[Fault]:
    """Find what a table of parameters may not hold: what JSON could not give back."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if isinstance(key, str) and _is_whole(key):
                yield from _unplain(inner, f"{place}.{key}" if place else key)
            else:
                yield Fault(f"expected a text as the key, not {key!r}", key=place)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _unplain(inner, f"{place}[{number}]")
    elif isinstance(value, float) and not math.isfinite(value):
        yield Fault(f"expected a finite number, not {value}", key=place)
    elif isinstance(value, str) and not _is_whole(value):
        yield Fault(f"has half a character in it: {reprlib.repr(value)}", key=place)
    elif type(value) not in (str, bool, int, float, NoneType):
        wanted = "a text, a number, true, false, a list or a table"
        yield Fault(f"expected {wanted}, not {reprlib.repr(value)}", key=place)


def _is_whole(text: str) -> bool:
    """Tell whether a text can be written: half of a surrogate pair can't."""
    return text.isascii() or not any("\ud800" <= each <= "\udfff" for each in text)


SCALARS: Mapping[Any, Hook] = {
    str: _text,
    bool: _flag,
    int: _whole,
    float: _number,
    dt.date: _date,
    dt.time: _time,
    Interval: _interval,
    Span: _span,
}
