"""Bugs to be put into the library while a test runs: each is a few words of it, changed."""

from __future__ import annotations
import __future__

import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest
from attrs import evolve, frozen

from fsm_session import TRADING_DAY
from fsm_session.context import SessionContext
from fsm_session.machine import Driver, Inbox, Lifecycle, Transition, clean_up
from fsm_session.machine.state import name_of
from fsm_session.session.arrivals import SymbolRequests
from fsm_session.session.player import Player
from fsm_session.states import deactivate, paused
from fsm_session.workers.worker import WorkerGroup


@frozen
class Seed:
    """A bug: in ``function`` the words ``old`` are ``new``; or ``change`` makes another lifecycle.

    ``kinds`` are the faults that it takes to find it, in their order: none, one or two.
    """

    name: str
    kinds: tuple[str, ...] = ()
    function: Any = None
    old: str = ""
    new: str = ""
    change: Callable[[Lifecycle], Lifecycle] = lambda lifecycle: lifecycle

    def plant(self, monkeypatch: pytest.MonkeyPatch) -> Lifecycle:
        """Put it in until the test is over; give the lifecycle to be run."""
        if self.function is not None:
            # its code alone: whoever holds the function, a State too, then calls the changed one
            changed = rewritten(self.function, self.old, self.new)
            monkeypatch.setattr(plain(self.function), "__code__", changed.__code__)
        return self.change(TRADING_DAY)


def plain(function: Any) -> FunctionType:
    """Give the function that a property calls, or the function itself."""
    found: Any = function.fget if isinstance(function, property) else function
    assert isinstance(found, FunctionType)
    return found


def rewritten(function: Any, old: str, new: str) -> FunctionType:
    """Compile a function anew with words of it changed, which must be there just once."""
    source = textwrap.dedent(inspect.getsource(plain(function)))
    assert source.count(old) == 1, f"gone stale: {old!r} is not in {plain(function).__qualname__}"
    flags = __future__.annotations.compiler_flag
    code = compile(source.replace(old, new), inspect.getfile(plain(function)), "exec", flags)
    made: dict[str, Any] = {}
    exec(code, plain(function).__globals__, made)
    return plain(made[plain(function).__name__])


def without_hook(name: str, state: str) -> Callable[[Lifecycle], Lifecycle]:
    """Leave an entry hook of a state out of the declaration."""

    def change(lifecycle: Lifecycle) -> Lifecycle:
        whole = lifecycle.state(state)
        entry = [hook for hook in whole.entry if name_of(hook) != name]
        assert len(entry) == len(whole.entry) - 1, f"gone stale: {state} has no {name}"
        return lifecycle.replace(state, evolve(whole, entry=entry))

    return change


def no_stop_after_load(lifecycle: Lifecycle) -> Lifecycle:
    """Take a row out of the table: a stop in Load is not looked for."""
    rows: list[Transition] = list(lifecycle.transitions)
    rows.remove(lifecycle.ways_out("Load")[0])
    return evolve(lifecycle, transitions=rows)


SEEDS = (
    Seed("a second interrupt is a stop, too", ("interrupt", "interrupt"), Driver._unless_stop,
         "self.inbox.stop_requested", "False"),
    Seed("a phase that was broken off is ended", ("interrupt",), Driver._on_the_way_out,
         "not self._failing and not self._cut_short", "not self._failing"),
    Seed("a phase that failed is ended", ("error",), Driver._on_the_way_out,
         "not self._failing and not self._cut_short", "not self._cut_short"),
    Seed("a final state's hook has one try", ("error",), clean_up._make, "TRIES", "1"),
    Seed("an error is swallowed", ("error",), Driver._note,
         "self.failures.append(failure)", "pass"),
    Seed("a guard is negated", (), deactivate.last_session, "return", "return not"),
    Seed("a stop in Load is not looked for", ("stop",), change=no_stop_after_load),
    Seed("nothing is torn down in Failed", ("error",),
         change=without_hook("tear_down_workers", "Failed")),
    Seed("what is up is not undone", ("error",), WorkerGroup.setup, "self._undo(error)", "pass"),
    Seed("workers come down in order", (), WorkerGroup.teardown, "self.up[-1]", "self.up[0]"),
    Seed("an error ends the tearing down", ("error",), WorkerGroup.teardown,
         "self.up.remove(worker)", "self.up.remove(worker); errors and self.up.clear()"),
    Seed("a worker's error is swallowed", ("error",), WorkerGroup.on_step,
         "raise named from named.__cause__", "pass"),
    Seed("a session is not committed", (), deactivate.commit_to_the_journal,
         "context.commit_session()", "pass"),
    Seed("one that failed is complete", ("error",), SessionContext.session_is_complete,
         "and not self.failures", ""),
    Seed("the old data is dropped at once", ("stop",), SessionContext.forget,
         "self._keep(self.data)", "pass"),
    Seed("steps go on after a stop", ("stop",), Player._take_steps, "inbox.pressing", "False"),
    Seed("a pause answers nobody", ("add",), paused.answer_what_was_asked,
         "context.requests.answer()", "pass"),
    Seed("a refusal says done", ("add", "add"), SymbolRequests.answer,
         "request.receipt.refuse(reason)", "request.receipt.done()"),
    Seed("what was done is refused in the end", ("add", "error"), SymbolRequests.refuse_all,
         "self.answer()", "pass"),
    Seed("who asks last waits for ever", ("add",), Inbox.close, "self.refuse_all(reason)", "pass"),
)  # fmt: skip
