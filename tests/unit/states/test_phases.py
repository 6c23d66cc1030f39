"""What each phase leaves behind, seen by a worker and by hooks that look between the others."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from fsm_session import TRADING_DAY, Run, RunFailedError, SessionCoordinator
from fsm_session.errors import RequirementsError, StaleSessionError, WorkerError
from fsm_session.machine import Lifecycle, Receipt
from fsm_session.workers.worker import BaseWorker
from tests.small_market import SESSIONS, market, wishes

MINUTES = {"AAA": [0, 1, 2, 30], "BBB": [0, 1, 60]}
SOURCE = market({symbol: dict.fromkeys(SESSIONS, each) for symbol, each in MINUTES.items()})


class Looks(BaseWorker):
    """A worker that notes what it is told, and whether the session was active then."""

    name = "looks"

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, bool]] = []

    def note(self, method: str) -> None:
        data = self.context.data
        if self.seen[-1:] != [(method, data.session.label, data.active)]:  # each step but once
            self.seen.append((method, data.session.label, data.active))

    def setup(self, context: Any) -> None:
        self.context = context
        self.note("setup")

    def on_session_start(self) -> None:
        self.note("on_session_start")

    def on_step(self, step: Any) -> None:
        self.note("on_step")

    def on_session_end(self) -> None:
        self.note("on_session_end")

    def teardown(self) -> None:
        self.note("teardown")


def run(*workers: Any, lifecycle: Lifecycle = TRADING_DAY, last: str = SESSIONS[-1]) -> Run:
    config = wishes(["AAA"], SESSIONS[0], last)
    return SessionCoordinator(config, source=SOURCE, workers=workers, lifecycle=lifecycle).run()


def looking_behind(state: str, hook: str, look: Any) -> Lifecycle:
    """Put a hook into a state right behind another of its entry hooks."""
    old = TRADING_DAY.state(state)
    at = [each.__name__ for each in old.entry].index(hook) + 1
    return TRADING_DAY.replace(state, evolve(old, entry=(*old.entry[:at], look, *old.entry[at:])))


class TestASessionIsActiveFromActiveToDeactivate:
    """Active: "mark the session active, tell the workers". Deactivate: "mark inactive; tell every

    worker on_session_end".
    """

    @pytest.mark.parametrize("last", SESSIONS)
    def test_what_a_worker_is_told_in_each_session(self, last: str) -> None:
        worker = Looks()
        run(worker, last=last)
        course = [("setup", False), ("on_session_start", True), ("on_step", True),
                  ("on_session_end", False), ("teardown", False)]  # fmt: skip
        days = SESSIONS[: SESSIONS.index(last) + 1]
        assert worker.seen == [(method, day, active) for day in days for method, active in course]


class TestStreaming:
    """On leaving every worker has taken the last step."""

    def test_a_worker_is_asked_to_settle_before_what_is_unfinished_is_finished(self) -> None:
        class Settles(Looks):
            def settle(self) -> None:
                self.note("settle")

        worker = Settles()
        run(worker, last=SESSIONS[0])
        told = [method for method, _, _ in worker.seen]
        # the step at the close finishes the bars that end there
        assert told[-5:] == ["on_step", "settle", "on_step", "on_session_end", "teardown"]


class TestTeardown:
    """On leaving there is no queue."""

    def test_what_waited_in_the_queues_is_gone(self) -> None:
        waiting: list[int] = []

        def look(context: Any) -> None:
            waiting.append(len(context.queues))

        run(lifecycle=looking_behind("Teardown", "clear_queues", look))
        assert waiting == [0] * len(SESSIONS[1:])
        before: list[int] = []
        run(
            lifecycle=looking_behind(
                "Teardown", "clear_session_data", lambda context: before.append(len(context.queues))
            )
        )
        assert all(before)


class TestLoadAndInitThreads:
    """Load: "put the clock at the session's open". InitThreads: "see that every worker is ready",

    on the way out.
    """

    def test_a_session_begins_at_its_open_wherever_the_clock_was(self) -> None:
        first: list[int] = []

        def look(context: Any) -> None:
            first.append(context.clock.now_ns - context.clock.session.open_ns)

        def lag(context: Any) -> None:
            context.clock.set_backtest_time(context.clock.now_ns + 60 * 10**9)

        old = TRADING_DAY.state("Load")
        day = TRADING_DAY.replace("Load", evolve(old, entry=(lag, *old.entry, look)))
        steps = sum(each.steps for each in run(lifecycle=day).sessions)
        assert first == [0, 0, 0]
        assert steps == sum(each.steps for each in run().sessions)

    def test_no_session_goes_on_with_a_worker_that_was_not_set_up(self) -> None:
        old = TRADING_DAY.state("InitThreads")
        day = TRADING_DAY.replace("InitThreads", evolve(old, entry=()))
        with pytest.raises(RunFailedError) as caught:
            run(lifecycle=day)
        first = caught.value.exceptions[0]
        assert isinstance(first, WorkerError)
        assert first.worker == "DataProcessor"  # the first of all


class TestTheFirstErrorIsOnRecord:
    """Failed: the same, with the error; every unmet requirement is listed, not just the first."""

    def test_what_was_unmet_stands_in_the_runs_record(self, tmp_path: Path) -> None:
        config = wishes(["NONE", "NEITHER"], SESSIONS[0], SESSIONS[0])
        with pytest.raises(RunFailedError) as caught:
            SessionCoordinator(config, source=SOURCE, out=tmp_path).run()
        [error] = caught.value.exceptions
        assert isinstance(error, RequirementsError)
        record = json.loads((tmp_path / "run.json").read_bytes())
        assert record["outcome"] == "failed"
        [told] = record["errors"]
        assert all(name in str(told) for name in ("NONE", "NEITHER"))


class TestTheRunsRecord:
    """Done: "tear down the workers ...; write the run's export"."""

    def test_a_worker_that_did_not_come_down_is_named_in_it(self, tmp_path: Path) -> None:
        class Stays(BaseWorker):
            name = "stays"

            def teardown(self) -> None:
                raise OSError("stuck")

        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0])
        with pytest.raises(RunFailedError):
            SessionCoordinator(config, source=SOURCE, workers=[Stays()], out=tmp_path).run()
        record = json.loads((tmp_path / "run.json").read_bytes())
        assert (record["outcome"], record["unclean"]) == ("failed", ["stays"])
        [error] = record["errors"]
        assert "stuck" in str(error)


class TestASessionThatIsBrokenOff:
    """Write the record of a session that was broken off, marked as not complete; then the run's."""

    def test_it_is_among_the_sessions_of_the_runs_record(self, tmp_path: Path) -> None:
        class Falls(BaseWorker):
            def setup(self, context: Any) -> None:
                self.data = context.data

            def on_step(self, step: Any) -> None:
                if self.data.session.label == SESSIONS[1]:
                    raise ValueError("odd")

        config = wishes(["AAA"], SESSIONS[0], SESSIONS[-1])
        with pytest.raises(RunFailedError):
            SessionCoordinator(config, source=SOURCE, workers=[Falls()], out=tmp_path).run()
        record = json.loads((tmp_path / "run.json").read_bytes())
        told = [(each["date"], each["complete"]) for each in record["sessions"]]
        assert told == [(SESSIONS[0], True), (SESSIONS[1], False)]


class TestRequestsAreAnsweredWithTheirSession:
    """Every request gets exactly one answer, in whatever phase it was made."""

    def test_what_is_asked_for_when_the_session_ends_is_refused_before_the_next(self) -> None:
        receipts: list[Receipt] = []
        answers: list[list[str]] = []

        class Asks(BaseWorker):
            def setup(self, context: Any) -> None:
                self.context = context

            def on_session_end(self) -> None:
                receipts.append(self.context.add_symbol("BBB"))

        def look(context: Any) -> None:
            answers.append([each.status for each in receipts])

        lifecycle = looking_behind("Deactivate", "write_session_export", look)
        run(Asks(), lifecycle=lifecycle)
        assert answers == [["refused"] * each for each in (1, 2, 3)]

    def test_done_answers_what_is_asked_for_while_the_workers_come_down(self) -> None:
        """Done and Failed: "every pending request answered"."""
        receipts: list[Receipt] = []
        answers: list[str] = []

        class Asks(BaseWorker):
            def setup(self, context: Any) -> None:
                self.context = context

            def teardown(self) -> None:
                receipts.append(self.context.add_symbol("BBB"))

        def look(context: Any) -> None:
            answers.extend(each.status for each in receipts)

        lifecycle = looking_behind("Done", "write_run_export", look)
        run(Asks(), lifecycle=lifecycle, last=SESSIONS[0])
        assert answers == ["refused"]


class TestDataIsShutBehindTheWorkers:
    """Done and Failed tear the workers down, then shut the data: what a worker left over from
    the run still writes is refused.
    """

    @pytest.mark.parametrize("fails", [False, True])
    def test_it_takes_what_is_written_in_the_teardown_and_nothing_after(self, fails: bool) -> None:
        class Writes(BaseWorker):
            def setup(self, context: Any) -> None:
                self.data = context.data

            def on_step(self, step: Any) -> None:
                if fails:
                    raise ValueError("odd")

            def teardown(self) -> None:
                self.data.add_universe("late")

        worker = Writes()
        with pytest.raises(RunFailedError) if fails else nullcontext() as caught:
            run(worker, last=SESSIONS[0])
        if fails:
            assert len(caught.value.exceptions) == 1  # type: ignore[union-attr]
        assert "late" in worker.data.universes
        with pytest.raises(StaleSessionError):
            worker.data.add_universe("later")
