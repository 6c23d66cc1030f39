"""How things stand by a file of verdicts: what is noticed, explained, open, or still untried."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from attrs import define, field

from tests.mutation.mutants import Mutant, mutants_of

#: in the order in which they are told
STANDINGS = ("noticed", "explained", "open", "untried")


@define
class Standing:
    """Counts by the folder of a package, or the file that stands alone, and what is open."""

    counts: defaultdict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))
    open: list[Mutant] = field(factory=list)

    @classmethod
    def of(cls, paths: Sequence[Path], of: Callable[[Mutant], str]) -> Standing:
        """Count the mutants of files, each as ``of`` says."""
        found = cls()
        alone = {path for path in paths if sum(each.parent == path.parent for each in paths) < 3}
        for path in paths:
            place = path if path in alone else path.parent
            for mutant in mutants_of(path):
                standing = of(mutant)
                found.counts[str(place).removeprefix("fsm_session/")][standing] += 1
                if standing == "open":
                    found.open.append(mutant)
        return found

    def table(self) -> Iterator[str]:
        """Give the lines of a table, of reStructuredText, and those of what is open."""
        total = sum(self.counts.values(), Counter[str]())
        yield from (".. list-table::", "   :header-rows: 1", "")
        yield from _row("where", "changes", *STANDINGS, "noticed of those tried")
        for place, counts in [*self.counts.items(), ("all", total)]:
            yield from _row(place, counts.total(), *(counts[e] for e in STANDINGS), _share(counts))
        yield ""
        yield from (f"open: {mutant}" for mutant in self.open)


def standing_of(
    key: str, told: str, verdicts: Mapping[str, str], explained: Callable[[str], bool]
) -> str:
    """Say how a mutant stands: by its verdict, or by what is written down of it."""
    if verdicts.get(key):
        return "noticed"
    if explained(told):
        return "explained"
    return "open" if key in verdicts else "untried"


def _share(counts: Mapping[str, int]) -> str:
    tried = sum(counts[each] for each in STANDINGS[:-1])
    return f"{counts['noticed'] / tried:.1%}" if tried else ""


def _row(*cells: object) -> Iterator[str]:
    for place, cell in enumerate(cells):
        yield f"   {' ' if place else '*'} - {cell}"
