"""What a check says of an offender: the sentence, and the example under it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from fsm_session.testing import BrokenPromiseError


def told(check: Callable[..., None], *arguments: Any, **options: Any) -> list[str]:
    """Give the lines of what a check has to say; the test fails where it has nothing."""
    with pytest.raises(BrokenPromiseError) as caught:
        check(*arguments, **options)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__
    assert getattr(caught.value, "__notes__", []) == []
    return str(caught.value).splitlines()


def sentence(check: Callable[..., None], *arguments: Any, **options: Any) -> str:
    """Give the first line of what a check has to say."""
    return told(check, *arguments, **options)[0]
