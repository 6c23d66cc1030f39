"""Two small parsers of our own Mermaid and DOT, and the declaration in the same words.

They know how we write, and nothing of the code that writes: what they read is compared with the
lifecycle itself.
"""

from __future__ import annotations

import html
import re
from typing import TypeAlias

from attrs import frozen

from fsm_session.machine import AnyOf, Guard, Lifecycle
from fsm_session.machine.state import name_of

Hooks: TypeAlias = list[tuple[str, str]]
Row: TypeAlias = tuple[str, str, str | None]


@frozen
class Read:
    """What a text says: states with their hooks, rows by source in order, and the ends."""

    states: dict[str, Hooks]
    rows: dict[str, list[Row]]
    initial: str
    finals: set[str]
    failure: str | None


def shown(text: str) -> str:
    """Write down a function's name by hand as a picture is to show it."""
    escaped = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return escaped.strip() or "(unnamed)"


def guards_shown(guard: Guard | None) -> list[str]:
    """Name the guards that a row asks, one by one."""
    if isinstance(guard, AnyOf):
        return [shown(name_of(each)) for each in guard.guards]
    return [] if guard is None else [shown(name_of(guard))]


def declared(lifecycle: Lifecycle) -> Read:
    """Say what a lifecycle declares, from itself."""
    states: dict[str, Hooks] = {}
    for state in lifecycle.states:
        hooks = [("entry", hook) for hook in state.entry]
        hooks += [("do", state.activity)] if state.activity is not None else []
        hooks += [("exit", hook) for hook in state.exit]
        states[state.name] = [(mark, shown(name_of(hook))) for mark, hook in hooks]
    rows: dict[str, list[Row]] = {}
    for row in lifecycle.transitions:
        rows.setdefault(row.source, []).append(
            (row.source, row.target, " or ".join(guards_shown(row.guard)) or None)
        )
    finals = {state.name for state in lifecycle.states if state.final}
    return Read(states, rows, lifecycle.initial, finals, lifecycle.failure)


def ordered(rows: list[tuple[str, str, str]]) -> dict[str, list[Row]]:
    """Sort each source's rows by the number before the label (none: it is the only one)."""
    found: dict[str, list[tuple[int, Row]]] = {}
    for source, target, label in rows:
        number, guard = re.fullmatch(r"(?:(\d+) )?(.*)", label).groups()  # type: ignore[union-attr]
        always = guard in ("", "OTHERWISE")
        row = (source, target, None if always else guard.removeprefix("IF "))
        found.setdefault(source, []).append((int(number or 1), row))
    for numbered in found.values():
        assert sorted(at for at, _ in numbered) == list(range(1, len(numbered) + 1))
    return {
        source: [row for _, row in sorted(numbered, key=lambda pair: pair[0])]
        for source, numbered in found.items()
    }


def read_dot(text: str) -> Read:
    """Read our DOT: statements of a line, and states with a table of lines."""
    names: dict[str, str] = {}
    states: dict[str, Hooks] = {}
    finals, mark, at = set(), "", ""
    rows, initial, failure = [], "", None
    for line in text.splitlines():
        if found := re.fullmatch(r'  "(\w+)" \[id="state_\1"(.*), label=<', line):
            at, mark = found[1], ""
            finals |= {at} if "peripheries" in found[2] else set()
        elif found := re.search(r"<B>(.*)</B>", line):
            names[at] = dot_text(found[1])
            states[names[at]] = []
        elif found := re.fullmatch(r' *<TR>(.*)<TD ALIGN="LEFT">(.*)</TD></TR>', line):
            mark = found[1] and (re.findall(r">(\w+)&#160;<", found[1]) or [mark])[0]
            states[names[at]].append((mark, dot_text(found[2])))
        elif found := re.fullmatch(r'  "(\w+)" -> "(\w+)" \[id="row_\d+", (.*)\]', line):
            ends = (found[2], found[1]) if 'dir="back"' in found[3] else (found[1], found[2])
            rows.append((*ends, dot_label(found[3])))
        elif found := re.fullmatch(r'  "start" -> "(\w+)" .*', line):
            initial = found[1]
        elif found := re.fullmatch(r'  "errors" -> "(\w+)" .*', line):
            failure = found[1]
    named = [(names[one], names[other.split("__")[-1]], label) for one, other, label in rows]
    return Read(
        states,
        ordered(named),
        names[initial],
        {names[each] for each in finals},
        failure and names[failure],
    )


def dot_text(text: str) -> str:
    """Read what is quoted for a label: entities, then doubled backslashes."""
    return html.unescape(text).replace("\\\\", "\\")


def dot_label(attributes: str) -> str:
    """Give a label as number, then OTHERWISE, IF and the guard, or nothing."""
    found = re.search(r"label=<&#160;(.*)&#160;>$", attributes)
    text = (found[1] if found else "").replace("<I>otherwise</I>", "OTHERWISE")
    text = re.sub(r'<FONT COLOR="#8250df">(.*)</FONT>', r"IF \1", text)
    return dot_text(text.replace(" or<BR/>", " or "))


def entities(text: str) -> str:
    """Read Mermaid's entities."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


def read_mermaid(text: str) -> Read:
    """Read our Mermaid: a line a state, a line a row."""
    names: dict[str, str] = {}
    states: dict[str, Hooks] = {}
    finals, rows, initial, failure = set(), [], "", None
    for line in text.splitlines():
        if found := re.fullmatch(r'  (\w+)(\[\[|\()"<b>(.*?)</b>(.*)"(?:\]\]|\))', line):
            names[found[1]] = entities(found[3])
            hooks = re.findall(r"<br/><i>(\w+)</i> ([^<]*)", found[4])
            states[entities(found[3])] = [(mark, entities(hook)) for mark, hook in hooks]
            finals |= {found[1]} if found[2] == "[[" else set()
        elif found := re.fullmatch(r"  start ==> (\w+)", line):
            initial = found[1]
        elif found := re.fullmatch(r"  errors -\.-> (\w+)", line):
            failure = found[1]
        elif found := re.fullmatch(r'  (\w+) (?:==>|-->|-\.->)(?:\|"(.*)"\|)? (\w+)', line):
            rows.append((found[1], found[3], mermaid_label(found[2] or "")))
    named = [(names[one], names[other.split("__")[-1]], label) for one, other, label in rows]
    return Read(
        states,
        ordered(named),
        names[initial],
        {names[each] for each in finals},
        failure and names[failure],
    )


def mermaid_label(text: str) -> str:
    """Give a label in the words of ``dot_label``."""
    number, guard = re.fullmatch(r"(<b>\d+</b> )?(.*)", text).groups()  # type: ignore[union-attr]
    guard = "OTHERWISE" if guard == "<i>otherwise</i>" else f"IF {guard}" if guard else ""
    return re.sub("</?b>", "", number or "") + entities(guard.replace(" or<br/>", " or "))
