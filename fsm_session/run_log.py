"""What a run says by the standard library's logging: a line a phase at INFO, errors at ERROR.

All of it goes to the logger ``fsm_session``; who wants it sets a level and a handler, as for any
library. Each record has as attributes ``session`` (its date), ``phase``, ``symbol`` ("" where it is
about none) and ``move``, the number that the journal gives the move: a formatter may name them all.
"""

from __future__ import annotations

import logging
import traceback
from typing import Any

from fsm_session.errors import FaultyInputError
from fsm_session.machine import Failure, Move
from fsm_session.machine.texts import writable

log = logging.getLogger("fsm_session")


class RunLog:
    """Says what one run does, and knows where it is: in what the last move led to.

    Nothing is made for those who don't listen.
    """

    def __init__(self) -> None:
        self._last: Move | None = None

    def observe(self, record: Move | Failure) -> None:
        """Say that a phase begins, or what failed; a move told again is still one."""
        if isinstance(record, Failure):
            self._failed(record)
        elif record is not self._last:
            self._last = record
            if log.isEnabledFor(logging.INFO):
                place = self._place()
                log.info("%s: %s", place["session"] or "-", record.target, extra=place)

    def about(self, symbol: str, message: str, *values: object, level: int = logging.DEBUG) -> None:
        """Say something that happened where the run is, to a symbol or ("") to none."""
        if log.isEnabledFor(level):
            place = self._place(symbol=symbol)
            told = (place["session"] or "-", *filter(None, [symbol]))
            log.log(level, f"{'%s: ' * len(told)}{message}", *told, *values, extra=place)

    def _failed(self, failure: Failure) -> None:
        if not log.isEnabledFor(logging.ERROR):
            return
        error = failure.error
        place = self._place(phase=failure.phase, symbol=symbol_of(error))
        # half a character would be refused by most of what a line is written to
        told = writable(str(failure))
        log.error("%s", told, extra=place, exc_info=error if _has_traceback(error) else None)

    def _place(self, **known: str) -> dict[str, Any]:
        last = self._last
        here = {
            "session": last.where.get("session", "") if last else "",
            "phase": last.target if last else "",
            "symbol": "",
            "move": last.number if last else 0,
        }
        return {**here, **known}


def _has_traceback(error: BaseException) -> bool:
    """Tell whether its traceback helps, and can be written: no half a character is in it."""
    if isinstance(error, FaultyInputError):  # that is not to be found in our code
        return False
    try:
        "".join(traceback.format_exception(error)).encode()
    except UnicodeEncodeError:
        return False
    return True


def symbol_of(error: BaseException) -> str:
    """Give the symbol that an error is about; "" where that is none, or not one."""
    if isinstance(error, FaultyInputError):
        symbols = {fault.symbol for fault in error.faults}
        return symbols.pop() if len(symbols) == 1 else ""
    return str(getattr(error, "symbol", ""))
