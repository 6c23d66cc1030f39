"""The closing table: worth reading with one session and with thousands, wide and narrow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.coordinator import Run
from fsm_session.session_result import SessionResult
from fsm_session.terminal import show_files, show_run
from fsm_session.terminal.periods import periods, span
from fsm_session.terminal.text import ROWS_SHOWN


def result(date: dt.date, **others: Any) -> SessionResult:
    plain = SessionResult(date.isoformat(), True, ("A", "B"), (), 390, 780, 100.0, (), ())
    return evolve(plain, **others) if others else plain


def days(count: int, first: dt.date = dt.date(2024, 1, 2), every: int = 1) -> list[SessionResult]:
    return [result(first + dt.timedelta(days=every * number)) for number in range(count)]


class TestPeriods:
    """Many sessions are summed up by the shortest of week, month, quarter and year that fits."""

    @given(
        st.integers(1, 900), st.integers(1, 9), st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1))
    )
    def test_each_session_is_in_one_of_them_in_order(
        self, count: int, every: int, first: dt.date
    ) -> None:
        results = days(count, first, every)
        found = periods(results)
        assert [each for _, group in found for each in group] == results
        assert len({name for name, _ in found}) == len(found)

    @given(st.integers(1, 2000), st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1)))
    def test_they_are_no_more_than_one_reads(self, count: int, first: dt.date) -> None:
        assert len(periods(days(count, first))) <= ROWS_SHOWN

    @pytest.mark.parametrize(
        ("count", "named"),
        [
            (3, ["2024-01-02 to 01-04"]),
            (9, ["2024-01-02 to 01-07", "2024-01-08 to 01-10"]),
            (188, ["2024-01", "2024-02", "2024-03", "2024-04", "2024-05", "2024-06", "2024-07"]),
            (800, ["2024 Q1", "2024 Q2", "2024 Q3", "2024 Q4", "2025 Q1", "2025 Q2", "2025 Q3",
                   "2025 Q4", "2026 Q1"]),
            (2000, ["2024", "2025", "2026", "2027", "2028", "2029"]),
        ],
    )  # fmt: skip
    def test_their_names(self, count: int, named: Sequence[str]) -> None:
        assert [name for name, _ in periods(days(count))] == named

    def test_a_week_over_new_year_is_one(self) -> None:
        (found,) = periods(days(5, dt.date(2024, 12, 30)))
        assert found[0] == "2024-12-30 to 01-03"

    def test_from_the_least_to_the_most(self) -> None:
        assert span([97.94, 100.0, 99.0], "{:.1f}%") == "97.9%-100.0%"
        assert span([100.0, 99.99], "{:.1f}%") == "100.0%"


def shown(results: Sequence[SessionResult], capsys: pytest.CaptureFixture[str]) -> list[str]:
    outcome: Any = "completed"
    run = Run(outcome, tuple(results), None, ())  # type: ignore[arg-type]
    show_run(run, "a run", ())
    return capsys.readouterr().out.splitlines()


class TestTable:
    """Its figures are sums, and what was not as it should be is named."""

    @pytest.mark.parametrize("count", [2, 14, 15, 188, 1000])
    def test_the_rows_add_up(self, count: int, capsys: pytest.CaptureFixture[str]) -> None:
        lines = shown(days(count), capsys)
        (sums,) = [line.split() for line in lines if line.startswith(" all ")]
        bars = f"{780 * count:,}"
        assert bars in sums
        rows = [line.split() for line in lines if line.startswith(" 202")]
        assert len(rows) <= ROWS_SHOWN
        at = -1 - sums[::-1].index(bars) - 2  # a row has quality, and symbols, as well
        column = [int(row[at + 1].replace(",", "")) for row in rows]
        assert sum(column) == 780 * count

    def test_of_many_those_that_were_odd_are_named(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        results = days(188)
        results[50] = evolve(results[50], left_out=("B",), symbols=("A",))
        results[70] = evolve(results[70], quality_percent=91.25)
        results[-1] = evolve(results[-1], complete=False)
        text = "\n".join(shown(results, capsys))
        assert f"{results[50].date}  without B" in text
        assert f"{results[70].date}  the least quality, 91.2%" in text
        assert f"{results[-1].date}  not complete" in text
        assert "91.2%-100.0%" in text
        assert "1-2" in text
        assert "1 without some symbols" in text

    def test_where_all_is_well_nothing_is(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert "least quality" not in "\n".join(shown(days(188), capsys))

    def test_many_files_are_one_row(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "sessions").mkdir()
        (tmp_path / "run.json").write_bytes(b"x" * 500)
        for each in days(30):
            (tmp_path / f"sessions/{each.date}.json").write_bytes(b"x" * 100)
        show_files(tmp_path)
        lines = capsys.readouterr().out.splitlines()
        assert [line.split()[:3] for line in lines[2:]] == [
            ["run.json", "500", "bytes"],
            ["sessions/", "(30", "files)"],
        ]
        assert "3.0 kB" in lines[-1]
