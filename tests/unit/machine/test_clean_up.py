"""What a final state has left to do: each call twice at most, and nothing once it is over."""

from __future__ import annotations

from fsm_session.machine.clean_up import CleanUp


def done(raised: list[BaseException], errors: bool = True) -> tuple[int, list[BaseException]]:
    """Make a call that raises one after the other; give how often it was made, what was told."""
    left, made, told = [*raised], [0], list[BaseException]()

    def call() -> None:
        made[0] += 1
        if left:
            raise left.pop(0)

    def note(error: BaseException) -> bool:
        told.append(error)
        return errors or not isinstance(error, KeyboardInterrupt)

    clean_up = CleanUp()
    clean_up.add("End", [call])
    assert (clean_up.is_due("End"), clean_up.is_due("Other")) == (True, False)
    clean_up.go_on("End", note)
    assert not clean_up.is_due("End")
    return made[0], told


class TestTries:
    """Once more where it raised; the same error is told once; a Ctrl-C that is a stop is no try."""

    def test_two_and_no_more(self) -> None:
        errors: list[BaseException] = [ValueError(str(number)) for number in range(5)]
        assert done([]) == (1, [])
        assert done(errors[:1]) == (2, errors[:1])
        assert done(errors[:2]) == (2, errors[:2])
        assert done(errors) == (2, errors[:2])

    def test_the_same_is_told_once(self) -> None:
        same = [ValueError("x"), ValueError("x"), ValueError("x")]
        assert done([*same]) == (2, same[:1])

    def test_a_stop_is_none(self) -> None:
        pressed, error = KeyboardInterrupt(), ValueError("x")
        assert done([pressed], errors=False) == (2, [pressed])
        assert done([pressed, error, error, error], errors=False) == (3, [pressed, error])


def test_nothing_is_due_once_it_is_released() -> None:
    clean_up = CleanUp()
    clean_up.add("End", [lambda: None])
    clean_up.release()
    assert not clean_up.is_due("End")
