"""Turns off what the library logs: of runs by the thousand that fail, each would say so."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unheard() -> Iterator[None]:
    """Let the library log nothing while the block lasts."""
    log = logging.getLogger("fsm_session")
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before
