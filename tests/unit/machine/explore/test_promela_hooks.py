"""A hook as Promela, held to what the marks mean, written out by hand step by step.

SPIN judges whole lifecycles and takes seconds for each. Here every kind of hook is held to its
text, spaces aside: what may come of it, in which order, and where each way leads.
"""

from __future__ import annotations

import pytest

from fsm_session.machine.effects import Effect
from fsm_session.machine.explore.promela_hooks import PromelaHook

#: what ends a hook well, what ends a state, and what a final state does: try again, then go on
THROUGH = "at = 0; wrong = false; again = false; goto next;"
BROKEN = "at = 0; wrong = false; failed = true; goto fail;"
AGAIN = (
    "failed = true; if :: !again -> at = 0; wrong = false; again = true; goto here;"
    f" :: else -> {THROUGH} fi;"
)
RUNS, RAISES = f":: true -> {THROUGH}", f":: !again -> {BROKEN}"
#: what each mark comes to, where that is said without a worker
WORK = {
    Effect.VALIDATES: "if :: validation = MET :: validation = UNMET fi;",
    Effect.LOADS: "loaded = true; ever_loaded = true; session = NONE; committed = false;",
    Effect.RETIRES: "kept = NONE;",
    Effect.FORGETS: "kept = (loaded -> DATA : EMPTY); loaded = false; session = NONE;"
    " committed = false;",
    Effect.BEGINS_SESSION: "session = ACTIVE;",
    Effect.ENDS_SESSION: "session = (session == ACTIVE -> ENDED : session);",
    Effect.COMMITS_SESSION: "committed = true;",
    Effect.FINISHES_SESSION: "committed = (session == NONE -> committed : true);",
    Effect.TAKES_REQUESTS: "if :: request == WAITING || request == LATE -> request = TAKEN"
    " :: true fi;",
    Effect.ANSWERS_TAKEN: "request = (request == TAKEN -> NONE : request);",
    Effect.ANSWERS_ALL: "request = NONE;",
}


def text(
    *effects: Effect, final: bool = False, workers: int = 2, promise: str = "", decision: str = ""
) -> str:
    """Write a hook as one line, each run of white space as one space."""
    hook = PromelaHook(
        "here", effects, workers, final, ["failed = true;", "goto fail;"], ["goto next;"],
        [promise] if promise else [], [decision] if decision else [],
    )  # fmt: skip
    return " ".join(" ".join(hook.lines()).split())


class TestAHook:
    """A hook runs to its end: it works, or raises before that, or after it."""

    def test_that_does_nothing_runs_or_raises(self) -> None:
        assert text() == f"if {RUNS} {RAISES} fi;"

    @pytest.mark.parametrize("effect", WORK, ids=lambda each: each.name)
    def test_that_works_may_raise_before_it_and_after_it(self, effect: Effect) -> None:
        work = WORK[effect]
        begun = "validation = BROKEN_OFF; " if effect is Effect.VALIDATES else ""
        assert text(effect) == (
            f"if :: true -> {work} {THROUGH} :: !again -> {begun}{BROKEN}"
            f" :: true -> {work} {BROKEN} fi;"
        )

    def test_works_in_the_order_of_its_marks(self) -> None:
        work = f"{WORK[Effect.ENDS_SESSION]} {WORK[Effect.COMMITS_SESSION]}"
        assert text(Effect.ENDS_SESSION, Effect.COMMITS_SESSION) == (
            f"if :: true -> {work} {THROUGH} {RAISES} :: true -> {work} {BROKEN} fi;"
        )

    def test_that_swallows_only_runs(self) -> None:
        assert text(Effect.SWALLOWS) == f"if {RUNS} fi;"
        assert text(Effect.RETIRES, Effect.SWALLOWS) == f"if :: true -> kept = NONE; {THROUGH} fi;"
        assert text(Effect.TAKES_STEPS, Effect.SWALLOWS) == f"if {RUNS} fi;"

    def test_of_a_final_state_is_tried_twice_and_then_passed_by(self) -> None:
        # at its second try it does not raise before its work, or the work would never be done
        assert text(final=True) == f"if {RUNS} :: !again -> {AGAIN} :: true -> {AGAIN} fi;"
        work = WORK[Effect.RETIRES]
        assert text(Effect.RETIRES, final=True) == (
            f"if :: true -> {work} {THROUGH} :: !again -> {AGAIN} :: true -> {work} {AGAIN} fi;"
        )

    @pytest.mark.parametrize(("final", "raises"), [(False, BROKEN), (True, AGAIN)])
    def test_that_raises_unmet_does_nothing_else_then(self, final: bool, raises: str) -> None:
        assert text(Effect.RAISES_UNMET, final=final) == (
            f"if :: validation == UNMET -> {raises} :: else -> {text(final=final)} fi;"
        )

    def test_that_takes_steps_is_where_workers_that_are_up_fail(self) -> None:
        first, second = (
            f":: worker[{number}] == UP -> worker[{number}] = FAILED; {BROKEN}" for number in (0, 1)
        )
        assert text(Effect.TAKES_STEPS) == f"if {RUNS} {RAISES} {first} {second} fi;"
        assert text(Effect.TAKES_STEPS, workers=1) == f"if {RUNS} {RAISES} {first} fi;"
        assert text(Effect.TAKES_STEPS, workers=0) == text()

    def test_that_heeds_a_stop_goes_on_with_what_it_has_begun(self) -> None:
        begins = "if :: stop == NONE || at > 0 || wrong ->"
        assert text(Effect.RETIRES, Effect.HEEDS_STOP) == (
            f"{begins} {text(Effect.RETIRES)} :: else -> {text()} fi;"
        )


class TestWhatIsDue:
    """``promises`` are the assertions that are due before it works, ``decision`` what is noted
    where the next move is decided on."""

    DUE = "if :: !wrong -> promise(1, here); :: else fi;"

    def test_comes_first_and_the_decision_then(self) -> None:
        # what is due before work is not due before what undoes it
        found = text(Effect.RETIRES, promise="promise(1, here);", decision="decide;")
        assert found == f"{self.DUE} decide; {text(Effect.RETIRES)}"
        assert text(promise="promise(1, here);") == f"{self.DUE} {text()}"
        assert text(decision="decide;") == f"decide; {text()}"

    def test_is_not_due_where_a_stop_is_heeded(self) -> None:
        marks = (Effect.RETIRES, Effect.HEEDS_STOP)
        assert text(*marks, promise="promise(1, here);", decision="decide;") == (
            f"decide; if :: stop == NONE || at > 0 || wrong -> {self.DUE} {text(Effect.RETIRES)}"
            f" :: else -> {text()} fi;"
        )


#: the last that is up of those that have not had their turn comes down, well or not
TURN = "do :: at < WORKERS && !is_up(WORKERS - 1 - at) -> at = at + 1 :: else -> break od;"
ONE = "worker[WORKERS - 1 - at]"


def teardown(after: str, raises: str = "") -> str:
    """Write a teardown by hand: one worker each time, then what comes after the last."""
    return (
        f"if :: true -> {TURN}"
        f" if :: at < WORKERS -> {ONE} = DOWN; at = at + 1; goto here;"
        f" :: at < WORKERS -> {ONE} = UNCLEAN; wrong = true; at = at + 1; goto here;"
        f" :: at == WORKERS -> {after} fi;{raises} fi;"
    )


class TestTeardown:
    """Tears down the workers that are up, in reverse, past those that fail."""

    @pytest.mark.parametrize(("final", "raises"), [(False, BROKEN), (True, AGAIN)])
    def test_raises_what_went_wrong_once_all_are_down(self, final: bool, raises: str) -> None:
        after = f"if :: wrong -> {raises} :: else -> wrong = false; at = 0; {text(final=final)} fi;"
        before = f" :: at == 0 && !wrong && !again -> {raises}"
        assert text(Effect.TEARS_DOWN_WORKERS, final=final) == teardown(after, before)

    def test_that_swallows_goes_on(self) -> None:
        after = f"wrong = false; at = 0; {text(Effect.SWALLOWS)}"
        assert text(Effect.TEARS_DOWN_WORKERS, Effect.SWALLOWS) == teardown(after)

    def test_does_its_other_work_after_that(self) -> None:
        other = text(Effect.ANSWERS_ALL)
        after = f"if :: wrong -> {BROKEN} :: else -> wrong = false; at = 0; {other} fi;"
        before = f" :: at == 0 && !wrong && !again -> {BROKEN}"
        assert text(Effect.TEARS_DOWN_WORKERS, Effect.ANSWERS_ALL) == teardown(after, before)


class TestSetUp:
    """Sets up every worker, in order; if one fails, it and those before come down."""

    WAYS = (
        "if :: wrong -> {undone} :: !wrong && at == WORKERS -> {run}"
        " :: !wrong && at < WORKERS -> worker[at] = UP; at = at + 1; goto here;"
        " :: !wrong && at < WORKERS -> worker[at] = FAILED; wrong = true; at = 0; goto here;"
    )

    def test_that_fails_is_undone_and_raises(self) -> None:
        after = f"if :: wrong -> {BROKEN} :: else -> wrong = false; at = 0; {text()} fi;"
        ways = self.WAYS.format(undone=teardown(after, f" :: false -> {BROKEN}"), run=text())
        before = f":: !wrong && at == 0 && at < WORKERS && !again -> {BROKEN}"
        assert text(Effect.SETS_UP_WORKERS) == f"{ways} {before} fi;"

    def test_that_validates_too_breaks_that_off(self) -> None:
        found = text(Effect.SETS_UP_WORKERS, Effect.VALIDATES)
        begins = "!wrong && at == 0 && at < WORKERS && !again ->"
        assert found.endswith(f":: {begins} validation = BROKEN_OFF; {BROKEN} fi;")

    def test_that_swallows_is_undone_and_goes_on(self) -> None:
        quiet = text(Effect.SWALLOWS)
        undone = teardown(f"wrong = false; at = 0; {quiet}")
        ways = self.WAYS.format(undone=undone, run=quiet)
        assert text(Effect.SETS_UP_WORKERS, Effect.SWALLOWS) == f"{ways} fi;"
