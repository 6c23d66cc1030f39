"""A source of files, one a symbol and interval, found by a pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from fsm_session.market.interval import Interval
from fsm_session.sources.held import Decode, HeldSource, Table
from fsm_session.sources.pattern import (
    FoundFile,
    check_pattern,
    files_digest,
    find_files,
    fixed_folder,
)
from fsm_session.sources.strip import SharedStamps


class FilesSource(HeldSource):
    """Bars out of the files of a pattern, decoded by a function of interval, symbol and path.

    The files are listed when first asked for; one that comes later is not seen; a path of ""
    means that there are none. ``interval``: only files of this one, and that of files whose names
    say none. Raises ConfigError for a path that is no pattern.
    """

    def __init__(self, path: str | Path, interval: Interval | str | None, decode: Decode) -> None:
        self._pattern, self._decode = str(path), decode
        self._interval = Interval.parse(interval) if isinstance(interval, str) else interval
        if self._pattern:
            check_pattern(self._pattern)

    @property
    def name(self) -> str:
        """The pattern."""
        return self._pattern

    def tables(self, symbol: str) -> Sequence[Table]:
        """Give the tables of a symbol, () for an unknown one."""
        return self._tables.get(symbol, ())

    def digest(self) -> str:
        """Give the SHA-256 of the files' names, sizes and times of change."""
        return self._digest

    # once: a file that is touched halfway doesn't change what was read before
    @cached_property
    def _digest(self) -> str:
        return files_digest(fixed_folder(self._pattern), [file.path for file in self._files])

    @cached_property
    def _files(self) -> tuple[FoundFile, ...]:
        wanted = (None, self._interval)
        found = find_files(self._pattern) if self._pattern else ()
        return tuple(f for f in found if self._interval is None or f.interval in wanted)

    @cached_property
    def _tables(self) -> Mapping[str, list[Table]]:
        tables: dict[str, list[Table]] = {}
        shared = SharedStamps()
        for file in self._files:
            interval = file.interval or self._interval
            table = Table(file.symbol, interval, self._decode, shared, file.path)
            tables.setdefault(file.symbol, []).append(table)
        return tables
