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
    """Give what was kept under a label; None where nothing that still holds was.

    ``packages``: where the facts come from; of the first the version must be known.
    """
    folder, installed = _folder(), _installed(packages)
    if folder is None or not installed:
        return None
    try:
        seal, _, body = _path(folder, label).read_bytes().partition(b"\n")
        if seal != _seal(body):
            return None
        kept = orjson.loads(body)
    except (OSError, orjson.JSONDecodeError):
        return None
    return kept["facts"] if kept["made_by"] == installed else None


def write(label: str, packages: Sequence[str], facts: Any) -> None:
    """Keep what JSON can hold under a label, or leave it where that can't be done."""
    folder, installed = _folder(), _installed(packages)
    if folder is None or not installed:
        return
    body = orjson.dumps({"made_by": installed, "facts": facts})
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
    """Name the packages with their versions, as the folders they lie in say: opened is none.

    None where that of the first can't be told: nobody knows then whether facts still hold.
    """
    found = [find_spec(each) for each in packages]
    sites = {Path(each.origin).parents[1] for each in found if each and each.origin}
    names = {name for site in sites for name in os.listdir(site)}
    told = [name for name in names if name.endswith(".dist-info")]
    known = sorted(name for name in told if name.partition("-")[0] in packages)
    return known if any(name.startswith(f"{packages[0]}-") for name in known) else []
