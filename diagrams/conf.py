"""How Sphinx builds these pages: ``sphinx-build -W -n diagrams build/docs``."""

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
