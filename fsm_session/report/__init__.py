"""A run for a person: one HTML file, made of what the run has left behind and nothing else.

:func:`write_report` reads a folder and writes the page. What needs the extra ``report`` (Bokeh,
Jinja, Graphviz) is imported when a page is made.
"""

from fsm_session.report.export import FILE, write_report

__all__ = ["FILE", "write_report"]
