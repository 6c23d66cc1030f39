"""Load: make the session's structures and fill them.

On entry there is nothing but clock, configuration and requirements. On leaving every configured
symbol stands in SessionData with history, day, derived bars and indicators as whole columns,
hidden by the clock until they happen; of what scanners watch stands the little they asked for.
"""

from __future__ import annotations

from fsm_session.context import SessionContext
from fsm_session.machine import State
from fsm_session.machine.effects import Effect, effect


def put_the_clock_at_the_open(context: SessionContext) -> None:
    """Set the clock to the session's first instant."""
    context.clock.enter_session()


def register_symbols(context: SessionContext) -> None:
    """Make the structure of every configured symbol that has data on this day."""
    for plan in context.plans_today():
        context.registrar.register_symbol(plan, context.data)


@effect(Effect.LOADS)
def load_history(context: SessionContext) -> None:
    """Read history and day of each symbol in one go, and derive the coarser bars."""
    for plan in context.plans_today():
        context.registrar.load(plan, context.data)


def load_quotes_and_ticks(context: SessionContext) -> None:
    """Read the day's quotes and ticks of the symbols that have such streams."""
    for plan in context.plans_today():
        context.registrar.load_events(plan, context.data)


def register_indicators(context: SessionContext) -> None:
    """Compute each indicator over history and day, so that it is warm at the open."""
    for plan in context.plans_today():
        context.registrar.register_indicators(plan, context.data)


def register_historical_indicators(context: SessionContext) -> None:
    """Compute what depends on earlier sessions only: trailing figures, time-of-day profiles."""
    for plan in context.plans_today():
        context.registrar.register_historical(plan, context.data)


def fill_queues(context: SessionContext) -> None:
    """Queue each symbol's bars, quotes and ticks of the day, to be merged into one tape."""
    for plan in context.plans_today():
        context.registrar.fill_queue(plan, context.data, context.queues)


def score_history(context: SessionContext) -> None:
    """Score how much of the history is there, and name its gaps."""
    for plan in context.plans_today():
        context.registrar.score_history(plan, context.data)


def watch_universes(context: SessionContext) -> None:
    """Load the little that each scanner asks for of the symbols in its universe."""
    for scanner, plans in context.watched_today().items():
        universe = context.data.add_universe(scanner)
        for plan in plans:
            context.registrar.register(plan, universe)


@effect(Effect.RETIRES)
def retire_the_previous_session(context: SessionContext) -> None:
    """Let go of the previous session's data: this one's has taken its place."""
    context.retire()


LOAD = State(
    "Load",
    entry=[
        put_the_clock_at_the_open,
        register_symbols,
        load_history,
        load_quotes_and_ticks,
        register_indicators,
        register_historical_indicators,
        fill_queues,
        score_history,
        watch_universes,
    ],
    exit=[retire_the_previous_session],
    summary="Registers the symbols and loads history, day and indicators as columns.",
)
