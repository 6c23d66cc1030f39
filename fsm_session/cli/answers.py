"""What a command answers: shown to a person, or written as one JSON document for a program.

With ``--json`` there is exactly one document on stdout, whatever happens, and nothing else (what
a strategy prints goes to stderr); the exit status is the same as without. Its form, version 1,
is for every command::

    {
      "format": 1,
      "command": "run",          the name of the command
      "status": 0,               the exit status
      "result": {...},           what was asked for, by command; null where it was not come to
      "files": ["out/run.json"], the files and folders that were written
      "errors": [                what is wrong: empty where nothing is
        {
          "error": "ConfigError",    the type of the error
          "message": "...",          what is wrong
          "file": "", "key": "", "symbol": "", "time": "",               where in the input
          "phase": "", "hook": "", "worker": "", "session": "",          where in the run
          "hint": "..."              what to do about it
        }
      ]
    }

``result`` is of ``run`` and ``demo`` what ``run.json`` holds, with ``--out`` or without; of
``check``, ``verify`` and ``diagram`` what :mod:`fsm_session.cli.documents` says; of ``new`` null.
What is not known is "". Keys may be added to a form; none is taken away or renamed in it. All of
it is ASCII: no terminal obeys a name in it, and no encoding lacks a letter.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, TypeVar

import click
from attrs import asdict, frozen

from fsm_session.coordinator import Run
from fsm_session.errors import Fault, FaultyInputError, hint_of
from fsm_session.machine import Failure
from fsm_session.terminal import is_of_the_input

FORMAT = 1
DEBUG, JSON, QUIET = "fsm_session.debug", "fsm_session.json", "fsm_session.quiet"

_Decorated = TypeVar("_Decorated", bound=Callable[..., Any])


@frozen
class Answer:
    """What came of a command.

    ``show`` prints it for a person, ``result`` gives it for a program: what JSON can hold. Only
    one of them is asked. ``files`` were written. ``error`` is what went wrong, where something
    did, and ``status`` what the command leaves with: 0, or as the group says.
    """

    result: Callable[[], Any] = lambda: None
    show: Callable[[], None] = lambda: None
    files: Sequence[Path] = ()
    status: int = 0
    error: BaseException | None = None


class Answering(click.Command):
    """A command that keeps stdout for its answer, where that is to be JSON."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run it; what anybody prints meanwhile goes to stderr then."""
        if not wants_json(ctx):
            return super().invoke(ctx)
        with redirect_stdout(sys.stderr):
            return super().invoke(ctx)


def wants_json(ctx: click.Context) -> bool:
    """Tell whether the answer is to be a document."""
    return bool(ctx.meta.get(JSON))


def is_quiet(ctx: click.Context) -> bool:
    """Tell whether nothing is to be said unless something is wrong."""
    return bool(ctx.meta.get(QUIET))


def write_document(command: str, answer: Answer) -> None:
    """Write the document of an answer to stdout."""
    document = {
        "format": FORMAT,
        "command": command,
        "status": answer.status,
        "result": answer.result(),
        "files": [str(path) for path in answer.files],
        "errors": [] if answer.error is None else [*_errors(answer.error)],
    }
    # not by orjson, which writes half of a character not at all, and C1 controls as they are
    click.echo(json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2))


def _errors(error: BaseException) -> Iterator[dict[str, str]]:
    run = getattr(error, "run", None)
    if not isinstance(run, Run):
        yield from _entries(error)
        return
    for failure in run.errors:
        yield from _entries(failure.error, **_place(failure))


def _place(failure: Failure) -> dict[str, str]:
    """Say where in the run it was; the input has places of its own."""
    where = {key: failure.where.get(key, "") for key in ("session", "time")}
    if is_of_the_input(failure):
        return {"phase": failure.phase}
    return {"phase": failure.phase, "hook": failure.hook, "worker": failure.worker, **where}


def _entries(error: BaseException, **where: str) -> Iterator[dict[str, str]]:
    """Give an entry for each fault of an error."""
    own = Fault(_message(error), symbol=str(getattr(error, "symbol", "")), hint=_hint(error))
    for fault in error.faults if isinstance(error, FaultyInputError) else (own,):
        known = {key: text for key, text in asdict(fault).items() if text}
        yield {**_NOWHERE, "error": type(error).__name__, **where, **known}


#: every key of an error, in the order in which they are written
_KEYS = (
    *("error", "message", "file", "key", "symbol", "time"),
    *("phase", "hook", "worker", "session", "hint"),
)
_NOWHERE = dict.fromkeys(_KEYS, "")


def _message(error: BaseException) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    return str(error) or type(error).__name__


def _hint(error: BaseException) -> str:
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "fsm-session"
        return f"{path} --help says how it is called"
    return hint_of(error)


def _flag(name: str, *names: str, told: str) -> Callable[[_Decorated], _Decorated]:
    """Make a flag that is asked for by all: before the command or after it."""

    def note(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
        ctx.meta[name] = wanted or ctx.meta.get(name, False)

    return click.option(*names, is_flag=True, expose_value=False, callback=note, help=told)


debug = _flag(DEBUG, "--debug", told="Show tracebacks.")
quiet = _flag(QUIET, "--quiet", "-q", told="Say nothing unless something is wrong.")
as_json = _flag(JSON, "--json", told="Answer with one JSON document on stdout.")


def answers(command: _Decorated) -> _Decorated:
    """Give a command what all that answer something have: --json, --quiet, --debug."""
    return as_json(quiet(debug(command)))
