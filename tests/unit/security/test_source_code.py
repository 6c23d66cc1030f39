"""The library's own code has no way to run what it is given: looked for in its syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.test_architecture import files, name_of

#: modules that make objects or processes out of bytes and texts
MODULES = {
    *("pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"),
    *("yaml", "subprocess", "pty", "code", "codeop", "runpy", "ctypes", "cffi", "imp", "zipimport"),
    *("multiprocessing", "webbrowser", "socket", "urllib.request", "http", "ftplib", "xmlrpc"),
}
#: built-in functions that do
CALLS = {"eval", "exec", "compile", "__import__", "input", "breakpoint", "globals", "locals"}
#: attributes, of whatever it is
ATTRIBUTES = {
    *("system", "popen", "fork", "forkpty", "execv", "execve", "execl", "execvp", "spawnv"),
    *("read_pickle", "to_pickle", "read_hdf", "eval", "query", "unsafe_load", "full_load"),
    *("__globals__", "__builtins__", "__subclasses__", "__reduce__", "mktemp"),
    *("exec_module", "load_module", "spec_from_file_location", "module_from_spec"),
}  # fmt: skip
KEYWORDS = {"shell", "allow_pickle"}
#: who imports by name: what the user names, and our own names when they are asked for
BY_NAME = {"fsm_session.named", "fsm_session.late"}


def found_in(code: str) -> Iterator[str]:
    """Name what is there of the forbidden, line by line."""
    for node in ast.walk(ast.parse(code)):
        yield from (f"line {getattr(node, 'lineno', 0)}: {each}" for each in _forbidden(node))


def _forbidden(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (each.name for each in node.names if _is_module(each.name))
    elif isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module}.{each.name}" for each in node.names)]
        yield from (name for name in names if _is_module(name))
        yield from (each.name for each in node.names if each.name in ATTRIBUTES)
    elif isinstance(node, ast.Name) and node.id in CALLS:
        yield node.id
    elif isinstance(node, ast.Attribute) and node.attr in ATTRIBUTES:
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg in KEYWORDS:
        yield f"{node.arg}="


def _is_module(name: str) -> bool:
    parts = name.split(".")
    return any(".".join(parts[:end]) in MODULES for end in range(1, len(parts) + 1))


def imports_by_name(code: str) -> bool:
    """Tell whether code imports what stands in a text."""
    nodes = [*ast.walk(ast.parse(code))]
    named = {each.id for each in nodes if isinstance(each, ast.Name)}
    named |= {each.attr for each in nodes if isinstance(each, ast.Attribute)}
    return bool(named & {"import_module", "__import__", "resolve_name"})


class TestSourceCode:
    """ "No pickle, no eval; `use = ` imports only what the configuration's author names."""

    @pytest.mark.parametrize("path", files(), ids=name_of)
    def test_there_is_none_of_it(self, path: Path) -> None:
        assert [*found_in(path.read_text("utf-8"))] == []

    def test_only_these_import_by_name(self) -> None:
        assert {name_of(each) for each in files() if imports_by_name(each.read_text())} == BY_NAME

    @pytest.mark.parametrize(
        "code",
        [
            "import pickle", "import os, pickle as p", "from pickle import loads",
            "import yaml", "from subprocess import run as r", "import multiprocessing.pool",
            "from urllib import request", "from urllib.request import urlopen",
            "eval('1')", "f = exec", "compile(x, '', 'eval')", "__import__('os')",
            "import os\nos.system('x')", "from os import system", "run('x', shell=True)",
            "pd.read_pickle(x)", "frame.query(x)", "np.load(x, allow_pickle=True)",
            "f.__globals__['x']", "x.__class__.__subclasses__()",
        ],
    )  # fmt: skip
    def test_it_would_be_found(self, code: str) -> None:
        assert [*found_in(code)]

    @pytest.mark.parametrize(
        "code",
        [
            "import importlib\nimportlib.import_module(x)",
            "from importlib import import_module\nimport_module(x)",
            "from pkgutil import resolve_name as r\nresolve_name(x)",
            "__import__(x)",
        ],
    )
    def test_and_so_would_an_import_by_name(self, code: str) -> None:
        assert imports_by_name(code)

    def test_the_code_is_looked_at(self) -> None:
        names = {name_of(path) for path in files()}
        assert {
            "fsm_session.coordinator",
            "fsm_session.states.load",
            "fsm_session.plugins",
        } <= names
        assert len(names) > 100
