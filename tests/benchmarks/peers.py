"""W beside an engine of others, and beside what numpy and bare Python can do at all.

All of them see the same frames; before a ratio is worth anything they have to have seen the
same numbers, and this says where they have not.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attrs import frozen

from tests.benchmarks.fresh import Job, Line, Measured, interleaved, job
from tests.benchmarks.shared_bench import BENCH, Signals, common, expected_signals
from tests.benchmarks.tables import Report, held_to, runs, times

Size = tuple[int, int]

SIZES: tuple[Size, ...] = ((1, 20), (20, 5), (200, 2))
TOLERANCE = 1e-6
FIVE_MINUTE_BARS = 78
#: after so many minutes a smoothed average differs by less than 1e-6 of how it was begun
FORGOTTEN_AFTER = 200
NAUTILUS, VECTOR, NAIVE = "NautilusTrader", "numpy, bare loop (b1)", "pure Python"
STYLES = ("on_bars", "on_bar")
FLOOR = (
    "no engine: bare numpy and Python that copy and digest the frames, derive each session's"
    " indicators over its history and day with TA-Lib, and sync a line a session to the disk; what"
    " misses a target there, no run of ours can reach"
)
REFERENCES = (NAUTILUS, VECTOR, NAIVE)
#: the least ratio at each of the sizes
TARGETS = {
    ("on_bars", NAUTILUS): (3.0, 20.0, 50.0),
    ("on_bars", VECTOR): (0.7, 1.0, 1.0),
    ("on_bar", NAUTILUS): (10.0, 15.0, 15.0),
    ("on_bar", NAIVE): (0.7, 2.0, 2.0),
}


@frozen
class Peer:
    """An engine of others: its environment, and its script with the way to call it."""

    reference: str
    label: str
    venv: str
    script: str
    mode: tuple[str, ...] = ()


PEERS = (
    Peer(NAUTILUS, "NautilusTrader, v2 API", "v_nautilus312", "engine_nautilus_v2.py", ("lean",)),
    Peer(NAUTILUS, "NautilusTrader, v1 API", "v_nautilus312", "engine_nautilus.py", ("lean",)),
    Peer(VECTOR, VECTOR, "v_limits", "limit_vector.py", ("b1",)),
    Peer(NAIVE, NAIVE, "v_limits", "limit_naive.py"),
)
#: how to make an environment, in a folder of them
MAKING = {
    "v_nautilus312": ("python3.12", "nautilus_trader 'pandas<3'"),
    "v_limits": ("python3", "numpy pandas"),
}


def measure(rounds: int, venvs: Path) -> Report:
    """Run all of them, and tell how they compare."""
    there = [peer for peer in PEERS if _python(venvs, peer).exists()]
    measured = interleaved([each for size in SIZES for each in _jobs(size, there, venvs)], rounds)
    rows = [row for size in SIZES for row in _rows(measured, size, there)]
    unlike = [told for size in SIZES for told in disagreements(measured, size)]
    return Report(
        "The reference workload, beside others",
        ("symbols, sessions", "engine", "wall s", "CPU s", "bars/s", *map(_against, REFERENCES)),
        rows,
        [runs(measured), _on_signals(), FLOOR, *_missing(venvs)],
        measured.loads,
        [*measured.faults, *unlike],
        labels=2,
    )


def _against(reference: str) -> str:
    fastest = ", the faster one" if reference == NAUTILUS else ""
    return f"bars/s against {reference}{fastest}"


def _python(venvs: Path, peer: Peer) -> Path:
    return venvs.absolute() / peer.venv / "bin" / "python"


def _missing(venvs: Path) -> Iterator[str]:
    """Say what was left out, and how to have it."""
    for venv in sorted({peer.venv for peer in PEERS if not _python(venvs, peer).exists()}):
        labels = " and ".join(peer.label for peer in PEERS if peer.venv == venv)
        python, packages = MAKING[venv]
        folder = venvs / venv
        yield (
            f"left out, as there is no {folder}: {labels};"
            f" `{python} -m venv {folder} && {folder}/bin/pip install {packages}`"
        )


def _jobs(size: Size, there: list[Peer], venvs: Path) -> Iterator[Job]:
    for style in STYLES:
        yield job(_name(size, style), "workload", *size, style)
        yield job(_name(size, _floor(style)), "floor", *size, style)
    for peer in there:
        # -B: nothing is to be written beside the scripts
        script = (str(_python(venvs, peer)), "-B", str(BENCH / peer.script))
        yield Job(_name(size, peer.label), (*script, *map(str, size), *peer.mode))


def _name(size: Size, engine: str) -> str:
    return f"W({size[0]}, {size[1]}) {engine}"


def _floor(style: str) -> str:
    """Name the least that a style costs with what a run of ours promises."""
    return f"no engine, {style}"


def _rows(measured: Measured, size: Size, there: list[Peer]) -> Iterator[list[str]]:
    """Tell of a size: ours first, then the others."""
    walls = {name: min(found) for name, found in _walls(measured, size, there).items() if found}
    for style in STYLES:
        for engine, label in ((style, f"ours, {style}"), (_floor(style), _floor(style))):
            if _name(size, engine) in measured.lines:
                ratios = [_ratio(measured, size, style, engine, e, walls) for e in REFERENCES]
                yield [*_own(measured, size, engine, label), *ratios]
    for peer in there:
        if _name(size, peer.label) in measured.lines:
            yield [*_own(measured, size, peer.label, peer.label), *[""] * len(REFERENCES)]


def _walls(measured: Measured, size: Size, there: list[Peer]) -> dict[str, list[float]]:
    """Give the medians of each reference; of the two ways to run one, both."""
    walls: dict[str, list[float]] = {each: [] for each in REFERENCES}
    for peer in there:
        name = _name(size, peer.label)
        if name in measured.lines:
            walls[peer.reference].append(measured.median(name, "wall"))
    return walls


def _own(measured: Measured, size: Size, engine: str, label: str) -> list[str]:
    name = _name(size, engine)
    wall, cpu = measured.median(name, "wall"), measured.median(name, "cpu")
    bars = measured.lines[name][0]["bars"]
    return [f"{size[0]}, {size[1]}", label, f"{wall:.4f}", f"{cpu:.4f}", f"{bars / wall:,.0f}"]


def _ratio(
    measured: Measured,
    size: Size,
    style: str,
    engine: str,
    reference: str,
    walls: dict[str, float],
) -> str:
    if reference not in walls:
        return "not there"
    ratio = walls[reference] / measured.median(_name(size, engine), "wall")
    targets = TARGETS.get((style, reference))
    return times(ratio) if targets is None else held_to(ratio, targets[SIZES.index(size)])


@lru_cache
def _signals(size: Size) -> Signals:
    return expected_signals(common().make_frames(*size))


def _on_signals() -> str:
    """Say how far the signals differ, and why."""
    counts = "; ".join(
        f"W({size[0]}, {size[1]}) {each.ours} and {each.peers}, {each.differing} of them apart,"
        f" the last in minute {each.last_minute}"
        for size, each in ((size, _signals(size)) for size in SIZES)
    )
    return (
        f"signals there should be, ours and the peers': {counts}. TA-Lib begins EMA and RSI with"
        " means of the first closes, the peers with the first close; what is left of the beginning"
        f" after {FORGOTTEN_AFTER} minutes tells only in a tie"
    )


def disagreements(measured: Measured, size: Size) -> Iterator[str]:
    """Name each engine that has not seen the numbers of the independent reference."""
    found = _signals(size)
    ours = {_name(size, each) for style in STYLES for each in (style, _floor(style))}
    for name, lines in measured.lines.items():
        if name.startswith(_name(size, "")):
            expected = found.ours if name in ours else found.peers
            for line in lines:
                yield from (f"{name}: {told}" for told in _wrong(line, size, expected))
            if abs(lines[0]["signals"] - found.ours) > size[0] * FORGOTTEN_AFTER:
                yield f"{name}: its signals are too far from {found.ours}"


def _wrong(line: Line, size: Size, signals: int) -> Iterator[str]:
    """Compare one run with what it should have seen."""
    symbol_days = size[0] * size[1]
    wanted = {
        "bars": symbol_days * int(common().BARS),
        "n5": symbol_days * FIVE_MINUTE_BARS,
        "n_final": size[0],
        "signals": signals,
    }
    yield from (f"{k} {line[k]}, not {v}" for k, v in wanted.items() if line[k] != v)
    if not line["max_err"] <= TOLERANCE:
        yield f"its last values are off by {line['max_err']:.1e}"
    if late := line["phases"].get("imported_late"):
        yield f"imported while the clock ran: {', '.join(late)}"
