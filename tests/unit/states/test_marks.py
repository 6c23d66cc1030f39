"""What the hooks of a trading day do and its guards say, as DESIGN's table of phases has it."""

from __future__ import annotations

from fsm_session import TRADING_DAY
from fsm_session.machine.checks import guards_of, hooks_by_kind
from fsm_session.machine.effects import Answer, Effect, answer_of, effects_of
from fsm_session.machine.state import name_of

#: phase and kind of hook -> what is done there, in order, whichever hook does it
DONE_IN = {
    ("Validate", "entry"): (Effect.VALIDATES,),
    ("Teardown", "entry"): (Effect.FORGETS, Effect.TEARS_DOWN_WORKERS, Effect.ANSWERS_ALL),
    ("Load", "entry"): (Effect.LOADS,),
    ("Load", "exit"): (Effect.RETIRES,),
    ("InitThreads", "entry"): (Effect.SETS_UP_WORKERS,),
    ("Active", "entry"): (Effect.BEGINS_SESSION,),
    ("Streaming", "activity"): (Effect.TAKES_STEPS, Effect.HEEDS_STOP),
    ("Streaming", "exit"): (Effect.TAKES_STEPS, Effect.HEEDS_STOP),
    ("Paused", "entry"): (Effect.TAKES_REQUESTS,),
    ("Paused", "exit"): (Effect.ANSWERS_TAKEN,),
    ("Deactivate", "entry"): (Effect.ENDS_SESSION, Effect.ANSWERS_ALL),
    ("Deactivate", "exit"): (Effect.COMMITS_SESSION,),
    ("Done", "entry"): (Effect.TEARS_DOWN_WORKERS, Effect.ANSWERS_ALL, Effect.FINISHES_SESSION),
    ("Failed", "entry"): (
        Effect.RAISES_UNMET,
        Effect.TEARS_DOWN_WORKERS,
        Effect.ANSWERS_ALL,
        Effect.FINISHES_SESSION,
    ),
}
#: what can be said of a guard without asking it; of all others nothing
SAID = {
    "stop_requested": Answer.STOP_REQUESTED,
    "requirements_met": Answer.REQUIREMENTS_MET,
    "pause_due": Answer.NOT_AFTER_STOP,
}


class TestMarks:
    """A mark says what a hook does, for whoever can't run it."""

    def test_each_phase_does_what_the_design_says(self) -> None:
        found = {
            (state.name, kind): tuple(effect for hook in hooks for effect in effects_of(hook))
            for state in TRADING_DAY.states
            for kind, hooks in hooks_by_kind(state).items()
        }
        assert {place: effects for place, effects in found.items() if effects} == DONE_IN

    def test_each_guard_says_what_the_design_says(self) -> None:
        guards = [each for row in TRADING_DAY.transitions for each in guards_of(row.guard)]
        assert {*SAID} <= {name_of(guard) for guard in guards}  # type: ignore[arg-type]
        for guard in guards:
            name = name_of(guard)  # type: ignore[arg-type]
            assert answer_of(guard) is SAID.get(name, Answer.FREE), name
