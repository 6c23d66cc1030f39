"""A lifecycle's diagram read by hand: what is drawn apart, what leads back, what is named how."""

from __future__ import annotations

import hashlib
import re
from functools import partial
from pathlib import Path

import pytest

from fsm_session.machine import Lifecycle, State, Transition, any_of
from fsm_session.machine.diagram import Kind, diagram_of, differences, write
from fsm_session.machine.diagram.dot import to_dot
from fsm_session.machine.diagram.files import stem_of
from fsm_session.machine.diagram.mermaid import to_mermaid
from fsm_session.machine.diagram.reading import identifiers


def tired(context: object) -> bool:
    return True


def late(context: object) -> bool:
    return False


def lifecycle(names: str, rows: str, **more: str) -> Lifecycle:
    """Declare states, those with a ``!`` as final, and rows: ``A>B`` always, ``A?B`` if late."""
    states = [State(each.strip("!"), final="!" in each) for each in names.split()]
    found = [Transition(row[0], row[2], late if row[1] == "?" else None) for row in rows.split()]
    return Lifecycle("L", states, found, **more)


def apart(names: str, rows: str) -> list[str]:
    """Give the rows that are drawn apart."""
    edges = diagram_of(lifecycle(names, rows)).edges
    return [f"{each.source.name}{each.target.name}" for each in edges if each.apart]


class TestApart:
    """Of many ways to a final state draw the one from the state declared last."""

    def test_three_are_many_and_two_are_not(self) -> None:
        assert apart("A B C E!", "A?E A>B B?E B>C C>E") == ["AE", "BE"]
        assert apart("A B E!", "A?E A>B B>E") == []

    def test_each_final_state_counts_its_own(self) -> None:
        assert apart("A B C E! F!", "A?E A>B B?F B>C C?E C>F") == []

    def test_a_state_that_is_not_final_never_is(self) -> None:
        assert apart("A B C D E!", "A?D A>B B?D B>C C>D D>E") == []

    def test_its_arrow_points_at_the_stand_in_wherever_the_state_is_declared(self) -> None:
        dot = to_dot(diagram_of(lifecycle("E! A B C", "A?E A>B B?E B>C C>E", initial="A")))
        arrows = re.findall(r'"(\w+)" -> "(\w+)"(.*)', dot)
        rows = {(one, two): "back" in rest for one, two, rest in arrows if "row_" in rest}
        assert rows == {
            ("A", "A__E"): False,
            ("A", "B"): False,
            ("B", "B__E"): False,
            ("B", "C"): False,
            ("E", "C"): True,  # it leads back, and is written from its end
        }


class TestPlaces:
    """States as declared, rows in the order of the table; only what there is, is drawn."""

    def test_hooks_stand_in_the_order_in_which_they_run(self) -> None:
        def hook(context: object) -> None: ...

        states = (State("A", [hook], hook, [hook]), State("E", final=True))
        [node, _] = diagram_of(Lifecycle("L", states, (Transition("A", "E"),))).nodes
        assert [mark for mark, _ in node.hooks] == ["entry", "do", "exit"]

    def test_what_is_asked_of_it_by_name(self) -> None:
        rows = "A?E A>B B?E B>C C>E"
        found = diagram_of(lifecycle("A B C E! F!", rows, failure="F"))
        a, *_, failure = found.nodes
        assert (found.last.name, found.failure) == ("C", failure)
        assert diagram_of(lifecycle("A B C E!", rows)).failure is None
        assert [each.target.name for each in found.ways_out(a)] == ["E", "B"]
        assert {own_id: node.name for own_id, node in found.stand_ins.items()} == {
            "A__E": "E",
            "B__E": "E",
        }
        assert [[each.name for each in edge.guards] for edge in found.edges[:2]] == [["late"], []]

    def test_a_run_begins_where_it_is_declared_to(self) -> None:
        found = diagram_of(lifecycle("E! A", "A>E", initial="A"))
        assert found.initial.name == "A"

    def test_a_row_from_a_state_to_itself_does_not_lead_back(self) -> None:
        found = diagram_of(lifecycle("A B E!", "A?A A>B B?A B>E"))
        assert [each.back for each in found.edges] == [False, False, True, False]

    def test_where_no_error_leads_anywhere_none_is_drawn(self) -> None:
        without = diagram_of(lifecycle("A E!", "A>E"))
        for text in (to_mermaid(without), to_dot(without)):
            assert "error" not in text
        styled = re.findall(r"linkStyle (.*)", to_mermaid(without))
        assert all(re.match(r"\d+(,\d+)* ", each) for each in styled)
        classes = re.findall(r"^ *class (.*)", to_mermaid(without), re.MULTILINE)
        assert classes
        assert all(re.fullmatch(r"\w+(,\w+)* \w+", each) for each in classes)


class TestKinds:
    """On the main way; from it back to an earlier state; only where a guard holds."""

    def test_of_the_ways_back_the_one_to_the_next_day_is_a_loop(self) -> None:
        found = diagram_of(lifecycle("A B C E!", "A>B B?A B>C C?B C>E"))
        kinds = {f"{each.source.name}{each.target.name}": each.kind for each in found.edges}
        assert kinds == {"AB": Kind.MAIN, "BA": Kind.GUARDED, "BC": Kind.MAIN, "CB": Kind.LOOP,
                         "CE": Kind.MAIN}  # fmt: skip


class TestNames:
    """Each name an identifier, no two the same even where case is ignored; files by theirs."""

    def test_identifiers_by_hand(self) -> None:
        names = ("Load", "LOAD", "load", "x y", "x-y", "é", "ü", "_Run_")
        assert [*identifiers(names).values()] == ["Load", "LOAD_2", "s_load", "s_x_y", "s_x_y_2",
                                                  "s", "s_2", "Run"]  # fmt: skip

    def test_stems_say_all_or_have_a_digest(self) -> None:
        def digest(name: str) -> str:
            return hashlib.sha256(name.encode()).hexdigest()[:8]

        whole = {"TradingDay": "trading_day", "My HTTPServer": "my_http_server", "a-b_c": "a_b_c"}
        long, longest = "x" * 61, "x" * 60
        assert {name: stem_of(name) for name in whole} == whole
        assert stem_of(longest) == longest
        assert stem_of(long) == f"{longest}_{digest(long)}"
        assert stem_of("?!") == f"lifecycle_{digest('?!')}"
        assert stem_of("_a") == f"a_{digest('_a')}"
        before = f"_{long}"
        assert stem_of(before) == f"{longest}_{digest(before)}"
        gap = "x" * 59 + " yy"
        assert stem_of(gap) == f"{'x' * 59}_{digest(gap)}"

    def test_joined_guards_have_the_names_of_all(self) -> None:
        rows = (Transition("A", "B", any_of(tired, any_of(late, tired))), Transition("A", "E"),
                Transition("B", "E"))  # fmt: skip
        states = (State("A"), State("B"), State("E", final=True))
        found = diagram_of(Lifecycle("?", states, rows)).edges[0].guard
        assert found is not None
        assert (found.name, found.where) == ("tired or late or tired", "")
        assert [each.name for each in found.parts] == ["tired", "late", "tired"]
        assert {each.where for each in found.parts} == {f"{__name__}:tired", f"{__name__}:late"}

    def test_a_function_of_no_module_is_somewhere(self) -> None:
        def hook(context: object) -> None: ...

        hook.__module__ = None  # type: ignore[assignment]
        states = (State("A", [partial(hook)]), State("E", final=True))
        [found] = diagram_of(Lifecycle("L", states, (Transition("A", "E"),))).nodes[0].entry
        assert found.where.startswith("?:")

    def test_a_name_in_mermaid_is_in_entities(self) -> None:
        rows = (Transition("A;b", "E"),)
        text = to_mermaid(diagram_of(Lifecycle("L", (State("A;b"), State("E", final=True)), rows)))
        assert "A#59;b" in text


class TestFiles:
    """Give their paths; a text that differs is shown as a unified diff."""

    def test_what_was_written_and_what_differs(self, tmp_path: Path) -> None:
        pytest.importorskip("pygraphviz")
        day = lifecycle("A E!", "A>E")
        paths = write(day, tmp_path)
        assert sorted(paths) == sorted(tmp_path.iterdir())
        dot = tmp_path / "l.dot"
        before = dot.read_text().splitlines()
        dot.write_text("\n".join(["// other", *before[1:]]) + "\n")
        [told] = differences(day, tmp_path)
        lines = told.splitlines()
        assert lines[0].startswith("--- l.dot ")
        assert lines[1].startswith("+++ l.dot ")
        assert lines[0][4:] != lines[1][4:]
        assert lines[2].startswith("@@ -1,")
        assert lines[3:5] == ["-// other", f"+{before[0]}"]
