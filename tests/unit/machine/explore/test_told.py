"""What came of an exploration, as a person reads it, held to lines written out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from fsm_session.machine import Transition
from fsm_session.machine.explore import Configuration, Exploration, Violation, lines_of
from fsm_session.machine.explore.places import Place
from fsm_session.machine.explore.told import folded
from fsm_session.machine.explore.told_steps import facts_of, step_of


def ring(_: Any) -> None:
    """Ring."""


HOOK = Place("entry 0 of Open", "entry", "Open", ring)
GUARD = Place("guard 0.0 of Open", "guard", "Open", ring)
MOVE = Place("move 0 of Open", "move", "Open", target="Shut")
END = Place("end of Shut", "end", "Shut")
STUCK = Place("stuck in Open", "stuck", "Open")


class TestAStep:
    """A step is a line: where it is made and what happens."""

    @pytest.mark.parametrize(
        ("place", "told", "line"),
        [
            (HOOK, "runs", "Open: ring runs"),
            (HOOK, "raises", "Open: ring raises"),
            (HOOK, "raises after it ran, all is met", "Open: ring raises after it ran, all is met"),
            (HOOK, "worker 1 is set up", "Open: ring: worker 1 is set up"),
            (HOOK, "yes", "Open: ring: yes"),
            (GUARD, "yes", "Open: ring says yes"),
            (GUARD, "no", "Open: ring says no"),
            (GUARD, "raises", "Open: ring raises"),
            (MOVE, "", "Open -> Shut"),
            (MOVE, "and who is told of it raises", "Open -> Shut, and who is told of it raises"),
            (HOOK, "a stop is requested", "a stop is requested"),
            (MOVE, "a request is left", "a request is left"),
            (HOOK, "is not begun: a stop is requested",
             "Open: ring: is not begun: a stop is requested"),
        ],
    )  # fmt: skip
    def test_of_each_kind(self, place: Place, told: str, line: str) -> None:
        assert step_of(place, told) == line


class TestWhatIsSo:
    """A configuration is a line: where it is, and what is not as in the beginning."""

    @pytest.mark.parametrize(
        ("place", "line"),
        [
            (HOOK, "Open: ring is about to be run"),
            (GUARD, "Open: ring is about to be asked"),
            (MOVE, "about to move from Open to Shut"),
            (END, "Shut: the run has ended"),
            (STUCK, "Open: no row can be taken"),
        ],
    )
    def test_in_the_beginning_is_only_where_it_is(self, place: Place, line: str) -> None:
        for workers in ((), ("down",), ("down", "down")):
            assert facts_of(place, Configuration(place.name, workers)) == line

    @pytest.mark.parametrize(
        ("changed", "fact"),
        [
            ({"workers": ("up", "down")}, "workers up down"),
            ({"workers": ("up", "up")}, "workers up up"),
            ({"workers": ("down", "unclean")}, "workers down unclean"),
            ({"workers": ("failed",)}, "workers failed"),
            ({"stop": "requested"}, "a stop is requested"),
            ({"stop": "heeded"}, "a stop was requested before the last move"),
            ({"request": "waiting"}, "a request is waiting"),
            ({"request": "late"}, "a request is late"),
            ({"validation": "broken off"}, "validation broken off"),
            ({"validation": "unmet"}, "validation unmet"),
            ({"session": "active"}, "the session active"),
            ({"session": "ended"}, "the session ended"),
            ({"committed": True}, "committed"),
            ({"loaded": True}, "data loaded"),
            ({"kept": "data"}, "data kept of the session before"),
            ({"kept": "empty"}, "empty kept of the session before"),
            ({"failed": True}, "an error on record"),
        ],
    )
    def test_is_named_one_by_one(self, changed: dict[str, Any], fact: str) -> None:
        here = Configuration(END.name, ("down", "down"))._replace(**changed)
        assert facts_of(END, here) == f"Shut: the run has ended, {fact}"

    def test_of_a_validation_that_went_well_nothing_is_said(self) -> None:
        here = Configuration(END.name, ("down",), validation="met", raised=True, ever_loaded=True)
        assert facts_of(END, here) == "Shut: the run has ended"

    @pytest.mark.parametrize(
        ("stop", "fact"),
        [("requested", "a stop is requested"),
         ("heeded", "a stop was requested before the last move")],
    )  # fmt: skip
    def test_all_together(self, stop: Any, fact: str) -> None:
        here = Configuration(
            END.name, ("up", "unclean"), stop=stop, request="taken", validation="unmet",
            session="active", committed=True, loaded=True, kept="empty", failed=True,
        )  # fmt: skip
        assert facts_of(END, here) == (
            f"Shut: the run has ended, workers up unclean, {fact}, a request is taken,"
            " validation unmet, the session active, committed, data loaded,"
            " empty kept of the session before, an error on record"
        )


class TestFolded:
    """Hooks that ran one after the other in a state are one line."""

    @pytest.mark.parametrize(
        ("steps", "lines"),
        [
            ([], []),
            (["Open: a runs"], ["Open: a runs"]),
            (["Open: a runs", "Open: b runs"], ["Open: a, b run"]),
            (["Open: a runs", "Open: b runs", "Open: c runs"], ["Open: a, b, c run"]),
            ([f"Open: {name} runs" for name in "abcd"], ["Open: a, 2 more, d run"]),
            ([f"Open: {name} runs" for name in "abcdef"], ["Open: a, 4 more, f run"]),
            (["Open: a runs", "Shut: b runs"], ["Open: a runs", "Shut: b runs"]),
            (["Open: a runs", "Open: b raises", "Open: c runs"],
             ["Open: a runs", "Open: b raises", "Open: c runs"]),
            (["Open: a raises", "Open: b raises"], ["Open: a raises", "Open: b raises"]),
            (["Open: a runs", "Open -> Open", "Open: a runs", "Open: b runs"],
             ["Open: a runs", "Open -> Open", "Open: a, b run"]),
            # nothing is a hook's step that has no state before a colon
            (["a b runs", "c runs"], ["a b runs", "c runs"]),
            (["c runs", "c runs"], ["c runs", "c runs"]),
        ],
    )  # fmt: skip
    def test_by_state(self, steps: list[str], lines: list[str]) -> None:
        assert folded(steps) == lines


ROW = Transition("Open", "Shut")
COUNTS: dict[str, Any] = {
    "lifecycle": "Door", "workers": 1, "configurations": 1234, "ways": 1, "depth": 7,
    "states": ("Open", "Shut"), "rows": (ROW,),
}  # fmt: skip
COUNTED = [
    "Door, with 1 worker",
    "visited 1,234 configurations and 1 step between them, up to 7 from the beginning",
    "entered 2 states, took 1 row",
]


class TestWhatCameOfIt:
    """What was visited and proved, or how what does not hold can be broken, as lines."""

    def test_where_all_holds(self) -> None:
        found = Exploration(**COUNTS, promises=("It rings.", "It shuts."), violations=())
        assert found.holds
        assert lines_of(found) == [*COUNTED, "holds: It rings.", "holds: It shuts."]

    def test_none_and_many_are_counted_so_too(self) -> None:
        counts = {**COUNTS, "workers": 0, "configurations": 1, "ways": 23456, "states": ("Open",),
                  "rows": (ROW, ROW)}  # fmt: skip
        assert lines_of(Exploration(**counts, promises=(), violations=())) == [
            "Door, with 0 workers",
            "visited 1 configuration and 23,456 steps between them, up to 7 from the beginning",
            "entered 1 state, took 2 rows",
        ]

    def test_where_some_does_not_hold_and_some_is_not_asked(self) -> None:
        way = ("(start) -> Open", "Open: a runs", "Open: b runs", "Open -> Shut")
        broken = Violation("It rings.", way, "Shut: the run has ended")
        again = ("Open: a runs", "Open: b runs", "Open -> Open")
        endless = Violation("It ends.", way[:1], "Open: a is about to be run", again)
        found = Exploration(
            **COUNTS, promises=("It rings.", "It shuts.", "It ends."), violations=(endless, broken),
            not_asked=("It locks.",),
        )  # fmt: skip
        assert not found.holds
        assert lines_of(found) == [
            *COUNTED,
            'Door does NOT hold: "It rings."',
            "   1. (start) -> Open",
            "   2. Open: a, b run",
            "   3. Open -> Shut",
            "  ==> Shut: the run has ended",
            "holds: It shuts.",
            'Door does NOT hold: "It ends."',
            "   1. (start) -> Open",
            "  ==> Open: a is about to be run",
            "      and from there again and again:",
            "      Open: a, b run",
            "      Open -> Open",
            "not asked, no hook is marked for it: It locks.",
        ]
