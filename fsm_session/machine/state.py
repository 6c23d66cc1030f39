"""What a lifecycle is declared with: states, the moves between them, their hooks and guards.

Everything here is a frozen value. A hook is called with the context of the run and returns
nothing; a guard is called with the same context, answers True or False, and changes nothing.
Both are functions, never their names: a name is looked up only when it is fired, and finds
whatever happens to be called so.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from attrs import field, frozen

Hook: TypeAlias = Callable[[Any], None]
Guard: TypeAlias = Callable[[Any], bool]


def _hooks(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    return tuple(hooks)


def _module_of_author() -> str:
    """Name the module that calls ``State(...)``, found as NamedTuple finds its own."""
    return str(sys._getframe(2).f_globals.get("__name__", ""))


@frozen
class State:
    """One phase: what runs on the way in, while it lasts, and on the way out.

    ``entry`` and ``exit`` run in the order given. ``activity`` runs after the entry hooks and
    before the next move is decided (UML's "do"). A ``final`` state has no way out; its entry
    hooks clean up, so all of them run even where one raises. ``summary`` is a sentence for
    the generated docs, which name the module it is declared in too: ``module``, found by itself
    and of no meaning otherwise.
    """

    name: str
    entry: tuple[Hook, ...] = field(default=(), converter=_hooks)
    activity: Hook | None = None
    exit: tuple[Hook, ...] = field(default=(), converter=_hooks)
    final: bool = False
    summary: str = ""
    module: str = field(factory=_module_of_author, eq=False, repr=False, kw_only=True)


@frozen
class Transition:
    """One row of the table: from ``source`` to ``target`` if ``guard`` holds (None: always)."""

    source: str
    target: str
    guard: Guard | None = None


@frozen
class AnyOf:
    """A guard that holds where one of its guards does; they are tried in order."""

    guards: tuple[Guard, ...]

    @property
    def __name__(self) -> str:
        """The guards' names, as a person would say them: ``a or b``."""
        return " or ".join(map(name_of, self.guards))

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """Each guard's first line."""
        return " Or: ".join(filter(None, map(summary_of, self.guards)))

    def __call__(self, context: Any) -> bool:
        """Ask the guards in order, and no more once one holds."""
        for guard in self.guards:
            # an answer that is no bool is handed on, for the driver to refuse
            if (answer := guard(context)) is not False:
                return answer
        return False


def any_of(*guards: Guard) -> AnyOf:
    """Join guards: ``any_of(stop_requested, last_session)``."""
    return AnyOf(guards)


def name_of(function: Callable[..., Any] | None) -> str:
    """Name a hook or a guard as the docs, the journal and the errors do."""
    if function is None:
        return ""
    return str(getattr(function, "__name__", type(function).__name__))


def summary_of(function: Callable[..., Any] | None) -> str:
    """Give the first paragraph of a hook's or a guard's docstring, on one line."""
    # None has a docstring of its own from Python 3.13 on
    text = inspect.cleandoc((function is not None and function.__doc__) or "")
    return " ".join(text.split("\n\n")[0].split())
