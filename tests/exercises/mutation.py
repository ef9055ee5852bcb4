"""Small changes to the syntax tree of a right solution: what a slip of the pen could make of it.

Each mutant differs from the solution in one place. A grader that lets one pass has a gap in its cases, or
the mutant is no mistake at all: those are listed, with the reason, in ``equivalent_mutants.py``.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossbook.exercises import get_exercise
from lossbook.grader import first_failure
from lossbook.workbook import load

SOLUTIONS = Path(__file__).resolve().parents[2] / "solutions"

OPERATORS: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add, ast.Mult),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult, ast.Sub),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}
COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.GtE: (ast.Lt, ast.Gt, ast.LtE),
    ast.Gt: (ast.LtE, ast.GtE, ast.Lt),
    ast.LtE: (ast.Gt, ast.Lt, ast.GtE),
    ast.Lt: (ast.GtE, ast.LtE, ast.Gt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
NAMES = {
    "exp": ("log", "expm1"),
    "log": ("exp", "log2", "log1p"),
    "log1p": ("log", "expm1"),
    "sum": ("mean", "prod"),
    "mean": ("sum",),
    "amax": ("amin", "mean"),
    "max": ("min",),
    "amin": ("amax",),
    "min": ("max",),
    "clamp": ("abs",),
    "isinf": ("isnan",),
    "logaddexp": ("maximum",),
    "softplus": ("relu",),
    "all": ("any",),
    "any": ("all",),
    "sigmoid": ("tanh",),
    "argmax": ("argmin",),
}
AXES = ("dim", "axis")
ENOUGH = 30  # mutants of each exercise, at least


@dataclass(frozen=True)
class Mutant:
    """A changed solution: the changed statement before and after, and the function."""

    change: str
    function: Callable[..., Any]


def mutants(name: str) -> list[Mutant]:
    """Return all mutants of the solution of exercise ``name``, each once.

    A solution of a line or two has few places to change: it is changed in two places, too, until there are ENOUGH.
    """
    function = _solution(name)
    tree = _body_alone(ast.parse(textwrap.dedent(inspect.getsource(function))))
    original = ast.unparse(tree)
    sources = _sources(_changed_trees(tree), {original})
    if len(sources) < ENOUGH:
        twice = (again for source in sources for again in _changed_trees(ast.parse(source)))
        sources += _sources(twice, {original, *sources})[: ENOUGH - len(sources)]
    return [_compiled(name, function, original, source) for source in sources]


def _sources(trees: Iterable[ast.Module], known: set[str]) -> list[str]:
    """Return the sources of the trees, each once, without those that are known."""
    unparsed = (ast.unparse(ast.fix_missing_locations(tree)) for tree in trees)
    return [source for source in dict.fromkeys(unparsed) if source not in known]


def _compiled(name: str, function: Callable[..., Any], original: str, source: str) -> Mutant:
    namespace = dict(function.__globals__)
    exec(compile(source, f"<mutant of {name}>", "exec"), namespace)
    return Mutant(_change(original.splitlines(), source.splitlines()), namespace[name])


def survives(name: str, mutant: Mutant, seed: int) -> bool:
    """Return whether a mutant passes all cases of its exercise."""
    return first_failure(name, mutant.function, seed, seconds=2.0) is None


def _solution(name: str) -> Callable[..., Any]:
    (notebook,) = (SOLUTIONS / get_exercise(name).problem_set).glob("*.ipynb")
    return load(notebook).functions[name]


def _body_alone(tree: ast.Module) -> ast.Module:
    """Drop docstring and annotations: a change there changes nothing, or is no Python (``Tensor & None``)."""
    (definition,) = tree.body
    assert isinstance(definition, ast.FunctionDef)
    if ast.get_docstring(definition) is not None:
        definition.body = definition.body[1:]
    definition.returns = None
    for argument in definition.args.args:
        argument.annotation = None
    return tree


def _change(before: list[str], after: list[str]) -> str:
    """Return the lines that differ, as "before => after"."""
    start = next(
        (i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after))
    )
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    return f"{' / '.join(line.strip() for line in old)} => {' / '.join(line.strip() for line in new)}"


def _changed_trees(tree: ast.Module) -> Iterator[ast.Module]:
    """Yield a copy of the tree for each change of each node."""
    nodes = list(ast.walk(tree))
    for position, node in enumerate(nodes):
        for change in _changes(node):
            changed = copy.deepcopy(tree)
            target = list(ast.walk(changed))[position]
            replacement = change(target)
            if replacement is not target:
                _replace(changed, target, replacement)
            yield changed


Change = Callable[[Any], ast.AST]


def _changes(node: ast.AST) -> Iterator[Change]:
    if isinstance(node, ast.BinOp):
        yield from (_setting("op", op()) for op in OPERATORS.get(type(node.op), ()))
        yield from (lambda n: n.left, lambda n: n.right, _negating("left"), _negating("right"))
        if isinstance(node.op, (ast.Sub, ast.Div, ast.Pow, ast.MatMult)):
            yield _turned_around
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.Not, ast.Invert)):
        yield lambda n: n.operand
    elif isinstance(node, ast.Compare):
        yield from (_setting("ops", [op()]) for op in COMPARISONS.get(type(node.ops[0]), ()))
    elif isinstance(node, ast.BoolOp):
        yield _setting("op", ast.Or() if isinstance(node.op, ast.And) else ast.And())
    elif isinstance(node, ast.Constant):
        yield from (_setting("value", value) for value in _other_constants(node.value))
    elif isinstance(node, ast.Call):
        yield from _changes_of_call(node)
    elif isinstance(node, (ast.If, ast.IfExp)):
        yield from (_setting("test", ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.Name) and node.id in AXES and isinstance(node.ctx, ast.Load):
        yield from (lambda n: ast.Constant(0), lambda n: ast.UnaryOp(ast.USub(), ast.Constant(1)))
    elif isinstance(node, (ast.AugAssign, ast.Raise)):
        yield lambda n: ast.Pass()


def _other_constants(value: object) -> tuple[object, ...]:
    if isinstance(value, bool):
        return (not value,)
    if isinstance(value, int):
        return (value + 1, value - 1)
    if isinstance(value, float):
        return (value * 2, value + 1)
    return ()


def _changes_of_call(node: ast.Call) -> Iterator[Change]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if isinstance(node.func, ast.Attribute):
        yield from (_renaming(other) for other in NAMES.get(name, ()))
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id in ("torch", "F", "math")):
            yield lambda n: n.func.value  # x.sum(dim) becomes x
    if node.args and name != "where":
        yield lambda n: n.args[0]
    if name == "where" and len(node.args) == 3:
        yield from (lambda n: n.args[1], lambda n: n.args[2], _swapping(1, 2))
    elif len(node.args) == 2:
        yield _swapping(0, 1)
    for place in range(len(node.keywords)):
        yield _dropping_keyword(place)


def _setting(field: str, value: Any) -> Change:
    def change(node: ast.AST) -> ast.AST:
        setattr(node, field, value)
        return node

    return change


def _negating(side: str) -> Change:
    def change(node: Any) -> ast.AST:
        setattr(node, side, ast.UnaryOp(ast.USub(), getattr(node, side)))
        return node

    return change


def _turned_around(node: Any) -> ast.AST:
    node.left, node.right = node.right, node.left
    return node


def _renaming(other: str) -> Change:
    def change(node: Any) -> ast.AST:
        node.func.attr = other
        return node

    return change


def _swapping(one: int, other: int) -> Change:
    def change(node: Any) -> ast.AST:
        node.args[one], node.args[other] = node.args[other], node.args[one]
        return node

    return change


def _dropping_keyword(place: int) -> Change:
    def change(node: Any) -> ast.AST:
        del node.keywords[place]
        return node

    return change


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for field, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, field, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]
