"""What a run did on its lifecycle, counted from its journal a second time."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm_session import TRADING_DAY, State
from fsm_session.report.diagram import Happened, drawn, happened, to_dot
from fsm_session.report.export import write_report
from fsm_session.report.reading import read_folder
from fsm_session.report.timeline import (
    Stay,
    by_session,
    line_of,
    scale_of,
    seconds_in,
    stays,
    ways_taken,
)
from fsm_session.testing import run_days
from tests.unit.report import runs


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return runs.completed(tmp_path_factory.mktemp("run"))


def moves_of(folder: Path) -> list[Any]:
    return [each for each in runs.journal(folder) if each["kind"] == "move"]


def wall(record: Any) -> float:
    return dt.datetime.fromisoformat(record["meta"]["wall"][:26]).timestamp()


#: a busy machine is no fault
patient = settings(deadline=None, max_examples=50)


class TestStays:
    """ "How long each phase took", by the wall clock of the journal's ``meta``."""

    def test_from_one_move_to_the_next(self, folder: Path) -> None:
        moves, found = moves_of(folder), stays(runs.journal(folder))
        assert [each.state for each in found] == [each["to"] for each in moves]
        for stay, (begun, ended) in zip(found, pairwise(moves), strict=False):
            assert stay.session == begun["session"]
            assert stay.seconds == pytest.approx(wall(ended) - wall(begun), abs=1e-4)
        assert found[-1].seconds is None

    def test_an_error_is_within_the_phase_that_it_ended(self, tmp_path: Path) -> None:
        told = runs.journal(runs.failed(tmp_path))
        begun = [each for each in told if each["kind"] == "move" and each["to"] == "Streaming"][-1]
        ended = next(each for each in told if each["kind"] == "move" and each["to"] == "Failed")
        stay = [each for each in stays(told) if each.state == "Streaming"][-1]
        assert stay.seconds == pytest.approx(wall(ended) - wall(begun), abs=1e-4)

    def test_what_a_break_has_cut_short_has_no_end(self) -> None:
        def move(source: str | None, target: str, seconds: float) -> dict[str, Any]:
            facts = {"from": source, "to": target, "guard": "", "session": "1", "time": ""}
            return {"kind": "move", **facts, "meta": {"seconds": seconds}}

        before = [move(None, "A", 9.0), move("A", "B", 1.0)]
        after = [{"kind": "resume"}, move(None, "A", 8.0), move("A", "C", 2.0)]
        found = [(each.state, each.seconds) for each in stays([*before, *after])]
        assert found == [("A", 1.0), ("B", None), ("A", 2.0), ("C", None)]

    def test_sessions_have_their_own(self, folder: Path) -> None:
        found = by_session(stays(runs.journal(folder)))
        assert list(found) == list(runs.DATES)
        assert [each.state for each in found[runs.DATES[1]]][:2] == ["Load", "InitThreads"]


some_stays = st.lists(
    st.builds(Stay, st.sampled_from("ABC"), st.just("1"), st.just(""), st.floats(0, 100)),
    max_size=60,
)


class TestLine:
    """ "Stays too short to be seen are drawn together, so that the line is as long as the session
    was."
    """

    @patient
    @given(some_stays, st.floats(0.001, 1000))
    def test_as_long_as_the_session(self, session: list[Stay], scale: float) -> None:
        parts = line_of(session, scale)
        total = sum(each.seconds or 0.0 for each in session)
        assert sum(each.seconds for each in parts) == pytest.approx(total)
        expected = 100 * min(1.0, total / scale)
        assert sum(each.percent for each in parts) == pytest.approx(expected)
        assert len(parts) <= 100 / 0.4 + 1

    @patient
    @given(st.lists(st.floats(0, 100), max_size=100))
    def test_few_are_longer_than_the_line(self, seconds: list[float]) -> None:
        scale = scale_of(seconds)
        assert sum(each > scale for each in seconds) <= len(seconds) / 20


class TestDiagram:
    """ "The diagram with what really happened on it: how often each way was taken, how long each
    phase took, where it failed."
    """

    def happened(self, folder: Path, lifecycle: Any = TRADING_DAY) -> Happened:
        run = read_folder(folder)
        return happened(run, stays(run.journal), lifecycle)

    def test_every_way_with_its_count(self, folder: Path) -> None:
        what = self.happened(folder)
        names = {each.id: each.name for each in what.places}
        found = Counter({(names[w.source], names[w.target], w.guard): w.times for w in what.ways})
        expected = Counter((m["from"], m["to"], m["guard"]) for m in moves_of(folder) if m["from"])
        assert +found == expected == ways_taken(moves_of(folder))
        declared = {(row.source, row.target) for row in TRADING_DAY.transitions}
        shown = {(source, target) for source, target, _ in found}
        assert shown == {each for each in declared if each[1] != "Failed"}

    def test_every_state_with_its_time(self, folder: Path) -> None:
        lasted, entered = (
            seconds_in(stays(runs.journal(folder))),
            Counter(each["to"] for each in moves_of(folder)),
        )
        for place in self.happened(folder).places:
            assert ("entered" in place.marks.split()) == (place.name in lasted)
            if place.name in lasted:
                assert place.told.startswith(f"{entered[place.name]:,} ")
            else:
                assert place.told == "never entered"

    def test_where_it_failed(self, tmp_path: Path) -> None:
        what = self.happened(runs.failed(tmp_path))
        assert [each.name for each in what.places if "failed" in each.marks.split()] == [
            "Streaming"
        ]
        names = {each.id: each.name for each in what.places}
        errors = [
            (names[each.source], names[each.target], each.times) for each in what.ways if each.error
        ]
        assert errors == [("Streaming", "Failed", 1)]
        assert 'class="failed entered"' in to_dot(what)

    def test_a_lifecycle_of_one_s_own(self, tmp_path: Path) -> None:
        auction = State("Auction <b>")
        own = TRADING_DAY.insert(auction, after="Active")
        run_days(lifecycle=own, out=tmp_path)
        told = self.happened(tmp_path, own)
        assert told.declared
        assert "Auction &lt;b&gt;" in drawn(told)
        # not at hand, it is drawn from the journal, and says so
        without = self.happened(tmp_path)
        assert not without.declared
        taken = {(m["from"], m["to"]) for m in moves_of(tmp_path) if m["from"]}
        names = {each.id: each.name for each in without.places}
        assert {(names[each.source], names[each.target]) for each in without.ways} == taken
        assert b"not at hand" in write_report(tmp_path).read_bytes()
        assert b"not at hand" not in write_report(tmp_path, lifecycle=own).read_bytes()

    def test_it_is_drawn_without_a_colour_of_its_own(self, folder: Path) -> None:
        """The page has one for each ground."""
        svg = drawn(self.happened(folder))
        assert svg.startswith("<svg")
        assert "<style" not in svg
        assert "Streaming" in svg
