"""The functions that a learner's file defines: a notebook or a Python file, run in this process.

Meant for one's own work. Other people's notebooks belong into the sandbox of :mod:`lossbook.autograde`.
"""

from __future__ import annotations

import ast
import io
import json
import linecache
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lossbook
from lossbook.exercises import exercise_names


class UnreadableWorkbook(Exception):
    """The file cannot be checked; the message says why and what to do."""


@dataclass
class Workbook:
    """What running a file gave.

    Attributes:
        functions: the exercises' functions that it defines, by name.
        errors: one sentence for each cell that raised.
    """

    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)


def load(path: Path) -> Workbook:
    """Run a file's cells, but for its checks, and return the exercises' functions that it defines.

    A cell that raises is noted, and the next one runs all the same. What the cells print is not shown.

    Raises:
        UnreadableWorkbook: the file is missing, is neither a notebook nor Python, or defines no exercise.
    """
    namespace: dict[str, Any] = {"__name__": "__workbook__"}
    workbook = Workbook()
    with _checks_switched_off(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        for name, source in _cells(path):
            _run(name, source, namespace, workbook)
    workbook.functions = {name: namespace[name] for name in exercise_names() if callable(namespace.get(name))}
    if not workbook.functions:
        reason = f" ({workbook.errors[0]})" if workbook.errors else ""
        raise UnreadableWorkbook(
            f"{path} defines none of the exercises' functions{reason}: they are {', '.join(exercise_names())}"
        )
    return workbook


def _cells(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and the source of each code cell; a Python file is one."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableWorkbook(f"cannot read {path}: {error.__class__.__name__}. Is the path right?") from None
    if path.suffix == ".py":
        yield str(path), text
    elif path.suffix == ".ipynb":
        yield from _notebook_cells(path, text)
    else:
        raise UnreadableWorkbook(f"{path} is neither a notebook (.ipynb) nor a Python file (.py)")


def _notebook_cells(path: Path, text: str) -> Iterator[tuple[str, str]]:
    try:
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        sources = ["".join(cell["source"]) for cell in cells]
    except (ValueError, KeyError, TypeError):
        raise UnreadableWorkbook(f"{path} is no valid notebook: open it in Jupyter and save it again") from None
    for number, source in enumerate(sources, start=1):
        lines = source.splitlines(keepends=True)
        # magics and shell commands are IPython's, and no exercise needs them
        yield f"cell {number}", "".join("\n" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def _run(name: str, source: str, namespace: dict[str, Any], workbook: Workbook) -> None:
    try:
        tree = ast.parse(source, name)
        # so that error reports can show the learner's own line
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        exec(compile(tree, name, "exec"), namespace)
    except Exception as error:
        workbook.errors.append(f"{name} raised {type(error).__name__}: {error}")


@contextmanager
def _checks_switched_off() -> Iterator[None]:
    """Let ``check(...)`` in the file do nothing: whoever loads it checks the functions afterwards."""
    vars(lossbook)["check"] = lambda name, function: 0.0
    try:
        yield
    finally:
        del vars(lossbook)["check"]
