"""Every block of the hand-written pages runs, and says what the page says that it says."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import frozen

DOCS = Path(__file__).parents[1] / "diagrams"
#: written by ``fsm-session diagram``, or without blocks to run
ELSEWHERE = {"trading_day", "index", "reference"}
BLOCK = re.compile(
    r"(?:``(?P<file>[\w.]+\.(?:py|toml|rst))``[^\n`]*:\n\n)?"
    r"^\.\. code-block:: (?P<language>\w+)\n\n(?P<text>(?:    .*\n|\n)+)",
    re.MULTILINE,
)


@frozen
class Block:
    """A block of a page: what it is written in, and the file that it is (none: it is run)."""

    line: int
    language: str
    file: str | None
    text: str


def blocks(page: str) -> Iterator[Block]:
    """Find the blocks of a page. A file is named at the end of the line before its block."""
    text = (DOCS / f"{page}.rst").read_text()
    for found in BLOCK.finditer(text):
        body = re.sub("^    ", "", found["text"], flags=re.MULTILINE).strip("\n") + "\n"
        line = text[: found.start("text")].count("\n") + 1
        yield Block(line, found["language"], found["file"], body)


def agrees(said: str, expected: str) -> bool:
    """Compare what was said with what the page has; ``...`` stands for anything."""
    pattern = ".*".join(map(re.escape, expected.rstrip("\n").split("...")))
    return re.fullmatch(pattern, said.rstrip("\n"), re.DOTALL) is not None


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Give each command with what it is to say; ``echo $?`` belongs to the one before it."""
    for found in re.finditer(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)(?:\$ echo \$\?\n(.*)\n)?", text, re.M):
        command, said, status = found.groups()
        yield (f"{command} 2>&1; test $? = {status}" if status else f"{command} 2>&1"), said


def run_console(block: Block) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    for command, expected in commands(block.text):
        done = subprocess.run(
            ["bash", "-c", command], env={**os.environ, "PATH": path},
            capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        said = re.sub(".*Fontconfig warning.*\n", "", done.stdout)
        assert done.returncode == 0, f"line {block.line}: {command}\n{said}"
        assert agrees(said, expected), f"line {block.line}: {command}\n{said}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in an empty folder from which modules are imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def pages() -> list[str]:
    return sorted({path.stem for path in DOCS.glob("*.rst")} - ELSEWHERE)


@pytest.mark.parametrize("page", pages())
def test_the_blocks_run_from_top_to_bottom(page: str, folder: Path) -> None:
    if not shutil.which("bash"):
        pytest.skip("the commands are for bash")
    names: dict[str, object] = {"__name__": page}
    said = ""
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text)
        elif block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(compile("\n" * block.line + block.text, f"{page}.rst", "exec"), names)
            said = output.getvalue()
        elif block.language == "text":
            assert agrees(said, block.text), f"line {block.line}: it says\n{said}"
        elif block.language == "console":
            run_console(block)
    assert len([*blocks(page)]) > 2


def test_pages_and_blocks_are_found() -> None:
    assert pages() == ["concepts", "lifecycles", "testing", "tutorial"]
    files = [block.file for block in blocks("tutorial") if block.file]
    assert files == [
        "my_parts.py", "my_averages.py", "my_scanners.py", "week.toml", "mine.toml",
        "my_hasty_parts.py", "my_hasty_parts.py",
    ]  # fmt: skip
    assert "code-block" not in "".join(block.text for block in blocks("tutorial"))


def test_what_a_page_says_wrongly_is_found(folder: Path) -> None:
    assert agrees("a\nb\nc\n", "a\n...c\n") and agrees("", "")
    assert not agrees("a\nb\n", "a\n") and not agrees("a.b", "axb")
    right = Block(1, "console", None, "$ echo one\none\n$ false\n$ echo $?\n1\n$ true\n")
    run_console(right)
    for wrong in ("$ echo one\ntwo\n", "$ false\n", "$ true\n$ echo $?\n1\n", "$ echo more\n"):
        with pytest.raises(AssertionError):
            run_console(Block(1, "console", None, wrong))
