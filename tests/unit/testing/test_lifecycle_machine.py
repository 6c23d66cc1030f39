"""LifecycleMachine finds what is broken, says so in a sentence, and lets pass what is sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from fsm_session import TRADING_DAY, Lifecycle, State, Transition
from fsm_session.testing.faults import WHATS, places
from fsm_session.testing.journey import PlainJourney
from fsm_session.testing.lifecycle_machine import LifecycleMachine
from fsm_session.testing.lifecycles import lifecycles
from tests.unit.machine.coffee import COFFEE, Kitchen
from tests.unit.testing.broken import (
    AUCTION,
    CAREFUL,
    DEAF,
    ENDLESS,
    HALF_DOWN,
    KEEPS_DATA,
    KEEPS_UP,
    LEAKY,
    MAYBE,
    NO_FAILED_ONE,
    NO_LAST_ONE,
    SWALLOWS,
    TWICE_UP,
    Forgetful,
    OnceOnly,
    PromotesCCC,
    Second,
    Starts,
    Tape,
    Unlucky,
    Valve,
    answer_never,
    answer_twice,
    at_the_end_it_is_shut,
    begin_again,
    coffee_with,
    order,
    the_valve_is_shut,
)

of = LifecycleMachine.of


def walk(machine: type[LifecycleMachine]) -> None:
    """Walk with the machine's own settings; always the same way, so that a test is one."""
    own = settings(machine.TestCase.settings, derandomize=True, database=None)
    run_state_machine_as_test(machine, settings=own)


def found(machine: type[LifecycleMachine]) -> str:
    """Walk it, and give the sentence with which it breaks off."""
    with pytest.raises(AssertionError) as caught:
        walk(machine)
    return str(caught.value)


plain: Callable[..., type[LifecycleMachine]] = partial(of, context=Valve, requests=[order])


class TestWhatIsSoundPasses:
    """A Hypothesis stateful test made from any Lifecycle (theirs too) and any workers."""

    @pytest.mark.parametrize("lifecycle", [
        pytest.param(TRADING_DAY, id="ours"),
        pytest.param(TRADING_DAY.insert(AUCTION, after="Active"), id="with a phase of their own"),
    ])  # fmt: skip
    def test_a_trading_day(self, lifecycle: Lifecycle) -> None:
        machine = of(lifecycle, workers=[Tape, Second()], scanners=[PromotesCCC])
        walk(machine)
        assert machine.unreached() == set()

    def test_a_coffee_machine(self) -> None:
        machine = of(COFFEE, context=lambda: Kitchen(orders=2), requests=[order])
        walk(machine)
        assert machine.unreached() == set()

    @given(lifecycles(), st.data())
    @settings(deadline=None)
    def test_a_lifecycle_like_no_other(self, lifecycle: Lifecycle, data: st.DataObject) -> None:
        journey, where = PlainJourney(lifecycle, dict), places(lifecycle)
        if where:
            faults = st.dictionaries(st.sampled_from(where), st.sampled_from(WHATS), max_size=3)
            for place, what in data.draw(faults).items():
                journey.arm(place, what)
        journey.finish()
        assert journey.moves

    def test_one_thing_after_the_other(self) -> None:
        machine = of(COFFEE, context=Kitchen, requests=[order])
        # Broken is entered where something has gone wrong already, or no beans are left
        assert {place.state for place in machine.let_each_go_wrong()} == {"Broken"}
        assert sum(machine.reached[str(place)] for place in machine.places) == 4 * 2 * 15

    def test_a_lifecycle_that_runs_until_it_is_stopped(self) -> None:
        walk(of(ENDLESS, context=Kitchen, runs_until_stopped=True))

    def test_a_lifecycle_in_which_nothing_is_done(self) -> None:
        states = [State("Idle"), State("Off", final=True)]
        walk(of(Lifecycle("Empty", states, [Transition("Idle", "Off")]), context=dict))

    def test_it_is_a_test_case_for_pytest_and_unittest(self) -> None:
        class Case(of(COFFEE, context=Kitchen).TestCase):  # type: ignore[misc]
            """What a user has in a file of tests."""

        assert Case("runTest").run().wasSuccessful()

    def test_its_settings_are_the_callers_unless_it_has_to_say(self) -> None:
        with_more = of(COFFEE, context=Kitchen).TestCase.settings
        assert with_more.max_examples == settings().max_examples
        assert with_more.deadline is None


class TestBrokenSessions:
    """A violation is raised with a readable sentence."""

    @pytest.mark.parametrize(("lifecycle", "workers", "sentence"), [
        pytest.param(TRADING_DAY, [OnceOnly],
                     "worker 'tape' can't be torn down twice: IndexError: pop from empty list",
                     id="a teardown that is not safe twice"),
        pytest.param(TRADING_DAY, [Forgetful],
                     "worker 'tape' can't be torn down before it is set up: AttributeError",
                     id="a teardown that is not safe before the set-up"),
        pytest.param(TRADING_DAY, [Unlucky], "the run failed, and nothing was made to fail:"
                     " Streaming, stream_the_tape, session 2024-07-02", id="a worker that raises"),
        pytest.param(NO_LAST_ONE, [Tape], "worker 'tape' was set up and never torn down",
                     id="a last state that doesn't tear down"),
        pytest.param(NO_FAILED_ONE, [Tape], "worker 'tape' was set up and never torn down",
                     id="a failure state that doesn't tear down"),
        pytest.param(MAYBE, [], "and nothing was made to fail: Validate, says_maybe, session",
                     id="a guard that answers no bool"),
        pytest.param(SWALLOWS, [Starts], "somebody swallowed an", id="a hook that swallows all"),
        pytest.param(KEEPS_DATA, [], "symbols are registered in Teardown: ['AAA', 'BBB']",
                     id="a Teardown that doesn't forget"),
        pytest.param(KEEPS_UP, [Tape], "worker 'tape' is up in Teardown",
                     id="a Teardown that leaves workers up"),
        pytest.param(TWICE_UP, [Tape],
                     "worker 'tape' is set up twice, with no teardown in between",
                     id="a phase that sets up again"),
        pytest.param(HALF_DOWN, [Tape, Second], "a step is taken while worker 'second' is down",
                     id="a phase that takes a worker down"),
    ])  # fmt: skip
    def test_is_found(self, lifecycle: Lifecycle, workers: Sequence[Any], sentence: str) -> None:
        assert sentence in found(of(lifecycle, workers=workers))

    def test_what_is_no_worker_is_refused_at_once(self) -> None:
        with pytest.raises(TypeError, match="is no worker and makes none"):
            of(TRADING_DAY, workers=[object])

    def test_the_sentence_comes_with_the_few_steps_that_lead_there(self) -> None:
        with pytest.raises(AssertionError) as caught:
            walk(of(KEEPS_UP, workers=[Tape]))
        # a profile for CI adds how to reproduce it
        assert caught.value.__notes__[1:5] == [
            "state = TradingDayMachine()",
            "state.begin(sessions=2, threads=False, faults={})",
            "state.all_holds()",
            "state.teardown()",
        ]

    def test_what_goes_wrong_in_one_place_only_is_found_there(self) -> None:
        with pytest.raises(AssertionError, match="somebody swallowed an error") as caught:
            of(SWALLOWS, workers=[Starts]).let_each_go_wrong()
        place = "before on_session_start (worker of tape)"
        assert caught.value.__notes__ == [f"error {place}, and nothing else"]


class TestBrokenLifecyclesThatKnowNoTrading:
    """promises: the user's own, checked after each step."""

    @pytest.mark.parametrize(("machine", "sentence"), [
        pytest.param(plain(LEAKY, promises=[the_valve_is_shut]),
                     "the_valve_is_shut does not hold in ", id="a valve that is left open"),
        pytest.param(plain(LEAKY, promises=[at_the_end_it_is_shut]),
                     "(AssertionError: water runs out)", id="an assertion that fails"),
        pytest.param(plain(COFFEE, promises=[lambda run: run.state]),
                     "<lambda> answered '(start)', not a bool", id="a promise that isn't one"),
        pytest.param(plain(coffee_with(State("Serving", [answer_twice]))),
                     "a request was answered twice: done, then refused", id="answered twice"),
        pytest.param(plain(coffee_with(State("Serving", [answer_never]))),
                     "a request was taken and never answered", id="never answered"),
        pytest.param(plain(coffee_with(State("Off", [begin_again, begin_again], final=True))),
                     "the run failed, and nothing was made to fail: Off, begin_again: RuntimeError",
                     id="a hook that raises by itself"),
        pytest.param(plain(DEAF, rounds=50), "the run does not end: after 50 rounds it is at"
                     " Polling -> Polling -> Polling -> Polling", id="a state that loops for ever"),
        pytest.param(plain(DEAF, rounds=50, runs_until_stopped=True), ", and a stop was asked for",
                     id="one that doesn't listen"),
        pytest.param(plain(ENDLESS, rounds=50), "the run does not end: after 50 rounds",
                     id="one that would have to be stopped"),
    ])  # fmt: skip
    def test_is_found(self, machine: type[LifecycleMachine], sentence: str) -> None:
        assert sentence in found(machine)

    def test_what_keeps_the_promise_passes(self) -> None:
        machine = plain(CAREFUL, promises=[the_valve_is_shut, at_the_end_it_is_shut])
        walk(machine)
        assert machine.unreached() == set()
