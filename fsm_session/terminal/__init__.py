"""What a run looks like to a person: its progress, its closing table, its faults.

Names come from configurations and data, and a terminal obeys what it is sent: so whatever is
shown goes through :func:`shown`, and nothing is read as markup. Results go to stdout, progress
and faults to stderr.
"""

from fsm_session.terminal.faults import (
    is_of_the_input,
    show_error,
    show_failures,
    show_traceback,
)
from fsm_session.terminal.log_lines import log_lines
from fsm_session.terminal.needs import show_requirements
from fsm_session.terminal.progress import RunProgress, waiting
from fsm_session.terminal.results import show_files, show_run, written
from fsm_session.terminal.text import cut, print_anything, shown
from fsm_session.terminal.verification import show_exploration

__all__ = [
    "RunProgress",
    "cut",
    "is_of_the_input",
    "log_lines",
    "print_anything",
    "show_error",
    "show_exploration",
    "show_failures",
    "show_files",
    "show_requirements",
    "show_run",
    "show_traceback",
    "shown",
    "waiting",
    "written",
]
