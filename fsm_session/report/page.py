"""The page: one file with all that it needs, which fetches nothing and may fetch nothing.

Its own rule to the browser (a Content-Security-Policy) allows the two scripts that are in it,
by their digests, and no other, and no network. Texts are escaped by the template; numbers and
texts that scripts read are in base64, and are put in as text.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources
from typing import Any

from bokeh.resources import Resources
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from fsm_session.report.diagram import drawn, happened
from fsm_session.report.heat_map import HEIGHT, LEVELS, heat_map
from fsm_session.report.packing import deflate
from fsm_session.report.plot import plots
from fsm_session.report.sentence import kind_of, sentence
from fsm_session.report.told import Told
from fsm_session.report.words import clock, counted, duration, visible

#: our own script, in order: what is not a function is there only behind where it is made
SCRIPT = (
    *("tools", "unpacking", "sessions", "plot"),
    *("in_words", "going_about", "moves", "begin"),
)
#: colours for states, in the order in which a run enters them
PHASES = 10


def page(told: Told) -> bytes:
    """Write the page: HTML in UTF-8."""
    run, ours, theirs = told.run, _script(), _bokeh()
    what = happened(run, told.stays, told.lifecycle)
    lines = told.lines()
    states = list(dict.fromkeys(each.state for each in told.stays))
    text: str = _template().render(
        title=run.name or "a run",
        kind=kind_of(run),
        sentence=sentence(run, told.stays),
        run=run,
        diagram=Markup(drawn(what)),
        declared=what.declared,
        places=what.places,
        lines=lines,
        phases={state: number % PHASES for number, state in enumerate(states)},
        heat=heat_map(told.qualities, [each.date for each in lines]),
        levels=LEVELS,
        row=HEIGHT,
        sessions=told.sessions,
        index=deflate(_index(told)),
        moves=deflate([_move(each) for each in run.moves]),
        plots=deflate(plots(told.panes.counts())) if told.sessions else "",
        style=Markup(_file("page.css")),
        scripts=[Markup(theirs), Markup(ours)],
        digests=[_digest(each) for each in (theirs, ours)],
    )
    return text.encode("utf-8", "backslashreplace")


def _index(told: Told) -> dict[str, Any]:
    return {"sessions": told.index, "apart": told.panes.names()}


def _move(move: Any) -> list[Any]:
    """Give a row of the table of moves; its seconds are how long its source lasted."""
    words = (move["session"], clock(move["time"]), move["from"] or "", move["to"], move["guard"])
    return [move["move"], *map(visible, words), move["meta"]["seconds"]]


def _finalize(value: Any) -> Any:
    return visible(value) if type(value) is str else value


@cache
def _template() -> Any:
    environment = Environment(
        loader=PackageLoader("fsm_session", "report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.filters.update(duration=duration, clock=clock)
    environment.globals.update(counted=counted)
    return environment.get_template("page.html")


@cache
def _file(name: str) -> str:
    return (resources.files("fsm_session.report") / name).read_text("utf-8")


@cache
def _script() -> str:
    """Put our own script together: files that share one scope, and leave nothing outside of it."""
    parts = (_file(f"script/{name}.js") for name in SCRIPT)
    return "\n".join(['"use strict";', "(() => {", *parts, "})();", ""])


@cache
def _bokeh() -> str:
    """Give BokehJS as its wheel has it, with nothing that would end the script it stands in."""
    (script, *more) = Resources(mode="inline", components=["bokeh"], log_level="error").js_raw
    return "\n".join([script, *more]).replace("</script", "<\\/script").replace("\r\n", "\n")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
