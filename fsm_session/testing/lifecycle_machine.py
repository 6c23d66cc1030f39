"""LifecycleMachine: a test that walks any lifecycle, and lets anything in it go wrong.

It is made from the declaration, so that a phase, a hook or a worker that is added is tested
without a word more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice, product
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from fsm_session.machine import Lifecycle
from fsm_session.testing.faults import WHATS, Place, What, places
from fsm_session.testing.journey import Ask, Journey, PlainJourney, Promise
from fsm_session.testing.session_journey import Market, SessionJourney
from fsm_session.testing.watched_worker import fresh, worker_places

#: makes a journey; takes how many sessions and whether in threads, where it knows sessions
Begin = Callable[..., Journey]


class LifecycleMachine(RuleBasedStateMachine):
    """A Hypothesis stateful test of a lifecycle; :meth:`of` makes one.

    After every step what must hold is checked: the moves that were told are a way through the
    table, hooks run once for each entry, workers are set up in order, once, and torn down in
    reverse, no step is taken with one of them down, what is up is what the phase says. At the end
    the run is in a final state; it failed if and only if something was raised, the first error
    first and none lost; every request has one answer; every worker is down.

    ``places`` are where something can go wrong; ``reached`` counts the states that were entered
    and the places where something did.
    """

    reached: ClassVar[Counter[str]]
    lifecycle: ClassVar[Lifecycle]
    places: ClassVar[tuple[Place, ...]]
    _begin: ClassVar[Begin]
    journey: Journey | None = None

    @classmethod
    def of(
        cls,
        lifecycle: Lifecycle,
        *,
        workers: Sequence[Any] = (),
        strategies: Sequence[Any] = (),
        scanners: Sequence[Any] = (),
        context: Callable[[], Any] | None = None,
        requests: Sequence[Ask] = (),
        promises: Sequence[Promise] = (),
        sessions: int = 2,
        records: bool = False,
        rounds: int = 200,
        runs_until_stopped: bool = False,
        **market: Any,
    ) -> type[LifecycleMachine]:
        """Make the test of a lifecycle.

        ::

            TestMine = LifecycleMachine.of(MY_DAY, workers=[MyWorker]).TestCase

            def the_valve_is_shut(run: RunState) -> bool:
                return run.state == "Brewing" or not run.context.valve_is_open

            TestCoffee = LifecycleMachine.of(
                COFFEE, context=Kitchen, promises=[the_valve_is_shut]
            ).TestCase

        Without ``context`` the lifecycle is run by a coordinator, over up to ``sessions`` sessions
        of a small market, inline and in threads. ``workers`` are classes or other factories, or
        workers, which are copied for each run; ``strategies`` and ``scanners`` as for the
        coordinator; with ``records`` those are written, into a folder that goes with the run, and
        the journal is held to the run. ``market`` takes its symbols, frames, streams, data and
        tables (:class:`~fsm_session.testing.session_journey.Market`).

        With ``context``, which makes a fresh one, the lifecycle is run by a bare driver; the
        inbox is that of the context, if it has one as ``inbox``.

        ``requests`` are functions that leave a request, given the context, and give its receipt
        (of sessions: symbols that come and go). ``promises`` are asked after every step, given a
        :class:`~fsm_session.testing.journey.RunState`: what answers False or raises is broken.
        Within ``rounds`` the run has to end, after a stop where it ``runs_until_stopped``.

        The settings are the caller's, with no deadline and 15 steps;
        ``TestMine.settings = settings(TestMine.settings, max_examples=1000)`` changes them.
        """
        course: dict[str, Any] = {
            "promises": promises,
            "rounds": rounds,
            "runs_until_stopped": runs_until_stopped,
        }
        where, asks = _evenly(_by_state(places(lifecycle))), [*requests]
        begin: Begin
        if context is not None:
            begin = partial(PlainJourney, lifecycle, context, **course)
            drawn: dict[str, Any] = {}
        else:
            place = Market(**market)
            parts = {"strategies": strategies, "scanners": scanners, "records": records}
            course |= parts | {"workers": workers}
            begin = partial(SessionJourney, lifecycle, place, **course)
            theirs = _evenly([worker_places(fresh(given)) for given in workers])
            where = _evenly([where, theirs])
            asks += place.requests()
            threads = st.sampled_from([False, False, False, True])
            drawn = {"sessions": st.integers(1, sessions), "threads": threads}
        body = {
            "lifecycle": lifecycle,
            "places": tuple(dict.fromkeys(where)),
            "reached": Counter(),
            "_begin": staticmethod(begin),
        }
        return _made(cls, body | _rules(where, asks, drawn))

    @classmethod
    def unreached(cls) -> set[str]:
        """Name the states that no run entered: a test that never gets there proves nothing."""
        return {state.name for state in cls.lifecycle.states} - {*cls.reached}

    @classmethod
    def let_each_go_wrong(cls) -> set[Place]:
        """Run once for each place and each thing that can go wrong there, and nothing besides.

        The walk meets most of these and many together; this meets all, one by one. Returns the
        places that no run came by: those of a failure state, say, which nothing else leads to.
        """
        fired: set[Place] = set()
        for place, what in product(cls.places, WHATS):
            journey = cls._begin()
            journey.arm(place, what)
            try:
                journey.finish()
            except AssertionError as error:
                error.add_note(f"{what} {place}, and nothing else")
                raise
            cls._count(journey)
            fired.update(journey.saboteur.fired)
        return {*cls.places} - fired

    @classmethod
    def _count(cls, journey: Journey) -> None:
        cls.reached.update(move.target for move in journey.moves)
        cls.reached.update(map(str, journey.saboteur.fired))

    @property
    def run(self) -> Journey:
        """The run that is under way."""
        assert self.journey is not None
        return self.journey

    @rule(rounds=st.integers(1, 6))
    def go_on(self, rounds: int) -> None:
        """Make some rounds."""
        for _ in range(rounds):
            if self.run.running:
                self.run.step()

    @precondition(lambda self: self.journey.stop_in is None)
    @rule(rounds=st.integers(0, 30))
    def stop(self, rounds: int) -> None:
        """Ask for the run to end, now or after some rounds more."""
        self.run.stop_after(rounds)

    @invariant()
    def all_holds(self) -> None:
        """See that all holds that has to."""
        if self.journey is not None and not self.journey.broken:
            self.journey.check()

    def teardown(self) -> None:
        """Let the run come to its end, and see what has to hold then."""
        if self.journey is not None:
            self.journey.finish()
            self._count(self.journey)


def _rules(where: Sequence[Place], asks: Sequence[Ask], drawn: dict[str, Any]) -> dict[str, Any]:
    def begin(self: LifecycleMachine, faults: dict[Place, What], **drawn: Any) -> None:
        """Begin a run in which some things will go wrong."""
        self.journey = self._begin(**drawn)
        for place, what in faults.items():
            self.run.arm(place, what)

    def arm(self: LifecycleMachine, place: Place, what: What) -> None:
        """Let something go wrong when the run comes by."""
        self.run.arm(place, what)

    def ask(self: LifecycleMachine, request: Ask) -> None:
        """Leave a request."""
        self.run.ask(request)

    place = st.sampled_from(where) if where else st.nothing()
    what = st.sampled_from(WHATS)
    rules: dict[str, Any] = {}
    if where:
        rules["arm"] = rule(place=place, what=what)(arm)
    if asks:
        rules["ask"] = rule(request=st.sampled_from(asks))(ask)
    drawn["faults"] = st.dictionaries(place, what, max_size=2 if where else 0)
    begins: Any = initialize(**drawn)
    return rules | {"begin": begins(begin)}


def _by_state(where: Sequence[Place]) -> list[list[Place]]:
    names = dict.fromkeys(place.state for place in where)
    return [[place for place in where if place.state == name] for name in names]


def _evenly(groups: Sequence[Sequence[Place]]) -> list[Place]:
    """Repeat what smaller groups hold until each is as large, so that each is met as often.

    A run that is broken off where most hooks are, early, never comes to what is behind.
    """
    most = max(map(len, groups), default=0)
    return [place for group in groups for place in islice(cycle(group), most)]


def _made(base: type[LifecycleMachine], body: dict[str, Any]) -> type[LifecycleMachine]:
    made: Any = type(f"{body['lifecycle'].name}Machine", (base,), body)
    made.TestCase.settings = settings(
        deadline=None,
        stateful_step_count=15,
        suppress_health_check=[*HealthCheck],
        # which lines of ours a broken run comes through explains nothing of the user's
        phases=[phase for phase in settings().phases if phase is not Phase.explain],
    )
    return made  # type: ignore[no-any-return]
