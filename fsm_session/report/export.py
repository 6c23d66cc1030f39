"""Writes the report of a run: its folder is read, session by session, and told on one page."""

from __future__ import annotations

from pathlib import Path

from fsm_session.errors import Fault, ReportError
from fsm_session.export import REPORT
from fsm_session.machine import Lifecycle
from fsm_session.report.reading import read_folder, session_records
from fsm_session.report.told import Told
from fsm_session.states import TRADING_DAY
from fsm_session.whole_files import write_whole

#: bars of an interval on one chart, and on all charts of a page
MOST_BARS, LEAST_BARS, BARS_OF_PAGE = 400, 60, 600_000


def write_report(
    folder: str | Path, file: str | Path | None = None, *, lifecycle: Lifecycle = TRADING_DAY
) -> Path:
    """Write the report of the run in a folder; give its path, ``report.html`` there unless told.

    ``lifecycle`` is the one that ran, where it was one of your own: otherwise its diagram shows
    only the ways that were taken. Only the records are read, so that the run may have failed, or
    be under way. The same records give the same bytes.

    Raises ReportError where there is no run, where its records are missing or damaged, or where
    the extra ``report`` isn't installed; ExportError where the file can't be written.
    """
    try:
        from fsm_session.report.page import page
    except ImportError as error:
        needs = "a report needs Bokeh: pip install 'fsm-session[report]'"
        raise ReportError(f"{needs}: {error}") from error
    source = Path(folder)
    run = read_folder(source)
    told = Told(run, lifecycle)
    faults: list[Fault] = []
    at_most = bars_of_chart(sum(each.symbols for each in run.sessions))
    for date, record in session_records(run, faults):
        try:
            told.look_at(date, record, at_most)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            faults.append(
                Fault(f"is not the record of a session: {error!r}", str(run.path_of(date)))
            )
    if faults:
        raise ReportError(faults)
    path = source / REPORT if file is None else Path(file)
    write_whole(path, page(told))
    return path


def bars_of_chart(charts: int) -> int:
    """Give how many bars of an interval a chart shows at most, on a page with so many charts."""
    return max(LEAST_BARS, min(MOST_BARS, BARS_OF_PAGE // max(charts, 1)))
