"""Every error says what to do about it: in one place, and wherever it is handed on."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import attrs
import pytest

from fsm_session import SessionConfig, SessionCoordinator, errors
from fsm_session.errors import (
    ConfigError,
    ExportError,
    Fault,
    FsmSessionError,
    IntervalError,
    JournalError,
    RequirementsError,
    hint_of,
)


def kinds(above: type[FsmSessionError]) -> Iterator[type[FsmSessionError]]:
    for kind in above.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from kinds(kind)


ALL = sorted(set(kinds(FsmSessionError)), key=lambda kind: kind.__name__)
#: those that are made of a text; of a user's part more is said
PLAIN = [kind for kind in ALL if not issubclass(kind, (errors.PartError, errors.WorkerError))]


def test_the_tree_was_found() -> None:
    named = {
        name
        for name, found in vars(errors).items()
        if inspect.isclass(found) and issubclass(found, FsmSessionError)
    }
    assert {kind.__name__ for kind in ALL} == named - {"FsmSessionError"}
    assert len(ALL) > 18


@pytest.mark.parametrize("kind", ALL, ids=lambda kind: kind.__name__)
class TestEveryKind:
    """ "Errors of two lines with what to do." """

    def test_it_has_a_hint_of_its_own(self, kind: type[FsmSessionError]) -> None:
        hint = vars(kind)["hint"]
        assert hint == " ".join(hint.split())
        assert 20 < len(hint) < 180
        assert sum(each.hint == hint for each in ALL) == 1


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
class TestOneCase:
    """One case of a kind may need another sentence."""

    def test_it_brings_its_own(self, kind: type[FsmSessionError]) -> None:
        assert kind("wrong").hint == kind.hint
        assert hint_of(kind("wrong", hint="do this")) == "do this"
        assert kind("wrong").hint == kind.hint

    def test_which_is_no_part_of_what_is_wrong(self, kind: type[FsmSessionError]) -> None:
        assert str(kind("wrong", hint="do this")) == "wrong"


class TestFaults:
    """A fault keeps the hint of whoever found it."""

    def test_in_whatever_it_is_collected(self) -> None:
        first = IntervalError("no interval")
        moved = [attrs.evolve(fault, key="data.streams") for fault in first.faults]
        own = Fault("closed", hint="come back tomorrow")
        error = RequirementsError([*moved, own, Fault("no bars")])
        assert [fault.hint for fault in error.faults] == [
            IntervalError.hint,
            "come back tomorrow",
            RequirementsError.hint,
        ]

    def test_it_tells_two_faults_apart_no_more_than_before(self) -> None:
        assert Fault("wrong", hint="a") == Fault("wrong", hint="b") == Fault("wrong")
        assert ConfigError("wrong").faults == (Fault("wrong"),)

    def test_those_of_a_run(self) -> None:
        wishes = {
            "backtest": {"start": "2024-07-04", "end": "2024-07-04"},
            "data": {
                "symbols": ["AAA"],
                "streams": ["1m"],
                "indicators": [{"name": "a", "function": "SMAA", "interval": "1m"}],
            },
            "source": {"kind": "simulated"},
            "strategies": [{"use": "nowhere_at_all:X"}],
        }
        with pytest.raises(RequirementsError) as unmet:
            SessionCoordinator(SessionConfig.from_dict(wishes)).check()
        hints = {fault.key: fault.hint for fault in unmet.value.faults}
        assert hints["data.indicators[0]"] == errors.IndicatorError.hint
        assert "package.module:Name" in hints["strategies[0].use"]
        assert "trading day" in hints["backtest"]


def test_what_is_not_ours_has_one_too() -> None:
    assert hint_of(LookupError("x")) == errors.UNEXPECTED
    assert "--resume" in hint_of(KeyboardInterrupt())


@pytest.mark.parametrize("kind", [ExportError, JournalError])
def test_it_is_kept_by_a_copy(kind: type[FsmSessionError]) -> None:
    import copy

    assert copy.copy(kind("wrong", hint="do this")).hint == "do this"
