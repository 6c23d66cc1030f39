"""What a run would need: which bars of which symbols, how far back, on whose account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import click

from fsm_session.session.plan import SymbolPlan
from fsm_session.session.requirements import Requirements
from fsm_session.terminal.text import cell, ends, names_of, print_table, shown, table_of


def show_requirements(found: Requirements, name: str, not_imported: Sequence[str] = ()) -> None:
    """Print what a run would need: its sessions, and a row for the symbols with equal needs.

    ``not_imported`` is what was not looked at.
    """
    _print_needs(name, found.plans, found)
    for scanner, plans in found.universes.items():
        _print_needs(f"watched by {scanner}", plans, found)
    first, last = found.sessions[0], found.sessions[-1]
    early = [each.label for each in found.sessions if each.early_close]
    click.echo(f"sessions    {len(found.sessions)}: {first.label} to {last.label}")
    click.echo(f"half-days   {names_of(early) or 'none'}")
    click.echo(f"indicators  {shown(names_of(_indicators(found))) or 'none'}")
    for each in not_imported:
        click.echo(f"not imported, so not looked at  {shown(each)}")
    click.echo("all else is there" if not_imported else "all of it is there")


def _print_needs(title: str, plans: Mapping[str, SymbolPlan], found: Requirements) -> None:
    table = table_of("symbols", "base", "streams", "history", "left out", title=title)
    alike: dict[tuple[str, ...], list[str]] = {}
    for plan in plans.values():
        alike.setdefault(_needs(plan, found), []).append(plan.symbol)
    for row in ends([(names_of(symbols), *needs) for needs, symbols in alike.items()]):
        table.add_row(*map(cell, row))
    print_table(table)


def _indicators(found: Requirements) -> list[str]:
    """Name the indicators of any symbol, once each."""
    names: dict[str, None] = {}
    for plans in (found.plans, *found.universes.values()):
        for plan in plans.values():
            names |= dict.fromkeys(plan.indicator_names)
    return list(names)


def _needs(plan: SymbolPlan, found: Requirements) -> tuple[str, ...]:
    """Write what a symbol needs: base, streams, history, the dates it is left out on."""
    derived = " ".join(map(str, plan.derived))
    history = _history(plan, found)
    streams = " ".join((derived, *_events(plan))).strip()
    return (_base(plan), streams or "-", history or "-", names_of(found.left_out(plan)) or "-")


def _base(plan: SymbolPlan) -> str:
    return f"{plan.base} of ticks" if plan.from_ticks else str(plan.base)


def _events(plan: SymbolPlan) -> Iterator[str]:
    """Write what is streamed beside bars, and what of it is made from them."""
    for kind in plan.events:
        yield kind if kind in plan.recorded else f"{kind}-of-bars"


def _history(plan: SymbolPlan, found: Requirements) -> str:
    """Write what the first session keeps as history, and what is read where that is more."""
    assert found.calendar is not None
    first, calendar = found.sessions[0], found.calendar
    days = found.history_sessions(plan)
    parts = [
        f"{_counted(count)} of {' '.join(str(e) for e, d in days.items() if d == count)}"
        for count in sorted(set(days.values()) - {0})
    ]
    read = len(calendar.between(plan.reach.first(first, calendar).date, first.date)) - 1
    return ", ".join(parts + [f"{_counted(read)} read"] * (read > max(days.values())))


def _counted(sessions: int) -> str:
    return f"{sessions} session{'s' * (sessions != 1)}"
