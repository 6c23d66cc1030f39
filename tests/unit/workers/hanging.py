"""Workers that write down what happens to them, fail where they are told to, or hang."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from fsm_session.workers.worker import Budget

#: seconds that a worker of these tests may take to answer
DEADLINE = 0.6
#: seconds after which a test gives up on what must come at once
PATIENCE = 20.0


class Noted:
    """A worker that notes each call; ``act`` may raise, or hang, in any of them."""

    def __init__(
        self, name: str, log: list[tuple[str, str]], acts: dict[str, Callable[[], object]]
    ) -> None:
        self.name = name
        self.log = log
        self.acts = acts
        self.context: Any = None

    def setup(self, context: Any) -> None:
        self.context = context
        self._note("setup")

    def on_step(self, step: Any) -> None:
        self._note("on_step")

    def on_session_end(self) -> None:
        self._note("on_session_end")

    def teardown(self) -> None:
        self._note("teardown")

    def _note(self, method: str) -> None:
        self.log.append((method, self.name))
        self.acts.get(method, lambda: None)()


class Hang:
    """Lets whoever calls it wait until it is let go; counts who came and who went on."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.came = 0
        self.late: list[BaseException | str] = []
        self.afterwards: Callable[[], object] = lambda: None

    def __call__(self) -> None:
        self.came += 1
        assert self.released.wait(PATIENCE)
        try:
            self.afterwards()
        except BaseException as error:
            self.late.append(error)
        else:
            self.late.append("went through")


def raising(error: BaseException) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def ours() -> list[threading.Thread]:
    """The threads of the library that are alive."""
    return [each for each in threading.enumerate() if each.name.startswith("fsm-session")]


def let_go(hang: Hang) -> Iterator[Hang]:
    """A fixture's body: let everything that hangs go, and see that no thread is left."""
    yield hang
    hang.released.set()
    for thread in ours():
        thread.join(PATIENCE)
    assert not ours()


class Seen(Budget):
    """A budget shared with others that writes down what was left whenever it was asked."""

    def __init__(self, shared: Budget) -> None:
        self.shared = shared
        self.seconds = shared.seconds
        self.asked: list[float] = []

    def start(self) -> None:
        self.shared.start()

    def left(self) -> float:
        self.asked.append(self.shared.left())
        return self.asked[-1]
