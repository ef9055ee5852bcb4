"""Reads a learner's code for what honest work has no use for. A finding is for a human, it takes no points."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import TypeGuard

# Ways around the trap for torch's own functions, into the grader's process, or out of the notebook.
STRANGE_NAMES = frozenset(
    """
    ctypes gc inspect importlib builtins __builtins__ __import__ __subclasses__ __globals__ __code__ __closure__
    _getframe settrace setprofile meta_path addaudithook f_back tb_frame __torch_function__ __torch_dispatch__
    DisableTorchFunction DisableTorchFunctionSubclass _DisableTorchDispatch _disabled_torch_function_impl
    TorchFunctionMode TorchDispatchMode _C _ops _refs _inductor _dynamo
    exec eval compile subprocess fork socket ptrace
    """.split()  # noqa: SIM905
)
_MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def strange_names(source: str) -> set[str]:
    """Return the strange names that a cell's code uses, also inside its strings."""
    return {name for name in _names(source) if name in STRANGE_NAMES}


def forbidden_names(source: str, forbidden: Iterable[str]) -> set[str]:
    """Return the forbidden torch functions that are mentioned as attributes of something, or in strings."""
    wanted = set(forbidden)
    return {name for name in _names(source, plain=False) if name in wanted}


def _names(source: str, plain: bool = True) -> Iterator[str]:
    try:
        tree = ast.parse(_MAGIC.sub("", source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    documentation = {id(text) for text in _docstrings(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name) and plain:
            yield node.id
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from node.module.split(".")
        elif isinstance(node, ast.Constant) and id(node) not in documentation and _is_name(node.value):
            yield node.value


def _is_name(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isidentifier()


def _docstrings(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield first.value
