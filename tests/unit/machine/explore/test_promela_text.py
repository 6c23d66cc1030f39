"""A lifecycle as Promela, each place of a run held to what was written out by hand.

What a hook comes to is held to in ``test_promela_hooks``. Here it is where hooks, guards and moves
lead, what is noted and asked on the way, and what depends on the number of workers.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any

import pytest

from fsm_session.machine import Lifecycle, State, Transition, any_of
from fsm_session.machine.effects import Effect
from fsm_session.machine.explore import to_promela
from fsm_session.machine.explore.promela import HEADER
from fsm_session.machine.explore.promela_hooks import PromelaHook
from tests.unit.machine.explore.small import goes_on, marked, met, stopped

LOADS, STEPS, TEAR_DOWN = Effect.LOADS, Effect.TAKES_STEPS, Effect.TEARS_DOWN_WORKERS


def more(_: Any) -> bool:
    """There is more to do."""
    return False


def door(failure: str | None = "Failed") -> Lifecycle:
    """Make a lifecycle with one of each kind of thing."""
    ring, lock = marked(), marked()
    states = [
        State("Shut"),
        State("Open", entry=[marked(LOADS), ring], activity=marked(STEPS), exit=[lock, ring]),
        State("Wait", exit=[ring]),
        State("Pass"),
        State("Done", final=True),
        *([State(failure, entry=[marked(TEAR_DOWN), ring], final=True)] if failure else []),
    ]
    rows = [
        Transition("Shut", "Open", any_of(more, met)),
        Transition("Shut", "Wait", goes_on),
        Transition("Shut", "Done"),
        Transition("Open", "Done", stopped),
        Transition("Open", "Shut"),
        Transition("Wait", "Pass"),
        Transition("Pass", "Done"),
    ]
    return Lifecycle("door", states, rows, failure=failure)


def one_line(text: str) -> str:
    """Write each run of white space as one space, and leave out what is only for people."""
    return " ".join(re.sub(r"/\*.*?\*/", "", text).split())


def steps_in(text: str) -> dict[str, str]:
    """Give what is written at each label of the machine, as one line."""
    _, _, machine = text.partition("active proctype machine() {\n")
    assert machine.endswith("\n}\n")
    parts = re.split(r"^(\w+):", machine.removesuffix("}\n"), flags=re.MULTILINE)
    assert not parts[0]
    return {label: one_line(body) for label, body in zip(parts[1::2], parts[2::2], strict=True)}


def atomic(*parts: str) -> str:
    return f"atomic {{ {' '.join(parts)} }}"


FAIL = "failed = true; goto fail;"
DECIDES = "if :: stop == REQUESTED -> stop = HEEDED :: else fi;"
DATA = "promise(12, !ever_loaded || kept == DATA || (kept == NONE && loaded));"


def ends(state: str, failure: str) -> str:
    """Write the end of a run in a final state, or in the failure state."""
    return (
        f"over = true; {DATA} promise(14, {failure} || (!failed && none_unclean));"
        f" promise(15, failed || !{failure}); goto end_{state};"
    )


def asks(yes: str, goes: str, no: str, otherwise: str, broken: str = FAIL) -> str:
    return f"if :: {yes} -> goto {goes}; :: {no} -> goto {otherwise}; :: true -> {broken} fi;"


def moves(to: str, broken: str = FAIL) -> str:
    return f"if :: true -> goto {to}; :: true -> {broken} fi;"


#: a move into a final state is told, which may raise, and made all the same
CLEANS_UP = "if :: true :: true -> failed = true; fi; cleaning_up = true;"
DONE = (
    f"{CLEANS_UP} if :: failed -> cleaning_up = false; goto fail;"
    f" :: else -> {ends('s4', 'false')} fi;"
)


def hook(
    label: str, then: str, *effects: Effect, due: Sequence[str] = (), decision: str = "",
    final: bool = False, broken: str = FAIL,
) -> str:  # fmt: skip
    written = PromelaHook(
        label, effects, 2, final, [broken], [then], [*due], [decision] if decision else []
    )
    return one_line(" ".join(written.lines()))


def unless_stopped(lines: str) -> str:
    """Write that an entry hook of a state that a stop leads out of is not begun after one."""
    begun = "stop != NONE && at == 0 && !wrong -> goto s1_broken_off;"
    return f"if :: {begun} :: else -> {lines} fi;"


LOADING = ["promise(3, session == NONE);", "promise(4, none_up);", "promise(10, stop != HEEDED);"]
STEPPING = ["promise(6, all_up);", "promise(7, session == ACTIVE);", "promise(10, stop != HEEDED);"]
EXPECTED = {
    "begin": atomic(moves("s0_row0_guard0")),
    # Shut: the guards one by one, the next move decided on by the first of them
    "s0_row0_guard0": atomic(DECIDES, asks("true", "s0_row0", "true", "s0_row0_guard1")),
    "s0_row0_guard1": atomic(
        asks("validation != UNMET", "s0_row0", "validation == UNMET", "s0_row1_guard0")
    ),
    "s0_row0": atomic(moves("s1_entry0")),
    "s0_row1_guard0": atomic(asks("stop == NONE", "s0_row1", "true", "s0_row2")),
    "s0_row1": atomic(moves("s2_row5_exit0")),
    "s0_row2": atomic(DONE),
    "s0_stuck": "false;",
    "end_s0": "false;",
    # Open: a stop leads out of it, past the hooks that are not begun
    "s1_entry0": atomic(
        unless_stopped(hook("s1_entry0", "goto s1_entry1;", LOADS, due=LOADING))
    ),
    "s1_entry1": atomic(unless_stopped(hook("s1_entry1", "goto s1_activity;"))),
    "s1_broken_off": atomic(DECIDES, moves("s1_row3")),
    "s1_activity": atomic(hook("s1_activity", "goto s1_row3_guard0;", STEPS, due=STEPPING)),
    "s1_row3_guard0": atomic(
        DECIDES, asks("stop != NONE", "s1_row3_exit0", "stop == NONE", "s1_row4_exit0")
    ),
    "s1_row3_exit0": atomic(hook("s1_row3_exit0", "goto s1_row3_exit1;")),
    "s1_row3_exit1": atomic(hook("s1_row3_exit1", "goto s1_row3;")),
    "s1_row3": atomic(DONE),
    "s1_row4_exit0": atomic(hook("s1_row4_exit0", "goto s1_row4_exit1;")),
    "s1_row4_exit1": atomic(hook("s1_row4_exit1", "goto s1_row4;")),
    "s1_row4": atomic(moves("s0_row0_guard0")),
    "s1_stuck": "false;",
    "end_s1": "false;",
    # Wait, Pass: nothing is asked, so the move is decided on by the first that is done for it
    "s2_row5_exit0": atomic(hook("s2_row5_exit0", "goto s2_row5;", decision=DECIDES)),
    "s2_row5": atomic(moves("s3_row6")),
    "s2_stuck": "false;",
    "end_s2": "false;",
    "s3_row6": atomic(DECIDES, DONE),
    "s3_stuck": "false;",
    "end_s3": "false;",
    "end_s4": "false;",
    # Failed
    "s5_entry0": atomic(hook("s5_entry0", "goto s5_entry1;", TEAR_DOWN, final=True)),
    "s5_entry1": atomic(hook("s5_entry1", ends("s5", "true"), final=True)),
    "end_s5": "false;",
    "fail": atomic(CLEANS_UP, "goto s5_entry0;"),
}  # fmt: skip


class TestEachPlace:
    """Each place of a run is a label, each step of it atomic."""

    @pytest.mark.parametrize("label", EXPECTED)
    def test_is_written_as_it_has_to_be(self, label: str) -> None:
        assert steps_in(to_promela(door(), 2))[label] == EXPECTED[label]

    def test_is_there_and_the_beginning_is_first(self) -> None:
        found = steps_in(to_promela(door(), 2))
        assert found.keys() == EXPECTED.keys()
        assert next(iter(found)) == "begin"


class TestWithoutAFailureState:
    """Without a failure state an error ends the run where it is, and nothing is asked of it."""

    def test_an_error_ends_the_run(self) -> None:
        found = steps_in(to_promela(door(None), 2))
        assert "fail" not in found
        at_shut, at_open = (f"failed = true; over = true; {DATA} goto end_s{n};" for n in (0, 1))
        assert found["begin"] == atomic(moves("s0_row0_guard0", at_shut))
        assert found["s0_row0"] == atomic(moves("s1_entry0", at_open))
        assert found["s0_row1_guard0"] == atomic(
            asks("stop == NONE", "s0_row1", "true", "s0_row2", at_shut)
        )
        assert found["s1_broken_off"] == atomic(DECIDES, moves("s1_row3", at_open))
        assert found["s1_row3_exit1"] == atomic(
            hook("s1_row3_exit1", "goto s1_row3;", broken=at_open)
        )
        assert found["s1_row3"] == atomic(CLEANS_UP, f"over = true; {DATA} goto end_s4;")


def test_where_no_row_is_left_the_machine_is_stuck() -> None:
    stuck = copy.copy(door())
    object.__setattr__(stuck, "transitions", (Transition("Shut", "Done", more),))
    found = steps_in(to_promela(stuck, 2))
    assert found["s0_row0_guard0"] == atomic(
        DECIDES, asks("true", "s0_row0", "true", "s0_stuck")
    )  # fmt: skip


class TestTheNumbers:
    """What depends on how many workers there are, and whether requests matter."""

    NONE, ONE, TWO = (
        [f"#define none_up ({none_up})", f"#define all_up ({all_up})",
         f"#define none_unclean ({none_unclean})"]
        for none_up, all_up, none_unclean in (
            ("true", "true", "true"),
            ("!is_up(0)", "worker[0] == UP", "worker[0] != UNCLEAN"),
            ("!is_up(0) && !is_up(1)", "worker[0] == UP && worker[1] == UP",
             "worker[0] != UNCLEAN && worker[1] != UNCLEAN"),
        )
    )  # fmt: skip

    @pytest.mark.parametrize(
        ("workers", "slots", "conditions"), [(0, 1, NONE), (1, 1, ONE), (2, 2, TWO)]
    )
    def test_of_workers(self, workers: int, slots: int, conditions: list[str]) -> None:
        defined, header, _ = to_promela(door(), workers).partition(HEADER)
        assert header
        expected = [f"#define WORKERS {workers}", f"#define SLOTS {slots}", "#define REQUESTS 0"]
        assert defined.splitlines()[1:] == [*expected, *conditions]

    def test_are_four_workers_if_nothing_is_said(self) -> None:
        assert to_promela(door()) == to_promela(door(), 4)

    def test_of_requests(self) -> None:
        states = [State("Work", entry=[marked(Effect.ANSWERS_ALL)]), State("Done", final=True)]
        answers = Lifecycle("answers", states, [Transition("Work", "Done")])
        assert "#define REQUESTS 1\n" in to_promela(answers, 1)
