"""Whatever a run has left, its folder makes a report or a clear error."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from fsm_session import SessionConfig, SessionCoordinator
from fsm_session.errors import ReportError
from fsm_session.machine.journal import Journal
from fsm_session.report.export import write_report
from fsm_session.report.plot import plot_of
from fsm_session.report.reading import RunFolder, read_folder, session_records
from fsm_session.testing import run_days
from tests.unit.report import runs


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.completed(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(whole, tmp_path / "copy"))


def refusal(folder: Path) -> list[str]:
    """Give what a report is refused for, a line a fault; no file is left."""
    with pytest.raises(ReportError) as caught:
        write_report(folder)
    assert not (folder / "report.html").exists()
    return [str(each) for each in caught.value.faults]


def dates_of(run: RunFolder) -> list[str]:
    faults: list[object] = []
    dates = [date for date, _ in session_records(run, faults)]  # type: ignore[arg-type]
    assert not faults
    return dates


class TestEndings:
    """ "A folder of a failed, stopped or still running run ... all make a report." """

    def test_completed(self, whole: Path) -> None:
        run = read_folder(whole)
        assert (run.outcome, run.errors, run.torn) == ("completed", (), False)
        assert [each.date for each in run.sessions] == dates_of(run) == list(runs.DATES)
        told = runs.journal(whole)
        assert len(run.moves) == sum(each["kind"] == "move" for each in told)

    def test_failed(self, tmp_path: Path) -> None:
        run = read_folder(runs.failed(tmp_path))
        assert run.outcome == "failed"
        (error,) = run.errors
        assert (error.phase, error.session) == ("Streaming", "2024-07-03")
        assert "no more" in error.message
        assert [each.complete for each in run.sessions] == [True, False]

    def test_stopped(self, tmp_path: Path) -> None:
        run = read_folder(runs.stopped(tmp_path))
        assert run.outcome == "stopped"
        assert [each.complete for each in run.sessions] == [False]
        assert write_report(tmp_path).is_file()

    def test_killed_or_under_way(self, copy: Path) -> None:
        """No run.json, and the journal ends anywhere."""
        (copy / "run.json").unlink()
        lines = (copy / "journal.jsonl").read_bytes().splitlines(keepends=True)
        for length in range(1, len(lines)):
            (copy / "journal.jsonl").write_bytes(b"".join(lines[:length]))
            run = read_folder(copy)
            committed = [each for each in map(json.loads, lines[:length]) if "sha256" in each]
            assert run.outcome == ""
            assert [each.date for each in run.sessions] == [each["date"] for each in committed]
        for length in (1, 2, len(lines) // 2):
            (copy / "journal.jsonl").write_bytes(b"".join(lines[:length]))
            assert b"Not ended" in write_report(copy).read_bytes()

    def test_a_torn_journal(self, copy: Path) -> None:
        content = (copy / "journal.jsonl").read_bytes()
        (copy / "journal.jsonl").write_bytes(content[:-20])
        (copy / "run.json").unlink()
        assert read_folder(copy).torn
        assert b"last record was broken off" in write_report(copy).read_bytes()

    def test_no_record_of_each_session(self, tmp_path: Path) -> None:
        config = SessionConfig.from_dict(runs.wishes(["AAA"], *runs.DATES[::2]))
        source = runs.day_long(["AAA"])
        SessionCoordinator(config, source=source, out=tmp_path, summary_only=True).run()
        run = read_folder(tmp_path)
        assert run.unwritten
        assert len(run.sessions) == 3
        assert b"--summary-only" in write_report(tmp_path).read_bytes()


class TestRefusals:
    """ "Faults of damaged or missing records all at once as an own error." """

    def test_no_folder(self, tmp_path: Path) -> None:
        assert refusal(tmp_path / "nowhere") == [f"{tmp_path / 'nowhere'}: there is no such folder"]

    def test_an_empty_folder(self, tmp_path: Path) -> None:
        assert refusal(tmp_path) == [
            f"{tmp_path}: holds no run: neither run.json nor journal.jsonl"
        ]

    def test_all_damaged_sessions_at_once(self, copy: Path) -> None:
        (copy / "sessions" / "2024-07-02.json").unlink()
        path = copy / "sessions" / "2024-07-05.json"
        path.write_bytes(path.read_bytes().replace(b"AAA", b"AAB", 1))
        missing, altered = refusal(copy)
        assert "2024-07-02.json: can't be read: No such file" in missing
        assert "2024-07-05.json: is not what the journal says was written" in altered

    def test_both_of_the_run_s_own_at_once(self, copy: Path) -> None:
        (copy / "run.json").write_text('{"format": 1, "outcome": 5')
        lines = (copy / "journal.jsonl").read_bytes().splitlines(keepends=True)
        (copy / "journal.jsonl").write_bytes(lines[0] + b"{}\n" + b"".join(lines[2:]))
        journal, run = refusal(copy)
        assert "record 1 is damaged" in journal
        assert "run.json: is not the record of a run" in run

    @pytest.mark.parametrize("change", [{"sessions": 5}, {"format": 9}, {"errors": [{"error": 1}]}])
    def test_a_run_s_record_of_another_shape(self, copy: Path, change: dict[str, object]) -> None:
        record = json.loads((copy / "run.json").read_bytes())
        (copy / "run.json").write_text(json.dumps({**record, **change}))
        (told,) = refusal(copy)
        assert "run.json: is not the record of a run" in told

    def test_a_journal_that_is_gone(self, copy: Path) -> None:
        (copy / "journal.jsonl").unlink()
        (told,) = refusal(copy)
        assert "journal.jsonl: is missing" in told

    @pytest.mark.parametrize("name", ["../../../etc/passwd", "2024-07-02/../x", "", "2024-07-2"])
    def test_a_date_is_never_a_path(self, tmp_path: Path, name: str) -> None:
        """A journal that was made, sound by its checksums, with a name for a date."""
        journal = Journal.create(tmp_path / "journal.jsonl", {"name": "made"})
        counts = {"complete": True, "symbols": 1, "left_out": [], "steps": 1, "bars": 1}
        more = {"quality": 1.0, "signals": 0, "scans": 0, "changes": 0, "disabled": []}
        journal.append("session", {"date": name, **counts, **more, "sha256": "0" * 64})
        journal.close()
        (told,) = refusal(tmp_path)
        assert f"{name!r} is no date of a session" in told

    @pytest.mark.parametrize("change", ["format", "symbols", "open"])
    def test_a_session_of_another_shape(self, copy: Path, change: str) -> None:
        """A journal that says of a record what it is, and the record is none."""
        path = copy / "sessions" / "2024-07-02.json"
        record = {**json.loads(path.read_bytes()), change: 7}
        path.write_text(json.dumps(record))
        sha256 = runs.sha256(path)
        read = runs.journal(copy)
        (copy / "journal.jsonl").unlink()
        facts = [{k: v for k, v in each.items() if k not in runs.OWN} for each in read]
        journal = Journal.create(
            copy / "journal.jsonl", {k: v for k, v in facts[0].items() if k != "format"}
        )
        for each, own in zip(facts[1:], read[1:], strict=True):
            if own["kind"] == "session" and own["date"] == "2024-07-02":
                each["sha256"] = sha256
            journal.append(own["kind"], each, own.get("meta"))
        journal.close()
        (told,) = refusal(copy)
        assert "2024-07-02.json" in told


class TestAWrittenReport:
    """ "Whole or not at all"; what was there before stays where it can't be written."""

    def test_what_was_there_before_stays(self, copy: Path) -> None:
        path = write_report(copy)
        before = path.read_bytes()
        (copy / "sessions" / "2024-07-02.json").unlink()
        with pytest.raises(ReportError):
            write_report(copy)
        assert path.read_bytes() == before

    def test_a_new_run_removes_the_report_of_the_old(self, copy: Path) -> None:
        path = write_report(copy)
        config = SessionConfig.from_dict(runs.wishes(["AAA"], *runs.DATES[::2]))
        source = runs.day_long(["AAA"])
        SessionCoordinator(config, source=source, out=copy, overwrite=True).run()
        assert not path.exists()

    def test_a_run_by_itself_writes_none(self, tmp_path: Path) -> None:
        run_days(out=tmp_path)
        assert not (tmp_path / "report.html").exists()

    def test_the_same_records_give_the_same_bytes(self, whole: Path, tmp_path: Path) -> None:
        first = write_report(whole, tmp_path / "1.html").read_bytes()
        plot_of.cache_clear()  # and what another process would make anew
        assert write_report(whole, tmp_path / "2.html").read_bytes() == first
