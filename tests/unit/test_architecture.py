"""The rooms keep to themselves: what imports what, and who alone may do what."""

from __future__ import annotations

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent

#: imports run one way: each room may import those above it, and itself
ORDER = (
    ("version", "errors", "late", "named"),
    ("whole_files",),
    ("machine",),
    ("run_log",),
    ("market",),
    ("config",),
    ("plugins",),
    ("sources",),
    ("session",),
    ("scanners", "workers"),
    ("user_parts",),
    ("session_record", "session_result"),
    ("resume",),
    ("export",),
    ("context",),
    ("states",),
    ("coordinator",),
    ("__init__",),
    ("report",),
    ("demo", "sphinxext", "starter", "terminal", "testing"),
    ("cli",),
    ("__main__",),
)
RANK = {room: rank for rank, rooms in enumerate(ORDER) for room in rooms}


def files() -> list[Path]:
    found = [*(ROOT / "states").rglob("*.py")]
    found += [each for each in (ROOT / "fsm_session").rglob("*.py") if "states" not in each.parts]
    return sorted(found)


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("fsm_session", *parts) if parts[0] == "states" else parts)


def room_of(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "fsm_session":
                yield from (f"fsm_session.{each.name}" for each in node.names)
            else:
                yield node.module


def importers(*names: str) -> set[str]:
    return {
        name_of(path)
        for path in files()
        if any(
            each == name or each.startswith(f"{name}.") for each in imports(path) for name in names
        )
    }


@pytest.mark.parametrize("path", files(), ids=name_of)
def test_imports_run_one_way(path: Path) -> None:
    rank = RANK[room_of(name_of(path))]
    for module in imports(path):
        if module.startswith("fsm_session"):
            room = room_of(module)
            assert RANK.get(room, RANK["__init__"]) <= rank, f"{name_of(path)} imports {module}"


def test_machine_knows_no_trading() -> None:
    allowed = {"errors", "machine", "whole_files"}
    for path in files():
        if room_of(name_of(path)) == "machine":
            rooms = {room_of(each) for each in imports(path) if each.startswith("fsm_session")}
            assert rooms <= allowed, name_of(path)


def test_only_the_engine_imports_transitions() -> None:
    assert importers("transitions") == {"fsm_session.machine.engine"}


def test_only_threads_makes_threads() -> None:
    makers = {name_of(path) for path in files() if "threading.Thread(" in path.read_text()}
    assert makers == {"fsm_session.workers.threads"}


def test_only_the_clock_reads_the_wall_clock() -> None:
    reads = ("time.time(", "time.time_ns(", ".now(", ".utcnow(", '"now"')
    readers = {
        name_of(path)
        for path in files()
        if any(each in path.read_text() for each in reads)
        and room_of(name_of(path)) not in ("terminal", "cli")
    }
    assert readers == {"fsm_session.session.clock"}


def test_only_the_schedule_asks_exchange_calendars() -> None:
    assert importers("exchange_calendars") == {"fsm_session.market.schedule"}


def test_every_package_is_listed() -> None:
    """`packages = find:` would drop the phases where links are lost: list them."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    listed = set(setup["options"]["packages"].split())
    assert listed == {name_of(path.parent) for path in files() if path.name == "__init__.py"}


def test_every_file_says_why_it_exists() -> None:
    for path in files():
        assert ast.get_docstring(ast.parse(path.read_text())), path
