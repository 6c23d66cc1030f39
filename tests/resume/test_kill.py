"""Runs of six real sessions, killed for real at every write, and gone on with."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.real_data import needs_shared
from tests.resume.conftest import Broken, Runs
from tests.resume.disk import Point, When
from tests.resume.run import SESSIONS

pytestmark = needs_shared

SIGKILL = 9
TWICE = 190


def places(unbroken: Broken) -> list[Point]:
    """Every point of a run: before and after each thing that it does, and within each write."""
    return [
        Point(number, when)
        for number, name in enumerate(unbroken.ops)
        for when in WHENS
        if when != "within" or name in WRITES
    ]


WHENS: tuple[When, ...] = ("before", "within", "after")
#: the journal's, and everything else's
WRITES = ("append", "write")


def failing_places(unbroken: Broken) -> list[Point]:
    """Every write that may fail half-way, every other thing that may fail, or say so when done."""
    found = []
    for number, name in enumerate(unbroken.ops):
        found += [Point(number, "within", "ENOSPC")] if name in WRITES else []
        found += [Point(number, "within", "short")] if name == "append" else []
        if name not in WRITES:
            found += [Point(number, "before", "EIO"), Point(number, "after", "EIO")]
    return found


REWRITTEN = "the journal was rewritten"


def sound_part(journal: str) -> str:
    """The journal up to its last line break: what is behind it was torn."""
    return journal[: journal.rfind("\n") + 1]


def faults(unbroken: Broken, broken: Sequence[Broken]) -> list[str]:
    """Say what is wrong with a run that was broken off and gone on with."""
    *killed, last = broken
    found = []
    if last.ended != "completed":
        found.append(f"it ended {last.ended}")
    if last.records != unbroken.records:
        differing = {*last.records.items()} ^ {*unbroken.records.items()}
        found.append(f"other bytes: {sorted({name for name, _ in differing})}")
    for before, after in zip(killed, broken[1:], strict=True):
        if not after.journal.startswith(sound_part(before.journal)):
            found.append(REWRITTEN)
    return found


class TestKilled:
    """After kill -9 at any moment the result is byte for byte that of the uninterrupted run."""

    def test_the_run_that_is_killed_is_worth_it(self, unbroken: Broken) -> None:
        assert {f"sessions/{date}.json" for date in SESSIONS} | {"run.json"} == {*unbroken.records}
        assert {*unbroken.ops} == {*WRITES, "fsync", "replace", "truncate"}
        assert len(places(unbroken)) + TWICE >= 500

    @pytest.mark.parametrize("when", WHENS)
    def test_at_every_write(self, when: When, unbroken: Broken, runs: Runs) -> None:
        wrong = {}
        points = [point for point in places(unbroken) if point.when == when]
        for point in points:
            broken = runs([point, None])
            assert [each.signal for each in broken] == [SIGKILL, 0], point
            if found := faults(unbroken, broken):
                wrong[point] = found
        assert wrong == {}, wrong

    def test_twice_in_a_row(self, unbroken: Broken, runs: Runs) -> None:
        """... some of them twice in a row."""
        drawn, every, wrong, killed_twice = random.Random(17), places(unbroken), {}, 0
        for _ in range(TWICE):
            pair = drawn.sample(every, 2)
            broken = runs([*pair, None])
            # one that is late in a run may not come any more in what is left of it
            killed_twice += [each.signal for each in broken] == [SIGKILL, SIGKILL, 0]
            if found := faults(unbroken, broken):
                wrong[tuple(pair)] = found
        assert wrong == {}, wrong
        assert killed_twice > TWICE / 3

    def test_finished_sessions_are_kept(self, unbroken: Broken, runs: Runs) -> None:
        """A session is the unit: finished sessions are kept, the broken one is done again."""
        ops = "".join(name[0] for name in unbroken.ops)
        # a commit is a record and its sync, and the next move comes behind it
        commits = [n for n in range(len(ops)) if ops[n - 1 : n + 2] == "afa"]
        redone = []
        for number in commits:
            _, resumed = runs([Point(number, "after"), None])
            redone.append(resumed.ops.count("replace") - 1)  # one is run.json's
        # where all are done, the last is done again: its data is there to be looked at
        assert redone == [5, 4, 3, 2, 1, 1]


class TestDiskErrors:
    """ENOSPC and EIO at every write: never a wrong export."""

    def test_what_can_not_be_written_fails_the_run_and_is_done_when_it_can(
        self, unbroken: Broken, runs: Runs
    ) -> None:
        wrong = {}
        for point in failing_places(unbroken):
            failed, again = runs([point, None])
            assert failed.struck, point
            found = faults(unbroken, [failed, again])
            if '"kind":"session"' not in failed.journal:  # there was nothing to go on from
                found = [each for each in found if each != REWRITTEN]
            if not failed.ended.startswith(("failed", "refused")):
                found.append(f"the failing one ended {failed.ended}")
            sessions = [name for name in failed.records if name != "run.json"]
            other = [n for n in sessions if failed.records[n] != unbroken.records[n]]
            # only the session in which it failed may differ: it is marked as not complete
            if other not in ([], sessions[-1:]):
                found.append(f"exported before, and not whole: {other}")
            if found:
                wrong[point] = found
        assert wrong == {}, wrong
