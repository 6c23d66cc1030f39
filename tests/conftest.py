"""What holds for every test: nothing is kept in the folders of who runs them."""

from __future__ import annotations

import os
import tempfile

#: facts are kept between the tests of a run, as between a user's runs
_KEPT = tempfile.TemporaryDirectory(prefix="fsm-session-tests-")
os.environ["FSM_SESSION_CACHE"] = _KEPT.name
