"""Which configurations follow one: what the machine may do there, and what may come from outside.

One step is one hook with an outcome (of those that set workers up or tear them down, one
worker), one guard's answer, one move, or something from outside, which may come before any
other step: a stop, or a request. What follows an error, and in which order, is what
:mod:`fsm_session.machine.driver` and the group of workers do.

A hook may raise before it has done what it is marked with, or after that. A worker's teardown
that raises and one that does not end are one outcome here, as they are there: the worker is
unclean. Two things are taken for granted, since nothing could be promised without them: hooks
end (there are deadlines), and what keeps a hook of a final state from its work at the first try
does not keep it from that at the second.

One request stands for all, so what one does to another is not seen; a receipt takes no second
answer. An interrupt (Ctrl-C) is not among the steps: a first one is a stop that skips the rest
of its phase, a second one is an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from attrs import field, frozen

from fsm_session.machine.effects import Effect, effects_in
from fsm_session.machine.explore.configuration import Configuration, Status, is_up
from fsm_session.machine.explore.places import BEGIN, FAIL, Place, places_of
from fsm_session.machine.explore.work import ANSWERING, answers, does_its_work, has_begun, work_of
from fsm_session.machine.lifecycle import Lifecycle

STOP_COMES, REQUEST_COMES = "a stop is requested", "a request is left"
NOT_BEGUN = "is not begun: a stop is requested"


class Step(NamedTuple):
    """One step: what happens, in words (where, the configuration before it says), and then."""

    told: str
    to: Configuration


Steps: TypeAlias = Iterator[Step]


@frozen(eq=False)
class Subject:
    """What is explored: a lifecycle, laid out as places, with so many workers."""

    lifecycle: Lifecycle
    workers: int
    places: dict[str, Place] = field(init=False)
    effects: frozenset[Effect] = field(init=False)

    @places.default
    def _places(self) -> dict[str, Place]:
        return places_of(self.lifecycle)

    @effects.default
    def _effects(self) -> frozenset[Effect]:
        return effects_in(self.lifecycle)

    @property
    def beginning(self) -> Configuration:
        """The configuration in which a run begins."""
        down: Status = "down"
        return Configuration(BEGIN, (down,) * self.workers)

    def steps(self, here: Configuration) -> Steps:
        """Give the steps from a configuration, those from outside last: they come when needed."""
        place = self.places[here.place]
        if place.kind in ("end", "stuck"):
            return
        decided = place.decides and here.stop == "requested"
        yield from self._machine(place, here._replace(stop="heeded") if decided else here)
        yield from self._outside(place, here)

    def _machine(self, place: Place, here: Configuration) -> Steps:
        if place.kind == "move":
            return self._move(place, here)
        if place.kind == "guard":
            return self._ask(place, here)
        if place.on_stop and here.stop != "none" and not has_begun(place.effects, here):
            return iter([Step(NOT_BEGUN, self._go(here, place.on_stop))])
        return self._call(place, here)

    def _outside(self, place: Place, here: Configuration) -> Steps:
        if here.stop == "none":
            yield Step(STOP_COMES, here._replace(stop="requested"))
        if here.request == "none" and not self.effects.isdisjoint(ANSWERING):
            left = here._replace(request="late" if place.final else "waiting")
            yield Step(REQUEST_COMES, left)

    def _move(self, place: Place, here: Configuration) -> Steps:
        yield Step("", self._go(here, place.then))
        if self.lifecycle.state(place.target).final:
            broken = self._go(here._replace(failed=True), place.then)
        else:
            broken = self._break_off(here, place.target)
        yield Step("and who is told of it raises", broken)

    def _ask(self, place: Place, here: Configuration) -> Steps:
        for yes in answers(place.answer, here):
            there = place.then if yes else place.otherwise
            yield Step("yes" if yes else "no", self._go(here, there))
        yield Step("raises", self._break_off(here, place.state))

    def _call(self, place: Place, here: Configuration) -> Steps:
        if not does_its_work(place.effects, here):
            yield from self._run(place, here)
        elif Effect.SETS_UP_WORKERS in place.effects:
            yield from self._set_up(place, here)
        elif Effect.TEARS_DOWN_WORKERS in place.effects:
            yield from self._tear_down(place, here)
        else:
            yield from self._workers_fail(place, here)
            yield from self._run(place, here)

    def _run(self, place: Place, here: Configuration) -> Steps:
        """Run a hook to its end: it does its work, or raises before that, or after it."""
        if Effect.RAISES_UNMET in place.effects and here.validation == "unmet":
            yield Step("raises what was found unmet", self._raise(place, here))
            return
        done = work_of(place.effects, here)
        for told, left in done:
            yield Step(told or "runs", self._go(left, place.then))
        if Effect.SWALLOWS in place.effects:
            return
        before = [] if here.second_try else [self._raises_before(place, here)]
        yield from before
        for told, left in done:
            after = Step(f"raises after it ran{', ' * bool(told)}{told}", self._raise(place, left))
            if after.to not in [each.to for each in before]:
                yield after

    def _raises_before(self, place: Place, here: Configuration) -> Step:
        if Effect.VALIDATES in place.effects and does_its_work(place.effects, here):
            here = here._replace(validation="broken off")
        return Step("raises", self._raise(place, here))

    def _workers_fail(self, place: Place, here: Configuration) -> Steps:
        if Effect.TAKES_STEPS not in place.effects or Effect.SWALLOWS in place.effects:
            return
        for number, status in enumerate(here.workers):
            if status == "up":
                there = self._raise(place, _with(here, number, "failed"))
                yield Step(f"worker {number + 1} raises in a step", there)

    def _set_up(self, place: Place, here: Configuration) -> Steps:
        """Set up one worker; or, once one has failed, tear down one of those that are up."""
        at = here.worker
        if here.raised:
            yield from self._tear_down(place, here)
        elif at == self.workers:
            yield from self._run(place, here)
        else:
            if at == 0 and not here.second_try and Effect.SWALLOWS not in place.effects:
                yield self._raises_before(place, here)
            up = _with(here, at, "up")._replace(worker=at + 1)
            yield Step(f"worker {at + 1} is set up", up)
            failed = _with(here, at, "failed")._replace(worker=self.workers, raised=True)
            yield Step(f"worker {at + 1} raises in its set-up", failed)

    def _tear_down(self, place: Place, here: Configuration) -> Steps:
        """Tear down one worker: the last that is up of those that haven't had their turn."""
        up = [number for number in range(here.worker) if is_up(here.workers[number])]
        if not up:
            yield from self._after_tear_down(place, here)
            return
        begins = here.worker == self.workers and not (here.raised or here.second_try)
        if begins and Effect.SWALLOWS not in place.effects:
            yield self._raises_before(place, here)
        at = up[-1]
        down = _with(here, at, "down")._replace(worker=at)
        yield Step(f"worker {at + 1} is torn down", down)
        unclean = _with(here, at, "unclean")._replace(worker=at, raised=True)
        yield Step(f"worker {at + 1} does not come down in good order, and is unclean", unclean)

    def _after_tear_down(self, place: Place, here: Configuration) -> Steps:
        if here.raised and Effect.SWALLOWS not in place.effects:
            yield Step("raises what went wrong with the workers", self._raise(place, here))
        else:
            through = self.workers if Effect.SETS_UP_WORKERS in place.effects else 0
            yield from self._run(place, here._replace(worker=through, raised=False))

    def _go(self, here: Configuration, name: str) -> Configuration:
        """Go to a place; from the end of a final state, after an error, to the failure state."""
        there, failure = self.places[name], self.lifecycle.failure
        ended = there.kind == "end" and there.final
        if ended and here.failed and failure not in (None, there.state):
            there = self.places[FAIL]
        worker = self.workers if Effect.TEARS_DOWN_WORKERS in there.effects else 0
        return here._replace(place=there.name, worker=worker, raised=False, second_try=False)

    def _raise(self, place: Place, here: Configuration) -> Configuration:
        """Go on after a hook has raised: in a final state with a second try, then the next."""
        if not place.final:
            return self._break_off(here, place.state)
        noted = here._replace(failed=True)
        if here.second_try:
            return self._go(noted, place.then)
        return self._go(noted, place.name)._replace(second_try=True)

    def _break_off(self, here: Configuration, state: str) -> Configuration:
        """Put an error on record that broke off what a state was at, and leave it."""
        fails = self.lifecycle.failure is not None
        return self._go(here._replace(failed=True), FAIL if fails else f"end of {state}")


def _with(here: Configuration, worker: int, status: Status) -> Configuration:
    """Give a worker another status."""
    workers = (*here.workers[:worker], status, *here.workers[worker + 1 :])
    return here._replace(workers=workers)
