"""Reads frozen attrs classes out of what TOML and JSON hold, strictly, every fault at once.

It knows no wish by name: the fields of a class, their types and the checks annotated on them
(``Annotated[float, rule(...)]``) say what is right. A fault's key is its dotted place.
"""

from __future__ import annotations

import datetime as dt
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from types import NoneType, SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin

import attrs

from fsm_session.config.values import SCALARS, Hook, read_table, refuse
from fsm_session.errors import ConfigError, Fault, FaultyInputError
from fsm_session.market.interval import Interval
from fsm_session.market.span import Span

if TYPE_CHECKING:
    from cattrs import Converter

Check = Callable[[Any], Iterable[Fault]]

#: among no more names than these the nearest is looked for
COMPARED = 200


def rule(holds: Callable[[Any], bool], message: str) -> Check:
    """Make a check, for Annotated: ``message`` says what is right where it doesn't hold."""

    def check(value: object) -> Iterator[Fault]:
        if not holds(value):
            told = value if isinstance(value, Interval) else reprlib.repr(value)
            yield Fault(f"{message}, not {told}")

    return check


def near(name: object, known: Iterable[str]) -> str:
    """Say which of the known names may have been meant, or all of them where they are few."""
    import difflib  # for who has mistyped

    names = list(known)
    if len(names) > COMPARED:
        return f"{len(names):,} are known"
    close = difflib.get_close_matches(str(name), sorted(names), n=1)
    return (
        f"did you mean {close[0]!r}?" if close else f"known: {', '.join(sorted(names)) or 'none'}"
    )


def plain(value: object) -> Any:
    """Turn a value into what JSON holds: tables, lists, texts, numbers.

    Fields that play no part in equality are left out; dates and times become ISO 8601 texts.
    What can't be turned stays as it is, for the reading to refuse.
    """
    if isinstance(value, (Interval, Span)):
        return value.label
    if attrs.has(type(value)):
        return {f.name: plain(getattr(value, f.name)) for f in _wishes(type(value))}
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value.isoformat() if isinstance(value, (dt.date, dt.time)) else value


def read_fields(kind: type, table: object) -> dict[str, Any]:
    """Read the fields of an attrs class from a plain table, without making the instance.

    Raises ConfigError: unknown and missing keys, and all that is wrong inside the known ones.
    """
    found, faults = _fields(kind, table)
    require(faults)
    return found


def _fields(kind: type, table: object) -> tuple[dict[str, Any], list[Fault]]:
    """Read the fields that are sound, and find what is wrong with the others."""
    if not isinstance(table, Mapping):
        refuse(table, "a table")
    known = {field.name: field for field in _wishes(kind)}
    faults = [
        Fault(f"unknown key; {near(key, known)}", key=str(key)) for key in table if key not in known
    ]
    found: dict[str, Any] = {}
    for name, field in known.items():
        if name in table:
            with _at(name, faults):
                found[name] = _structured(table[name], field.type)
        elif field.default is attrs.NOTHING:
            faults.append(Fault("missing: it must be given", key=name))
    return found, faults


def require(faults: Iterable[Fault]) -> None:
    """Raise ConfigError with the faults, if there are any."""
    if found := tuple(faults):
        raise ConfigError(found)


def _wishes(kind: type) -> Iterator[attrs.Attribute[Any]]:
    return (field for field in attrs.fields(attrs.resolve_types(kind)) if field.eq)


@contextmanager
def _at(place: str, faults: list[Fault]) -> Iterator[None]:
    """Collect what is refused inside, each fault under its place."""
    try:
        yield
    except FaultyInputError as error:
        faults.extend(attrs.evolve(f, key=_joined(place, f.key)) for f in error.faults)


def _joined(place: str, key: str) -> str:
    return f"{place}{'' if not key or key.startswith('[') else '.'}{key}"


def _section(kind: type) -> Hook:
    def read(table: object, _: object) -> Any:
        found, faults = _fields(kind, table)
        if faults:
            require([*faults, *_faults_of_the_sound(kind, found, table)])
        section = kind(**found)
        # what can only be said of the fields together
        require(getattr(section, "_faults", tuple)())
        return section

    return read


def _faults_of_the_sound(kind: Any, found: Mapping[str, Any], table: Any) -> Iterator[Fault]:
    """Say of the sound fields together what can be said without the faulty ones."""
    defaults = {
        field.name: field.default
        for field in _wishes(kind)
        if field.name not in table
        and field.default is not attrs.NOTHING
        and not isinstance(field.default, attrs.Factory)  # type: ignore[arg-type]
    }
    with suppress(AttributeError):  # it asked for a field that is faulty itself
        yield from getattr(kind, "_faults", lambda _: ())(SimpleNamespace(**defaults, **found))


def _annotated(kind: Any) -> Hook:
    def read(value: object, _: object) -> Any:
        faults: list[Fault] = []
        try:
            found = _structured(value, kind.__origin__)
        except _FaultyItemsError as error:
            # a list is held to its own rules all the same
            found, faults = error.items, [*error.faults]
        faults += [fault for check in kind.__metadata__ for fault in check(found)]
        require(faults)
        return found

    return read


class _FaultyItemsError(ConfigError):
    """Some items of a list are faulty; in ``items`` each of them is a :class:`_Faulty`."""

    items: tuple[Any, ...] = ()


class _Faulty:
    """Stands for an item that could not be read: equal to no other, of a name of its own."""

    @property
    def name(self) -> object:
        return self


def _tuple(kind: Any) -> Hook:
    inner = get_args(kind)
    endless = inner[-1] is Ellipsis

    def read(value: object, _: object) -> tuple[Any, ...]:
        if not isinstance(value, list):
            refuse(value, "a list [...]")
        if not endless and len(value) != len(inner):
            refuse(value, f"a list of {len(inner)}")
        faults: list[Fault] = []
        found: list[Any] = [_Faulty() for _ in value]
        for place, item in enumerate(value):
            with _at(f"[{place}]", faults):
                found[place] = _structured(item, inner[0] if endless else inner[place])
        if faults:
            error = _FaultyItemsError(faults)
            error.items = tuple(found)
            raise error
        return tuple(found)

    return read


def _choice(kind: Any) -> Hook:
    choices = get_args(kind)

    def read(value: object, _: object) -> Any:
        if not isinstance(value, str) or value not in choices:
            refuse(value, " or ".join(f'"{choice}"' for choice in choices))
        return value

    return read


def _union(kind: Any) -> Hook:
    """Read ``X | None``, ``Literal[...] | tuple[...]`` and the like: of two, a text is the first.

    Where it is not one of the words that the other knows.
    """
    optional = NoneType in get_args(kind)
    text, *others = (arm for arm in get_args(kind) if arm is not NoneType)
    words = [word for arm in others if get_origin(arm) is Literal for word in get_args(arm)]
    wider = [arm for arm in others if get_origin(arm) is not Literal]

    def read(value: object, _: object) -> Any:
        if (optional and value is None) or (isinstance(value, str) and value in words):
            return value
        return _structured(value, text if isinstance(value, str) or not wider else wider[0])

    return read


def _of(origin: object) -> Callable[[Any], bool]:
    return lambda kind: get_origin(kind) is origin


@cache
def _strict() -> Converter:
    from cattrs import Converter  # when the first wish is read: it takes its time

    converter = Converter()
    # the last registered is asked first
    for holds, factory in _FACTORIES:
        converter.register_structure_hook_factory(holds, factory)
    converter.register_structure_hook_func(_of(Mapping), read_table)
    for kind, hook in SCALARS.items():
        converter.register_structure_hook(kind, hook)
    return converter


def _structured(value: object, kind: Any) -> Any:
    return _strict().structure(value, kind)


_FACTORIES: tuple[tuple[Callable[[Any], bool], Callable[[Any], Hook]], ...] = (
    (attrs.has, _section),
    (_of(tuple), _tuple),
    (_of(Literal), _choice),
    (_of(Union), _union),
    (_of(UnionType), _union),
    (_of(Annotated), _annotated),
)
