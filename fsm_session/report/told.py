"""What a page tells of a run, gathered as its records are read, one session at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from attrs import define, field, frozen

from fsm_session.machine import Lifecycle
from fsm_session.report.chart import session_chart
from fsm_session.report.heat_map import Qualities
from fsm_session.report.packing import deflate
from fsm_session.report.panes import Panes
from fsm_session.report.reading import RunFolder, SessionCounts
from fsm_session.report.timeline import Part, Stay, by_session, lasted, line_of, scale_of, stays


@frozen
class Line:
    """A session in the table: its counts, None where it was not finished, and its line of phases.

    ``longer`` than the line it was, which is not to scale then.
    """

    date: str
    counts: SessionCounts | None
    seconds: float
    parts: list[Part]
    longer: bool


@define(slots=False)
class Told:
    """A run as it is told: what its folder says, and its sessions packed, by date.

    ``index`` has, by date, a session's open in exchange time (milliseconds, as if it were UTC),
    its offset from UTC in words, and its symbols.
    """

    run: RunFolder
    lifecycle: Lifecycle
    sessions: dict[str, str] = field(factory=dict)
    index: dict[str, dict[str, Any]] = field(factory=dict)
    panes: Panes = field(factory=Panes)
    qualities: Qualities = field(factory=Qualities)

    def look_at(self, date: str, record: Mapping[str, Any], at_most: int) -> None:
        """Take in the record of a session; ``at_most`` bars of each interval are shown."""
        self.panes.look_at(record)
        self.qualities.look_at(date, record)
        self.sessions[date] = deflate(session_chart(record, at_most))
        opened = dt.datetime.fromisoformat(record["open"])
        offset = self.offsets.get(date, dt.timedelta())
        local = (opened + offset).replace(tzinfo=dt.UTC)
        self.index[date] = {
            "open": int(local.timestamp()) * 1000,
            "offset": _signed(offset),
            "symbols": list(record["symbols"]),
        }

    @cached_property
    def stays(self) -> list[Stay]:
        """The run's stays in states, in order."""
        return stays(self.run.journal)

    @cached_property
    def offsets(self) -> dict[str, dt.timedelta]:
        """The exchange's offset from UTC at each session's first move, as the journal has it."""
        found: dict[str, dt.timedelta] = {}
        for each in self.stays:
            if each.session not in found and each.time:
                found[each.session] = (
                    dt.datetime.fromisoformat(each.time).utcoffset() or dt.timedelta()
                )
        return found

    def lines(self) -> list[Line]:
        """Give a line for each session, also of one not finished, by date."""
        counts = {each.date: each for each in self.run.sessions}
        lived = {date: each for date, each in by_session(self.stays).items() if date}
        seconds = {date: lasted(each) for date, each in lived.items()}
        scale = scale_of(seconds.values())
        return [
            Line(
                date,
                counts.get(date),
                seconds.get(date, 0.0),
                line_of(lived.get(date, []), scale),
                seconds.get(date, 0.0) > scale,
            )
            for date in sorted({*lived, *counts})
        ]


def _signed(offset: dt.timedelta) -> str:
    """Write an offset from UTC as people do: ``UTC-04:00``."""
    minutes = round(offset.total_seconds() / 60)
    sign = "\u2212" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
