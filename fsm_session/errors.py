"""Every error the library raises, in a tree that says who can mend it.

What is wrong is usually wrong in several places at once, so the errors of the edge (a
declaration, a configuration, data) carry all their faults together, each with its place.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import frozen


@frozen
class Fault:
    """One thing that is wrong, and where: whichever of file, key, symbol and time is known."""

    message: str
    file: str = ""
    key: str = ""
    symbol: str = ""
    time: str = ""

    def __str__(self) -> str:
        """Write the place first, then what is wrong there: ``week.toml: data.end: ...``."""
        places = (self.file, self.key, self.symbol, self.time)
        return ": ".join([*filter(None, places), self.message])


class FsmSessionError(Exception):
    """The root of the tree: ``except FsmSessionError`` catches whatever the library raises."""


class FaultyInputError(FsmSessionError):
    """Something handed to the library is wrong, in one place or in many.

    ``faults`` is a tuple of :class:`Fault`, in the order in which they were found.
    """

    def __init__(self, faults: str | Fault | Iterable[Fault]) -> None:
        if isinstance(faults, str):
            faults = Fault(faults)
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class DeclarationError(FaultyInputError):
    """A lifecycle is declared wrongly: its author's to mend."""


class ConfigError(FaultyInputError):
    """A configuration asks for what makes no sense: its author's to mend."""


class IntervalError(ConfigError, ValueError):
    """A text is no interval, or an interval can't be derived."""


class CalendarError(ConfigError):
    """No such calendar, or a date that it doesn't know."""


class IndicatorError(ConfigError):
    """An indicator can't be found or computed, looks ahead, or writes into its input."""


class DataError(FaultyInputError):
    """Market data is missing or malformed: to be mended where it comes from."""


class RequirementsError(FaultyInputError):
    """The source can't give what the configuration asks for; nothing was registered."""

    #: the phase that found it, whichever raises it
    phase = "Validate"


class UserCodeError(FsmSessionError):
    """A worker, scanner or strategy raised or answered what it may not."""


class PartError(UserCodeError):
    """A strategy or scanner raised, or answered what it may not.

    ``kind`` and ``part`` name it, ``symbol`` is the one it was shown ("" where it was shown
    all), ``time`` the clock's, in words; what it raised is the cause.
    """

    def __init__(self, kind: str, part: str, symbol: str, time: str, message: str) -> None:
        self.kind, self.part, self.symbol, self.time = kind, part, symbol, time
        super().__init__(f"{kind} {part!r} {message}")


class WorkerError(UserCodeError):
    """A worker failed; ``worker`` is its name."""

    def __init__(self, worker: str, message: str) -> None:
        self.worker = worker
        super().__init__(f"worker {worker!r} {message}")


class WorkerHungError(WorkerError):
    """A worker did not answer by its deadline. It is left behind, named as unclean."""


class GuardError(UserCodeError):
    """A guard answered something other than True or False."""


class IllegalMoveError(FsmSessionError):
    """A move the table does not have, or whose guard says no. Nothing has changed."""


class ClockError(FsmSessionError):
    """The clock of a backtest was told to go back."""


class StaleSessionError(FsmSessionError):
    """Something left over from an ended session tried to look at or write into its data."""


class UnknownNameError(FsmSessionError, KeyError):
    """No such symbol, interval, column or indicator in this session (or not yet)."""

    def __str__(self) -> str:
        """Undo KeyError, which would show the message in quotes."""
        return str(self.args[0]) if self.args else ""


class JournalError(FsmSessionError):
    """The journal can't be written or read."""


class ResumeError(FaultyInputError):
    """A run can't be gone on with: what it was made of has changed since, and this says where."""


class ExportError(FsmSessionError):
    """A record of the session or the run can't be written."""


class DiagramError(ExportError):
    """A picture can't be drawn, or what was drawn can't be read."""


class ReportError(FaultyInputError):
    """What a run has left can't be told of: it is missing, damaged, or what draws it is."""


class RunFailedError(ExceptionGroup[Exception]):
    """A run ended Failed: the first error, then those of the clean-up, as they happened.

    ``run`` is the :class:`~fsm_session.coordinator.Run`, with its data, as far as it came.
    """

    run: object = None


class RunInterruptedError(BaseExceptionGroup[BaseException]):
    """The same where one of the errors is no Exception: SystemExit, a second Ctrl-C."""

    run: object = None
