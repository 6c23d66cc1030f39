"""Configurations without measure: refused in words, in bounded time, before memory grows."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fsm_session import SessionConfig
from fsm_session.config.data import read_symbols
from fsm_session.errors import ConfigError
from tests.unit.cli.folder import command
from tests.unit.security.hostile import only_shown, wishes

#: as long as none of this takes by far: catches what would never end
SECONDS = 600.0
MEGABYTE = 2**20
BIG = "0x" + "f" * 10_000
DEEP = 5000
MANY_KEYS = "\n".join(f"k{number} = 1" for number in range(20_000))
QUOTED = ".".join(['"a b"', "'c'"] * DEEP)

#: what is put where, and what is said of it
ENDLESS: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "tables by dots": (("[backtest]", f"{'.'.join('a' * DEEP)} = 1\n[backtest]"), ("deep",)),
    "a table by dots": (
        ("[[scanners]]", f"[source.parameters]\n{'.'.join('a' * DEEP)} = 1\n[[scanners]]"),
        ("deep", "at line 22"),
    ),
    "a header by dots": (("[backtest]", f"[{'.'.join('a' * DEEP)}]\n[backtest]"), ("deep",)),
    "lists": (("[backtest]", f"a = {'[' * DEEP}{']' * DEEP}\n[backtest]"), ("is not TOML",)),
    "lists that can be read": (("[backtest]", f"a = {'[' * 99}{']' * 99}\n[backtest]"), ("deep",)),
    "tables": (
        ("[backtest]", f"a = {'{a = ' * DEEP}1{'}' * DEEP}\n[backtest]"),
        ("is not TOML",),
    ),
    "a parameter": (("timeperiod = 2", f"timeperiod = {BIG}"), ("64 bits", "timeperiod")),
    "a smaller parameter": (("timeperiod = 2", f"timeperiod = {2**63 - 1}"), ("indicators[0]",)),
    "a number for a text": (('name = "sound"', f"name = {BIG}"), ("64 bits", "name")),
    "a number": (("[backtest]", f"[workers]\ndeadline = {BIG}\n[backtest]"), ("64 bits",)),
    "below": (("[backtest]", f"[workers]\ndeadline = -{2**64}\n[backtest]"), ("64 bits",)),
    "a decimal number": (("[backtest]", f"a = {'9' * 10_000}\n[backtest]"), ("is not TOML",)),
    "days": (
        ("[source]", f'[[data.history]]\ntrailing_days = {2**62}\nintervals = ["1h"]\n[source]'),
        ("XNYS", "sessions before"),
    ),
    "a span": (('over = "2d"', f'over = "{"9" * 5000}d"'), ("over",)),
    "an interval": (('streams = ["1h"]', f'streams = ["{"9" * 5000}m"]'), ("streams[0]",)),
    "a date": (("start = 2024", "start = 0001"), ("XNYS knows",)),
    "keys": (("[backtest]", f"{MANY_KEYS}\n[backtest]"), ("k0", "unknown key")),
    "a key": (("[backtest]", f"{'k' * MEGABYTE} = 1\n[backtest]"), ("more characters",)),
    "a quoted key": (("[backtest]", f"{QUOTED} = 1\n[backtest]"), ("deep",)),
    "a name": (('name = "sound"', f'name = "{"n" * 5 * MEGABYTE}"'), ("name", "200 characters")),
    "a symbol": (('"AAA"', f'"{"A" * 5 * MEGABYTE}"'), ("symbols[0]", "64 characters")),
    "an indicator": (('"fast"', f'"{"f" * 5 * MEGABYTE}"'), ("indicators[0]", "200 characters")),
}  # fmt: skip


@contextmanager
def bounded() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < SECONDS


class TestTooMuch:
    """ "Huge lists, deep nesting, long names: limits with a clear error, before memory grows"."""

    @pytest.mark.parametrize("case", ENDLESS)
    def test_without_end(self, case: str, tmp_path: Path) -> None:
        (old, new), told = ENDLESS[case]
        text = wishes({})
        assert old in text
        path = tmp_path / "week.toml"
        path.write_text(text.replace(old, new, 1), "utf-8")
        with bounded():
            result = command("check", path)
        assert (result.exit_code, result.stdout) == (2, "")
        first = result.stderr.splitlines()[0]
        assert "week.toml" in first
        assert all(each in result.stderr for each in told), first
        assert only_shown(result.stderr)
        assert "unexpected" not in result.stderr
        assert max(map(len, result.stderr.splitlines())) < 1300

    def test_dots_elsewhere_are_no_nesting(self, tmp_path: Path) -> None:
        path = tmp_path / "week.toml"
        dots = f"# {'.'.join('a' * 31)} {'. ' * 99}\nname = 'a{'.' * 99}b'\n[backtest]"
        path.write_text(wishes({}).replace('name = "sound"\n[backtest]', dots))
        assert SessionConfig.from_toml(path).name == f"a{'.' * 99}b"

    def test_tables_from_python_are_held_to_it(self) -> None:
        deep: dict[str, object] = {}
        for _ in range(DEEP):
            deep = {"a": deep}
        for tables in ({"a": deep}, {"backtest": deep}, {"source": {"parameters": deep}}):
            with pytest.raises(ConfigError, match="deep"):
                SessionConfig.from_dict(tables)
        with pytest.raises(ConfigError, match="64 bits"):
            SessionConfig.from_dict({"name": 2**63})

    @pytest.mark.parametrize("line", ["{} = 1", "[{}]", "a = {{ {} = 1 }}"])
    def test_nesting_takes_no_more_memory_than_its_text(self, line: str, tmp_path: Path) -> None:
        """A parser of TOML keeps every beginning of a key: 50,000 parts are 10 GB of them."""
        path = tmp_path / "week.toml"
        path.write_text(line.format(".".join("a" * 50_000)))
        tracemalloc.start()
        try:
            with pytest.raises(ConfigError, match="deep"):
                SessionConfig.from_toml(path)
            assert tracemalloc.get_traced_memory()[1] < 100 * MEGABYTE
        finally:
            tracemalloc.stop()


class TestManySymbols:
    """Twenty thousand symbols are many, and no fault: they are read in the time it takes."""

    many = tuple(f"S{number:06}" for number in range(20_000))

    def test_they_are_taken(self, tmp_path: Path) -> None:
        path = tmp_path / "symbols.txt"
        path.write_text("\n".join(self.many))
        with bounded():
            assert read_symbols(path) == self.many
            config = SessionConfig.from_dict(self.tables())
        assert config.data.symbols == self.many

    def test_strangers_among_them_are_told_without_listing_all(self) -> None:
        strangers = [f"Z{number}" for number in range(200)]
        history = [{"trailing_days": 1, "intervals": ["1m"], "symbols": strangers}]
        with bounded(), pytest.raises(ConfigError) as refused:
            SessionConfig.from_dict(self.tables(history=history))
        assert len(refused.value.faults) == 200
        assert max(len(fault.message) for fault in refused.value.faults) < 500

    def test_each_faulty_one_is_told_once(self) -> None:
        with bounded(), pytest.raises(ConfigError) as refused:
            SessionConfig.from_dict(self.tables(symbols=[f"S/{n}" for n in range(20_000)]))
        assert len(refused.value.faults) == 20_000

    def tables(self, **data: object) -> dict[str, object]:
        return {
            "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
            "data": {"symbols": self.many, "streams": ["1m"], **data},
        }
