"""Finds files by a pattern such as ``bars/{symbol}_{interval}.parquet``.

The files are listed once and told apart by their names; a symbol is only ever looked up in that
list, never put into a path, so that none can lead out of the folder.
"""

from __future__ import annotations

import glob
import hashlib
import os
import re
from collections.abc import Collection, Iterable
from pathlib import Path

from attrs import frozen

from fsm_session.errors import ConfigError, DataError, Fault, IntervalError
from fsm_session.market.interval import Interval

_FIELDS = {"symbol": r"[^/]+", "interval": r"[0-9]+[A-Za-z]+"}


@frozen
class FoundFile:
    """A file of one symbol, by what its name says; interval None where the pattern has none."""

    path: str
    symbol: str
    interval: Interval | None


def find_files(pattern: str) -> tuple[FoundFile, ...]:
    """List the files that a pattern fits, ordered by path.

    ``{symbol}`` stands for any name, ``{interval}`` for one such as 1m or 1min; a file whose
    name has no interval there is left alone. Raises ConfigError for another ``{field}`` or no
    ``{symbol}``, DataError where no file fits.
    """
    check_pattern(pattern)
    pieces = _pieces(pattern)
    wanted = re.compile("".join(_expressions(pieces)), re.DOTALL)
    stars = "".join("*" if odd % 2 else glob.escape(p) for odd, p in enumerate(pieces))
    try:
        paths = sorted(glob.glob(stars, include_hidden=True))
    except ValueError:  # no file can have such a name: there is NUL or half a character in it
        paths = []
    matches = map(wanted.fullmatch, paths)
    found = tuple(file for match in matches if match for file in _found(match))
    if not found:
        raise DataError(Fault("there is no such file", file=pattern))
    return found


def check_pattern(pattern: str) -> None:
    """Raise ConfigError for a pattern without ``{symbol}``, or with an unknown ``{field}``."""
    if not fields_fit(pattern, _FIELDS):
        told = f"{pattern!r}: a path has {{symbol}} in it, and may have {{interval}}, nothing else"
        raise ConfigError(Fault(told, key="source.path"))


def fields_fit(pattern: str, known: Collection[str]) -> bool:
    """Tell whether a pattern has ``{symbol}`` in it, and no field but the known ones."""
    fields = _pieces(pattern)[1::2]
    return "symbol" in fields and all(name in known for name in fields)


def files_digest(root: str, paths: Iterable[str]) -> str:
    """Give the SHA-256, in hex, of names relative to a root, sizes and times of change."""
    total = hashlib.sha256()
    for path in paths:
        try:
            stat = os.stat(path)
        except OSError as error:
            raise DataError(Fault(f"can't be read: {error.strerror}", file=path)) from error
        name = os.path.relpath(path, root)
        told = f"{name}\0{stat.st_size}\0{stat.st_mtime_ns}\n"
        total.update(told.encode("utf-8", "surrogateescape"))  # the name's own bytes
    return total.hexdigest()


def fixed_folder(pattern: str) -> str:
    """Give the folder before the first field."""
    return str(Path(pattern.partition("{")[0] + "x").parent)


def _pieces(pattern: str) -> list[str]:
    """Part a pattern into literal and field, by turns."""
    return re.split(r"\{(.*?)\}", pattern)


def _expressions(pieces: list[str]) -> Iterable[str]:
    """Turn literals and fields into a regular expression: a field twice is the same."""
    seen = set()
    for odd, piece in enumerate(pieces):
        if odd % 2 == 0:
            yield re.escape(piece)
        elif piece in seen:
            yield f"(?P={piece})"
        else:
            seen.add(piece)
            yield f"(?P<{piece}>{_FIELDS[piece]})"


def _found(match: re.Match[str]) -> Iterable[FoundFile]:
    said = match.groupdict()
    try:
        interval = Interval.parse(said["interval"]) if "interval" in said else None
    except IntervalError:
        return
    yield FoundFile(match[0], said["symbol"], interval)
