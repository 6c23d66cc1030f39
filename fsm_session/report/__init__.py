"""A run for a person: one HTML file, made of what the run has left behind and nothing else.

:func:`write_report` reads a folder and writes the page. It is imported when it is first asked
for; what needs the extra ``report`` (Bokeh, Jinja, Graphviz) when a page is made.
"""

from typing import TYPE_CHECKING

from fsm_session.late import late

if TYPE_CHECKING:
    from fsm_session.report.export import write_report
else:  # with this in sight a type checker would take any name for one of ours
    __getattr__ = late(__name__, {"export": ("write_report",)})

__all__ = ["write_report"]
