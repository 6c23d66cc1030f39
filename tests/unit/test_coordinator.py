"""The front door: a configuration in, a run out; errors, requests, and looking on from outside."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsm_session import BaseWorker, RunFailedError, SessionCoordinator, Signal
from fsm_session.errors import ConfigError, ExportError, JournalError, RequirementsError
from tests.small_market import SESSIONS, market, wishes

MINUTES = {date: [0, 1, 2, 30] for date in SESSIONS}
SOURCE = market({"AAA": MINUTES, "BBB": MINUTES})
PATIENCE = 20.0


def coordinator(end: str = SESSIONS[2], **options: Any) -> SessionCoordinator:
    threads = {"threads": options.pop("threads", False)}
    config = wishes(options.pop("symbols", ["AAA"]), SESSIONS[0], end, workers=threads)
    return SessionCoordinator(config, source=options.pop("source", SOURCE), **options)


class At(BaseWorker):
    """A worker that does something at a step of a session."""

    def __init__(self, date: str, number: int, deed: Callable[[], object]) -> None:
        self.name = f"at {number}"
        self.date, self.number, self.deed = date, number, deed
        self.session = ""

    def setup(self, context: Any) -> None:
        self.session = context.clock.session.label

    def on_step(self, step: Any) -> None:
        if (self.session, step.number) == (self.date, self.number):
            self.deed()


def elsewhere(deed: Callable[[], Any]) -> Any:
    """Do something in another thread and give what came of it."""
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(deed()))
    thread.start()
    thread.join(PATIENCE)
    return answers[0]


def fail() -> None:
    raise ValueError("out of luck")


class TestTheDataThatIsLeft:
    """After the last session, its data is there to be looked at."""

    def test_completed(self) -> None:
        run = coordinator().run()
        assert run.outcome == "completed"
        assert run.data.session.label == SESSIONS[2]
        assert len(run.data["AAA"].bars()) == 4
        assert len(run.data["AAA"].today("1h")) == 1
        assert run.errors == ()
        assert run.out is None

    @pytest.mark.parametrize("threads", [False, True])
    def test_stopped_midway(self, threads: bool) -> None:
        some = coordinator(workers=[At(SESSIONS[1], 2, lambda: some.stop())], threads=threads)
        run = some.run()
        assert run.outcome == "stopped"
        assert [(each.date, each.complete) for each in run.sessions] == [
            (SESSIONS[0], True), (SESSIONS[1], False)
        ]  # fmt: skip
        assert run.data.session.label == SESSIONS[1]
        assert len(run.data["AAA"].today()) == 2
        assert [each.target for each in run.moves][-2:] == ["Deactivate", "Done"]

    def test_failed_midway(self) -> None:
        with pytest.raises(RunFailedError) as caught:
            coordinator(workers=[At(SESSIONS[1], 3, fail)]).run()
        run: Any = caught.value.run
        assert run.outcome == "failed"
        assert [(each.date, each.complete) for each in run.sessions] == [
            (SESSIONS[0], True), (SESSIONS[1], False)
        ]  # fmt: skip
        assert len(run.data["AAA"].today()) == 3
        assert "at 3" in str(caught.value)
        assert SESSIONS[1] in str(caught.value)

    @pytest.mark.parametrize("last", ["bar", "closing step"])
    def test_a_session_whose_last_step_failed_is_not_complete(self, last: str) -> None:
        """``complete``: false where a stop or an error ended it midway."""
        minutes = [0, 389] if last == "bar" else [0, 1]
        number = 2 if last == "bar" else 3
        source = market({"AAA": {SESSIONS[0]: minutes}})
        with pytest.raises(RunFailedError) as caught:
            coordinator(SESSIONS[0], source=source, workers=[At(SESSIONS[0], number, fail)]).run()
        run: Any = caught.value.run
        assert [each.complete for each in run.sessions] == [False]

    def test_the_next_session_can_not_be_loaded(self) -> None:
        """A Load that fails would leave nobody's data: the last one's is kept until then."""
        source: Any = market({"AAA": MINUTES})
        broken: list[str] = []
        read = source.bars

        def bars(symbol: str, *arguments: Any) -> Any:
            if broken:
                raise OSError("the disk is gone")
            return read(symbol, *arguments)

        source.bars = bars
        worker = At(SESSIONS[0], 4, lambda: broken.append("now"))
        with pytest.raises(RunFailedError, match="the disk is gone") as caught:
            coordinator(source=source, workers=[worker]).run()
        run: Any = caught.value.run
        assert run.data.session.label == SESSIONS[0]
        assert len(run.data["AAA"].bars()) == 4


class TestRequestsFromOtherThreads:
    """Every request gets exactly one answer, in whatever phase it was made, after a stop too."""

    @pytest.mark.parametrize("threads", [False, True])
    def test_a_symbol_is_added_at_the_next_pause(self, threads: bool) -> None:
        receipts: list[Any] = []
        some = coordinator(
            SESSIONS[0],
            workers=[
                At(SESSIONS[0], 2, lambda: receipts.append(
                    elsewhere(lambda: some.add_symbol("BBB")))),
            ],
            threads=threads,
        )  # fmt: skip
        run = some.run()
        assert [each.status for each in receipts] == ["done"]
        assert run.sessions[0].symbols == ("AAA", "BBB")
        assert [each.target for each in run.moves].count("Paused") == 1

    def test_a_thread_that_waits_is_answered(self) -> None:
        answers: list[Any] = []
        go = threading.Event()
        some = coordinator(SESSIONS[0], workers=[At(SESSIONS[0], 1, go.set)])

        def asks() -> None:
            assert go.wait(PATIENCE)
            for request, symbol in ((some.add_symbol, "BBB"), (some.remove_symbol, "ZZZ")):
                receipt = request(symbol)
                answers.append((receipt.wait(PATIENCE), receipt.status))

        thread = threading.Thread(target=asks)
        thread.start()
        some.run()
        thread.join(PATIENCE)
        assert [each[0] for each in answers] == [True, True]
        assert {each[1] for each in answers} <= {"done", "refused"}

    def test_after_the_end_a_request_is_refused_and_a_stop_is_done(self) -> None:
        some = coordinator(SESSIONS[0])
        some.run()
        assert some.add_symbol("BBB").status == "refused"
        assert some.remove_symbol("AAA").status == "refused"
        assert some.stop().status == "done"

    def test_a_stop_before_the_run_ends_it_at_once(self) -> None:
        some = coordinator()
        receipt = some.stop()
        run = some.run()
        assert receipt.status == "done"
        assert run.outcome == "stopped"
        assert run.sessions == ()
        assert [each.target for each in run.moves] == ["Validate", "Done"]

    @pytest.mark.parametrize("symbol", [5, None, "a/b"])
    def test_what_can_be_no_symbol_is_refused(self, symbol: Any) -> None:
        receipts: list[Any] = []
        some = coordinator(
            SESSIONS[0],
            workers=[At(SESSIONS[0], 2, lambda: receipts.append(some.add_symbol(symbol)))],
        )
        assert some.run().outcome == "completed"
        assert [each.status for each in receipts] == ["refused"]


class TestProgress:
    """Say where the run is; from any thread."""

    def test_before_and_after(self) -> None:
        some = coordinator()
        assert (some.progress().session, some.progress().step) == (0, 0)
        some.run()
        assert some.progress().phase == "Done"
        assert some.progress().session == 3

    def test_within_a_step(self) -> None:
        seen: list[Any] = []
        some = coordinator(
            workers=[At(SESSIONS[1], 2, lambda: seen.append(elsewhere(lambda: some.progress())))]
        )
        some.run()
        (now,) = seen
        assert (now.phase, now.date, now.session, now.sessions) == ("Streaming", SESSIONS[1], 2, 3)
        assert (now.step, now.steps) == (2, 4)


class TestCheck:
    """Validate alone."""

    def test_it_says_what_the_run_would_need(self) -> None:
        found = coordinator(symbols=["BBB", "AAA"]).check()
        assert [each.label for each in found.sessions] == list(SESSIONS)
        assert set(found.plans) == {"AAA", "BBB"}
        assert {str(each) for each in found.plans["AAA"].derived} == {"5m", "1h"}
        assert found.unmet == ()

    def test_it_raises_everything_that_is_unmet_and_writes_nothing(self, tmp_path: Path) -> None:
        some = coordinator(symbols=["AAA", "XXX", "YYY"], out=tmp_path / "out")
        with pytest.raises(RequirementsError) as caught:
            some.check()
        assert {each.symbol for each in caught.value.faults} == {"XXX", "YYY"}
        assert not (tmp_path / "out").exists()

    def test_it_can_be_run_after(self) -> None:
        some = coordinator()
        some.check()
        assert some.run().outcome == "completed"


class TestWhatIsHandedOver:
    """Raises ConfigError or DataError for what makes a run impossible."""

    def test_neither_source_nor_calendar(self) -> None:
        config = wishes(["AAA"], SESSIONS[0], SESSIONS[0], calendar="XNYZ")
        with pytest.raises(ConfigError) as caught:
            SessionCoordinator(config)
        assert {each.key for each in caught.value.faults} >= {"source"}
        assert "XNYZ" in str(caught.value)

    @pytest.mark.parametrize("worker", [object(), BaseWorker, type("Half", (), {"name": "half"})()])
    def test_what_is_no_worker_is_refused_in_words(self, worker: Any) -> None:
        """Errors are our own: never a bare traceback."""
        with pytest.raises((ConfigError, RunFailedError, RequirementsError)) as caught:
            coordinator(workers=[worker]).run()
        assert "workers" in str(caught.value)


class TestTheFolder:
    """A second process on the same folder is refused; an earlier run stays whole."""

    def test_nothing_is_written_without_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        coordinator().run()
        assert list(tmp_path.iterdir()) == []

    def test_a_second_one_is_refused_while_the_first_runs(self, tmp_path: Path) -> None:
        refused: list[str] = []

        def second() -> None:
            with pytest.raises((ExportError, JournalError)) as caught:
                coordinator(out=tmp_path, overwrite=True).run()
            refused.append(str(caught.value))

        run = coordinator(out=tmp_path, workers=[At(SESSIONS[0], 2, second)]).run()
        assert run.outcome == "completed"
        assert len(refused) == 1
        assert str(tmp_path) in refused[0]
        assert len(list(tmp_path.glob("sessions/*.json"))) == 3

    def test_an_earlier_run_is_not_overwritten_unasked(self, tmp_path: Path) -> None:
        coordinator(out=tmp_path).run()
        before = contents(tmp_path)
        with pytest.raises(ExportError, match="earlier run"):
            coordinator(SESSIONS[0], out=tmp_path).run()
        assert contents(tmp_path) == before

    def test_an_earlier_run_stays_whole_if_the_new_one_is_impossible(self, tmp_path: Path) -> None:
        coordinator(out=tmp_path).run()
        before = contents(tmp_path)
        with pytest.raises(RunFailedError):
            coordinator(symbols=["XXX"], out=tmp_path, overwrite=True).run()
        assert contents(tmp_path) == before

    def test_a_summary_only_has_no_sessions(self, tmp_path: Path) -> None:
        whole = coordinator(out=tmp_path / "whole").run()
        short = coordinator(out=tmp_path / "short", summary_only=True).run()
        assert {path.name for path in (tmp_path / "short").rglob("*")} == {
            "journal.jsonl", "run.json",
        }  # fmt: skip
        written = [(tmp_path / name / "run.json").read_bytes() for name in ("whole", "short")]
        assert written[0] == written[1]
        assert [each.sha256 == "" for each in short.sessions] == [True] * 3
        moves = [[(move.source, move.target) for move in run.moves] for run in (whole, short)]
        assert moves[0] == moves[1]

    def test_a_summary_is_not_overwritten_unasked(self, tmp_path: Path) -> None:
        coordinator(out=tmp_path, summary_only=True).run()
        before = contents(tmp_path)
        with pytest.raises(ExportError, match="3 sessions of an earlier run"):
            coordinator(SESSIONS[0], out=tmp_path).run()
        with pytest.raises(RunFailedError):
            coordinator(symbols=["XXX"], out=tmp_path, overwrite=True).run()
        assert contents(tmp_path) == before
        coordinator(SESSIONS[0], out=tmp_path, overwrite=True).run()
        assert len(list(tmp_path.glob("sessions/*.json"))) == 1

    def test_asked_to_it_leaves_nothing_of_the_earlier_one(self, tmp_path: Path) -> None:
        coordinator(out=tmp_path).run()
        coordinator(SESSIONS[0], out=tmp_path, overwrite=True).run()
        assert [each.name for each in tmp_path.glob("sessions/*")] == [f"{SESSIONS[0]}.json"]

    def test_a_file_in_its_place_is_told_in_words(self, tmp_path: Path) -> None:
        (tmp_path / "out").write_text("not a folder")
        with pytest.raises((ExportError, JournalError), match="out"):
            coordinator(out=tmp_path / "out").run()
        assert (tmp_path / "out").read_text() == "not a folder"


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_a_signal_is_in_the_result() -> None:
    class Says:
        def on_bar(self, bar: Any) -> Signal:
            return Signal(bar.symbol, "buy")

    run = coordinator(strategies=[Says]).run()
    assert [len(each.signals) for each in run.sessions] == [4, 4, 4]
