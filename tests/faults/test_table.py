"""Every cell of the table is played; a phase that is added has its row; all have happened."""

from __future__ import annotations

from collections import Counter

import pytest

from fsm_session.machine import Lifecycle, State
from fsm_session.states import TRADING_DAY
from tests.faults.cells import FIRED, Cell, play
from tests.faults.outcome import CHECKS
from tests.faults.places import MOMENTS, places
from tests.faults.table import cells_beside, cells_of

CELLS = (*cells_of(TRADING_DAY), *cells_beside())


@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_whatever_goes_wrong_every_promise_is_kept(cell: Cell) -> None:
    broken = play(cell)
    assert not broken, "\n".join(broken)


def hold_an_auction(context: object) -> None:
    """Match what was collected before the open."""


def publish_the_price(context: object) -> None:
    """Tell the price that was found."""


AUCTION = State("Auction", entry=[hold_an_auction], exit=[publish_the_price])
WITH_AUCTION = TRADING_DAY.insert(AUCTION, after="Active")


class TestTheTable:
    """At least 300 cells; generated from the lifecycle's own table; each shown to have fired."""

    def test_it_has_every_fault_in_every_phase(self) -> None:
        assert len(CELLS) >= 300
        assert len({cell.name for cell in CELLS}) == len(CELLS)
        by_state = Counter(cell.name.partition("-")[0] for cell in cells_of(TRADING_DAY))
        assert set(by_state) == {state.name for state in TRADING_DAY.states}
        for place in places(TRADING_DAY):
            for moment in MOMENTS:
                for stop in ("stop", "stop_from_a_thread", "stop_by_a_signal"):
                    assert any(cell.name == f"{place}-{moment}-{stop}" for cell in CELLS)
            for moment in ("before", "after"):
                assert any(cell.name == f"{place}-{moment}-error" for cell in CELLS)

    def test_each_cell_that_was_asked_for_has_happened(
        self, request: pytest.FixtureRequest
    ) -> None:
        """It stands below the cells, so those of them that were chosen have run before it."""
        chosen = [getattr(item, "callspec", None) for item in request.session.items]
        found = [spec.params.get("cell") for spec in chosen if spec]
        cells = [each for each in found if isinstance(each, Cell)]
        assert [cell.name for cell in cells if not FIRED[cell.name]] == []
        print(f"{len(cells)} cells, {sum(FIRED[cell.name] for cell in cells)} faults, "
              f"{len(CHECKS)} promises each")  # fmt: skip

    def test_a_phase_that_is_added_has_its_row_by_itself(self) -> None:
        new = [cell for cell in cells_of(WITH_AUCTION) if cell.name.startswith("Auction-")]
        kinds = {cell.name.rpartition("-")[2] for cell in new}
        assert kinds >= {"error", "exit", "interrupt", "stop", "moves", "requests"}
        assert {"hold_an_auction", "publish_the_price"} <= {c.name.split("-")[3] for c in new}
        assert rows(WITH_AUCTION) - rows(TRADING_DAY) == {"Auction"}
        for cell in new:
            broken = play(cell)
            assert not broken, f"{cell}: " + "\n".join(broken)
        assert all(FIRED[cell.name] for cell in new)


def rows(lifecycle: Lifecycle) -> set[str]:
    return {cell.name.partition("-")[0] for cell in cells_of(lifecycle)}
