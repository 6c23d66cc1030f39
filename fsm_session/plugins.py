"""What is the user's: lifecycles, found; scanners, strategies, workers, made for every session.

Nothing may survive Teardown, and an object of the user's could: so each session gets its own.
What is named in a configuration is made by calling it with its parameters, what is handed over
as an object is copied, and what is handed over as a class or function is called.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from attrs import frozen

from fsm_session.errors import ConfigError, Fault, FsmSessionError
from fsm_session.machine import Lifecycle
from fsm_session.named import named, place_fault

SAY = (
    "say package.module:NAME, of a module that is installed or lies here, such as"
    " fsm_session.states:TRADING_DAY"
)


@frozen(eq=False)
class Plugin:
    """A user's part by name; ``make()`` gives one for a session."""

    name: str
    make: Callable[[], Any]


@contextmanager
def importable_from(folder: Path) -> Iterator[None]:
    """Let modules that lie beside the configuration be imported, within the block."""
    sys.path.insert(0, str(folder.resolve()))
    try:
        yield
    finally:
        sys.path.remove(str(folder.resolve()))


def lifecycle_of(use: str, folder: Path | None = None) -> Lifecycle:
    """Import the lifecycle ``package.module:NAME``, from a folder too.

    Raises ConfigError where it can't be imported or is none, DeclarationError where it is declared
    wrongly.
    """
    if place_fault(use):
        raise ConfigError(f"{use!r} is no lifecycle: expected package.module:NAME", hint=SAY)
    try:
        with nullcontext() if folder is None else importable_from(folder):
            found = named(use)
    except FsmSessionError:
        raise
    except (Exception, SystemExit) as error:  # a script may end itself where it is imported
        raise ConfigError(f"{use!r} can't be imported: {error!r}", hint=SAY) from error
    if not isinstance(found, Lifecycle):
        told = f"{use!r} is no Lifecycle but of type {type(found).__name__}"
        raise ConfigError(told, hint=SAY)
    return found


def from_use(
    use: str, name: str, parameters: Mapping[str, object], folder: Path, fault: Fault
) -> Plugin:
    """Find ``package.module:Name``. ``fault`` says where it is asked for, should it be wrong.

    Whatever it names is called with the parameters: a configuration is its author's program, as
    much as the modules that it names. Raises ConfigError where it can't be imported.
    """
    try:
        with importable_from(folder):
            target = named(use)
    # whatever a user's module raises when it is imported; a script may end itself
    except (Exception, SystemExit) as error:
        told = f"{use!r} can't be imported: {error!r}"
        raise _refused(fault, told, hint=NOT_FOUND) from error
    if not callable(target):
        raise _refused(fault, f"{use!r} is no class or function")
    return Plugin(name, lambda: target(**parameters))


NOT_FOUND = "say package.module:Name, of a file beside the configuration or of what is installed"
MEND_IT = "mend the class that is named: fsm_session.testing says how parts are tested"
#: what tells an object with methods from a function that makes one
PARTS = (
    *("on_bars", "on_bar", "on_quotes", "on_quote", "on_ticks", "on_tick"),
    *("scan", "setup"),
)


def from_object(given: Any, fault: Fault) -> Plugin:
    """Take an object, which is copied for each session, or a class or function, which is called.

    Raises ConfigError for an object that can't be copied.
    """
    if isinstance(given, type) or (callable(given) and not _has_parts(given)):
        return Plugin(_name_of(given), given)
    try:
        pristine = copy.deepcopy(given)
    except Exception as error:  # a lock, a file, a socket: each has its own error
        raise _refused(
            fault, f"{_name_of(given)} can't be copied for each session: {error}; pass its class"
        ) from error
    return Plugin(_name_of(given), lambda: copy.deepcopy(pristine))


def check_parts(plugin: Plugin, parts: tuple[str, ...], fault: Fault) -> Any:
    """Make one, see that it has at least one of the methods, and give it; ConfigError where not."""
    try:
        made = plugin.make()
    except (Exception, SystemExit) as error:  # whatever a user's constructor raises
        raise _refused(fault, f"{plugin.name} can't be made: {error!r}") from error
    if not any(callable(getattr(made, part, None)) for part in parts):
        raise _refused(fault, f"{plugin.name} has no method {' or '.join(parts)}")
    return made


def _refused(fault: Fault, message: str, hint: str = "") -> ConfigError:
    return ConfigError(Fault(message, file=fault.file, key=fault.key), hint=hint or MEND_IT)


def _has_parts(given: Any) -> bool:
    return any(hasattr(given, part) for part in PARTS)


def _name_of(given: Any) -> str:
    name = getattr(given, "name", None)
    if isinstance(name, str) and name:
        return name
    return str(getattr(given, "__name__", type(given).__name__))
