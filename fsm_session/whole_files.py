"""Writes files whole or not at all: aside first, then renamed into their places."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fsm_session.errors import ExportError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, never meets half of it.

    Raises ExportError, naming the file; there is then what stood there before, or all of the new.
    """
    write_all_whole({path: content})


def write_all_whole(contents: Mapping[Path, bytes]) -> None:
    """Write files that belong together: none takes its place before all of them are written.

    Raises ExportError, naming the file that can't be written.
    """
    aside = {path: path.with_name(f".{path.name}.part") for path in contents}
    path = next(iter(contents), Path())
    try:
        for path, content in contents.items():
            _write(aside[path], content)
        for path in contents:
            aside[path].replace(path)
        for folder in {path.parent for path in contents}:
            sync_folder(folder)
    except (OSError, ValueError) as error:  # a name with NUL in it is no path
        told = getattr(error, "strerror", None) or error
        raise ExportError(f"{path} can't be written: {told}") from error
    finally:
        for each in aside.values():
            # mostly it has been renamed; else the first error is told
            with suppress(OSError, ValueError):
                each.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: a rename is only as durable as its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # made anew: a link that lies there would lead out of the folder
    path.unlink(missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
