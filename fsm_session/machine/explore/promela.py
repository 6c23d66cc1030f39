"""Writes a lifecycle as Promela, the language of the model checker SPIN.

The same question to somebody else: SPIN has its own search, and this text is made from the
declaration and its marks alone. Each place of a run is a label, each step of it atomic, so that
SPIN stores as many states as :func:`~fsm_session.machine.explore.explore` visits configurations.

``spin -a FILE; gcc -o pan pan.c`` makes a verifier. ``./pan -c0 -e`` looks for promises that do
not hold (``promise(N, ...)`` in the text, ``N == 0`` in what it prints) and for dead ends,
``./pan -a`` for runs that never end although a stop is requested.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from fsm_session.machine.checks import guards_of
from fsm_session.machine.effects import Answer, answer_of, effects_in, effects_of, heeds_stop
from fsm_session.machine.explore import promises
from fsm_session.machine.explore.promela_hooks import Lines, PromelaHook, choose
from fsm_session.machine.explore.promises import PROMISES
from fsm_session.machine.explore.work import ANSWERING
from fsm_session.machine.lifecycle import Lifecycle
from fsm_session.machine.state import Hook, State, Transition, name_of

#: when a guard may say yes, and when no
SAYS = {
    Answer.FREE: ("true", "true"),
    Answer.STOP_REQUESTED: ("stop != NONE", "stop == NONE"),
    Answer.NOT_AFTER_STOP: ("stop == NONE", "true"),
    Answer.REQUIREMENTS_MET: ("validation != UNMET", "validation == UNMET"),
}
#: what each promise comes to here
HOLDS: dict[promises.Holds, str] = {
    promises.validation_runs_once: "validation == NONE",
    promises.sessions_end_before_they_are_forgotten: "session == ENDED",
    promises.nothing_is_loaded_over_a_session: "session == NONE",
    promises.nothing_is_loaded_under_a_worker: "none_up",
    promises.workers_are_down_before_they_are_set_up: "at == WORKERS || worker[at] == DOWN",
    promises.workers_are_up_at_a_step: "all_up",
    promises.sessions_are_active_at_a_step: "session == ACTIVE",
    promises.requests_are_for_active_sessions: "session == ACTIVE",
    promises.sessions_are_committed_once: "session == ENDED && !committed",
    promises.no_work_begins_after_a_stop: "stop != HEEDED",
    promises.workers_come_down: "none_up",
    promises.data_stays: "!ever_loaded || kept == DATA || (kept == NONE && loaded)",
    promises.requests_are_answered: "request == NONE || request == LATE",
    promises.errors_end_in_the_failure_state: "{failure} || (!failed && none_unclean)",
    promises.the_failure_state_means_an_error: "failed || !{failure}",
}
HEADER = """\
#define NONE 0
/* a worker */
#define DOWN 0
#define UP 1
#define FAILED 2
#define UNCLEAN 3
/* a stop */
#define REQUESTED 1
#define HEEDED 2
/* a request */
#define WAITING 1
#define TAKEN 2
#define LATE 3
/* the validation */
#define BROKEN_OFF 1
#define MET 2
#define UNMET 3
/* the session */
#define ACTIVE 1
#define ENDED 2
/* what is kept of the one before */
#define EMPTY 1
#define DATA 2

#define promise(number, holds) assert((holds) || number == 0)
#define is_up(number) (worker[number] == UP || worker[number] == FAILED)

byte worker[SLOTS], at, stop, request, validation, session, kept;
bool wrong, again, failed, committed, loaded, ever_loaded, cleaning_up, over;

active proctype outside() {
end_before_a_stop:
  do
  :: atomic { !over && stop == NONE -> stop = REQUESTED; goto accept_once_stopped }
  :: atomic { REQUESTS && !over && request == NONE -> request = (cleaning_up -> LATE : WAITING) }
  od;
accept_once_stopped:
end_once_stopped:
  do
  :: atomic { REQUESTS && !over && request == NONE -> request = (cleaning_up -> LATE : WAITING) }
  od
}
"""


#: what is true of all workers, as a condition on each
OF_ALL = {
    "none_up": "!is_up({})",
    "all_up": "worker[{}] == UP",
    "none_unclean": "worker[{}] != UNCLEAN",
}
DECISION = "if :: stop == REQUESTED -> stop = HEEDED :: else fi;"


def to_promela(lifecycle: Lifecycle, workers: int = 4) -> str:
    """Write a lifecycle with so many workers as Promela, ending in a newline."""
    model = _Model(lifecycle, workers)
    lines = [f"/* {_shown(lifecycle.name)} */", *_numbers(lifecycle, workers), HEADER]
    return "\n".join([*lines, "active proctype machine() {", *model.lines(), "}", ""])


def _numbers(lifecycle: Lifecycle, workers: int) -> Iterator[str]:
    """Write what depends on how many workers there are, and whether requests matter."""
    yield f"#define WORKERS {workers}"
    yield f"#define SLOTS {max(workers, 1)}"
    yield f"#define REQUESTS {int(not ANSWERING.isdisjoint(effects_in(lifecycle)))}"
    for name, condition in OF_ALL.items():
        each = [condition.format(number) for number in range(workers)]
        yield f"#define {name} ({' && '.join(each) or 'true'})"


@frozen
class _Model:
    """Writes the process that is the machine."""

    lifecycle: Lifecycle
    workers: int

    def lines(self) -> Iterator[str]:
        yield from _step("begin", "(start)", self._move(self.lifecycle.initial))
        for state in self.lifecycle.states:
            yield from self._inside(state)
            for number, row in self._rows(state):
                yield from self._ask(state, number, row)
                yield from self._way_out(state, number, row)
            yield from (f"{self._label(state)}_stuck: false;" for _ in "1" if not state.final)
            yield f"end_{self._label(state)}: false;"
        if self.lifecycle.failure is not None:
            yield from _step("fail", "an error", self._move(self.lifecycle.failure))

    def _inside(self, state: State) -> Iterator[str]:
        label = self._label(state)
        after, heeds = self._after_entry(state), heeds_stop(state.name, self.lifecycle)
        for number, hook in enumerate(state.entry):
            more = number + 1 < len(state.entry)
            then = [f"goto {label}_entry{number + 1};"] if more else after
            yield from self._hook(state, f"{label}_entry{number}", hook, then, heeds=heeds)
        if heeds:
            yield from self._broken_off(state)
        if state.activity is not None:
            then = [f"goto {self._decision(state, 0)};"]
            yield from self._hook(state, f"{label}_activity", state.activity, then)

    def _broken_off(self, state: State) -> Iterator[str]:
        """Write the way of a stop past the exit hooks, where an entry hook was not begun."""
        (number, row), *_ = self._rows(state)
        label = self._label(state)
        ways = choose([f"true -> goto {label}_row{number};"], ["true ->", *self._break_off(state)])
        told = f"{state.name}: {name_of(row.guard)}, broken off"
        yield from _step(f"{label}_broken_off", told, [DECISION, *ways])

    def _ask(self, state: State, number: int, row: Transition) -> Iterator[str]:
        """Write the guards of a row, one step each."""
        numbers = [each for each, _ in self._rows(state)]
        guards: list[Any] = [*guards_of(row.guard)]
        later = self._decision(state, numbers.index(number) + 1)
        for at, guard in enumerate(guards):
            label = f"{self._label(state)}_row{number}_guard{at}"
            no = (
                f"{self._label(state)}_row{number}_guard{at + 1}" if at + 1 < len(guards) else later
            )
            decides = self._noted(label, state)
            yes_if, no_if = SAYS[answer_of(guard)]
            ways = choose(
                [f"{yes_if} ->", f"goto {self._leave(state, number)};"],
                [f"{no_if} ->", f"goto {no};"],
                ["true ->", *self._break_off(state)],
            )
            yield from _step(label, f"{state.name}: {name_of(guard)}", [*decides, *ways])

    def _way_out(self, state: State, number: int, row: Transition) -> Iterator[str]:
        """Write the exit hooks for a row that was decided on, and the move."""
        label = f"{self._label(state)}_row{number}"
        exits = [f"{label}_exit{at}" for at in range(len(state.exit))]
        for hook, here, there in zip(state.exit, exits, [*exits[1:], label], strict=False):
            yield from self._hook(state, here, hook, [f"goto {there};"])
        told = f"{row.source} -> {row.target}, row {number}"
        yield from _step(label, told, [*self._noted(label, state), *self._move(row.target)])

    def _hook(
        self, state: State, label: str, hook: Hook, then: Lines, *, heeds: bool = False
    ) -> Iterator[str]:
        effects = effects_of(hook)
        due = [
            _promise(number)
            for number, each in enumerate(PROMISES)
            if each.is_asked_of(self.lifecycle) and not each.before.isdisjoint(effects)
        ]
        written = PromelaHook(
            label, effects, self.workers, state.final, self._break_off(state), then, due,
            self._noted(label, state),
        )  # fmt: skip
        lines = written.lines()
        if heeds:
            not_begun = (
                f"stop != NONE && at == 0 && !wrong -> goto {self._label(state)}_broken_off;"
            )
            lines = choose([not_begun], ["else ->", *lines])
        yield from _step(label, f"{state.name}: {name_of(hook)}", lines)

    def _move(self, target: str) -> Lines:
        """Write a move: it is told, which may raise, and its target is entered."""
        state = self.lifecycle.state(target)
        enter = self._enter(state)
        if not state.final:
            return choose(["true ->", *enter], ["true ->", *self._break_off(state)])
        return [*choose(["true"], ["true ->", "failed = true;"]), "cleaning_up = true;", *enter]

    def _enter(self, state: State) -> Lines:
        return [f"goto {self._label(state)}_entry0;"] if state.entry else self._after_entry(state)

    def _after_entry(self, state: State) -> Lines:
        if state.final:
            return self._end(state)
        if state.activity is not None:
            return [f"goto {self._label(state)}_activity;"]
        return [f"goto {self._decision(state, 0)};"]

    def _end(self, state: State) -> Lines:
        """Write the end of a run; after an error in another final state the failure state's way."""
        failure = self.lifecycle.failure
        over = ["over = true;", *self._at_an_end(state), f"goto end_{self._label(state)};"]
        if not state.final or failure in (None, state.name):
            return over
        return choose(["failed ->", "cleaning_up = false; goto fail;"], ["else ->", *over])

    def _at_an_end(self, state: State) -> Lines:
        failure = "true" if state.name == self.lifecycle.failure else "false"
        return [
            _promise(number, failure)
            for number, each in enumerate(PROMISES)
            if each.is_asked_of(self.lifecycle) and not each.before
        ]

    def _break_off(self, state: State) -> Lines:
        """Write what follows an error that ends a state."""
        fails = self.lifecycle.failure is not None
        return ["failed = true;", *(["goto fail;"] if fails else self._end(state))]

    def _rows(self, state: State) -> list[tuple[int, Transition]]:
        rows = enumerate(self.lifecycle.transitions)
        return [(number, row) for number, row in rows if row.source == state.name]

    def _decision(self, state: State, after: int) -> str:
        """Name the label where the rows from the how-manieth on are tried."""
        for number, row in self._rows(state)[after:]:
            if row.guard is not None:
                return f"{self._label(state)}_row{number}_guard0"
            return self._leave(state, number)
        return f"{self._label(state)}_stuck"

    def _leave(self, state: State, number: int) -> str:
        return f"{self._label(state)}_row{number}{'_exit0' * bool(state.exit)}"

    def _noted(self, label: str, state: State) -> Lines:
        """Write the note that a move is decided on, if that begins here."""
        begins = not state.final and label == self._decision(state, 0)
        return [DECISION] if begins else []

    def _label(self, state: State) -> str:
        return f"s{[each.name for each in self.lifecycle.states].index(state.name)}"


def _step(label: str, comment: str, lines: Lines) -> Iterator[str]:
    yield f"{label}: /* {_shown(comment)} */"
    yield "  atomic {"
    yield from (f"    {line}" for line in lines)
    yield "  }"


def _promise(number: int, failure: str = "") -> str:
    return f"promise({number + 1}, {HOLDS[PROMISES[number].holds].format(failure=failure)});"


def _shown(name: str) -> str:
    """Write a name so that it can't end the comment that it stands in."""
    return ascii(name)[1:-1].replace("*/", "* /").replace("/*", "/ *")
