"""Data that is shut: whatever is still written into it is refused, and changes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from fsm_session.errors import StaleSessionError, UnknownNameError
from fsm_session.market.calendar import MarketCalendar
from fsm_session.session.clock import TimeManager
from fsm_session.session.data import SessionData

CALENDAR = MarketCalendar.load("XNYS", dt.date(2024, 7, 1), dt.date(2024, 7, 31))


class Symbol:
    """As much of a symbol's data as a table looks at."""

    def __init__(self, symbol: str) -> None:
        self.symbol = symbol


def symbol(name: str) -> Any:
    return Symbol(name)


def data() -> SessionData:
    """Make a session's data with two symbols, and a scanner's universe of one."""
    clock = TimeManager(CALENDAR, dt.date(2024, 7, 2), dt.date(2024, 7, 5))
    found = SessionData(clock)
    found.register(symbol("BBB"))
    found.register(symbol("AAA"))
    found.add_universe("gap").register(symbol("CCC"))
    found.begin()
    return found


#: each way of writing into it; the values are kept as they are, so any will do
WRITES: dict[str, Callable[[Any], object]] = {
    "register": lambda data: data.register(symbol("DDD")),
    "remove": lambda data: data.remove("AAA"),
    "add_universe": lambda data: data.add_universe("momentum"),
    "record_signal": lambda data: data.record_signal("s"),
    "record_scan": lambda data: data.record_scan("s"),
    "record_change": lambda data: data.record_change("c"),
    "record_disabled": lambda data: data.record_disabled("d"),
    "register in a universe": lambda data: data.universes["gap"].register(symbol("DDD")),
    "remove from a universe": lambda data: data.universes["gap"].remove("CCC"),
}


def state(data: SessionData) -> tuple[object, ...]:
    lists = (data.signals, data.scans, data.changes, data.disabled)
    return (
        list(data),
        {name: list(table) for name, table in data.universes.items()},
        [list(each) for each in lists],
    )


class TestOpen:
    """``active`` from Active to Deactivate; what is recorded is kept in the order it came."""

    def test_it_is_active_from_its_beginning_to_its_end(self) -> None:
        found = SessionData(TimeManager(CALENDAR, dt.date(2024, 7, 2), dt.date(2024, 7, 5)))
        seen = [found.active]
        found.begin()
        seen.append(found.active)
        found.end()
        assert [*seen, found.active] == [False, True, False]

    def test_it_keeps_what_is_recorded(self) -> None:
        found, records = data(), [object(), object()]
        kept = {
            "signal": found.signals,
            "scan": found.scans,
            "change": found.changes,
            "disabled": found.disabled,
        }
        for kind, each in kept.items():
            for record in records:
                getattr(found, f"record_{kind}")(record)
            assert each == records  # objects: equal is the same


class TestShut:
    """Refuse whatever a worker left over from this session may still write."""

    @pytest.mark.parametrize("write", WRITES)
    def test_it_takes_what_is_written_until_then_and_nothing_after(self, write: str) -> None:
        before = state(data())
        open_, shut = data(), data()
        WRITES[write](open_)
        assert state(open_) != before
        shut.shut()
        with pytest.raises(StaleSessionError, match="2024-07-02"):
            WRITES[write](shut)
        assert state(shut) == before

    def test_it_is_of_its_own_session_from_then_on(self) -> None:
        found = data()
        assert (found.active, found.began) == (True, True)
        found.shut()
        assert (found.active, found.began) == (False, True)
        found.clock.enter_next_session()
        assert found.session.label == "2024-07-02"
        assert data().session.label == "2024-07-02"
        with pytest.raises(StaleSessionError, match="2024-07-02"):
            found.remove("AAA")


class TestTheTable:
    """Symbols by name, always in the order of their names."""

    def test_whatever_the_order_in_which_they_come(self) -> None:
        found = data()
        for name in ("ABA", "AAB", "CCC", "AAA"):
            found.register(symbol(name))
            assert list(found) == sorted(found)
        assert list(found) == ["AAA", "AAB", "ABA", "BBB", "CCC"]
        assert (len(found), "ABA" in found, "gap" in found) == (5, True, False)
        found.remove("ABA")
        assert list(found) == ["AAA", "AAB", "BBB", "CCC"]

    def test_one_that_is_not_there_is_named_and_those_that_are(self) -> None:
        found = data()
        found.register(symbol("AAA"))
        with pytest.raises(UnknownNameError) as raised:
            found["ZZZ"]
        assert str(raised.value) == "no symbol 'ZZZ'; registered: AAA, BBB"
        found.remove("AAA")
        found.remove("BBB")
        with pytest.raises(UnknownNameError) as raised:
            found["ZZZ"]
        assert str(raised.value) == "no symbol 'ZZZ'; registered: none"
        with pytest.raises(UnknownNameError, match="ZZZ"):
            data().remove("ZZZ")
