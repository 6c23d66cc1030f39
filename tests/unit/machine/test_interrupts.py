"""Ctrl-C, at every place of a run, once and twice; and stops from a signal handler."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import transitions.core
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.machine import Driver, Failure, Lifecycle, Move, Receipt, driver, engine
from fsm_session.machine.journal import Journal, read_journal, replay
from tests.unit.machine.coffee import COFFEE, HOME, ONE_CUP, Kitchen
from tests.unit.machine.strategies import (
    BoundedInbox,
    Script,
    answers,
    drive,
    entered,
    expected_log,
    patient,
    scripted_lifecycles,
)

Yes = frozenset[tuple[int, int]]


class TestOnce:
    """Driver.run: "A KeyboardInterrupt is a stop; one after that an error"."""

    @patient
    @given(scripted_lifecycles(), answers(), st.data())
    def test_wherever_it_comes_the_run_ends_well_and_nothing_is_begun_again(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        good = expected_log(lifecycle, yes)
        at = data.draw(st.integers(0, len(good) - 1))
        script, inbox = Script(yes, {at: KeyboardInterrupt()}), BoundedInbox()
        driver = drive(lifecycle, script, inbox=inbox)
        assert driver.failures == []
        assert inbox.stop_requested
        last = lifecycle.state(driver.state)
        assert last.final
        clean_up = [event for event in script.log if event.phase == last.name]
        assert set(entered(last)) == set(clean_up)
        if not lifecycle.state(good[at].phase).final and good[at].kind != "move":
            assert script.log[at + 1].kind in ("guard", "move")

    @pytest.mark.parametrize("place", sorted({*HOME} - {"cool_down", "switch_off"}))
    def test_the_coffee_machine_switches_off(self, place: str) -> None:
        kitchen = Kitchen(orders=9, faults={place: KeyboardInterrupt()})
        receipts = list[Receipt]()
        kitchen.deeds["cool_down"] = lambda kitchen: receipts.append(kitchen.inbox.stop())
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert (driver.run(), driver.failures) == ("Off", [])
        assert kitchen.cups <= 1
        assert [receipt.status for receipt in receipts] == ["done"]

    @pytest.mark.parametrize("first", [True, False])
    @pytest.mark.parametrize("at", range(1, 6))
    def test_in_an_observer_it_hides_no_move_from_another_and_tells_none_twice(
        self, at: int, first: bool
    ) -> None:
        """DESIGN: "`DIR/journal.jsonl`: every move"; and of this library: it replays."""
        moves = list[Move | Failure]()
        calls = iter(range(1, 100))

        def interrupted(record: Move | Failure) -> None:
            if next(calls) == at:
                raise KeyboardInterrupt

        observers = [interrupted, moves.append] if first else [moves.append, interrupted]
        kitchen = Kitchen()
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox, observers=observers)
        assert (driver.run(), driver.failures) == ("Off", [])
        told = [move for move in moves if isinstance(move, Move)]
        assert [move.number for move in told] == [*range(1, len(told) + 1)]
        assert [move.source for move in told] == [None, *(move.target for move in told[:-1])]
        assert told[-1].target == "Off"

    @pytest.mark.parametrize("where", ["before", "after"])
    @pytest.mark.parametrize("at", range(1, 6))
    def test_in_the_journals_own_writing_the_journal_still_replays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int, where: str
    ) -> None:
        """Issue 2: "the journal replays to the same state"."""
        path = tmp_path / "journal.jsonl"
        journal = Journal.create(path, {})
        sync, calls = os.fsync, iter(range(1, 100))

        def interrupted_sync(descriptor: int) -> None:
            now = next(calls) == at
            if now and where == "before":
                raise KeyboardInterrupt
            sync(descriptor)
            if now:
                raise KeyboardInterrupt

        def observe(record: Move | Failure) -> None:
            if isinstance(record, Move):
                facts = {"from": record.source, "to": record.target}
                journal.append("move", facts, sync=True)

        kitchen = Kitchen()
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox, observers=[observe])
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", interrupted_sync)
            assert (driver.run(), driver.failures) == ("Off", [])
        journal.close()
        assert replay(COFFEE, read_journal(path).records) == "Off"


class InterruptedAt:
    """Raises KeyboardInterrupt on entering the n-th function of the machine's own files."""

    FILES = frozenset(str(each.__file__) for each in (driver, engine, transitions.core))

    def __init__(self, at: int) -> None:
        self.left = at
        self.came_in = ""

    def __call__(self, frame: FrameType, event: str, argument: object) -> None:
        if event != "call" or frame.f_code.co_filename not in self.FILES:
            return
        self.left -= 1
        if not self.left:
            self.came_in = frame.f_code.co_name
            raise KeyboardInterrupt

    def run(self, driver: Driver) -> None:
        """Run it, and let through what it lets through."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            driver.run()
        finally:
            sys.settrace(before)


class TestInTheMachineItself:
    """DESIGN: "no `on_exception` (it swallows even Ctrl-C)"; and neither does anything else."""

    def test_it_is_a_stop_is_not_lost_and_every_move_is_told(self) -> None:
        places = set[str]()
        for at in range(1, 5000):
            interrupted, moves, kitchen = InterruptedAt(at), list[Any](), Kitchen(orders=2)
            it = Driver(COFFEE, kitchen, inbox=kitchen.inbox, observers=[moves.append])
            try:
                interrupted.run(it)
            except KeyboardInterrupt:  # then it had not begun, or was over already
                assert it.state in ("(start)", "Off"), interrupted.came_in
            else:
                assert kitchen.inbox.stop_requested is bool(interrupted.came_in)
            assert it.failures == []
            # wherever it came, between two of them too
            assert it.state == "(start)" or kitchen.log[-2:] == ["cool_down", "switch_off"]
            assert [move.source for move in moves] == [None, *(m.target for m in moves)][:-1]
            assert (moves[-1].target if moves else "(start)") == it.state
            places.add(interrupted.came_in)
            if not interrupted.came_in:
                break
        assert {"", "step", "_move", "trigger", "execute", "set_state", "_arrive"} <= places


class TestTwice:
    """Issue 2: "`KeyboardInterrupt` is a stop, a second one is Failed"."""

    @patient
    @given(scripted_lifecycles(failing=True), answers(), st.data())
    def test_the_second_is_an_error_wherever_it_comes(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        good = expected_log(lifecycle, yes)
        first = data.draw(st.integers(0, len(good) - 1))
        probe = Script(yes, {first: KeyboardInterrupt()})
        drive(lifecycle, probe)
        if first + 1 == len(probe.log):
            return
        second = data.draw(st.integers(first + 1, len(probe.log) - 1))
        error = KeyboardInterrupt("again")
        script = Script(yes, {first: KeyboardInterrupt(), second: error})
        driver = drive(lifecycle, script)
        assert driver.state == lifecycle.failure
        assert [failure.error for failure in driver.failures] == [error]

    @pytest.mark.parametrize("place", sorted(HOME))
    def test_after_a_stop_that_was_asked_for_the_first_is_an_error(self, place: str) -> None:
        kitchen = Kitchen(faults={place: KeyboardInterrupt()})
        kitchen.deeds[place] = lambda kitchen: kitchen.inbox.stop()
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert driver.run() == "Broken"
        assert isinstance(driver.failures[0].error, KeyboardInterrupt)


class TestSignals:
    """Inbox.stop: "Safe in a signal handler: it takes no lock"."""

    @pytest.fixture(autouse=True)
    def _own_handler(self) -> Iterator[None]:
        before = signal.getsignal(signal.SIGUSR1)
        yield
        signal.signal(signal.SIGUSR1, before)

    @pytest.mark.parametrize("place", ONE_CUP[:-2])
    def test_a_real_signal_at_every_place_stops_the_run(self, place: str) -> None:
        kitchen, receipts = Kitchen(orders=9), list[Receipt]()

        def stop(number: int, frame: FrameType | None) -> None:
            receipts.append(kitchen.inbox.stop())

        signal.signal(signal.SIGUSR1, stop)
        kitchen.deeds[place] = lambda _: os.kill(os.getpid(), signal.SIGUSR1)
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert (driver.run(), driver.failures) == ("Off", [])
        assert kitchen.cups <= 1
        assert {receipt.status for receipt in receipts} == {"done"}

    def test_while_the_inbox_is_locked(self) -> None:
        kitchen, receipts = Kitchen(), list[Receipt]()
        signal.signal(signal.SIGUSR1, lambda *_: receipts.append(kitchen.inbox.stop()))
        with kitchen.inbox._lock:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert [receipt.status for receipt in receipts] == ["waiting"]
        kitchen.inbox.close("closed")
        assert [receipt.status for receipt in receipts] == ["done"]

    def test_a_real_ctrl_c(self) -> None:
        kitchen = Kitchen(orders=9)
        kitchen.deeds["brew"] = lambda _: signal.raise_signal(signal.SIGINT)
        driver = Driver(COFFEE, kitchen, inbox=kitchen.inbox)
        assert (driver.run(), driver.failures) == ("Off", [])
        # when a signal that was raised arrives is Python's to say: here, or a few calls later
        assert kitchen.log[-2:] == ["cool_down", "switch_off"]
        assert kitchen.log.count("brew") == 1
