"""Opens a configuration's file, and refuses what would take endless time to read or to tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fsm_session.errors import ConfigError, Fault

#: as deep as a configuration is nested, and as far as a whole number of TOML's goes
DEEPEST, FURTHEST = 32, 2**63
NO_FILE = "give the path of a configuration; fsm-session new DIR writes one to begin with"
NO_TOML = "mend it at that line: key = value, texts in quotes, [table] in brackets"
#: a key of more parts than these: a parser keeps every beginning of it, which are endless
_PART = r"""(?:"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+'|(?<![\w-])[\w-]++)"""
_DEEP_KEY = re.compile(rf"{_PART}(?:[ \t]*+\.[ \t]*+{_PART}){{{DEEPEST},}}")


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file; ConfigError, with the line, where it is none or can't be read."""
    import tomllib  # for who has a file

    try:
        text = path.read_text("utf-8-sig")
        if deep := _DEEP_KEY.search(text):
            line = text.count("\n", 0, deep.start()) + 1
            told = f"a key is nested more than {DEEPEST} deep (at line {line})"
            raise ConfigError(Fault(told, file=str(path)))
        return tomllib.loads(text)
    except OSError as error:
        told = f"can't be read: {error.strerror}"
        raise ConfigError(Fault(told, file=str(path)), hint=NO_FILE) from error
    except (ValueError, RecursionError) as error:
        told = f"is not TOML: {error}"
        raise ConfigError(Fault(told, file=str(path)), hint=NO_TOML) from error


def too_much(tables: object) -> Iterator[Fault]:
    """Find what would take endless time to read or to tell: nesting and numbers without end."""
    waiting: list[tuple[str, object, int]] = [("", tables, 0)]
    while waiting:
        key, value, depth = waiting.pop()
        inner: Iterable[tuple[object, object]] = ()
        if isinstance(value, Mapping):
            inner = ((f".{name}" if key else name, each) for name, each in value.items())
        elif isinstance(value, (list, tuple)):
            inner = ((f"[{place}]", each) for place, each in enumerate(value))
        elif isinstance(value, int) and not -FURTHEST <= value < FURTHEST:
            yield Fault("expected a finite number of at most 64 bits", key=key)
        if depth == DEEPEST and inner:
            yield Fault(f"is nested more than {DEEPEST} deep", key=key)
        elif inner:
            waiting.extend((f"{key}{name}", each, depth + 1) for name, each in inner)
