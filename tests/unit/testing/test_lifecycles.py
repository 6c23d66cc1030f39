"""lifecycles(): sound ones, of every shape, that shrink to what a person can read."""

from __future__ import annotations

from collections import Counter

from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from fsm_session.machine import Driver, Lifecycle
from fsm_session.machine.checks import find_faults
from fsm_session.testing.lifecycles import PHASES, lifecycles

quick = settings(database=None, derandomize=True, deadline=None)


class TestTheyAreSound:
    """Random lifecycles that are sound: whoever holds one can run it."""

    @given(lifecycles())
    @settings(deadline=None)
    def test_no_rule_finds_a_fault(self, lifecycle: Lifecycle) -> None:
        assert find_faults(lifecycle) == []

    @given(lifecycles())
    @settings(deadline=None)
    def test_each_runs_to_a_final_state_with_no_error(self, lifecycle: Lifecycle) -> None:
        driver = Driver(lifecycle, None)
        driver.run()
        assert lifecycle.state(driver.state).final
        assert driver.failures == []

    @given(lifecycles())
    def test_names_can_be_read(self, lifecycle: Lifecycle) -> None:
        assert {state.name for state in lifecycle.states} <= {*PHASES}


class TestTheyAreOfEveryShape:
    """A strategy that never draws a shape tests nothing of it."""

    def test_each_shape_is_drawn(self) -> None:
        shapes: Counter[str] = Counter()

        @given(lifecycles())
        @settings(quick, max_examples=200, phases=[Phase.generate])
        def draw(lifecycle: Lifecycle) -> None:
            states, rows = lifecycle.states, lifecycle.transitions
            order = [state.name for state in states]
            shapes["a failure state"] += lifecycle.failure is not None
            shapes["none"] += lifecycle.failure is None
            shapes["several final states"] += sum(state.final for state in states) > 1
            shapes["a loop to itself"] += any(row.source == row.target for row in rows)
            shapes["a way back"] += any(
                order.index(row.target) < order.index(row.source) for row in rows
            )
            shapes["joined guards"] += any(type(row.guard).__name__ == "AnyOf" for row in rows)
            shapes["an activity"] += any(state.activity for state in states)
            shapes["no hook at all"] += not any(state.entry or state.exit for state in states)
            shapes["a hook twice"] += any(
                len({*map(str, state.entry)}) < len(state.entry) or len(state.entry) > 2
                for state in states
            )

        draw()
        assert [shape for shape, count in shapes.items() if count < 3] == []

    def test_what_is_asked_for_is_used(self) -> None:
        names = st.sampled_from(["a", "b", "c"])

        @given(lifecycles(names=names, titles=st.just("Mine"), summaries=st.just("Said.")))
        @settings(quick, max_examples=20)
        def draw(lifecycle: Lifecycle) -> None:
            assert lifecycle.name == "Mine"
            assert {state.name for state in lifecycle.states} <= {"a", "b", "c"}
            assert {state.summary for state in lifecycle.states} == {"Said."}

        draw()


class TestTheyShrink:
    """The smallest example is one that a person can read."""

    def test_the_smallest_has_two_states_and_nothing_to_do(self) -> None:
        smallest = find(lifecycles(), lambda lifecycle: True, settings=quick)
        assert [state.name for state in smallest.states] == ["Idle", "Check"]
        assert not any(state.entry or state.activity for state in smallest.states)

    def test_what_is_searched_for_stands_nearly_alone(self) -> None:
        def with_an_activity(lifecycle: Lifecycle) -> bool:
            return any(state.activity for state in lifecycle.states)

        smallest = find(lifecycles(), with_an_activity, settings=quick)
        assert len(smallest.states) == 2
        assert sum(len(state.entry) + len(state.exit) for state in smallest.states) == 0
