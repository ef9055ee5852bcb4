"""Looks in a learner's code, and in its numbers, for what honest work does not have.

A finding is for a human, it takes no points.
"""

from __future__ import annotations

import ast
import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from lossbook.exercises import Exercise
from lossbook.grader.memory import Drawn, answer
from lossbook.grader.outcome import Array, Outcome
from lossbook.grader.runner import trusting

# Ways around the trap for torch's own functions, into the grader's process, or out of the notebook.
STRANGE_NAMES = frozenset(
    """
    ctypes cffi gc inspect importlib builtins __builtins__ __import__ __subclasses__ __globals__ __code__
    __closure__ __dict__ __getattribute__ __self__ __wrapped__ __mro__ __bases__ __reduce__ __loader__ __spec__
    _getframe settrace setprofile setswitchinterval meta_path path_hooks addaudithook f_back f_globals tb_frame
    currentframe linecache pickle marshal cloudpickle attrgetter methodcaller globals vars
    __torch_function__ __torch_dispatch__ DisableTorchFunction DisableTorchFunctionSubclass _DisableTorchDispatch
    _disabled_torch_function_impl TorchFunctionMode TorchDispatchMode BaseTorchFunctionMode _python_dispatch
    _C _VF _VariableFunctions _ops _refs _prims _decomp _inductor _dynamo _functorch _higher_order_ops
    _jit_internal CompilationUnit cpp_extension load_inline ForbiddenCalls
    exec eval runpy cProfile pdb bdb doctest codeop InteractiveInterpreter InteractiveConsole
    pkgutil pydoc resolve_name EntryPoint get_field
    _thread start_new_thread _start_new_thread _start_joinable_thread _bootstrap _bootstrap_inner
    subprocess multiprocessing fork posix_spawn popen socket ptrace atexit setrlimit
    run_cell user_ns
    """.split()  # noqa: SIM905
)
STRANGE_IN_TORCH = frozenset({"ops", "jit", "fx", "library", "compile", "package", "overrides", "export"})
STRANGE_IMPORTS = frozenset({"sys.modules", "sys.*"})
STRANGE_ALONE = {
    "getattr": "getattr with a computed name",
    "setattr": "setattr with a computed name",
    "get_ipython": "get_ipython",
    "compile": "compile",
}
STRANGE_MAGICS = frozenset(
    """
    run load load_ext writefile script bash sh system sx python python3 pypy perl ruby prun debug macro
    """.split()  # noqa: SIM905
)
_MAGIC = re.compile(r"^[ \t]*(?:%%?|!!?)(\w*)(.*)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d]\w*")
_ATTRIBUTE = re.compile(r"\.[ \t]*(\w+)")


def strange_names(source: str) -> set[str]:
    """Return the strange names that a cell's code uses, also inside its strings."""
    found = {name for name in _names(source) if name in STRANGE_NAMES}
    for magic, _ in _MAGIC.findall(source):
        if magic in STRANGE_MAGICS or not magic:
            found.add(f"%{magic}" if magic else "a shell command")
    code = _code(source)
    return found | (set(_strange_ways(code.nodes)) if code else set())


def forbidden_names(source: str, forbidden: Iterable[str]) -> set[str]:
    """Return the forbidden torch functions that are mentioned as attributes of something, or in strings."""
    wanted = set(forbidden)
    code = _code(source)
    if code is None:
        return set(_ATTRIBUTE.findall(unicodedata.normalize("NFKC", source))) & wanted
    return {name for name in _names_in(code, plain=False) if name in wanted}


def same_bits(exercise: Exercise, drawn: Drawn, gots: list[list[Outcome]]) -> bool:
    """Return whether answers are torch's own to the last bit. Most that are not differ in the first few cases."""
    with trusting():
        return all(
            _is_same(answer(exercise.reference, aspect, case), got)
            for (aspect, cases), row in zip(drawn, gots, strict=True)
            for case, got in zip(cases, row, strict=True)
        )


def _is_same(want: Outcome, got: Outcome) -> bool:
    return _equal(want.value, got.value) and _equal(want.gradient, got.gradient)


def _equal(want: object, got: object) -> bool:
    if not isinstance(want, Array):
        return True
    return isinstance(got, Array) and np.array_equal(want.numbers, got.numbers, equal_nan=True)


@dataclass(frozen=True)
class _Code:
    """All nodes of a cell's syntax tree, and the ids of its docstrings."""

    nodes: tuple[ast.AST, ...]
    documentation: frozenset[int]


@functools.lru_cache(maxsize=8)  # each cell is looked at in several ways
def _code(source: str) -> _Code | None:
    """Parse a cell; magics are left out, but the code that some of them run (%time f()) is looked at, too."""
    for text in (_MAGIC.sub(r"\2", source), _MAGIC.sub("", source)):
        try:
            nodes = _walk(ast.parse(text.replace("\0", "")))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return _Code(nodes, frozenset(map(id, _docstrings(nodes))))
    return None


def _walk(tree: ast.AST) -> tuple[ast.AST, ...]:
    """Return what ast.walk yields, in a quarter of its time."""
    nodes = [tree]
    for node in nodes:  # it grows while we go through it
        # not vars(): IPython's tracebacks leave a link to the parent at nodes that all trees share, such as Load
        for value in [getattr(node, name, None) for name in node._fields]:
            if isinstance(value, ast.AST):
                nodes.append(value)
            elif type(value) is list:
                nodes += [item for item in value if isinstance(item, ast.AST)]
    return tuple(nodes)


def _names(source: str) -> Iterator[str]:
    for _, rest in _MAGIC.findall(source):
        yield from _words(rest)
    code = _code(source)
    if code is None:  # it is no Python, but IPython may run it all the same
        yield from _words(source)
    else:
        yield from _names_in(code, plain=True)


def _names_in(code: _Code, plain: bool) -> Iterator[str]:
    """Yield the names of attributes, imports and in texts; with ``plain`` also variables, and words in prose."""
    for node in code.nodes:
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name) and plain:
            yield node.id
        elif isinstance(node, ast.alias):
            yield from node.name.split(".")
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from node.module.split(".")
        elif isinstance(node, ast.MatchClass):
            yield from node.kwd_attrs
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in code.documentation:
            yield from _in_text(node.value, prose=plain)


def _in_text(text: str, prose: bool) -> Iterator[str]:
    """Yield a name that is all of a text, or the parts of a dotted one; of prose only what cannot be prose."""
    if all(part.isidentifier() for part in text.split(".")):
        yield from text.split(".")
    elif prose:
        yield from (word for word in _WORD.findall(text) if "_" in word or word in ("ctypes", "subprocess"))


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def _strange_ways(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what is strange for the way in which it is used, not for its name."""
    harmless: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            harmless.update(_harmless_in(node))
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) == ("sys", "modules"):
                yield "sys.modules"
            elif node.value.id == "torch" and node.attr in STRANGE_IN_TORCH:
                yield f"torch.{node.attr}"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _strange_imports(node)
    for node in nodes:
        if isinstance(node, ast.Name) and node.id in STRANGE_ALONE and id(node) not in harmless:
            yield STRANGE_ALONE[node.id]


def _harmless_in(call: ast.Call) -> Iterator[int]:
    """Yield the names in a call that are harmless there: getattr(x, "y"), get_ipython().run_line_magic(...)."""
    function, arguments = call.func, call.args
    if isinstance(function, ast.Name) and function.id in ("getattr", "setattr"):
        if len(arguments) > 1 and isinstance(arguments[1], ast.Constant):
            yield id(function)
    elif (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Call)
        and function.attr in ("run_line_magic", "magic")
        and arguments
        and isinstance(arguments[0], ast.Constant)
        and str(arguments[0].value).lstrip("%").startswith(("matplotlib", "config", "time"))
    ):
        yield id(function.value.func)


def _strange_imports(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield imports from lossbook but its check, and those of torch's parts that reach under the trap."""
    for alias in node.names:
        name = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        package, _, rest = name.partition(".")
        if (
            (package == "lossbook" and rest != "check")
            or (package == "torch" and rest.partition(".")[0] in STRANGE_IN_TORCH)
            or (package == "sys" and alias.asname)
            or package == "signal"
            or name in STRANGE_IMPORTS
        ):
            yield name


def _docstrings(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Module)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                yield first.value
