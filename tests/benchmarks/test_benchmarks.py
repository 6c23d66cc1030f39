"""What is measured is right: the workload's numbers, against others'. No time is asserted."""

from __future__ import annotations

import pytest

from tests.benchmarks import floor
from tests.benchmarks.fresh import Line, Measured, job, run
from tests.benchmarks.peers import disagreements
from tests.benchmarks.shared_bench import BENCH, common, expected_signals
from tests.benchmarks.workload import STYLES, see

pytestmark = pytest.mark.skipif(
    not BENCH.is_dir(),
    reason="no reference workload beside the checkout (set FSM_SESSION_SHARED)",
)

SYMBOLS, SESSIONS = 2, 2


@pytest.mark.parametrize("style", STYLES)
def test_a_run_of_the_workload_sees_what_the_independent_reference_says(style: str) -> None:
    frames = common().make_frames(SYMBOLS, SESSIONS)
    seen = see(frames, style)
    assert seen.bars() == SYMBOLS * SESSIONS * 390
    assert seen.n5() == SYMBOLS * SESSIONS * 78
    assert seen.signals() == expected_signals(frames).ours
    final, reference = seen.final(), common().reference(frames)
    assert list(final) == list(reference)
    for symbol, values in final.items():
        assert values == pytest.approx(reference[symbol], rel=0, abs=1e-9)


@pytest.mark.parametrize("style", STYLES)
def test_without_an_engine_the_same_is_seen(style: str) -> None:
    frames = common().make_frames(SYMBOLS, SESSIONS)
    seen, reference = floor.run(frames, style), common().reference(frames)
    counts = {"bars": SYMBOLS * SESSIONS * 390, "n5": SYMBOLS * SESSIONS * 78}
    counts |= {"signals": expected_signals(frames).ours}
    assert seen.items() >= counts.items()
    for symbol, values in seen["final"].items():
        assert values == pytest.approx(reference[symbol], rel=0, abs=1e-9)


@pytest.mark.parametrize("module", ["workload", "floor"])
def test_it_runs_by_itself(module: str) -> None:
    """Nothing is imported while the clock runs, and nothing that can't be."""
    line = run(job("W", module, 1, 1, "on_bars"))
    assert (line["bars"], line["n5"]) == (390, 78)
    assert line["phases"].get("imported_late", []) == []


def test_a_run_that_saw_other_numbers_is_named() -> None:
    size, frames = (1, 20), common().make_frames(1, 20)
    right: Line = {
        "bars": 7800,
        "n5": 1560,
        "n_final": 1,
        "max_err": 0.0,
        "signals": expected_signals(frames).peers,
        "phases": {},
    }
    name = "W(1, 20) pure Python"
    assert not list(disagreements(Measured({name: [right]}), size))
    wrong = {"bars": 7799, "n5": 1559, "n_final": 0, "max_err": float("nan"), "signals": 3000}
    for key, value in wrong.items():
        (told,) = disagreements(Measured({name: [right | {key: value}]}), size)
        assert told.startswith(name)
