"""Reads several row groups at once: while one is decoded, the next comes from the disk.

A window of a month is a file for each of its days, none of which needs another.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import groupby

from fsm_session.errors import DataError
from fsm_session.sources.blocks import Block
from fsm_session.sources.row_groups import RowGroup

#: so many files at a time: what is read lies beside what is kept until it is taken
AT_ONCE = min(4, os.cpu_count() or 1)
_Read = Callable[[RowGroup], Block]


def read_together(read: _Read, groups: Sequence[RowGroup]) -> Iterator[tuple[RowGroup, Block]]:
    """Give the row groups with what is read of each, in their order.

    Those that can't be read are left out: who asks for one is told what is wrong with it. What
    was begun is over when this is; of an interrupt, too.
    """
    files = [[*found] for _, found in groupby(groups, key=lambda group: group.path)]
    if len(files) < 2 or AT_ONCE < 2:
        return
    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun: list[Future[list[tuple[RowGroup, Block]]]] = []
        for file in files:
            begun.append(pool.submit(_read_file, read, file))
            if len(begun) == AT_ONCE:
                yield from begun.pop(0).result()
        for each in begun:
            yield from each.result()


def _read_file(read: _Read, groups: Sequence[RowGroup]) -> list[tuple[RowGroup, Block]]:
    """Read the row groups of one file: no two threads are ever at the same."""
    found = []
    for group in groups:
        try:
            found.append((group, read(group)))
        except DataError:
            continue
    return found
