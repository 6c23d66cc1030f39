"""Every error the library raises, in a tree that says who can mend it.

What is wrong is usually wrong in several places at once, so the errors of the edge (a
declaration, a configuration, data) carry all their faults together, each with its place. Every
kind of error says in a sentence what to do about it: its ``hint``. Where one case of a kind needs
another sentence, the error or the fault brings its own.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import evolve, field, frozen


@frozen
class Fault:
    """One thing that is wrong, and where: whichever of file, key, symbol and time is known.

    ``hint`` says what to do about it. It is that of the error which first brought the fault,
    unless it has its own, and stays with it in whatever other error it is collected.
    """

    message: str
    file: str = ""
    key: str = ""
    symbol: str = ""
    time: str = ""
    hint: str = field(default="", eq=False, kw_only=True)

    def __str__(self) -> str:
        """Write the place first, then what is wrong there: ``week.toml: data.end: ...``."""
        places = (self.file, self.key, self.symbol, self.time)
        return ": ".join([*filter(None, places), self.message])


class FsmSessionError(Exception):
    """The root of the tree: ``except FsmSessionError`` catches whatever the library raises.

    ``hint`` says what to do about it.
    """

    hint = "see which rule of the library's was broken: --debug shows where"

    def __init__(self, *args: object, hint: str = "") -> None:
        super().__init__(*args)
        if hint:
            self.hint = hint


class FaultyInputError(FsmSessionError):
    """Something handed to the library is wrong, in one place or in many.

    ``faults`` is a tuple of :class:`Fault`, in the order in which they were found.
    """

    hint = "mend what is named there, and try again"

    def __init__(self, faults: str | Fault | Iterable[Fault], *, hint: str = "") -> None:
        if isinstance(faults, str):
            faults = Fault(faults)
        found = (faults,) if isinstance(faults, Fault) else tuple(faults)
        hint = hint or self.hint
        self.faults = tuple(each if each.hint else evolve(each, hint=hint) for each in found)
        super().__init__("\n".join(map(str, self.faults)), hint=hint)


class DeclarationError(FaultyInputError):
    """A lifecycle is declared wrongly: its author's to mend."""

    hint = "mend the lifecycle where it is declared: its table has every state and way"


class ConfigError(FaultyInputError):
    """A configuration asks for what makes no sense: its author's to mend."""

    hint = "change it there; fsm-session check CONFIG says whether all is right"


class IntervalError(ConfigError, ValueError):
    """A text is no interval, or an interval can't be derived."""

    hint = "write it as traders do: 1s 5s 1m 5m 15m 1h 1d 1w 1mo"


class CalendarError(ConfigError):
    """No such calendar, or a date that it doesn't know."""

    hint = 'name one of exchange_calendars (XNYS, XLON, "24/7", ...), and dates that it knows'


class IndicatorError(ConfigError):
    """An indicator can't be found or computed, looks ahead, or writes into its input."""

    hint = (
        "name a function of TA-Lib's (SMA, EMA, RSI, ...) or your own as package.module:function;"
        " fsm_session.testing.check_indicator shows what is wrong with one"
    )


class DataError(FaultyInputError):
    """Market data is missing or malformed: to be mended where it comes from."""

    hint = "mend the data where it comes from, or leave the symbol out of symbols in [data]"


class RequirementsError(FaultyInputError):
    """The source can't give what the configuration asks for; nothing was registered."""

    hint = (
        "bring what is missing, or ask for less: fewer symbols, streams or dates;"
        ' missing = "skip" in [data] leaves a symbol out where it has no data'
    )

    #: the phase that found it, whichever raises it
    phase = "Validate"


class UserCodeError(FsmSessionError):
    """A worker, scanner or strategy raised or answered what it may not."""

    hint = "mend your own part; --debug shows the line, --resume then goes on from there"


class PartError(UserCodeError):
    """A strategy or scanner raised, or answered what it may not.

    ``kind`` and ``part`` name it, ``symbol`` is the one it was shown ("" where it was shown
    all), ``time`` the clock's, in words; what it raised is the cause.
    """

    hint = (
        "mend it (--debug shows the line), and --resume goes on from that session;"
        ' on_error = "disable" takes it out of a session instead'
    )

    def __init__(self, kind: str, part: str, symbol: str, time: str, message: str) -> None:
        self.kind, self.part, self.symbol, self.time = kind, part, symbol, time
        super().__init__(f"{kind} {part!r} {message}")


class WorkerError(UserCodeError):
    """A worker failed; ``worker`` is its name."""

    hint = "mend the worker (--debug shows the line); --resume goes on from that session"

    def __init__(self, worker: str, message: str) -> None:
        self.worker = worker
        super().__init__(f"worker {worker!r} {message}")


class WorkerHungError(WorkerError):
    """A worker did not answer by its deadline. It is left behind, named as unclean."""

    hint = "see what it waits for, or give it longer: deadline (seconds) in [workers]"


class GuardError(UserCodeError):
    """A guard answered something other than True or False."""

    hint = "let the guard answer True or False: bool(...) around what it says now"


class IllegalMoveError(FsmSessionError):
    """A move the table does not have, or whose guard says no. Nothing has changed."""

    hint = "leave a request instead (stop, add_symbol, remove_symbol); a run is run once"


class ClockError(FsmSessionError):
    """The clock of a backtest was told to go back."""

    hint = "give the clock times in their order: a session is never gone back in"


class StaleSessionError(FsmSessionError):
    """Something left over from an ended session tried to look at or write into its data."""

    hint = "use the view that this session's setup was given; keep none over the night"


class UnknownNameError(FsmSessionError, KeyError):
    """No such symbol, interval, column or indicator in this session (or not yet)."""

    hint = "ask for it in [data] (symbols, streams, indicators), or for another name"

    def __str__(self) -> str:
        """Undo KeyError, which would show the message in quotes."""
        return str(self.args[0]) if self.args else ""


class JournalError(FsmSessionError):
    """The journal can't be written or read."""

    hint = "free the disk or the folder and use --resume, or choose another folder with --out"


class ResumeError(FaultyInputError):
    """A run can't be gone on with: what it was made of has changed since, and this says where."""

    hint = "undo the change, or begin anew: --overwrite, or another folder with --out"


class ExportError(FsmSessionError):
    """A record of the session or the run can't be written."""

    hint = "see that there is room and that you may write there, or choose another folder"


class DiagramError(ExportError):
    """A picture can't be drawn, or what was drawn can't be read."""

    hint = "pip install 'fsm-session[diagrams]', and see that the folder can be read"


class ReportError(FaultyInputError):
    """What a run has left can't be told of: it is missing, damaged, or what draws it is."""

    hint = "name the folder that a run was given by --out; --resume makes whole what is damaged"


class RunFailedError(ExceptionGroup[Exception]):
    """A run ended Failed: the first error, then those of the clean-up, as they happened.

    ``run`` is the :class:`~fsm_session.coordinator.Run`, with its data, as far as it came.
    """

    run: object = None


class RunInterruptedError(BaseExceptionGroup[BaseException]):
    """The same where one of the errors is no Exception: SystemExit, a second Ctrl-C."""

    run: object = None


GO_ON = "--resume goes on from the sessions that are finished, where they were kept with --out"
#: of what is neither ours nor was caught by us as somebody's
UNEXPECTED = "this comes from code outside the library: --debug shows the line"


def hint_of(error: BaseException) -> str:
    """Say what to do about an error, whoever raised it."""
    if isinstance(error, KeyboardInterrupt):
        return GO_ON
    return error.hint if isinstance(error, FsmSessionError) else UNEXPECTED
