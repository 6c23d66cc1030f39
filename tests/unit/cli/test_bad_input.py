"""Bad input, each kind through the real command."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.real_data import SHARED, needs_shared
from tests.unit.cli.folder import (
    Spoil,
    command,
    expect_nothing_half_written,
    lines_about,
    sessions,
    write_config,
    write_data,
)

Change = tuple[str, str]

#: what is changed in the configuration, and what the error says: the key, and what is right
WRONG_WISHES: dict[str, tuple[Sequence[Change], Sequence[str]]] = {
    "unknown key": ([("streams =", "steams =")], ["week.toml", "data.steams", "'streams'"]),
    "wrong type": ([("2024-07-05", "20240705")], ["week.toml", "backtest.end", "2024-07-01"]),
    "text for a number": (
        [("[source]", '[workers]\ndeadline = "ten"\n[source]')],
        ["week.toml", "workers.deadline", "'ten'"],
    ),
    "dates reversed": ([("2024-07-05", "2024-07-01")], ["week.toml", "backtest", "2024-07-01"]),
    "unknown calendar": ([("XNYS", "XNYZ")], ["week.toml", "calendar", "XNYZ", "XNYS"]),
    "no session": (
        [("2024-07-02", "2024-07-04"), ("2024-07-05", "2024-07-04")],
        ["week.toml", "backtest", "2024-07-04"],
    ),
    "interval that can't be derived": (
        [('["1m", "5m"]', '["30s"]')],
        ["week.toml", "data.streams", "30s", "needs bars of 30s"],
    ),
    "no interval": ([('"5m"', '"5 parsecs"')], ["week.toml", "data.streams[1]", "5 parsecs"]),
    "symbol without data": ([('"BBB"', '"CCC"')], ["CCC", "_1m.csv", "no data"]),
    "no history": (
        [("[source]", '[[data.history]]\ntrailing_days = 2\nintervals = ["1m"]\n[source]')],
        ["BBB", "_1m.csv", "2024-06-28 to 2024-07-01", "history"],
    ),
    "unknown source": ([('"csv"', '"cvs"')], ["week.toml", "source.kind", "'csv'"]),
    "no source": (
        [('[source]\nkind = "csv"\npath = "{symbol}_1m.csv"\n', "")],
        ["week.toml", "source", "missing"],
    ),
    "unknown indicator": ([('"SMA"', '"SMAA"')], ["week.toml", "data.indicators[0]", "SMA"]),
    "live": ([("[backtest]", 'mode = "live"\n[backtest]')], ["week.toml", "mode", "later"]),
    "strategy that isn't there": (
        [("[source]", '[[strategies]]\nuse = "nowhere_at_all:Cross"\n[source]')],
        ["week.toml", "strategies[0].use", "nowhere_at_all"],
    ),
    "scanner that isn't there": (
        [("[source]", '[[scanners]]\nuse = "os:nothing"\npre_session = true\n[source]')],
        ["week.toml", "scanners[0].use", "nothing"],
    ),
    "strategy that is none": (
        [("[source]", '[[strategies]]\nuse = "fractions:Fraction"\n[source]')],
        ["week.toml", "strategies", "on_bars"],
    ),
    "indicator that looks ahead": (
        [('"SMA"', '"bad_functions:ahead"'), ("{ timeperiod = 20 }", "{}")],
        ["week.toml", "data.indicators[0]", "ahead"],
    ),
    "indicator that writes": (
        [('"SMA"', '"bad_functions:writes"'), ("{ timeperiod = 20 }", "{}")],
        ["week.toml", "data.indicators[0]", "writes"],
    ),
}

BAD_FUNCTIONS = """\
import numpy as np

def ahead(close):
    return np.full(len(close), close.mean())

def writes(close):
    close[0] = 0.0
    return close

def no_half_days(close):
    if len(close) == 210:
        raise ValueError("half-days are beyond me")
    return close * 2
"""


def _changed(row: int, **values: float) -> Spoil:
    def spoil(frame: pd.DataFrame) -> pd.DataFrame:
        for name, value in values.items():
            frame.loc[row, name] = value
        return frame

    return spoil


def _without_zone(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(timestamp=frame["timestamp"].dt.tz_localize(None))


def _on_the_holiday(frame: pd.DataFrame) -> pd.DataFrame:
    stray = frame.iloc[[600]].assign(timestamp=pd.Timestamp("2024-07-04 15:00", tz="UTC"))
    return pd.concat([frame.iloc[:600], stray, frame.iloc[600:]])


def _out_of_order(frame: pd.DataFrame) -> pd.DataFrame:
    order = np.arange(len(frame))
    order[[100, 101]] = order[[101, 100]]
    return frame.iloc[order]


#: how BBB's bars are spoilt, and what the error says: row 100 is 15:10 UTC of 2024-07-02
WRONG_BARS: dict[str, tuple[Spoil, Sequence[str]]] = {
    "missing column": (lambda frame: frame.drop(columns="volume"), ["volume"]),
    "no zone": (_without_zone, ["zone"]),
    "out of order": (_out_of_order, ["2024-07-02", "15:10"]),
    "duplicated": (
        lambda frame: frame.iloc[[*range(101), *range(100, 990)]],
        ["2024-07-02", "15:10"],
    ),
    "not a number": (_changed(100, close=np.nan), ["close", "2024-07-02", "15:10"]),
    "negative price": (_changed(100, low=-1.0), ["low", "2024-07-02", "15:10"]),
    "crossed prices": (_changed(100, high=1.0, low=2.0), ["high", "2024-07-02", "15:10"]),
    "on a holiday": (_on_the_holiday, ["2024-07-04"]),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Be in a folder of our own, with a module of bad functions."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad_functions.py").write_text(BAD_FUNCTIONS)
    return tmp_path


class TestBadInput:
    """ "Each is an error of our own that names file, key, symbol and time, all of them at once,
    exit status 2 (1 if it shows only during the run), and nothing half-written is left."
    """

    @pytest.mark.parametrize("name", WRONG_WISHES)
    def test_a_wrong_wish(self, folder: Path, name: str) -> None:
        changes, told = WRONG_WISHES[name]
        write_data(folder)
        path = write_config(folder, *changes)
        for arguments in (["run", path.name, "--out", "out"], ["check", path.name]):
            result = command(*arguments)
            assert result.exit_code == 2
            assert result.stdout == ""
            assert lines_about(result, *told)
            lines = [e for e in result.stderr.splitlines() if not e.startswith("records: ")]
            assert lines[-1].startswith("hint: ")
        expect_nothing_half_written(folder)

    @pytest.mark.parametrize("kind", ["csv", "parquet"])
    @pytest.mark.parametrize("name", WRONG_BARS)
    def test_wrong_bars(self, folder: Path, name: str, kind: str) -> None:
        spoil, told = WRONG_BARS[name]
        write_data(folder, spoil, kind)
        path = write_config(folder, ('"csv"', f'"{kind}"'), (".csv", f".{kind}"))
        result = command("run", path.name, "--out", "out")
        assert result.exit_code == 2
        assert "BBB" in result.stderr
        assert f"_1m.{kind}" in result.stderr
        for each in told:
            assert each in result.stderr
        assert "AAA" not in result.stderr
        assert not list(folder.glob("out/sessions/*"))
        expect_nothing_half_written(folder)

    def test_what_shows_only_during_the_run(self, folder: Path) -> None:
        write_data(folder)
        path = write_config(
            folder, ('"SMA"', '"bad_functions:no_half_days"'), ("{ timeperiod = 20 }", "{}")
        )
        assert command("check", path.name).exit_code == 0
        result = command("run", path.name, "--out", "out")
        assert result.exit_code == 1
        assert lines_about(result, "Load", "register_indicators", "session 2024-07-03")
        assert "half-days are beyond me" in result.stderr
        # the day before is done, and stays
        assert list(sessions(folder / "out")) == ["2024-07-02.json"]
        expect_nothing_half_written(folder)

    def test_all_wrong_wishes_at_once(self, folder: Path) -> None:
        path = write_config(
            folder, ("streams =", "steams ="), ("2024-07-05", '"soon"'), ('"csv"', '"cvs"')
        )
        result = command("run", path.name)
        assert result.exit_code == 2
        for key in ("data.steams", "data.streams", "backtest.end", "source.kind"):
            assert lines_about(result, "week.toml", key)

    def test_all_unmet_requirements_at_once(self, folder: Path) -> None:
        write_data(folder, lambda frame: frame.iloc[:390])
        use = '[[strategies]]\nuse = "nowhere_at_all:Cross"\n[source]'
        path = write_config(
            folder, ('"AAA", "BBB"', '"AAA", "BBB", "CCC"'), ('"SMA"', '"SMAA"'), ("[source]", use)
        )
        result = command("check", path.name)
        assert result.exit_code == 2
        for told in (
            ["CCC", "no data"],
            ["BBB", "2024-07-03", "2024-07-05"],
            ["data.indicators[0]", "SMA"],
            ["strategies[0].use"],
        ):
            assert lines_about(result, *told)

    @pytest.mark.parametrize("what", ["nothing", "a folder", "no TOML", "no text"])
    def test_a_configuration_that_is_none(self, folder: Path, what: str) -> None:
        path = folder / "week.toml"
        if what == "a folder":
            path.mkdir()
        elif what != "nothing":
            path.write_bytes(b"[data\nx" if what == "no TOML" else b"\xff\xfe\x00")
        result = command("run", "week.toml", "--out", "out")
        assert result.exit_code == 2
        assert lines_about(result, "week.toml")
        assert not (folder / "out").exists()

    def test_so_many_that_nobody_reads_them(self, folder: Path) -> None:
        names = ", ".join(f'"S{number:03}"' for number in range(200))
        write_data(folder)
        result = command("check", write_config(folder, ('"AAA", "BBB"', names)))
        lines = result.stderr.splitlines()
        assert len(lines) == 32
        assert lines[-1] == "and 170 more: --json has all of them"

    def test_what_a_terminal_would_obey_is_written_as_its_escape(self, folder: Path) -> None:
        write_data(folder)
        path = write_config(
            folder, ("two stocks", "two\\u001b[31m"), ('"BBB"', '"B[bold]\\u202eB"')
        )
        result = command("run", path.name)
        assert result.exit_code == 2
        assert lines_about(result, "\\u202e")
        assert not {"\x1b", "\u202e"} & set(result.output)

    @needs_shared
    def test_real_bars_before_their_first_day(self, folder: Path) -> None:
        path = write_config(
            folder,
            ("2024-07-02", "2024-03-20"), ("2024-07-05", "2024-03-26"),
            ('"AAA", "BBB"', '"BKNG", "CPAY"'), ('"csv"', '"parquet"'),
            ('"{symbol}_1m.csv"', f"'{SHARED / 'data/blaizard'}/{{symbol}}_1m.parquet'"),
        )  # fmt: skip
        result = command("run", path, "--out", "out")
        assert result.exit_code == 2
        assert lines_about(result, "CPAY", "2024-03-20 to 2024-03-22 (3)", "_1m.parquet")
        assert "BKNG" not in result.stderr.replace(str(SHARED), "")
        assert not list(folder.glob("out/sessions/*"))
        expect_nothing_half_written(folder)
