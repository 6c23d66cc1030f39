"""Facts that took long to find out, kept on disk between runs, for as long as they hold.

They lie in the user's cache folder (``$FSM_SESSION_CACHE`` names another; empty, nothing is
kept), each with the versions of the packages it came from. What is missing, damaged, of another
version or can't be written is no error: it is found out again.
"""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson


def read(label: str, packages: Sequence[str]) -> Any:
    """Give what was kept under a label; None where nothing that still holds was."""
    folder = _folder()
    if folder is None:
        return None
    try:
        seal, _, body = _path(folder, label).read_bytes().partition(b"\n")
        if seal != _seal(body):
            return None
        kept = orjson.loads(body)
    except (OSError, orjson.JSONDecodeError):
        return None
    return kept["facts"] if kept["made_by"] == _installed(packages) else None


def write(label: str, packages: Sequence[str], facts: Any) -> None:
    """Keep what JSON can hold under a label, or leave it where that can't be done."""
    folder = _folder()
    if folder is None:
        return
    body = orjson.dumps({"made_by": _installed(packages), "facts": facts})
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        # several processes may begin at once: each writes aside, under a name of its own
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(_seal(body) + b"\n" + body)
        try:
            os.replace(file.name, _path(folder, label))
        except OSError:
            os.unlink(file.name)


def _folder() -> Path | None:
    given = os.environ.get("FSM_SESSION_CACHE")
    if given is not None:
        return Path(given) if given else None
    from platformdirs import user_cache_path

    return user_cache_path("fsm_session", appauthor=False)


def _path(folder: Path, label: str) -> Path:
    return folder / f"{quote(label, safe='')}.json"


def _seal(body: bytes) -> bytes:
    return b"%08x" % zlib.crc32(body)


def _installed(packages: Sequence[str]) -> list[str]:
    """Name the packages with their versions, as the folders they lie in say: opened is none."""
    found = [find_spec(each) for each in packages]
    sites = {Path(each.origin).parents[1] for each in found if each and each.origin}
    names = {name for site in sites for name in os.listdir(site)}
    return sorted(
        name for name in names if name.endswith(".dist-info") and name.partition("-")[0] in packages
    )
