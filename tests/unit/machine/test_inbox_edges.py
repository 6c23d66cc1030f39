"""The inbox between its ends: who owns it, what presses, how many are taken, what is answered."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable
from weakref import ref

import hypothesis.strategies as st
from hypothesis import given

from fsm_session.machine import Inbox, Receipt


def elsewhere(ask: Callable[[], bool]) -> bool:
    """Ask on another thread."""
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(ask()))
    thread.start()
    thread.join()
    [answer] = answers
    return answer


class TestTheOwner:
    """One thread owns the machine."""

    def test_who_owns_it_is_told_on_each_thread(self) -> None:
        inbox = Inbox()
        assert not inbox.owner_is_other()
        assert not inbox.owned_by_this_thread()
        assert inbox.own()
        assert not inbox.owner_is_other()
        assert inbox.owned_by_this_thread()
        assert elsewhere(inbox.owner_is_other)
        assert not elsewhere(inbox.owned_by_this_thread)
        assert not elsewhere(inbox.own)
        assert inbox.own()


def test_as_many_as_anybody_needs_may_wait() -> None:
    """``capacity`` bounds how many may wait: 1024, where nobody says how many."""
    inbox = Inbox()
    told = [inbox.submit("add").status for _ in range(1025)]
    assert told == ["waiting"] * 1024 + ["refused"]


class TestPressing:
    """``pressing`` is set by whatever comes in, and cleared by who looks, unless it still waits."""

    def test_a_request_presses_until_it_is_taken(self) -> None:
        inbox = Inbox()
        assert not inbox.pressing
        inbox.submit("add")
        assert inbox.pressing
        inbox.look()
        assert inbox.pressing
        inbox.take()
        inbox.look()
        assert not inbox.pressing

    def test_a_stop_presses_to_the_end(self) -> None:
        inbox = Inbox()
        inbox.stop()
        assert inbox.pressing
        inbox.look()
        assert inbox.pressing
        assert inbox.waiting == 0

    def test_what_is_refused_at_once_does_not(self) -> None:
        inbox = Inbox(capacity=0)
        assert inbox.submit("add").status == "refused"
        assert not inbox.pressing


class TestTaking:
    """Take what waits now, oldest first; ``after``: so many of the oldest are left to wait."""

    @given(count=st.integers(0, 6), left=st.integers(0, 8))
    def test_the_oldest_are_left_and_come_next(self, count: int, left: int) -> None:
        inbox = Inbox()
        for number in range(count):
            inbox.submit("add", number=number)
        taken = [each.arguments["number"] for each in inbox.take(left)]
        assert taken == [*range(count)][left:]
        assert inbox.waiting == min(count, left)
        assert [each.arguments["number"] for each in inbox.take()] == [*range(count)][:left]
        assert inbox.waiting == 0

    def test_a_request_says_what_is_asked_for(self) -> None:
        inbox = Inbox()
        receipt = inbox.submit("add", symbol="AAA")
        [request] = inbox.take()
        assert (request.kind, request.arguments) == ("add", {"symbol": "AAA"})
        assert request.receipt is receipt

    def test_what_is_answered_is_let_go_of(self) -> None:
        inbox = Inbox()
        answered = ref(inbox.submit("add"))
        for request in inbox.take():
            request.receipt.done()
        del request
        inbox.take()
        gc.collect()
        assert answered() is None

    def test_what_is_closed_lets_go_of_all(self) -> None:
        inbox = Inbox()
        left = ref(inbox.submit("add"))
        inbox.take()
        inbox.close("over")
        gc.collect()
        assert left() is None


class TestTheEnd:
    """Every request gets exactly one answer; what comes after the end is refused too."""

    @given(answered=st.sets(st.integers(0, 2)))
    def test_what_was_taken_what_waits_and_what_comes_late(self, answered: set[int]) -> None:
        inbox = Inbox()
        receipts: list[Receipt] = [inbox.submit("add") for _ in range(3)]
        inbox.take()
        for number in answered:
            receipts[number].done()
        receipts += [inbox.submit("add") for _ in range(2)]
        inbox.take(after=1)
        receipts.append(inbox.submit("add"))
        stopped = inbox.stop()
        inbox.close("it is over")
        receipts.append(inbox.submit("add"))
        expected = [
            ("done", "") if number in answered else ("refused", "it is over") for number in range(7)
        ]
        assert [(each.status, each.reason) for each in receipts] == expected
        assert [stopped.status, inbox.stop().status] == ["done", "done"]

    def test_a_receipt_keeps_its_first_answer(self) -> None:
        receipt = Receipt()
        assert (receipt.status, receipt.reason, receipt.error) == ("waiting", "", None)
        assert not receipt.wait(0)
        error = ValueError("odd")
        receipt.fail(error)
        receipt.done()
        receipt.refuse("no")
        assert (receipt.status, receipt.reason, receipt.error) == ("failed", "odd", error)
        assert receipt.wait(0)
