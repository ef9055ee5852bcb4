"""Grading a class: stock nbgrader against lossbook grade, on the same submissions, in one run.

    python benchmarks/grading.py [--submissions 20] [--more 100]

Prints milliseconds a submission and ratios. "Floor" is what the same cells and calls cost in a process forked from
a warm one, without sandbox, verdict, files or gradebook. Starting up (importing torch in each worker and its
warm process) is printed apart, because a class pays it once.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from lossbook.autograde import course as courses
from lossbook.autograde import example
from lossbook.autograde.batch import Options, grade_set
from lossbook.autograde.gradebook import Book
from lossbook.autograde.session import Clock, Session
from lossbook.autograde.submission import read
from lossbook.autograde.workers import WarmProcess
from lossbook.exercises import get_exercise

SET = example.PROBLEM_SET
KINDS = ("right", "right", "half", "right", "wrong")  # repeated over the class


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=20, help="that all graders get (default 20)")
    parser.add_argument("--more", type=int, default=100, help="that only lossbook gets besides (default 100)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        _make_course(made, max(options.submissions, options.more))
        few = _copy(made, Path(folder) / "few", options.submissions)
        more = _copy(made, Path(folder) / "more", options.more)
        rows = {
            "nbgrader autograde": _stock(_copy(few, Path(folder) / "stock")),
            "nbgrader, immediate shutdown": _stock(
                _copy(few, Path(folder) / "immediate"), "--Execute.shutdown_kernel=immediate"
            ),
            **_otter(),
            "lossbook grade, 1 worker": _ours(_copy(few, Path(folder) / "one"), 1),
            "lossbook grade, 2 workers": _ours(_copy(few, Path(folder) / "two"), 2),
            f"lossbook grade, 2 workers, {options.more}": _ours(more, 2),
            "floor: forked, warm, no verdict": _floor(few),
        }
        _same_points(Path(folder) / "stock", Path(folder) / "two")
    _show(rows)


def _make_course(course: Path, count: int) -> None:
    example.make_course(course, Path.cwd())
    example.run_nbgrader(course, "generate_assignment", SET)
    bodies = {"right": example.SOLVED, "half": example.TEXTBOOK, "wrong": example.WRONG}
    for number in range(count):
        example.submit(course, f"student-{number:04}", bodies[KINDS[number % len(KINDS)]])


def _copy(course: Path, target: Path, count: int | None = None) -> Path:
    shutil.copytree(course, target)
    students = sorted((target / "submitted").iterdir())
    for folder in students[len(students) if count is None else count :]:
        shutil.rmtree(folder)
    return target


def _stock(course: Path, *flags: str) -> tuple[float, float]:
    """Return milliseconds a submission, and seconds to start (not told apart here)."""
    start = time.perf_counter()
    example.run_nbgrader(course, "autograde", SET, "--log-level=ERROR", *flags)
    return 1000 * (time.perf_counter() - start) / len(list((course / "submitted").iterdir())), 0.0


def _otter() -> dict[str, tuple[float, float]]:
    try:
        import otter  # noqa: F401
    except ImportError:
        print("otter-grader is not installed: left out")
    else:
        print("otter-grader is installed, but it cannot read nbgrader's cells: left out")
    return {}


def _ours(course: Path, workers: int) -> tuple[float, float]:
    """Return milliseconds a submission after the first result, and seconds until that."""
    ends: list[float] = []
    start = time.perf_counter()
    summary = grade_set(
        courses.load(course), SET, Options(workers=workers), lambda done, of: ends.append(time.perf_counter())
    )
    assert not summary.failed, summary.failed
    first, last = ends[1], ends[-1]  # ends[0] is the call with nothing done
    return 1000 * (last - first) / (len(ends) - 2), first - start


def _floor(course: Path) -> tuple[float, float]:
    opened = courses.load(course)
    plan = Book(opened).plan(SET)
    torch.set_num_threads(1)
    begun = time.perf_counter()
    warm = WarmProcess(protected=False)
    students = opened.students(SET)
    start = time.perf_counter()
    for student in students:
        (notebook,) = read(opened.submitted / student / SET, student, plan).notebooks
        with Session(warm, Clock()) as session:
            for cell in notebook.cells:
                check = cell.planned.check if cell.planned else None
                if check:
                    exercise = get_exercise(check.exercise)
                    session.call(check.function, exercise.draw(0), exercise.forbidden)
                elif cell.cell_type == "code":
                    session.run_cell(cell.source)
    end = time.perf_counter()
    warm.close()
    return 1000 * (end - start) / len(students), start - begun


def _same_points(stock: Path, ours: Path) -> None:
    """Stop where the two graders disagree: speed would mean nothing."""

    def points(course: Path) -> dict[str, float]:
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
            return {found.student.id: found.score for found in gradebook.assignment_submissions(SET)}

    assert points(stock) == points(ours), (points(stock), points(ours))
    print(f"same points for all {len(points(stock))} submissions")


def _show(rows: dict[str, tuple[float, float]]) -> None:
    stock, floor = next(iter(rows.values()))[0], list(rows.values())[-1][0]
    table = Table(title=f"Grading {SET}")
    for column in ("grader", "ms each", "stock / this", "this / floor", "start, s"):
        table.add_column(column, justify="left" if column == "grader" else "right")
    for name, (each, start) in rows.items():
        table.add_row(name, f"{each:.0f}", f"{stock / each:.1f}", f"{each / floor:.1f}", f"{start:.1f}")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
