"""What scanners and strategies are given in ``setup``: a view that ends now, and three requests.

It is all they get: the session's context, with whole columns in it, is for workers.
"""

from __future__ import annotations

from attrs import field, frozen

from fsm_session.machine import Inbox, Receipt
from fsm_session.session.view import View


@frozen(eq=False)
class SessionAccess:
    """The ``context`` of a scanner or strategy; what it asks for is recorded under its name."""

    view: View
    _inbox: Inbox = field(alias="inbox", repr=False)
    _name: str = field(alias="name", default="")

    def add_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol; it comes before the next step. Look at the receipt after that."""
        return self._inbox.submit("add_symbol", symbol=symbol, by=self._name)

    def remove_symbol(self, symbol: str) -> Receipt:
        """Ask for a symbol to be taken out, with all that hangs under it."""
        return self._inbox.submit("remove_symbol", symbol=symbol, by=self._name)

    def stop(self) -> Receipt:
        """Ask for the run to end in good order."""
        return self._inbox.stop()
