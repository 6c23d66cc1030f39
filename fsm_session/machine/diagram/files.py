"""The files of a lifecycle: rendered, written whole or not at all, compared with the code."""

from __future__ import annotations

import hashlib
import os
import re
from difflib import unified_diff
from pathlib import Path

from fsm_session.errors import DiagramError
from fsm_session.machine.diagram.dot import to_dot
from fsm_session.machine.diagram.mermaid import to_mermaid
from fsm_session.machine.diagram.model import Options
from fsm_session.machine.diagram.reading import EVERYTHING, diagram_of
from fsm_session.machine.diagram.rst import to_rst
from fsm_session.machine.diagram.svg import is_drawn_from, to_svg
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.whole_files import write_all_whole

#: as long as the stem of a file's name may get
LONGEST = 60


def stem_of(name: str) -> str:
    """Make the stem of file names from a lifecycle's name: ``TradingDay`` -> ``trading_day``.

    It has ASCII letters, digits and ``_`` only. Where that says less than the name did, some
    of the name's SHA-256 is added, so that two lifecycles don't write over each other.
    """
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z0-9]+", "_", name)
    stem = words.strip("_").lower()
    if re.fullmatch(r"[A-Za-z0-9]+([ _-][A-Za-z0-9]+)*", name) and len(stem) <= LONGEST:
        return stem
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{stem[:LONGEST].strip('_') or 'lifecycle'}_{digest}"


def texts(lifecycle: Lifecycle, options: Options = EVERYTHING) -> dict[str, str]:
    """Give the texts by their file names: DOT, Mermaid and the page, all of them ours."""
    diagram, stem = diagram_of(lifecycle, options), stem_of(lifecycle.name)
    return {
        f"{stem}.dot": to_dot(diagram),
        f"{stem}.mmd": to_mermaid(diagram),
        f"{stem}.rst": to_rst(diagram, stem),
    }


def render(lifecycle: Lifecycle, options: Options = EVERYTHING) -> dict[str, str]:
    """Give all the files of a lifecycle, the SVG too. Raises DiagramError as ``to_svg`` does."""
    files = texts(lifecycle, options)
    stem = stem_of(lifecycle.name)
    return {**files, f"{stem}.svg": to_svg(files[f"{stem}.dot"])}


def write(
    lifecycle: Lifecycle, folder: str | os.PathLike[str], options: Options = EVERYTHING
) -> tuple[Path, ...]:
    """Write the files into a folder, which is made if need be; give their paths.

    Raises DiagramError where the picture can't be drawn, ExportError where a file can't be
    written: then all of them are as they were.
    """
    files = {Path(folder) / name: text for name, text in render(lifecycle, options).items()}
    write_all_whole({path: text.encode() for path, text in files.items()})
    return tuple(files)


def differences(
    lifecycle: Lifecycle, folder: str | os.PathLike[str], options: Options = EVERYTHING
) -> list[str]:
    """Say where the files in a folder aren't what the code says; empty where all of them are.

    A text that differs is shown as a unified diff. Of the SVG it is asked only whether it was
    drawn from this DOT, which needs no Graphviz.
    """
    stem, expected = stem_of(lifecycle.name), texts(lifecycle, options)
    found = [_difference(Path(folder) / name, text) for name, text in expected.items()]
    found.append(_picture(Path(folder) / f"{stem}.svg", expected[f"{stem}.dot"]))
    return [each for each in found if each]


def _difference(path: Path, expected: str) -> str:
    text = _read(path)
    if text is None:
        return f"{path.name} is missing"
    if text == expected:
        return ""
    sides = (text.splitlines(), expected.splitlines())
    names = (f"{path.name} as it is", f"{path.name} as the code says")
    diff = "\n".join(unified_diff(*sides, *names, lineterm=""))
    return diff or f"{path.name} differs in how its lines end"


def _picture(path: Path, dot: str) -> str:
    svg = _read(path)
    if svg is None:
        return f"{path.name} is missing"
    return (
        ""
        if is_drawn_from(svg, dot)
        else f"{path.name} was drawn from another DOT, or in other colours"
    )


def _read(path: Path) -> str | None:
    """Read a file, leniently: what is no UTF-8 is a difference like any other."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DiagramError(f"{path} can't be read: {error}") from error
