"""Names in pictures and pages: what reads them (a browser, docutils, Graphviz) finds only text."""

from __future__ import annotations

import re
import warnings
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from fsm_session.machine import Lifecycle, State, Transition
from fsm_session.machine.diagram import texts, write
from tests.unit.security.hostile import NAMES, is_name, printable, untouched
from tests.unit.security.test_names_shown import named

SVG = "{http://www.w3.org/2000/svg}"
#: what Graphviz draws our DOT with; links, images and scripts are not among it
DRAWN = {"svg", "g", "title", "polygon", "polyline", "path", "ellipse", "text", "style"}
#: docutils reads files and passes markup on where it is not told otherwise; it is not, here
STRICT = {"report_level": 2, "halt_level": 2, "raw_enabled": True, "file_insertion_enabled": True}
OURS = re.compile("</?[bi]>|<br/>")


def lifecycle(name: str) -> Lifecycle:
    """Make a lifecycle in which all that can bears that name, docstrings too."""
    hook, guard = named(name), named(name, answer=True)
    hook.__doc__ = f"{name}\n\n{name}"
    # docutils reads no line of more than 10,000 characters
    hook.__qualname__ = hook.__module__ = guard.__qualname__ = name[:1000]
    state = name if is_name(name) and name.strip() else "First"
    first = State(state, entry=[hook], exit=[hook], activity=hook, summary=name)
    return Lifecycle(
        name,
        [first, State("Last", final=True), State("Failed", final=True)],
        [Transition(state, "Failed", guard), Transition(state, "Last")],
        failure="Failed",
    )


def bare(text: str) -> str:
    """Write what can't be printed as its escape, and leave out the blanks."""
    shown = (each if printable(each) else ascii(each)[1:-1] for each in text)
    return "".join("".join(shown).replace("\\xa0", " ").split())


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
class TestPictures:
    """ "Names from data and configuration are escaped wherever they are shown (Mermaid, DOT,
    HTML ...) and never become a path outside the output folder."
    """

    def test_files_lie_in_the_folder_under_plain_names(self, name: str, tmp_path: Path) -> None:
        pytest.importorskip("pygraphviz")
        folder = tmp_path / "pictures"
        with untouched(tmp_path, folder):
            paths = write(lifecycle(name), folder)
        assert sorted(folder.rglob("*")) == sorted(paths)
        assert {path.parent for path in paths} == {folder}
        assert all(re.fullmatch(r"[a-z0-9_]{1,70}\.[a-z]{3}", path.name) for path in paths)

    def test_the_picture_holds_text_and_no_more(self, name: str, tmp_path: Path) -> None:
        pytest.importorskip("pygraphviz")
        paths = {path.suffix: path for path in write(lifecycle(name), tmp_path)}
        tree = ET.fromstring(paths[".svg"].read_bytes())
        assert {each.tag.removeprefix(SVG) for each in tree.iter()} <= DRAWN
        attributes = {key for each in tree.iter() for key in each.attrib}
        assert not [key for key in attributes if "href" in key or key.startswith("on")]
        # Graphviz leaves out a label that it can't read
        assert bare(name) in bare("".join(tree.itertext()))

    def test_the_page_is_text_for_a_browser(self, name: str) -> None:
        core = pytest.importorskip("docutils.core")
        (page,) = (text for file, text in texts(lifecycle(name)).items() if file.endswith(".rst"))
        with warnings.catch_warnings():
            for each in (DeprecationWarning, PendingDeprecationWarning):  # docutils' own
                warnings.simplefilter("ignore", each)
            tree = core.publish_doctree(page, settings_overrides=STRICT)
            html = core.publish_string(
                page, writer_name="html5", settings_overrides={**STRICT, "embed_stylesheet": False}
            ).decode()
        tags = {each.tagname for each in tree.findall()}
        assert not tags & {"raw", "problematic", "footnote_reference"}
        assert "root:x:0" not in html
        # the one picture is ours; a link leads to a place on the page
        body = html.partition("<body")[2]
        assert re.findall("<(?:script|iframe|object|style|link)", body) == []
        assert len(re.findall("<(?:img|object)", body)) == 1
        assert all(each.startswith("#") for each in re.findall('href="([^"]*)"', body))
        bare_tags = re.sub(r'"[^"]*"', '""', body)  # a name may stand in the picture's alt text
        assert re.findall(r"<[^>]*\son\w+\s*=", bare_tags) == []

    def test_a_line_of_mermaid_or_dot_stays_one(self, name: str) -> None:
        plain, hostile = texts(lifecycle("Plain")), texts(lifecycle(name))
        for kind in ("mmd", "dot"):
            (expected,) = (text for file, text in plain.items() if file.endswith(kind))
            (found,) = (text for file, text in hostile.items() if file.endswith(kind))
            assert len(found.split("\n")) == len(expected.split("\n"))
        mermaid = next(text for file, text in hostile.items() if file.endswith("mmd"))
        _, *lines = mermaid.splitlines()
        assert not [line for line in lines if "%%{" in line or line.lstrip().startswith("click")]
        # within quotes there is nothing but words, entities and our own markup
        for said in (said for line in lines for said in re.findall('"([^"]*)"', line)):
            assert not set(OURS.sub("", said)) & set("<>&`*%{}[]|\\:'")
