"""Ctrl-C and SIGTERM, while a run lasts: the first stops it in good order, the next breaks off."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from fsm_session.cli.group import SIGNAL
from fsm_session.coordinator import SessionCoordinator

STOPPING = "stopping after this step; again to break off"


@contextmanager
def stopped_by_signals(
    coordinator: SessionCoordinator, tell: Callable[[str], None]
) -> Iterator[None]:
    """Take SIGINT and SIGTERM: the first stops the run in good order, the next breaks it off.

    What was ignored stays ignored; afterwards all is as it was before.
    """
    meta = click.get_current_context().meta

    def stop(number: int, _: object) -> None:
        meta[SIGNAL] = number
        for each in before:
            signal.signal(each, signal.default_int_handler)
        coordinator.stop()
        tell(STOPPING)

    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}
    before = {n: each for n, each in handlers.items() if each not in (None, signal.SIG_IGN)}
    try:
        for number in before:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
