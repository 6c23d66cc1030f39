"""What can be changed about a piece of code: each change is small, and hardly ever harmless."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

SWAPS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.BitOr: (ast.BitAnd,),
    ast.BitAnd: (ast.BitOr,),
}
OPPOSITES = {"max": "min", "min": "max", "any": "all", "all": "any"}
#: what gives its argument in another order or form
WRAPPERS = ("sorted", "reversed", "set", "tuple")

SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Return, ast.Raise)


def changed(node: ast.AST) -> Iterator[ast.AST | None]:
    """Give what could stand in a node's place; None to leave it out, where it stands in a list."""
    for kind, rule in RULES:
        if isinstance(node, kind):
            yield from rule(node)


def changed_list(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.AST, list[ast.AST]]]:
    """Give the node where a list changes, and the list with two neighbours the other way round."""
    for at, (one, two) in enumerate(pairwise(nodes)):
        if isinstance(one, ast.expr) or _matters_in_order(one, two):
            yield one, [*nodes[:at], two, one, *nodes[at + 2 :]]


def is_docstring(node: ast.AST) -> bool:
    """Tell whether a statement only says something."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _matters_in_order(one: ast.AST, two: ast.AST) -> bool:
    both = (one, two)
    return (
        all(isinstance(each, SIMPLE) and not is_docstring(each) for each in both)
        and any(isinstance(each, ast.Expr) for each in both)
        and not isinstance(one, (ast.Return, ast.Raise))
    )


def _with(node: Any, **fields: Any) -> Any:
    kept = {name: getattr(node, name) for name in node._fields if hasattr(node, name)}
    return ast.copy_location(type(node)(**{**kept, **fields}), node)


def _without(nodes: Sequence[Any], at: int) -> list[Any]:
    return [*nodes[:at], *nodes[at + 1 :]]


def _constant(node: ast.Constant) -> Iterator[ast.AST]:
    match node.value:
        case bool():
            yield _with(node, value=not node.value)
        case int() | float():
            yield _with(node, value=node.value + 1)
        case str():
            yield _with(node, value="" if node.value else "X")
        case bytes():
            yield _with(node, value=b"" if node.value else b"X")


def _comparison(node: ast.Compare) -> Iterator[ast.AST]:
    for at, op in enumerate(node.ops):
        for other in SWAPS[type(op)]:
            yield _with(node, ops=[*node.ops[:at], other(), *node.ops[at + 1 :]])


def _boolean(node: ast.BoolOp) -> Iterator[ast.AST]:
    yield _with(node, op=SWAPS[type(node.op)][0]())
    for at in range(len(node.values)):
        rest = _without(node.values, at)
        yield rest[0] if len(rest) == 1 else _with(node, values=rest)


def _binary(node: ast.BinOp | ast.AugAssign) -> Iterator[ast.AST]:
    for other in SWAPS.get(type(node.op), ()):
        yield _with(node, op=other())


def _unary(node: ast.UnaryOp) -> Iterator[ast.AST]:
    yield node.operand


def _either(node: ast.IfExp) -> Iterator[ast.AST]:
    yield from (node.body, node.orelse)


def _call(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in OPPOSITES:
        yield _with(node, func=ast.Name(OPPOSITES[name], ast.Load()))
    if name in WRAPPERS and node.args:
        yield node.args[0]
    for at, argument in enumerate(node.args):
        if not isinstance(argument, (ast.Starred, ast.Constant, ast.JoinedStr, ast.GeneratorExp)):
            yield _with(node, args=[*node.args[:at], ast.Constant(None), *node.args[at + 1 :]])
    if len(node.args) > 1:
        yield _with(node, args=node.args[:-1])
    for at, keyword in enumerate(node.keywords):
        if keyword.arg != "summary":  # is for people
            yield _with(node, keywords=_without(node.keywords, at))


def _display(node: ast.Tuple | ast.List | ast.Set) -> Iterator[ast.AST]:
    if isinstance(getattr(node, "ctx", None), ast.Store):
        return
    for at in range(len(node.elts)):
        yield _with(node, elts=_without(node.elts, at))
    if not isinstance(node, ast.Set):
        for _, elements in changed_list(node.elts):
            yield _with(node, elts=elements)


def _dictionary(node: ast.Dict) -> Iterator[ast.AST]:
    for at in range(len(node.keys)):
        yield _with(node, keys=_without(node.keys, at), values=_without(node.values, at))


def _slice(node: ast.Slice) -> Iterator[ast.AST]:
    for end in ("lower", "upper", "step"):
        if getattr(node, end) is not None:
            yield _with(node, **{end: None})


def _comprehension(node: ast.comprehension) -> Iterator[ast.AST]:
    for at in range(len(node.ifs)):
        yield _with(node, ifs=_without(node.ifs, at))


def _condition(node: ast.If | ast.While) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield _with(node, test=ast.Constant(True))
    yield _with(node, test=ast.Constant(False))


def _loop(node: ast.For) -> Iterator[ast.AST]:
    yield _with(node, iter=ast.Tuple([], ast.Load()))


def _handler(node: ast.ExceptHandler) -> Iterator[ast.AST]:
    if not isinstance(node.body[0], ast.Pass):
        yield _with(node, body=[ast.Pass()])
    if not (isinstance(node.body[0], ast.Raise) and node.body[0].exc is None):
        yield _with(node, body=[ast.Raise()])


def _attempt(node: ast.Try) -> Iterator[ast.AST]:
    if node.finalbody:
        yield _with(node, finalbody=[ast.Pass()])


def _managed(node: ast.With) -> Iterator[ast.AST]:
    if all(item.optional_vars is None for item in node.items):
        yield ast.copy_location(ast.If(ast.Constant(True), node.body, []), node)


def _statement(node: ast.stmt) -> Iterator[ast.AST]:
    if not is_docstring(node):
        yield ast.copy_location(ast.Pass(), node)


def _assignment(node: ast.Assign | ast.AnnAssign) -> Iterator[ast.AST]:
    """Leave out what is kept; of a mere name leave out its value, since it is looked for later."""
    [target, *_] = node.targets if isinstance(node, ast.Assign) else [node.target]
    if not isinstance(target, ast.Name):
        yield ast.copy_location(ast.Pass(), node)
    elif not (isinstance(node.value, ast.Constant) or node.value is None):
        yield _with(node, value=ast.Constant(None))


def _answer(node: ast.Return) -> Iterator[ast.AST]:
    if node.value is not None and not isinstance(node.value, ast.Constant):
        yield _with(node, value=ast.Constant(None))


def _declaration(node: ast.FunctionDef | ast.ClassDef) -> Iterator[ast.AST]:
    for at in range(len(node.decorator_list)):
        yield _with(node, decorator_list=_without(node.decorator_list, at))


def _function(node: ast.Lambda) -> Iterator[ast.AST]:
    yield _with(node, body=ast.Constant(None))


RULES: tuple[tuple[Any, Any], ...] = (
    (ast.Constant, _constant),
    (ast.Compare, _comparison),
    (ast.BoolOp, _boolean),
    ((ast.BinOp, ast.AugAssign), _binary),
    (ast.UnaryOp, _unary),
    (ast.IfExp, _either),
    (ast.Call, _call),
    ((ast.Tuple, ast.List, ast.Set), _display),
    (ast.Dict, _dictionary),
    (ast.Slice, _slice),
    (ast.comprehension, _comprehension),
    ((ast.If, ast.While), _condition),
    (ast.For, _loop),
    (ast.ExceptHandler, _handler),
    (ast.Try, _attempt),
    (ast.With, _managed),
    ((ast.Expr, ast.AugAssign, ast.Raise, ast.Delete, ast.Continue, ast.Break), _statement),
    ((ast.Assign, ast.AnnAssign), _assignment),
    (ast.Return, _answer),
    ((ast.FunctionDef, ast.ClassDef), _declaration),
    (ast.Lambda, _function),
)
