"""A problem set as the instructor released it: the cells that count, from the gradebook, as plain data."""

from __future__ import annotations

import ast
import hashlib
import json
from dataclasses import asdict, dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from lossbook.exercises import exercise_names

if TYPE_CHECKING:
    from nbgrader.api import Gradebook


class CannotGrade(ValueError):
    """The set cannot be graded as it is; the message says why and what to do."""


@dataclass(frozen=True)
class Check:
    """What a graded cell asks: ``check("softmax", softmax)``."""

    exercise: str
    function: str


@dataclass(frozen=True)
class PlannedCell:
    """One cell that nbgrader knows.

    Attributes:
        grade_id: its name.
        cell_type: "code" or "markdown".
        source: the released text.
        locked: whether a learner's change of it is undone.
        checksum: nbgrader's, of the released cell.
        points: what it is worth, None for a cell that is not graded.
        solution: whether learners write in it.
        task: whether it is one of nbgrader's task cells.
        check: what it checks; None where a human grades it, or nobody.
    """

    grade_id: str
    cell_type: str
    source: str
    locked: bool
    checksum: str
    points: float | None
    solution: bool
    task: bool
    check: Check | None

    @property
    def metadata(self) -> dict[str, Any]:
        """The cell's entry in ``metadata.nbgrader``."""
        entry: dict[str, Any] = {
            "schema_version": 3,
            "grade_id": self.grade_id,
            "grade": self.points is not None and not self.task,
            "solution": self.solution,
            "locked": self.locked,
            "task": self.task,
            "cell_type": self.cell_type,
            "checksum": self.checksum,
        }
        return entry if self.points is None else entry | {"points": self.points}


@dataclass(frozen=True)
class NotebookPlan:
    """One notebook of a set: its name without extension, its kernel, and its cells in order."""

    name: str
    kernelspec: dict[str, Any]
    cells: tuple[PlannedCell, ...]

    @property
    def by_id(self) -> dict[str, PlannedCell]:
        """The cells by grade_id."""
        return {cell.grade_id: cell for cell in self.cells}


@dataclass(frozen=True)
class SetPlan:
    """A problem set. ``version`` changes with the cells and with what judges them: then all is graded anew."""

    name: str
    notebooks: tuple[NotebookPlan, ...]
    version: str


def parse_check(source: str) -> Check:
    """Return what a graded cell checks.

    Raises:
        CannotGrade: it is anything else than one call ``check("name", function)``.
    """
    try:
        (statement,) = ast.parse(source).body
        assert isinstance(statement, ast.Expr)
        call = statement.value
        assert isinstance(call, ast.Call)
        assert isinstance(call.func, ast.Name)
        assert call.func.id == "check"
        assert not call.keywords
        name, function = call.args
        assert isinstance(name, ast.Constant)
        dotted = ast.unparse(function)
        assert all(part.isidentifier() for part in dotted.split("."))
    except (SyntaxError, ValueError, AssertionError):
        raise CannotGrade(
            'it must be exactly one call check("name", function), because it is read here and never run'
        ) from None
    if name.value not in exercise_names():
        raise CannotGrade(f"there is no exercise {name.value!r}")
    return Check(str(name.value), dotted)


def load(gradebook: Gradebook, name: str) -> SetPlan:
    """Read a set's plan from the gradebook.

    Raises:
        CannotGrade: the gradebook does not know the set, or a graded cell is not one ``check(...)`` call.
    """
    from nbgrader.api import MissingEntry

    try:
        assignment = gradebook.find_assignment(name)
    except MissingEntry:
        known = ", ".join(sorted(found.name for found in gradebook.assignments)) or "none yet"
        raise CannotGrade(
            f"the gradebook has no set {name!r} (it has: {known}): run nbgrader generate_assignment {name}"
        ) from None
    notebooks = tuple(
        _notebook(found) for found in sorted(assignment.notebooks, key=lambda found: str(found.name))
    )
    if not any(cell.check for notebook in notebooks for cell in notebook.cells):
        raise CannotGrade(
            f"the set {name!r} has no graded cell: release it again with nbgrader generate_assignment"
        )
    return SetPlan(name, notebooks, _version(notebooks))


def _notebook(found: Any) -> NotebookPlan:
    graded = {cell.name: float(cell.max_score) for cell in (*found.grade_cells, *found.task_cells)}
    solutions = {cell.name for cell in found.solution_cells}
    tasks = {cell.name for cell in found.task_cells}
    cells = []
    for cell in found.source_cells:
        check = None
        if cell.name in graded and cell.cell_type == "code" and cell.name not in solutions | tasks:
            try:
                check = parse_check(cell.source)
            except CannotGrade as trouble:
                raise CannotGrade(f"the graded cell {cell.name} of {found.name}: {trouble}") from None
        cells.append(
            PlannedCell(
                grade_id=cell.name,
                cell_type=cell.cell_type,
                source=cell.source or "",
                locked=bool(cell.locked),
                checksum=cell.checksum or "",
                points=graded.get(cell.name),
                solution=cell.name in solutions,
                task=cell.name in tasks,
                check=check,
            )
        )
    return NotebookPlan(str(found.name), json.loads(found.kernelspec or "{}"), tuple(cells))


def _version(notebooks: tuple[NotebookPlan, ...]) -> str:
    digest = hashlib.sha256(json.dumps([asdict(notebook) for notebook in notebooks], sort_keys=True).encode())
    for package in ("lossbook.exercises", "lossbook.grader"):
        for file in sorted(resources.files(package).iterdir(), key=lambda file: file.name):
            if file.name.endswith(".py"):
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]
