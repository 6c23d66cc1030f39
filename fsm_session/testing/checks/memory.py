"""What a part could remember outside of itself, put back as it was before each run.

A strategy cheats its Teardown with a class attribute, a global of its module, a variable of the
function around it, or a default argument. Runs could only be compared if each began in a process
of its own; instead all these places are put back, and those that have changed can be named.
"""

from __future__ import annotations

import copy
import inspect
import sys
from collections import deque
from collections.abc import Callable, Iterator
from types import CellType, FunctionType
from typing import Any

from attrs import frozen

#: values that never change: a place has another one, or not
_CONSTANT = (bool, int, float, complex, str, bytes, type(None), tuple, frozenset)
#: values that are filled and emptied
_FILLED = (list, dict, set, deque, bytearray)
_NOWHERE = object()
#: never the author's own
_OURS = ("fsm_session", "builtins")


@frozen(eq=False)
class _Place:
    """Where something may be remembered: its name, how to look there, how to put something."""

    name: str
    look: Callable[[], Any]
    put: Callable[[Any], None]


@frozen(eq=False)
class _Kept:
    """A place, what was there at first, and a copy of how that was."""

    place: _Place
    first: Any
    copied: Any

    @property
    def changed(self) -> bool:
        return not _same(self.place.look(), self.copied)

    def restore(self) -> None:
        """Put back what was there, as it was: the same object, since others may hold it too."""
        _refill(self.first, copy.deepcopy(self.copied))
        self.place.put(self.first)


@frozen(eq=False)
class _Names:
    """A class or a module, what it is called, and the names that it had at first."""

    called: str
    owner: Any
    first: frozenset[str]

    @property
    def new(self) -> list[str]:
        return [name for name in vars(self.owner) if name not in self.first and name[:2] != "__"]

    def restore(self) -> None:
        """Take out what has come since."""
        for name in self.new:
            delattr(self.owner, name)


class Memory:
    """All places where a part could remember something: of one that was made, and its maker.

    Looked at are classes and functions of the part's own package, and the modules they stand in;
    in them plain values, containers, and objects of classes of that package.
    """

    def __init__(self, *parts: Any) -> None:
        own = {package for each in parts if (package := _package(each)) not in _OURS}
        found = {place.name: place for part in parts for place in _places(part, own)}
        self._kept = [kept for place in found.values() if (kept := _keep(place, own)) is not None]
        owners = {called: owner for part in parts for called, owner in _owners(part, own)}
        self._names = [_Names(each, owners[each], frozenset(vars(owners[each]))) for each in owners]

    def restore(self) -> None:
        """Put everything back as it was at first."""
        for kept in self._kept:
            if kept.changed:
                kept.restore()
        for names in self._names:
            names.restore()

    def changed(self) -> list[str]:
        """Name the places that are not as they were at first."""
        came = [f"{names.called}.{name}" for names in self._names for name in names.new]
        return [*(kept.place.name for kept in self._kept if kept.changed), *came]


def _package(thing: Any) -> str:
    """Give the outermost package of a class, a function, or an object's class."""
    named = thing if isinstance(thing, (type, FunctionType)) else type(thing)
    return named.__module__.partition(".")[0]


def _keep(place: _Place, own: set[str]) -> _Kept | None:
    """Keep what is at a place; None of what can't be put back."""
    first = place.look()
    theirs = hasattr(first, "__dict__") and _package(first) in own
    if isinstance(first, (type, FunctionType)) or not (
        theirs or isinstance(first, (*_CONSTANT, *_FILLED))
    ):
        return None
    try:
        kept = _Kept(place, first, copy.deepcopy(first))
    except Exception:  # noqa: BLE001 - whatever can't be copied: a lock, a file
        return None
    return None if kept.changed else kept  # such as compares with nothing


def _refill(value: Any, copied: Any) -> None:
    """Make a value what its copy is, in place; a constant already is."""
    if isinstance(value, (dict, set)):
        value.clear()
        value.update(copied)
    elif isinstance(value, (list, bytearray)):
        value[:] = copied
    elif isinstance(value, deque):
        value.clear()
        value.extend(copied)
    elif not isinstance(value, _CONSTANT):
        vars(value).clear()
        vars(value).update(vars(copied))


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if hasattr(one, "__dict__") and not isinstance(one, (*_CONSTANT, *_FILLED)):
        one, other = vars(one), vars(other)
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 - an array among them, or whatever compares by itself
        return False


def _owners(part: Any, own: set[str]) -> Iterator[tuple[str, Any]]:
    """Go through the classes and modules of a part, each with what to call it."""
    named = part if isinstance(part, (type, FunctionType)) else type(part)
    kinds = [named] if isinstance(named, FunctionType) else inspect.getmro(named)
    for kind in kinds:
        module = sys.modules.get(kind.__module__)
        if _package(kind) in own and module is not None:
            yield kind.__module__.rpartition(".")[2], module
            if isinstance(kind, type):
                yield kind.__name__, kind


def _places(part: Any, own: set[str]) -> Iterator[_Place]:
    """Go through the places of a part: its function, or its classes, and their modules."""
    if isinstance(part, FunctionType):
        yield from _of_function(part)
    for called, owner in _owners(part, own):
        for name, value in list(vars(owner).items()):
            function = getattr(value, "__func__", value)
            if isinstance(function, FunctionType):
                yield from _of_function(function) if _package(function) in own else ()
            elif name.isidentifier() and not name.startswith("__"):
                yield _attribute(f"{called}.{name}", owner, name)


def _attribute(name: str, owner: Any, attribute: str) -> _Place:
    def look() -> Any:
        return vars(owner).get(attribute, _NOWHERE)

    def put(value: Any) -> None:
        setattr(owner, attribute, value)

    return _Place(name, look, put)


def _of_function(function: FunctionType) -> Iterator[_Place]:
    cells: tuple[CellType, ...] = function.__closure__ or ()
    short = function.__qualname__.rpartition("<locals>.")[2]
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        yield _in_cell(f"{name} around {short}", cell)
    for value in function.__defaults__ or ():
        if isinstance(value, _FILLED):
            yield _standing(f"a default argument of {short}", value)


def _in_cell(name: str, cell: CellType) -> _Place:
    def look() -> Any:
        try:
            return cell.cell_contents
        except ValueError:  # not filled yet
            return _NOWHERE

    def put(value: Any) -> None:
        cell.cell_contents = value

    return _Place(name, look, put)


def _standing(name: str, value: Any) -> _Place:
    """Make the place of something that is filled and emptied, and never another one."""
    return _Place(name, lambda: value, lambda _: None)
