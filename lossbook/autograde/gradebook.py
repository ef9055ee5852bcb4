"""nbgrader's gradebook: each submission is recorded in one transaction, together with how it was graded.

The scores go into nbgrader's own tables, which its formgrader, feedback and exports read. Beside them two tables
of ours say for each submission which version of it was graded, with what, and whether it was at all. So a grading
that was cut off at any moment is completed by the next one, and nothing is counted twice or lost.
"""

from __future__ import annotations

import datetime
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

import nbgrader.api as nb
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import (
    Column,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    delete,
    inspect,
    make_url,
    select,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, selectinload

from lossbook.autograde import plan as plans
from lossbook.autograde.course import Course
from lossbook.autograde.marking import Finding, Marked
from lossbook.autograde.plan import CannotGrade, SetPlan

TABLES = MetaData()
SECRET = Table("lossbook_secret", TABLES, Column("secret", LargeBinary, primary_key=True))
GRADING = Table(
    "lossbook_grading",
    TABLES,
    Column("student", String(128), primary_key=True),
    Column("assignment", String(128), primary_key=True),
    Column("status", String(16), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("version", String(16), nullable=False),
    Column("findings", Text, nullable=False),
    Column("remarks", Text, nullable=False),
    Column("finished", DateTime, nullable=False),
)
GRADED, NOT_GRADED = "graded", "not graded"

# Seconds (the last one: milliseconds) until a database is given up that is locked or gone without a word.
WAITING = {
    "sqlite": {"timeout": 5},
    "postgresql": {
        "connect_timeout": 10,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "tcp_user_timeout": 30_000,
    },
}


@dataclass(frozen=True)
class Standing:
    """What the gradebook says of one submission.

    Attributes:
        status: GRADED or NOT_GRADED.
        fingerprint: of what was graded.
        version: of the set that it was graded with.
        findings: what each check found.
        remarks: for a human; the reason where it was not graded.
    """

    status: str
    fingerprint: str
    version: str
    findings: tuple[Finding, ...]
    remarks: tuple[str, ...]


def in_words(error: Exception) -> str:
    """Return what a database's error says, in one line without the statement and its data."""
    told = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    return told.splitlines()[0][:200]


def _engine(url: str) -> Engine:
    kind = make_url(url).get_backend_name()
    return create_engine(url, future=True, pool_pre_ping=True, connect_args=WAITING.get(kind, {}))


class Book:
    """The gradebook of one course. One process writes to it at a time."""

    def __init__(self, course: Course) -> None:
        """Open it, and add our two tables where they are missing.

        Raises:
            CannotGrade: the database cannot be reached, or holds no gradebook.
        """
        self._course = course
        try:
            self._engine = _engine(course.database)
            if not inspect(self._engine).has_table("assignment"):  # nbgrader makes its own tables
                raise CannotGrade(
                    "there is no gradebook yet: run nbgrader generate_assignment with the set's name"
                )
            TABLES.create_all(self._engine)
        except (SQLAlchemyError, ImportError) as error:
            raise CannotGrade(f"cannot open the gradebook: {in_words(error)}") from None
        self._late = AssignLatePenalties(config=course.config)
        self._late.init_plugin()

    def plan(self, set_name: str) -> SetPlan:
        """Return the plan of a set.

        Raises:
            CannotGrade: see :func:`lossbook.autograde.plan.load`.
        """
        try:
            with nb.Gradebook(self._course.database, self._course.course_id) as opened:
                return plans.load(opened, set_name)
        except (SQLAlchemyError, nb.InvalidEntry) as error:
            raise CannotGrade(f"cannot read the gradebook: {in_words(error)}") from None

    def secret(self) -> bytes:
        """Return the course's secret, which no learner's process ever sees; it is made when first asked for."""
        with self._session() as session:
            found = session.execute(select(SECRET.c.secret)).scalar()
            if found is None:
                found = secrets.token_bytes(32)
                session.execute(SECRET.insert().values(secret=found))
            return bytes(found)

    def standings(self, set_name: str) -> dict[str, Standing]:
        """Return how each submission of a set stands, by student.

        A grade that nbgrader was told to remove does not stand any more.
        """
        recorded = (
            select(nb.SubmittedAssignment.student_id).join(nb.Assignment).where(nb.Assignment.name == set_name)
        )
        with self._session() as session:
            entries = set(session.execute(recorded).scalars())
            found = session.execute(select(GRADING).where(GRADING.c.assignment == set_name)).all()
        rows = [row for row in found if row.status != GRADED or row.student in entries]
        return {
            row.student: Standing(
                row.status,
                row.fingerprint,
                row.version,
                tuple(Finding(**finding) for finding in json.loads(row.findings)),
                tuple(json.loads(row.remarks)),
            )
            for row in rows
        }

    def record(self, plan: SetPlan, marked: Marked, moment: datetime.datetime | None) -> None:
        """Write a submission's grades: all of them, or nothing where the database fails."""
        with self._session() as session:
            with session.no_autoflush:
                assignment = _assignment(session, plan)  # kept here: SQLAlchemy forgets what nobody holds
                submitted = _submitted(session, assignment, marked.student)
                submitted.timestamp = moment
                for notebook in submitted.notebooks:
                    self._grade(notebook, marked)
            session.flush()
            for notebook in submitted.notebooks:
                self._penalise(session, submitted, notebook)
            findings = json.dumps([asdict(finding) for finding in marked.findings])
            _stand(session, plan, marked.student, GRADED, marked.fingerprint, findings, marked.remarks)

    def record_failure(self, plan: SetPlan, student: str, reason: str) -> None:
        """Write that a submission could not be graded, and why. Scores that it had before stay as they are."""
        with self._session() as session:
            _stand(session, plan, student, NOT_GRADED, "", "[]", (reason,))

    def _grade(self, notebook: Any, marked: Marked) -> None:
        scores, answered = marked.scores[notebook.name], marked.answered[notebook.name]
        for grade in notebook.grades:
            grade.auto_score = scores.get(grade.name)
            # a human's own score stands, and is to be looked at again
            grade.needs_manual_grade = grade.manual_score is not None or grade.auto_score is None
        for comment in notebook.comments:
            solution = isinstance(comment.cell, nb.SolutionCell)
            comment.auto_comment = "No response." if solution and comment.name not in answered else None
        notebook.flagged = bool(notebook.flagged or marked.remarks)

    def _penalise(self, session: Session, submitted: Any, notebook: Any) -> None:
        """Ask nbgrader's plugin for late submissions, as its own autograde does."""
        notebook.late_submission_penalty = None
        late = submitted.total_seconds_late
        if late > 0:
            session.refresh(notebook, ["score"])
            penalty = self._late.plugin_inst.late_submission_penalty(submitted.student_id, notebook.score, late)
            if penalty is not None:
                notebook.late_submission_penalty = min(max(penalty, 0), notebook.score)

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with Session(self._engine) as session, session.begin():
            yield session


def _assignment(session: Session, plan: SetPlan) -> Any:
    return session.execute(select(nb.Assignment).where(nb.Assignment.name == plan.name)).scalar_one()


def _submitted(session: Session, assignment: Any, student: str) -> Any:
    """Return nbgrader's entry for a submission, with an empty grade for each graded cell where it is new.

    New entries know each other as objects, so that nothing has to be read back before it is filled in.
    """
    wanted = select(nb.SubmittedAssignment).where(
        nb.SubmittedAssignment.assignment_id == assignment.id, nb.SubmittedAssignment.student_id == student
    )
    found = session.execute(wanted.options(selectinload(nb.SubmittedAssignment.notebooks))).scalar()
    if found is None:
        owner = session.get(nb.Student, student) or nb.Student(id=student)
        found = nb.SubmittedAssignment(assignment=assignment, student=owner)
        session.add(found)
    there = {submitted.notebook_id: submitted for submitted in found.notebooks}
    for notebook in assignment.notebooks:
        submitted = there.get(notebook.id) or nb.SubmittedNotebook(notebook=notebook, assignment=found)
        session.add_all(_lacking(submitted, notebook))
    return found


def _lacking(submitted: Any, notebook: Any) -> Iterator[Any]:
    """Yield the grades and comments that are not there yet; a set released again may have more of them."""
    graded = {grade.cell_id for grade in submitted.grades}
    commented = {comment.cell_id for comment in submitted.comments}
    for cell in (*notebook.grade_cells, *notebook.task_cells):
        if cell.id not in graded:
            yield nb.Grade(cell=cell, notebook=submitted)
    for cell in (*notebook.solution_cells, *notebook.task_cells):
        if cell.id not in commented:
            yield nb.Comment(cell=cell, notebook=submitted)


def _stand(
    session: Session,
    plan: SetPlan,
    student: str,
    status: str,
    fingerprint: str,
    findings: str,
    remarks: tuple[str, ...],
) -> None:
    session.execute(delete(GRADING).where(GRADING.c.student == student, GRADING.c.assignment == plan.name))
    session.execute(
        GRADING.insert().values(
            student=student,
            assignment=plan.name,
            status=status,
            fingerprint=fingerprint,
            version=plan.version,
            findings=findings,
            remarks=json.dumps(remarks),
            finished=datetime.datetime.now(datetime.UTC).replace(tzinfo=None),
        )
    )
