"""One session of a run in short: what its caller is handed, and what the run's record counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve, field, frozen

from fsm_session.market.quality import percent
from fsm_session.session.data import SessionData
from fsm_session.session.signals import (
    RecordedChange,
    RecordedDisabled,
    RecordedScan,
    RecordedSignal,
)


@frozen
class SessionResult:
    """One session in short: what was there, how many steps and bars, what was said in it.

    ``complete`` is False where a stop or an error ended it midway, ``left_out`` names symbols
    without data for it, ``changes`` tells which came and went, ``disabled`` which strategies and
    scanners were taken out. ``quality_percent`` is present against expected base bars over all
    symbols, ``sha256`` that of its file ("" where none was written). Of a session that was gone
    on from without its file there is nothing but what was ``counted``.
    """

    date: str
    complete: bool
    symbols: tuple[str, ...]
    left_out: tuple[str, ...]
    steps: int
    bars: int
    quality_percent: float
    signals: tuple[RecordedSignal, ...]
    scans: tuple[RecordedScan, ...]
    changes: tuple[RecordedChange, ...] = ()
    disabled: tuple[RecordedDisabled, ...] = ()
    sha256: str = ""
    counted: Mapping[str, Any] | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, data: SessionData, left_out: tuple[str, ...], *, complete: bool, sha256: str
    ) -> SessionResult:
        """Give the result of a session as its data stands."""
        return cls(
            data.session.label,
            complete,
            tuple(data),
            left_out,
            data.steps,
            sum(each.count_today() for each in data.values()),
            _percent(data),
            tuple(data.signals),
            tuple(data.scans),
            tuple(data.changes),
            tuple(data.disabled),
            sha256,
        )

    @classmethod
    def of_counts(cls, counted: Mapping[str, Any]) -> SessionResult:
        """Give what is known of a session of which there is no record but its counts."""
        named = ("date", "complete", "steps", "bars", "left_out", "quality")
        date, complete, steps, bars, left_out, quality = (counted[name] for name in named)
        said = cls(date, complete, (), tuple(left_out), steps, bars, quality, (), ())
        return evolve(said, counted=counted)

    def counts(self) -> dict[str, Any]:
        """Give it as the run's record and the journal hold it."""
        if self.counted is not None:
            return {name: self.counted[name] for name in COUNTS}
        values = (
            *(self.date, self.complete, len(self.symbols), list(self.left_out)),
            *(self.steps, self.bars, self.quality_percent),
            *(len(self.signals), len(self.scans), len(self.changes)),
            [each.name for each in self.disabled],
        )
        return dict(zip(COUNTS, values, strict=True))


COUNTS = (
    *("date", "complete", "symbols", "left_out", "steps", "bars", "quality"),
    *("signals", "scans", "changes", "disabled"),
)


def _percent(data: SessionData) -> float:
    """Give present against expected bars over all symbols, in percent."""
    now_ns = data.clock.now_ns
    counts = [each.day_score.counts_at(now_ns) for each in data.values()]
    present, expected = (sum(each) for each in zip((0, 0), *counts, strict=True))
    return percent(present, expected)
