"""What is read from a lifecycle before it is drawn."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fsm_session.machine import Lifecycle, State, Transition, any_of
from fsm_session.machine.diagram import Edge, Kind, diagram_of
from fsm_session.machine.diagram.files import stem_of
from fsm_session.machine.diagram.reading import identifiers
from fsm_session.states import TRADING_DAY
from tests.lifecycle_strategies import ANY_NAMES, NAMES


def opens(_context: Any) -> None:
    """Open the
    door.

    And more.
    """


def rings(_context: Any, times: int = 1) -> bool:
    """It rings."""
    return times > 1


class Knocks:
    """Somebody knocks."""

    def __call__(self, _context: Any) -> bool:
        return False


def edge(source: str, target: str) -> Edge:
    """Find a row of the trading day."""
    edges = diagram_of(TRADING_DAY).edges
    return next(e for e in edges if (e.source.name, e.target.name) == (source, target))


class TestTradingDay:
    """ "the error ways drawn lightly so that the main way stands out ... the next-day arrow and
    the error ways told apart" (the ways are those of the table in DESIGN.md, section 2)."""

    def test_the_main_way_is_the_day_without_pause_scan_stop_or_error(self) -> None:
        main = [e for e in diagram_of(TRADING_DAY).edges if e.kind is Kind.MAIN]
        assert [(e.source.name, e.target.name) for e in main] == [
            ("Validate", "Load"),
            ("Load", "InitThreads"),
            ("InitThreads", "Active"),
            ("Active", "Streaming"),
            ("Streaming", "Deactivate"),
            ("Teardown", "Load"),
        ]

    def test_the_next_day_begins_with_teardown_and_nowhere_else(self) -> None:
        loops = [e for e in diagram_of(TRADING_DAY).edges if e.kind is Kind.LOOP]
        assert [(e.source.name, e.target.name) for e in loops] == [("Deactivate", "Teardown")]

    def test_errors_and_the_rest(self) -> None:
        assert edge("Validate", "Failed").kind is Kind.ERROR
        assert edge("Streaming", "Paused").kind is Kind.GUARDED
        assert edge("Paused", "Streaming").kind is Kind.PLAIN

    def test_the_main_way_stands_in_a_column_and_what_it_does_not_pass_beside_it(self) -> None:
        diagram = diagram_of(TRADING_DAY)
        assert [node.name for node in diagram.column] == [
            "Validate", "Load", "InitThreads", "Active", "Streaming", "Deactivate",
        ]  # fmt: skip
        assert [node.name for node in diagram.aside] == ["PreScan", "Paused"]
        assert diagram.description == (
            "Diagram of TradingDay: 11 states and 18 moves. The main way: Validate, Load,"
            " InitThreads, Active, Streaming, Deactivate, then Teardown."
        )

    def test_of_the_ways_to_done_one_is_drawn_to_it(self) -> None:
        to_done = [e for e in diagram_of(TRADING_DAY).edges if e.target.name == "Done"]
        assert [e.source.name for e in to_done if not e.apart] == ["Deactivate"]
        assert len(to_done) == 6

    def test_rows_are_numbered_as_in_the_table(self) -> None:
        found = edge("Deactivate", "Done")
        assert (found.number, found.order, found.ways) == (15, 1, 2)
        assert [guard.name for guard in found.guards] == ["stop_requested", "last_session"]
        assert [guard.where for guard in found.guards] == [
            "fsm_session.states.common:stop_requested",
            "fsm_session.states.deactivate:last_session",
        ]


class TestGuardedLoop:
    """The loop may as well be the guarded way, and the end the one that is always open."""

    def test_it_is_a_loop(self) -> None:
        lifecycle = Lifecycle(
            "Loop",
            [State("A"), State("B"), State("End", final=True)],
            [Transition("A", "B"), Transition("B", "A", rings), Transition("B", "End")],
        )
        kinds = [e.kind for e in diagram_of(lifecycle).edges]
        assert kinds == [Kind.MAIN, Kind.LOOP, Kind.MAIN]


class TestFunctions:
    """ "each state, hook and guard with the first lines of its docstring and where it is
    defined"."""

    def test_every_sort_of_callable(self) -> None:
        nested = any_of(partial(rings, times=2), any_of(Knocks(), rings))
        lifecycle = Lifecycle(
            "Door",
            [State("A", entry=[opens], summary="One\n  two."), State("End", final=True)],
            [Transition("A", "End", nested), Transition("A", "End")],
        )
        diagram, here = diagram_of(lifecycle), __name__
        (hook,) = diagram.nodes[0].entry
        assert (hook.name, hook.summary, hook.where) == ("opens", "Open the door.", f"{here}:opens")
        assert diagram.nodes[0].summary == "One two."
        assert diagram.nodes[0].module == here
        guards = diagram.edges[0].guards
        assert [guard.where for guard in guards] == [
            f"{here}:rings",
            f"{here}:Knocks",
            f"{here}:rings",
        ]
        assert [guard.name for guard in guards] == ["partial", "Knocks", "rings"]


class TestIdentifiers:
    """Names become identifiers and file names that can do no harm, and don't collide."""

    @given(st.lists(NAMES, unique=True))
    def test_identifiers_are_plain_and_unique_whatever_the_case(self, names: list[str]) -> None:
        found = [identifiers(names)[name] for name in names]
        assert all(each.isascii() and each.replace("_", "").isalnum() for each in found)
        assert all(each[0].isupper() or each == "s" or each[:2] == "s_" for each in found)
        assert not any("__" in each for each in found)
        assert len({each.lower() for each in found}) == len(names)

    @given(ANY_NAMES)
    def test_a_stem_never_leaves_its_folder(self, name: str) -> None:
        stem = stem_of(name)
        assert stem.isascii() and stem.replace("_", "").isalnum()
        assert stem == stem.lower() and 0 < len(stem) < 80

    def test_stems(self) -> None:
        assert stem_of("TradingDay") == "trading_day"
        assert stem_of("HTTPServer 2") == "http_server_2"
        assert stem_of("../../etc/passwd").startswith("etc_passwd_")
        assert stem_of("A/B") != stem_of("A:B")
        assert stem_of("x" * 500) != stem_of("x" * 501)
