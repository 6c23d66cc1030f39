"""Every block of code in the README runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from fsm_session import SessionConfig

README = Path(__file__).parent.parent / "README.rst"


def blocks(language: str) -> list[str]:
    text = README.read_text()
    found = re.findall(rf"\.\. code-block:: {language}\n\n((?:    .*\n|\n)+)", text)
    return [re.sub(r"^    ", "", each, flags=re.MULTILINE) for each in found]


def test_the_python_runs_from_top_to_bottom() -> None:
    names: dict[str, object] = {"__name__": "readme"}
    sources = blocks("python")
    assert len(sources) == 8
    for source in sources:
        exec(compile(source, "README.rst", "exec"), names)
    assert getattr(names["run"], "outcome", None) == "completed"


def test_columns_say_what_bars_say_one_by_one() -> None:
    names: dict[str, Any] = {"__name__": "readme"}
    for source in blocks("python")[:2]:
        exec(compile(source, "README.rst", "exec"), names)
    one, all_at_once = ([each.signals for each in names[run].sessions] for run in ("run", "again"))
    said = [[(each.time_ns, each.signal) for each in day] for day in one]
    assert said == [[(each.time_ns, each.signal) for each in day] for day in all_at_once]
    assert all(said)


def test_the_configuration_is_one() -> None:
    (text,) = blocks("toml")
    assert SessionConfig.from_dict(tomllib.loads(text)).data.symbols == ("BKNG", "NVR")
