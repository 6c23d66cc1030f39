"""Symbols that come and go while the session runs, and the answers to those who asked.

Every request gets one answer. What can't be done is refused with the reason and changes
nothing; a symbol that is added is registered as configured ones are, by the same plan.
"""

from __future__ import annotations

from collections.abc import Callable

from fsm_session.errors import FaultyInputError
from fsm_session.machine import Inbox, Request

#: adds or removes a symbol for somebody; gives the reason where it is refused, "" where not
Deed = Callable[[str, str], str]


class SymbolRequests:
    """Takes the requests of a pause, carries them out and answers them."""

    def __init__(self, inbox: Inbox, deeds: dict[str, Deed]) -> None:
        self._inbox = inbox
        self._deeds = deeds
        self._in_hand: list[tuple[Request, str | None]] = []
        self._held_back = 0

    def hold_back(self) -> None:
        """Let what waits by now wait for the pause after this one."""
        self._held_back = self._inbox.waiting

    def carry_out(self) -> None:
        """Do what is asked for now, in the order in which it was asked."""
        taken = self._inbox.take(self._held_back)
        self._held_back = 0
        self._in_hand = [(request, None) for request in taken]
        for place, request in enumerate(taken):
            self._in_hand[place] = (request, self._do(request))

    def answer(self) -> None:
        """Answer what has been dealt with."""
        for request, reason in self._in_hand:
            if reason:
                request.receipt.refuse(reason)
            elif reason is not None:
                request.receipt.done()
        self._in_hand = [(request, reason) for request, reason in self._in_hand if reason is None]

    def refuse_all(self, reason: str) -> None:
        """Answer everybody: those dealt with as they were, the others with a refusal."""
        self.answer()
        for request, _ in self._in_hand:
            request.receipt.refuse(reason)
        self._in_hand = []
        self._inbox.refuse_all(reason)

    def _do(self, request: Request) -> str:
        deed = self._deeds.get(request.kind)
        if deed is None:
            return f"nobody here knows how to {request.kind}"
        try:
            return deed(request.arguments["symbol"], request.arguments.get("by", ""))
        except FaultyInputError as error:
            return str(error)
        except BaseException as error:  # by a Ctrl-C too it is half done
            request.receipt.fail(error)
            raise
