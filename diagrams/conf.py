"""How Sphinx builds these pages: ``sphinx-build -W -n diagrams build/docs``."""

import re
from typing import Any

from fsm_session import __version__

project = "fsm_session"
author = "the authors of fsm_session"
release = version = __version__
extensions = ["sphinx.ext.autodoc", "fsm_session.sphinxext"]
html_theme = "furo"
html_title = f"fsm_session {__version__}"

autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80

nitpick_ignore_regex = [
    # not ours: described on pages that are not reached while these are built
    ("py:.*", r"(?!fsm_session\.).*"),
    # machinery, that signatures and docstrings name and nobody imports
    ("py:.*", r"fsm_session\.testing\.(journey|session_journey|faults)\..*"),
    ("py:.*", r"fsm_session\.sources\.(columns|event_columns|partitions)\b.*"),
    ("py:.*", r"fsm_session\..*\.(Inbox|Indicator|Periods|SymbolTable)"),
]


def write_defaults(_app: Any, _what: str, _name: str, it: Any, *said: Any) -> Any:
    """Write the defaults of an attrs class: its ``__init__`` has only where they are kept."""
    _options, signature, returns = said
    fields = getattr(it, "__attrs_attrs__", None)
    if fields is None or signature is None:
        return None

    def default(found: re.Match[str]) -> str:
        return repr(getattr(fields, found[1]).default)

    written = re.sub(r"attr_dict\['(\w+)'\]\.default", default, signature)
    return written.replace("NOTHING", "..."), returns


def setup(app: Any) -> None:
    """Connect what is above."""
    app.connect("autodoc-process-signature", write_defaults)
