"""What is imported: what the author of a configuration names, and nothing where none is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from fsm_session import SessionConfig, SessionCoordinator
from fsm_session.errors import ConfigError
from fsm_session.named import named, place_fault
from fsm_session.user_parts import collect
from tests.unit.cli.folder import command
from tests.unit.security.hostile import NAMES, SOUND, alone, only_shown, wishes

#: writes down that it was imported; stands in every module of a folder
WITNESS = """\
from pathlib import Path
with Path({log!r}).open("a") as log:
    log.write(__name__ + "\\n")
"""
PARTS = """
class Cross:
    intervals = ["1h"]
    def on_bars(self, view):
        pass
class Movers:
    def scan(self, view):
        pass
def spread(high, low):
    return high - low
NUMBER = 7
def note(path):
    Path(path).write_text("called")
"""
#: what lies beside the configuration: a package of the author's, and traps with the names of what
#: the library itself imports late, or Python does at its start
MODULES = (
    *("mine/__init__", "mine/parts", "mine/others", "mine/__main__"),
    *("talib", "pyarrow", "cattrs", "rich", "difflib", "tomllib", "exchange_calendars"),
    *("numexpr", "bottleneck", "sitecustomize", "usercustomize", "conftest", "week", "x", "os"),
)

#: texts that name nothing to import
NO_PLACES = {
    **NAMES,
    "two statements": "os.path:join; import x",
    "a call": "x:Cross()",
    "an index": "x:PARTS[0]",
    "relative": "..x:Cross",
    "relative to nothing": ".:Cross",
    "a path": "../x:Cross",
    "a file": "x.py:Cross.on_bars:0",
    "no name": "x:",
    "no module": ":Cross",
    "neither": ":",
    "three": "x:Cross:Cross",
    "a space": "x: Cross",
    "a line break": "x:Cross\n",
    "NUL": "x:Cross\0",
    "5,000 characters": f"x:{'C' * 5000}",
    "a deep one": ":".join([".".join("x" * 500), "C"]),
    "builtins": "x:__builtins__",
    "eval": "x:__builtins__.eval",
    "globals": "x:Cross.on_bars.__globals__",
    "subclasses": "x:Cross.__class__.__base__.__subclasses__",
    "Python's own module": "__main__:Cross",
    "a program": "x.__main__:Cross",
    "the machinery": "x:__loader__.load_module",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of modules that tell when they are imported."""
    for name in MODULES:
        path = tmp_path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(WITNESS.format(log=str(tmp_path / "log")) + PARTS)
    return tmp_path


def imported(folder: Path) -> set[str]:
    log = folder / "log"
    return {*log.read_text().split()} if log.is_file() else set()


def week(folder: Path, names: Mapping[str, str]) -> Path:
    path = folder / "week.toml"
    path.write_text(wishes(names), "utf-8")
    return path


def with_function(path: Path, function: str) -> Path:
    """Let the indicator be a function of one's own, which has no parameters."""
    text = path.read_text("utf-8")
    assert text.count("{ timeperiod = 2 }") == 1
    text = text.replace("{ timeperiod = 2 }", "{}").replace('"SMA"', f'"{function}"')
    path.write_text(text, "utf-8")
    return path


#: what is named, and what is imported then: the module, and the packages it is in
NAMED: Mapping[str, tuple[Mapping[str, str], str, set[str]]] = {
    "nothing": ({}, "", set()),
    "a strategy": ({"strategies[0].use": "mine.parts:Cross"}, "", {"mine", "mine.parts"}),
    "a scanner": ({"scanners[0].use": "mine.parts:Movers"}, "", {"mine", "mine.parts"}),
    "an indicator": ({}, "mine.parts:spread", {"mine", "mine.parts"}),
    "a package": ({"strategies[0].use": "mine:Cross"}, "", {"mine"}),
}


class TestNamed:
    """ "`use = ` imports only what the configuration's author names."""

    @pytest.mark.parametrize("case", NAMED)
    def test_what_is_named_and_nothing_beside_it(self, case: str, folder: Path) -> None:
        names, function, expected = NAMED[case]
        # the strategy would be told its parameters, and asks for none
        path = week(folder, names)
        text = path.read_text("utf-8")
        if "strategies[0].use" in names:
            text = text[: text.rindex("parameters")]
        path.write_text(text, "utf-8")
        if function:
            with_function(path, function)
        status, output = alone("check", path)
        assert (status, "all of it is there" in output) == (0, True), output
        assert imported(folder) == expected

    @pytest.mark.parametrize("use", NO_PLACES.values(), ids=NO_PLACES)
    def test_a_text_that_names_nothing_is_refused_unread(self, use: str, folder: Path) -> None:
        before = [*sys.path]
        tables = SessionConfig.from_dict({
            "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
            "data": {"symbols": ["AAA"], "streams": ["1m"]},
        }).to_dict()  # fmt: skip
        for key in ("strategies", "scanners"):
            part = {"use": use, "name": "it", **({"pre_session": True} if key[1] == "c" else {})}
            with pytest.raises(ConfigError) as refused:
                SessionConfig.from_dict({**tables, key: [part]}, folder)
            assert [fault.key for fault in refused.value.faults] == [f"{key}[0].use"]
            assert len(str(refused.value)) < 200
        with pytest.raises(ConfigError):
            named(use)
        result = command("diagram", "--", use)
        assert result.exit_code == 2 and only_shown(result.output)
        assert sys.path == before
        assert imported(folder) == set()

    @pytest.mark.parametrize("use", NO_PLACES.values(), ids=NO_PLACES)
    def test_nor_is_a_function_looked_for(self, use: str, folder: Path) -> None:
        function = use if ":" in use else f"{use}:f"
        indicator = {"name": "it", "function": function, "interval": "1m"}
        with pytest.raises(ConfigError) as refused:
            SessionConfig.from_dict(
                {
                    "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
                    "data": {"symbols": ["AAA"], "streams": ["1m"], "indicators": [indicator]},
                },
                folder,
            )
        assert [each.key for each in refused.value.faults] == ["data.indicators[0].function"]
        assert len(str(refused.value)) < 200
        assert imported(folder) == set()

    @pytest.mark.parametrize("place", ["a:B", "a.b.c:D.e", "_a:_b", "日本:取引", "a" * 99 + ":b"])
    def test_what_may_be_named(self, place: str) -> None:
        assert place_fault(place) == ""

    def test_what_is_named_is_called_with_what_is_said_whatever_it_is(self, folder: Path) -> None:
        """A configuration is its author's program: `use` is a call. Without a method for bars it
        is refused, after it was made: what it did by then, its author wanted.
        """
        text = wishes({"strategies[0].use": "mine:note"})
        path = folder / "week.toml"
        at = text.rindex("parameters")
        path.write_text(f"{text[:at]}parameters = {{ path = '{folder / 'noted'}' }}\n")
        status, output = alone("check", path)
        assert (status, "strategies[0].use" in output) == (2, True)
        assert (folder / "noted").read_text() == "called"

    @pytest.mark.parametrize("use", ["mine:NUMBER", "mine:missing", "missing:Cross", "mine:note"])
    def test_what_can_not_be_called_so_is_refused_by_its_place(
        self, use: str, folder: Path
    ) -> None:
        status, output = alone("check", week(folder, {"strategies[0].use": use}))
        assert (status, "week.toml: strategies[0].use" in output) == (2, True)
        assert "unexpected: " not in output

    @pytest.mark.parametrize("key", ["strategies[0].use", "scanners[0].use", "function"])
    def test_a_script_that_ends_itself_ends_no_check(self, key: str, tmp_path: Path) -> None:
        (tmp_path / "script.py").write_text("import sys\nsys.exit(0)\n")
        path = week(tmp_path, {} if key == "function" else {key: "script:Cross"})
        if key == "function":
            with_function(path, "script:f")
        status, output = alone("check", path)
        assert (status, "SystemExit" in output) == (2, True)

    def test_a_kind_of_source_is_one_of_ours(self, folder: Path) -> None:
        status, output = alone("check", week(folder, {"source.kind": "mine.parts:Cross"}))
        assert (status, "week.toml: source.kind" in output) == (2, True)
        assert imported(folder) == set()


#: everything that can name something, at once
ALL = {"strategies[0].use": "mine.parts:Cross", "scanners[0].use": "mine.others:Movers"}


class TestNoImport:
    """ "`check` of a configuration can be done without importing it (`--no-import`)."""

    def test_nothing_is_imported_and_what_was_not_is_told(self, folder: Path) -> None:
        path = with_function(week(folder, ALL), "mine:spread")
        status, output = alone("check", path, "--no-import")
        assert status == 0, output
        assert imported(folder) == set()
        assert "all of it is there" not in output
        for told in (
            *("strategies[0].use: mine.parts:Cross", "scanners[0].use: mine.others:Movers"),
            "data.indicators[0].function: mine:spread",
        ):
            assert [line for line in output.splitlines() if told in line and "not imported" in line]

    def test_the_trap_is_one(self, folder: Path) -> None:
        alone("check", with_function(week(folder, ALL), "mine:spread"))
        assert imported(folder) == {"mine", "mine.parts", "mine.others"}

    def test_where_nothing_is_named_all_was_looked_at(self, folder: Path) -> None:
        config = SessionConfig.from_dict({
            "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
            "data": {"symbols": ["AAA"], "streams": ["1m"]},
            "source": {"kind": "simulated"},
        })  # fmt: skip
        assert collect(config, [], [], [], import_parts=False).not_imported == ()
        coordinator = SessionCoordinator(config, import_parts=False)
        assert coordinator.run().outcome == "completed"

    @pytest.mark.parametrize(
        ("changes", "told"),
        [
            ([('"AAA"', '"A/A"')], ["data.symbols[0]"]),
            ([('"mine.parts:Cross"', '"mine.parts:Cross; x"')], ["strategies[0].use"]),
            ([('"mine:spread"', '"mine:__dict__.spread"')], ["data.indicators[0].function"]),
            ([('"mine:spread"', '"SMAA"')], ["data.indicators[0]", "SMAA"]),
            # an indicator of one's own still needs its bars
            (
                [('interval = "1h"\nparameters', 'interval = "30m"\nparameters')],
                ["data.streams", "AAA", "30m"],
            ),
            # and so does a universe, where its symbols must be held
            (
                [('streams = ["1h"]\n[[str', 'streams = ["15m"]\nmissing = "error"\n[[str')],
                ["scanners[0].universe.streams", "CCC", "15m"],
            ),
            ([("= 2024-07-03", "= 2024-07-04")], ["backtest", "no session"]),
        ],
    )  # fmt: skip
    def test_all_else_is_checked(
        self, changes: Iterable[tuple[str, str]], told: Iterable[str], folder: Path
    ) -> None:
        path = with_function(week(folder, ALL), "mine:spread")
        text = path.read_text("utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path.write_text(text, "utf-8")
        result = command("check", path, "--no-import")
        assert result.exit_code == 2
        assert [line for line in result.stderr.splitlines() if all(each in line for each in told)]
        assert imported(folder) == set()

    def test_a_fault_keeps_its_place_behind_what_was_not_looked_at(self, folder: Path) -> None:
        indicators = [
            {"name": "own", "function": "mine:spread", "interval": "1h"},
            {"name": "theirs", "function": "SMAA", "interval": "1h"},
        ]
        config = SessionConfig.from_dict(
            {
                "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
                "data": {"symbols": ["AAA"], "streams": ["1h"], "indicators": indicators},
            },
            folder,
        )
        parts = collect(config, [], [], [], import_parts=False)
        assert [fault.key for fault in parts.needs.faults()] == ["data.indicators[1]"]
        assert parts.needs.indicators == ()
        assert imported(folder) == set()

    def test_parts_handed_over_are_looked_at(self) -> None:
        config = SessionConfig.from_dict({
            "backtest": {"start": "2024-07-03", "end": "2024-07-03"},
            "data": {"symbols": ["AAA"], "streams": ["1m"]},
        })  # fmt: skip
        parts = collect(config, [object()], [], [], import_parts=False)
        assert [fault.key for fault in parts.faults] == ["strategies[0]"]

    def test_there_is_no_run(self, folder: Path) -> None:
        config = SessionConfig.from_toml(week(folder, ALL))
        coordinator = SessionCoordinator(config, import_parts=False, out=folder / "out")
        with pytest.raises(ConfigError, match=r"strategies\[0\]\.use: mine\.parts:Cross"):
            coordinator.run()
        assert not (folder / "out").exists()
        assert imported(folder) == set()


def test_the_sound_names_are_sound(tmp_path: Path) -> None:
    """Otherwise nothing is shown by what is refused here."""
    assert SOUND["strategies[0].use"] and command("check", week(tmp_path, {})).exit_code == 0
