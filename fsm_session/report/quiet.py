"""Keeps what a library in C says about the fonts of a machine from the reader of a terminal.

Fontconfig writes straight to the process's stderr where a machine's font settings are newer than
it, or are none: nothing that a person who asked for a report could mend, or need know.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

ABOUT = b"Fontconfig"


@contextmanager
def quiet_about_fonts() -> Iterator[None]:
    """Hold back what is written to file descriptor 2; let go of all but the lines about fonts."""
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:  # there is no stderr
        yield
        return
    with tempfile.TemporaryFile() as aside:
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)
            aside.seek(0)
            for line in aside:
                if not line.startswith(ABOUT):
                    os.write(2, line)
