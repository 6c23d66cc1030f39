"""A lifecycle's digest: two that are declared in different words have different ones."""

from __future__ import annotations

from itertools import combinations

from attrs import evolve

from fsm_session.machine import Lifecycle, State, Transition


def hook(context: object) -> None: ...


def other(context: object) -> None: ...


def guard(context: object) -> bool:
    return True


def other_guard(context: object) -> bool:
    return True


A, B, END = State("A"), State("B"), State("End", final=True)
ROWS = (Transition("A", "B", guard), Transition("A", "End"), Transition("B", "End"))
#: from either state to the other and to the end
RING = (*ROWS[:2], Transition("B", "A", guard), ROWS[2])
PLAIN = Lifecycle("L", (A, B, END), ROWS, failure="End")

#: each differs from PLAIN, and from all others, in one thing
VARIANTS = (
    PLAIN,
    evolve(PLAIN, name="M"),
    evolve(PLAIN, failure=None),
    PLAIN.replace("A", State("C")),
    PLAIN.replace("A", evolve(A, entry=[hook])),
    PLAIN.replace("A", evolve(A, entry=[other])),
    PLAIN.replace("A", evolve(A, entry=[hook, other])),
    PLAIN.replace("A", evolve(A, entry=[other, hook])),
    PLAIN.replace("A", evolve(A, activity=hook)),
    PLAIN.replace("A", evolve(A, exit=[hook])),
    PLAIN.replace("A", evolve(A, entry=[hook], exit=[other])),
    PLAIN.replace("A", evolve(A, entry=[other], exit=[hook])),
    PLAIN.replace("B", evolve(B, entry=[hook])),
    evolve(PLAIN, states=(B, A, END)),
    evolve(PLAIN, transitions=(evolve(ROWS[0], target="A"), Transition("A", "B"), ROWS[2])),
    evolve(
        PLAIN,
        transitions=(evolve(ROWS[0], target="A"), Transition("A", "B", other_guard), *ROWS[1:]),
    ),
    evolve(PLAIN, transitions=(evolve(ROWS[0], guard=other_guard), *ROWS[1:])),
    evolve(PLAIN, transitions=(*ROWS[:2], Transition("B", "A"))),
    Lifecycle("L", (A, B, END), RING, initial="A", failure="End"),
    evolve(PLAIN, transitions=(*ROWS[:2], Transition("B", "A", other_guard), ROWS[2])),
    evolve(PLAIN, transitions=(ROWS[2], *ROWS[:2])),
    evolve(PLAIN, transitions=(ROWS[0], ROWS[2], ROWS[1])),
    Lifecycle("L", (A, B, END), RING, initial="B", failure="End"),
)


class TestDigest:
    """A SHA-256 in hex of all that is declared, hooks and guards by their names."""

    def test_no_two_are_the_same(self) -> None:
        for one, two in combinations(VARIANTS, 2):
            assert one.digest() != two.digest(), (one, two)

    def test_the_same_declaration_has_the_same(self) -> None:
        for each in VARIANTS:
            again = Lifecycle(each.name, each.states, each.transitions, each.initial, each.failure)
            assert again.digest() == each.digest()
            assert len(each.digest()) == 64
