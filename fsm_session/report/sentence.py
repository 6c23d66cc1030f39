"""The outcome of a run in one sentence."""

from __future__ import annotations

from fsm_session.report.reading import RunFolder
from fsm_session.report.timeline import Stay, lasted
from fsm_session.report.words import clock, counted, duration

OUTCOMES = {"completed": "Completed", "stopped": "Stopped", "failed": "Failed"}
LONGEST_MESSAGE = 120


def sentence(run: RunFolder, stays: list[Stay]) -> str:
    """Say how a run ended, or that it has not, and what it did until then."""
    return f"{_ending(run, stays)}: {_did(run)}{_lasted(stays)}."


def kind_of(run: RunFolder) -> str:
    """Give the outcome as a word: completed, stopped, failed, open."""
    return run.outcome if run.outcome in OUTCOMES else "open"


def _ending(run: RunFolder, stays: list[Stay]) -> str:
    if run.outcome == "failed" and run.errors:
        first = run.errors[0]
        message = " ".join(first.message.split())
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]} ..."
        where = f" of {first.session}" if first.session else ""
        at = f", at {clock(first.time)[11:]} on the clock" if first.time else ""
        return f"Failed in {first.phase}{where}{at}, with {first.error} ({message})"
    if run.outcome in OUTCOMES:
        return OUTCOMES[run.outcome]
    if not stays:
        return "Not ended (killed, or under way) before its first move"
    last = stays[-1]
    return f"Not ended (killed, or under way) in {last.state} of {last.session}"


def _did(run: RunFolder) -> str:
    done = [each for each in run.sessions if each.complete]
    if not run.sessions:
        return "no session was finished"
    first, last = run.sessions[0].date, run.sessions[-1].date
    span = first if first == last else f"{first} to {last}"
    broken = len(run.sessions) - len(done)
    more = f" and {broken} broken off" if broken else ""
    sums = (
        counted(max(each.symbols for each in run.sessions), "symbol"),
        counted(sum(each.bars for each in run.sessions), "bar"),
        counted(sum(each.signals for each in run.sessions), "signal"),
    )
    return f"{counted(len(done), 'session')}{more}, {span}, with {', '.join(sums)}"


def _lasted(stays: list[Stay]) -> str:
    seconds = lasted(stays)
    return f", in {duration(seconds)}" if seconds else ""
