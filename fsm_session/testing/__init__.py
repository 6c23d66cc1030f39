"""What users test their own parts with; ours are tested with it first.

``check_indicator``, ``check_scanner``, ``check_source``, ``check_strategy`` and ``check_worker``
hold a part to all that it promises, on markets of every kind, and say in one sentence what it
breaks, shown on the smallest market on which it does::

    from fsm_session.testing import check_strategy

    def test_my_strategy_keeps_its_promises() -> None:
        check_strategy(MyStrategy)

``strategies`` are Hypothesis strategies for tests of your own: calendars, sessions, bars,
markets, configurations, lifecycles. ``run_days`` runs a small market in memory, ``ManualClock``
stands still until it is told to go on, ``LifecycleMachine`` walks a lifecycle at random.

Needs Hypothesis: ``pip install fsm-session[testing]``.
"""

from typing import TYPE_CHECKING, Any

from fsm_session.late import late

if TYPE_CHECKING:
    from fsm_session.testing import strategies
    from fsm_session.testing.checks.indicator import check_indicator
    from fsm_session.testing.checks.promises import BrokenPromiseError
    from fsm_session.testing.checks.scanner import check_scanner
    from fsm_session.testing.checks.source import check_source
    from fsm_session.testing.checks.strategy import check_strategy
    from fsm_session.testing.checks.worker import check_worker
    from fsm_session.testing.days import SESSIONS, run_days, small_market
    from fsm_session.testing.lifecycle_machine import LifecycleMachine
    from fsm_session.testing.manual_clock import ManualClock
else:  # with this in sight a type checker would take any name for one of ours
    _find = late(
        __name__,
        {
            "checks.indicator": ("check_indicator",),
            "checks.promises": ("BrokenPromiseError",),
            "checks.scanner": ("check_scanner",),
            "checks.source": ("check_source",),
            "checks.strategy": ("check_strategy",),
            "checks.worker": ("check_worker",),
            "days": ("SESSIONS", "run_days", "small_market"),
            "lifecycle_machine": ("LifecycleMachine",),
            "manual_clock": ("ManualClock",),
        },
    )

    def __getattr__(name: str) -> Any:
        """Find a public name when it is first asked for: one of them is a module."""
        if name != "strategies":
            return _find(name)
        import fsm_session.testing.strategies as found  # `from` would ask here again

        return found


__all__ = [
    "SESSIONS",
    "BrokenPromiseError",
    "LifecycleMachine",
    "ManualClock",
    "check_indicator",
    "check_scanner",
    "check_source",
    "check_strategy",
    "check_worker",
    "run_days",
    "small_market",
    "strategies",
]


def __dir__() -> list[str]:
    """Name the public names, whether they have been asked for or not."""
    return __all__
