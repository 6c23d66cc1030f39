"""A folder with a configuration and its data, and the command run on it: what the tests share.

The data comes out of the simulated market, as CSV or Parquet files that a test may spoil.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import fsm_session
from fsm_session.cli import main
from fsm_session.market.interval import Interval
from fsm_session.sources import SimulatedSource

#: where the package under test is, in a checkout or installed
PACKAGES = Path(fsm_session.__file__).parents[1]
SECONDS = 120.0
DAYS = ("2024-07-02", "2024-07-03", "2024-07-05")

CONFIG = """\
name = "two stocks"
calendar = "XNYS"

[backtest]
start = 2024-07-02
end = 2024-07-05

[data]
symbols = ["AAA", "BBB"]
streams = ["1m", "5m"]

[[data.indicators]]
name = "sma_20"
function = "SMA"
interval = "1m"
parameters = { timeperiod = 20 }
warm_up = false

[source]
kind = "csv"
path = "{symbol}_1m.csv"
"""

Spoil = Callable[[pd.DataFrame], pd.DataFrame]


@cache
def market(symbol: str) -> pd.DataFrame:
    """Make a symbol's bars of the three sessions: 390, 210 (a half-day) and 390 of a minute."""
    start, end = (pd.Timestamp(day, tz="UTC").value for day in (DAYS[0], "2024-07-06"))
    bars = SimulatedSource().bars(symbol, Interval.parse("1m"), start, end)
    return bars.frame().rename_axis("timestamp").reset_index()


def write_config(folder: Path, *changes: tuple[str, str], text: str = CONFIG) -> Path:
    """Write the configuration with some of its text replaced; each must be there to replace."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "week.toml"
    path.write_text(text, "utf-8")
    return path


def write_data(folder: Path, spoil: Spoil | None = None, kind: str = "csv") -> None:
    """Write the data of both symbols, BBB's spoilt."""
    for symbol in ("AAA", "BBB"):
        frame = market(symbol).copy()
        if spoil and symbol == "BBB":
            frame = spoil(frame)
        path = folder / f"{symbol}_1m.{kind}"
        frame.to_csv(path, index=False) if kind == "csv" else frame.to_parquet(path)


def command(*arguments: str | Path) -> Result:
    """Run the command within this process."""
    result = CliRunner().invoke(main, [*map(str, arguments)])
    assert "Traceback" not in result.output
    return result


def begin(
    *arguments: str | Path,
    folder: Path,
    code: str = "main()",
    stderr: int = subprocess.PIPE,
    env: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[str]:
    """Begin the command in a process of its own, in a folder, with Ctrl-C as in a terminal."""
    # where the tests run in the background, Ctrl-C is ignored, and children would inherit that
    listen = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    start = f"{listen}\nimport sys\nfrom fsm_session.cli import main\n{code}"
    return subprocess.Popen(
        [sys.executable, "-c", start, *map(str, arguments)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(PACKAGES), "COLUMNS": "100", "TERM": "xterm", **env},
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for its end; give status, stdout and stderr."""
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


def sessions(out: Path) -> dict[str, bytes]:
    """Give the sessions' files of a run by name."""
    return {path.name: path.read_bytes() for path in sorted(out.glob("sessions/*"))}


def expect_nothing_half_written(folder: Path) -> None:
    """See that there is no file aside, and that what there is can be read as JSON, whole."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert not [path for path in files if path.name.endswith((".part", ".new"))]
    for path in files:
        if path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix == ".jsonl":
            for line in path.read_bytes().splitlines():
                json.loads(line)


def lines_about(result: Result, *told: str) -> Sequence[str]:
    """Give the error lines that say all of this; fails, showing what there is, where none does."""
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    found = [line for line in errors if all(each in line for each in told)]
    if not found:
        pytest.fail(f"no line says all of {told}:\n{result.stderr}")
    return found
