"""Quotes texts of users for reStructuredText, and lays out the few blocks that our page needs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

#: what begins markup within a line; an underscore does at the end of a word only, a colon and an
#: @ where they make an address, which would be linked: ``javascript:...``
MARKUP = r"[\\`*|]|_(?![^\W_])|(?<=\w)[:@](?=[^\s:])"

#: ``code`` as docstrings have it, where docutils is sure to take it for a literal
LITERAL = r"(?<![^\s(])``\w(?:[^`\\]*[^`\\ ])?``(?![^\s.,;:!?)])"

#: what could begin a list, a title, a field, a directive... at the beginning of a line
BEGINS = r"(?!``|\\)[\W_]|[^\W_]+[.)]|$"

Cells = Sequence[str]


def quoted(text: str) -> str:
    """Quote a text for a place within a line; only its ``literals`` stay what they are."""
    parts = re.split(f"({LITERAL})", text)
    shown = "".join(part if at % 2 else _escaped(part) for at, part in enumerate(parts))
    return re.sub("::$", r":\:", shown)


def block(text: str) -> str:
    """Quote a text for the beginning of a line."""
    shown = quoted(text)
    if re.fullmatch(r"\\{4,}", shown):  # a line of nothing else would be a rule across the page
        return rf"\ {shown}"
    return f"\\{shown}" if re.match(BEGINS, shown) else shown


def code(text: str) -> str:
    """Show a name as a literal, or quoted where it has what can't stand in one."""
    return quoted(text) if re.search(r"[`\\]|^\s|\s$|^$", text) else f"``{text}``"


def link(text: str, target: str) -> str:
    """Refer to a target under another text; angle brackets would be taken for the target."""
    shown = re.sub("[<>]", r"\\\g<0>", _escaped(text.strip()))
    return f"`{shown} <{target}_>`__"


def title(text: str, rule: str) -> str:
    """Underline a title; the rule may be longer than the text, never shorter."""
    shown = block(text.strip())
    wide = sum(unicodedata.east_asian_width(each) in "WF" for each in shown)
    return f"{shown}\n{rule * (len(shown) + wide)}"


def lines(texts: Iterable[str]) -> str:
    """Set texts one below the other."""
    return "\n".join(f"| {text}" for text in texts)


def item(*blocks: str) -> str:
    """Make an item of a list out of blocks."""
    return "* " + indented("\n\n".join(filter(None, blocks)), 2)


def table(header: Cells, rows: Iterable[Cells]) -> str:
    """Make a table; a cell can hold more than one line."""
    body = "\n".join(_row(cells) for cells in (header, *rows))
    return f".. list-table::\n   :header-rows: 1\n\n   {indented(body, 3)}"


def indented(text: str, by: int) -> str:
    """Indent all lines but the first and the empty ones."""
    return re.sub(r"\n(?=[^\n])", "\n" + " " * by, text)


def _row(cells: Cells) -> str:
    return "\n".join(
        f"{'* -' if at == 0 else '  -'} {indented(cell, 4)}".rstrip()
        for at, cell in enumerate(cells)
    )


def _escaped(text: str) -> str:
    return re.sub(MARKUP, r"\\\g<0>", text)
