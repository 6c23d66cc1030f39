"""What a text names in somebody's modules: ``package.module:Name``, imported here and nowhere else.

A text comes from a configuration or a command line; whether it can be imported is seen before
anything is.
"""

from __future__ import annotations

import importlib
import reprlib
from operator import attrgetter
from typing import Any

from fsm_session.errors import ConfigError

#: no one's package, module and name are longer than this together
LONGEST_PLACE = 200


def place_fault(text: str) -> str:
    """Say why a text can't be imported ("" where it reads ``package.module:Name``); nothing is.

    Names that begin with two underscores are Python's own, and lead from any module to all that
    there is: ``json:JSONDecoder.__init__.__globals__``.
    """
    module, _, name = text.partition(":")
    parts = (*module.split("."), *name.split("."))
    if len(text) > LONGEST_PLACE or not all(map(str.isidentifier, parts)):
        return 'must read "package.module:Name"'
    return "must name nothing of Python's own" if "__" in {p[:2] for p in parts} else ""


def named(text: str) -> Any:
    """Import what ``package.module:Name`` names: that module with its packages, and nothing else.

    Raises ConfigError where the text doesn't read so, otherwise whatever the import does.
    """
    if wrong := place_fault(text):
        raise ConfigError(f"{wrong}, not {reprlib.repr(text)}")
    module, _, name = text.partition(":")
    return attrgetter(name)(importlib.import_module(module))
