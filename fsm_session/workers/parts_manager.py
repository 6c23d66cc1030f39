"""What the managers of scanners and strategies share: whose error it is, and what comes of it.

Both make the user's parts anew for each session, call them, and take them down. What a part
raises names it, with symbol and time; it fails the run, or takes the part out of the session.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from numbers import Real
from typing import Any, Literal, Protocol

from attrs import frozen

from fsm_session.config import OnError
from fsm_session.errors import PartError
from fsm_session.plugins import Plugin
from fsm_session.session.player import Player
from fsm_session.session.signals import RecordedDisabled
from fsm_session.session.view import View
from fsm_session.workers.access import SessionAccess
from fsm_session.workers.parts import SessionParts
from fsm_session.workers.worker import BaseWorker, is_interrupt, raise_together

Kind = Literal["strategy", "scanner"]


class PartPlan(Protocol):
    """What is known of a part for all sessions."""

    @property
    def plugin(self) -> Plugin:
        """Its name, and how to make one."""

    @property
    def on_error(self) -> OnError:
        """Whether it fails the run, or is taken out, when it raises."""


@frozen(eq=False)
class Part:
    """A scanner or strategy of this session."""

    plan: Any
    made: Any

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.plan.plugin.name)

    def has(self, method: str) -> bool:
        """Tell whether it wants to be called for something."""
        return callable(getattr(self.made, method, None))


class PartsManager(BaseWorker, ABC):
    """Makes, calls and takes down the user's parts of one kind."""

    kind: Kind

    def __init__(self, player: Player) -> None:
        self._player = player
        self._context: SessionParts | None = None
        #: those whose set-up has begun, to be torn down
        self._made: list[Part] = []

    @property
    def context(self) -> SessionParts:
        """What the session was set up with."""
        assert self._context is not None, f"{self.name} is down"
        return self._context

    def make(self, plan: PartPlan, view: View) -> Part | None:
        """Make a part and set it up; None where it raised and is taken out."""
        try:
            part = Part(plan, plan.plugin.make())
        except Exception as error:  # noqa: BLE001 - whatever the user's constructor raises
            part = Part(plan, None)
            self.failed(part, self.blame(part, error, " when it was made"))
            return None
        self._made.append(part)
        access = SessionAccess(view, self.context.inbox, part.name)
        return part if self.call(part, "setup", access) else None

    def call(self, part: Part, method: str, *arguments: Any) -> bool:
        """Call a method that a part may have; False where it raised and is taken out."""
        if not part.has(method):
            return True
        return self.guarded(part, method, lambda: getattr(part.made, method)(*arguments))

    def guarded(
        self, part: Part, method: str, call: Callable[[], object], symbol: str = ""
    ) -> bool:
        """Let a part do something; False where it raised and is taken out."""
        try:
            call()
        except Exception as error:  # noqa: BLE001 - whatever the user's code raises
            where = f" in {method}({symbol!r})" if symbol else f" in {method}"
            self.failed(part, self.blame(part, error, where, symbol))
            return False
        return True

    def blame(self, part: Part, error: Exception, where: str = "", symbol: str = "") -> PartError:
        """Say whose error it is, where and when. One that says so already is left as it is."""
        if isinstance(error, PartError):
            return error
        time = str(self.context.clock.get_current_time())
        told = f"raised{where} at {time}: {type(error).__name__}: {error}"
        blamed = PartError(self.kind, part.name, symbol, time, told)
        blamed.__cause__ = error
        return blamed

    def answered(self, part: Part, told: str, symbol: str = "") -> PartError:
        """Say that a part's answer is none."""
        time = str(self.context.clock.get_current_time())
        return PartError(self.kind, part.name, symbol, time, f"{told} at {time}")

    def failed(self, part: Part, error: PartError) -> None:
        """Fail the run with an error, or take the part out and put that on record."""
        if part.plan.on_error == "fail":
            raise error from error.__cause__
        now_ns = self.context.clock.now_ns
        self.context.data.record_disabled(
            RecordedDisabled(now_ns, self.kind, part.name, error.symbol, str(error))
        )
        told = "taken out for this session: %s"
        self.context.log.about(error.symbol, told, error, level=logging.WARNING)
        self.take_out(part)

    @abstractmethod
    def take_out(self, part: Part) -> None:
        """Call a part no more, until it is torn down."""

    def teardown(self) -> None:
        """Tear down the parts that want it, whatever their on_error, and forget all of them."""
        errors: list[BaseException] = []
        while self._made and not any(map(is_interrupt, errors)):
            try:
                self.bring_down(self._made[0])
            except BaseException as error:  # noqa: BLE001 - raised together, below
                errors.append(error)
        if not self._made:
            self._context = None
        raise_together(f"a {self.kind} could not be torn down", errors)

    def bring_down(self, part: Part) -> None:
        """Tear a part down and forget it; only where a Ctrl-C comes is it torn down again."""
        try:
            self.tear_down(part)
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._made.remove(part)
            raise
        self._made.remove(part)

    def tear_down(self, part: Part) -> None:
        """Tear one part down. What it raises then fails the run: something of it may be left."""
        if part.has("teardown"):
            try:
                part.made.teardown()
            except Exception as error:
                raise self.blame(part, error, " in teardown") from error


def number(value: object) -> float:
    """Take a number, of numpy's too, for a plain one; ValueError where it is none."""
    if not isinstance(value, Real) or isinstance(value, bool):
        raise ValueError(f"{value!r} is no number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{value!r} is beyond the numbers that can be written") from None
