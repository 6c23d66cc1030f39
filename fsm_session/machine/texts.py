"""Texts of users, made fit for where they are shown or written: they may hold anything."""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Write what can't be printed (a newline, half of a surrogate pair) as its escape, ``\n``."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def writable(text: str) -> str:
    r"""Give a text as UTF-8 can hold it: half a character is written as its escape, ``\ud800``."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
