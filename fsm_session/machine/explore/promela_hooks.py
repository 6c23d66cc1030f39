"""A hook as Promela: an atomic step with all that may come of it as alternatives.

Said a second time, from the marks alone, and nothing of it is shared with the steps that
Python takes: two translations that agree are worth more than one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from fsm_session.machine.effects import Effect

#: what an effect does, as a statement
WORK = {
    Effect.VALIDATES: "if :: validation = MET :: validation = UNMET fi",
    Effect.LOADS: "loaded = true; ever_loaded = true; session = NONE; committed = false",
    Effect.RETIRES: "kept = NONE",
    Effect.FORGETS: "kept = (loaded -> DATA : EMPTY); loaded = false;"
    " session = NONE; committed = false",
    Effect.BEGINS_SESSION: "session = ACTIVE",
    Effect.ENDS_SESSION: "session = (session == ACTIVE -> ENDED : session)",
    Effect.COMMITS_SESSION: "committed = true",
    Effect.FINISHES_SESSION: "committed = (session == NONE -> committed : true)",
    Effect.TAKES_REQUESTS: "if :: request == WAITING || request == LATE -> request = TAKEN"
    " :: true fi",
    Effect.ANSWERS_TAKEN: "request = (request == TAKEN -> NONE : request)",
    Effect.ANSWERS_ALL: "request = NONE",
}
#: whose turn it is to come down: ``at`` counts them from the last to the first
TURN = "worker[WORKERS - 1 - at]"
NEXT_TURN = "do :: at < WORKERS && !is_up(WORKERS - 1 - at) -> at = at + 1 :: else -> break od"

Lines = list[str]


def choose(*ways: Iterable[str]) -> Lines:
    """Write alternatives, each given as its lines, the first of them its condition."""
    lines = ["if"]
    for first, *rest in ways:
        lines += [f":: {first}", *(f"   {line}" for line in rest)]
    return [*lines, "fi;"]


@frozen
class PromelaHook:
    """One hook of one place: ``label`` is the place's, ``final`` whether it is a final state's.

    ``goes_on`` are the statements after it is through, ``breaks_off`` those after an error where
    an error ends the state. ``promises`` are the assertions that are due before it works,
    ``decision`` what is noted where the next move is decided on.
    """

    label: str
    effects: Sequence[Effect]
    workers: int
    final: bool
    breaks_off: Lines
    goes_on: Lines
    promises: Lines
    decision: Lines

    def lines(self) -> Lines:
        """Write the whole step."""
        body = [*self._promises(), *self._work()]
        if Effect.HEEDS_STOP in self.effects:
            works = "stop == NONE || at > 0 || wrong ->"
            return [*self.decision, *choose([works, *body], ["else ->", *self._run(())])]
        return [*self._promises(), *self.decision, *self._work()]

    def _promises(self) -> Lines:
        return choose(["!wrong ->", *self.promises], ["else"]) if self.promises else []

    def _work(self) -> Lines:
        if Effect.SETS_UP_WORKERS in self.effects:
            return self._set_up()
        if Effect.TEARS_DOWN_WORKERS in self.effects:
            return self._tear_down("at == 0 && !wrong && !again")
        return self._run(self.effects)

    @property
    def _swallows(self) -> bool:
        return Effect.SWALLOWS in self.effects

    def _through(self) -> Lines:
        return ["at = 0; wrong = false; again = false;", *self.goes_on]

    def _raise(self) -> Lines:
        """Write what follows an error: in a final state a second try, and then the next hook."""
        if not self.final:
            return ["at = 0; wrong = false;", *self.breaks_off]
        retry = f"again = true; goto {self.label};"
        again = choose(
            ["!again ->", "at = 0; wrong = false;", retry], ["else ->", *self._through()]
        )
        return ["failed = true;", *again]

    def _run(self, effects: Sequence[Effect]) -> Lines:
        """Write a hook that runs to its end: it works, or raises before that, or after it."""
        works = [f"{WORK[each]};" for each in effects if each in WORK]
        ways = [["true ->", *works, *self._through()]]
        if not self._swallows:
            before = ["!again ->", *self._raise_before(effects)]
            ways += [before, ["true ->", *works, *self._raise()]]
            if not (works or self.final):  # then the two are one
                ways.pop()
            ways += [*self._workers_fail(effects)]
        lines = choose(*ways)
        if Effect.RAISES_UNMET in self.effects:
            return choose(["validation == UNMET ->", *self._raise()], ["else ->", *lines])
        return lines

    def _raise_before(self, effects: Sequence[Effect]) -> Lines:
        broken = ["validation = BROKEN_OFF;"] if Effect.VALIDATES in effects else []
        return [*broken, *self._raise()]

    def _workers_fail(self, effects: Sequence[Effect]) -> Iterable[Lines]:
        if Effect.TAKES_STEPS in effects:
            for number in range(self.workers):
                fails = f"worker[{number}] == UP -> worker[{number}] = FAILED;"
                yield [fails, *self._raise()]

    def _set_up(self) -> Lines:
        """Write the set-up of the next worker, and what undoes one once another has failed."""
        again = f"goto {self.label};"
        ways = [
            ["wrong ->", *self._tear_down("false")],
            ["!wrong && at == WORKERS ->", *self._run(self.effects)],
            ["!wrong && at < WORKERS ->", "worker[at] = UP; at = at + 1;", again],
            ["!wrong && at < WORKERS ->", "worker[at] = FAILED; wrong = true; at = 0;", again],
        ]
        if not self._swallows:
            begins = "!wrong && at == 0 && at < WORKERS && !again ->"
            ways.append([begins, *self._raise_before(self.effects)])
        return choose(*ways)

    def _tear_down(self, begins: str) -> Lines:
        """Write the teardown of the next worker; ``begins``: when the hook has done nothing yet."""
        again = f"at = at + 1; goto {self.label};"
        turn = choose(
            [f"at < WORKERS -> {TURN} = DOWN;", again],
            [f"at < WORKERS -> {TURN} = UNCLEAN; wrong = true;", again],
            ["at == WORKERS ->", *self._after_tear_down()],
        )
        ways = [["true ->", f"{NEXT_TURN};", *turn]]
        if not self._swallows:
            ways.append([f"{begins} ->", *self._raise_before(self.effects)])
        return choose(*ways)

    def _after_tear_down(self) -> Lines:
        run = ["wrong = false; at = 0;", *self._run(self.effects)]
        if self._swallows:
            return run
        return choose(["wrong ->", *self._raise()], ["else ->", *run])
