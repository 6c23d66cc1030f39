"""The results of ``check``, ``verify`` and ``diagram`` as documents for a program.

``check``: ``name``, ``calendar``, ``sessions`` [{``date``, ``open``, ``close``, ``early_close``}],
``symbols`` and, by scanner, ``universes``: symbol -> {``base``, ``from_ticks``, ``derived``,
``events``, ``recorded``, ``history_sessions`` (interval -> how many before the first session),
``indicators``, ``left_out`` [date]}, and ``not_imported``.

``verify``: ``lifecycle``, ``workers``, ``configurations``, ``ways``, ``depth``, ``states``,
``rows`` [{``from``, ``to``, ``guard``}], ``holds``, ``promises`` [{``promise``, ``holds``, ``way``,
``facts``, ``again``}] (the way is the counterexample), ``not_asked``.

``diagram``: ``lifecycle``, ``up_to_date`` (true of what was just written), ``differences``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fsm_session.config import SessionConfig
from fsm_session.machine import Lifecycle
from fsm_session.machine.explore import Exploration
from fsm_session.machine.state import name_of
from fsm_session.session.plan import SymbolPlan
from fsm_session.session.requirements import Requirements
from fsm_session.session_record import iso

Document = dict[str, Any]


def requirements(
    found: Requirements, config: SessionConfig, not_imported: Sequence[str]
) -> Document:
    """Give what a run would need."""
    sessions = [
        {
            "date": each.label,
            "open": iso(each.open_ns),
            "close": iso(each.close_ns),
            "early_close": each.early_close,
        }
        for each in found.sessions
    ]
    return {
        "name": config.name,
        "calendar": config.calendar,
        "sessions": sessions,
        "symbols": _plans(found.plans, found),
        "universes": {name: _plans(plans, found) for name, plans in found.universes.items()},
        "not_imported": list(not_imported),
    }


def _plans(plans: Mapping[str, SymbolPlan], found: Requirements) -> Document:
    return {symbol: _plan(plan, found) for symbol, plan in plans.items()}


def _plan(plan: SymbolPlan, found: Requirements) -> Document:
    return {
        "base": str(plan.base),
        "from_ticks": plan.from_ticks,
        "derived": list(map(str, plan.derived)),
        "events": list(plan.events),
        "recorded": list(plan.recorded),
        "history_sessions": {
            str(interval): count for interval, count in found.history_sessions(plan).items()
        },
        "indicators": list(plan.indicator_names),
        "left_out": found.left_out(plan),
    }


def exploration(found: Exploration) -> Document:
    """Give what was visited of a lifecycle, what holds, and how the rest is broken."""
    return {
        "lifecycle": found.lifecycle,
        "workers": found.workers,
        "configurations": found.configurations,
        "ways": found.ways,
        "depth": found.depth,
        "states": list(found.states),
        "rows": [
            {"from": row.source, "to": row.target, "guard": name_of(row.guard) if row.guard else ""}
            for row in found.rows
        ],
        "holds": found.holds,
        "promises": [_promise(promise, found) for promise in found.promises],
        "not_asked": list(found.not_asked),
    }


def _promise(promise: str, found: Exploration) -> Document:
    broken = found.broken(promise)
    return {
        "promise": promise,
        "holds": broken is None,
        "way": list(broken.way) if broken else [],
        "facts": broken.facts if broken else "",
        "again": list(broken.again) if broken else [],
    }


def drawing(lifecycle: Lifecycle, differences: Sequence[str] = ()) -> Document:
    """Give whether the pictures of a lifecycle are what the code says, and where they aren't."""
    return {
        "lifecycle": lifecycle.name,
        "up_to_date": not differences,
        "differences": list(differences),
    }
