"""Three made submissions through stock nbgrader: generate, autograde, feedback, and the gradebook.

Run by ``make grade-example``. It works in build/grade-example, so that no course of yours is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from rich.table import Table

PROBLEM_SET = "01-probabilities"
NOTEBOOK = "probabilities.ipynb"
COURSE_FILES = ("nbgrader_config.py", "solutions")

# Half right: the formulas of the textbook. Right for small logits, broken for large ones.
TEXTBOOK = {
    "sigmoid": "return 1 / (1 + torch.exp(-x))",
    "log_sigmoid": "return torch.log(1 / (1 + torch.exp(-x)))",
    "logsumexp": "return torch.log(torch.exp(x).sum(dim))",
    "softmax": "return torch.exp(x) / torch.exp(x).sum(dim, keepdim=True)",
    "log_softmax": "return torch.log(torch.exp(x) / torch.exp(x).sum(dim, keepdim=True))",
}
# Wrong: a sign, an eps, a forgotten axis, torch's own function, and one left unwritten.
WRONG = {
    "sigmoid": "return 1 / (1 + torch.exp(x))",
    "log_sigmoid": "return -torch.log(1 / (1 + torch.exp(-x)) + 1e-8)",
    "logsumexp": "return torch.log(torch.exp(x).sum())",
    "softmax": "return torch.softmax(x, dim)",
}


def main() -> int:
    """Grade the three submissions and print what they earned; return the exit status."""
    console = Console()
    console.width = max(console.width, 100)  # the table, also where there is no terminal
    root = Path.cwd()
    if not all((root / name).exists() for name in COURSE_FILES):
        console.print(f"Run this where {' and '.join(COURSE_FILES)} are: in the project's folder.")
        return 2
    course = root / "build" / "grade-example"
    _prepare(root, course)
    _nbgrader(console, course, "generate_assignment", PROBLEM_SET)
    _submit(course, "ada-right", _solved)
    _submit(course, "ben-half-right", lambda cell: _filled_in(cell, TEXTBOOK))
    _submit(course, "cleo-wrong", lambda cell: _filled_in(cell, WRONG))
    _nbgrader(console, course, "autograde", PROBLEM_SET)
    _nbgrader(console, course, "generate_feedback", PROBLEM_SET)
    _show_gradebook(console, course)
    console.print(f"Feedback pages: {(course / 'feedback').relative_to(root)}/STUDENT/{PROBLEM_SET}/*.html")
    return 0


def _prepare(root: Path, course: Path) -> None:
    shutil.rmtree(course, ignore_errors=True)
    course.mkdir(parents=True)
    shutil.copy(root / "nbgrader_config.py", course)
    shutil.copytree(root / "solutions", course / "solutions")


def _nbgrader(console: Console, course: Path, command: str, problem_set: str) -> None:
    """Run a stock nbgrader command in the course. It finds its helpers (alembic) on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    with console.status(f"nbgrader {command} {problem_set}"):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", command, problem_set],
            cwd=course,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"nbgrader {command} failed:\n{done.stderr}")
    console.print(f"✓ nbgrader {command} {problem_set}")


def _submit(course: Path, student: str, fill: Callable[[nbformat.NotebookNode], str]) -> None:
    """Put the released notebook into the student's folder, with the solution cells filled in."""
    release = course / "exercises" / PROBLEM_SET
    target = course / "submitted" / student / PROBLEM_SET
    shutil.copytree(release, target)
    notebook = nbformat.read(target / NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            cell.source = fill(cell)
    nbformat.write(notebook, target / NOTEBOOK)


def _solved(cell: nbformat.NotebookNode) -> str:
    """Return the source notebook's own solution of a cell."""
    source = nbformat.read(Path("solutions") / PROBLEM_SET / NOTEBOOK, as_version=4)
    name = cell.metadata.nbgrader.grade_id
    return str(next(c.source for c in source.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name))


def _filled_in(cell: nbformat.NotebookNode, bodies: dict[str, str]) -> str:
    body = bodies.get(cell.metadata.nbgrader.grade_id, "raise NotImplementedError")
    return str(cell.source.replace("raise NotImplementedError", body))


def _show_gradebook(console: Console, course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        graded = [cell.name for cell in gradebook.find_notebook(Path(NOTEBOOK).stem, PROBLEM_SET).grade_cells]
        table = Table(title=f"Gradebook: {PROBLEM_SET}")
        table.add_column("student")
        for cell in graded:
            table.add_column(cell.removeprefix("check-"), justify="right")
        table.add_column("total", justify="right", style="bold")
        for student in gradebook.students:
            try:
                submission = gradebook.find_submission(PROBLEM_SET, student.id)
            except MissingEntry:
                continue
            grades = {grade.name: grade for notebook in submission.notebooks for grade in notebook.grades}
            points = [f"{grades[cell].score:g}/{grades[cell].max_score:g}" for cell in graded]
            table.add_row(student.id, *points, f"{submission.score:g}/{submission.max_score:g}")
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
