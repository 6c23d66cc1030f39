"""How text and tables reach a person: a terminal obeys nothing in them, nor reads it as markup."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fsm_session.machine.texts import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

#: of more rows than this the first and the last are shown
ROWS_SHOWN = 14
NAMES_SHOWN = 8
LONGEST_SHOWN = 1000
WIDEST = 1000
#: the columns of the closing table that are numbers
NUMBERS = ("count", "symbols", "steps", "bars", "signals", "scans", "quality")


def shown(text: object) -> str:
    r"""Write what can't be printed, and a terminal might obey, as its escape: ``\x1b``."""
    return printable(str(text))


def cut(text: str) -> str:
    """Leave of a line what somebody reads, and say how much more there is."""
    if len(text) <= LONGEST_SHOWN:
        return text
    return f"{text[:LONGEST_SHOWN]} ... ({len(text) - LONGEST_SHOWN:,} more characters)"


def print_anything() -> None:
    """Let stdout and stderr write what their encoding lacks as escapes, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def names_of(names: Sequence[str]) -> str:
    """Name a few of them, and how many more there are."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return " ".join(names[:NAMES_SHOWN]) + more


def ends(rows: Sequence[tuple[str, ...]]) -> list[Any]:
    """Give the rows, of many the first and the last, with how many were left out between."""
    if len(rows) <= ROWS_SHOWN:
        return list(rows)
    half = ROWS_SHOWN // 2
    left_out = (f"... {len(rows) - 2 * half} more", *[""] * (len(rows[0]) - 1))
    return [*rows[:half], left_out, *rows[-half:]]


def table_of(*columns: str, title: str) -> Table:
    """Make a table with a title and these columns; numbers stand to the right."""
    from rich import box
    from rich.table import Table

    table = Table(
        title=cell(title), title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
    numbers = NUMBERS if "bars" in columns else ()
    for name in columns:
        table.add_column(
            name,
            justify="right" if name in numbers else "left",
            no_wrap=name in ("session", "sessions"),
        )
    return table


def grid(columns: int = 3) -> Table:
    """Make columns without lines, the second to the right."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    for number in range(columns):
        table.add_column(justify="right" if number == 1 else "left")
    return table


def cell(text: str) -> Any:
    """Make a cell of a text, whatever is in it."""
    from rich.text import Text

    return Text(shown(text))


def print_fitting(make: Callable[[Sequence[str]], Table], less: Sequence[str]) -> Sequence[str]:
    """Print a table without what there is no room for; give what that is.

    ``make`` makes it without the columns that it is given, ``less`` are those that tell the
    least, the least first. Where stdout is no terminal there is room for all of it.
    """
    console = _console()
    unbound = console.options.update(max_width=WIDEST)
    for count in range(len(less) + 1):
        table = make(less[:count])
        if console.measure(table, options=unbound).maximum <= console.width:
            break
    console.print(table)
    return less[:count]


def print_table(table: Table) -> None:
    """Print a table on stdout; where that is no terminal, as wide as it is."""
    _console().print(table)


def _console() -> Console:
    from rich.console import Console

    return Console(width=None if sys.stdout.isatty() else WIDEST)
