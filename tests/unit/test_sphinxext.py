"""The Sphinx extension: small sites are built, by Sphinx itself, in processes of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path

import pytest

from fsm_session.machine.diagram import diagram_of, to_dot, to_mermaid
from fsm_session.states import TRADING_DAY
from tests.unit.security.hostile import NAMES

pytest.importorskip("sphinx")
pytest.importorskip("pygraphviz")

ROOT = Path(__file__).parents[2]
OURS = "fsm_session.states:TRADING_DAY"
CONF = """
import sys
sys.path[:0] = [{folder!r}, {root!r}]
extensions = ["fsm_session.sphinxext"]
"""
#: what somebody else may have declared
THEIRS = """
from tests.unit.security.hostile import NAMES
from tests.unit.security.test_names_drawn import lifecycle
globals().update({f"L{at}": lifecycle(name) for at, name in enumerate(NAMES.values())})
"""
HINGES = """
def may(context):
    \"\"\"It may be shut.\"\"\"
    return True
"""

DOOR = """
from hinges import may
from fsm_session import Lifecycle, State, Transition
DOOR = Lifecycle("Door", [State("Open, wide"), State("Shut", final=True)],
                 [Transition("Open, wide", "Shut", may), Transition("Open, wide", "Shut")])
NOT_ONE = 1
"""


class Seen(HTMLParser):
    """What a browser finds in the part of a page that is its author's."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        text = page.read_text()
        self.feed(text[text.index('role="main"') : text.index('class="sphinxsidebar"')])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    @property
    def images(self) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == "img"]


def site(folder: Path, pages: Mapping[str, str]) -> Path:
    """Lay down the sources of a site."""
    source = folder / "site"
    source.mkdir()
    (source / "conf.py").write_text(CONF.format(folder=str(folder), root=str(ROOT)))
    for name, text in pages.items():
        title = "" if name == "index" else ":orphan:\n\n"
        (source / f"{name}.rst").write_text(f"{title}{name}\n{'=' * 12}\n\n{text}")
    return source


def build(source: Path, *arguments: str, path: Path | None = None) -> tuple[int, str]:
    """Build a site; give status and all that was said."""
    environment = {**os.environ, "PYTHONPATH": f"{path or ROOT}"}
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-b", "html", *arguments, source, source.parent / "out"],
        env=environment, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build a site with all that there is, with warnings as errors, two documents at a time."""
    folder = tmp_path_factory.mktemp("sphinx")
    (folder / "theirs.py").write_text(THEIRS)
    (folder / "door.py").write_text(DOOR)
    (folder / "hinges.py").write_text(HINGES)
    lit = "   :hide-hooks:\n   :highlight: Streaming,\n      Streaming -> Paused\n"
    source = site(
        folder,
        {
            "index": f".. lifecycle:: {OURS}\n   :format: page\n   :name: day\n\n"
            "The part is :ref:`day-streaming`.\n",
            "again": f".. lifecycle:: {OURS}\n   :format: page\n\nTwice\n-----\n\n"
            f".. lifecycle:: {OURS}\n   :format: page\n",
            "lit": f".. lifecycle:: {OURS}\n{lit}   :alt: A day\n   :width: 50%\n",
            "door": '.. lifecycle:: door:DOOR\n   :highlight: "Open, wide", Shut\n',
            "dot": f".. lifecycle:: {OURS}\n   :format: dot\n",
            "mermaid": f".. lifecycle:: {OURS}\n   :format: mermaid\n",
            "theirs": "\n".join(
                f".. lifecycle:: theirs:L{at}\n   :format: page\n" for at in range(len(NAMES))
            ),
        },
    )
    status, said = build(source, "-W", "-n", "-j", "2")
    assert status == 0, said
    return folder / "out"


class TestSite:
    """ "``.. lifecycle:: fsm_session.states:TRADING_DAY`` (options: format, hide hooks,
    highlight) puts it into anyone's docs"."""

    def test_a_page_has_the_picture_and_the_words(self, built: Path) -> None:
        seen = Seen(built / "index.html")
        (image,) = seen.images
        assert (built / str(image["src"])).read_text().count("validate_requirements") == 1
        assert "Validate, Load, InitThreads" in str(image["alt"])
        for state in TRADING_DAY.states:
            assert state.summary in seen.text
        assert "fsm_session.states.streaming:pause_due" in seen.text
        hrefs = [attributes.get("href") for tag, attributes in seen.tags if tag == "a"]
        ids = {attributes.get("id") for _, attributes in seen.tags}
        assert "#day-streaming" in hrefs
        assert {each[1:] for each in hrefs if each and each.startswith("#")} <= ids

    def test_the_same_one_may_stand_there_more_than_once(self, built: Path) -> None:
        sources = [image["src"] for image in Seen(built / "again.html").images]
        assert len(set(sources)) == 2

    def test_hooks_are_hidden_and_what_is_named_stands_out(self, built: Path) -> None:
        (image,) = Seen(built / "lit.html").images
        svg = (built / str(image["src"])).read_text()
        assert (image["alt"], image["style"]) == ("A day", "width: 50%;")
        assert "validate_requirements" not in svg and "stop_requested" in svg
        lit = re.findall(r'<g id="(\w+)"[^>]*>(?:(?!<g ).)*?#9a6700', svg, re.DOTALL)
        assert lit == ["state_Streaming", "row_12"]

    def test_a_name_with_a_comma(self, built: Path) -> None:
        (image,) = Seen(built / "door.html").images
        svg = (built / str(image["src"])).read_text()
        assert svg.partition("</style>")[2].count('fill="#fff8c5"') == 2

    def test_the_texts_are_those_of_the_command(self, built: Path) -> None:
        diagram = diagram_of(TRADING_DAY)
        assert to_dot(diagram).strip() in Seen(built / "dot.html").text
        assert to_mermaid(diagram).strip() in Seen(built / "mermaid.html").text

    def test_names_of_others_are_text(self, built: Path) -> None:
        seen = Seen(built / "theirs.html")
        tags = {tag for tag, _ in seen.tags}
        assert not tags & {"script", "iframe", "object", "style", "form", "input"}
        assert len(seen.images) == len(NAMES) and all(image["alt"] for image in seen.images)
        for _, attributes in seen.tags:
            assert not [key for key in attributes if key.startswith("on")]
            href = attributes.get("href")
            assert href is None or href.startswith(("#", "_images/"))
        assert "root:x:0" not in seen.text
        for name in ("../../x", "<script>alert(1)</script>", "%%{init", "``x`` `y <z_>`__"):
            assert name in seen.text
        outside = [path for path in built.parent.iterdir() if path.name != "__pycache__"]
        assert {path.name for path in outside} == {
            "site",
            "out",
            "theirs.py",
            "door.py",
            "hinges.py",
        }


#: what is wrong, and a word of what is said
FAULTS = {
    "misspelt": ("fsm_session.states:TRADING_DAI", "TRADING_DAI"),
    "nowhere": ("nowhere.at_all:X", "nowhere"),
    "unreadable": ("nolifecycle", "package.module:NAME"),
    "number": ("door:NOT_ONE", "int"),
    "unsound": ("unsound:DOOR", "Shut"),
    "ends": ("ends:X", "SystemExit"),
    "unlit": (f"{OURS}\n   :highlight: Laod, Load -> Failed", "Laod"),
}


class TestFaults:
    """What is wrong is a warning that names document and line, so that ``-W`` fails."""

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        (tmp_path / "door.py").write_text(DOOR)
        (tmp_path / "hinges.py").write_text(HINGES)
        (tmp_path / "unsound.py").write_text(DOOR.replace(", final=True", ""))
        (tmp_path / "ends.py").write_text("raise SystemExit(0)")
        pages = {name: f"Text.\n\n.. lifecycle:: {use}\n" for name, (use, _) in FAULTS.items()}
        return site(tmp_path, {"index": "Text.\n", **pages})

    def test_each_is_a_warning_at_its_line(self, source: Path) -> None:
        status, said = build(source)
        assert status == 0 and "Traceback" not in said
        for name, (_, word) in FAULTS.items():
            lines = [line for line in said.splitlines() if f"{name}.rst:8: WARNING" in line]
            assert lines and any(word in line for line in lines), said
        assert len([line for line in said.splitlines() if "unlit.rst:8" in line]) == 2
        assert build(source, "-W")[0] != 0  # they are said again until they are mended

    def test_a_missing_extra_names_itself(self, tmp_path: Path) -> None:
        source = site(tmp_path, {"index": f".. lifecycle:: {OURS}\n"})
        without = tmp_path / "without"
        without.mkdir()
        (without / "pygraphviz.py").write_text("raise ImportError('no such thing')")
        status, said = build(source, "-W", path=without)
        assert status != 0 and "Traceback" not in said
        assert "index.rst:4: WARNING: lifecycle: drawing an SVG needs pygraphviz" in said
        assert "fsm-session[diagrams]" in said


class TestBuiltAgain:
    """A page is read again when the file of a lifecycle, or of its hooks, has changed."""

    def test_what_changed_and_nothing_else(self, tmp_path: Path) -> None:
        (tmp_path / "door.py").write_text(DOOR)
        (tmp_path / "hinges.py").write_text(HINGES)
        pages = {"index": f".. lifecycle:: {OURS}\n", "door": ".. lifecycle:: door:DOOR\n"}
        source = site(tmp_path, pages)
        assert build(source, "-W")[0] == 0
        assert "0 added, 0 changed" in build(source, "-W")[1]
        (tmp_path / "door.py").write_text(DOOR.replace("Open, wide", "Ajar"))
        assert "0 added, 1 changed" in build(source, "-W")[1]
        (image,) = Seen(tmp_path / "out" / "door.html").images
        assert "Ajar" in (tmp_path / "out" / str(image["src"])).read_text()
        (tmp_path / "hinges.py").write_text(HINGES.replace("may be", "might be"))
        assert "0 added, 1 changed" in build(source, "-W")[1]
