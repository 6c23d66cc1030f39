"""The table notices bugs: one that can't fail proves nothing.

Each bug is put into the library while a few cells are played; one of them that holds without it
has to find a promise broken.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from fsm_session.states import TRADING_DAY
from tests.faults import bugs, witnesses
from tests.faults.cells import Cell, play
from tests.faults.table import cells_beside, cells_of

#: a bug, and the cells that are played with it
BUGS: dict[Callable[[pytest.MonkeyPatch], None], str] = {
    bugs.in_order: "Load-.*-2-stop$",
    bugs.stops_at_the_first: "all-teardown-error|beta-teardown-before-overruns",
    bugs.forgets_the_failing_one: "alpha-setup-after-error",
    bugs.nobody_is_unclean: "alpha-teardown-before-overruns",
    bugs.leaves_its_thread: "thread-alpha-setup-before-",
    bugs.no_deadline: "alpha-.*-overruns",
    bugs.answers_nobody: "Validate-.*-requests",
    bugs.answers_twice: "Paused-exit-.*-requests",
    bugs.deaf: "InitThreads-entry-.*-stop",
    bugs.takes_one_more_step: "alpha-on_step-before-stop",
    bugs.last_error_first: "thread-alpha-on_step-after-hangs|Failed-entry-.*-before-error",
    bugs.leaves_workers_up: "Active-.*-error",
    bugs.swallows_ctrl_c: "Active-.*-second_interrupt",
    bugs.believes_guards: ".*-answers_text",
    bugs.lets_anybody_move: "Paused-.*-moves",
    bugs.keeps_no_data: "Load-.*-before-2-error",
    bugs.forgets_at_the_end: "Active-.*-error",
    bugs.leaves_parts: "Deactivate-disk-write-.*-full",
    bugs.writes_in_place: "Deactivate-disk-write.*-torn",
    bugs.commits_something_else: "Teardown-.*-error",
    bugs.writes_behind_a_torn_record: "move-disk-write-.*-torn",
    bugs.leaks_files: "Active-.*-error",
    bugs.lets_the_clock_go_back: "Active-.*-clock_goes_back",
    bugs.blames_nobody: "alpha-on_step-after-error",
}
#: cells played at the most
TRIED = 8


def cells_like(pattern: str) -> Iterator[Cell]:
    """Give some cells whose names begin so."""
    whole = (*cells_of(TRADING_DAY), *cells_beside())
    found = [cell for cell in whole if re.match(pattern, cell.name)]
    yield from found[:: max(1, len(found) // TRIED)]


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("bug", "pattern"), BUGS.items(), ids=lambda each: getattr(each, "__name__", "")
)
def test_a_bug_is_noticed(bug: Callable[[pytest.MonkeyPatch], None], pattern: str) -> None:
    for cell in cells_like(pattern):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(witnesses, "PATIENCE", 5.0)  # some go on and on
            bug(patch)
            noticed = broken_by(cell)
        if noticed and not play(cell):
            return
    pytest.fail(f"no cell like {pattern} notices: {bug.__doc__}")


def broken_by(cell: Cell) -> bool:
    """Tell whether a promise is found broken, or the check itself breaks down."""
    try:
        return bool(play(cell))
    except Exception:
        return True
    finally:
        bugs.end_what_is_left()
