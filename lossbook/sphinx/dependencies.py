"""What of this project a chapter's results depend on: the modules that it imports, and those that these import.

Imports are read, not run. Where reading cannot tell, more is counted rather than less: imports inside of functions
count, a module that imports by a computed name depends on its whole package, and so does one on the files that lie
beside it. A chapter that cannot be read depends on everything.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = "lossbook"
BESIDE = {"lossbook.autograde.example": ("solutions", "nbgrader_config.py")}
"""What a module reads outside of the package, below the project's folder."""

_CELL = re.compile(r"^(`{3,})\{code-cell\}[^\n]*\n((?::[^\n]*\n)*)(.*?)^\1\s*$", re.MULTILINE | re.DOTALL)


def cells_in(text: str) -> list[str]:
    """Return the sources of a chapter's code cells. (MyST-NB's own reader takes a second for all chapters.)"""
    return [cell[2] for cell in _CELL.findall(text)]


def files_behind(cells: Iterable[str], project: Path) -> list[Path]:
    """Return the files of the project that the results of a chapter depend on, sorted.

    Args:
        cells: The source of the chapter's code cells.
        project: The folder that holds the package.
    """
    try:
        tree = ast.parse("\n".join(_without_magics(cell) for cell in cells))
    except SyntaxError:
        return sorted([*_files_in(project / PACKAGE), *_beside(BESIDE, project)])
    waiting, found = _imported_by(tree, PACKAGE, project), set[str]()
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting |= _imports(module, project)
    files = {file for module in found for file in _files_of(module, project)}
    return sorted(files | set(_beside(found, project)))


def _without_magics(cell: str) -> str:
    """Leave out what IPython understands and Python does not: lines that begin with % or !."""
    return "\n".join(line for line in cell.splitlines() if not line.lstrip().startswith(("%", "!")))


@cache
def _imports(module: str, project: Path) -> frozenset[str]:
    """Return the modules of the package that a module imports, at once or later."""
    path = _path(module, project)
    if path is None:
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found = _imported_by(tree, package, project)
    if any(isinstance(node, ast.Attribute) and node.attr == "import_module" for node in ast.walk(tree)):
        found |= _modules_below(package, project)
    return frozenset(found)


def _imported_by(tree: ast.AST, package: str, project: Path) -> set[str]:
    named = {name for node in ast.walk(tree) for name in _names_in(node, package)}
    return {parent for name in named for parent in _with_parents(name) if _path(parent, project)}


def _names_in(node: ast.AST, package: str) -> Iterator[str]:
    """Yield all that an import may mean: what is imported from a package may be a module or something in it."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
        module = ".".join([*above, *([node.module] if node.module else [])])
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(f"{PACKAGE}."):
        yield node.value  # a name for import_module, or for python -m


def _with_parents(name: str) -> Iterator[str]:
    """Yield a module's name and those of the packages around it: their __init__ is run first."""
    parts = name.split(".")
    if parts[0] == PACKAGE:
        yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


@cache
def _path(module: str, project: Path) -> Path | None:
    base = project.joinpath(*module.split("."))
    return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)


def _modules_below(package: str, project: Path) -> set[str]:
    paths = project.joinpath(*package.split(".")).rglob("*.py")
    names = (".".join(path.relative_to(project).with_suffix("").parts) for path in paths)
    return {name.removesuffix(".__init__") for name in names}


def _files_of(module: str, project: Path) -> Iterator[Path]:
    """Yield a module's file and the data in its folder."""
    path = _path(module, project)
    if path is not None:
        yield path
        yield from _data_in(path.parent)


@cache
def _data_in(folder: Path) -> tuple[Path, ...]:
    return tuple(file for file in folder.iterdir() if file.is_file() and file.suffix != ".py")


def _beside(modules: Iterable[str], project: Path) -> list[Path]:
    places = [project / place for module in modules for place in BESIDE.get(module, ())]
    return [file for place in places for file in ([place] if place.is_file() else _files_in(place))]


def _files_in(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
