"""The texts of a diagram say what the declaration says, whatever the names are."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET

import pytest
from attrs import evolve
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fsm_session.errors import DiagramError
from fsm_session.machine import Lifecycle
from fsm_session.machine.diagram import (
    Options,
    diagram_of,
    texts,
    to_dot,
    to_mermaid,
    to_rst,
    to_svg,
)
from fsm_session.machine.diagram.rst_text import LITERAL, block
from fsm_session.states import TRADING_DAY
from tests.lifecycle_strategies import NAMES, lifecycles
from tests.unit.machine.diagram_readers import (
    declared,
    guards_shown,
    read_dot,
    read_mermaid,
    shown,
)

#: docutils stops at the first warning
STRICT = {"report_level": 2, "halt_level": 2}

relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
fewer = settings(relaxed, max_examples=40)


def names_in(lifecycle: Lifecycle) -> set[str]:
    """Give every name that is to be shown: states, hooks, and guards one by one."""
    read = declared(lifecycle)
    hooks = {name for hooks in read.states.values() for _, name in hooks}
    guards = {name for row in lifecycle.transitions for name in guards_shown(row.guard)}
    return {*read.states, *hooks, *guards}


def squeezed(text: str) -> str:
    """Leave out blanks, which markup may add, drop or double."""
    return "".join(text.replace("\u00a0", " ").split())


class TestReadBack:
    """ "Mermaid and DOT read back give the declaration again"."""

    @given(lifecycles())
    @relaxed
    def test_dot(self, lifecycle: Lifecycle) -> None:
        assert read_dot(to_dot(diagram_of(lifecycle))) == declared(lifecycle)

    @given(lifecycles())
    @relaxed
    def test_mermaid(self, lifecycle: Lifecycle) -> None:
        assert read_mermaid(to_mermaid(diagram_of(lifecycle))) == declared(lifecycle)

    @given(lifecycles(), st.data())
    @relaxed
    def test_without_hooks_and_with_something_to_stand_out(
        self, lifecycle: Lifecycle, data: st.DataObject
    ) -> None:
        ways = [f"{row.source} -> {row.target}" for row in lifecycle.transitions]
        lit = data.draw(st.lists(st.sampled_from([s.name for s in lifecycle.states] + ways)))
        diagram = diagram_of(lifecycle, Options(hooks=False, highlight=lit))
        plain = declared(lifecycle)
        bare = evolve(plain, states={name: [] for name in plain.states})
        assert read_dot(to_dot(diagram)) == read_mermaid(to_mermaid(diagram)) == bare
        lines = to_dot(diagram).splitlines()
        amber = {line.split('"row_')[1].split('"')[0] for line in lines if '"row_' in line
                 and 'color="#9a6700"' in line}  # fmt: skip
        assert amber == {str(at) for at, way in enumerate(ways, start=1) if way in lit}
        filled = [line for line in lines if '"state_' in line and "#fff8c5" in line]
        assert len(filled) == sum(state.name in lit for state in lifecycle.states)
        classes = re.findall("  class (.*) highlight\n", to_mermaid(diagram))
        boxes = [each for listed in classes for each in listed.split(",") if "__" not in each]
        assert len(boxes) == len(filled)

    def test_an_arrow_of_mermaid_has_one_style_or_none(self) -> None:
        options = Options(highlight=["Streaming -> Paused", "Deactivate -> Teardown"])
        text = to_mermaid(diagram_of(TRADING_DAY, options))
        styles = dict(re.findall(r"  linkStyle (\S+) (\S+)", text))
        numbers = [int(each) for listed in styles for each in listed.split(",")]
        assert len(numbers) == len(set(numbers)) and max(numbers) == 19
        (guarded,) = (style for listed, style in styles.items() if "12" in listed.split(","))
        assert guarded == "color:#8250df,stroke:#9a6700,stroke-width:4px"

    def test_what_is_to_stand_out_and_is_not_there_is_named(self) -> None:
        options = Options(highlight=["Load", "Laod", "Load -> Done", "Load -> Active"])
        with pytest.raises(DiagramError) as raised:
            diagram_of(TRADING_DAY, options)
        told = str(raised.value).splitlines()
        assert [line.partition("way ")[2] for line in told] == ["'Laod'", "'Load -> Active'"]

    @given(lifecycles())
    @fewer
    def test_the_same_lifecycle_gives_the_same_bytes(self, lifecycle: Lifecycle) -> None:
        again = Lifecycle(
            lifecycle.name,
            list(lifecycle.states),
            list(lifecycle.transitions),
            lifecycle.initial,
            lifecycle.failure,
        )
        first, second = texts(lifecycle), texts(again)
        assert {name: text.encode() for name, text in first.items()} == {
            name: text.encode() for name, text in second.items()
        }


class TestNamesStayNames:
    """ "The texts are ours (escaped: names come from users)"."""

    @given(lifecycles())
    @relaxed
    def test_a_line_of_mermaid_has_nothing_but_entities_and_our_own_markup(
        self, lifecycle: Lifecycle
    ) -> None:
        settings_line, *lines = to_mermaid(diagram_of(lifecycle)).splitlines()
        assert settings_line.startswith("%%{init:")
        ours = ("<b>", "</b>", "<i>", "</i>", "<br/>")
        for line in lines:
            text = line.partition('"')[2].rpartition('"')[0]
            for tag in ours:
                text = text.replace(tag, "")
            assert not set(text) & set("\"'<>&|`*%{}[]()\\:")

    @given(lifecycles())
    @fewer
    def test_graphviz_takes_every_label_and_shows_its_text(self, lifecycle: Lifecycle) -> None:
        pytest.importorskip("pygraphviz")
        svg = to_svg(to_dot(diagram_of(lifecycle)))
        text = squeezed("".join(ET.fromstring(svg.encode()).itertext()))
        assert [name for name in names_in(lifecycle) if squeezed(name) not in text] == []

    @given(lifecycles())
    @fewer
    def test_docutils_takes_the_page_and_shows_every_name(self, lifecycle: Lifecycle) -> None:
        core = pytest.importorskip("docutils.core")
        page = to_rst(diagram_of(lifecycle), "stem")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # docutils' own
            tree = core.publish_doctree(page, settings_overrides=STRICT)
        text = squeezed(tree.astext())
        assert [name for name in names_in(lifecycle) if squeezed(name) not in text] == []
        assert len([*tree.findall(lambda node: node.tagname == "image")]) == 1
        assert [*tree.findall(lambda node: node.tagname == "problematic")] == []

    @given(NAMES)
    @example("1. a")
    @example("- a")
    @example("(a) b")
    @example("a::")
    @example(">>> a")
    @example("====")
    @example("\\\\")
    @settings(deadline=None)
    def test_what_begins_a_line_of_the_page_is_text(self, name: str) -> None:
        core = pytest.importorskip("docutils.core")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            tree = core.publish_doctree(block(name), settings_overrides=STRICT)
        assert [child.tagname for child in tree.children] == ["paragraph"]
        assert squeezed(tree.astext()) == squeezed(re.sub(LITERAL, lambda m: m[0][2:-2], name))

    def test_what_cannot_be_printed_is_shown_as_its_escape(self) -> None:
        assert shown("a\nb\ud800") == "a\\nb\\ud800"
