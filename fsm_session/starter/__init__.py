"""What ``fsm-session new DIR`` writes: files to begin with, which run as they are.

They lie here as the files that they become, so that they are linted and typed with all else.
"""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

from fsm_session.errors import ExportError, Fault, FaultyInputError
from fsm_session.whole_files import write_all_whole

#: what is written, and what each is for
FILES = {
    "session.toml": "the configuration: which sessions, which symbols, which parts",
    "my_strategy.py": "a strategy: what to do, and when",
    "my_scanner.py": "a scanner: which symbols to look at",
    "my_indicator.py": "an indicator: a number for every bar",
    "test_my_parts.py": "tests that hold all of them to their promises",
}


class TakenError(ExportError, FaultyInputError):
    """A folder holds files of these names already: they are somebody's, and stay as they are."""

    hint = "choose another folder, or move those files away"


def write_starter(folder: Path) -> tuple[Path, ...]:
    """Write the files into a folder, which is made if need be; give their paths.

    All or nothing: raises TakenError, which names every file that is there already, and
    ExportError where they can't be written.
    """
    paths = {name: folder / name for name in FILES}
    # a link that leads nowhere is somebody's, too
    taken = [path for path in paths.values() if os.path.lexists(path)]
    if taken:
        raise TakenError(Fault("is there already, and is left alone", str(each)) for each in taken)
    here = files(__name__)
    write_all_whole({path: here.joinpath(name).read_bytes() for name, path in paths.items()})
    return tuple(paths.values())
