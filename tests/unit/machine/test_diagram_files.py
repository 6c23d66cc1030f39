"""The files of a lifecycle: written whole, and compared with the code."""

from __future__ import annotations

import builtins
import re
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from fsm_session.errors import DiagramError, ExportError, FsmSessionError
from fsm_session.machine.diagram import Options, differences, render, texts, to_svg, write
from fsm_session.states import TRADING_DAY


def luminance(colour: str) -> float:
    """Give the relative luminance of a colour as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Give the contrast of two colours as WCAG 2.2 defines it; text needs 4.5."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


CHECKED_IN = Path(__file__).parents[3] / "diagrams"
OUTDATED = "trading_day.svg was drawn from another DOT, or in other colours"
OTHER = TRADING_DAY.replace("Paused", evolve(TRADING_DAY.state("Paused"), name="Halted"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with the files as the code says."""
    pytest.importorskip("pygraphviz")
    write(TRADING_DAY, tmp_path / "new" / "folder")
    return tmp_path / "new" / "folder"


@pytest.fixture
def no_pygraphviz(monkeypatch: pytest.MonkeyPatch) -> None:
    """Act as an installation without the extra."""
    found = builtins.__import__

    def refuse(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "pygraphviz":
            raise ModuleNotFoundError("No module named 'pygraphviz'")
        return found(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)


class TestChecks:
    """ "``--check`` fails with a readable difference when code and pictures disagree"."""

    def test_what_is_checked_in_is_what_the_code_says(self) -> None:
        assert differences(TRADING_DAY, CHECKED_IN) == []

    def test_files_just_written_do_not_differ(self, folder: Path) -> None:
        assert differences(TRADING_DAY, folder) == []
        assert sorted(path.name for path in folder.iterdir()) == [
            "trading_day.dot",
            "trading_day.mmd",
            "trading_day.rst",
            "trading_day.svg",
        ]

    def test_files_are_drawn_and_checked_as_they_are_asked_for(self, tmp_path: Path) -> None:
        pytest.importorskip("pygraphviz")
        bare = Options(hooks=False)
        drawn = render(TRADING_DAY, bare)
        assert drawn == {**texts(TRADING_DAY, bare), "trading_day.svg": drawn["trading_day.svg"]}
        assert "tear_down_workers" not in drawn["trading_day.dot"] + drawn["trading_day.svg"]
        written = write(TRADING_DAY, tmp_path, bare)
        assert {path.name: path.read_text(encoding="utf-8") for path in written} == drawn
        assert differences(TRADING_DAY, tmp_path, bare) == []
        assert differences(TRADING_DAY, tmp_path) != []

    def test_another_declaration_is_shown_line_by_line(self, folder: Path) -> None:
        dot, mermaid, page, svg = differences(OTHER, folder)
        assert '-  "Paused" [id="state_Paused", label=<' in dot.splitlines()
        assert '+  "Halted" [id="state_Halted", label=<' in dot.splitlines()
        assert "-  Paused --> Streaming" in mermaid.splitlines()
        assert "-Paused" in page.splitlines() and "+Halted" in page.splitlines()
        assert svg == OUTDATED

    def test_missing_files_are_named(self, tmp_path: Path) -> None:
        assert differences(TRADING_DAY, tmp_path) == [
            f"trading_day.{kind} is missing" for kind in ("dot", "mmd", "rst", "svg")
        ]

    def test_files_that_are_no_text_differ(self, folder: Path) -> None:
        (folder / "trading_day.mmd").write_bytes(b"\xff\x00")
        (folder / "trading_day.svg").write_bytes(b"\xff\x00")
        assert len(differences(TRADING_DAY, folder)) == 2

    def test_a_newline_too_many_differs(self, folder: Path) -> None:
        path = folder / "trading_day.mmd"
        path.write_text(path.read_text() + "\n")
        assert len(differences(TRADING_DAY, folder)) == 1
        path.write_text(texts(TRADING_DAY)[path.name].removesuffix("\n"))
        assert differences(TRADING_DAY, folder) == ["trading_day.mmd differs in how its lines end"]

    def test_what_can_not_be_read_is_an_error_of_ours(self, tmp_path: Path) -> None:
        (tmp_path / "trading_day.dot").mkdir()
        with pytest.raises(DiagramError, match="can't be read"):
            differences(TRADING_DAY, tmp_path)


class TestWritten:
    """Files are written aside and renamed: whole or not at all."""

    def test_the_picture_is_the_same_each_time(self) -> None:
        pytest.importorskip("pygraphviz")
        assert render(TRADING_DAY) == render(TRADING_DAY)

    def test_nothing_is_left_where_it_can_not_be_written(self, folder: Path) -> None:
        (folder / "trading_day.rst").unlink()
        (folder / "trading_day.rst").mkdir()
        with pytest.raises(ExportError, match="can't be written"):
            write(OTHER, folder)
        assert len(list(folder.iterdir())) == 4

    def test_a_folder_that_is_a_file(self, tmp_path: Path) -> None:
        pytest.importorskip("pygraphviz")
        (tmp_path / "file").write_text("mine")
        with pytest.raises(ExportError, match="can't be written"):
            write(TRADING_DAY, tmp_path / "file")
        assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.usefixtures("no_pygraphviz")
class TestWithoutTheExtra:
    """The SVG is drawn by pygraphviz (extra ``diagrams``); everything else needs nothing."""

    def test_an_error_of_ours_names_the_extra(self, tmp_path: Path) -> None:
        with pytest.raises(FsmSessionError, match=r"pip install 'fsm-session\[diagrams\]'"):
            write(TRADING_DAY, tmp_path)
        assert list(tmp_path.iterdir()) == []

    def test_texts_and_checks_work(self) -> None:
        assert len(texts(TRADING_DAY)) == 3
        assert differences(TRADING_DAY, CHECKED_IN) == []


class TestPicture:
    """A picture "good on GitHub in light and dark, readable at README width"."""

    def test_at_the_width_of_the_readme_words_are_as_large_as_small_print(self) -> None:
        svg = (CHECKED_IN / "trading_day.svg").read_text()
        points = int(svg.split('<svg width="')[1].split("pt")[0])
        assert points * 96 / 72 < 1012  # pixels: the width of a README on GitHub
        sizes = [float(each) for each in re.findall(r'font-size="([\d.]+)"', svg)]
        scale = float(svg.split("scale(")[1].split(" ")[0])
        assert min(sizes) * scale * 700 / points > 9  # the README shows it 700 pixels wide
        assert sorted(sizes)[len(sizes) // 2] * scale * 700 / points > 11

    @pytest.mark.parametrize("dark", [False, True])
    def test_every_word_stands_out_from_what_it_lies_on(self, dark: bool) -> None:
        tree = ET.fromstring(render(TRADING_DAY)["trading_day.svg"])
        looks = dict(re.findall(r'\[fill="(#\w+)"\]{fill:(#\w+)}', "".join(tree.itertext())))
        drawn = {
            each.tag.rpartition("}")[2]: [*tree.iter(each.tag)]
            for each in tree.iter()
            if each.attrib
        }
        words = {each.get("fill", "#000000") for each in drawn["text"]}
        grounds = {each.get("fill", "") for each in (*drawn["polygon"][:1], *drawn["path"])}
        assert words <= looks.keys() and grounds - {"none"} <= looks.keys()
        for word in words:
            for ground in grounds - {"none"}:
                pair = (looks[word], looks[ground]) if dark else (word, ground)
                assert contrast(*pair) > 4.5, pair

    def test_what_has_other_colours_is_out_of_date(self, folder: Path) -> None:
        path = folder / "trading_day.svg"
        path.write_text(path.read_text().replace("fill:#0d1117", "fill:#000000"))
        assert differences(TRADING_DAY, folder) == [
            "trading_day.svg was drawn from another DOT, or in other colours"
        ]

    def test_what_is_no_dot_is_an_error_of_ours(self, capfd: pytest.CaptureFixture[str]) -> None:
        pytest.importorskip("pygraphviz")
        with pytest.raises(DiagramError, match="can't draw"):
            to_svg("digraph {")
        capfd.readouterr()
