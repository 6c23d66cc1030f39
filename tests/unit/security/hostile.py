"""Names that nobody gives by chance, what may be made of them, and a folder to try them in.

What is sound is said here a second time, by Unicode's categories and by hand.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import fsm_session

#: where the package under test is, in a checkout or installed
PACKAGES = Path(fsm_session.__file__).parents[1]
SECONDS = 600.0

NAMES: Mapping[str, str] = {
    "up": "../../x",
    "up in Windows": "..\\..\\x",
    "the folder": ".",
    "its parent": "..",
    "absolute": "/etc/x",
    "at home": "~root",
    "NUL": "a\0b",
    "a line break": "a\nerror: forged",
    "a return": "sound\rforged",
    "a separator": "a\u2028b",
    "a colour": "\x1b[31mred",
    "a title": "\x1b]0;mine now\x07",
    "a link": "\x1b]8;;http://x.invalid\x1b\\click\x1b]8;;\x1b\\",
    "C1": "\x9b31mred",
    "backspaces": "good\b\b\b\bevil",
    "bidi": "\u202egnp.elif",
    "isolate": "a\u2066b",
    "zero width": "A\u200bB",
    "half a character": "a\ud800",
    "long": "a" * 5000,
    "longer than a file's name": "b" * 256,
    "script": "<script>alert(1)</script>",
    "an event": '<img src=x onerror="alert(1)">',
    "an entity": "&lt;b&gt;&#x3c;",
    "end of a label": '"];} evil [label="x',
    "backticks": "``x`` `y <z_>`__",
    "pipes": "|a|b|",
    "init": '%%{init: {"securityLevel": "loose"}}%%',
    "click": 'click A "javascript:alert(1)"',
    "the node's name": "\\N\\G\\L",
    "role": ":raw:`<b>x</b>`",
    "include": ".. include:: /etc/passwd",
    "raw": ".. raw:: html",
    "formula": "=cmd|' /C calc'!A1",
    "markup": "[bold red]x[/]:smile:",
    "format": "{0.__class__} %s %n ${HOME} $(id)",
    "argument": "--help",
}


def printable(text: str) -> bool:
    """Tell whether every character leaves a mark, or is a plain space."""
    return all(each == " " or unicodedata.category(each)[0] not in "CZ" for each in text)


def is_name(text: str) -> bool:
    return printable(text) and len(text) <= 200


def is_indicator(text: str) -> bool:
    return is_name(text) and "." not in text


def is_symbol(text: str) -> bool:
    sound = printable(text) and len(text) <= 64 and text not in (".", "..")
    return sound and not any(each in text for each in "/\\")


def never(_: str) -> bool:
    return False


#: the keys of a configuration that hold names, and what may stand there
KEYS: Mapping[str, Callable[[str], bool]] = {
    "name": is_name,
    "data.symbols[1]": is_symbol,
    "data.indicators[0]": is_indicator,
    "data.indicators[0].function": never,
    "data.historical[0]": is_indicator,
    "source.kind": never,
    "scanners[0].use": never,
    "scanners[0].name": is_name,
    "scanners[0].universe.symbols[0]": is_symbol,
    "strategies[0].use": never,
    "strategies[0].name": is_name,
}
SOUND = {
    "name": "sound",
    "data.symbols[1]": "BBB",
    "data.indicators[0]": "fast",
    "data.indicators[0].function": "SMA",
    "data.historical[0]": "usual",
    "source.kind": "simulated",
    "scanners[0].use": "fsm_session.demo:Movers",
    "scanners[0].name": "movers",
    "scanners[0].universe.symbols[0]": "CCC",
    "strategies[0].use": "fsm_session.demo:Cross",
    "strategies[0].name": "cross",
}


def wishes(names: Mapping[str, str]) -> str:
    """Write a configuration with names in their places, the others sound: TOML."""
    at = {key: json.dumps(name) for key, name in {**SOUND, **names}.items()}
    return f"""\
name = {at["name"]}
[backtest]
start = 2024-07-03
end = 2024-07-03
[data]
symbols = ["AAA", {at["data.symbols[1]"]}]
streams = ["1h"]
[[data.indicators]]
name = {at["data.indicators[0]"]}
function = {at["data.indicators[0].function"]}
interval = "1h"
parameters = {{ timeperiod = 2 }}
[[data.historical]]
name = {at["data.historical[0]"]}
function = "mean"
column = "volume"
over = "2d"
[source]
kind = {at["source.kind"]}
interval = "1h"
[[scanners]]
use = {at["scanners[0].use"]}
name = {at["scanners[0].name"]}
pre_session = true
[scanners.universe]
symbols = [{at["scanners[0].universe.symbols[0]"]}]
streams = ["1h"]
[[strategies]]
use = {at["strategies[0].use"]}
name = {at["strategies[0].name"]}
parameters = {{ fast = {at["data.indicators[0]"]}, slow = {at["data.indicators[0]"]} }}
"""


def written(text: str) -> str:
    r"""Say how a record holds a text: half a character as its escape, ``\ud800``."""
    return "".join(each if not 0xD800 <= ord(each) < 0xE000 else ascii(each)[1:-1] for each in text)


def only_shown(output: str) -> bool:
    """Tell whether an output has nothing in it that a terminal obeys, but its line breaks."""
    return printable(output.replace("\n", ""))


@contextmanager
def untouched(folder: Path, *but: Path) -> Iterator[None]:
    """See that nothing in a folder changes within the block, but what is below the others."""
    before = _contents(folder, but)
    yield
    assert _contents(folder, but) == before


def _contents(folder: Path, but: tuple[Path, ...]) -> dict[Path, object]:
    found = (each for each in folder.rglob("*") if not any(each.is_relative_to(b) for b in but))
    return {
        each: os.readlink(each) if each.is_symlink() else each.is_file() and each.read_bytes()
        for each in found
    }


def alone(*arguments: str | Path) -> tuple[int, str]:
    """Run the command in a process that has imported nothing yet; give status and all output."""
    done = subprocess.run(
        # -P: the command's own folder is no place to import from, as with the installed script
        [sys.executable, "-P", "-c", "from fsm_session.cli import main; main()", *arguments],
        env={**os.environ, "PYTHONPATH": str(PACKAGES), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout + done.stderr
