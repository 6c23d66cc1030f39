"""What ``fsm-session new DIR`` writes runs as it is, in processes of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fsm_session.starter import FILES
from tests.unit.cli.folder import PACKAGES, command, sessions

NAMES = ["mine", "two words", "zürich 日本", "not-an-identifier.py", "-dash", 'it\'s "quoted"']
SECONDS = 300.0


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a Python module in a folder, as somebody does who has this library installed."""
    clean = {name: text for name, text in os.environ.items() if name != "PYTEST_ADDOPTS"}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder, env={**clean, "PYTHONPATH": str(PACKAGES), "MYPYPATH": str(PACKAGES)},
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write it once."""
    above = tmp_path_factory.mktemp("new")
    folder = above / "my 1st sessions, für mich"
    assert run(above, "fsm_session", "new", folder.name).returncode == 0
    return folder


class TestItRuns:
    """ "Writes a commented configuration, a strategy, a scanner and a test with our kit, all of
    which run at once."
    """

    def test_check(self, mine: Path) -> None:
        done = run(mine, "fsm_session", "check", "session.toml")
        assert (done.returncode, done.stderr) == (0, "")

    def test_run(self, mine: Path) -> None:
        done = run(mine, "fsm_session", "run", "session.toml", "--out", "out")
        assert (done.returncode, done.stderr) == (0, "")
        assert "completed: 4 of 4 sessions" in done.stdout
        assert len(sessions(mine / "out")) == 4
        (row,) = [line.split() for line in done.stdout.splitlines() if line.startswith(" all")]
        signals, scans = (int(each.replace(",", "")) for each in row[3:5])
        assert signals > 0 and scans > 0

    def test_its_tests(self, mine: Path) -> None:
        done = run(mine, "pytest", "-q", "-p", "no:cacheprovider", "-W", "error")
        assert (done.returncode, "5 passed" in done.stdout) == (0, True), done.stdout

    def test_its_types(self, mine: Path) -> None:
        done = run(mine, "mypy", "--strict", "--cache-dir", os.devnull, ".")
        assert done.returncode == 0, done.stdout

    def test_a_part_that_breaks_its_promise_fails_its_test(self, tmp_path: Path) -> None:
        assert command("new", tmp_path / "odd").exit_code == 0
        part = tmp_path / "odd/my_indicator.py"
        text = part.read_text()
        assert "low) / np" in text
        part.write_text(text.replace("return np.where(flat", "return close.max() * np.where(flat"))
        done = run(tmp_path / "odd", "pytest", "-q", "-p", "no:cacheprovider", "-k", "indicator")
        assert done.returncode == 1
        assert "looks ahead" in done.stdout


class TestWhatIsWritten:
    """Files with comments, and a way to go on."""

    def test_the_configuration_says_what_its_keys_are(self, mine: Path) -> None:
        text = (mine / "session.toml").read_text("utf-8")
        lines = [line for line in text.splitlines() if "#" in line]
        assert len(lines) > 15
        assert 'kind = "parquet"' in text
        named = tomllib.loads(text)
        for use in (named["strategies"][0]["use"], named["scanners"][0]["use"]):
            assert (mine / f"{use.partition(':')[0]}.py").is_file()

    @pytest.mark.parametrize("name", NAMES)
    def test_whatever_the_folder_is_called(
        self, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        result = command("new", "--", name)
        assert (result.exit_code, result.stderr) == (0, "")
        assert {each.name for each in (tmp_path / name).iterdir()} == set(FILES)
        # what is said can be pasted into a shell
        (line,) = [e.strip() for e in result.stdout.splitlines() if e.strip().startswith("cd ")]
        done = subprocess.run(["sh", "-c", f"{line} && ls"], capture_output=True, text=True)
        assert set(done.stdout.split()) == set(FILES), done.stderr


class TestWhatIsThere:
    """ "Refuses a folder that holds any of these files (all named at once), writes all or
    nothing."
    """

    @pytest.mark.parametrize("names", [[name] for name in FILES] + [list(FILES)[1:4]])
    def test_files_of_these_names_are_left_alone(self, names: list[str], tmp_path: Path) -> None:
        for name in names:
            (tmp_path / name).write_text("mine")
        result = command("new", tmp_path)
        assert (result.exit_code, result.stdout) == (2, "")
        wrong = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(wrong) == len(names)
        assert all(f"{tmp_path / name}: " in line for name, line in zip(names, wrong, strict=True))
        assert {each.name: each.read_text() for each in tmp_path.iterdir()} == dict.fromkeys(
            names, "mine"
        )

    def test_other_files_are_no_hindrance(self, tmp_path: Path) -> None:
        (tmp_path / "bars.csv").write_text("mine")
        assert command("new", tmp_path).exit_code == 0
        assert (tmp_path / "bars.csv").read_text() == "mine"

    def test_a_link_that_leads_nowhere_is_somebodys(self, tmp_path: Path) -> None:
        (tmp_path / "my_scanner.py").symlink_to(tmp_path / "gone.py")
        assert command("new", tmp_path).exit_code == 2
        assert [each.name for each in tmp_path.iterdir()] == ["my_scanner.py"]

    def test_a_file_in_the_place_of_the_folder(self, tmp_path: Path) -> None:
        (tmp_path / "mine").write_text("mine")
        result = command("new", tmp_path / "mine")
        assert result.exit_code == 2
        assert (tmp_path / "mine").read_text() == "mine"
