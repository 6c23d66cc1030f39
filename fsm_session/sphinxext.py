"""A Sphinx extension: a lifecycle in anyone's docs, drawn while they are built.

With ``extensions = ["fsm_session.sphinxext"]`` in ``conf.py``::

    .. lifecycle:: fsm_session.states:TRADING_DAY
       :format: page
       :hide-hooks:
       :highlight: Streaming, Streaming -> Paused

``format`` is ``svg`` (a picture; the default), ``page`` (the picture, and each state, hook and
guard in words), ``mermaid`` or ``dot`` (the text). ``highlight`` names states and ways, parted by
commas or lines, in quotes where a name has a comma. ``alt``, ``align`` and ``width`` are those of
a picture; ``name`` begins the labels of a page: ``:ref:`my-day-streaming```.

What is wrong (a name, a declaration, a missing extra) is a warning with document and line.
"""

from __future__ import annotations

import csv
import hashlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from fsm_session.errors import FsmSessionError
from fsm_session.machine.diagram import (
    Diagram,
    Options,
    diagram_of,
    to_dot,
    to_mermaid,
    to_svg,
    to_words,
)
from fsm_session.machine.diagram.files import stem_of
from fsm_session.plugins import lifecycle_of
from fsm_session.version import __version__
from fsm_session.whole_files import write_whole

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_LOGGER = logging.getLogger(__name__)
_TEXTS = {"dot": to_dot, "mermaid": to_mermaid}


def _format(argument: str) -> str:
    return directives.choice(argument, ("svg", "page", *_TEXTS))


def _names(argument: str) -> list[str]:
    """Split by commas and lines: ``Load, "Buy, or sell"``."""
    rows = csv.reader(argument.splitlines(), skipinitialspace=True)
    return [name.strip() for row in rows for name in row if name.strip()]


class LifecycleDirective(SphinxDirective):
    """``.. lifecycle:: package.module:NAME``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "format": _format,
        "hide-hooks": directives.flag,
        "highlight": _names,
        "alt": directives.unchanged,
        "align": lambda argument: directives.choice(argument, ("left", "center", "right")),
        "width": directives.length_or_percentage_or_unitless,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Draw; what is wrong is a warning, and the document is read again the next time."""
        try:
            return self._drawn()
        except FsmSessionError as error:
            for line in str(error).splitlines():
                _LOGGER.warning("lifecycle: %s", line, location=self.get_location())
            self.env.note_reread()
            return []

    def _drawn(self) -> list[nodes.Node]:
        use = self.arguments[0]
        options = Options("hide-hooks" not in self.options, self.options.get("highlight", ()))
        diagram = diagram_of(lifecycle_of(use), options)
        for path in _files(use.partition(":")[0], diagram):
            self.env.note_dependency(path)
        kind = self.options.get("format", "svg")
        if kind in _TEXTS:
            return [self._text(_TEXTS[kind](diagram))]
        # files and labels are of the whole site: each has its document in its name
        document = hashlib.sha256(self.env.docname.encode()).hexdigest()[:8]
        own = f"lifecycle-{document}-{self.env.new_serialno('lifecycle')}"
        label = nodes.make_id(self.options.get("name", "")) or own
        picture = self._picture(diagram, f"{stem_of(diagram.name)}-{own}.svg")
        return [picture, *(self._words(diagram, label) if kind == "page" else [])]

    def _text(self, text: str) -> nodes.Node:
        block = nodes.literal_block(text, text, language="none")
        self.add_name(block)
        return block

    def _picture(self, diagram: Diagram, name: str) -> nodes.Node:
        """Draw beside the doctrees, from where Sphinx takes it as any other picture."""
        path = Path(self.env.doctreedir) / "lifecycles" / name
        write_whole(path, to_svg(to_dot(diagram)).encode())
        wanted = {key: self.options[key] for key in ("align", "width") if key in self.options}
        image = nodes.image(
            uri="/" + Path(os.path.relpath(path, self.env.srcdir)).as_posix(),
            alt=self.options.get("alt", diagram.description),
            **{"align": "center", **wanted},
        )
        image.source, image.line = self.get_source_info()
        self.add_name(image)
        return image

    def _words(self, diagram: Diagram, label: str) -> list[nodes.Node]:
        return self.parse_text_to_nodes(to_words(diagram, label), allow_section_headings=True)


def _files(module: str, diagram: Diagram) -> Iterator[str]:
    """Give the files that say what is drawn: of the lifecycle, its states, hooks and guards."""
    functions = [hook for node in diagram.nodes for _, hook in node.hooks]
    functions += [guard for edge in diagram.edges for guard in edge.guards]
    homes = {module, *(node.module for node in diagram.nodes)}
    homes |= {function.where.partition(":")[0] for function in functions}
    found = (getattr(sys.modules.get(home), "__file__", None) for home in sorted(homes))
    return (path for path in found if path)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive. Reading and writing may be spread over processes."""
    app.add_directive("lifecycle", LifecycleDirective)
    return {
        "version": __version__,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
