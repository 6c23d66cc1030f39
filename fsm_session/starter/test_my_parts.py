"""Holds what is written here to its promises, on markets of every kind, and runs the sessions.

Needs the extra: pip install "fsm-session[testing]"
"""

from pathlib import Path

from my_indicator import strength
from my_scanner import Busiest
from my_strategy import Cross

from fsm_session import SessionConfig, SessionCoordinator
from fsm_session.testing import check_indicator, check_scanner, check_strategy, run_days

CONFIG = SessionConfig.from_toml(Path(__file__).with_name("session.toml"))
#: the strategy needs them on whatever market it is tried
INDICATORS = {"indicators": CONFIG.to_dict()["data"]["indicators"]}


def test_the_sessions_run() -> None:
    """All that session.toml names is there, and no session fails."""
    run = SessionCoordinator(CONFIG).run()
    assert run.outcome == "completed"
    assert all(session.bars > 0 for session in run.sessions)


def test_the_indicator() -> None:
    """It has a number for every bar, and none that depends on a later one."""
    check_indicator(strength)


def test_the_strategy() -> None:
    """It raises on no market, looks at nothing later than now, and remembers no other session."""
    check_strategy(Cross, data=INDICATORS, max_examples=5)


def test_the_scanner() -> None:
    """The same of the scanner."""
    check_scanner(Busiest, max_examples=5)


def test_it_only_buys() -> None:
    """What is yours to promise: a small market in memory is enough to see it."""
    run = run_days(Cross(), days=2, data=INDICATORS)
    signals = [each.signal for session in run.sessions for each in session.signals]
    assert {signal.action for signal in signals} <= {"buy"}
