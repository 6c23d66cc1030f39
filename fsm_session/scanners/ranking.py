"""What the ready-made scanners share: of a figure for each symbol, which ones are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from attrs import frozen

from fsm_session.session.signals import Found
from fsm_session.session.view import SymbolView, View


@frozen
class Ranking:
    """Which symbols are found: those whose figure is large enough, the largest first.

    ``at_least``: the least size of a figure, whatever its sign. ``top``: how many are found at
    most, None for all. Raises ValueError for a negative one, or a ``top`` below 1.
    """

    at_least: float
    top: int | None

    def __attrs_post_init__(self) -> None:
        """Refuse what would find nothing, or can't be compared."""
        given: Any = self.at_least
        if not isinstance(given, (int, float)) or isinstance(given, bool) or not given >= 0:
            raise ValueError(f"at_least must be a number from 0 up, not {self.at_least!r}")
        if self.top is not None and (type(self.top) is not int or self.top < 1):
            raise ValueError(f"top must be a whole number from 1 up, not {self.top!r}")

    def pick(self, found: Iterable[tuple[Found, float]]) -> list[Found]:
        """Pick from what was found, each with the figure that counts; equal ones by name."""
        large = [each for each in found if abs(each[1]) >= self.at_least]
        large.sort(key=lambda each: (-abs(each[1]), each[0].symbol))
        return [found for found, _ in large[: self.top]]


def measured(
    view: View, measure: Callable[[SymbolView], dict[str, float] | None]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure every symbol of a view; those that can't be measured yet are left out."""
    for symbol in view:
        figures = measure(view[symbol])
        if figures is not None:
            yield symbol, figures
