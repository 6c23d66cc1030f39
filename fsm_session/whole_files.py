"""Writes a file whole or not at all: aside first, then renamed into its place."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from fsm_session.errors import ExportError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, never meets half of it.

    Raises ExportError, naming the file; what stood there before is then as it was.
    """
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise ExportError(f"{path} can't be written: {error.strerror or error}") from error
    finally:
        with suppress(OSError):  # the first error is the one to be told
            aside.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last: a rename is only as durable as its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
