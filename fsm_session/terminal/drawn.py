"""A line that asks where things are whenever it is drawn, by rich: its bar, its rates, its times.

What runs pays nothing for it. It is drawn on stderr, a few times a second, by a thread of rich's
that must not be stopped by what it is told: so it is told plain numbers and texts.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rich import progress as bars
from rich.console import Console, RenderableType
from rich.text import Text

#: from so many columns on there is room for the bar and the rate
WIDE = 76
#: before so long nobody can tell how fast it is
SETTLED_SECONDS = 1.0
#: what ends sooner needs no line that says how far it has come
PATIENCE_SECONDS = 1.0

Facts = Mapping[str, Any]


class Rate(bars.ProgressColumn):
    """Sessions a second; where that is less than one, steps a second."""

    def render(self, task: bars.Task) -> Text:
        """Draw it; nothing while there is none."""
        if not task.speed or not _settled(task):
            return Text("")
        if task.speed >= 1:
            return Text(f"{task.speed:.1f} sessions/s")
        return Text(f"{task.speed * task.fields.get('steps_each', 0.0):,.0f} steps/s")


class Left(bars.ProgressColumn):
    """The time that is left; at the end the time it took."""

    def render(self, task: bars.Task) -> Text:
        """Draw it, as hours, minutes and seconds."""
        if task.total is None or task.finished or task.fields.get("over"):
            return Text(f"{_clock(task.finished_time or task.elapsed)}")
        left = task.time_remaining if _settled(task) else None
        return Text("-:--:-- left" if left is None else f"{_clock(left)} left")


class Drawn(bars.Progress):
    """One task, drawn as ``ask()`` says it is: its length, how much is done, its words.

    Where it is ``patient`` it is drawn only once it takes its time, and gone at the end.
    """

    def __init__(
        self,
        console: Console,
        ask: Callable[[], Facts],
        note: Callable[[], str] = str,
        *,
        patient: bool = False,
    ) -> None:
        self._ask, self._note, self._patient = ask, note, patient
        self._over = False
        # what a strategy prints goes where it is sent, unless that is the same terminal
        to_terminal = sys.stdout.isatty()
        super().__init__(console=console, transient=patient, redirect_stdout=to_terminal)
        self._task = self.add_task("", total=None)

    def stop(self) -> None:
        """Draw it a last time, with the time that it took; what never began leaves no line."""
        self._over = True
        self.live.transient = self._patient or self.tasks[0].total is None
        super().stop()

    def get_renderables(self) -> Iterable[RenderableType]:
        """Ask, and draw the answer as the terminal is wide; then what there is to note."""
        if not self.tasks:  # rich asks once while it is being made
            return
        task = self.tasks[0]
        if self._patient and (task.elapsed or 0.0) < PATIENCE_SECONDS:
            return
        # a count that is done already when the length becomes known is the first sample, and
        # no speed: rich counts from there
        self.update(self._task, **self._ask(), over=self._over)
        wide = self.console.width >= WIDE
        self.columns = _WIDE if wide and task.total else _PLAIN if wide else _NARROW
        yield from super().get_renderables()
        if note := self._note():
            yield Text(note)


def _words(name: str) -> bars.TextColumn:
    return bars.TextColumn(f"{{task.{name}}}", markup=False)


_WIDE = (bars.BarColumn(bar_width=12), _words("description"), Rate(), Left())
_PLAIN = (bars.SpinnerColumn("line"), _words("description"), Left())
_NARROW = (_words("fields[short]"), Left())


def _settled(task: bars.Task) -> bool:
    return (task.elapsed or 0.0) >= SETTLED_SECONDS


def _clock(seconds: float | None) -> str:
    minutes, rest = divmod(int(seconds or 0), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
