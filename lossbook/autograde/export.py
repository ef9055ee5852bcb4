"""``nbgrader export`` with a status, so that 0 points and no points yet are not the same in a table."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbgrader.api as nb
from nbgrader.plugins import ExportPlugin
from sqlalchemy import inspect, select

from lossbook.autograde.gradebook import GRADED, GRADING

COLUMNS = (
    "assignment",
    "duedate",
    "timestamp",
    "student_id",
    "last_name",
    "first_name",
    "email",
    "raw_score",
    "late_submission_penalty",
    "score",
    "max_score",
    "status",
)
NOT_GRADED, NOT_HANDED_IN, BY_HAND = "not graded", "not handed in", "needs manual grading"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a spreadsheet takes for the beginning of a formula


class GradesExport(ExportPlugin):
    """Writes nbgrader's columns and ``status``: graded, needs manual grading, not graded or not handed in.

    Where there is no grade the cells for points are empty: most learning platforms then keep what they have. With
    "needs manual grading" they hold the points so far.
    """

    def export(self, gradebook: nb.Gradebook) -> None:
        """Write the table; the old one stays where that fails."""
        target = Path(self.to or "grades.csv")
        wanted = {str(name) for name in self.assignment}
        self.log.info("Exporting grades to %s", target)
        made = target.with_name(f".{target.name}.new")
        with open(made, "w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS)
            table.writeheader()
            for assignment in gradebook.assignments:
                if not wanted or assignment.name in wanted:
                    table.writerows(self._rows(gradebook, assignment))
        os.replace(made, target)

    def _rows(self, gradebook: nb.Gradebook, assignment: Any) -> Iterator[dict[str, Any]]:
        wanted = {str(name) for name in self.student}
        known = {student.id: student for student in gradebook.students}
        submissions = _submissions(gradebook, assignment)
        standings = _standings(gradebook, assignment.name)
        handed_in = self._handed_in(assignment.name)
        for student in sorted({*known, *submissions, *standings, *handed_in}):
            if wanted and student not in wanted:
                continue
            submission = submissions.get(student)
            there = student in handed_in or student in standings
            status = _status(submission, standings.get(student), there)
            yield _row(assignment, student, known.get(student), submission, status)

    def _handed_in(self, assignment: str) -> set[str]:
        """Return whose folder is there; nobody where the plugin does not know the course's folders."""
        directory = getattr(self.parent, "coursedir", None)
        folder = Path(directory.root) / directory.submitted_directory if directory else Path()
        if directory is None or not folder.is_dir():
            return set()
        seen = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
        return {entry.name for entry in seen if os.path.lexists(f"{entry.path}/{assignment}")}


def _submissions(gradebook: nb.Gradebook, assignment: Any) -> dict[str, Any]:
    """Return nbgrader's sums for each submission: one query, however large the class is."""
    table = nb.SubmittedAssignment
    columns = (
        table.student_id,
        table.timestamp,
        table.score.label("points"),
        table.late_submission_penalty.label("penalty"),
        table.needs_manual_grade.label("by_hand"),
    )
    rows = gradebook.db.execute(select(*columns).where(table.assignment_id == assignment.id))
    return {row.student_id: row for row in rows}


def _standings(gradebook: nb.Gradebook, assignment: str) -> dict[str, str]:
    if not inspect(gradebook.engine).has_table(GRADING.name):
        return {}
    found = select(GRADING.c.student, GRADING.c.status).where(GRADING.c.assignment == assignment)
    return {row.student: row.status for row in gradebook.db.execute(found)}


def _status(submission: Any, standing: str | None, handed_in: bool) -> str:
    if submission is None:
        return NOT_GRADED if handed_in else NOT_HANDED_IN
    if standing not in (None, GRADED):
        return NOT_GRADED
    return BY_HAND if submission.by_hand else GRADED


def _row(assignment: Any, student: str, known: Any, submission: Any, status: str) -> dict[str, Any]:
    row = {
        "assignment": assignment.name,
        "duedate": assignment.duedate,
        "student_id": student,
        "last_name": known.last_name if known else None,
        "first_name": known.first_name if known else None,
        "email": known.email if known else None,
        "max_score": assignment.max_score,
        "status": status,
    }
    if submission is not None:
        row["timestamp"] = submission.timestamp
    if status in (GRADED, BY_HAND):
        penalty = submission.penalty or 0.0
        row |= {
            "raw_score": submission.points,
            "late_submission_penalty": penalty,
            "score": max(0.0, submission.points - penalty),
        }
    return {name: _cell(row.get(name)) for name in COLUMNS}


def _cell(value: Any) -> str:
    """Return a cell's text. Names are strangers' work: none of them may become a formula."""
    if value is None:
        return ""
    text = str(value).encode("utf-8", "replace").decode()  # a folder's name may be no text at all
    return f"'{text}" if isinstance(value, str) and text.startswith(FORMULA) else text
