"""The plot of a session, made with Bokeh once and without data: a page fills it in.

A page has one for every number of panes and each ground, light and dark, however many sessions
there are. What a page fills has a name: the sources ``bars``, ``lines``, ``gaps``, ``signals``,
``scans``, ``pane0`` and so on, and the range ``x``.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from bokeh.embed import json_item
from bokeh.layouts import column
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    CrosshairTool,
    DataRange1d,
    DatetimeTickFormatter,
    HoverTool,
    NumeralTickFormatter,
    PanTool,
    Range1d,
    ResetTool,
    WheelZoomTool,
)
from bokeh.models.annotations import Span
from bokeh.plotting import figure
from bokeh.themes import Theme

PRICE, VOLUME, PANE = 360, 110, 130  # pixels
MARGIN = 62  # pixels: room for the longest figures, the same for all panes, so that times align

BARS = ("left", "right", "middle", "open", "high", "low", "close", "top", "bottom")
COLUMNS = {
    "bars": (*BARS, "volume", "colour", "when"),
    "lines": ("xs", "ys", "colour", "name"),
    "gaps": ("left", "right"),
    "signals": ("x", "y", "marker", "colour", "when", "action", "strategy", "quantity", "reason"),
    "scans": ("x", "y", "when", "strategy", "reason"),
}
INKS = {
    "light": {"ink": "#3d444d", "faint": "#d1d9e0", "gap": "#bf8700", "scan": "#8250df"},
    "dark": {"ink": "#c3cad2", "faint": "#3d444d", "gap": "#d29922", "scan": "#be8fff"},
}


def plots(counts: list[int]) -> dict[str, Any]:
    """Make the plots for these numbers of panes, on each ground, as ``Bokeh.embed`` takes them.

    The same numbers give the same plots: nothing in them is made at random.
    """
    return {f"{ground}{count}": plot_of(count, ground) for ground in INKS for count in counts}


@cache
def plot_of(panes: int, ground: str) -> dict[str, Any]:
    """Make one plot, for so many panes on this ground."""
    inks = INKS[ground]
    item: Any = json_item(_plot(panes, inks), theme=_theme(inks))
    numbers: dict[str, str] = {}
    item = _renumbered(item, numbers)
    item["root_id"] = numbers[item["root_id"]]
    return dict(item)


def _renumbered(value: Any, numbers: dict[str, str]) -> Any:
    """Number the models anew: Bokeh goes on counting from plot to plot."""
    if isinstance(value, dict):
        changed = {key: _renumbered(each, numbers) for key, each in value.items()}
        if isinstance(own := value.get("id"), str):
            changed["id"] = numbers.setdefault(own, f"m{len(numbers)}")
        return changed
    if isinstance(value, (list, tuple)):
        return [_renumbered(each, numbers) for each in value]
    return value


def _theme(inks: dict[str, str]) -> Theme:
    """Give the looks on a ground: its own is the page's."""
    ink, faint = inks["ink"], inks["faint"]
    line = {"axis_line_color": faint, "major_tick_line_color": faint, "minor_tick_line_color": None}
    text = {"major_label_text_color": ink, "major_label_text_font_size": "11px"}
    return Theme(
        json={
            "attrs": {
                "figure": {
                    "background_fill_color": None,
                    "border_fill_color": None,
                    "outline_line_color": None,
                },
                "Axis": {**line, **text},
                "Grid": {"grid_line_color": faint, "grid_line_alpha": 0.5},
                "Title": {"text_color": ink, "text_font_size": "12px", "text_font_style": "normal"},
            }
        }
    )


def _plot(panes: int, inks: dict[str, str]) -> Any:
    """Stack the panes: price, volume, and one for each indicator that isn't on the price."""
    x = Range1d(start=0, end=1, name="x")
    sources = {name: _source(name) for name in COLUMNS}
    price = _figure(PRICE, x)
    _draw_price(price, sources, inks)
    volume = _figure(VOLUME, x, title="volume")
    volume.vbar("middle", "width", "volume", 0, source=sources["bars"], color="colour")
    volume.y_range.start = 0
    volume.yaxis.formatter = NumeralTickFormatter(format="0[.]0a")
    stacked = [price, volume]
    for number in range(panes):
        pane = _figure(PANE, x, name=f"title{number}")
        source = _source("lines", f"pane{number}")
        lines = pane.multi_line("xs", "ys", source=source, color="colour", line_width=1.5)
        pane.y_range.renderers = [lines]
        stacked.append(pane)
    _share_tools(stacked, inks)
    for each in stacked[:-1]:
        each.xaxis.major_label_text_font_size = "0px"
    return column(stacked, sizing_mode="stretch_width", spacing=4, name="plot")


def _source(kind: str, name: str = "") -> ColumnDataSource:
    names = (*COLUMNS[kind], "width") if kind == "bars" else COLUMNS[kind]
    return ColumnDataSource({each: [] for each in names}, name=name or kind)


def _figure(height: int, x: Range1d, *, title: str = "", name: str = "") -> Any:
    made: Any = figure(
        height=height,
        sizing_mode="stretch_width",
        x_range=x,
        y_range=DataRange1d(range_padding=0.08, only_visible=True),
        x_axis_type="datetime",
        tools="",
        toolbar_location=None,
        min_border_left=MARGIN,
        min_border_right=20,
        min_border_top=6,
        title=title or (" " if name else None),
    )
    if name:
        made.title.name = name
    made.xaxis.formatter = DatetimeTickFormatter(
        hours="%H:%M", hourmin="%H:%M", minutes="%H:%M", seconds="%H:%M:%S", minsec="%H:%M:%S"
    )
    made.yaxis.formatter = NumeralTickFormatter(format="0,0[.]00[00]")
    made.yaxis.ticker.desired_num_ticks = 6 if height > PANE else 3
    return made


def _draw_price(price: Any, sources: dict[str, ColumnDataSource], inks: dict[str, str]) -> None:
    """Draw, from behind to the front: gaps, bars, lines, scans, signals."""
    price.vstrip("left", "right", source=sources["gaps"], line_color=None, fill_alpha=0.15,
                 fill_color=inks["gap"], name="gap_strips")  # fmt: skip
    price.segment("middle", "low", "middle", "high", source=sources["bars"], color="colour")
    bars = price.quad("left", "right", "top", "bottom", source=sources["bars"], color="colour",
                      name="bodies")  # fmt: skip
    price.multi_line("xs", "ys", source=sources["lines"], color="colour", line_width=1.5)
    scans = price.scatter("x", "y", source=sources["scans"], marker="circle", size=11,
                          fill_color=None, line_color=inks["scan"], line_width=2,
                          name="scan_marks")  # fmt: skip
    signals = price.scatter("x", "y", source=sources["signals"], marker="marker", size=10,
                            color="colour", line_color=inks["ink"],
                            name="signal_marks")  # fmt: skip
    price.y_range.renderers = [bars, price.renderers[1], signals, scans]
    price.tools = [
        HoverTool(renderers=[bars], tooltips=[(each, f"@{each}") for each in BAR_TOLD]),
        HoverTool(renderers=[signals], tooltips=[(each, f"@{each}") for each in SIGNAL_TOLD]),
        HoverTool(renderers=[scans], tooltips=[(each, f"@{each}") for each in SCAN_TOLD]),
    ]


BAR_TOLD = ("when", "open", "high", "low", "close", "volume")
SIGNAL_TOLD = ("when", "action", "strategy", "quantity", "reason")
SCAN_TOLD = ("when", "strategy", "reason")


def _share_tools(stacked: list[Any], inks: dict[str, str]) -> None:
    """Let all panes be moved as one; the wheel scrolls the page until it is asked to zoom."""
    upright = Span(dimension="height", line_color=inks["ink"], line_alpha=0.5, line_dash="dotted")
    for each in stacked:
        each.add_tools(*_tools(), CrosshairTool(overlay=upright))
    stacked[0].toolbar_location = "above"
    stacked[0].toolbar.logo = None
    stacked[0].toolbar.autohide = False


def _tools() -> Iterator[Any]:
    yield PanTool(dimensions="width")
    yield BoxZoomTool(dimensions="width")
    yield WheelZoomTool(dimensions="width")
    yield ResetTool()
