"""How figures and instants are written for a person."""

from __future__ import annotations

from fsm_session.machine.texts import printable


def duration(seconds: float) -> str:
    """Write a length of time in two or three figures: ``0.4 ms``, ``12.3 s``, ``2 min 5 s``."""
    if seconds < 1:
        return f"{1000 * seconds:.3g} ms"
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def counted(number: int, what: str, plural: str = "") -> str:
    """Write a number of things: ``1 session``, ``1,380 steps``."""
    return f"{number:,} {what if number == 1 else plural or what + 's'}"


def clock(time: str) -> str:
    """Write an instant as its date and time of the day: ``2024-07-03 09:30:00``."""
    return time[:19].replace("T", " ")


def visible(text: str) -> str:
    r"""Write what can't be seen, and might turn a line around, as its escape: ``\u202e``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in "\n\t" else printable(each) for each in text)
