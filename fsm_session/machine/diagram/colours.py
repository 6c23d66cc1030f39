"""The colours of a picture, by what they are for; on a dark page others take their place.

They are those of GitHub's own pages, where text on its ground has a contrast of 4.5 and more.
Only the ways of errors are fainter, so that the main way stands out.
"""

from __future__ import annotations

GROUND, FILL, INK, LINE = "#ffffff", "#f6f8fa", "#1f2328", "#59636e"
#: guards, the way back, the failure state and what leads to it, what is to stand out
VIOLET, BLUE, RED, PALE_RED = "#8250df", "#0969da", "#cf222e", "#e5868c"
AMBER, PALE_AMBER = "#9a6700", "#fff8c5"

IN_THE_DARK = {
    GROUND: "#0d1117",
    FILL: "#151b23",
    INK: "#f0f6fc",
    LINE: "#9198a1",
    VIOLET: "#ab7df8",
    BLUE: "#4493f8",
    RED: "#f85149",
    PALE_RED: "#a4474b",
    AMBER: "#d29922",
    PALE_AMBER: "#372a0e",
}


def style() -> str:
    """Write the style sheet of an SVG: its dark colours, and a rim that keeps lines off labels."""
    dark = "".join(
        f'[fill="{light}"]{{fill:{dark}}}[stroke="{light}"]{{stroke:{dark}}}\n'
        for light, dark in IN_THE_DARK.items()
    )
    rim = ".edge text{paint-order:stroke;stroke-width:3px;stroke-linejoin:round;stroke:"
    return (
        f"<style>\n{rim}{GROUND}}}\n"
        f"@media (prefers-color-scheme: dark){{\n{dark}{rim}{IN_THE_DARK[GROUND]}}}\n}}\n</style>\n"
    )
