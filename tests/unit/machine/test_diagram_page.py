"""The page of a lifecycle, as docutils reads it: what has no summary has none, names are names.

And what stands out in its pictures, by the lines that say so.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from attrs import evolve

from fsm_session.machine import Hook, Lifecycle, State, Transition, any_of
from fsm_session.machine.diagram import Options, diagram_of, to_dot, to_mermaid, to_rst
from fsm_session.machine.diagram.rst_text import link, quoted


def silent(context: object) -> None: ...


def told(context: object) -> None:
    """Say something."""


def called(name: str) -> Hook:
    """Make a hook of a name that no function of Python's could be declared with."""

    def hook(context: object) -> None: ...

    hook.__name__ = name
    return hook


def lifecycle(*hooks: Hook, name: str = "L", summary: str = "") -> Lifecycle:
    states = (State("A", hooks, summary=summary), State("E", final=True))
    return Lifecycle(name, states, [Transition("A", "E")])


def read(page: str) -> Any:
    """Read a page as docutils does; its first warning is an error."""
    core = pytest.importorskip("docutils.core")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # docutils' own
        strict = {"report_level": 2, "halt_level": 2}
        return core.publish_doctree(page, settings_overrides=strict)


def section(made: Lifecycle, title: str = "A") -> list[Any]:
    """Give what stands in the section of a state, behind its title."""
    found = read(to_rst(diagram_of(made), "l")).findall(
        lambda node: node.tagname == "section" and node.children[0].astext() == title
    )
    return [*next(iter(found)).children[1:]]


def items(made: Lifecycle) -> list[str]:
    """Give the first list of the section of a state, item by item, each by its paragraphs."""
    [bullets, *_] = [each for each in section(made) if each.tagname == "bullet_list"]
    assert all(child.tagname == "paragraph" for each in bullets.children for child in each.children)
    return ["\n".join(child.astext() for child in each.children) for each in bullets.children]


class TestSummaries:
    """A sentence for the generated docs, where there is one."""

    def test_a_state_says_its_own(self) -> None:
        first, *_ = section(lifecycle(summary="Makes coffee."))
        assert first.astext() == "Makes coffee."

    def test_a_state_without_begins_with_its_role(self) -> None:
        first, *_ = section(lifecycle())
        assert first.astext() == "A run begins here."

    @pytest.mark.parametrize(
        ("summary", "shown"), [("", "A"), ("Makes coffee.", "A\nMakes coffee.")]
    )
    def test_the_table_has_the_same(self, summary: str, shown: str) -> None:
        tree = read(to_rst(diagram_of(lifecycle(summary=summary)), "l"))
        [_, row, *_] = tree.findall(lambda node: node.tagname == "row")
        assert "\n".join(child.astext() for child in row.children[0].children) == shown

    def test_a_hook_without_has_its_name_alone(self) -> None:
        assert items(lifecycle(silent, told)) == [
            f"silent, {__name__}:silent",
            f"told, {__name__}:told\nSay something.",
        ]

    def test_where_a_state_is_declared_is_told_if_it_is_known(self) -> None:
        def told(module: str) -> list[str]:
            states = (State("A", module=module), State("E", final=True))
            made = Lifecycle("L", states, [Transition("A", "E")])
            return [each.astext() for each in section(made) if "Declared" in each.astext()]

        assert (told("shop.coffee"), told("")) == (["Declared in shop.coffee."], [])

    def test_what_is_defined_nowhere_has_no_place(self) -> None:
        # made for guards, but whatever can be called may be a hook
        joined: Any = any_of(silent, told)  # type: ignore[arg-type]
        assert items(lifecycle(joined)) == ["silent or told\nSay something."]


class TestNames:
    """A name is text, whatever it begins with and wherever it stands."""

    @pytest.mark.parametrize("name", ["- `x", "1. `x", "`x", "x"])
    def test_an_item_is_no_list_within_a_list(self, name: str) -> None:
        [item] = items(lifecycle(called(name)))
        assert item.startswith(f"{name}, ")

    def test_behind_a_literal_there_may_be_markup_again(self) -> None:
        assert quoted("``a`` *b* ``c`` |d|") == r"``a`` \*b\* ``c`` \|d\|"

    def test_angle_brackets_are_not_the_target(self) -> None:
        assert link("a <b>", "t") == r"`a \<b\> <t_>`__"

    def test_a_lifecycle_of_blanks_is_unnamed(self) -> None:
        diagram = diagram_of(lifecycle(name=" "))
        assert diagram.name == "(unnamed)"
        assert "(unnamed)" in to_dot(diagram)


class TestDescription:
    """Say in a line what the picture shows, for those who don't see it."""

    def test_the_main_way_leads_to_its_end(self) -> None:
        told = diagram_of(lifecycle()).description
        assert told == "Diagram of L: 2 states and 1 move. The main way: A, then E."


class TestStandsOut:
    """``highlight`` names states and ways; nothing else looks like them."""

    @pytest.mark.parametrize("lit", ["A", "E"])
    def test_a_state_is_amber_from_border_to_border(self, lit: str) -> None:
        lines = to_dot(diagram_of(lifecycle(), Options(highlight=[lit]))).splitlines()
        boxes = {name: next(e for e in lines if f'id="state_{name}"' in e) for name in "AE"}
        for look in ('color="#9a6700"', 'fillcolor="#fff8c5"', 'penwidth="2"'):
            assert [name for name, box in boxes.items() if f", {look}" in box] == [lit]

    def test_without_a_failure_no_arrow_is_one_of_errors(self) -> None:
        assert "linkStyle" not in to_mermaid(diagram_of(lifecycle()))
        failing = evolve(lifecycle(), failure="E")
        # the row to it, and the arrow from wherever something raises
        assert "  linkStyle 1,2 stroke:#" in to_mermaid(diagram_of(failing))

    def test_options_are_values_whatever_the_names_come_in(self) -> None:
        names = ("A", "A -> E")
        asked = {
            Options(highlight=names),
            Options(highlight=[*names]),
            Options(highlight=iter(names)),
        }
        assert asked == {Options(True, names)}
