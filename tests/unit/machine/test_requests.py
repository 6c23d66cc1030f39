"""Requests and receipts: each gets exactly one answer, whoever asks, and whenever."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import IllegalMoveError
from fsm_session.machine import Driver, Inbox, Lifecycle, Receipt, Request, State, Transition
from tests.unit.machine.coffee import COFFEE, HOME, Kitchen
from tests.unit.machine.strategies import patient


@pytest.fixture(name="_jumpy")
def jumpy() -> Iterator[None]:
    """Let threads change places as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def together(*acts: Callable[[], object]) -> None:
    """Do all of it at once, each in its thread, from one starting shot."""
    shot = threading.Barrier(len(acts))

    def act(deed: Callable[[], object]) -> None:
        shot.wait()
        deed()

    threads = [threading.Thread(target=act, args=[deed]) for deed in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()


class TestReceipt:
    """Receipt: "it is answered once, later answers are ignored"."""

    @patient
    @given(st.lists(st.sampled_from(["done", "refused", "failed"]), min_size=1, max_size=4))
    def test_the_first_answer_stands(self, answers: list[str]) -> None:
        receipt = Receipt()
        assert (receipt.status, receipt.wait(0)) == ("waiting", False)
        errors = [ValueError(str(n)) for n in range(len(answers))]
        for n, answer in enumerate(answers):
            if answer == "done":
                receipt.done()
            elif answer == "refused":
                receipt.refuse(f"reason {n}")
            else:
                receipt.fail(errors[n])
        assert (receipt.status, receipt.wait(0)) == (answers[0], True)
        assert receipt.reason == {"done": "", "refused": "reason 0", "failed": "0"}[answers[0]]
        assert receipt.error is (errors[0] if answers[0] == "failed" else None)

    def test_it_shows_its_answer(self) -> None:
        receipt = Receipt()
        assert repr(receipt) == "<Receipt waiting>"
        receipt.fail(ValueError())
        assert repr(receipt) == "<Receipt failed: ValueError>"

    def test_whoever_sees_an_answer_sees_its_reason(self) -> None:
        class Watched(Receipt):
            seen: list[tuple[str, str]] = []

            def __setattr__(self, name: str, value: object) -> None:
                super().__setattr__(name, value)
                if "error" in self.__dict__:
                    self.seen.append((self.status, self.reason))

        Watched().refuse("no milk")
        assert set(Watched.seen) <= {
            ("waiting", ""),
            ("waiting", "no milk"),
            ("refused", "no milk"),
        }

    def test_a_request_can_not_be_changed(self) -> None:
        request = Request("milk", {}, Receipt())
        with pytest.raises(FrozenInstanceError):
            request.kind = "sugar"  # type: ignore[misc]


class TestWait:
    """Receipt.wait: "Raises IllegalMoveError at once on the thread that would have to answer"."""

    def test_on_the_owners_thread_it_would_wait_for_itself(self) -> None:
        inbox = Inbox()
        inbox.own()
        for receipt in (inbox.submit("milk"), inbox.stop()):
            with pytest.raises(IllegalMoveError, match="would wait for itself"):
                receipt.wait()
            with pytest.raises(IllegalMoveError):
                receipt.wait(0)
        inbox.close("no more coffee")
        assert receipt.wait()

    def test_a_hook_that_waits_fails_the_run_and_does_not_hang(self) -> None:
        kitchen = Kitchen()
        kitchen.deeds["brew"] = lambda kitchen: kitchen.inbox.submit("milk").wait()
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert driver.run() == "Broken"
        assert isinstance(driver.failures[0].error, IllegalMoveError)

    def test_another_thread_waits_until_it_is_answered(self) -> None:
        kitchen, answers = Kitchen(orders=1), list[str]()
        asked = threading.Event()

        def ask() -> None:
            receipt = kitchen.inbox.submit("milk")
            asked.set()
            assert receipt.wait(30)
            answers.append(receipt.status)

        thread = threading.Thread(target=ask)

        def have_it_asked(_: Kitchen) -> None:
            thread.start()
            assert asked.wait(30)

        kitchen.deeds["brew"] = have_it_asked
        Driver(COFFEE, kitchen, inbox=kitchen.inbox).run()
        thread.join(30)
        assert answers == ["done"]


class TestInbox:
    """Inbox: "``capacity`` bounds how many may wait; one more is refused"."""

    @patient
    @given(st.integers(0, 5), st.lists(st.sampled_from(["submit", "take", "refuse", "close"])))
    def test_it_is_a_bounded_queue(self, capacity: int, acts: list[str]) -> None:
        inbox, waiting, closed = Inbox(capacity), list[Receipt](), False
        for act in acts:
            if act == "submit":
                receipt = inbox.submit("milk", cups=len(waiting))
                if closed or len(waiting) >= capacity:
                    reason = "closed" if closed else f"full: {capacity} requests wait already"
                    assert receipt.status == "refused"
                    assert receipt.reason.endswith(reason)
                else:
                    assert receipt.status == "waiting"
                    waiting.append(receipt)
            elif act == "take":
                taken = inbox.take()
                assert [request.receipt for request in taken] == waiting
                assert [request.arguments["cups"] for request in taken] == [*range(len(waiting))]
                waiting = []
            else:
                (inbox.refuse_all if act == "refuse" else inbox.close)(act + "d")
                assert all(receipt.status == "refused" for receipt in waiting)
                closed, waiting = closed or act == "close", []
            assert inbox.waiting == len(waiting)

    def test_stops_are_not_counted_and_each_is_done_when_the_run_has_ended(self) -> None:
        inbox = Inbox(capacity=0)
        receipts = [inbox.stop() for _ in range(5)]
        assert inbox.stop_requested
        assert {receipt.status for receipt in receipts} == {"waiting"}
        inbox.close("the run has ended: Off")
        receipts.append(inbox.stop())
        assert {receipt.status for receipt in receipts} == {"done"}


class TestExactlyOneAnswer:
    """DESIGN: "every request gets exactly one answer, in whatever phase it was made, after a stop

    too".
    """

    @pytest.mark.parametrize("place", sorted(HOME))
    @pytest.mark.parametrize("end", ["good", "stopped", "failed"])
    def test_in_whatever_phase_it_was_made(self, place: str, end: str) -> None:
        kitchen, receipts = Kitchen(), list[Receipt]()

        def ask(kitchen: Kitchen) -> None:
            receipts.append(kitchen.inbox.submit("milk"))
            if end == "stopped":
                receipts.append(kitchen.inbox.stop())

        kitchen.deeds[place] = ask
        if end == "failed":
            kitchen.faults[place] = ValueError("boiled dry")
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        driver.run()
        assert receipts
        assert "waiting" not in {receipt.status for receipt in receipts}
        late = kitchen.inbox.submit("milk")
        assert (late.status, late.reason) == ("refused", f"the run has ended: {driver.state}")

    def test_taken_by_a_hook_that_raised_before_it_answered(self) -> None:
        def take_and_raise(kitchen: Kitchen) -> None:
            kitchen.inbox.take()
            raise ValueError("boiled dry")

        kitchen = Kitchen(deeds={"brew": take_and_raise})
        receipt = kitchen.inbox.submit("milk")
        Driver(COFFEE, kitchen, inbox=kitchen.inbox).run()
        assert receipt.status in ("refused", "failed")

    @pytest.mark.usefixtures("_jumpy")
    def test_of_four_threads_and_many_requests_while_the_machine_runs(self) -> None:
        kitchen, receipts = Kitchen(orders=400, beans=400), list[Receipt]()
        kitchen.inbox.capacity = 50
        answered: Counter[int] = Counter()

        def serve(kitchen: Kitchen) -> None:
            for request in kitchen.inbox.take():
                answered[request.arguments["number"]] += 1
                request.receipt.done()

        lifecycle = COFFEE.replace("Serving", evolve(COFFEE.state("Serving"), entry=[serve]))

        def ask(numbers: range) -> None:
            for number in numbers:
                receipts.append(kitchen.inbox.submit("milk", number=number))

        together(
            lambda: Driver(lifecycle, kitchen, inbox=kitchen.inbox).run(),
            *(lambda n=n: ask(range(n * 2000, n * 2000 + 2000)) for n in range(4)),
        )
        statuses = Counter(receipt.status for receipt in receipts)
        assert statuses.total() == 8000
        assert set(statuses) <= {"done", "refused"}
        assert statuses["done"] == len(answered)
        assert set(answered.values()) <= {1}
        assert all(receipt.wait(0) for receipt in receipts)

    @pytest.mark.usefixtures("_jumpy")
    def test_of_stops_while_the_inbox_is_being_closed(self) -> None:
        for _ in range(150):
            inbox, receipts = Inbox(), list[Receipt]()

            def stop(inbox: Inbox = inbox, receipts: list[Receipt] = receipts) -> None:
                receipts.extend([inbox.stop(), inbox.submit("milk"), inbox.stop()])

            together(stop, stop, lambda inbox=inbox: inbox.close("closed"))  # type: ignore[misc]
            assert Counter(receipt.status for receipt in receipts) == {"done": 4, "refused": 2}

    @pytest.mark.usefixtures("_jumpy")
    def test_of_a_stop_from_another_thread_in_the_middle_of_a_run(self) -> None:
        kitchen, receipts = Kitchen(orders=10**6, beans=10**6), list[Receipt]()
        brewed = threading.Event()
        kitchen.deeds["serve"] = lambda kitchen: brewed.set() if kitchen.cups > 20 else None

        def stop() -> None:
            assert brewed.wait(30)
            receipts.append(kitchen.inbox.stop())
            assert receipts[0].wait(30)

        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        together(driver.run, stop)
        assert (driver.state, driver.failures) == ("Off", [])
        assert receipts[0].status == "done"

    def test_a_machine_that_is_run_in_one_thread_answers_there(self) -> None:
        owners = list[int]()
        lifecycle: Any = Lifecycle(
            "where",
            [State("A", entry=[lambda _: owners.append(threading.get_ident())]),
             State("B", final=True)],
            [Transition("A", "B")],
        )  # fmt: skip
        driver = Driver(lifecycle, None)
        thread = threading.Thread(target=driver.run)
        thread.start()
        thread.join()
        assert owners == [thread.ident]
        assert driver.inbox.owner_is_other()


class TestRaces:
    """Four threads fire one request, 1,500 times: hook exactly once, every loser told."""

    @pytest.mark.usefixtures("_jumpy")
    @pytest.mark.parametrize("act", ["begin", "step", "advance", "move_to"])
    def test_four_that_move_one_machine(self, act: str) -> None:
        told: Counter[str] = Counter()
        for _ in range(400):
            kitchen = Kitchen()
            driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
            if act in ("advance", "move_to"):  # whoever began it would be its owner
                driver._engine.fire(driver._engine.BEGIN)
                driver.inbox._owner = None
                kitchen.log.clear()
            target = ["Grinding"] if act == "move_to" else []

            def fire(driver: Driver = driver, target: list[str] = target) -> None:
                try:
                    getattr(driver, act)(*target)
                except IllegalMoveError as error:
                    told[str(error)] += 1
                else:
                    told["moved"] += 1

            together(*[fire] * 4)
            hook = "heat" if act in ("begin", "step") else "grind"
            assert kitchen.log.count(hook) == 1
        assert told == {
            "moved": 400, "another thread runs this machine; leave a request instead": 1200
        }  # fmt: skip

    def test_a_hook_that_joins_a_thread_which_asks_for_something(self) -> None:
        """... gets an error or a receipt at once, not a deadlock."""
        answers = list[object]()

        def ask(driver: Driver) -> None:
            answers.extend([driver.inbox.submit("milk"), driver.inbox.stop()])
            for act in (driver.step, driver.run, driver.advance, driver.begin):
                with pytest.raises(IllegalMoveError, match="another thread"):
                    act()
            answers.append("refused")

        def join(kitchen: Kitchen) -> None:
            thread = threading.Thread(target=ask, args=[driver])
            thread.start()
            thread.join(30)
            assert not thread.is_alive()

        kitchen = Kitchen(deeds={"brew": join})
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert driver.run() == "Off"
        milk, stop, refused = answers
        assert isinstance(milk, Receipt)
        assert isinstance(stop, Receipt)
        assert [milk.status, stop.status, refused] == ["done", "done", "refused"]
