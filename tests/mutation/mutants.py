"""The mutants of a file: its code, compiled with one change.

What nobody is to hold to is not changed: annotations, docstrings, the words of an error, what
mypy alone looks at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import count, takewhile
from pathlib import Path
from types import CodeType
from typing import Any

from attrs import field, frozen

from tests.mutation.changes import changed, changed_list, is_docstring

#: fields of nodes that only mypy and people read, and what changes with its owner
UNREAD = ("annotation", "returns", "decorator_list", "type_params", "ctx", "op", "ops", "func")
#: so many characters of code are shown whole
LONG = 60
#: statements that check or declare nothing at run time
SILENT = (ast.Import, ast.ImportFrom, ast.Assert, ast.Pass)


@frozen
class Mutant:
    """A file with one change. ``function``: the outermost one it lies in, by its first line."""

    path: Path
    number: int
    line: int
    name: str
    function: int | None
    change: str
    code: CodeType = field(repr=False, eq=False)

    def __str__(self) -> str:
        """Say what was changed, in a way that lasts while other lines come and go."""
        return f"{self.path}, {self.name}: {self.change}"


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Give a file's mutants, in the order of its lines, as far as they can be compiled."""
    tree = ast.parse(path.read_text())
    words, numbers = set(map(id, _wording(tree))), count()
    for owner, inside in sorted(_owners(tree), key=lambda each: getattr(each[0], "lineno", 0)):
        function = next((each for each in inside if isinstance(each, ast.FunctionDef)), None)
        for name, value, node, shown in _changes_in(owner, words):
            old = getattr(owner, name)
            setattr(owner, name, value)
            try:
                code = compile(ast.fix_missing_locations(tree), str(path.resolve()), "exec")
            except (SyntaxError, ValueError, TypeError):
                continue
            finally:
                setattr(owner, name, old)
            yield Mutant(
                path,
                next(numbers),
                getattr(node, "lineno", getattr(owner, "lineno", 0)),
                ".".join(each.name for each in inside) or "(module)",
                _first_line(function) if function else None,
                shown,
                code,
            )


def telling(path: Path) -> CodeType:
    """Give a file's code, in which each function says that it was called."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            key = (str(path.resolve()), _first_line(node))
            says = ast.parse(f"mutation_called.add({key!r})").body
            at = int(is_docstring(node.body[0]))
            for each in (part for line in says for part in ast.walk(line)):
                ast.copy_location(each, node.body[0])
            node.body[at:at] = says
    return compile(ast.fix_missing_locations(tree), str(path.resolve()), "exec")


def _first_line(function: ast.FunctionDef) -> int:
    """Give the line at which its code object begins, which is that of its first decorator."""
    return min([function.lineno, *(each.lineno for each in function.decorator_list)])


def _owners(tree: ast.AST) -> Iterator[tuple[ast.AST, tuple[Any, ...]]]:
    """Give every node that may change, with the functions and classes in which it lies."""

    def go(node: ast.AST, inside: tuple[Any, ...]) -> Iterator[tuple[ast.AST, tuple[Any, ...]]]:
        if isinstance(node, ast.arguments):  # defaults are found out where the function is made
            inside = inside[:-1]
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            inside = (*inside, node)
        yield node, inside
        for name, child in _children(node):
            if name not in UNREAD or name == "func":
                yield from go(child, inside)

    yield from go(tree, ())


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _is_silent(child):
                yield name, child


def _is_silent(node: ast.AST) -> bool:
    """Tell whether a statement is nothing to a run: an import, a type's name, a docstring."""
    match node:
        case ast.Subscript(value=ast.Name(id="Mapping" | "Protocol" | "Generic")):
            return True
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.AnnAssign(annotation=ast.Name(id="TypeAlias")):
            return True
        case ast.Assign(value=ast.Call(func=ast.Name(id="TypeVar"))):
            return True
        case ast.Assign(value=ast.Subscript(value=ast.Name(id="Literal" | "Iterator"))):
            return True
    return isinstance(node, SILENT) or is_docstring(node)


def _wording(tree: ast.AST) -> Iterator[ast.AST]:
    """Give the nodes that make up the words of errors, faults, summaries and descriptions."""
    for node in ast.walk(tree):
        match node:
            case ast.Raise(exc=ast.Call(args=args, keywords=keywords)):
                texts = [*args, *keywords]
            case ast.Call(func=ast.Name(id=name), args=[text, *_]) if name == "Fault":
                texts = [text]
            case ast.Call(func=ast.Name(id=name), args=args) if name.endswith("Error"):
                texts = [*args]
            case ast.keyword(arg="summary"):
                texts = [node]
            case ast.ClassDef(bases=[ast.Name(id="Enum")]):
                texts = [*node.body]
            case _:
                continue
        for each in (each for text in texts for each in ast.walk(text)):
            if isinstance(each, ast.JoinedStr) or isinstance(getattr(each, "value", None), str):
                yield from ast.walk(each)


def _changes_in(owner: ast.AST, words: set[int]) -> Iterator[tuple[str, Any, ast.AST, str]]:
    """Give the changes of a node's fields: the field, its new value, the place, in words."""
    for name, value in ast.iter_fields(owner):
        if name in UNREAD and name != "func":
            continue
        many = value if isinstance(value, list) else [value]
        for at, node in enumerate(many):
            if not isinstance(node, ast.AST) or _is_silent(node) or id(node) in words:
                continue
            for new in changed(node):
                whole = [*many[:at], new, *many[at + 1 :]] if isinstance(value, list) else new
                yield name, whole, node, _shown(node, new)
        if isinstance(value, list) and name in ("body", "orelse", "finalbody"):
            for node, nodes in changed_list(value):
                two = nodes[value.index(node)]
                yield name, nodes, node, f"{_line(two)} before {_line(node)}"


def _shown(old: ast.AST, new: Any) -> str:
    if isinstance(new, ast.Pass):
        return f"without {_line(old)}"
    if isinstance(old, (ast.FunctionDef, ast.ClassDef)):
        kept = {ast.unparse(each) for each in new.decorator_list}
        gone = [each for each in map(ast.unparse, old.decorator_list) if each not in kept]
        return f"without @{' @'.join(gone)}"
    if isinstance(old, ast.With):
        return f"without {_line(old)}"
    if isinstance(old, ast.Try):
        return "without what is done finally"
    if isinstance(old, ast.ExceptHandler):
        return f"{_line(old)} {ast.unparse(new.body[0])}"
    if isinstance(old, (ast.Tuple, ast.List, ast.Set)):
        at = min(_same(old.elts, new.elts), len(old.elts) - 1)
        moved = "" if len(new.elts) < len(old.elts) else f"{_line(new.elts[at])} before "
        return f"{moved or 'without '}{_line(old.elts[at])} in {_line(old)[:20]}..."
    if isinstance(old, ast.comprehension):
        return f"{ast.unparse(old).strip()} -> {ast.unparse(new).strip()}"
    return _difference(_line(old), _line(new))


def _difference(old: str, new: str) -> str:
    """Show two texts, where they are long only the words in which they differ."""
    if len(old) < LONG:
        return f"{old} -> {new}"
    words, others = re.split(r"(\W)", old), re.split(r"(\W)", new)
    same = _same(words, others)
    tail = _same(words[: same - 1 : -1], others[: same - 1 : -1])
    before = "".join(words[max(0, same - 6) : same])
    parts = ("".join(each[same : len(each) - tail]) for each in (words, others))
    return "{0}...{1}{2} -> {1}{3}".format("".join(words[:3]), before, *parts)


def _same(some: Sequence[object], others: Sequence[object]) -> int:
    """Count what two sequences have in common at their beginning."""
    both = zip(some, others, strict=False)
    return sum(1 for _ in takewhile(lambda two: two[0] == two[1], both))


def _line(node: Any) -> str:
    return ast.unparse(ast.fix_missing_locations(node)).split("\n")[0]
