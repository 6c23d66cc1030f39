"""Where the recorded markets and the reference values are; tests skip where they are not."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("FSM_SESSION_SHARED", Path(__file__).parent.parent.parent / "shared"))

needs_shared = pytest.mark.skipif(
    not (SHARED / "data").is_dir(),
    reason="no recorded market data beside the checkout (set FSM_SESSION_SHARED)",
)
