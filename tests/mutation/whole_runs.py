"""Judges over whole runs: a sample of the table of faults, and the model's lifecycles and the lines
that are broken off in parts short enough to be asked often.

Only ``python -m tests.mutation`` asks them: ``tests/faults`` has them whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pytest

from fsm_session import TRADING_DAY
from tests.faults.cells import Cell, play
from tests.faults.enumeration import Rig, scripts
from tests.faults.enumeration_day import predict
from tests.faults.model import FAULTS, Script
from tests.faults.test_every_line import (
    ASKED,
    FAILS,
    Breaker,
    OutOfNowhereError,
    points,
    wrongs,
)
from tests.faults.test_table import CELLS
from tests.faults.test_two_faults import Tally, predicted
from tests.unheard import unheard

PARTS = 20
#: one cell in so many
ONE_IN = 9
KINDS = [(OutOfNowhereError, ASKED), (KeyboardInterrupt, ASKED), (KeyboardInterrupt, FAILS)]


@pytest.fixture(scope="module", autouse=True)
def _quiet_log() -> Iterator[None]:
    with unheard():
        yield


@pytest.mark.parametrize("cell", CELLS[::ONE_IN], ids=str)
def test_whatever_goes_wrong_every_promise_is_kept(cell: Cell) -> None:
    assert not play(cell)


@pytest.mark.parametrize("part", range(PARTS))
def test_lifecycles_of_one_fault_do_what_the_model_says(part: int) -> None:
    rig, tally = Rig(), Tally()
    single = scripts(predict(TRADING_DAY, {}).trace, FAULTS)
    for script, outcome in predicted(islice(single, part, None, PARTS)):
        tally.compare(rig, script, outcome)
    assert tally.differences == []
    assert tally.not_fired == []


@pytest.mark.parametrize(("error", "script"), KINDS, ids=["error", "interrupt", "after-an-error"])
@pytest.mark.parametrize("part", range(PARTS))
def test_an_exception_at_a_line_loses_no_worker(
    part: int, error: type[BaseException], script: Script
) -> None:
    rig = Rig()
    for at in points(rig, script)[part::PARTS]:
        breaker = Breaker(rig, script, error, at)
        assert [*wrongs(breaker, breaker.run())] == []
