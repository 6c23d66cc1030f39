"""How anybody but the driver asks for something: one bounded inbox, and a receipt for each.

One thread owns the machine. Requests from other threads, from hooks and from signal handlers
are left in the inbox and answered by the owner when its lifecycle comes to that. Every request
gets exactly one answer: done, refused (and why) or failed (and the error).
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from fsm_session.errors import IllegalMoveError

Status = Literal["waiting", "done", "refused", "failed"]


class Receipt:
    """What a request comes back as; it is answered once, later answers are ignored."""

    def __init__(self, inbox: Inbox | None = None) -> None:
        self.status: Status = "waiting"
        self.reason = ""
        self.error: BaseException | None = None
        self._answered = threading.Event()
        self._inbox = inbox

    def __repr__(self) -> str:
        """Show the answer: ``<Receipt refused: the run has ended>``."""
        return f"<Receipt {self.status}{': ' + self.reason if self.reason else ''}>"

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for the answer; False where none came in time.

        Raises IllegalMoveError at once on the thread that would have to answer.
        """
        on_owner = self._inbox is not None and self._inbox.owned_by_this_thread()
        if on_owner and not self._answered.is_set():
            raise IllegalMoveError(
                "this thread runs the machine: it would wait for itself. Look at the receipt later"
            )
        return self._answered.wait(timeout_seconds)

    def done(self) -> None:
        """Answer: it has been done."""
        self._answer("done", "", None)

    def refuse(self, reason: str) -> None:
        """Answer: it will not be done, and nothing has changed."""
        self._answer("refused", reason, None)

    def fail(self, error: BaseException) -> None:
        """Answer: it was tried, and an error came of it."""
        self._answer("failed", str(error) or type(error).__name__, error)

    def _answer(self, status: Status, reason: str, error: BaseException | None) -> None:
        if self.status == "waiting":
            # the status last: whoever sees it sees the reason
            self.reason, self.error, self.status = reason, error, status
            self._answered.set()


@frozen(eq=False)
class Request:
    """One wish: what kind, with which arguments, and where its answer goes."""

    kind: str
    arguments: Mapping[str, Any]
    receipt: Receipt = field(repr=False)


class Inbox:
    """Where requests wait. Anyone may submit; only the owner takes.

    ``capacity`` bounds how many may wait; one more is refused, so that a storm of requests
    costs its sender an answer and nobody else memory. ``pressing`` is set by whatever comes in,
    and cleared by who looks: a plain attribute, for whoever has to ask very often.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.capacity = capacity
        self.stop_requested = False
        self.pressing = False
        self._closed = ""
        self._waiting: deque[Request] = deque()
        self._stops: deque[Receipt] = deque()
        self._taken: list[Request] = []
        self._lock = threading.Lock()
        self._owner: int | None = None

    def own(self) -> bool:
        """Make the calling thread the one that answers; False where another is already."""
        if self._owner is None:
            with self._lock:  # of several that come at once, one
                if self._owner is None:
                    self._owner = threading.get_ident()
        return self._owner == threading.get_ident()

    def owner_is_other(self) -> bool:
        """Tell whether another thread than the calling one answers."""
        return self._owner not in (None, threading.get_ident())

    def owned_by_this_thread(self) -> bool:
        """Tell whether the calling thread is the one that answers."""
        return self._owner == threading.get_ident()

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def look(self) -> None:
        """Clear ``pressing``, unless a stop or a request waits: what comes later sets it again."""
        self.pressing = False
        if self.stop_requested or self._waiting:
            self.pressing = True

    def stop(self) -> Receipt:
        """Ask for the run to end in good order. The receipt is done when it has.

        Safe in a signal handler: it takes no lock. Asked again, or after the end, it is
        answered all the same.
        """
        receipt = Receipt(self)
        self._stops.append(receipt)
        self.stop_requested = True
        self.pressing = True
        if self._closed:
            self._answer_stops()
        return receipt

    def submit(self, kind: str, **arguments: Any) -> Receipt:
        """Leave a request, from any thread. The receipt comes back at once."""
        receipt = Receipt(self)
        with self._lock:
            reason = self._closed
            if not reason and len(self._waiting) >= self.capacity:
                reason = f"the inbox is full: {self.capacity} requests wait already"
            if not reason:
                self._waiting.append(Request(kind, arguments, receipt))
                self.pressing = True
        if reason:
            receipt.refuse(reason)
        return receipt

    def take(self, after: int = 0) -> tuple[Request, ...]:
        """Take what waits now, oldest first; what comes later waits for the next time.

        ``after``: so many of the oldest are left to wait.
        """
        with self._lock:
            waiting = tuple(self._waiting)
            taken = waiting[after:]
            unanswered = [each for each in self._taken if each.receipt.status == "waiting"]
            # first there, then gone from here: a Ctrl-C may come between the two
            self._taken = [*unanswered, *taken]
            self._waiting = deque(waiting[:after])
        return taken

    def refuse_all(self, reason: str) -> None:
        """Answer whatever waits with a refusal."""
        for request in self.take():
            request.receipt.refuse(reason)

    def close(self, reason: str) -> None:
        """Refuse what waits and what will come. A stop counts as done: the run has ended."""
        with self._lock:
            self._closed = reason
        self.refuse_all(reason)
        for request in self._taken:  # by a hook that raised before it answered
            request.receipt.refuse(reason)
        self._taken = []
        self._answer_stops()

    def _answer_stops(self) -> None:
        while self._stops:
            try:
                self._stops.popleft().done()
            except IndexError:  # another thread answered the last one meanwhile
                return
