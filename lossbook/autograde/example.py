"""A class of made learners, to try grading with: a course in a folder of its own, and what they handed in.

``make grade-example`` sends three of them through stock nbgrader: generate, autograde, feedback, gradebook.
It works in build/grade-example, so that no course of yours is touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from rich.console import Console
from rich.table import Table

import lossbook

PROBLEM_SET = "01-probabilities"
NOTEBOOK = "probabilities.ipynb"
COURSE_FILES = ("nbgrader_config.py", "solutions")

# All right: the source notebook's own cells.
SOLVED: Mapping[str, str] = {}
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
    """Grade three submissions with stock nbgrader and print what they earned; return the exit status."""
    console = Console()
    console.width = max(console.width, 100)  # the table, also where there is no terminal
    root = Path.cwd()
    if not all((root / name).exists() for name in COURSE_FILES):
        console.print(f"Run this where {' and '.join(COURSE_FILES)} are: in the project's folder.")
        return 2
    course = make_course(root / "build" / "grade-example", root)
    _step(console, course, "generate_assignment")
    submit(course, "ada-right", SOLVED)
    submit(course, "ben-half-right", TEXTBOOK)
    submit(course, "cleo-wrong", WRONG)
    _step(console, course, "autograde")
    _step(console, course, "generate_feedback")
    _show_gradebook(console, course)
    console.print(f"Feedback pages: {(course / 'feedback').relative_to(root)}/STUDENT/{PROBLEM_SET}/*.html")
    return 0


def find_project() -> Path:
    """Return the folder with the course's source: the current one, one above it, or where lossbook lies.

    Raises:
        FileNotFoundError: there is none.
    """
    for folder in (Path.cwd(), *Path.cwd().parents, Path(lossbook.__file__).resolve().parents[1]):
        if all((folder / name).exists() for name in COURSE_FILES):
            return folder
    raise FileNotFoundError(f"no folder with {' and '.join(COURSE_FILES)}: run this in a copy of the project")


def make_course(course: Path, project: Path) -> Path:
    """Make a fresh course in the folder ``course``, with the sources of ``project``, and return it."""
    shutil.rmtree(course, ignore_errors=True)
    course.mkdir(parents=True)
    shutil.copy(project / "nbgrader_config.py", course)
    shutil.copytree(project / "solutions", course / "solutions")
    return course


def run_nbgrader(course: Path, *arguments: str) -> str:
    """Run a stock nbgrader command in the course and return what it printed.

    Raises:
        SystemExit: it failed; with what it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"nbgrader {' '.join(arguments)} failed:\n{done.stderr}")
    return done.stdout


def environment() -> dict[str, str]:
    """Return the environment with Python's tools on PATH: nbgrader finds alembic there."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path}


def submit(course: Path, student: str, bodies: Mapping[str, str]) -> None:
    """Put the released notebook into the student's folder, with their functions' bodies filled in.

    Args:
        course: where the set is released.
        student: who hands in.
        bodies: by exercise. One that is missing stays as it was released. :data:`SOLVED` stands for all right.
    """
    target = course / "submitted" / student / PROBLEM_SET
    shutil.copytree(course / "exercises" / PROBLEM_SET, target)
    notebook = nbformat.read(target / NOTEBOOK, as_version=4)
    solved = _solutions(course) if bodies is SOLVED else {}
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            name = cell.metadata.nbgrader.grade_id
            unwritten = "raise NotImplementedError"
            cell.source = solved.get(name) or cell.source.replace(unwritten, bodies.get(name, unwritten))
    nbformat.write(notebook, target / NOTEBOOK)


def _solutions(course: Path) -> dict[str, str]:
    """Return the source notebook's own solution cells, by name."""
    source = nbformat.read(course / "solutions" / PROBLEM_SET / NOTEBOOK, as_version=4)
    return {
        cell.metadata.nbgrader.grade_id: str(cell.source)
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def _step(console: Console, course: Path, command: str) -> None:
    with console.status(f"nbgrader {command} {PROBLEM_SET}"):
        run_nbgrader(course, command, PROBLEM_SET)
    console.print(f"✓ nbgrader {command} {PROBLEM_SET}")


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
