"""A journal's moves, followed through the table that they should have come from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm_session.errors import JournalError
from fsm_session.machine import Failure, Lifecycle, Move
from fsm_session.machine.journal import Journal, read_journal, replay
from tests.unit.machine.coffee import COFFEE
from tests.unit.machine.strategies import (
    Script,
    answers,
    drive,
    expected_log,
    patient,
    scripted_lifecycles,
)

Yes = frozenset[tuple[int, int]]
Records = list[dict[str, Any]]


def records_of(script: Script) -> Records:
    return [
        {"number": n, "kind": "move", "from": move.source, "to": move.target}
        if isinstance(move, Move)
        else {"number": n, "kind": "error"}
        for n, move in enumerate(script.told, start=1)
    ]


class TestReplay:
    """replay: "Follow the moves of a journal through the table; give the state they lead to"."""

    @patient
    @given(scripted_lifecycles(), answers(), st.none() | st.integers(0, 60))
    def test_every_run_replays_to_the_state_it_ended_in(
        self, lifecycle: Lifecycle, yes: Yes, breaks: int | None
    ) -> None:
        script = Script(yes, {} if breaks is None else {breaks: ValueError("boiled dry")})
        driver = drive(lifecycle, script)
        assert replay(lifecycle, records_of(script)) == driver.state
        assert replay(lifecycle, []) == ""

    @patient
    @given(scripted_lifecycles(), answers(), st.data())
    def test_every_beginning_of_a_run_replays_to_where_it_was(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        script = Script(yes)
        drive(lifecycle, script)
        moves = records_of(script)
        cut = data.draw(st.integers(1, len(moves)))
        assert replay(lifecycle, moves[:cut]) == moves[cut - 1]["to"]

    @patient
    @given(scripted_lifecycles(), answers(), st.data())
    def test_a_move_that_the_table_does_not_have_is_refused(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        """replay: "Raises JournalError for a move that the table does not have"."""
        script = Script(yes)
        drive(lifecycle, script)
        moves = records_of(script)
        at = data.draw(st.integers(0, len(moves) - 1))
        names = [state.name for state in lifecycle.states]
        end = data.draw(st.sampled_from(["from", "to"]))
        moves[at][end] = data.draw(st.sampled_from([None, "nowhere", *names]))
        here: str | None = None
        table = {(row.source, row.target) for row in lifecycle.transitions}
        legal = True
        for move in moves:
            source, target = move["from"], move["to"]
            known = (source, target) in table or (source is None and target == lifecycle.initial)
            failing = lifecycle.failure is not None and target == lifecycle.failure
            # an error leads to the failure state from any other
            legal = legal and source == here and (known or (failing and source != target))
            here = target
        if legal:
            assert replay(lifecycle, moves) == here
        else:
            with pytest.raises(JournalError, match="no way leads"):
                replay(lifecycle, moves)

    @patient
    @given(scripted_lifecycles(), answers(), st.data())
    def test_a_move_left_out_or_told_twice_is_refused(
        self, lifecycle: Lifecycle, yes: Yes, data: st.DataObject
    ) -> None:
        script = Script(yes)
        drive(lifecycle, script)
        moves = records_of(script)
        at = data.draw(st.integers(0, len(moves) - 1))
        if moves[at]["from"] == moves[at]["to"]:
            return  # a row that leads back: once more is as good
        with pytest.raises(JournalError):
            replay(lifecycle, [*moves[: at + 1], *moves[at:]])
        if at + 1 < len(moves):
            with pytest.raises(JournalError):
                replay(lifecycle, [*moves[:at], *moves[at + 1 :]])

    @pytest.mark.parametrize("record", [{}, {"from": None}, {"to": "Warming"}])
    def test_a_move_that_does_not_say_from_where_or_to_where(self, record: Any) -> None:
        with pytest.raises(JournalError):
            replay(COFFEE, [{"number": 1, "kind": "move", **record}])


class TestThroughTheFile:
    """Issue 2: "the journal replays to the same state"."""

    @patient
    @given(scripted_lifecycles(), answers(), st.none() | st.integers(0, 60))
    def test_as_it_happens_and_read_back(
        self,
        tmp_path_factory: pytest.TempPathFactory,
        lifecycle: Lifecycle,
        yes: Yes,
        breaks: int | None,
    ) -> None:
        path = tmp_path_factory.mktemp("run") / "journal.jsonl"
        journal = Journal.create(path, {"lifecycle": lifecycle.digest()})
        script = Script(yes, {} if breaks is None else {breaks: ValueError("boiled dry")})

        def observe(record: Move | Failure) -> None:
            if isinstance(record, Move):
                journal.append("move", {"from": record.source, "to": record.target})
            else:
                journal.append("error", {"error": str(record)})

        driver = drive(lifecycle, script, observers=[observe, script.observe])
        journal.close()
        read = read_journal(Path(path))
        assert read.header["lifecycle"] == lifecycle.digest()
        assert replay(lifecycle, read.records) == driver.state
        errors = [record for record in read.records if record["kind"] == "error"]
        assert len(errors) == len(driver.failures)
        assert bool(errors) is (breaks is not None and breaks < len(expected_log(lifecycle, yes)))
