"""What a run says by the standard library's logging."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsm_session import RunFailedError, SessionConfig, SessionCoordinator
from fsm_session.machine.journal import read_journal
from fsm_session.run_log import RunLog
from fsm_session.testing import run_days, small_market

#: what a record may not be given a second time
OWN = set(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime"}
FORMAT = "%(levelname)s %(session)s %(phase)s %(symbol)s %(move)d %(message)s"


class Kept(logging.Handler):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def at(self, level: int) -> list[logging.LogRecord]:
        return [each for each in self.records if each.levelno == level]


@pytest.fixture
def kept() -> Iterator[Kept]:
    """Listen to everything, as anybody may."""
    log, handler = logging.getLogger("fsm_session"), Kept()
    before = log.level
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    yield handler
    log.setLevel(before)
    log.removeHandler(handler)


class Promotes:
    """Asks for a symbol, and for it to go."""

    every, pre_session = "5m", False

    def scan(self, view: Any) -> Any:
        return []

    def setup(self, context: Any) -> None:
        context.add_symbol("BBB")


class Picky:
    """Raises at whatever is shown of one symbol."""

    says = "not this one"

    def on_bar(self, bar: Any) -> None:
        if bar.symbol == "BBB":
            raise LookupError(self.says)


class Unwritable(Picky):
    """Says half a character."""

    says = "not \ud800 this one"


class TestPhases:
    """ "Logging by the standard library under `fsm_session`, one line a phase at INFO, structured
    extras (session, phase, symbol)"."""

    def test_one_line_a_phase_as_the_journal_has_them(self, kept: Kept, tmp_path: Path) -> None:
        run_days(Picky(), symbols=["AAA"], days=3, out=tmp_path)
        moves = [e for e in read_journal(tmp_path / "journal.jsonl").records if e["kind"] == "move"]
        lines = kept.at(logging.INFO)
        told = [(e.session, e.phase, e.symbol, e.move) for e in lines]  # type: ignore[attr-defined]
        assert told == [(e["session"], e["to"], "", e["move"]) for e in moves]
        assert [e.getMessage() for e in lines] == [f"{e['session']}: {e['to']}" for e in moves]
        assert len(moves) > 15

    def test_a_move_told_again_is_still_one(self, kept: Kept) -> None:
        run = run_days(Picky(), symbols=["AAA"], days=1)
        kept.records.clear()
        log = RunLog()
        for move in (*run.moves[:2], run.moves[1], *run.moves[2:]):
            log.observe(move)
        assert len(kept.records) == len(run.moves)

    def test_what_happens_to_a_symbol_is_below_that(self, kept: Kept) -> None:
        run_days(symbols=["AAA"], frames=small_market(), days=1, scanners=[Promotes()])
        (added,) = [e for e in kept.at(logging.DEBUG) if "added" in e.getMessage()]
        assert vars(added)["symbol"] == "BBB"
        assert vars(added)["phase"] == "Paused"
        assert added.getMessage() == "2024-07-02: BBB: added by Promotes"


class TestErrors:
    """Errors are told at ERROR with the same extras, and with what raised them."""

    def test_whose_it_is_and_where(self, kept: Kept) -> None:
        with pytest.raises(RunFailedError):
            run_days(Picky(), days=1)
        (error,) = kept.at(logging.ERROR)
        named = {name: vars(error)[name] for name in ("session", "phase", "symbol", "move")}
        assert named == {"session": "2024-07-02", "phase": "Streaming", "symbol": "BBB", "move": 5}
        assert error.exc_info is not None
        assert "LookupError" in logging.Formatter().formatException(error.exc_info)

    def test_what_no_file_would_take_is_left_out(self, kept: Kept) -> None:
        with pytest.raises(RunFailedError):
            run_days(Unwritable(), days=1)
        (error,) = kept.at(logging.ERROR)
        assert error.exc_info is None
        assert "not \\ud800 this one" in logging.Formatter().format(error)

    def test_what_is_wrong_with_the_input_needs_no_traceback(self, kept: Kept) -> None:
        wishes = {
            "backtest": {"start": "2024-07-04", "end": "2024-07-04"},
            "data": {"symbols": ["AAA"], "streams": ["1m"]},
            "source": {"kind": "simulated"},
        }
        with pytest.raises(RunFailedError):
            SessionCoordinator(SessionConfig.from_dict(wishes)).run()
        (error,) = kept.at(logging.ERROR)
        assert error.exc_info is None
        assert vars(error)["phase"] == "Validate"

    def test_who_is_taken_out_is_a_warning(self, kept: Kept) -> None:
        picky = Picky()
        picky.on_error = "disable"  # type: ignore[attr-defined]
        assert run_days(picky, days=2).outcome == "completed"
        told = [(vars(e)["session"], vars(e)["symbol"]) for e in kept.at(logging.WARNING)]
        assert told == [("2024-07-02", "BBB"), ("2024-07-03", "BBB")]


class TestRecords:
    """A record's attributes are its own, and the same for all."""

    def test_any_formatter_can_name_them(self, kept: Kept) -> None:
        with pytest.raises(RunFailedError):
            run_days(Picky(), days=1, scanners=[Promotes()])
        formatter = logging.Formatter(FORMAT)
        assert {e.levelname for e in kept.records} >= {"INFO", "ERROR"}
        assert all(formatter.format(each) for each in kept.records)
        for each in kept.records:
            added = vars(each).keys() - OWN
            assert added == {"session", "phase", "symbol", "move"}

    def test_nothing_is_made_for_those_who_do_not_listen(self, monkeypatch: Any) -> None:
        def fail(*_: object, **__: object) -> None:
            raise AssertionError("somebody made a line")

        monkeypatch.setattr(RunLog, "_place", fail)
        assert run_days(Picky(), symbols=["AAA"], days=1).outcome == "completed"

    def test_at_import_there_is_a_handler_for_nothing_and_no_more(self) -> None:
        code = (
            "import logging, fsm_session, fsm_session.coordinator, fsm_session.testing;"
            "log = logging.getLogger('fsm_session');"
            "print(log.level, [type(e).__name__ for e in log.handlers], log.propagate,"
            " logging.getLogger().handlers)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("0 ['NullHandler'] True []\n", "")
